//! `H` `h`: what time it is by the hand control's own clock, which is not that of its GPS. Hour, minute, second, month, day, year
//! of this century, hours ahead of UTC, and 1 for daylight saving; all bytes, and local.

use slewgate_sdk::mount::{SetTime, TimeSet, Verb};
use slewgate_sdk::time::{self, Civil, Moment};
use slewgate_sdk::{Failure, Host, Instant, Millis, json};

use crate::drift;
use crate::mount::{Found, Mount};
use crate::port::Port;

/// What a hand control tells of the time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Told {
    /// UTC.
    pub(crate) at: Instant,
    /// Hours that its local time is ahead of it, with daylight saving.
    zone: i32,
}

const HOUR: f64 = 3_600e3;
const CENTURY: i32 = 2000;

/// Milliseconds by which it may tell another time than it was told: a second that began meanwhile, and a late reply.
const LATE: f64 = 6_000.0;

pub(crate) fn set_time(host: &dyn Host, params: &SetTime) -> Result<String, Failure> {
    let ahead = params.ahead(host.now())?;
    let mount = Mount::with(host, SetTime::NAME)?;
    let zone = match params.time.and_then(|time| time.offset) {
        // Hours are all that it takes; what the local time is short of then, is not lost: UTC stays right.
        Some(minutes) => (f64::from(minutes) / 60.0).round() as i32,
        None => Told::ask(&mount.port)?.zone,
    };
    host.sleep(pause(host.now() + ahead))?;
    let now = ((host.now() + ahead) / 1000.0).round() * 1000.0;
    mount.port.order(&order(now, zone))?;
    drift::forget(host)?;
    let told = Told::ask(&mount.port)?.at;
    if (told - now).abs() > LATE {
        return Err(Failure::Hardware(format!(
            "the mount was told that it is {}, and tells {}",
            time::text(now),
            time::text(told)
        )));
    }
    let found = Found {
        ahead: Some(ahead),
        ..mount.found
    };
    found.keep(host)?;
    json(&TimeSet {
        time: time::text(now),
    })
}

/// Milliseconds to wait: whole seconds are sent when they begin.
fn pause(now: Instant) -> Millis {
    // Below 1000.
    ((1000.0 - now.rem_euclid(1000.0)) % 1000.0).ceil() as Millis
}

fn order(utc: Instant, zone: i32) -> Vec<u8> {
    let local = Civil::of(utc + f64::from(zone) * HOUR);
    // Each fits a byte; zones below zero are counted down from 256.
    let byte = |number: i32| number.rem_euclid(256) as u8;
    let small = |number: u32| number as u8;
    vec![
        b'H',
        small(local.hour),
        small(local.minute),
        small(local.second),
        small(local.month),
        small(local.day),
        byte(local.year - CENTURY),
        byte(zone),
        0,
    ]
}

impl Told {
    pub(crate) fn ask(port: &Port) -> Result<Self, Failure> {
        let told = port.ask(b"h", 8, |told| Self::read(told).is_some())?;
        Self::read(&told).ok_or_else(|| Failure::Internal("a time that was read is none".into()))
    }

    fn read(told: &[u8]) -> Option<Self> {
        let &[hour, minute, second, month, day, year, zone, saving] = told else {
            return None;
        };
        let year = CENTURY + i32::from(year);
        let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
        let local = Moment::parse(&text)?.at;
        let zone = i32::from(zone.cast_signed()) + i32::from(saving);
        let fits = saving < 2 && (-14..=15).contains(&zone);
        fits.then_some(Self {
            at: local - f64::from(zone) * HOUR,
            zone,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manuals_example_is_read_and_a_summer_hour_is_one_of_the_zone() {
        // 15:26:00 on 6 April 2005, Eastern Standard Time with daylight saving.
        let told = Told::read(b"\x0f\x1a\x00\x04\x06\x05\xfb\x01").unwrap();
        assert_eq!(time::text(told.at), "2005-04-06T19:26:00Z");
        assert_eq!(told.zone, -4);
        assert_eq!(order(told.at, -4), b"H\x0f\x1a\x00\x04\x06\x05\xfc\x00");
        assert_eq!(Told::read(&order(told.at, -4)[1..]), Some(told));
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for told in [
            &b"\x18\x00\x00\x04\x06\x05\x00\x00"[..],
            b"\x00\x3c\x00\x04\x06\x05\x00\x00",
            b"\x00\x00\x00\x0d\x06\x05\x00\x00",
            b"\x00\x00\x00\x02\x1e\x05\x00\x00",
            b"\x00\x00\x00\x04\x06\x05\x23\x00",
            b"\x00\x00\x00\x04\x06\x05\x00\x02",
            b"\x00\x00\x00\x04\x06\xff\x00\x00\x00",
        ] {
            assert_eq!(Told::read(told), None, "{}", told.escape_ascii());
        }
    }

    #[test]
    fn a_second_is_sent_when_it_begins() {
        assert_eq!(pause(0.0), 0);
        assert_eq!(pause(250.0), 750);
        assert_eq!(pause(1000.5), 1000);
        assert_eq!(pause(5999.0), 1);
    }
}
