//! Angles as this language writes them: parts of a turn, in 4 hexadecimal digits, or in 8 of which the last two are zero.

use slewgate_sdk::Equatorial;

/// How finely a hand control tells angles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    /// 20 seconds of arc.
    Short,
    /// A twelfth of a second.
    Long,
}

impl Precision {
    /// Bytes of a position, without what ends it.
    pub(crate) fn length(self) -> u32 {
        match self {
            Self::Short => 9,
            Self::Long => 17,
        }
    }

    /// `R34AB,12CE`, or the same in small letters and more digits.
    pub(crate) fn command(self, letter: u8, place: Equatorial) -> Vec<u8> {
        let letter = match self {
            Self::Short => letter.to_ascii_uppercase(),
            Self::Long => letter.to_ascii_lowercase(),
        };
        let (ra, dec) = (self.digits(place.ra / 24.0), self.digits(place.dec / 360.0));
        [&[letter], ra.as_bytes(), b",", dec.as_bytes()].concat()
    }

    /// A position, as it answers `E` or `e`. None: that is none.
    pub(crate) fn position(self, text: &[u8]) -> Option<Equatorial> {
        let text = str::from_utf8(text).ok()?;
        let (ra, dec) = text.split_once(',')?;
        let dec = self.turns(dec)? * 360.0;
        let dec = if dec > 180.0 { dec - 360.0 } else { dec };
        let fits = dec.abs() <= 90.0;
        let ra = self.turns(ra)? * 24.0;
        fits.then_some(Equatorial { ra, dec })
    }

    fn digits(self, turns: f64) -> String {
        let parts = (turns * self.parts()).round().rem_euclid(self.parts());
        // Below 2 to the power of 24.
        let parts = parts as u32;
        match self {
            Self::Short => format!("{parts:04X}"),
            Self::Long => format!("{:08X}", parts << 8),
        }
    }

    fn turns(self, digits: &str) -> Option<f64> {
        let wanted = match self {
            Self::Short => 4,
            Self::Long => 8,
        };
        let fits = digits.len() == wanted && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| fits)?;
        // Some fill the last digits too.
        Some(f64::from(number) / 16_f64.powi(wanted as i32))
    }

    /// In a turn.
    fn parts(self) -> f64 {
        match self {
            Self::Short => 65_536.0,
            Self::Long => 16_777_216.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Precision::{Long, Short};
    use super::*;

    fn at(ra: f64, dec: f64) -> Equatorial {
        Equatorial { ra, dec }
    }

    #[test]
    fn positions_are_parts_of_a_turn() {
        for (place, short, long) in [
            (at(0.0, 0.0), "R0000,0000", "r00000000,00000000"),
            (at(-0.0, -0.0), "R0000,0000", "r00000000,00000000"),
            (at(12.0, 90.0), "R8000,4000", "r80000000,40000000"),
            (at(5.5, -5.25), "R3AAB,FC44", "r3AAAAB00,FC444400"),
            (at(23.999_999_9, -90.0), "R0000,C000", "r00000000,C0000000"),
            (at(6.0, -1e-9), "R4000,0000", "r40000000,00000000"),
        ] {
            assert_eq!(Short.command(b'R', place), short.as_bytes());
            assert_eq!(Long.command(b'R', place), long.as_bytes());
        }
    }

    #[test]
    fn what_is_no_position_is_not_read() {
        for text in [
            &b""[..],
            b"34AB12CE",
            b"34AB,12C",
            b"34AB,12CG",
            b"34AB,12CE0",
            b"+4AB,12CE",
            b"34AB;12CE",
            b"34AB,#2CE",
            b"\xff4AB,12CE",
            // 135 degrees.
            b"34AB,6000",
        ] {
            assert_eq!(Short.position(text), None, "{}", text.escape_ascii());
        }
        assert_eq!(Long.position(b"34AB,12CE"), None);
    }

    #[test]
    fn digits_beyond_the_24_bits_count_where_they_are_told() {
        let place = Long.position(b"80000080,00000000").unwrap();
        assert!(place.ra > 12.0 && place.ra < 12.0 + 24.0 / 16_777_216.0);
    }

    /// Whole turns, poles and zero of either sign are among the numbers of a generator of its own, so that the same come each time.
    #[test]
    fn ten_thousand_positions_are_written_and_read_within_half_a_step() {
        let mut state = 1_u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        for number in 0..10_000 {
            let (ra, dec) = match number {
                0 => (0.0, 90.0),
                1 => (24.0 - 1e-12, -90.0),
                2 => (-0.0, -0.0),
                3 => (12.0, -1e-12),
                _ => (random() * 24.0, random() * 180.0 - 90.0),
            };
            for (precision, step) in [(Short, 360.0 / 65_536.0), (Long, 360.0 / 16_777_216.0)] {
                let written = precision.command(b'R', at(ra, dec));
                let read = precision.position(&written[1..]).unwrap();
                let east = ((read.ra - ra) * 15.0 + 180.0).rem_euclid(360.0) - 180.0;
                assert!(east.abs() <= step / 2.0 + 1e-9, "{ra} {read:?}");
                assert!(
                    (read.dec - dec).abs() <= step / 2.0 + 1e-9,
                    "{dec} {read:?}"
                );
            }
        }
    }
}
