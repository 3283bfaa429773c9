//! What each type of client may do, found out by asking its policy about every command, with the command's example. What a new version
//! of a policy, or of a handler, allows beyond the one before is told to people, also where the host did not run when it came.
//!
//! In reading order: `asking` asks one policy, `ledger` compares what it answers with what was allowed before, `kept` is what the next
//! host knows of it.

mod asking;
mod kept;
mod ledger;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value};
use slewgate_sky::SharedClock;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::sleep_until;

use crate::command::Effect;
use crate::reload::{PluginEvent, PluginKind, PluginReport, What};
use crate::snapshot::{POINT_AT_THE_SUN, Snapshot};
use asking::ask_all;
use kept::Kept;
use ledger::Ledger;

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
    ledger: Ledger,
    kept: Kept,
}

impl Matrix {
    /// `kept`: the file in which what is allowed outlives the host; none: it ends with it.
    pub(crate) async fn open(
        own: Vec<Question>,
        clock: SharedClock,
        kept: Option<PathBuf>,
    ) -> Matrix {
        let kept = Kept::open(kept).await;
        Matrix {
            own,
            clock,
            ledger: Ledger::new(kept.before()),
            kept,
        }
    }

    /// Asks those policies that are new, or asked about new commands, or did not answer, and tells what they allow that was not
    /// allowed before. Where nothing is known of before, what is there at the start is not news.
    pub(crate) async fn run(
        mut self,
        snapshots: watch::Receiver<Arc<Snapshot>>,
        reports: watch::Receiver<Vec<PluginReport>>,
        events: broadcast::Sender<PluginEvent>,
    ) {
        let mut news = events.subscribe();
        loop {
            let snapshot = Arc::clone(&snapshots.borrow());
            for (client_type, widens) in self.renew(&snapshot).await {
                tell(&client_type, widens, &reports, &events);
            }
            // After it was told: who dies between tells it again.
            self.kept.keep(self.ledger.allowed()).await;
            if !self.waits(&mut news).await {
                return;
            }
        }
    }

    /// Until somebody is to be asked. False: there is no news any more.
    async fn waits(&mut self, news: &mut broadcast::Receiver<PluginEvent>) -> bool {
        loop {
            let next = self.ledger.next();
            let due = async {
                match next {
                    Some(next) => sleep_until(next.into()).await,
                    None => std::future::pending().await,
                }
            };
            let told = tokio::select! {
                () = due => return true,
                told = news.recv() => told,
            };
            match told {
                // After it was told that something else serves, so that people hear of it in this order.
                Ok(event) if event.serves_other() => return true,
                Ok(event) if event.what == What::Released => self.released(&event.plugin),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return true,
                Err(RecvError::Closed) => return false,
            }
        }
    }

    fn released(&mut self, plugin: &PluginReport) {
        if plugin.kind == PluginKind::Policy {
            self.ledger.released(&plugin.name, Instant::now());
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
            if !self
                .ledger
                .is_due(client_type, &generations, Instant::now())
            {
                continue;
            }
            let heard = ask_all(client_type, policy, &questions, self.clock.now()).await;
            let (unanswered, cause) = (heard.unanswered.len(), heard.cause.clone());
            let widens = self
                .ledger
                .take(client_type, generations, heard, Instant::now());
            if let Some(cause) = cause {
                self.tell_unanswered(client_type, unanswered, &cause);
            }
            if !widens.is_empty() {
                widened.push((client_type.to_owned(), widens));
            }
        }
        self.ledger
            .keep_only(|client_type| snapshot.policy(client_type).is_some());
        widened
    }

    fn tell_unanswered(&self, client_type: &str, unanswered: usize, cause: &str) {
        match self.ledger.again(client_type) {
            Some(again) => {
                let seconds = again.saturating_duration_since(Instant::now()).as_secs();
                tracing::info!(
                    client_type,
                    unanswered,
                    cause,
                    seconds,
                    "the policy did not say of everything whether it allows it, and is asked again"
                );
            }
            None => tracing::warn!(
                client_type,
                unanswered,
                cause,
                "the policy does not say of everything whether it allows it; it is asked again when it or a handler is replaced"
            ),
        }
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
