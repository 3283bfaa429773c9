//! The handler for focusers that speak Moonlite.
//!
//! Each command is one small file, with its bytes out and in side by side; `port` is how the language answers, `digits` how it writes
//! numbers. Nothing that sets is answered: what matters is read back. Where a focuser stands is counted in steps from its inner
//! end. Absent: a second motor (`:2…#`), and the calibration of the thermometer (`:PO#`), which is set once and for all.
//!
//! Sources: MoonLite, *High Resolution Stepper Motor controller*, serial commands; the drivers `moonlite` of INDI and
//! `focuser_moonlite` of INDIGO, for what focusers of others do.

mod digits;
mod focuser;
mod port;

mod attach;
mod compensation;
mod settings;
mod speed;
mod status;
mod steps;
mod sync;
mod thermometer;
mod travel;

use slewgate_sdk::mount::{Verb, command};
use slewgate_sdk::{
    Attachment, Client, Description, Failure, Handler, Host, Observation, Occasion, Progress,
    Request, export_handler, params, read,
};

use attach::Info;
use compensation::Compensate;
use speed::SetSpeed;
use status::Status;
use steps::SetStepMode;
use sync::Sync;
use travel::{MoveBy, MoveTo, Travel};

/// The handler, as it was configured.
#[derive(Debug)]
pub struct Focuser {
    settings: settings::Settings,
}

impl Handler for Focuser {
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
                command::<MoveTo>(),
                command::<MoveBy>(),
                command::<Sync>(),
                command::<SetSpeed>(),
                command::<SetStepMode>(),
                command::<Compensate>(),
            ],
            sample_every: Some(status::EVERY),
        }
    }

    fn attach(&self, host: &dyn Host) -> Result<Attachment, Failure> {
        attach::attach(host)
    }

    fn handle(&self, host: &dyn Host, _: &Client, request: &Request) -> Result<String, Failure> {
        let settings = &self.settings;
        match request.verb.as_str() {
            Info::NAME => attach::info(host, settings),
            Status::NAME => Ok(status::sample(host, settings)?.data),
            MoveTo::NAME => travel::move_to(host, settings, &params(request)?),
            MoveBy::NAME => travel::move_by(host, settings, &params(request)?),
            Sync::NAME => sync::sync(host, settings, &params(request)?),
            SetSpeed::NAME => speed::set_speed(host, &params(request)?),
            SetStepMode::NAME => steps::set_step_mode(host, settings, &params(request)?),
            Compensate::NAME => compensation::compensate(host, &params(request)?),
            other => Err(Failure::Internal(format!("no command {other}"))),
        }
    }

    fn sample(&self, host: &dyn Host) -> Result<Observation, Failure> {
        status::sample(host, &self.settings)
    }

    fn advance(
        &self,
        host: &dyn Host,
        _: u32,
        occasion: Occasion,
        note: &[u8],
    ) -> Result<Progress, Failure> {
        let travel: Travel = read(note)
            .map_err(|error| Failure::Internal(format!("a note of another version: {error}")))?;
        match occasion {
            Occasion::Look => travel.look(host),
            // After `:FQ#` there is nothing to put in order.
            Occasion::Ended => Ok(Progress::Done),
        }
    }
}

export_handler!(Focuser);
