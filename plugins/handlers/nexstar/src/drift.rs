//! Whether a mount rests, seen from where it pointed before: a hand control tells of gotos alone, not of a slew by rate, nor
//! whether the mount really follows what it was told to.
//!
//! At rest it either follows the sky, then its right ascension stays, or stands on the ground, then its hour angle does.

use serde::{Deserialize, Serialize};
use slewgate_sdk::{Equatorial, Failure, Host, Instant, json, read};

use crate::angles::Precision;

/// Where the mount was seen, somewhere between two moments: a reply may be seconds late.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Look {
    pub(crate) asked: Instant,
    pub(crate) told: Instant,
    pub(crate) ra: f64,
    pub(crate) dec: f64,
}

/// What two looks show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Neither the one nor the other.
    Moving,
    /// Which of the two, once they can be told apart.
    Resting(Option<Rest>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Rest {
    Following,
    Standing,
}

/// The look that later ones are held against.
#[derive(Debug, Serialize, Deserialize)]
struct Anchor {
    look: Look,
    rest: Option<Rest>,
}

const KEY: &str = "anchor";

/// Seconds after which an anchor tells nothing more.
const STALE_AFTER: f64 = 60.0;

/// Seconds of arc in a second: how the sky turns, and how far a mount at rest may drift from that, as worms do.
const SKY: f64 = 15.041;
const SLACK: f64 = 2.0;
/// Seconds of arc that one who follows may be moved at once, by whoever guides it or by the end of a slew.
const NUDGE: f64 = 8.0;

impl Look {
    /// The mount says that it moves: later looks are held against this one.
    pub(crate) fn of_motion(self, host: &dyn Host) -> Result<Seen, Failure> {
        self.keep(host, None)?;
        Ok(Seen::Moving)
    }

    /// What it shows, held against those before.
    pub(crate) fn judge(self, host: &dyn Host, precision: Precision) -> Result<Seen, Failure> {
        let age = |anchor: &Anchor| seconds(anchor.look.told, self.asked);
        let anchor = recall(host).filter(|anchor| (0.0..=STALE_AFTER).contains(&age(anchor)));
        let Some(anchor) = anchor else {
            self.keep(host, None)?;
            return Ok(Seen::Resting(None));
        };
        let seen = anchor.against(&self, precision);
        match seen {
            Seen::Moving => self.of_motion(host),
            Seen::Resting(_) if age(&anchor) < tells_after(precision) => {
                Ok(Seen::Resting(anchor.rest))
            }
            Seen::Resting(rest) => {
                self.keep(host, rest)?;
                Ok(seen)
            }
        }
    }

    fn keep(self, host: &dyn Host, rest: Option<Rest>) -> Result<(), Failure> {
        let anchor = Anchor { look: self, rest };
        host.keep(KEY, json(&anchor)?.as_bytes())
    }

    fn at(&self) -> Equatorial {
        Equatorial {
            ra: self.ra,
            dec: self.dec,
        }
    }
}

/// From here on it points elsewhere without having moved, or was told to follow something else.
pub(crate) fn forget(host: &dyn Host) -> Result<(), Failure> {
    host.keep(KEY, b"")
}

/// Seconds after which the two rests are told apart, however both are rounded.
fn tells_after(precision: Precision) -> f64 {
    match precision {
        Precision::Short => 12.0,
        Precision::Long => 4.0,
    }
}

/// Seconds of arc that two readings of one place may be apart.
fn rounding(precision: Precision) -> f64 {
    match precision {
        Precision::Short => 30.0,
        Precision::Long => 0.2,
    }
}

impl Anchor {
    fn against(&self, look: &Look, precision: Precision) -> Seen {
        // Between the two readings passed at least and at most so many seconds.
        let least = seconds(self.look.told, look.asked).max(0.0);
        let most = seconds(self.look.asked, look.told).max(least);
        let (before, after) = (self.look.at(), look.at());
        // Right ascension counts for less near the pole, in what it shows as in its rounding.
        let across = after.dec.to_radians().cos();
        let east = (after.ra - before.ra + 12.0).rem_euclid(24.0) - 12.0;
        let east = east * 15.0 * 3600.0 * across;
        let north = (after.dec - before.dec) * 3600.0;
        let room = NUDGE + rounding(precision) + SLACK * most;
        let in_dec = north.abs() <= room;
        let follows = in_dec && east.abs() <= room;
        let stood = SKY * across * least - room..=SKY * across * most + room;
        let stands = in_dec && stood.contains(&east);
        match (follows, stands) {
            (false, false) => Seen::Moving,
            (true, false) => Seen::Resting(Some(Rest::Following)),
            (false, true) => Seen::Resting(Some(Rest::Standing)),
            (true, true) => Seen::Resting(self.rest),
        }
    }
}

fn seconds(from: Instant, to: Instant) -> f64 {
    (to - from) / 1000.0
}

fn recall(host: &dyn Host) -> Option<Anchor> {
    read(&host.recall(KEY)?).ok()
}
