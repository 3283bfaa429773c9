//! The same commands on lines that are slow, silent, garbled, cut and disconnected: does each end in time, with the right kind
//! of error or a right result, and is the next one right?

use anyhow::Result;
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::Value;
use slewgate_rpc::{Code, Refusal};
use slewgate_simulator::Fault;

use super::Finding;
use super::bench::Bench;
use super::examples::{AT_ONCE, fits, misfit, restless};
use super::likeness::{may_be_right, without_texts};
use super::load::brief;
use super::rig::{Answered, Asked};

/// What is wrong with a line.
#[derive(Debug, PartialEq)]
pub(super) struct Trouble {
    /// As a report names it.
    pub(super) name: &'static str,
    /// As the simulator does it: one call for each.
    pub(super) faults: &'static [&'static str],
    /// Whether answers come that are none.
    lies: bool,
}

/// One byte that is another may make an answer another answer, which nobody can tell; two seldom do. Where they end it too
/// early or never, the handler does not see it: so there are several tries.
pub(super) const TROUBLES: [Trouble; 5] = [
    Trouble {
        name: "slow line",
        faults: &["delay=3s"],
        lies: false,
    },
    Trouble {
        name: "silent line",
        faults: &["silence"],
        lies: false,
    },
    Trouble {
        name: "garbled line",
        faults: &[
            "garble=2,seed=1",
            "garble=2,seed=2",
            "garble=2,seed=3",
            "garble=8",
        ],
        lies: true,
    },
    Trouble {
        name: "cut line",
        faults: &["cut"],
        lies: true,
    },
    Trouble {
        name: "disconnected line",
        faults: &["disconnect=1s,next=1"],
        lies: false,
    },
];

impl Trouble {
    /// The faults, read.
    pub(super) fn faults(&self) -> Result<Vec<Fault>> {
        let faults = self.faults.iter().map(|fault| Ok(fault.parse()?));
        faults.collect()
    }
}

/// One command on one line, before, in and after its trouble.
struct Told {
    before: Value,
    /// A call for each of its faults.
    under: Vec<Answered>,
    after: Answered,
    settled: Result<(), String>,
}

/// Asks again for what was answered on a line that works.
pub(super) async fn check(bench: &Bench, asked: &[Asked]) -> Result<Vec<Finding>> {
    let cases = TROUBLES
        .iter()
        .flat_map(|trouble| asked.iter().map(move |asked| (trouble, asked)));
    let tries = cases.map(|(trouble, asked)| Box::pin(one(bench, trouble, asked)));
    let tried: Vec<_> = stream::iter(tries).buffered(AT_ONCE).collect().await;
    tried.into_iter().collect()
}

async fn one(bench: &Bench, trouble: &Trouble, asked: &Asked) -> Result<Finding> {
    let rig = bench.set_up(None).await?;
    rig.found().await;
    let before = rig.ask(asked).await.outcome;
    let settled = rig.settle().await;
    let (Ok(before), Ok(())) = (before, settled) else {
        let seen = "on a line that works it is not answered each time";
        let remedy = "let it depend on the hardware alone";
        return Ok(Finding::noted(trouble.name, asked.name(), seen, remedy));
    };
    let (mut under, mut settled) = (Vec::new(), Ok(()));
    for fault in trouble.faults()? {
        rig.suffer(&fault);
        under.push(rig.ask(asked).await);
        rig.recover();
        rig.found().await;
        settled = settled.and(rig.settle().await);
    }
    let after = rig.ask_again(asked).await;
    let settled = settled.and(rig.settle().await);
    for answered in &under {
        if let Ok(result) = &answered.outcome
            && let Err(why) = fits(&rig, asked, result)
        {
            return Ok(misfit(trouble.name, asked, &why));
        }
    }
    let told = Told {
        before,
        under,
        after,
        settled,
    };
    Ok(told.judge(trouble, asked))
}

impl Told {
    /// The worst of it.
    fn judge(self, trouble: &Trouble, asked: &Asked) -> Finding {
        let (part, name) = (trouble.name, asked.name());
        for answered in &self.under {
            if let Err(refusal) = &answered.outcome
                && let Some((seen, remedy)) = wrong_kind(trouble, refusal)
            {
                return Finding::failed(part, name, seen, remedy)
                    .having_printed(answered.printed.clone());
            }
        }
        let after = match self.after.outcome {
            Ok(after) => after,
            Err(refusal) => {
                let seen = format!("the next call after it fails: {}", words(&refusal));
                let remedy = "keep nothing of an exchange that failed, and find out in `attach` what is there";
                return Finding::failed(part, name, seen, remedy)
                    .having_printed(self.after.printed);
            }
        };
        if let Err(why) = self.settled {
            return restless(part, asked, &why);
        }
        let judged = self
            .under
            .into_iter()
            .map(|answered| match answered.outcome {
                Err(refusal) => Finding::passed(part, name, words(&refusal)),
                Ok(result) => believed(
                    trouble,
                    asked,
                    answered.heard,
                    [&self.before, &result, &after],
                ),
            });
        let passed = Finding::passed(part, name, "");
        judged
            .max_by_key(|finding| finding.outcome)
            .unwrap_or(passed)
    }
}

/// It told of success: whether that may be so.
fn believed(trouble: &Trouble, asked: &Asked, heard: usize, results: [&Value; 3]) -> Finding {
    let (part, name) = (trouble.name, asked.name());
    let [before, result, after] = results;
    let seen = format!(
        "it answered {result}, which is not right: before it was {before}, after it {after}"
    );
    if !may_be_right(before, result, after) {
        let [before, result, after] = results.map(without_texts);
        // A letter that is another is a letter all the same.
        return match trouble.lies && may_be_right(&before, &result, &after) {
            true => Finding::noted(
                part,
                name,
                seen,
                "where the text has a form, look at it; else nobody can tell, and it is well so",
            ),
            false => Finding::failed(
                part,
                name,
                seen,
                "look at the form of each answer before you use it; what does not fit is Failure::Hardware",
            ),
        };
    }
    if trouble.lies && asked.changes() && heard > 0 {
        return Finding::noted(
            part,
            name,
            "it told of success though no answer came whole",
            "where an answer says whether the hardware obeys, look at it; else it is well so",
        );
    }
    Finding::passed(part, name, "the right result all the same")
}

/// What is wrong with an error where the line is at fault, and what to change.
fn wrong_kind(trouble: &Trouble, refusal: &Refusal) -> Option<(String, &'static str)> {
    let remedy = match refusal.code {
        Code::Hardware | Code::Busy | Code::Stopped => return None,
        // An answer that is another may be one that refuses.
        Code::Refused if trouble.lies => return None,
        Code::Exhausted => {
            "give each exchange a shorter timeout: all of those of a call have to fit into `wait_ms` (15 s), and computing into `compute_ms`"
        }
        Code::Internal => {
            "answer Failure::Hardware, or pass the line's own error on, and do not panic: no answer is too strange to come"
        }
        _ => {
            "a line that fails is Failure::Hardware, or the line's own error passed on (-32003); the other kinds tell the client that it is to ask otherwise"
        }
    };
    Some((words(refusal), remedy))
}

fn words(refusal: &Refusal) -> String {
    let cause = brief(&refusal.cause);
    let number = refusal.code.number();
    match cause.is_empty() || cause == refusal.sentence {
        true => format!("{} ({number})", refusal.sentence),
        false => format!("{} ({number}): {cause}", refusal.sentence),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Map, json};
    use slewgate_engine::Effect;
    use slewgate_rpc::Outcome as Begun;

    use super::super::Outcome;
    use super::*;

    fn asked(effect: Effect) -> Asked {
        Asked::Command {
            verb: "set".into(),
            effect,
            example: Map::new(),
        }
    }

    fn answered(outcome: Result<Value, Refusal>) -> Answered {
        Answered {
            outcome,
            took: Duration::ZERO,
            heard: 1,
            printed: Vec::new(),
        }
    }

    fn judged(
        trouble: usize,
        under: Result<Value, Refusal>,
        after: Result<Value, Refusal>,
    ) -> Finding {
        let told = Told {
            before: json!({ "power": 4 }),
            under: vec![answered(under)],
            after: answered(after),
            settled: Ok(()),
        };
        told.judge(&TROUBLES[trouble], &asked(Effect::Configure))
    }

    fn hardware() -> Refusal {
        Refusal::hardware(Begun::Indeterminate, "no answer", "no answer")
    }

    const SILENT: usize = 1;
    const GARBLED: usize = 2;

    #[test]
    fn every_trouble_is_one_that_the_simulator_can_make() {
        for trouble in TROUBLES {
            trouble.faults().unwrap();
        }
    }

    #[test]
    fn a_failure_of_the_hardware_and_a_right_result_pass() {
        let right = || Ok(json!({ "power": 4 }));
        assert_eq!(
            judged(SILENT, Err(hardware()), right()).outcome,
            Outcome::Passed
        );
        assert_eq!(judged(SILENT, right(), right()).outcome, Outcome::Passed);
        assert_eq!(judged(GARBLED, right(), right()).outcome, Outcome::Noted);
    }

    #[test]
    fn garbage_for_a_result_another_kind_of_error_and_a_next_call_that_fails_do_not() {
        let right = || Ok(json!({ "power": 4 }));
        for (under, after, said) in [
            (Ok(json!({ "power": 77 })), right(), "is not right"),
            (Err(Refusal::refused("it will not")), right(), "-32004"),
            (
                Err(Refusal::internal("1", "it trapped")),
                right(),
                "it trapped",
            ),
            (
                Err(Refusal::exhausted("1", "took longer")),
                right(),
                "took longer",
            ),
            (Err(hardware()), Err(hardware()), "the next call"),
        ] {
            let found = judged(SILENT, under, after);
            assert_eq!(found.outcome, Outcome::Failed, "{said}");
            assert!(found.seen.contains(said), "{}", found.seen);
        }
    }

    #[test]
    fn what_was_stopped_and_moves_on_fails() {
        let told = Told {
            before: json!({}),
            under: vec![answered(Err(hardware()))],
            after: answered(Ok(json!({}))),
            settled: Err("it moves".into()),
        };
        let found = told.judge(&TROUBLES[SILENT], &asked(Effect::Move));
        assert_eq!(found.outcome, Outcome::Failed);
        assert!(found.seen.contains("does not stand"), "{}", found.seen);
    }
}
