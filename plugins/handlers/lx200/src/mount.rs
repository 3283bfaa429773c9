//! The mount that was found, for the time of a call.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::SiteTold;
use slewgate_sdk::{Failure, Host, LineError, Site, json, read};

use crate::dialect::{self, Dialect};
use crate::port::Port;

/// See the module.
pub(crate) struct Mount<'a> {
    pub(crate) host: &'a dyn Host,
    pub(crate) port: Port,
    pub(crate) found: Found,
}

/// What was found when the line was opened, kept for every call after.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) model: String,
    pub(crate) firmware: Option<String>,
    pub(crate) dialect: dialect::Name,
    /// Whether it shows seconds.
    pub(crate) high: bool,
    /// Its degree mark.
    pub(crate) mark: u8,
    /// Commands of `describe` that it has no verbs for.
    pub(crate) lacks: Vec<String>,
    /// Degrees, north positive.
    pub(crate) latitude: Option<f64>,
    /// Degrees, east positive.
    pub(crate) longitude: Option<f64>,
    /// Metres.
    pub(crate) elevation: Option<f64>,
}

const KEY: &str = "found";

impl<'a> Mount<'a> {
    pub(crate) fn open(host: &'a dyn Host) -> Result<Self, Failure> {
        // Without it there was no mount yet, or only for an older version, and an attach follows.
        let found = Found::recall(host).ok_or(LineError::Disconnected)?;
        let port = Port::open(host)?;
        Ok(Self { host, port, found })
    }

    /// A mount that is to be asked something: refused where it would answer nothing now.
    pub(crate) fn answering(host: &'a dyn Host) -> Result<Self, Failure> {
        let mount = Self::open(host)?;
        if mount.dialect().is_deaf(host, &mount.port)? {
            return Err(Failure::Refused(
                "the mount is looking for its home, and answers nothing but a stop meanwhile"
                    .into(),
            ));
        }
        Ok(mount)
    }

    /// One that is to move or be set, and does not sleep.
    pub(crate) fn awake(host: &'a dyn Host) -> Result<Self, Failure> {
        let mount = Self::answering(host)?;
        mount.dialect().ready(&mount)?;
        Ok(mount)
    }

    /// How it speaks.
    pub(crate) fn dialect(&self) -> &'static dyn Dialect {
        self.found.dialect.speech()
    }
}

impl Found {
    pub(crate) fn recall(host: &dyn Host) -> Option<Self> {
        read(&host.recall(KEY)?).ok()
    }

    pub(crate) fn keep(&self, host: &dyn Host) -> Result<(), Failure> {
        host.keep(KEY, json(self)?.as_bytes())
    }

    /// Where the mount believes to be, if it tells.
    pub(crate) fn site(&self) -> Option<Site> {
        Some(Site {
            latitude: self.latitude?,
            longitude: self.longitude?,
            elevation: self.elevation.unwrap_or_default(),
        })
    }

    /// The same for clients.
    pub(crate) fn site_told(&self) -> Option<SiteTold> {
        Some(SiteTold {
            latitude: slewgate_sdk::angle::rounded(self.latitude?, 5),
            longitude: slewgate_sdk::angle::rounded(self.longitude?, 5),
            elevation: self.elevation,
        })
    }
}
