//! The handler for mounts that speak Meade's LX200 language.
//!
//! What a mount is was found when its line was opened, and is kept; each command is one small file, with its bytes out and in side by side.
//! Where mounts differ, a command asks the mount's `dialect`. Absent: a mount's own alt-azimuth slew (`:MA#`), since not all modes
//! have it; the host converts.
//!
//! Sources: Meade, *LX200 Telescope Operation Manual*, command set; INDI's `lx200driver` for what other mounts do.

mod angles;
mod mount;
mod port;

mod dialect;

mod attach;
mod goto;
mod guide;
mod home;
mod jog;
mod park;
mod settings;
mod site;
mod status;
mod sync;
mod time;
mod track;

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
pub struct Lx200 {
    settings: settings::Settings,
}

/// What a motion is, for [`Handler::advance`].
#[derive(Debug, Serialize, Deserialize)]
enum Note {
    Goto(goto::Slew),
    Jog,
    Pulse(guide::Pulse),
    Park(park::Parking),
    Unpark,
    Home(home::Homing),
}

impl Handler for Lx200 {
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
            Track::NAME => track::track(host, &params(request)?),
            Park::NAME => park::park(host),
            Unpark::NAME => park::unpark(host),
            Home::NAME => home::home(host),
            SetSite::NAME => site::set_site(host, &params(request)?),
            SetTime::NAME => time::set_time(host, &params(request)?),
            other => Err(Failure::Internal(format!("no command {other}"))),
        }
    }

    fn sample(&self, host: &dyn Host) -> Result<Observation, Failure> {
        status::sample(host)
    }

    fn advance(
        &self,
        host: &dyn Host,
        motion: u32,
        occasion: Occasion,
        note: &[u8],
    ) -> Result<Progress, Failure> {
        let note = read(note)
            .map_err(|error| Failure::Internal(format!("a note of another version: {error}")))?;
        match (occasion, note) {
            (Occasion::Ended, Note::Home(_)) => home::ended(host, motion),
            // After `:Q#` the motors are what they were before.
            (Occasion::Ended, _) => Ok(Progress::Done),
            (Occasion::Look, Note::Goto(slew)) => slew.look(host),
            (Occasion::Look, Note::Jog) => jog::look(),
            (Occasion::Look, Note::Pulse(pulse)) => pulse.look(host),
            (Occasion::Look, Note::Park(parking)) => parking.look(host),
            (Occasion::Look, Note::Unpark) => park::look_awake(host),
            (Occasion::Look, Note::Home(homing)) => homing.look(host),
        }
    }
}

impl Note {
    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        json(self).map(String::into_bytes)
    }
}

export_handler!(Lx200);
