//! How angles are written: as parts of a turn, in 4 hexadecimal digits, or in 8 of which the last two are zero.

use slewgate_sky::Horizontal;

/// How precisely a command speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    /// 16 bits.
    Short,
    /// 24 bits.
    Long,
}

/// Two angles in degrees, as their turns are counted.
pub(super) type Angles = (f64, f64);

impl Precision {
    /// By the case of the command's letter.
    pub(super) fn of(letter: u8) -> Self {
        match letter.is_ascii_lowercase() {
            true => Self::Long,
            false => Self::Short,
        }
    }

    /// `34AB,12CE`.
    pub(super) fn write(self, (first, second): Angles) -> Vec<u8> {
        format!("{},{}", self.digits(first), self.digits(second)).into_bytes()
    }

    /// None: that is no pair of angles.
    pub(super) fn read(self, text: &[u8]) -> Option<Angles> {
        let text = str::from_utf8(text).ok()?;
        let (first, second) = text.split_once(',')?;
        Some((self.degrees(first)?, self.degrees(second)?))
    }

    fn digits(self, degrees: f64) -> String {
        let parts = (degrees / 360.0 * self.parts()).round();
        // Below 2 to the power of 24.
        let parts = parts.rem_euclid(self.parts()) as u32;
        match self {
            Self::Short => format!("{parts:04X}"),
            Self::Long => format!("{:08X}", parts << 8),
        }
    }

    fn degrees(self, digits: &str) -> Option<f64> {
        let wanted = match self {
            Self::Short => 4,
            Self::Long => 8,
        };
        let fits = digits.len() == wanted && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = fits.then(|| u32::from_str_radix(digits, 16).ok())??;
        let parts = match self {
            Self::Short => number,
            Self::Long => number >> 8,
        };
        Some(f64::from(parts) * 360.0 / self.parts())
    }

    /// In a turn.
    fn parts(self) -> f64 {
        match self {
            Self::Short => 65_536.0,
            Self::Long => 16_777_216.0,
        }
    }
}

/// Degrees from -180 to 180 of an angle that is counted from 0 to 360.
pub(super) fn signed(degrees: f64) -> f64 {
    if degrees > 180.0 {
        degrees - 360.0
    } else {
        degrees
    }
}

/// Azimuth first.
pub(super) fn of_horizontal(place: Horizontal) -> Angles {
    (place.azimuth, place.altitude)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn angles_are_parts_of_a_turn() {
        for (degrees, short, long) in [
            (0.0, "0000", "00000000"),
            (90.0, "4000", "40000000"),
            (-0.25, "FFD2", "FFD27D00"),
            (359.999_999, "0000", "00000000"),
            (-90.0, "C000", "C0000000"),
        ] {
            assert_eq!(Precision::Short.digits(degrees), short);
            assert_eq!(Precision::Long.digits(degrees), long);
        }
    }

    #[test]
    fn what_is_no_pair_of_angles_is_not_read() {
        for text in [
            &b""[..],
            b"34AB12CE",
            b"34AB,12C",
            b"34AB,12CG",
            b"34AB,12CE0",
            b"+4AB,12CE",
            b"34AB;12CE",
            b"\xff\xff\xff\xff,12CE",
        ] {
            assert_eq!(Precision::Short.read(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(first in 0.0..360.0, second in -90.0..90.0) {
            for (precision, step) in [(Precision::Short, 360.0 / 65_536.0), (Precision::Long, 360.0 / 16_777_216.0)] {
                let (a, b) = precision.read(&precision.write((first, second))).unwrap();
                let off = |read: f64, meant: f64| ((read - meant + 180.0).rem_euclid(360.0) - 180.0).abs();
                prop_assert!(off(a, first) <= step / 2.0 + 1e-9 && off(signed(b), second) <= step / 2.0 + 1e-9);
            }
        }
    }
}
