//! The handler for mounts that speak Meade's LX200 language.
//!
//! What a mount is was found when its line was opened, and is kept; each command is one small file, with its bytes out and in side by side.
//! The language of the Classic is spoken throughout. Later mounts understand it too, but differ in which verbs they answer:
//! those verbs are not offered there. Absent: a mount's own alt-azimuth slew (`:MA#`), since not all modes have it; the host converts.
//!
//! Sources: Meade, *LX200 Telescope Operation Manual*, command set; INDI's `lx200driver` for what other mounts do.

mod angles;
mod port;

mod attach;
mod drift;
mod goto;
mod jog;
mod park;
mod parked;
mod settings;
mod status;
mod track;

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{self, Goto, Info, Jog, Park, Status, Track, Unpark, Verb};
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
    Park(park::Parking),
    Unpark,
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
                mount::command::<Info>(),
                mount::command::<Status>(),
                mount::command::<Goto>(),
                mount::command::<Jog>(),
                mount::command::<Track>(),
                mount::command::<Park>(),
                mount::command::<Unpark>(),
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
            Jog::NAME => jog::jog(host, &params(request)?),
            Track::NAME => track::track(host, &params(request)?),
            Park::NAME => park::park(host),
            Unpark::NAME => park::unpark(host),
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
            // After `:Q#` the motors are what they were before.
            (Occasion::Ended, _) => Ok(Progress::Done),
            (Occasion::Look, Note::Goto(slew)) => slew.look(host),
            (Occasion::Look, Note::Jog) => jog::look(),
            (Occasion::Look, Note::Park(parking)) => parking.look(host),
            (Occasion::Look, Note::Unpark) => park::look_awake(host),
        }
    }
}

impl Note {
    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        json(self).map(String::into_bytes)
    }
}

export_handler!(Lx200);
