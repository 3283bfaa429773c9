//! A handler for tests of `slewgate plugin check`: a dew heater whose settings say with which mistake it was written.

use std::hint;
use std::process::abort;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use slewgate_sdk::{
    Attachment, Client, Command, Description, Effect, Exchange, Failure, Framing, Handler, Host,
    LineError, Observation, Occasion, Progress, Request, export_handler, params, read,
};

/// Such a heater.
pub struct Heater {
    mistake: Mistake,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Mistake {
    /// There is none.
    #[default]
    None,
    /// It takes whatever comes for an answer.
    Believes,
    /// It takes what it did not expect for impossible.
    Panics,
    /// It tells of a line that fails as if the heater had refused.
    Refuses,
    /// It asks a silent heater until it is answered.
    Insists,
    /// Its result is another than it promised.
    Misfits,
    /// Once a call failed, no other is even tried.
    Despairs,
    /// It describes itself otherwise each time.
    Changes,
    /// It panics with a message where it is asked to heat.
    Crashes,
    /// It asks for a line that it is not given.
    Misnames,
    /// It asks for more samples than the host takes.
    Hurries,
    /// Its `describe` does not end.
    Loops,
    /// It describes a command that is the host's.
    Stops,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    mistake: Mistake,
}

#[derive(Deserialize)]
struct Set {
    percent: u8,
}

const SET: &str = r#"{"type":"object","required":["percent"],"additionalProperties":false,
"properties":{"percent":{"type":"integer","minimum":0,"maximum":100}}}"#;

const DEGREES: &str =
    r#"{"type":"object","required":["degrees"],"properties":{"degrees":{"type":"number"}}}"#;

/// What it kept of its despair.
const DESPAIR: &str = "despair";

/// `describe` knows no settings: its mistake, and how often it was asked.
static MISTAKE: Mutex<Mistake> = Mutex::new(Mistake::None);
static DESCRIBED: AtomicU32 = AtomicU32::new(0);

fn told() -> MutexGuard<'static, Mistake> {
    MISTAKE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Handler for Heater {
    fn configure(settings: &str) -> Result<Self, String> {
        let settings: Settings = read(settings.as_bytes()).map_err(|error| error.to_string())?;
        let mistake = settings.mistake;
        *told() = mistake;
        Ok(Self { mistake })
    }

    fn describe() -> Description {
        let mistake = *told();
        let times = match mistake {
            Mistake::Changes => DESCRIBED.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
        if mistake == Mistake::Loops {
            loop {
                hint::spin_loop();
            }
        }
        let command = |name: &str, effect, params: &str, result: &str, example: &str| Command {
            name: name.into(),
            summary: format!("What the name says: {name}, {times}."),
            effect,
            params_schema: params.into(),
            result_schema: result.into(),
            example: example.into(),
        };
        let nothing = r#"{"type":"object","additionalProperties":false}"#;
        let set = match mistake {
            Mistake::Stops => "stop",
            _ => "set",
        };
        Description {
            commands: vec![
                command(set, Effect::Configure, SET, nothing, r#"{"percent":40}"#),
                command("warmth", Effect::Observe, nothing, DEGREES, "{}"),
            ],
            sample_every: (mistake == Mistake::Hurries).then_some(20),
        }
    }

    fn attach(&self, host: &dyn Host) -> Result<Attachment, Failure> {
        self.ask(host, "P0\n")?;
        Ok(Attachment {
            model: "dew heater".into(),
            lacks: vec![],
            stops: vec![],
        })
    }

    fn handle(&self, host: &dyn Host, _: &Client, request: &Request) -> Result<String, Failure> {
        let handled = match request.verb.as_str() {
            "set" => self.set(host, &params(request)?),
            _ => self.warmth(host),
        };
        match handled {
            Err(failure) if self.mistake == Mistake::Refuses => {
                Err(Failure::Refused(format!("{failure:?}")))
            }
            Err(failure) if self.mistake == Mistake::Despairs => {
                let _ = host.keep(DESPAIR, b"for ever");
                Err(failure)
            }
            handled => handled,
        }
    }

    fn sample(&self, _: &dyn Host) -> Result<Observation, Failure> {
        Err(Failure::Internal("there are no samples".into()))
    }

    fn advance(&self, _: &dyn Host, _: u32, _: Occasion, _: &[u8]) -> Result<Progress, Failure> {
        Ok(Progress::Done)
    }
}

impl Heater {
    fn set(&self, host: &dyn Host, set: &Set) -> Result<String, Failure> {
        assert!(self.mistake != Mistake::Crashes, "the heater is cold");
        match self.ask(host, &format!("P{}\n", set.percent))?.as_slice() {
            b"OK\n" => Ok("{}".into()),
            _ if self.mistake == Mistake::Believes => Ok("{}".into()),
            other => self.strange(other),
        }
    }

    fn warmth(&self, host: &dyn Host) -> Result<String, Failure> {
        let answer = self.ask(host, "T\n")?;
        let text = String::from_utf8_lossy(&answer);
        match text.trim_end().parse::<f64>() {
            Ok(_) if self.mistake == Mistake::Misfits => Ok(r#"{"degrees":"warm"}"#.into()),
            Ok(degrees) => Ok(format!("{{\"degrees\":{degrees}}}")),
            Err(_) if self.mistake == Mistake::Believes => Ok(r#"{"degrees":0}"#.into()),
            Err(_) => self.strange(&answer),
        }
    }

    fn strange(&self, answer: &[u8]) -> Result<String, Failure> {
        if self.mistake == Mistake::Panics {
            abort();
        }
        let answer = answer.escape_ascii();
        Err(Failure::Hardware(format!("the heater said {answer}")))
    }

    fn ask(&self, host: &dyn Host, request: &str) -> Result<Vec<u8>, Failure> {
        if host.recall(DESPAIR).is_some() {
            return Err(Failure::Hardware("it failed before".into()));
        }
        let exchange = Exchange {
            request: request.into(),
            reply: Framing::Until(b'\n'),
            timeout: 1000,
        };
        let line = host.line(match self.mistake {
            Mistake::Misnames => "prt",
            _ => "port",
        })?;
        loop {
            match line.exchange(&exchange) {
                Err(LineError::Timeout(bytes))
                    if bytes.is_empty() && self.mistake == Mistake::Insists => {}
                Err(_) if self.mistake == Mistake::Panics => abort(),
                answered => return Ok(answered?),
            }
        }
    }
}

export_handler!(Heater);
