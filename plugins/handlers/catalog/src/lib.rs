//! The handler that knows where things in the sky are: deep-sky objects, stars, planets, Sun and Moon.
//!
//! It has no line and moves nothing. What it knows of objects that keep their place is in the component, made by `build.rs` of `data/`, so
//! that an instance has nothing to read or to keep; the solar system is computed for the moment. Positions are J2000, where a
//! star is now, and the host makes JNow of them. Absent: comets and asteroids.

mod constellation;
mod key;
mod object;

mod index;

mod body;
mod brightness;
mod place;
mod sky;

mod filter;
mod find;
mod near;
mod search;

use slewgate_sdk::mount::{Verb, command};
use slewgate_sdk::{
    Attachment, Client, Description, Failure, Handler, Host, Observation, Occasion, Progress,
    Request, export_handler, params,
};

use find::Find;
use near::Near;
use place::Settings;
use search::Search;
use sky::Sky;

/// The handler, as it was configured.
#[derive(Debug)]
pub struct Catalog {
    settings: Settings,
}

impl Handler for Catalog {
    fn configure(settings: &str) -> Result<Self, String> {
        let settings = Settings::read(settings)?;
        Ok(Self { settings })
    }

    fn describe() -> Description {
        Description {
            commands: vec![command::<Find>(), command::<Search>(), command::<Near>()],
            sample_every: None,
        }
    }

    fn attach(&self, _: &dyn Host) -> Result<Attachment, Failure> {
        Ok(Attachment {
            model: format!("{} objects", index::OBJECTS.len()),
            lacks: Vec::new(),
            stops: Vec::new(),
        })
    }

    fn handle(&self, host: &dyn Host, _: &Client, request: &Request) -> Result<String, Failure> {
        let sky = Sky::new(host, self.settings.site);
        match request.verb.as_str() {
            Find::NAME => find::find(&sky, &params(request)?),
            Search::NAME => search::search(&sky, &params(request)?),
            Near::NAME => near::near(&sky, &params(request)?),
            other => Err(Failure::Internal(format!("no command {other}"))),
        }
    }

    fn sample(&self, _: &dyn Host) -> Result<Observation, Failure> {
        Err(Failure::Internal("there are no samples".into()))
    }

    fn advance(&self, _: &dyn Host, _: u32, _: Occasion, _: &[u8]) -> Result<Progress, Failure> {
        Ok(Progress::Done)
    }
}

export_handler!(Catalog);
