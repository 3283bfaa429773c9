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

/// `:St…#`, to set the latitude in degrees.
pub(crate) fn set_latitude(latitude: f64, seconds: bool) -> Vec<u8> {
    set(":St", latitude, 2, seconds)
}

/// `:Sg…#`, to set the longitude in degrees, west positive, with a sign.
pub(crate) fn set_longitude(west: f64, seconds: bool) -> Vec<u8> {
    set(":Sg", west, 3, seconds)
}

/// The same, counted from 0 to 360 and without a sign.
pub(crate) fn set_longitude_around(west: f64) -> Vec<u8> {
    let Sexagesimal { whole, minutes, .. } = Sexagesimal::to_minute(west.rem_euclid(360.0));
    format!(":Sg{:03}*{minutes:02}#", whole % 360).into_bytes()
}

fn set(verb: &str, degrees: f64, digits: usize, seconds: bool) -> Vec<u8> {
    let angle = if seconds {
        Sexagesimal::to_second(degrees, None)
    } else {
        Sexagesimal::to_minute(degrees)
    };
    let sign = if angle.negative { '-' } else { '+' };
    let (whole, minutes) = (angle.whole, angle.minutes);
    let mut command = format!("{verb}{sign}{whole:0digits$}*{minutes:02}");
    if seconds {
        command += &format!(":{:02}", angle.seconds);
    }
    command += "#";
    command.into_bytes()
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
    fn sites_are_written_with_the_sign_that_mounts_count_by() {
        assert_eq!(set_latitude(51.5, false), b":St+51*30#");
        assert_eq!(set_latitude(-0.25, false), b":St-00*15#");
        assert_eq!(set_latitude(-33.8688, true), b":St-33*52:08#");
        assert_eq!(set_latitude(-90.0, true), b":St-90*00:00#");
        assert_eq!(set_longitude(0.1667, true), b":Sg+000*10:00#");
        assert_eq!(set_longitude(-151.2093, true), b":Sg-151*12:33#");
        assert_eq!(set_longitude(-0.5, false), b":Sg-000*30#");
        assert_eq!(set_longitude_around(118.25), b":Sg118*15#");
        assert_eq!(set_longitude_around(-151.2), b":Sg208*48#");
        assert_eq!(set_longitude_around(-0.001), b":Sg000*00#");
        assert_eq!(set_longitude_around(-180.0), b":Sg180*00#");
    }

    #[test]
    fn every_angle_reads_back_as_it_was_written() {
        for thousandth in -180_000..=180_000 {
            let degrees = f64::from(thousandth) / 1000.0;
            let read = |command: Vec<u8>| angle::parse(&command[3..command.len() - 1]).unwrap();
            let around = |a: f64, b: f64| (a - b + 180.0).rem_euclid(360.0) - 180.0;
            let second = read(set_longitude(degrees, true)) - degrees;
            assert!(second.abs() < 0.51 / 3600.0, "{degrees}");
            let minute = around(read(set_longitude_around(degrees)), degrees);
            assert!(minute.abs() < 0.51 / 60.0, "{degrees}");
            let east = longitude(&set_longitude_around(degrees)[3..]).unwrap();
            assert!(around(east, -degrees).abs() < 0.51 / 60.0, "{degrees}");
            if degrees.abs() <= 90.0 {
                let target = Equatorial {
                    ra: 0.0,
                    dec: degrees,
                };
                for mark in [b'*', 0xdf, b':'] {
                    let dec = read(set_dec(target, true, mark)) - degrees;
                    assert!(dec.abs() < 0.51 / 3600.0, "{degrees}");
                }
                let low = read(set_dec(target, false, b'*')) - degrees;
                assert!(low.abs() < 0.51 / 60.0, "{degrees}");
            }
            if degrees >= 0.0 {
                let ra = degrees * 24.0 / 180.0 % 24.0;
                let target = Equatorial { ra, dec: 0.0 };
                let (high, low) = (read(set_ra(target, true)), read(set_ra(target, false)));
                let off = |read: f64| (read - ra + 12.0).rem_euclid(24.0) - 12.0;
                assert!(
                    off(high).abs() < 0.51 / 3600.0 && off(low).abs() < 0.051 / 60.0,
                    "{ra}"
                );
                assert!(
                    (0.0..24.0).contains(&high) && (0.0..24.0).contains(&low),
                    "{ra}"
                );
            }
        }
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
