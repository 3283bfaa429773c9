//! What a policy decides on every action in several situations: the matrix, and what is wrong with it.

use anyhow::Result;
use slewgate_engine::{Action, Client, DECIDED, Effect, Limits, Snapshot, Supposed};
use slewgate_rpc::{Code, Refusal};
use slewgate_safety::limits::State;

use super::actions;
use super::load::{brief, limits};
use super::report::Decision;
use super::rig::Rig;
use super::{Finding, Report};

const DECISIONS: &str = "decisions";

/// Another client, for whom the one that asks has to wait.
const ANOTHER: &str = "another";

/// The moments that make a difference to policies.
fn situations(own: &str) -> [(&'static str, Supposed); 6] {
    let at = |state, in_control: Option<&str>| Supposed {
        state,
        in_control: in_control.map(str::to_owned),
    };
    [
        ("no reading, nobody in control", at(None, None)),
        ("still, nobody in control", at(Some(State::Still), None)),
        (
            "tracking, the client in control",
            at(Some(State::Tracking), Some(own)),
        ),
        (
            "tracking, another in control",
            at(Some(State::Tracking), Some(ANOTHER)),
        ),
        (
            "moving, the client in control",
            at(Some(State::Moving), Some(own)),
        ),
        (
            "moving, another in control",
            at(Some(State::Moving), Some(ANOTHER)),
        ),
    ]
}

/// Asks for all of them, each twice.
pub(super) async fn check(rig: &Rig, report: &mut Report) -> Result<()> {
    let (snapshot, client) = (rig.snapshot(), rig.client());
    let mut findings = Vec::new();
    for action in actions::all()? {
        for (situation, moment) in situations(client.name()) {
            let case = Case {
                action: &action,
                situation,
                moment: &moment,
            };
            match case.decide(&snapshot, client).await {
                Ok(decision) => report.decisions.push(decision),
                Err(finding) => findings.push(finding),
            }
        }
    }
    if findings.is_empty() {
        let count = report.decisions.len();
        findings.push(Finding::passed(
            DECISIONS,
            "",
            format!("{count} decisions, each the same twice"),
        ));
    }
    findings.extend(without_a_stop(&report.decisions));
    let policy = snapshot.policy(client.client_type());
    let peaks: Vec<_> = policy
        .map(|policy| policy.peak())
        .map(|peak| ("authorize".to_owned(), peak))
        .into_iter()
        .collect();
    findings.extend(limits(&Limits::policy(), &peaks));
    report.extend(findings);
    Ok(())
}

/// One action at one moment.
struct Case<'a> {
    action: &'a Action,
    situation: &'static str,
    moment: &'a Supposed,
}

impl Case<'_> {
    async fn decide(&self, snapshot: &Snapshot, client: &Client) -> Result<Decision, Finding> {
        let first = self.ask(snapshot, client).await?;
        let second = self.ask(snapshot, client).await?;
        if first != second {
            let seen = format!(
                "asked twice it says {} and {}",
                words(&first),
                words(&second)
            );
            let remedy = "let a decision follow from the question and the situation alone: there are many instances, and they are dropped at any time";
            return Err(self.failed(seen, remedy));
        }
        Ok(Decision {
            method: self.action.method.clone(),
            effect: self.action.effect.as_str(),
            situation: self.situation,
            allowed: first.is_none(),
            reason: first,
        })
    }

    /// The reason of a denial.
    async fn ask(&self, snapshot: &Snapshot, client: &Client) -> Result<Option<String>, Finding> {
        let asked = snapshot.suppose(client, self.action.clone(), self.moment);
        match Box::pin(asked).await {
            Ok(()) => Ok(None),
            Err(refusal) if refusal.cause == DECIDED => Ok(Some(reason(&refusal))),
            Err(refusal) => {
                let seen = format!("it fails: {}", brief(&refusal.cause));
                let remedy = match refusal.code {
                    Code::Denied => {
                        "do not panic, loop or hoard: whatever goes wrong in a policy is a denial, also of a stop"
                    }
                    _ => "decide at once: a policy cannot wait",
                };
                Err(self.failed(seen, remedy))
            }
        }
    }

    fn failed(&self, seen: String, remedy: &str) -> Finding {
        let subject = format!("{} ({})", self.action.method, self.situation);
        Finding::failed(DECISIONS, subject, seen, remedy)
    }
}

/// Who cannot stop what moves has to be meant so.
fn without_a_stop(decisions: &[Decision]) -> Vec<Finding> {
    let stop = Effect::Stop.as_str();
    let mut denied = decisions
        .iter()
        .filter(|decision| decision.effect == stop && !decision.allowed);
    let moves = decisions
        .iter()
        .any(|decision| decision.effect == Effect::Move.as_str() && decision.allowed);
    let Some(first) = denied.next() else {
        return Vec::new();
    };
    let seen = format!(
        "it denies stop ({}): {}",
        first.situation,
        first.reason.as_deref().unwrap_or_default()
    );
    let found = match moves {
        true => Finding::failed(
            DECISIONS,
            STOP,
            seen,
            "allow the effect `stop`: who may move has to be able to stop",
        ),
        false => Finding::noted(
            DECISIONS,
            STOP,
            seen,
            "allow the effect `stop`, unless who only looks is not to end what others move",
        ),
    };
    vec![found]
}

const STOP: &str = "stop";

fn reason(refusal: &Refusal) -> String {
    let data = refusal.data.as_ref();
    let reason = data.and_then(|data| data.get("reason")?.as_str());
    reason.unwrap_or(&refusal.sentence).to_owned()
}

fn words(decision: &Option<String>) -> String {
    match decision {
        None => "allow".to_owned(),
        Some(reason) => format!("deny ({reason})"),
    }
}
