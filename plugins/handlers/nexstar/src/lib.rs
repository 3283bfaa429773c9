//! The handler for mounts with a NexStar hand control, Celestron's, and the near-copy of Sky-Watcher's SynScan.
//!
//! What the hand control is was found when its line was opened, and is kept; each command is one small file, with its bytes out and
//! in side by side. Replies are read by their length, since any byte of them may be the `#` that ends them: `port`. A slew by
//! rate takes the following of the sky along when it ends, so that what was followed is told again after it: `follow`.
//! Absent: the hand control's own goto by azimuth and altitude (`B`), since German mounts take its angles otherwise; the host
//! converts.
//!
//! Sources: Celestron, *NexStar Communication Protocol*; the list of the motors' commands that programs share.

mod angles;
mod hand;
mod motor;
mod mount;
mod port;

mod drift;
mod follow;

mod attach;
mod clock;
mod goto;
mod guide;
mod home;
mod jog;
mod park;
mod settings;
mod site;
mod status;
mod stranger;
mod sync;

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{
    Goto, Guide, Home, Info, Jog, Park, SetSite, SetTime, Status, Sync, Track, Unpark, Verb,
    command,
};
use slewgate_sdk::{
    Attachment, Client, Description, Failure, Handler, Host, Observation, Occasion, Progress,
    Request, export_handler, json, params, read,
};

/// The handler, as it was configured.
#[derive(Debug)]
pub struct Nexstar {
    settings: settings::Settings,
}

/// What a motion is, for [`Handler::advance`].
#[derive(Debug, Serialize, Deserialize)]
enum Note {
    Goto(goto::Slew),
    Jog(follow::Mode),
    Pulse(guide::Pulse),
    Park(park::Parking),
    /// What needs no looking after.
    Nothing,
    Home(follow::Mode),
}

impl Handler for Nexstar {
    fn configure(settings: &str) -> Result<Self, String> {
        Ok(Self {
            settings: settings::Settings::read(settings)?,
        })
    }

    fn describe() -> Description {
        Description {
            commands: vec![
                command::<Info>(),
                command::<Status>(),
                command::<Goto>(),
                command::<Sync>(),
                command::<Jog>(),
                command::<Guide>(),
                command::<Track>(),
                command::<Park>(),
                command::<Unpark>(),
                command::<Home>(),
                command::<SetSite>(),
                command::<SetTime>(),
            ],
            sample_every: Some(status::EVERY),
        }
    }

    fn attach(&self, host: &dyn Host) -> Result<Attachment, Failure> {
        attach::attach(host, &self.settings)
    }

    fn handle(&self, host: &dyn Host, _: &Client, request: &Request) -> Result<String, Failure> {
        match request.verb.as_str() {
            Info::NAME => attach::info(host),
            Status::NAME => Ok(status::sample(host)?.data),
            Goto::NAME => goto::goto(host, &params(request)?),
            Sync::NAME => sync::sync(host, &params(request)?),
            Jog::NAME => jog::jog(host, &params(request)?),
            Guide::NAME => guide::guide(host, &params(request)?),
            Track::NAME => follow::track(host, &params(request)?),
            Park::NAME => park::park(host, self.settings.park),
            Unpark::NAME => park::unpark(host),
            Home::NAME => home::home(host),
            SetSite::NAME => site::set_site(host, &params(request)?),
            SetTime::NAME => clock::set_time(host, &params(request)?),
            other => Err(Failure::Internal(format!("no command {other}"))),
        }
    }

    fn sample(&self, host: &dyn Host) -> Result<Observation, Failure> {
        status::sample(host)
    }

    fn advance(
        &self,
        host: &dyn Host,
        _: u32,
        occasion: Occasion,
        note: &[u8],
    ) -> Result<Progress, Failure> {
        let note = read(note)
            .map_err(|error| Failure::Internal(format!("a note of another version: {error}")))?;
        match (occasion, note) {
            (Occasion::Ended, note) => note.followed().ended(host),
            (Occasion::Look, Note::Goto(slew)) => slew.look(host),
            (Occasion::Look, Note::Jog(mode)) => jog::look(mode),
            (Occasion::Look, Note::Pulse(pulse)) => pulse.look(host),
            (Occasion::Look, Note::Park(parking)) => parking.look(host),
            (Occasion::Look, Note::Nothing) => Ok(Progress::Done),
            (Occasion::Look, Note::Home(mode)) => home::look(host, mode),
        }
    }
}

impl Note {
    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        json(self).map(String::into_bytes)
    }

    /// What the mount followed when the motion began.
    fn followed(&self) -> follow::Mode {
        match self {
            Self::Goto(slew) => slew.followed,
            Self::Jog(mode) | Self::Home(mode) => *mode,
            Self::Pulse(pulse) => pulse.followed,
            Self::Park(parking) => parking.followed,
            Self::Nothing => follow::Mode::OFF,
        }
    }
}

export_handler!(Nexstar);
