//! Hexadecimal digits, of a fixed number.

/// The four digits of a position.
pub(crate) fn word(text: &[u8]) -> Option<u16> {
    of_length(text, 4)
}

/// Two digits.
pub(crate) fn byte(text: &[u8]) -> Option<u8> {
    of_length(text, 2)?.try_into().ok()
}

/// Degrees Celsius from half degrees in two's complement: the manual has four digits, and some focusers write two.
pub(crate) fn temperature(text: &[u8]) -> Option<f64> {
    let halves = match text.len() {
        2 => i16::from(byte(text)?.cast_signed()),
        _ => word(text)?.cast_signed(),
    };
    Some(f64::from(halves) / 2.0)
}

fn of_length(text: &[u8], length: usize) -> Option<u16> {
    let text = str::from_utf8(text).ok()?;
    let fits = text.len() == length && text.bytes().all(|c| c.is_ascii_hexdigit());
    u16::from_str_radix(text, 16).ok().filter(|_| fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_as_many_digits_as_it_should_and_nothing_else() {
        assert_eq!(word(b"04d2"), Some(1234));
        assert_eq!(byte(b"FF"), Some(255));
        for wrong in [&b""[..], b"4D2", b"004D2", b"+4D2", b"04G2", b"04D\xff"] {
            assert_eq!(word(wrong), None, "{wrong:?}");
        }
        for wrong in [&b""[..], b"4", b"FFF", b"-1", b"0x"] {
            assert_eq!(byte(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_temperature_is_read_in_both_lengths_and_below_zero() {
        for (text, degrees) in [
            ("0018", 12.0),
            ("FFF5", -5.5),
            ("0000", 0.0),
            ("20", 16.0),
            ("F5", -5.5),
            ("80", -64.0),
        ] {
            assert_eq!(temperature(text.as_bytes()), Some(degrees), "{text}");
        }
        assert_eq!(temperature(b"018"), None);
    }
}
