//! A policy is asked everything. That it does not answer is no denial: it may allow what it was asked another time.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::Value;
use slewgate_safety::limits::State;

use super::Question;
use crate::bindings::policy::exports::slewgate::plugin::policy::Decision;
use crate::call::CallError;
use crate::client::Client;
use crate::policy::Policy;
use crate::powers::situation::Moment;
use crate::snapshot::Action;
use crate::table::{Reading, StopCounts};

/// What a policy answered, by method. What it was asked and is in neither it denied.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) allowed: BTreeSet<String>,
    /// It failed, had no time or no instance to spare, or is quarantined.
    pub(super) unanswered: BTreeSet<String>,
    /// Why it did not answer the first of these.
    pub(super) cause: Option<String>,
    /// When it is called again, where it is quarantined.
    pub(super) back: Option<Instant>,
}

/// What a policy allows somebody of its type. One that is quarantined on the way is asked no more.
pub(super) async fn ask_all(
    client_type: &str,
    policy: &Policy,
    questions: &[Question],
    now: f64,
) -> Heard {
    let mut heard = Heard::default();
    for question in questions {
        let method = question.method.clone();
        if heard.back.is_some() {
            heard.unanswered.insert(method);
            continue;
        }
        match ask(client_type, policy, question, now).await {
            Ok(true) => _ = heard.allowed.insert(method),
            Ok(false) => {}
            Err(error) => {
                heard.unanswered.insert(method);
                heard.cause.get_or_insert_with(|| error.in_short());
                let quarantined = policy.called().quarantined();
                heard.back = quarantined.map(|quarantined| quarantined.until);
            }
        }
    }
    heard
}

/// Whether it allows this at some moment: while nothing is known of the hardware, or while it stands still.
async fn ask(
    client_type: &str,
    policy: &Policy,
    question: &Question,
    now: f64,
) -> Result<bool, CallError> {
    let params = Value::Object(question.params.clone()).to_string();
    let action = Action {
        method: question.method.clone(),
        effect: question.effect,
        params: question.params.clone(),
        counts: StopCounts::default(),
        lease: None,
    };
    let mut answer = Ok(false);
    for observed in [None, Some(Reading::supposed(State::Still, now))] {
        let client = Client::new(0, "", "matrix", client_type, "whoever has such a token");
        let moment = Moment {
            now,
            observed,
            ..Moment::default()
        };
        match policy.decide(&client, &action, &params, moment).await {
            Ok(Decision::Allow) => return Ok(true),
            Ok(Decision::Deny(_)) => {}
            Err(error) => answer = Err(error),
        }
    }
    answer
}
