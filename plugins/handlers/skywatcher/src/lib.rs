//! The handler for mounts whose motors are spoken to: Sky-Watcher's, by their cable or their WiFi adapter.
//!
//! Motors count steps, and know neither sky, site nor time: what another mount's computer does is done here. `geometry` is how angles of
//! the axes and places in the sky belong together; `number`, `port` and `motor` are the language, from digits to what a motor does;
//! `mount` keeps what the motors cannot, and `way` brings both axes to where they are meant to be. Each command is one small file.
//! Absent: what a mount with encoders on its axes tells beside, learning the worm's errors, and mounts that turn in altitude and azimuth.
//!
//! Source: Sky-Watcher, *Motor Controller Command Set*; INDI's EQMod driver for what is waited and how often is asked.

mod geometry;

mod motor;
mod number;
mod port;

mod mount;
mod way;

mod attach;
mod goto;
mod guide;
mod jog;
mod park;
mod settings;
mod site;
mod status;
mod sync;
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
pub struct Skywatcher {
    settings: settings::Settings,
}

/// What a motion is, for [`Handler::advance`].
#[derive(Debug, Serialize, Deserialize)]
enum Note {
    Goto(goto::Slew),
    Jog,
    Pulse(guide::Pulse),
    Homing(park::Homing),
    Unpark,
}

impl Handler for Skywatcher {
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
        attach::attach(host, self.settings)
    }

    fn handle(&self, host: &dyn Host, _: &Client, request: &Request) -> Result<String, Failure> {
        let settings = self.settings;
        match request.verb.as_str() {
            Info::NAME => attach::info(host, settings),
            Status::NAME => Ok(status::sample(host, settings)?.data),
            Goto::NAME => goto::goto(host, settings, &params(request)?),
            Sync::NAME => sync::sync(host, settings, &params(request)?),
            Jog::NAME => jog::jog(host, settings, &params(request)?),
            Guide::NAME => guide::guide(host, settings, &params(request)?),
            Track::NAME => track::track(host, settings, &params(request)?),
            Park::NAME => park::send(host, settings, park::Purpose::Park),
            Unpark::NAME => park::unpark(host, settings),
            Home::NAME => park::send(host, settings, park::Purpose::Home),
            SetSite::NAME => site::set_site(host, settings, &params(request)?),
            SetTime::NAME => site::set_time(host, settings, &params(request)?),
            other => Err(Failure::Internal(format!("no command {other}"))),
        }
    }

    fn sample(&self, host: &dyn Host) -> Result<Observation, Failure> {
        status::sample(host, self.settings)
    }

    fn advance(
        &self,
        host: &dyn Host,
        _motion: u32,
        occasion: Occasion,
        note: &[u8],
    ) -> Result<Progress, Failure> {
        let note = read(note)
            .map_err(|error| Failure::Internal(format!("a note of another version: {error}")))?;
        let settings = self.settings;
        match (occasion, note) {
            (Occasion::Ended, _) => track::resume(host, settings),
            (Occasion::Look, Note::Goto(slew)) => slew.look(host, settings),
            (Occasion::Look, Note::Jog) => jog::look(),
            (Occasion::Look, Note::Pulse(pulse)) => pulse.look(host, settings),
            (Occasion::Look, Note::Homing(homing)) => homing.look(host, settings),
            (Occasion::Look, Note::Unpark) => Ok(Progress::Done),
        }
    }
}

impl Note {
    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        json(self).map(String::into_bytes)
    }
}

export_handler!(Skywatcher);
