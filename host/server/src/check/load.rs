//! Does it serve at all, does it say the same of itself each time, and what of its limits does it use?

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use slewgate_engine::{CandidateReport, Limits, Peak, PluginKind};

use super::rig::Rig;
use super::{Finding, remedies};

/// The parts of a report that are made here.
const LOADING: &str = "loading";
const DESCRIPTION: &str = "description";
const LIMITS: &str = "limits";

/// What uses more than one part in so many of a limit is near it on a slower machine.
const NEAR: u32 = 2;

/// It does not serve: where it failed, and what to do about that.
pub(super) fn failed(failure: &CandidateReport, project: Option<&Path>) -> Finding {
    let remedy = remedies::of_failure(failure, project);
    let seen = format!("it fails at {}: {}", failure.stage, brief(&failure.cause));
    Finding::failed(LOADING, failure.stage.to_string(), seen, remedy)
}

/// It serves.
pub(super) fn served(kind: PluginKind, size: usize) -> Finding {
    let seen = format!(
        "it fits the world of a {kind}, takes its settings and serves; {}",
        bytes(size)
    );
    Finding::passed(LOADING, "", seen)
}

/// What a handler says of itself, twice.
pub(super) async fn description(rig: &Rig) -> Result<Vec<Finding>> {
    let handler = rig.handler()?;
    let mut findings = Vec::new();
    findings.push(match handler.describes_the_same().await {
        Ok(()) => {
            let commands = handler.commands().count();
            let seen = format!("{commands} commands, whose schemas compile and whose examples fit; the same twice");
            Finding::passed(DESCRIPTION, "", seen)
        }
        Err(error) => Finding::failed(
            DESCRIPTION,
            "",
            format!("`describe` does not answer the same twice: {}", brief(&format!("{error:#}"))),
            "let `describe` follow from the code alone, not from a clock, a counter or what was kept",
        ),
    });
    let silent = handler
        .commands()
        .filter(|command| command.summary.trim().is_empty());
    findings.extend(silent.map(|command| {
        Finding::noted(
            DESCRIPTION,
            &command.verb,
            "it has no summary",
            "give one sentence for people: rpc.discover and `slewgate` show it",
        )
    }));
    findings.extend(handler.samples_too_often().map(|every| {
        Finding::noted(
            DESCRIPTION,
            "sample-every",
            format!("it asks for a sample every {} ms", every.as_millis()),
            "ask for 100 ms or more: the host takes no sample more often, and each is an exchange with the hardware",
        )
    }));
    if handler.commands().next().is_none() {
        findings.push(Finding::noted(
            DESCRIPTION,
            "commands",
            "it has no commands",
            "describe at least one; a handler without serves nobody",
        ));
    }
    Ok(findings)
}

/// What the calls used at most, with the name of the one that did.
pub(super) fn limits(limits: &Limits, peaks: &[(String, Peak)]) -> Vec<Finding> {
    let memory = peaks.iter().max_by_key(|(_, peak)| peak.memory);
    let computing = peaks.iter().max_by_key(|(_, peak)| peak.computing);
    let starting = peaks.iter().map(|(_, peak)| peak.starting).max();
    let mut findings = Vec::new();
    if let Some((_, peak)) = memory {
        let seen = format!(
            "an instance starts in {} and holds {} of {}",
            millis(starting.unwrap_or_default()),
            bytes(peak.memory),
            bytes(limits.memory)
        );
        let near = peak.memory > limits.memory / NEAR as usize;
        let remedy = "free what a call took before it ends, or ask for more with `memory_mib`";
        findings.push(judged(near, seen, remedy));
    }
    if let Some((name, peak)) = computing {
        let seen = match peak.computing {
            Duration::ZERO => format!("no call computes for 2 of its {}", millis(limits.computing)),
            most => format!(
                "{name} computes for {} of {}",
                millis(most),
                millis(limits.computing)
            ),
        };
        let near = peak.computing > limits.computing / NEAR;
        let remedy = "compute less in one call, or ask for more with `compute_ms`";
        findings.push(judged(near, seen, remedy));
    }
    findings
}

fn judged(near: bool, seen: String, remedy: &str) -> Finding {
    match near {
        true => Finding::noted(LIMITS, "", seen, remedy),
        false => Finding::passed(LIMITS, "", seen),
    }
}

/// What stands before the stack of a guest, behind where it was.
const BACKTRACE: &str = "error while executing at wasm backtrace:";

/// A chain of causes without the guest's stack, with which that of a trap begins.
pub(crate) fn brief(cause: &str) -> String {
    let lines = cause
        .lines()
        .map(str::trim)
        .filter_map(|line| match frame(line) {
            Some(rest) => rest,
            None => {
                let line = line.strip_suffix(BACKTRACE).map_or(line, str::trim_end);
                (!line.is_empty() && !line.starts_with("note: ")).then_some(line)
            }
        });
    lines.collect::<Vec<_>>().join(" ")
}

/// What follows a frame of a stack, `0: 0x1f3a - heater.wasm!abort`, on its line. None: it is no frame.
fn frame(line: &str) -> Option<Option<&str>> {
    let (number, rest) = line.split_once(':')?;
    let is_frame =
        number.bytes().all(|byte| byte.is_ascii_digit()) && rest.trim_start().starts_with("0x");
    is_frame.then(|| rest.split_once(": ").map(|(_, cause)| cause))
}

/// As people say it.
fn bytes(count: usize) -> String {
    match count {
        0..1024 => format!("{count} bytes"),
        1024..1_048_576 => format!("{} KiB", count / 1024),
        _ => format!("{}.{} MiB", count >> 20, ((count % (1 << 20)) * 10) >> 20),
    }
}

fn millis(duration: Duration) -> String {
    match duration.as_millis() {
        0 => "less than 1 ms".to_owned(),
        millis => format!("{millis} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::*;

    #[test]
    fn sizes_are_said_as_people_say_them() {
        assert_eq!(bytes(17), "17 bytes");
        assert_eq!(bytes(82 * 1024), "82 KiB");
        assert_eq!(bytes((3 << 19) + 1), "1.5 MiB");
    }

    #[test]
    fn of_a_trap_the_cause_is_told_and_not_the_stack() {
        let trap = "error while executing at wasm backtrace:\n    0:   0x1a2b - heater.wasm!abort\n    1:   0x3c - <unknown>!<wasm function 2>: wasm trap: `unreachable` executed";
        assert_eq!(brief(trap), "wasm trap: `unreachable` executed");
        let within = format!("in `describe`: {trap}");
        assert_eq!(
            brief(&within),
            "in `describe`: wasm trap: `unreachable` executed"
        );
        assert_eq!(brief("one sentence"), "one sentence");
    }

    #[test]
    fn what_comes_near_a_limit_is_worth_a_look() {
        let of = |computing| {
            let peak = Peak {
                computing: Duration::from_millis(computing),
                starting: Duration::from_millis(1),
                memory: 1 << 20,
            };
            limits(&Limits::handler(), &[("goto".to_owned(), peak)])
        };
        assert!(of(20).iter().all(|found| found.outcome == Outcome::Passed));
        let near = of(30);
        assert_eq!(near[1].outcome, Outcome::Noted);
        assert_eq!(near[1].seen, "goto computes for 30 ms of 50 ms");
    }
}
