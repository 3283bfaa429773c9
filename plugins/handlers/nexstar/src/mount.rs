//! The mount that was found, for the time of a call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::SiteTold;
use slewgate_sdk::{Equatorial, Failure, Host, LineError, Site, angle, json, read};

use crate::angles::Precision;
use crate::hand::{self, Hand, Lack};
use crate::park;
use crate::port::{Fits, Port};

/// See the module.
pub(crate) struct Mount<'a> {
    pub(crate) host: &'a dyn Host,
    pub(crate) port: Port<'a>,
    pub(crate) found: Found,
}

/// What was found when the line was opened, kept for every call after.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) hand: Hand,
    /// As `m` tells it, where it does.
    pub(crate) model: Option<u8>,
    /// Whether it is set up to follow the sky by one axis, as the settings say.
    pub(crate) equatorial: Option<bool>,
    /// Commands of `describe` that it has no verbs for, and why.
    pub(crate) lacks: BTreeMap<String, Lack>,
    /// Degrees, north positive.
    pub(crate) latitude: Option<f64>,
    /// Degrees, east positive.
    pub(crate) longitude: Option<f64>,
    /// Milliseconds that its clock is ahead of the host's.
    pub(crate) ahead: Option<f64>,
}

const KEY: &str = "found";

impl<'a> Mount<'a> {
    pub(crate) fn open(host: &'a dyn Host) -> Result<Self, Failure> {
        // Without it there was no mount yet, or only for an older version, and an attach follows.
        let found = Found::recall(host).ok_or(LineError::Disconnected)?;
        let port = Port::open(host)?;
        Ok(Self { host, port, found })
    }

    /// One that has this command.
    pub(crate) fn with(host: &'a dyn Host, verb: &str) -> Result<Self, Failure> {
        let mount = Self::open(host)?;
        match mount.found.lacks.get(verb) {
            None => Ok(mount),
            Some(why) => Err(Failure::Refused(format!(
                "{} has no {verb}: {why}",
                mount.found.hand
            ))),
        }
    }

    /// One that is to move or be set, and is not parked.
    pub(crate) fn awake(host: &'a dyn Host, verb: &str) -> Result<Self, Failure> {
        let mount = Self::with(host, verb)?;
        park::refuse(&mount)?;
        Ok(mount)
    }

    /// One that knows where it points: of another a goto or a sync is passed over in silence.
    pub(crate) fn aligned(host: &'a dyn Host, verb: &str) -> Result<Self, Failure> {
        let mount = Self::awake(host, verb)?;
        // The manual of the 8i has a digit.
        let fits = |told: &[u8]| matches!(told, [0 | 1 | b'0' | b'1']);
        match mount.port.ask(b"J", 1, fits)?[..] {
            [1 | b'1'] => Ok(mount),
            _ => Err(Failure::Refused(
                "the mount is not aligned: align it by its hand control first".into(),
            )),
        }
    }

    /// Where it says that it points, in JNow.
    pub(crate) fn position(&self) -> Result<Equatorial, Failure> {
        let precision = self.found.precision();
        let (question, fits): (&[u8], Fits) = match precision {
            Precision::Short => (b"E", |told| Precision::Short.position(told).is_some()),
            Precision::Long => (b"e", |told| Precision::Long.position(told).is_some()),
        };
        let told = self.port.ask(question, precision.length(), fits)?;
        let at = precision.position(&told);
        at.ok_or_else(|| Failure::Internal("a position that was read is none".into()))
    }

    /// Whether it is on its way to a target.
    pub(crate) fn under_way(&self) -> Result<bool, Failure> {
        let fits = |told: &[u8]| matches!(told, [b'0' | b'1']);
        Ok(self.port.ask(b"L", 1, fits)? == [b'1'])
    }

    /// Whether it tells which side of the pier its telescope is on.
    pub(crate) fn tells_its_side(&self) -> bool {
        self.found.is_german() && self.found.hand.has(hand::PIER)
    }
}

impl Found {
    pub(crate) fn recall(host: &dyn Host) -> Option<Self> {
        read(&host.recall(KEY)?).ok()
    }

    pub(crate) fn keep(&self, host: &dyn Host) -> Result<(), Failure> {
        host.keep(KEY, json(self)?.as_bytes())
    }

    pub(crate) fn precision(&self) -> Precision {
        match self.hand.has(hand::PRECISE) {
            true => Precision::Long,
            false => Precision::Short,
        }
    }

    pub(crate) fn is_german(&self) -> bool {
        self.model.is_some_and(hand::is_german)
    }

    /// What people call it.
    pub(crate) fn name(&self) -> String {
        match self.model {
            _ if self.hand.make == hand::Make::SynScan => "SynScan mount".into(),
            Some(number) => hand::model(number),
            None => "NexStar mount".into(),
        }
    }

    /// Where the mount believes to be, if it tells.
    pub(crate) fn site(&self) -> Option<Site> {
        Some(Site {
            latitude: self.latitude?,
            longitude: self.longitude?,
            elevation: 0.0,
        })
    }

    /// The same for clients.
    pub(crate) fn site_told(&self) -> Option<SiteTold> {
        Some(SiteTold {
            latitude: angle::rounded(self.latitude?, 5),
            longitude: angle::rounded(self.longitude?, 5),
            elevation: None,
        })
    }

    pub(crate) fn is_northern(&self) -> bool {
        self.latitude.is_none_or(|latitude| latitude >= 0.0)
    }
}
