//! `slewgate doctor`: what would keep a host from its work, each with its cause and what to do, before anybody stands in the dark.

mod files;
mod machine;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::Map;
use slewgate_sky::SystemClock;

use super::running::{self, Unanswered};
use super::serve::found_in;
use super::{Common, Failure, say};
use crate::authenticate::timestamp;
use crate::config::{self, Config};

#[derive(Args)]
#[command(after_help = "\
It sends nothing to a mount and needs no host; beside a host that runs it leaves ports and lines alone.
  slewgate doctor --data telescope
As a service's host runs as a user of its own, ask as that user: sudo -u slewgate slewgate doctor --data /var/lib/slewgate
The exit code is 1 where something is wrong.")]
pub(super) struct Doctor {
    /// The configuration [default: slewgate.toml in the data directory, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What was looked at, and how it is.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    about: String,
    state: State,
    seen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Well,
    /// A host serves, and somebody should know.
    Noted,
    Wrong,
}

impl Finding {
    fn well(about: impl Into<String>, seen: impl Into<String>) -> Self {
        Self::new(State::Well, about, seen, None)
    }

    fn noted(about: impl Into<String>, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(State::Noted, about, seen, Some(remedy.into()))
    }

    fn wrong(about: impl Into<String>, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(State::Wrong, about, seen, Some(remedy.into()))
    }

    fn new(
        state: State,
        about: impl Into<String>,
        seen: impl Into<String>,
        remedy: Option<String>,
    ) -> Self {
        Self {
            about: about.into(),
            state,
            seen: seen.into(),
            remedy,
        }
    }

    fn in_words(&self) -> String {
        let mark = match self.state {
            State::Well => "ok   ",
            State::Noted => "note ",
            State::Wrong => "WRONG",
        };
        let remedy = self
            .remedy
            .iter()
            .map(|remedy| format!("\n        {remedy}"));
        format!("{mark} {}: {}", self.about, self.seen) + &remedy.collect::<String>()
    }
}

impl Doctor {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let data = &common.data;
        let file = self.config.or_else(|| found_in(data));
        let config = Config::load(file.as_deref(), &config::of_process());
        let mut findings = files::directory(data);
        findings.push(match (&config, file) {
            (Ok(_), Some(file)) => Finding::well("configuration", file.display().to_string()),
            (Ok(_), None) => Finding::noted(
                "configuration",
                "there is none: a simulated LX200 is served",
                format!("for a mount of yours: slewgate setup {}", data.display()),
            ),
            (Err(error), _) => Finding::wrong(
                "configuration",
                error.to_string(),
                "correct it there; the handbook (operations.md) has each key and what it may be",
            ),
        });
        findings.extend(files::tokens(data));
        findings.push(files::security_log(data));
        if let Ok(config) = &config {
            findings.extend(files::components(data, config));
            let running = running(common);
            let is_running = running.is_some();
            findings.extend(running);
            if !is_running {
                findings.extend(machine::ports(config));
                findings.extend(machine::lines(config));
            }
            findings.extend([machine::clock(config), machine::network(config)]);
            findings.extend(machine::tls(config, timestamp(&SystemClock)));
            findings.extend(machine::alarms(config));
        }
        let words: Vec<_> = findings.iter().map(Finding::in_words).collect();
        say(common, &words.join("\n"), &findings)?;
        match findings.iter().any(|finding| finding.state == State::Wrong) {
            true => Err(Failure::Told(1)),
            false => Ok(()),
        }
    }
}

/// A host on this data directory, which has the ports and the lines.
fn running(common: &Common) -> Option<Finding> {
    match running::ask(&common.data, "host.info", Map::new()) {
        Ok(_) => Some(Finding::well("host", "one runs here, and answers")),
        Err(Unanswered::NoHost) => None,
        Err(Unanswered::Silent) => Some(Finding::wrong(
            "host",
            "one runs here, and does not answer",
            "stop what moves with `slewgate stop`, and start it anew",
        )),
        Err(Unanswered::Refused(error)) => Some(Finding::wrong(
            "host",
            format!("{error:#}"),
            "ask as the user that the host runs as",
        )),
    }
}
