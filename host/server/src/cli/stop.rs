//! `slewgate stop`: through the host where one answers; else the lines are opened and stopped here, with what is on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use futures_util::future::join_all;
use serde_json::{Map, Value, json};

use super::running::{self, Unanswered};
use super::serve::found_in;
use super::{Common, Failure, complain, say};
use crate::config::{self, Config, Device};
use crate::direct::{self, Outcome, Report};
use crate::journal::{self, Found, Record};

/// The host's own method that sends every line's stop sequence; and one that does nothing.
const STOP: &str = "host.stop";
const LOOK: &str = "host.info";

#[derive(Args)]
#[command(after_help = "\
It needs no host. A host that runs is asked, and has 2 s to answer. Without one, or where it hangs, this opens each line \
itself and sends what stops it: what the plugin said last, which is on disk, or [lines.NAME] stop of the configuration.
  slewgate stop --data telescope
As the ExecStopPost of a service it is only for what the host left moving:
  slewgate stop --unattended")]
pub(super) struct Stop {
    /// Only lines on which a host that is gone left something moving
    #[arg(long)]
    unattended: bool,
    /// The configuration [default: slewgate.toml in the data directory, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Why there is no host to do it.
#[derive(Clone, Copy, PartialEq)]
enum Host {
    Absent,
    Silent,
}

impl Stop {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let method = if self.unattended { LOOK } else { STOP };
        let host = match running::ask(&common.data, method, Map::new()) {
            Ok(_) if self.unattended => return nothing_left(common, "a host looks after them"),
            Ok(result) => return say(common, "stopped", &result),
            Err(Unanswered::Refused(error)) => return Err(error.into()),
            Err(Unanswered::NoHost) => Host::Absent,
            Err(Unanswered::Silent) => Host::Silent,
        };
        let (found, unknown) = self.lines(common);
        if found.is_empty() && unknown == 0 {
            return self.nothing_known(common);
        }
        complain(&host.in_words(&common.data));
        let reports = stop_all(&found, host)?;
        tell(common, host, &reports)?;
        let failed = |report: &Report| matches!(report.outcome, Outcome::Failed { .. });
        if unknown > 0 || reports.iter().any(failed) {
            return Err(Failure::Told(1));
        }
        Ok(())
    }

    /// What is on disk, and what else the configuration has; and how many files cannot be used.
    fn lines(&self, common: &Common) -> (Vec<Found>, usize) {
        let (mut found, unreadable) = journal::read(&common.data);
        unreadable.iter().for_each(complain);
        for (name, line) in self.configured(common) {
            let configured = Record::of(&name, &line);
            match found.iter_mut().find(|found| found.record.line == name) {
                // Where a host was last is where something may move.
                Some(known) => {
                    let written = &mut known.record.configured;
                    *written = configured.configured.or_else(|| written.take());
                }
                None => found.push(Found {
                    marked: journal::is_marked(&common.data, &name),
                    record: configured,
                }),
            }
        }
        found.retain(|found| found.marked || !self.unattended);
        (found, unreadable.len())
    }

    /// A configuration that cannot be used keeps nothing from being stopped that is known otherwise.
    fn configured(&self, common: &Common) -> BTreeMap<String, config::Line> {
        let file = self.config.clone().or_else(|| found_in(&common.data));
        let config = Config::load(file.as_deref(), &config::of_process());
        let mut lines = config.map_or_else(
            |error| {
                complain(&error);
                BTreeMap::new()
            },
            |config| config.lines,
        );
        // Without a file there is a simulated line, which says nothing about this directory.
        let simulated = |line: &config::Line| matches!(line.device, Device::Simulator(_));
        lines.retain(|_, line| file.is_some() || !simulated(line));
        lines
    }

    fn nothing_known(&self, common: &Common) -> Result<(), Failure> {
        if self.unattended {
            return nothing_left(common, "no host left anything moving");
        }
        let data = common.data.display();
        Err(anyhow!(
            "no host is running on {data}, and nothing is known there of any line; name the directory of the host with --data"
        )
        .into())
    }
}

impl Host {
    fn as_str(self) -> &'static str {
        match self {
            Host::Absent => "absent",
            Host::Silent => "silent",
        }
    }

    fn in_words(self, data: &Path) -> String {
        let data = data.display();
        match self {
            Host::Absent => format!("no host is running on {data}; its lines are stopped directly"),
            Host::Silent => format!(
                "the host on {data} did not answer within {} s and is taken for hung; its lines are stopped directly",
                running::SILENT_AFTER.as_secs()
            ),
        }
    }
}

fn stop_all(found: &[Found], host: Host) -> Result<Vec<Report>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .context("cannot start")?;
    let beside = host == Host::Silent;
    let stops = found
        .iter()
        .map(|found| direct::stop(&found.record, found.marked, beside));
    Ok(runtime.block_on(join_all(stops)))
}

fn tell(common: &Common, host: Host, reports: &[Report]) -> Result<(), Failure> {
    for report in reports {
        settle(common, host, report);
    }
    if common.json {
        return say(
            common,
            "",
            &json!({ "host": host.as_str(), "lines": reports }),
        );
    }
    for report in reports {
        let line = &report.line;
        match &report.outcome {
            Outcome::Stopped { sent, answer } => {
                let answered = answer.as_ref().map_or_else(
                    || "which it does not answer".to_owned(),
                    |answer| format!("and it answered {answer}"),
                );
                say(
                    common,
                    &format!("{line}: sent {sent} to {}, {answered}", report.device),
                    &Value::Null,
                )?;
            }
            Outcome::Simulated => {
                let told = format!("{line}: simulated, and ended with its host");
                say(common, &told, &Value::Null)?;
            }
            Outcome::Needless => {
                let told = format!("{line}: nothing on it has to be stopped");
                say(common, &told, &Value::Null)?;
            }
            Outcome::Failed { error } => complain(&format!(
                "{line}: not stopped: {error}{}",
                host.advice(error)
            )),
        }
    }
    Ok(())
}

impl Host {
    /// The host that hangs has the device, and only root may open it too.
    fn advice(self, error: &str) -> &'static str {
        if self == Host::Silent && error.contains("another program has it open") {
            "; end the host that hangs with SIGKILL and run this again, or run this as root"
        } else {
            ""
        }
    }
}

/// A host that starts has nothing more to stop here. One that hangs may still move it.
fn settle(common: &Common, host: Host, report: &Report) {
    let is_stopped = !matches!(report.outcome, Outcome::Failed { .. });
    if is_stopped && host == Host::Absent {
        // None was there, or the next host stops it once more.
        let _ = journal::unmark(&common.data, &report.line);
    }
}

fn nothing_left(common: &Common, why: &str) -> Result<(), Failure> {
    let nothing: [Report; 0] = [];
    say(
        common,
        &format!("nothing is unattended: {why}"),
        &json!({ "lines": nothing }),
    )
}
