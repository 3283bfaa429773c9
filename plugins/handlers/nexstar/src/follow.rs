//! `T` `t`: what the mount follows. A slew by rate takes it along when it ends, on many mounts, and the hand control goes on telling
//! it: so it is told again after each.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{Track, Tracking, TrackingSet, Verb};
use slewgate_sdk::{Exchange, Failure, Host, Progress, json, read};

use crate::drift;
use crate::hand::{self, ADVANCED_GT, CGE, Make, Version};
use crate::motor::Axis;
use crate::mount::{Found, Mount};
use crate::port::ordered;

/// As this hand control numbers it; 0 is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mode(pub(crate) u8);

/// How the ways to follow the sky are numbered.
struct Numbers {
    /// By both axes. None: there is no such mode.
    altazimuth: Option<u8>,
    north: u8,
    south: u8,
}

/// Which it was told last, of those that follow; and whether it was told to follow nothing, for those that do not tell.
const MODE: &str = "mode";
const OFF: &str = "off";
/// What it follows by them, as it was told from here.
const RATE: &str = "rate";

pub(crate) fn track(host: &dyn Host, params: &Track) -> Result<String, Failure> {
    let mount = Mount::awake(host, Track::NAME)?;
    let mode = match params.mode {
        Tracking::Off => Mode::OFF,
        _ => Mode::now(&mount)?.or_usual(&mount),
    };
    if let Tracking::Solar | Tracking::Lunar = params.mode
        && !mode.is_equatorial(&mount.found)
    {
        return Err(Failure::Refused(
            "the mount follows by both axes, and then its hand control alone can set what: see its menu of rates".into(),
        ));
    }
    host.keep(RATE, json(&params.mode)?.as_bytes())?;
    match mode {
        Mode::OFF => mode.tell(&mount)?,
        _ => mode.put_back(&mount)?,
    }
    json(&TrackingSet {
        tracking: params.mode,
    })
}

impl Mode {
    pub(crate) const OFF: Self = Self(0);

    /// What the hand control says; where it does not tell, what it was told last or would be.
    pub(crate) fn now(mount: &Mount) -> Result<Self, Failure> {
        if !mount.found.hand.has(hand::TELLS) {
            let off = mount.host.recall(OFF).is_some_and(|kept| kept == b"1");
            return Ok(match off || !mount.found.hand.has(hand::FOLLOWS) {
                true => Self::OFF,
                false => Self::OFF.or_usual(mount),
            });
        }
        let told = mount.port.ask(b"t", 1, |told| matches!(told, [0..=3]))?;
        let mode = Self(told.first().copied().unwrap_or_default());
        mode.remember(mount.host)?;
        Ok(mode)
    }

    /// This, or where it is nothing what the mount would follow.
    pub(crate) fn or_usual(self, mount: &Mount) -> Self {
        if self != Self::OFF || !mount.found.hand.has(hand::FOLLOWS) {
            return self;
        }
        match mount.host.recall(MODE).as_deref() {
            Some([mode]) => Self(*mode),
            _ => Self::usual(&mount.found),
        }
    }

    /// By how the mount is built, unless the settings say it.
    fn usual(found: &Found) -> Self {
        let numbers = Numbers::of(found);
        let equatorial = found.equatorial.unwrap_or(found.is_german());
        Self(match (equatorial, numbers.altazimuth) {
            (false, Some(altazimuth)) => altazimuth,
            _ if found.is_northern() => numbers.north,
            _ => numbers.south,
        })
    }

    /// Tells the mount to follow that.
    pub(crate) fn tell(self, mount: &Mount) -> Result<(), Failure> {
        mount.port.order(&self.order())?;
        let off: &[u8] = if self == Self::OFF { b"1" } else { b"" };
        mount.host.keep(OFF, off)?;
        drift::forget(mount.host)?;
        self.remember(mount.host)
    }

    /// Tells it again what it followed, with the rate of the Sun or the Moon if it was that.
    pub(crate) fn put_back(self, mount: &Mount) -> Result<(), Failure> {
        if self == Self::OFF {
            return Ok(());
        }
        self.tell(mount)?;
        match self.rate(mount) {
            Some(rate @ (Tracking::Solar | Tracking::Lunar)) => {
                Axis::First.follow(&mount.port, rate, mount.found.is_northern())
            }
            _ => Ok(()),
        }
    }

    /// The host ended a motion.
    pub(crate) fn ended(self, host: &dyn Host) -> Result<Progress, Failure> {
        self.put_back(&Mount::open(host)?)?;
        Ok(Progress::Done)
    }

    /// What ends a motion by rate of this axis: the same, for when nobody looks after it.
    pub(crate) fn ending(self, axis: Axis) -> Vec<Exchange> {
        let again = (self != Self::OFF).then(|| ordered(&self.order()));
        [axis.stop()].into_iter().chain(again).collect()
    }

    /// What it follows, in words. None: nobody knows, with a hand control that cannot be told either.
    pub(crate) fn rate(self, mount: &Mount) -> Option<Tracking> {
        if !mount.found.hand.has(hand::FOLLOWS) {
            return None;
        }
        let kept = || read(&mount.host.recall(RATE)?).ok();
        Some(match self {
            Self::OFF => Tracking::Off,
            _ => kept()
                .filter(|rate| *rate != Tracking::Off)
                .unwrap_or(Tracking::Sidereal),
        })
    }

    fn is_equatorial(self, found: &Found) -> bool {
        let Numbers { north, south, .. } = Numbers::of(found);
        [north, south].contains(&self.0)
    }

    fn order(self) -> [u8; 2] {
        [b'T', self.0]
    }

    fn remember(self, host: &dyn Host) -> Result<(), Failure> {
        let is_new = host.recall(MODE).is_none_or(|kept| kept != [self.0]);
        match self != Self::OFF && is_new {
            true => host.keep(MODE, &[self.0]),
            false => Ok(()),
        }
    }
}

impl Numbers {
    /// Hand controls 3.01 to 3.04 of the CGE and the Advanced GT number them otherwise.
    fn of(found: &Found) -> Self {
        let german = matches!(found.model, Some(CGE | ADVANCED_GT));
        let old = (Version(3, 1)..=Version(3, 4)).contains(&found.hand.version);
        if found.hand.make == Make::NexStar && german && old {
            return Self {
                altazimuth: None,
                north: 1,
                south: 2,
            };
        }
        Self {
            altazimuth: Some(1),
            north: 2,
            south: 3,
        }
    }
}
