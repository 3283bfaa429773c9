//! Numbers as they are written: two hexadecimal digits a byte, in capitals, the lowest byte first.

/// 24 bits.
pub(super) fn long(value: u32) -> String {
    let [low, middle, high, _] = value.to_le_bytes();
    format!("{low:02X}{middle:02X}{high:02X}")
}

/// Of 24 bits.
pub(super) fn read(digits: &str) -> Option<u32> {
    let byte = |at: usize| u32::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some(byte(0)? | byte(2)? << 8 | byte(4)? << 16)
}

/// The motors take capitals alone.
pub(super) fn are_digits(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '0'..='9' | 'A'..='F'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_number_begins_with_its_lowest_byte() {
        assert_eq!(long(0x12_3456), "563412");
        assert_eq!(long(0x80_0000), "000080");
        assert_eq!(read("563412"), Some(0x12_3456));
        assert_eq!(read("00008"), None);
        assert!(are_digits("0AF9") && !are_digits("0aF9") && !are_digits("+1"));
    }
}
