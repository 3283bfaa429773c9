//! Events: a subscription gets the state as it is, then what changes. Each is a task of its session's, so that a slow reader
//! holds up nobody else: it misses what it cannot take, and is told how much where that is a plugin's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use slewgate_engine::{
    Effect, Happened, News, Notice, Permit, PluginEvent, Plugins, Reading, Table,
};
use slewgate_rpc::{Refusal, event_text};
use slewgate_safety::{MotionView, Owner};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::AbortHandle;

use crate::methods::{connection, json as result};
use crate::net::outbox::Unsent;
use crate::permission;
use crate::sessions::Session;

/// By which a client listens.
pub(crate) const SUBSCRIBE: &str = "events.subscribe";

/// Topics of one session.
pub(crate) const MAX_TOPICS: usize = 32;

/// The topic of swaps.
const PLUGINS: &str = "plugins";

/// The topics of who is in control, and of alarms.
const CONTROL: &str = "control";
const ALARMS: &str = "alarms";

/// What a table tells by itself.
const STATUS: &str = "status";
const MOTION: &str = "motion";
const LINE: &str = "line";

/// Bytes of an event beside its topic and its data, at most.
const AROUND_EVENT: usize = 96;

/// Who listens to what.
pub(crate) struct Topics {
    plugins: Arc<Plugins>,
    live: Mutex<BTreeMap<(u64, String), AbortHandle>>,
}

/// Where the news of a topic come from.
enum Source {
    Plugins,
    Control,
    Alarms,
    Status(Arc<Table>),
    Motion(Arc<Table>),
    Line(Arc<Table>),
    /// What the plugin itself publishes.
    Published(Arc<Table>),
}

impl Topics {
    pub(crate) fn new(plugins: Arc<Plugins>) -> Topics {
        Topics {
            plugins,
            live: Mutex::default(),
        }
    }

    pub(crate) fn subscribe(
        &self,
        session: &Session,
        permit: Permit,
    ) -> Result<Box<RawValue>, Refusal> {
        let number = session.client().session;
        let wanted = topics(&permit);
        let mut sources = Vec::new();
        for topic in wanted {
            let source = self.source(&topic).ok_or_else(|| self.unknown(&topic))?;
            sources.push((topic, source));
        }
        let mut live = self.live();
        // Those whose permission or session ended.
        live.retain(|_, told| !told.is_finished());
        let new = sources
            .iter()
            .filter(|(topic, _)| !live.contains_key(&(number, topic.clone())))
            .count();
        if count(&live, number) + new > MAX_TOPICS {
            return Err(Refusal::invalid_params(
                "topics",
                format!("at most {MAX_TOPICS} topics for a session"),
            ));
        }
        let decided = permit.snapshot().number();
        for (topic, source) in sources {
            let told = tell(
                session.clone(),
                topic.clone(),
                source,
                Arc::clone(&self.plugins),
            );
            let (plugins, client) = (Arc::clone(&self.plugins), permit.client().clone());
            let params = Map::from_iter([("topics".to_owned(), json!([topic]))]);
            let action = permission::action(SUBSCRIBE, Effect::Observe, params);
            let told = tokio::spawn(async move {
                tokio::select! {
                    () = told => {}
                    _ = permission::denied(&plugins, &client, &action, decided) => {}
                }
            });
            if let Some(before) = live.insert((number, topic), told.abort_handle()) {
                before.abort();
            }
        }
        result(&json!({ "topics": of_session(&live, number) }))
    }

    pub(crate) fn unsubscribe(
        &self,
        session: &Session,
        permit: &Permit,
    ) -> Result<Box<RawValue>, Refusal> {
        let number = session.client().session;
        let mut live = self.live();
        for topic in topics(permit) {
            if let Some(told) = live.remove(&(number, topic)) {
                told.abort();
            }
        }
        result(&json!({ "topics": of_session(&live, number) }))
    }

    pub(crate) fn session_closed(&self, session: u64) {
        self.live().retain(|(of, _), told| {
            if *of == session {
                told.abort();
            }
            *of != session
        });
    }

    fn source(&self, topic: &str) -> Option<Source> {
        match topic {
            PLUGINS => return Some(Source::Plugins),
            CONTROL => return Some(Source::Control),
            ALARMS => return Some(Source::Alarms),
            _ => {}
        }
        let (table, of) = topic.split_once('.')?;
        let table = Arc::clone(self.plugins.tables().get(table)?);
        match of {
            "" => None,
            STATUS => Some(Source::Status(table)),
            MOTION => Some(Source::Motion(table)),
            LINE => Some(Source::Line(table)),
            _ => Some(Source::Published(table)),
        }
    }

    fn unknown(&self, topic: &str) -> Refusal {
        let tables = self
            .plugins
            .tables()
            .keys()
            .flat_map(|table| [STATUS, MOTION, LINE].map(|of| format!("{table}.{of}")));
        let known: Vec<_> = tables
            .chain([PLUGINS, CONTROL, ALARMS].map(str::to_owned))
            .collect();
        let topic: String = topic.chars().take(64).collect();
        Refusal::invalid_params(
            "topics",
            format!(
                "there is no topic {topic:?}; there are {}",
                known.join(", ")
            ),
        )
    }

    fn live(&self) -> MutexGuard<'_, BTreeMap<(u64, String), AbortHandle>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The params fit the schema: an array of texts.
fn topics(permit: &Permit) -> Vec<String> {
    let topics = permit
        .action()
        .params
        .get("topics")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    topics
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn of_session(live: &BTreeMap<(u64, String), AbortHandle>, session: u64) -> Vec<&str> {
    live.iter()
        .filter(|((of, _), told)| *of == session && !told.is_finished())
        .map(|((_, topic), _)| topic.as_str())
        .collect()
}

fn count(live: &BTreeMap<(u64, String), AbortHandle>, session: u64) -> usize {
    of_session(live, session).len()
}

/// Sends events in their order, numbered from 1, until the session takes no more.
struct Teller {
    session: Session,
    topic: String,
    seq: u64,
}

impl Teller {
    /// False: the session takes no more.
    async fn tell(&mut self, data: &RawValue) -> bool {
        self.seq += 1;
        let length = data.get().len() + self.topic.len() + AROUND_EVENT;
        let text = || event_text(&self.topic, self.seq, data);
        match self.session.send_with_room(length, text).await {
            Err(Unsent::TooLong) => self.tell_too_long().await,
            sent => sent.is_ok(),
        }
    }

    /// In the place of what is too long for a message: that something was missed.
    async fn tell_too_long(&self) -> bool {
        let length = self.topic.len() + AROUND_EVENT;
        let missed = json!({ "missed": 1 });
        let text = || match serde_json::value::to_raw_value(&missed) {
            Ok(data) => event_text(&self.topic, self.seq, &data),
            Err(_) => String::new(),
        };
        self.session.send_with_room(length, text).await.is_ok()
    }

    async fn tell_value(&mut self, data: &(impl serde::Serialize + Sync)) -> bool {
        match serde_json::value::to_raw_value(data) {
            Ok(data) => self.tell(&data).await,
            Err(_) => false,
        }
    }
}

async fn tell(session: Session, topic: String, source: Source, plugins: Arc<Plugins>) {
    let mut teller = Teller {
        session,
        topic,
        seq: 0,
    };
    match source {
        Source::Plugins => swaps(&mut teller, &plugins).await,
        Source::Control => {
            let tables = plugins.tables().iter();
            let state = tables.map(|(name, table)| (name.clone(), holder(table.holder().as_ref())));
            let news = plugins.notices();
            let state: Map<_, _> = state.collect();
            notices(&mut teller, news, &json!({ "holders": state }), control).await;
        }
        Source::Alarms => {
            let news = plugins.notices();
            let newest = plugins.tables().values().filter_map(|table| table.alarm());
            let newest: Vec<_> = newest.filter_map(|notice| alarm(&notice)).collect();
            notices(&mut teller, news, &json!({ "alarms": newest }), alarm).await;
        }
        Source::Status(table) => readings(&mut teller, &table).await,
        Source::Motion(table) => {
            let news = table.news();
            let active: Vec<_> = table.motions().iter().map(motion).collect();
            if teller.tell_value(&json!({ "active": active })).await {
                published(&mut teller, news, None).await;
            }
        }
        Source::Line(table) => connections(&mut teller, &table).await,
        Source::Published(table) => {
            let news = table.news();
            let told = table.dropped();
            published(&mut teller, news, Some(told)).await;
        }
    }
}

async fn swaps(teller: &mut Teller, plugins: &Plugins) {
    let mut events = plugins.events();
    let state = json!({ "plugins": plugins.reports() });
    let mut goes_on = teller.tell_value(&state).await;
    while goes_on {
        goes_on = match events.recv().await {
            Ok(event) => {
                let event = PluginEvent {
                    plugin: plugins.complete(event.plugin),
                    ..event
                };
                teller.tell_value(&event).await
            }
            Err(RecvError::Lagged(_)) => {
                let state = json!({ "plugins": plugins.reports() });
                teller.tell_value(&state).await
            }
            Err(RecvError::Closed) => false,
        };
    }
}

/// Tells the state, then those notices that `tell` makes something of.
async fn notices(
    teller: &mut Teller,
    mut news: tokio::sync::broadcast::Receiver<Arc<Notice>>,
    state: &Value,
    tell: impl Fn(&Notice) -> Option<Value>,
) {
    let mut goes_on = teller.tell_value(state).await;
    while goes_on {
        goes_on = match news.recv().await {
            Ok(notice) => match tell(&notice) {
                Some(data) => teller.tell_value(&data).await,
                None => true,
            },
            Err(RecvError::Lagged(missed)) => teller.tell_value(&json!({ "missed": missed })).await,
            Err(RecvError::Closed) => false,
        };
    }
}

fn control(notice: &Notice) -> Option<Value> {
    let Happened::Control(event) = &notice.happened else {
        return None;
    };
    Some(json!({
        "plugin": notice.table, "what": event.change.as_str(),
        "holder": holder(event.holder.as_ref()), "before": holder(event.before.as_ref()),
    }))
}

fn alarm(notice: &Notice) -> Option<Value> {
    let Happened::Alarm(alarm) = &notice.happened else {
        return None;
    };
    let at = instant(notice.at);
    Some(
        json!({ "plugin": notice.table, "alarm": alarm.kind.as_str(), "what": alarm.what, "at": at }),
    )
}

/// Who is in control, as clients see it: the name is its token's, the id what it calls itself.
pub(crate) fn holder(owner: Option<&Owner>) -> Value {
    json!(owner.map(|owner| json!({ "name": owner.name, "client_id": owner.id })))
}

async fn readings(teller: &mut Teller, table: &Table) {
    let mut readings = table.readings();
    let mut was_told = true;
    loop {
        let reading = readings.borrow_and_update().clone();
        match reading.as_ref().map(status) {
            Some(Ok(data)) => {
                if !teller.tell(&data).await {
                    return;
                }
                was_told = true;
            }
            // Of those that follow each other the first is enough.
            Some(Err(refusal)) if was_told => {
                let (topic, cause) = (&teller.topic, &refusal.cause);
                tracing::error!(topic, cause, "a sample cannot be told");
                was_told = false;
            }
            Some(Err(_)) | None => {}
        }
        if readings.changed().await.is_err() {
            return;
        }
    }
}

/// What changes and changes back before it could be told is not told; an opening more is.
async fn connections(teller: &mut Teller, table: &Table) {
    let mut watched = table.connection();
    let mut told = None;
    loop {
        let now = Some(connection(table, &mut watched));
        if now != told {
            if !teller.tell_value(&now).await {
                return;
            }
            told = now;
        }
        if !watched.changed().await {
            return;
        }
    }
}

/// Tells what is of the topic. `dropped`: how many the plugin published too fast before the subscription; none: it is none of its topics.
async fn published(
    teller: &mut Teller,
    mut news: tokio::sync::broadcast::Receiver<Arc<News>>,
    mut dropped: Option<u64>,
) {
    let mut goes_on = true;
    while goes_on {
        goes_on = match news.recv().await {
            Ok(news) => {
                let missed = dropped.as_mut().map_or(0, |told| {
                    let missed = news.dropped.saturating_sub(*told);
                    *told += missed;
                    missed
                });
                (missed == 0 || teller.tell_value(&json!({ "missed": missed })).await)
                    && (news.topic != teller.topic || teller.tell(&news.data).await)
            }
            Err(RecvError::Lagged(missed)) => teller.tell_value(&json!({ "missed": missed })).await,
            Err(RecvError::Closed) => false,
        };
    }
}

/// A sample as clients get it: the plugin's data, when it was taken, and how old it is.
pub(crate) fn status(reading: &Reading) -> Result<Box<RawValue>, Refusal> {
    let mut data = sampled(reading.data())?;
    let age = u64::try_from(reading.taken.elapsed().as_millis()).unwrap_or(u64::MAX);
    data.insert("as_of".into(), instant(reading.at).into());
    data.insert("age_ms".into(), age.into());
    result(&data)
}

/// The members of a sample's data.
fn sampled(data: &str) -> Result<Map<String, Value>, Refusal> {
    let fault = |cause: String| Refusal::internal("", cause);
    match slewgate_rpc::tree(data) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(fault("a sample that is no object".to_owned())),
        Err(error) => Err(fault(format!("a sample that is no JSON: {error}"))),
    }
}

/// Milliseconds since 1970 as clients read them.
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds of this century fit"
)]
fn instant(at: f64) -> String {
    format!(
        "{:.3}",
        Timestamp::from_millisecond(at as i64).unwrap_or_default()
    )
}

/// A motion that goes on, as clients see it.
pub(crate) fn motion(motion: &MotionView) -> Value {
    json!({ "motion": motion.motion.0, "kind": motion.kind.as_str(), "label": motion.label, "client": motion.client })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_that_cannot_be_read_is_a_fault_with_its_cause_in_the_log_alone() {
        for (data, expected) in [
            (
                "{\"ra\": 1",
                "EOF while parsing an object at line 1 column 8",
            ),
            ("[1]", "no object"),
        ] {
            let refusal = sampled(data).unwrap_err();
            assert!(refusal.cause.contains(expected), "{}", refusal.cause);
            assert!(!refusal.sentence.contains(expected), "{}", refusal.sentence);
        }
    }
}
