//! What each type of client may do, found out by asking its policy about every command, with the command's example. What a new version
//! of a policy, or of a handler, allows beyond the one before is told to people.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};
use slewgate_safety::limits::State;
use slewgate_sky::SharedClock;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use crate::client::Client;
use crate::command::Effect;
use crate::policy::Policy;
use crate::powers::situation::Moment;
use crate::reload::{PluginEvent, PluginKind, PluginReport, What};
use crate::snapshot::{Action, POINT_AT_THE_SUN, Snapshot};
use crate::table::{Reading, StopCounts};

/// A method that policies decide on, with the params of a typical call.
#[derive(Clone, Debug)]
pub struct Question {
    /// The whole name, such as `mount.goto`.
    pub method: String,
    /// What it can do to the world.
    pub effect: Effect,
    /// Fit the method's schema.
    pub params: Map<String, Value>,
}

/// What is asked of every policy, and what they answered last.
pub(crate) struct Matrix {
    /// The host's own methods.
    own: Vec<Question>,
    clock: SharedClock,
    /// By client type.
    answers: BTreeMap<String, Answers>,
}

/// One policy's.
#[derive(Debug, Default)]
struct Answers {
    /// Of the policy that gave them, and of the handlers whose commands it was asked about.
    generations: (u64, Vec<u64>),
    allowed: BTreeSet<String>,
}

impl Matrix {
    pub(crate) fn new(own: Vec<Question>, clock: SharedClock) -> Matrix {
        Matrix {
            own,
            clock,
            answers: BTreeMap::new(),
        }
    }

    /// Asks those policies that are new, or asked about new commands, and tells what they allow that was not allowed before. What
    /// is there at the start is not news.
    pub(crate) async fn run(
        mut self,
        snapshots: watch::Receiver<Arc<Snapshot>>,
        reports: watch::Receiver<Vec<PluginReport>>,
        events: broadcast::Sender<PluginEvent>,
    ) {
        let mut news = events.subscribe();
        let first = Arc::clone(&snapshots.borrow());
        self.renew(&first).await;
        loop {
            // After it was told that something else serves, so that people hear of it in this order.
            match news.recv().await {
                Ok(event) if !event.serves_other() => continue,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
            let snapshot = Arc::clone(&snapshots.borrow());
            for (client_type, widens) in self.renew(&snapshot).await {
                tell(&client_type, widens, &reports, &events);
            }
        }
    }

    /// What each policy allows beyond what was allowed before.
    async fn renew(&mut self, snapshot: &Snapshot) -> Vec<(String, Vec<String>)> {
        let handlers: Vec<u64> = snapshot
            .handlers()
            .map(|(_, handler)| handler.generation())
            .collect();
        let questions = self.questions(snapshot);
        let mut widened = Vec::new();
        for (client_type, policy) in snapshot.policies() {
            let generations = (policy.generation(), handlers.clone());
            let before = self.answers.entry(client_type.to_owned()).or_default();
            if before.generations == generations {
                continue;
            }
            let allowed = ask_all(client_type, policy, &questions, self.clock.now()).await;
            let widens: Vec<_> = allowed.difference(&before.allowed).cloned().collect();
            *before = Answers {
                generations,
                allowed,
            };
            if !widens.is_empty() {
                widened.push((client_type.to_owned(), widens));
            }
        }
        // Whose policy is gone may do nothing: another is compared with that.
        self.answers
            .retain(|client_type, _| snapshot.policy(client_type).is_some());
        widened
    }

    fn questions(&self, snapshot: &Snapshot) -> Vec<Question> {
        let of_handlers = snapshot.handlers().flat_map(|(table, handler)| {
            let commands = handler.commands().map(move |command| Question {
                method: format!("{table}.{}", command.verb),
                effect: command.effect,
                params: command.example.clone(),
            });
            let stop = Question {
                method: format!("{table}.stop"),
                effect: Effect::Stop,
                params: Map::new(),
            };
            commands.chain([stop])
        });
        let sun = Question {
            method: POINT_AT_THE_SUN.to_owned(),
            effect: Effect::Administer,
            params: Map::from_iter([("method".to_owned(), Value::from("mount.goto"))]),
        };
        let own = self.own.iter().cloned();
        own.chain(of_handlers).chain([sun]).collect()
    }
}

/// What a policy allows somebody of its type.
async fn ask_all(
    client_type: &str,
    policy: &Policy,
    questions: &[Question],
    now: f64,
) -> BTreeSet<String> {
    let mut allowed = BTreeSet::new();
    for question in questions {
        if is_allowed(client_type, policy, question, now).await {
            allowed.insert(question.method.clone());
        }
    }
    allowed
}

/// At some moment: while nothing is known of the hardware, or while it stands still.
async fn is_allowed(client_type: &str, policy: &Policy, question: &Question, now: f64) -> bool {
    let params = Value::Object(question.params.clone()).to_string();
    let action = Action {
        method: question.method.clone(),
        effect: question.effect,
        params: question.params.clone(),
        counts: StopCounts::default(),
        lease: None,
    };
    for observed in [None, Some(Reading::supposed(State::Still, now))] {
        let client = Client::new(0, "", "matrix", client_type, "whoever has such a token");
        let moment = Moment {
            now,
            observed,
            ..Moment::default()
        };
        let asked = policy.authorize(&client, &action, &params, moment);
        if asked.await.is_ok() {
            return true;
        }
    }
    false
}

fn tell(
    client_type: &str,
    widens: Vec<String>,
    reports: &watch::Receiver<Vec<PluginReport>>,
    events: &broadcast::Sender<PluginEvent>,
) {
    let methods = widens.join(" ");
    tracing::warn!(
        client_type,
        methods,
        "clients of this type may do more than before"
    );
    let reports = reports.borrow();
    let is_its =
        |report: &&PluginReport| report.kind == PluginKind::Policy && report.name == client_type;
    if let Some(plugin) = reports.iter().find(is_its) {
        // Nobody listens: then nobody misses it.
        _ = events.send(PluginEvent {
            what: What::Widened,
            plugin: plugin.clone(),
            widens,
        });
    }
}
