//! Numbers as the motors write them: two hexadecimal digits a byte, the lowest byte first. 0x123456 is `563412`.

/// Where a motor counts from: its position when it is switched on.
pub(crate) const ZERO: u32 = 0x80_0000;

/// What 24 bits hold.
pub(crate) const MOST: u32 = 0xff_ffff;

/// 24 bits. What is more is cut off.
pub(crate) fn written(value: u32) -> String {
    let [low, middle, high, _] = value.to_le_bytes();
    format!("{low:02X}{middle:02X}{high:02X}")
}

/// 24 bits.
pub(crate) fn read(digits: &[u8]) -> Option<u32> {
    let [low, middle, high] = bytes(digits)?;
    Some(u32::from_le_bytes([low, middle, high, 0]))
}

/// As many bytes as there are pairs of digits, in their order.
pub(crate) fn bytes<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    if digits.len() != 2 * N {
        return None;
    }
    let mut read = [0; N];
    for (byte, pair) in read.iter_mut().zip(digits.chunks(2)) {
        *byte = pair
            .iter()
            .try_fold(0, |sum, digit| Some(sum << 4 | nibble(*digit)?))?;
    }
    Some(read)
}

/// Of one digit, in capitals: the motors write no others.
pub(crate) fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_byte_comes_first() {
        assert_eq!(written(0x12_3456), "563412");
        assert_eq!(read(b"563412"), Some(0x12_3456));
        assert_eq!(written(ZERO), "000080");
        assert_eq!(bytes(b"020A45"), Some([2, 10, 0x45]));
    }

    #[test]
    fn every_number_reads_back_as_it_was_written() {
        for value in (0..=MOST).step_by(997).chain([0x23, 0x23_2323, MOST]) {
            assert_eq!(read(written(value).as_bytes()), Some(value), "{value:#x}");
        }
    }

    #[test]
    fn what_is_too_short_too_long_or_has_other_digits_is_no_number() {
        for digits in [
            "", "5634", "56341", "5634120", "56341g", "56341a", "=56341", "+56341",
        ] {
            assert_eq!(read(digits.as_bytes()), None, "{digits}");
        }
    }
}
