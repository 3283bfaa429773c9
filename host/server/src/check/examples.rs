//! Each command with its example, on hardware that is well and of its own.

use anyhow::Result;
use futures_util::StreamExt;
use futures_util::stream;
use slewgate_engine::{Limits, Peak};
use slewgate_rpc::{Code, Refusal};

use super::bench::Bench;
use super::load::{brief, limits};
use super::rig::{Asked, Rig};
use super::{Finding, Outcome};

const EXAMPLES: &str = "examples";

/// Rigs at once: each has threads and waits for most of its time.
pub(super) const AT_ONCE: usize = 24;

/// What came of it.
pub(super) struct Tried {
    pub(super) findings: Vec<Finding>,
    /// What was answered with a result.
    pub(super) answered: Vec<Asked>,
}

/// Asks for all that the handler offers.
pub(super) async fn check(bench: &Bench) -> Result<Tried> {
    let asked = {
        let rig = bench.set_up(None).await?;
        Asked::all(&*rig.handler()?)
    };
    let tries = asked.iter().map(|asked| Box::pin(one(bench, asked)));
    let tried: Vec<_> = stream::iter(tries).buffered(AT_ONCE).collect().await;
    let tried = tried.into_iter().collect::<Result<Vec<_>>>()?;
    let mut answered = Vec::new();
    let (mut findings, mut peaks) = (Vec::new(), Vec::new());
    for (asked, (finding, peak)) in asked.into_iter().zip(tried) {
        peaks.push((asked.name().to_owned(), peak));
        if finding.outcome == Outcome::Passed {
            answered.push(asked);
        }
        findings.push(finding);
    }
    findings.extend(limits(&Limits::handler(), &peaks));
    Ok(Tried { findings, answered })
}

async fn one(bench: &Bench, asked: &Asked) -> Result<(Finding, Peak)> {
    let rig = bench.set_up(None).await?;
    rig.found().await;
    let answered = rig.ask(asked).await;
    let peak = rig.handler()?.peak();
    let finding = match answered.outcome {
        Ok(result) => match fits(&rig, asked, &result) {
            Ok(()) => {
                let seen = format!("{result} after {} ms", answered.took.as_millis());
                Finding::passed(EXAMPLES, asked.name(), seen)
            }
            Err(why) => misfit(EXAMPLES, asked, &why),
        },
        Err(refusal) => refused(&rig, asked, &refusal),
    };
    let finding = finding.having_printed(answered.printed);
    if finding.outcome == Outcome::Failed {
        return Ok((finding, peak));
    }
    Ok(match rig.settle().await {
        Ok(()) => (finding, peak),
        Err(why) => (restless(EXAMPLES, asked, &why), peak),
    })
}

/// Whether a result is as `describe` says.
pub(super) fn fits(rig: &Rig, asked: &Asked, result: &serde_json::Value) -> Result<(), String> {
    let Asked::Command { verb, .. } = asked else {
        return Ok(());
    };
    let snapshot = rig.snapshot();
    let method = format!("{}.{verb}", super::rig::CHECKED);
    let command = snapshot.look_up(&method).ok().map(|(_, command)| command);
    command.map_or(Ok(()), |command| command.answers(result))
}

pub(super) fn misfit(part: &'static str, asked: &Asked, why: &str) -> Finding {
    Finding::failed(
        part,
        asked.name(),
        format!("its result does not fit its result_schema: {why}"),
        "answer what `describe` promises, or promise what is answered: clients are built on it",
    )
}

pub(super) fn restless(part: &'static str, asked: &Asked, why: &str) -> Finding {
    Finding::failed(
        part,
        asked.name(),
        format!("what it moved was stopped and does not stand: {why}"),
        "give stops in `attach` that end everything on the line, and tell in `sample` when it stands",
    )
}

fn refused(rig: &Rig, asked: &Asked, refusal: &Refusal) -> Finding {
    let cause = brief(&refusal.cause);
    let said = match cause.is_empty() {
        true => refusal.sentence.clone(),
        false => format!("{}: {cause}", refusal.sentence),
    };
    let seen = format!("{said} ({}){}", refusal.code.number(), rig.unknown());
    let (failed, remedy) = match refusal.code {
        Code::MethodNotFound => (
            false,
            "the hardware lacks it, as `attach` says; give a line that has it to check it too",
        ),
        Code::Refused => (
            false,
            "this hardware in this state will not do it; choose an example that works on one which was just switched on",
        ),
        Code::InvalidParams => (true, "give an example that the command takes"),
        Code::Exhausted => (
            true,
            "end the call within its budget: less computing, shorter timeouts, less memory",
        ),
        Code::Internal => (
            true,
            "do not panic and do not answer Internal: what the hardware does is Failure::Hardware or Refused",
        ),
        Code::Hardware if rig.unknown_role().is_some() => (
            true,
            "it asks for a line that it does not have; give it one in that role: --line",
        ),
        Code::Hardware => (true, "the line answers as it should; read it as it is"),
        _ => (true, "answer the example of the command with a result"),
    };
    match failed {
        true => Finding::failed(EXAMPLES, asked.name(), seen, remedy),
        false => Finding::noted(EXAMPLES, asked.name(), seen, remedy),
    }
}
