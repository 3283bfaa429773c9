//! `NAME.stop`, the host's own: no rate limit, no queue, no plugin. Whether a client may stop is asked of its policy when its
//! session begins and at each swap, not at the stop. While the policy is only being loaded, which may take a minute at a start without
//! compiled code, whoever has a good token may: that something moves on because nobody could be asked is worse than that it stands.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use slewgate_engine::{
    Action, Client, DECIDED, Effect, NO_POLICY, Plugins, Snapshot, StopCounts, StopError,
    StoppedBy, Stopping, Table,
};
use slewgate_rpc::{Call, Outcome, Refusal};
use slewgate_serial::LineError;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::records::reason;

/// The host's verb.
pub(crate) const STOP: &str = "stop";

/// Ends one motion alone.
const DIRECTION: &str = "direction";

/// The directions of a mount, which may stand still already.
const DIRECTIONS: [&str; 4] = ["north", "south", "east", "west"];

/// How long a reply to a stop waits for the line to take its bytes.
const PATIENCE: Duration = Duration::from_secs(10);

/// When a policy that failed is asked again whether the client may stop.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// Whether a client may stop, by table. Small, because every session has one.
#[derive(Default)]
struct Answers(Vec<Answer>);

struct Answer {
    table: Arc<Table>,
    may: Result<(), No>,
}

/// What a policy decided on. The refusal that it becomes is ten times as large.
#[derive(Clone, Debug, PartialEq)]
struct No {
    reason: Box<str>,
    cause: &'static str,
}

/// Whether one client may stop which table, and its stops.
pub(crate) struct Stops {
    plugins: Arc<Plugins>,
    client: Client,
    allowed: Arc<Mutex<Answers>>,
    keeper: JoinHandle<()>,
}

/// A stop that was recognised; one that is allowed is on its way already.
pub(crate) enum Recognised {
    Sent(Sent),
    Refused(Refusal),
    /// The policy has not said yet: the session has just begun, or it failed when it was asked.
    Undecided(Arc<Table>, Wanted),
}

/// What is to be stopped. Params that do not fit stop everything: who sends them wants something to stand still.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wanted {
    All,
    One(String),
    /// Everything, and the refusal that tells of the params.
    Misunderstood(Refusal),
}

/// A stop that was carried out as far as it takes no waiting.
pub(crate) enum Sent {
    /// Everything: counted, and in the lines' stop lanes.
    All(Stopping),
    /// One motion: whether there was one.
    One(bool),
    /// Everything, for want of knowing what: the refusal.
    Misunderstood(Refusal),
}

impl Wanted {
    fn of(params: &Map<String, Value>) -> Wanted {
        let unknown = params.keys().find(|name| *name != DIRECTION);
        match (unknown, params.get(DIRECTION)) {
            (Some(name), _) => Wanted::Misunderstood(Refusal::invalid_params(
                name,
                "is unknown; everything was stopped",
            )),
            (None, None) => Wanted::All,
            (None, Some(Value::String(direction))) => Wanted::One(direction.clone()),
            (None, Some(_)) => Wanted::Misunderstood(Refusal::invalid_params(
                DIRECTION,
                "is no text; everything was stopped",
            )),
        }
    }
}

impl Sent {
    async fn reply(self) -> Result<Box<RawValue>, Refusal> {
        match self {
            Sent::All(stopping) => sent(stopping).await,
            Sent::One(any) => reply(any),
            Sent::Misunderstood(refusal) => Err(refusal),
        }
    }
}

impl Stops {
    pub(crate) fn new(plugins: Arc<Plugins>, client: Client, runtime: &Handle) -> Stops {
        let allowed = Arc::default();
        let keeper = runtime.spawn(keep_asking(
            Arc::clone(&plugins),
            client.clone(),
            Arc::clone(&allowed),
        ));
        Stops {
            plugins,
            client,
            allowed,
            keeper,
        }
    }

    /// Recognises a stop, and carries it out at once if the client may.
    pub(crate) fn recognise(&self, call: &Call) -> Option<Recognised> {
        let (table, STOP) = call.method.split_once('.')? else {
            return None;
        };
        let table = self.plugins.tables().get(table)?;
        if table.lines().is_empty() {
            return None;
        }
        let wanted = Wanted::of(&call.params);
        let allowed = self
            .allowed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(table)
            .cloned();
        Some(match allowed {
            Some(Ok(())) => Recognised::Sent(self.stop(table, wanted)),
            Some(Err(no)) => Recognised::Refused(no.refusal()),
            None => Recognised::Undecided(Arc::clone(table), wanted),
        })
    }

    /// The reply, when the bytes were handed to the device.
    pub(crate) async fn carry_out(
        self: Arc<Self>,
        stop: Recognised,
    ) -> Result<Box<RawValue>, Refusal> {
        match stop {
            Recognised::Sent(sent) => sent.reply().await,
            Recognised::Refused(refusal) => Err(refusal),
            Recognised::Undecided(table, wanted) => {
                may_stop(&self.plugins.current(), &self.client, table.name()).await?;
                self.stop(&table, wanted).reply().await
            }
        }
    }

    fn stop(&self, table: &Table, wanted: Wanted) -> Sent {
        let by = StoppedBy(self.client.name().to_owned());
        let refusal = match wanted {
            Wanted::All => return Sent::All(self.plugins.stop(table, &by)),
            Wanted::One(direction) => {
                let any = table.stop_label(&direction, &by);
                if any || DIRECTIONS.contains(&direction.as_str()) {
                    return Sent::One(any);
                }
                Refusal::invalid_params(DIRECTION, "nothing moves so; everything was stopped")
            }
            Wanted::Misunderstood(refusal) => refusal,
        };
        // It is on its way; nobody waits for it.
        drop(self.plugins.stop(table, &by));
        Sent::Misunderstood(refusal)
    }
}

impl Drop for Stops {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Asks at the session's beginning and at each swap, and again where the policy failed then.
async fn keep_asking(plugins: Arc<Plugins>, client: Client, allowed: Arc<Mutex<Answers>>) {
    let mut snapshots = plugins.snapshots();
    loop {
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        let mut undecided = false;
        for (name, table) in plugins.tables() {
            let may = may_stop(&snapshot, &client, name).await;
            let mut allowed = allowed.lock().unwrap_or_else(PoisonError::into_inner);
            match decided(may) {
                Some(may) => allowed.note(table, may),
                None => {
                    undecided = true;
                    // Who could stop still can while the policy fails.
                    allowed.forget_no(table);
                }
            }
        }
        tokio::select! {
            changed = snapshots.changed() => if changed.is_err() {
                return;
            },
            () = sleep(ASK_AGAIN), if undecided => {}
        }
    }
}

async fn may_stop(snapshot: &Arc<Snapshot>, client: &Client, table: &str) -> Result<(), Refusal> {
    if snapshot.awaits_policy_of(client) {
        return Ok(());
    }
    let method = format!("{table}.{STOP}");
    let action = Action {
        method,
        effect: Effect::Stop,
        params: Map::new(),
        counts: StopCounts::default(),
        lease: None,
    };
    Arc::clone(snapshot).decide(client, action).await.map(drop)
}

/// A policy that was busy or failed did not say no: it is asked again at the stop.
fn decided(may: Result<(), Refusal>) -> Option<Result<(), No>> {
    let Err(refusal) = may else {
        return Some(Ok(()));
    };
    let causes = [DECIDED, NO_POLICY];
    let cause = causes.into_iter().find(|cause| refusal.cause == *cause)?;
    let reason = reason(&refusal).unwrap_or_default().into();
    Some(Err(No { reason, cause }))
}

impl No {
    fn refusal(&self) -> Refusal {
        Refusal::denied(&self.reason, self.cause)
    }
}

impl Answers {
    fn get(&self, table: &Arc<Table>) -> Option<&Result<(), No>> {
        let answer = self.0.iter().find(|answer| answer.is_about(table));
        answer.map(|answer| &answer.may)
    }

    fn note(&mut self, table: &Arc<Table>, may: Result<(), No>) {
        self.0.retain(|answer| !answer.is_about(table));
        self.0.push(Answer {
            table: Arc::clone(table),
            may,
        });
        self.0.shrink_to_fit();
    }

    fn forget_no(&mut self, table: &Arc<Table>) {
        self.0
            .retain(|answer| answer.may.is_ok() || !answer.is_about(table));
    }
}

impl Answer {
    fn is_about(&self, table: &Arc<Table>) -> bool {
        Arc::ptr_eq(&self.table, table)
    }
}

/// What a stop tells who asked for it.
pub(crate) async fn sent(stopping: Stopping) -> Result<Box<RawValue>, Refusal> {
    match timeout(PATIENCE, stopping.sent()).await {
        Ok(Ok(_)) => reply(true),
        Ok(Err(error)) => {
            let outcome = match &error {
                StopError::NoSequence(_) | StopError::Line(_, LineError::Disconnected) => {
                    Outcome::NotStarted
                }
                StopError::Line(..) => Outcome::Indeterminate,
            };
            Err(Refusal::hardware(
                outcome,
                format!("the stop did not reach the hardware: {error}"),
                error,
            ))
        }
        Err(_) => Err(Refusal::hardware(
            Outcome::Indeterminate,
            "the line does not take the stop",
            "no answer from its owner",
        )),
    }
}

fn reply(stopped: bool) -> Result<Box<RawValue>, Refusal> {
    to_raw_value(&json!({ "stopped": stopped })).map_err(|error| Refusal::internal("", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_no_of_a_policy_is_remembered_as_it_was_said_and_its_failure_is_not() {
        assert_eq!(decided(Ok(())), Some(Ok(())));
        let denied = Refusal::denied("may only look", DECIDED);
        let no = decided(Err(denied.clone())).unwrap().unwrap_err();
        assert_eq!(no.refusal(), denied);
        let failed = Refusal::denied("the policy failed", "it ran out of its time");
        assert_eq!(decided(Err(failed)), None);
        assert_eq!(decided(Err(Refusal::busy(Duration::ZERO))), None);
    }
}
