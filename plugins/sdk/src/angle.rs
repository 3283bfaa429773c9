//! Angles as text: `05:35:17`, `-05*23:28`, and what mounts make of them.

/// Reads a sexagesimal angle in the unit of its first field. Between the fields may stand anything that is no digit, since
/// mounts disagree about the degree mark; a full stop begins a decimal fraction. `-00*30` is half a degree below zero.
pub fn parse(text: &[u8]) -> Option<f64> {
    let text = text.trim_ascii();
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let magnitude = fields(digits)?;
    Some(if negative { -magnitude } else { magnitude })
}

/// Whole seconds of an angle, for writing it: `units` in a full turn make it wrap, as 24 hours do.
pub struct Sexagesimal {
    /// Whether it lies below zero, also where `whole` is 0.
    pub negative: bool,
    /// Hours or degrees.
    pub whole: u32,
    /// Sixtieths of them.
    pub minutes: u32,
    /// Tenths of a minute, for mounts that show no seconds.
    pub tenths: u32,
    /// Sixtieths of a minute.
    pub seconds: u32,
}

impl Sexagesimal {
    /// To the nearest second, below `turn` if there is one.
    pub fn to_second(value: f64, turn: Option<u32>) -> Self {
        Self::rounded(value, 3600, turn)
    }

    /// To the nearest tenth of a minute, below `turn` if there is one.
    pub fn to_tenth_of_minute(value: f64, turn: Option<u32>) -> Self {
        Self::rounded(value, 600, turn)
    }

    /// To the nearest minute.
    pub fn to_minute(value: f64) -> Self {
        Self::rounded(value, 60, None)
    }

    fn rounded(value: f64, parts: u32, turn: Option<u32>) -> Self {
        // Saturates for what is no angle; never wraps.
        let mut count = (value.abs() * f64::from(parts)).round() as u32;
        if let Some(turn) = turn {
            count %= turn * parts;
        }
        let seconds = (count % parts) * (3600 / parts);
        Self {
            negative: value < 0.0,
            whole: count / parts,
            minutes: seconds / 60,
            tenths: seconds % 60 / 6,
            seconds: seconds % 60,
        }
    }
}

/// `value` with as many decimals, for answers that people read too.
pub fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}

fn fields(text: &[u8]) -> Option<f64> {
    let mut total = 0.0;
    let mut unit = 1.0;
    let mut rest = text;
    for place in 0..3 {
        let (value, after, fraction) = field(rest)?;
        if place > 0 && value >= 60.0 {
            return None;
        }
        total += value * unit;
        unit /= 60.0;
        // The mark before the next field, if there is one.
        rest = match after.split_first() {
            Some((_, next)) if !fraction && next.first().is_some_and(u8::is_ascii_digit) => next,
            _ => return (!after.iter().any(u8::is_ascii_digit)).then_some(total),
        };
    }
    None
}

/// The number at the beginning, what follows it, and whether it had a fraction.
fn field(text: &[u8]) -> Option<(f64, &[u8], bool)> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let fraction = match text.get(digits) {
        Some(b'.') => {
            1 + text[digits + 1..]
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .count()
        }
        _ => 0,
    };
    if digits == 0 || digits > 3 {
        return None;
    }
    let (number, after) = text.split_at(digits + fraction);
    let value = str::from_utf8(number).ok()?.parse().ok()?;
    Some((value, after, fraction > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Option<f64>, b: f64) -> bool {
        a.is_some_and(|a| (a - b).abs() < 1e-9)
    }

    #[test]
    fn any_mark_separates_degrees() {
        for mark in [&b"*"[..], b":", b"\xdf", b"\xe1", b"t"] {
            let text = [b"-05", mark, b"23'28#"].concat();
            assert!(
                near(parse(&text), -(5.0 + 23.0 / 60.0 + 28.0 / 3600.0)),
                "{mark:?}"
            );
        }
    }

    #[test]
    fn both_precisions_are_read() {
        assert!(near(parse(b"05:35.5#"), 5.0 + 35.5 / 60.0));
        assert!(near(parse(b"05:35:17#"), 5.0 + 35.0 / 60.0 + 17.0 / 3600.0));
        assert!(near(parse(b"+41*16#"), 41.0 + 16.0 / 60.0));
        assert!(near(
            parse(b"05:35:17.3"),
            5.0 + 35.0 / 60.0 + 17.3 / 3600.0
        ));
    }

    #[test]
    fn zero_degrees_keep_their_sign() {
        assert!(near(parse(b"-00*30#"), -0.5));
        let half = Sexagesimal::to_second(-0.5, None);
        assert!(half.negative);
        assert_eq!((half.whole, half.minutes, half.seconds), (0, 30, 0));
    }

    #[test]
    fn garbage_is_no_angle() {
        for text in [
            &b""[..],
            b"#",
            b"-",
            b"HH:MM",
            b"05:75:00#",
            b"1234:00#",
            b"05::17",
            b"01:02:03:04#",
            b"\xff\xff",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn rounding_up_to_a_turn_wraps() {
        let hours = Sexagesimal::to_second(23.999_999, Some(24));
        assert_eq!((hours.whole, hours.minutes, hours.seconds), (0, 0, 0));
        let low = Sexagesimal::to_tenth_of_minute(23.999_999, Some(24));
        assert_eq!((low.whole, low.minutes, low.tenths), (0, 0, 0));
        let degrees = Sexagesimal::to_second(89.999_999, None);
        assert_eq!(
            (degrees.whole, degrees.minutes, degrees.seconds),
            (90, 0, 0)
        );
    }

    #[test]
    fn what_is_written_reads_back() {
        for thousandth in -90_000..=90_000 {
            let value = f64::from(thousandth) / 1000.0;
            let s = Sexagesimal::to_second(value, None);
            let sign = if s.negative { '-' } else { '+' };
            let text = format!("{sign}{:02}*{:02}:{:02}#", s.whole, s.minutes, s.seconds);
            assert!(
                (parse(text.as_bytes()).unwrap() - value).abs() <= 0.5 / 3600.0 + 1e-9,
                "{text}"
            );
        }
    }
}
