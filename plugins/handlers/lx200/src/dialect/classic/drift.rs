//! Whether a mount rests, seen from where it pointed before: it tells of slews alone, not of a jog, nor whether it is parked.
//!
//! At rest it either follows the sky, then its right ascension stays, or stands on the ground, then its hour angle does.

use serde::{Deserialize, Serialize};
use slewgate_sdk::{Failure, Host, Instant, json, read};

use crate::status::Reading;

/// What two looks at the mount show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Neither the one nor the other.
    Moving,
    /// Which of the two, once they can be told apart.
    Resting(Option<Rest>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Rest {
    Following,
    Standing,
}

/// The look that later ones are held against.
#[derive(Debug, Serialize, Deserialize)]
struct Anchor {
    at: Instant,
    ra: f64,
    dec: f64,
    rest: Option<Rest>,
}

const KEY: &str = "anchor";
/// When what was seen before ceased to count. A look that was under way then is of the time before.
const FORGOTTEN: &str = "forgotten";
/// Milliseconds after which no look is under way any more, were it that the clock was set back.
const LONGEST_LOOK: f64 = 15_000.0;

/// Seconds after which an anchor has told the two rests apart and is renewed. Sooner it cannot: to jog slowly to the east looks
/// for a while like standing still.
const TELLS_AFTER: f64 = 20.0;
/// Seconds after which it tells nothing more.
const STALE_AFTER: f64 = 60.0;

/// Seconds of arc in a second: how the sky turns, and how far a mount at rest, or the Moon, may drift from that.
const SKY: f64 = 15.041;
const SLACK: f64 = 1.0;

/// Seconds of arc in the last digit of right ascension and declination, without and with seconds.
const LOW: (f64, f64) = (90.0, 60.0);
const HIGH: (f64, f64) = (15.0, 1.0);
/// Digits that a reading at rest may be off: one each way is rounding.
const DIGITS: f64 = 1.5;

/// The mount says that it moves: later looks are held against this one.
pub(super) fn moving(host: &dyn Host, reading: &Reading, now: Instant) -> Result<Seen, Failure> {
    if !is_of_before(host, now) {
        keep(host, reading, now, None)?;
    }
    Ok(Seen::Moving)
}

/// What this look shows, held against those before.
pub(super) fn judge(host: &dyn Host, reading: &Reading, now: Instant) -> Result<Seen, Failure> {
    if is_of_before(host, now) {
        return Ok(Seen::Resting(None));
    }
    let anchor = recall(host).filter(|anchor| (0.0..=STALE_AFTER).contains(&anchor.since(now)));
    let Some(anchor) = anchor else {
        keep(host, reading, now, None)?;
        return Ok(Seen::Resting(None));
    };
    let seen = anchor.against(reading, now);
    match seen {
        Seen::Moving => moving(host, reading, now),
        Seen::Resting(_) if anchor.since(now) < TELLS_AFTER => Ok(Seen::Resting(anchor.rest)),
        Seen::Resting(rest) => {
            keep(host, reading, now, rest)?;
            Ok(seen)
        }
    }
}

/// Whatever was seen before no longer counts.
pub(super) fn forget(host: &dyn Host) -> Result<(), Failure> {
    host.keep(FORGOTTEN, json(&host.now())?.as_bytes())?;
    host.keep(KEY, b"")
}

fn is_of_before(host: &dyn Host, now: Instant) -> bool {
    let forgotten = host
        .recall(FORGOTTEN)
        .and_then(|kept| read::<Instant>(&kept).ok());
    forgotten.is_some_and(|forgotten| (0.0..LONGEST_LOOK).contains(&(forgotten - now)))
}

impl Anchor {
    /// Seconds.
    fn since(&self, now: Instant) -> f64 {
        (now - self.at) / 1000.0
    }

    fn against(&self, reading: &Reading, now: Instant) -> Seen {
        let seconds = self.since(now);
        let digit = if reading.high { HIGH } else { LOW };
        // Right ascension counts for less near the pole, in what it shows as in its rounding.
        let across = reading.at.dec.to_radians().cos();
        let east = (reading.at.ra - self.ra + 12.0).rem_euclid(24.0) - 12.0;
        let east = east * 15.0 * 3600.0 * across;
        let north = (reading.at.dec - self.dec) * 3600.0;
        let near = |way: f64, digit: f64| way.abs() <= digit * DIGITS + SLACK * seconds;
        let in_dec = near(north, digit.1);
        let follows = in_dec && near(east, digit.0 * across);
        let stands = in_dec && near(east - SKY * seconds * across, digit.0 * across);
        match (follows, stands) {
            (false, false) => Seen::Moving,
            (true, false) => Seen::Resting(Some(Rest::Following)),
            (false, true) => Seen::Resting(Some(Rest::Standing)),
            (true, true) => Seen::Resting(self.rest),
        }
    }
}

fn recall(host: &dyn Host) -> Option<Anchor> {
    read(&host.recall(KEY)?).ok()
}

fn keep(
    host: &dyn Host,
    reading: &Reading,
    now: Instant,
    rest: Option<Rest>,
) -> Result<(), Failure> {
    let anchor = Anchor {
        at: now,
        ra: reading.at.ra,
        dec: reading.at.dec,
        rest,
    };
    host.keep(KEY, json(&anchor)?.as_bytes())
}
