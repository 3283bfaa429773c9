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
        let mut failures = Vec::new();
        for (situation, moment) in situations(client.name()) {
            let case = Case {
                action: &action,
                situation,
                moment: &moment,
            };
            rig.printed.clear();
            match case.decide(&snapshot, client).await {
                Ok(decision) => report.decisions.push(decision),
                Err((seen, remedy)) => failures.push(Failed {
                    situation,
                    seen,
                    remedy,
                    printed: rig.printed.take(),
                }),
            }
        }
        findings.extend(of_a_method(&action.method, failures));
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

/// What was wrong in one situation.
#[derive(Clone)]
struct Failed {
    situation: &'static str,
    seen: String,
    remedy: &'static str,
    printed: Vec<String>,
}

/// One finding for all situations in which the same was wrong; which they are is said where it was not in all.
fn of_a_method(method: &str, mut failures: Vec<Failed>) -> Vec<Finding> {
    let all = failures.len() == situations("").len();
    let mut findings = Vec::new();
    while let Some(first) = failures.first().cloned() {
        let (alike, others): (Vec<_>, Vec<_>) = failures
            .into_iter()
            .partition(|failed| failed.seen == first.seen);
        let in_which: Vec<_> = alike.iter().map(|failed| failed.situation).collect();
        let subject = match all && others.is_empty() && findings.is_empty() {
            true => method.to_owned(),
            false => format!("{method} ({})", in_which.join("; ")),
        };
        let finding = Finding::failed(DECISIONS, subject, first.seen, first.remedy);
        findings.push(finding.having_printed(first.printed));
        failures = others;
    }
    findings
}

/// One action at one moment.
struct Case<'a> {
    action: &'a Action,
    situation: &'static str,
    moment: &'a Supposed,
}

/// What was seen, and what to change.
type Wrong = (String, &'static str);

impl Case<'_> {
    async fn decide(&self, snapshot: &Snapshot, client: &Client) -> Result<Decision, Wrong> {
        let first = self.ask(snapshot, client).await?;
        let second = self.ask(snapshot, client).await?;
        if first != second {
            let seen = format!(
                "asked twice it says {} and {}",
                words(&first),
                words(&second)
            );
            let remedy = "let a decision follow from the question and the situation alone: there are many instances, and they are dropped at any time";
            return Err((seen, remedy));
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
    async fn ask(&self, snapshot: &Snapshot, client: &Client) -> Result<Option<String>, Wrong> {
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
                Err((seen, remedy))
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(situation: &'static str, seen: &str) -> Failed {
        Failed {
            situation,
            seen: seen.to_owned(),
            remedy: "do not",
            printed: Vec::new(),
        }
    }

    #[test]
    fn what_is_wrong_in_all_situations_is_said_once_for_its_method() {
        let everywhere = situations("").map(|(situation, _)| failed(situation, "it loops"));
        let found = of_a_method("mount.goto", everywhere.to_vec());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].subject, "mount.goto");
        let found = of_a_method(
            "mount.goto",
            vec![
                failed("still", "it loops"),
                failed("moving", "it traps"),
                failed("none", "it loops"),
            ],
        );
        let subjects: Vec<_> = found.iter().map(|found| found.subject.as_str()).collect();
        assert_eq!(
            subjects,
            ["mount.goto (still; none)", "mount.goto (moving)"]
        );
    }
}
