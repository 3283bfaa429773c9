//! Bytes as people write and read them: printable ASCII as it is, everything else as `\xNN`.

use std::str::Chars;

/// `:Q#` as it is, 2 as `\x02`, a backslash as two.
pub(crate) fn to_text(bytes: &[u8]) -> String {
    let shown = bytes.iter().map(|byte| match byte {
        b'\\' => r"\\".to_owned(),
        b' '..=b'~' => char::from(*byte).to_string(),
        other => format!(r"\x{other:02x}"),
    });
    shown.collect()
}

/// What [`to_text`] made, and `\r` and `\n`. The error is a clause that says what to write instead.
pub(crate) fn of_text(text: &str) -> Result<Vec<u8>, String> {
    let mut letters = text.chars();
    let mut bytes = Vec::new();
    while let Some(letter) = letters.next() {
        bytes.push(match letter {
            '\\' => escaped(&mut letters)?,
            other => u8::try_from(other)
                .map_err(|_| format!(r"{other:?} is more than a byte; write bytes as \xNN"))?,
        });
    }
    Ok(bytes)
}

fn escaped(letters: &mut Chars<'_>) -> Result<u8, String> {
    let byte = match letters.next() {
        Some('\\') => Some(b'\\'),
        Some('r') => Some(b'\r'),
        Some('n') => Some(b'\n'),
        Some('x') => hexadecimal(letters),
        _ => None,
    };
    byte.ok_or_else(|| r"after \ stands another, r, n, or x and two hexadecimal digits".to_owned())
}

fn hexadecimal(letters: &mut Chars<'_>) -> Option<u8> {
    let mut digit = || letters.next()?.to_digit(16);
    let (high, low) = (digit()?, digit()?);
    u8::try_from(high * 16 + low).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_read_as_it_was_written() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(of_text(&to_text(&all)), Ok(all));
        assert_eq!(to_text(b":Q#\x02\\\r"), r":Q#\x02\\\x0d");
        assert_eq!(of_text(r"\r\n\x2B"), Ok(b"\r\n+".to_vec()));
    }

    #[test]
    fn what_is_no_byte_is_told_what_to_write() {
        for (text, why) in [
            ("\u{2192}", r"is more than a byte; write bytes as \xNN"),
            (r"\q", r"after \ stands"),
            (r"\x2", r"after \ stands"),
            (r"\x+f", r"after \ stands"),
            ("\\", r"after \ stands"),
        ] {
            let told = of_text(text).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
    }
}
