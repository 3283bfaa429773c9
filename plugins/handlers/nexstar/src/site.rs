//! `W` `w`: where the mount stands. Degrees, minutes, seconds and 1 for south; then the same, and 1 for west; all bytes.

use slewgate_sdk::angle::Sexagesimal;
use slewgate_sdk::mount::{SetSite, SiteTold, Verb};
use slewgate_sdk::{Failure, Host, json};

use crate::drift;
use crate::mount::{Found, Mount};
use crate::port::Port;

/// Degrees by which the mount may tell something else than it was told: it writes whole seconds.
const ROUNDED: f64 = 1.5 / 3600.0;

pub(crate) fn set_site(host: &dyn Host, params: &SetSite) -> Result<String, Failure> {
    let mount = Mount::with(host, SetSite::NAME)?;
    let [north, east] = [params.latitude, params.longitude].map(bytes);
    mount.port.order(&[b"W", &north[..], &east[..]].concat())?;
    drift::forget(host)?;
    let (latitude, longitude) = told(&mount.port)?;
    let found = Found {
        latitude: Some(latitude),
        longitude: Some(longitude),
        ..mount.found
    };
    found.keep(host)?;
    let told = found
        .site_told()
        .ok_or_else(|| Failure::Internal("a site that was told is none".into()))?;
    check(params, &told)?;
    json(&told)
}

/// Degrees, north and east positive.
pub(crate) fn told(port: &Port) -> Result<(f64, f64), Failure> {
    let told = port.ask(b"w", 8, |told| read(told).is_some())?;
    read(&told).ok_or_else(|| Failure::Internal("a site that was read is none".into()))
}

fn read(told: &[u8]) -> Option<(f64, f64)> {
    let (north, east) = told.split_at_checked(4)?;
    Some((degrees(north, 90.0)?, degrees(east, 180.0)?))
}

fn degrees(told: &[u8], most: f64) -> Option<f64> {
    let &[whole, minutes, seconds, negative] = told else {
        return None;
    };
    let degrees = f64::from(whole) + f64::from(minutes) / 60.0 + f64::from(seconds) / 3600.0;
    let fits = minutes < 60 && seconds < 60 && negative < 2 && degrees <= most;
    fits.then_some(if negative == 1 { -degrees } else { degrees })
}

fn bytes(degrees: f64) -> [u8; 4] {
    let angle = Sexagesimal::to_second(degrees, None);
    // At most 180 degrees, so that each fits a byte.
    let [whole, minutes, seconds] =
        [angle.whole, angle.minutes, angle.seconds].map(|part| part as u8);
    [whole, minutes, seconds, u8::from(angle.negative)]
}

/// A hand control that takes no such site is silent about it.
fn check(params: &SetSite, told: &SiteTold) -> Result<(), Failure> {
    let north = (told.latitude - params.latitude).abs();
    let east = (told.longitude - params.longitude + 180.0).rem_euclid(360.0) - 180.0;
    if north <= ROUNDED && east.abs() <= ROUNDED {
        return Ok(());
    }
    Err(Failure::Hardware(format!(
        "the mount was told latitude {} and longitude {}, and tells {} and {}",
        params.latitude, params.longitude, told.latitude, told.longitude
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_minute_of_a_turn_is_written_as_it_is_read() {
        for minute in -10_800..=10_800 {
            let degrees = f64::from(minute) / 60.0;
            let written = bytes(degrees);
            assert!((super::degrees(&written, 180.0).unwrap() - degrees).abs() < 1e-9);
        }
        assert_eq!(bytes(-0.25), [0, 15, 0, 1]);
        assert_eq!(bytes(51.0 + 35.0 / 60.0 + 35.0 / 3600.0), *b"\x33##\x00");
    }

    #[test]
    fn what_is_no_site_is_not_read() {
        for told in [
            &b"\x5b\x00\x00\x00\x00\x00\x00\x00"[..],
            b"\x00\x3c\x00\x00\x00\x00\x00\x00",
            b"\x00\x00\x3c\x00\x00\x00\x00\x00",
            b"\x00\x00\x00\x02\x00\x00\x00\x00",
            b"\x00\x00\x00\x00\xb5\x00\x00\x00",
            b"\x00\x00\x00\x00\x00\x00\x00#",
            b"\x00\x00\x00",
        ] {
            assert_eq!(read(told), None, "{}", told.escape_ascii());
        }
    }
}
