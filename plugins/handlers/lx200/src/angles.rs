//! Angles as these mounts write them: `HH:MM:SS` and `sDD*MM:SS`, or `HH:MM.T` and `sDD*MM` in low precision.

use slewgate_sdk::Equatorial;
use slewgate_sdk::angle::{self, Sexagesimal};

/// The shortest right ascension with seconds: `HH:MM:SS`.
const WITH_SECONDS: usize = 8;

/// Whether a right ascension has seconds.
pub(crate) fn is_high(ra: &[u8]) -> bool {
    ra.trim_ascii().len() >= WITH_SECONDS && ra.iter().filter(|byte| **byte == b':').count() == 2
}

/// Right ascension or sidereal time in hours.
pub(crate) fn hours(text: &[u8]) -> Option<f64> {
    angle::parse(text).filter(|hours| (0.0..24.0).contains(hours))
}

/// Declination or latitude in degrees.
pub(crate) fn declination(text: &[u8]) -> Option<f64> {
    angle::parse(text).filter(|degrees| (-90.0..=90.0).contains(degrees))
}

/// Longitude in degrees, east positive. The mounts count to the west, up to 360 or below zero.
pub(crate) fn longitude(text: &[u8]) -> Option<f64> {
    let west = angle::parse(text).filter(|degrees| (-360.0..=360.0).contains(degrees))?;
    Some(180.0 - (west + 180.0).rem_euclid(360.0))
}

/// The byte between degrees and minutes: 0xDF on a Classic, `*` on most others.
pub(crate) fn mark(declination: &[u8]) -> u8 {
    let after_sign = declination
        .iter()
        .skip(1)
        .find(|byte| !byte.is_ascii_digit());
    after_sign.copied().unwrap_or(b'*')
}

/// `:Sr…#`, to set the right ascension of the target.
pub(crate) fn set_ra(target: Equatorial, high: bool) -> Vec<u8> {
    if high {
        let ra = Sexagesimal::to_second(target.ra, Some(24));
        format!(":Sr{:02}:{:02}:{:02}#", ra.whole, ra.minutes, ra.seconds).into_bytes()
    } else {
        let ra = Sexagesimal::to_tenth_of_minute(target.ra, Some(24));
        format!(":Sr{:02}:{:02}.{}#", ra.whole, ra.minutes, ra.tenths).into_bytes()
    }
}

/// `:Sd…#`, to set the declination of the target, with the degree mark that the mount itself writes.
pub(crate) fn set_dec(target: Equatorial, high: bool, mark: u8) -> Vec<u8> {
    let dec = if high {
        Sexagesimal::to_second(target.dec, None)
    } else {
        Sexagesimal::to_minute(target.dec)
    };
    let sign = if dec.negative { '-' } else { '+' };
    let mut command = format!(":Sd{sign}{:02}", dec.whole).into_bytes();
    command.push(mark);
    command.extend(format!("{:02}", dec.minutes).bytes());
    if high {
        command.extend(format!(":{:02}", dec.seconds).bytes());
    }
    command.push(b'#');
    command
}

/// What a command sets, for people.
pub(crate) fn value(command: &[u8]) -> String {
    let value = command.iter().skip(3).filter(|byte| **byte != b'#');
    value
        .map(|byte| {
            if byte.is_ascii() {
                char::from(*byte)
            } else {
                '*'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longitudes_to_the_west_become_east_positive() {
        for (west, east) in [
            (&b"000*10"[..], -10.0 / 60.0),
            (b"350*00", 10.0),
            (b"-010*00", 10.0),
            (b"+118*15", -118.25),
        ] {
            assert!((longitude(west).unwrap() - east).abs() < 1e-9, "{west:?}");
        }
    }

    #[test]
    fn what_is_set_is_what_the_mount_would_write() {
        let target = Equatorial {
            ra: 23.999_99,
            dec: -0.51,
        };
        assert_eq!(set_ra(target, true), b":Sr00:00:00#");
        assert_eq!(set_ra(target, false), b":Sr00:00.0#");
        assert_eq!(set_dec(target, true, 0xdf), b":Sd-00\xdf30:36#");
        assert_eq!(set_dec(target, false, b'*'), b":Sd-00*31#");
    }

    #[test]
    fn precision_shows_in_the_right_ascension() {
        assert!(is_high(b"05:35:17"));
        assert!(!is_high(b"05:35.2"));
        assert!(!is_high(b"05:35"));
    }

    #[test]
    fn the_mark_is_what_follows_the_degrees() {
        assert_eq!(mark(b"+41\xdf16"), 0xdf);
        assert_eq!(mark(b"-05*23:28"), b'*');
        assert_eq!(mark(b"+41"), b'*');
    }
}
