//! A handler for tests of the engine's limits: each of its commands but one does what no plugin should.

use std::hint::black_box;
use std::process::abort;
use std::sync::atomic::{AtomicU32, Ordering};

use slewgate_sdk::{
    Attachment, Client, Command, Description, Effect, Failure, Handler, Host, Moving, Observation,
    Occasion, Progress, Request, export_handler,
};

/// What one allocation of `hoards` takes, in bytes.
const HOARDED: usize = 1 << 20;

/// Counts the calls of its instance: one that failed and is called all the same would go on counting.
pub struct Unruly {
    calls: AtomicU32,
}

impl Handler for Unruly {
    fn configure(_settings: &str) -> Result<Self, String> {
        let calls = AtomicU32::new(0);
        Ok(Self { calls })
    }

    fn describe() -> Description {
        Description {
            commands: ["counts", "hoards", "loops", "traps"].map(command).into(),
            sample_every: None,
        }
    }

    fn attach(&self, _: &dyn Host) -> Result<Attachment, Failure> {
        Ok(Attachment {
            model: "unruly".into(),
            lacks: Vec::new(),
            stops: Vec::new(),
        })
    }

    fn handle(&self, _: &dyn Host, _: &Client, request: &Request) -> Result<String, Failure> {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        match request.verb.as_str() {
            "counts" => Ok(format!("{{\"calls\":{calls}}}")),
            "hoards" => hoard(),
            "loops" => spin(),
            _ => {
                eprintln!("it ends here:\nthis is why");
                abort()
            }
        }
    }

    fn sample(&self, _: &dyn Host) -> Result<Observation, Failure> {
        Ok(Observation {
            moving: Moving::Unknown,
            position: None,
            axes: None,
            data: "{}".into(),
        })
    }

    /// It begins no motion: those it is asked about are of a handler that it replaced.
    fn advance(&self, _: &dyn Host, _: u32, _: Occasion, _: &[u8]) -> Result<Progress, Failure> {
        abort()
    }
}

fn command(name: &str) -> Command {
    Command {
        name: name.into(),
        summary: format!("What the name says: {name}."),
        effect: Effect::Observe,
        params_schema: r#"{"type": "object", "additionalProperties": false}"#.into(),
        result_schema: r#"{"type": "object"}"#.into(),
        example: "{}".into(),
    }
}

/// Takes memory until there is none, and touches none of it: on a slow machine that would take all of the time first.
fn hoard() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(Vec::<u8>::with_capacity(HOARDED)));
    }
}

/// Computes for ever.
fn spin() -> ! {
    loop {
        black_box(());
    }
}

export_handler!(Unruly);
