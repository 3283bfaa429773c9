//! The mount that was found, for the time of a call, and what is kept of it: the motors know neither site nor sky.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{SiteTold, Tracking};
use slewgate_sdk::{Equatorial, Failure, Host, Instant, LineError, Site, angle, json, read};

use crate::geometry::{Axes, German, Place, half_turn};
use crate::motor::{Gear, Motor, Status};
use crate::number::{MOST, ZERO};
use crate::port::{Drive, Port};
use crate::settings::Settings;
use crate::track;

/// See the module.
pub(crate) struct Mount<'a> {
    pub(crate) host: &'a dyn Host,
    pub(crate) port: Port,
    pub(crate) settings: Settings,
    pub(crate) found: Found,
}

/// What was found when the line was opened, kept for every call after.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) model: String,
    pub(crate) firmware: String,
    pub(crate) gears: [Gear; 2],
}

/// A mount that knows where it stands.
pub(crate) struct Placed<'a> {
    pub(crate) mount: Mount<'a>,
    pub(crate) site: Site,
    pub(crate) german: German,
}

/// What both motors are about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doing {
    pub(crate) first: Status,
    pub(crate) second: Status,
    /// What the first is seen to follow.
    pub(crate) follows: Option<Tracking>,
}

const FOUND: &str = "found";
const SITE: &str = "site";
/// Degrees to add to what the motors count, since a sync.
const INDEX: &str = "index";
/// What was ordered to be followed, also while something else goes on.
const FOLLOWS: &str = "follows";
const PARKED: &str = "parked";
/// Milliseconds that the time it was told is ahead of the host's.
const AHEAD: &str = "ahead";

/// Degrees that an axis may be off where it was sent, and be there.
pub(crate) const ARRIVED: f64 = 0.01;

impl<'a> Mount<'a> {
    pub(crate) fn open(host: &'a dyn Host, settings: Settings) -> Result<Self, Failure> {
        // Without it there was no mount yet, or only for an older version, and an attach follows.
        let found = recall(host, FOUND).ok_or(LineError::Disconnected)?;
        Ok(Self {
            host,
            port: Port::open(host)?,
            settings,
            found,
        })
    }

    pub(crate) fn motor(&self, drive: Drive) -> Motor<'_> {
        let [first, second] = self.found.gears;
        Motor {
            host: self.host,
            port: &self.port,
            drive,
            gear: match drive {
                Drive::First => first,
                Drive::Second => second,
            },
        }
    }

    pub(crate) fn motors(&self) -> [Motor<'_>; 2] {
        Drive::BOTH.map(|drive| self.motor(drive))
    }

    /// Keeps everybody else off the line until it is dropped.
    pub(crate) fn held(self) -> Result<Self, Failure> {
        Ok(Self {
            port: self.port.hold()?,
            ..self
        })
    }

    /// Motors that were switched off count from where they stand, and follow nothing.
    pub(crate) fn initialise(&self) -> Result<(), Failure> {
        forget(self.host, INDEX)?;
        forget(self.host, FOLLOWS)?;
        self.motors()
            .iter()
            .try_for_each(|motor| motor.tell('F', ""))
    }

    /// Initialised where they have to be.
    fn statuses(&self) -> Result<[Status; 2], Failure> {
        let look = || -> Result<[Status; 2], Failure> {
            let [first, second] = self.motors();
            Ok([first.status()?, second.status()?])
        };
        let statuses = look()?;
        if statuses.iter().all(|status| status.initialised) {
            return Ok(statuses);
        }
        self.initialise()?;
        look()
    }

    pub(crate) fn doing(&self, sense: f64) -> Result<Doing, Failure> {
        let [first, second] = self.statuses()?;
        let with_the_sky = first.back == (sense < 0.0);
        let follows = if first.running && first.at_speed && !first.fast && with_the_sky {
            track::mode_of(self.motor(Drive::First))?
        } else {
            None
        };
        Ok(Doing {
            first,
            second,
            follows,
        })
    }

    /// As they are counted since the last sync.
    pub(crate) fn axes(&self) -> Result<Axes, Failure> {
        let index = self.index();
        let degrees = |motor: &Motor| -> Result<f64, Failure> {
            let steps = f64::from(motor.position()?) - f64::from(ZERO);
            Ok(motor.gear.degrees(steps))
        };
        let [first, second] = self.motors();
        Ok(Axes {
            first: degrees(&first)? + index.first,
            second: degrees(&second)? + index.second,
        })
    }

    /// What a motor counts at an angle of its axis.
    pub(crate) fn steps(&self, axes: Axes, drive: Drive) -> u32 {
        let index = self.index();
        let degrees = match drive {
            Drive::First => axes.first - index.first,
            Drive::Second => axes.second - index.second,
        };
        let steps = degrees / 360.0 * f64::from(self.motor(drive).gear.steps);
        // A cast of a float saturates.
        ((f64::from(ZERO) + steps).round() as u32).min(MOST)
    }

    fn index(&self) -> Axes {
        let none = Axes {
            first: 0.0,
            second: 0.0,
        };
        recall(self.host, INDEX).unwrap_or(none)
    }

    /// The axes are so many degrees further than was thought.
    pub(crate) fn shift(&self, by: Axes) -> Result<(), Failure> {
        let index = self.index();
        let sum = Axes {
            first: half_turn(index.first + by.first),
            second: half_turn(index.second + by.second),
        };
        keep(self.host, INDEX, &sum)
    }

    pub(crate) fn site(&self) -> Option<SiteTold> {
        let site: Site = recall::<Kept>(self.host, SITE)?.into();
        Some(SiteTold {
            latitude: angle::rounded(site.latitude, 5),
            longitude: angle::rounded(site.longitude, 5),
            elevation: Some(site.elevation),
        })
    }

    pub(crate) fn keep_site(&self, site: Site) -> Result<(), Failure> {
        let Site {
            latitude,
            longitude,
            elevation,
        } = site;
        keep(self.host, SITE, &Kept(latitude, longitude, elevation))
    }

    pub(crate) fn follows(&self) -> Option<Tracking> {
        recall(self.host, FOLLOWS).filter(|mode| *mode != Tracking::Off)
    }

    pub(crate) fn keep_follows(&self, mode: Tracking) -> Result<(), Failure> {
        keep(self.host, FOLLOWS, &mode)
    }

    pub(crate) fn is_parked(&self) -> bool {
        recall(self.host, PARKED).unwrap_or(false)
    }

    pub(crate) fn keep_parked(&self, parked: bool) -> Result<(), Failure> {
        keep(self.host, PARKED, &parked)
    }

    /// It has no clock: the host's is its own, as far as nobody told it otherwise.
    pub(crate) fn now(&self) -> Instant {
        self.host.now() + recall(self.host, AHEAD).unwrap_or(0.0)
    }

    pub(crate) fn keep_ahead(&self, ahead: f64) -> Result<(), Failure> {
        keep(self.host, AHEAD, &ahead)
    }
}

impl<'a> Placed<'a> {
    pub(crate) fn open(host: &'a dyn Host, settings: Settings) -> Result<Self, Failure> {
        let mount = Mount::open(host, settings)?;
        let Some(kept) = recall::<Kept>(host, SITE) else {
            return Err(Failure::Refused(
                "nobody told where the mount stands, and its motors cannot know: set_site, or set_clock = true in its table of \
                 the configuration"
                    .into(),
            ));
        };
        let site: Site = kept.into();
        Ok(Self {
            german: German::new(site.latitude, settings.past_meridian),
            mount,
            site,
        })
    }

    /// One that is to move or be set, and does not sleep.
    pub(crate) fn awake(host: &'a dyn Host, settings: Settings) -> Result<Self, Failure> {
        let placed = Self::open(host, settings)?;
        match placed.mount.is_parked() {
            true => Err(Failure::Refused(
                "the mount is parked: unpark it first".into(),
            )),
            false => Ok(placed),
        }
    }

    pub(crate) fn held(self) -> Result<Self, Failure> {
        Ok(Self {
            mount: self.mount.held()?,
            ..self
        })
    }

    /// Hours.
    pub(crate) fn sidereal(&self) -> f64 {
        self.mount.host.sidereal_time(self.mount.now(), self.site)
    }

    pub(crate) fn doing(&self) -> Result<Doing, Failure> {
        self.mount.doing(self.german.sense())
    }

    /// Where a position in JNow stands.
    pub(crate) fn place(&self, position: Equatorial) -> Place {
        Place {
            hour_angle: half_turn((self.sidereal() - position.ra) * 15.0),
            dec: position.dec,
        }
    }

    /// What stands there, in JNow.
    pub(crate) fn position(&self, place: Place) -> Equatorial {
        let ra = (self.sidereal() - place.hour_angle / 15.0).rem_euclid(24.0);
        Equatorial {
            // What is below zero by less than it has digits becomes a whole turn.
            ra: if ra < 24.0 { ra } else { 0.0 },
            dec: place.dec.clamp(-90.0, 90.0),
        }
    }
}

impl Doing {
    /// Something else than standing and following the sky.
    pub(crate) fn moves(self) -> bool {
        self.second.running || (self.first.running && self.follows.is_none())
    }

    /// On the way to a place, or faster than a guide pulse.
    pub(crate) fn goes(self) -> bool {
        self.first.goes() || self.second.goes()
    }
}

/// Latitude, longitude and elevation.
#[derive(Serialize, Deserialize)]
struct Kept(f64, f64, f64);

impl From<Kept> for Site {
    fn from(Kept(latitude, longitude, elevation): Kept) -> Self {
        Self {
            latitude,
            longitude,
            elevation,
        }
    }
}

impl Found {
    pub(crate) fn keep(&self, host: &dyn Host) -> Result<(), Failure> {
        keep(host, FOUND, self)
    }
}

fn recall<T: DeserializeOwned>(host: &dyn Host, key: &str) -> Option<T> {
    read(&host.recall(key)?).ok()
}

fn keep<T: Serialize>(host: &dyn Host, key: &str, value: &T) -> Result<(), Failure> {
    host.keep(key, json(value)?.as_bytes())
}

fn forget(host: &dyn Host, key: &str) -> Result<(), Failure> {
    host.keep(key, b"")
}
