//! Tables that share a line, what a plugin may tell of one, and what becomes of one whose own task fails.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use slewgate_safety::limits::State;
use slewgate_safety::{Caller, Kind, OfTheSite, Orphan, Owner, Plan, Runaway, Sample, Stopper};
use slewgate_serial::{
    Address, Exchange, Framing, Line, LineSettings, StopCount, StopSequence, Warrant,
};
use slewgate_sky::{Site, Sky, SystemClock};
use tokio::sync::{broadcast, watch};

use super::tasks::{keep_time, run};
use super::{
    Attached, Attachment, Chore, Journal, News, NotBegun, StopError, StoppedBy, Table,
    TableSettings,
};
use crate::allowed::Looked;
use crate::bindings::handler::slewgate::plugin::events::Host;
use crate::engine::{Engine, EngineSettings};
use crate::limits::Limits;
use crate::powers::printed::Printed;
use crate::powers::{Deeds, Duty, Guest, HandlerPowers, output};
use crate::snapshot::Snapshot;
use crate::standing::Standing;
use crate::surroundings::Surroundings;

const DEADLINE: Duration = Duration::from_secs(10);

const GREENWICH: Site = Site {
    latitude: 51.4779,
    longitude: 0.0,
    elevation: 46.0,
};

/// A line whose device is not there: its stops are counted all the same.
fn line() -> Line {
    Line::start(LineSettings {
        name: "usb".into(),
        device: Address::Serial("/nonexistent".into()),
        baud: 9600,
        quiet: Duration::ZERO,
    })
    .unwrap()
}

/// A table whose roles are all played by one line.
fn table(name: &str, roles: &[&str], line: &Line, stops: &watch::Sender<u64>) -> Arc<Table> {
    made_of(&settings(name, roles, line), stops)
}

fn settings(name: &str, roles: &[&str], line: &Line) -> TableSettings {
    TableSettings {
        name: name.into(),
        component: String::new(),
        settings: "{}".into(),
        lines: roles
            .iter()
            .map(|role| ((*role).to_owned(), line.clone()))
            .collect(),
        stops: roles
            .iter()
            .map(|role| ((*role).to_owned(), writing(b":Q#")))
            .collect(),
        runaway: Runaway::Stop,
        limits: OfTheSite::Off,
        set_clock: false,
        reload_when_idle: false,
        left_moving: false,
        journal: None,
    }
}

/// A stop of one request without a reply.
fn writing(request: &[u8]) -> StopSequence {
    StopSequence {
        exchanges: vec![Exchange {
            request: request.to_vec(),
            reply: Framing::None,
            timeout: Duration::ZERO,
        }],
        patience: Duration::ZERO,
    }
}

fn made_of(settings: &TableSettings, stops: &watch::Sender<u64>) -> Arc<Table> {
    let notices = broadcast::Sender::new(1);
    let (around, notes) = (surroundings(), Arc::default());
    Arc::new(Table::new(settings, around, notes, stops.clone(), notices))
}

fn surroundings() -> Surroundings {
    Surroundings {
        clock: Arc::new(SystemClock),
        sky: Arc::new(Sky::new(0.0)),
        site: Some(GREENWICH),
        solar_filter: false,
    }
}

/// Begins a slew that only a stop of its line ends.
fn slew(table: &Table, role: &str, session: u64, orphan: Orphan) {
    begin(table, Kind::Slew, role, session, orphan);
}

fn begin(table: &Table, kind: Kind, role: &str, session: u64, orphan: Orphan) {
    try_to_begin(table, kind, role, session, orphan).unwrap();
}

fn try_to_begin(
    table: &Table,
    kind: Kind,
    role: &str,
    session: u64,
    orphan: Orphan,
) -> Result<u32, NotBegun> {
    begin_as(table, plan(role, kind, orphan), session)
}

fn plan(role: &str, kind: Kind, orphan: Orphan) -> Plan {
    Plan {
        role: role.into(),
        label: "goto".into(),
        kind,
        orphan,
        at_most: Duration::from_secs(60),
        target: None,
        ending: Vec::new(),
        first_look: Duration::from_secs(60),
        note: Vec::new(),
    }
}

fn begin_as(table: &Table, plan: Plan, session: u64) -> Result<u32, NotBegun> {
    let caller = Caller {
        session,
        owner: Owner {
            token: "token".into(),
            id: "alice".into(),
            name: "alice".into(),
        },
        moves: true,
        stop_count: StopCount::default(),
        lease: None,
        sun_permitted: false,
    };
    let duty = Duty {
        caller: Some(caller),
        writes: Some(table.stop_counts()),
        warrant: Warrant::default(),
        deeds: Arc::new(Deeds::default()),
        call: "handle goto".into(),
    };
    table.begin(plan, &duty)
}

fn sample(state: State) -> Sample {
    Sample {
        state,
        position: None,
        axes: None,
        pier_side: None,
        sidereal_time: None,
        taken: Instant::now(),
        at: 0.0,
        every: Duration::from_millis(500),
        took: Duration::ZERO,
    }
}

/// The next motion that ended did so for this cause.
async fn ended(news: &mut broadcast::Receiver<Arc<News>>, why: &str) {
    let told = async {
        loop {
            let told = news.recv().await.unwrap();
            if told.data.get().contains(r#""happening":"ended""#) {
                return told;
            }
        }
    };
    let told = tokio::time::timeout(DEADLINE, told).await.unwrap();
    let why = format!(r#""why":"{why}""#);
    assert!(told.data.get().contains(&why), "{told:?}");
}

/// A journal that fails, once it is to, in the task that says next what moves.
#[derive(Debug, Default)]
struct Faulty(AtomicBool);

impl Journal for Faulty {
    fn remember(&self, _: &str, _: &str, _: &str, _: &StopSequence) {}
    fn remembered(&self, _: &str) {}
    fn moving(&self, _: &str, _: &str, _: bool) {
        assert!(!self.0.swap(false, Ordering::SeqCst), "as it is tested");
    }
    fn written(&self, _: &str) {}
}

#[tokio::test]
async fn a_table_whose_own_task_fails_is_stopped_and_looked_after_again() {
    let journal = Arc::new(Faulty::default());
    let line = line();
    let settings = TableSettings {
        journal: Some(Arc::clone(&journal) as _),
        ..settings("mount", &["mount"], &line)
    };
    let mount = made_of(&settings, &watch::Sender::new(0));
    let nothing = Snapshot::new(
        0,
        BTreeMap::new(),
        BTreeMap::new(),
        BTreeSet::new(),
        surroundings(),
    );
    let (_publisher, snapshots) = watch::channel(Arc::new(nothing));
    let engine = Engine::new(&EngineSettings::default()).unwrap();
    let running = tokio::spawn(run(Arc::clone(&mount), snapshots, engine));
    let mut news = mount.news();
    for _ in 0..2 {
        slew(&mount, "mount", 1, Orphan::Complete);
        journal.0.store(true, Ordering::SeqCst);
        mount.moved.notify_one();
        ended(&mut news, "stop").await;
        assert!(!running.is_finished());
        // Nobody but the task that failed ends a lease.
        begin(&mount, Kind::Jog, "mount", 1, Orphan::Stop);
        ended(&mut news, "lease").await;
    }
    assert!(line.stop_count() > StopCount(0));
    running.abort();
}

#[tokio::test]
async fn a_stop_of_a_shared_line_that_a_closed_session_causes_ends_the_motions_of_other_tables() {
    let (line, stops) = (line(), watch::Sender::new(0));
    let mount = table("mount", &["mount"], &line, &stops);
    let dome = table("dome", &["dome"], &line, &stops);
    slew(&mount, "mount", 1, Orphan::Stop);
    slew(&dome, "dome", 2, Orphan::Complete);
    let mut news = dome.news();
    let keeper = tokio::spawn(keep_time(Arc::clone(&dome)));
    while stops.receiver_count() == 0 {
        tokio::task::yield_now().await;
    }
    mount.session_closed(1);
    ended(&mut news, "stop").await;
    assert!(dome.motions().is_empty());
    keeper.abort();
}

#[tokio::test]
async fn a_stop_of_a_line_ends_the_motions_of_every_role_that_it_plays() {
    let mount = table(
        "mount",
        &["mount", "focuser"],
        &line(),
        &watch::Sender::new(0),
    );
    slew(&mount, "mount", 1, Orphan::Stop);
    slew(&mount, "focuser", 2, Orphan::Complete);
    mount.session_closed(1);
    assert!(mount.motions().is_empty());
}

#[tokio::test]
async fn hardware_that_is_seen_to_move_unasked_is_looked_at_again_at_once() {
    let mount = table("mount", &["mount"], &line(), &watch::Sender::new(0));
    let period = Duration::from_millis(500);
    let look_again_after = |state| {
        mount.change(|safety, now| safety.sighted(&sample(state), now));
        mount.look_again_within(period)
    };
    assert!(look_again_after(State::Tracking) >= 10 * period);
    assert_eq!(look_again_after(State::Moving), period);
}

#[tokio::test]
async fn a_plugin_cannot_publish_what_only_the_host_tells() {
    let mount = table("mount", &["mount"], &line(), &watch::Sender::new(0));
    let mut news = mount.news();
    let mut guest = guest(mount, Limits::handler());
    for topic in ["motion", "status", "alignment"] {
        guest.publish(topic.into(), "{}".into()).unwrap();
    }
    assert_eq!(news.try_recv().unwrap().topic, "mount.alignment");
    assert!(news.try_recv().is_err());
}

#[tokio::test]
async fn events_that_are_dropped_count_as_lines_of_the_log_and_are_not_written_beyond_their_rate() {
    let mount = table("mount", &["mount"], &line(), &watch::Sender::new(0));
    let silent = Limits {
        log_lines: 0,
        ..Limits::handler()
    };
    let mut guest = guest(mount, silent);
    let long = "x".repeat(65);
    for (topic, data) in [("", "{}"), (&long, "{}"), ("motion", "{}"), ("own", "{")] {
        guest.publish(topic.into(), data.into()).unwrap();
    }
    assert_eq!(guest.standing.log.dropped(), 4);
}

#[tokio::test]
async fn of_a_flood_of_events_those_beyond_the_rate_are_counted_and_dropped() {
    let mount = table("mount", &["mount"], &line(), &watch::Sender::new(0));
    let news = mount.news();
    let mut guest = guest(mount, Limits::handler());
    for _ in 0..1_000 {
        guest.publish("own".into(), "{}".into()).unwrap();
    }
    // A second may have ended meanwhile.
    assert!((200..=400).contains(&news.len()), "{}", news.len());
    assert!(guest.standing.events.dropped() > 0);
}

/// An instance of the table's plugin, outside of any call.
fn guest(table: Arc<Table>, limits: Limits) -> Guest<HandlerPowers> {
    let powers = HandlerPowers { table, duty: None };
    let standing = Arc::new(Standing::new(limits));
    let printed = Printed::default();
    let wasi = output::context("mount", &Looked::default(), &standing, &printed).build();
    Guest::new(&standing, wasi, printed, powers)
}

#[tokio::test]
async fn while_its_plugin_is_quarantined_what_moves_ends_and_nothing_begins_to_move() {
    let mount = table("mount", &["mount"], &line(), &watch::Sender::new(0));
    let slew = || try_to_begin(&mount, Kind::Slew, "mount", 1, Orphan::Complete);
    slew().unwrap();
    mount.set_unattended(true);
    assert!(mount.motions().is_empty());
    let denied = slew().unwrap_err();
    assert!(format!("{denied:?}").contains("quarantined"), "{denied:?}");
    mount.set_unattended(false);
    slew().unwrap();
}

#[tokio::test]
async fn nothing_begins_to_move_where_nothing_is_known_that_stops_it() {
    let settings = TableSettings {
        stops: BTreeMap::new(),
        ..settings("mount", &["mount"], &line())
    };
    let mount = made_of(&settings, &watch::Sender::new(0));
    let slew = || try_to_begin(&mount, Kind::Slew, "mount", 1, Orphan::Complete);
    let empty = StopSequence {
        exchanges: Vec::new(),
        patience: Duration::ZERO,
    };
    for stop in [empty.clone(), writing(b"")] {
        mount.remember_stops(&[("mount".into(), stop)], true);
        let Err(NotBegun::Denied(denied)) = slew() else {
            panic!("it began");
        };
        let why = denied.to_string();
        assert!(why.contains("stops the line in role `mount`"), "{why}");
    }
    mount.remember_stops(&[("mount".into(), writing(b":Q#"))], true);
    slew().unwrap();
    mount.remember_stops(&[("mount".into(), empty)], true);
    slew().unwrap();
}

#[tokio::test]
async fn how_lines_are_stopped_that_a_plugin_does_not_have_is_kept_nowhere() {
    let mount = made_of(
        &settings("mount", &["mount"], &line()),
        &watch::Sender::new(0),
    );
    let before = mount.desk().stops.len();
    for number in 0..10 {
        mount.remember_stops(&[(format!("unknown-{number}"), writing(b":Q#"))], true);
    }
    assert_eq!(mount.desk().stops.len(), before);
}

/// What the host orders of the plugin next, in their order.
fn orders(table: &Table) -> Vec<&'static str> {
    let mut chores = table.waiting_chores.try_lock().unwrap();
    let ordered = std::iter::from_fn(|| chores.try_recv().ok());
    let verb = |chore| match chore {
        Chore::Order(order) => Some(order.verb),
        Chore::Look(_) => None,
    };
    ordered.filter_map(verb).collect()
}

#[tokio::test]
async fn hardware_is_told_the_time_once_each_time_that_it_is_found_and_not_while_it_moves() {
    let settings = TableSettings {
        set_clock: true,
        ..settings("mount", &["mount"], &line())
    };
    let mount = made_of(&settings, &watch::Sender::new(0));
    mount.owe_the_time();
    mount.tick();
    assert_eq!(orders(&mount), ["set_site", "set_time"]);

    slew(&mount, "mount", 1, Orphan::Complete);
    mount.owe_the_time();
    mount.tick();
    assert_eq!(orders(&mount), Vec::<&str>::new());
    drop(mount.stop(&StoppedBy("alice".into()), Stopper::Client));
    mount.tick();
    assert_eq!(orders(&mount), Vec::<&str>::new(), "it may still move");
    for _ in 0..2 {
        mount.change(|safety, now| safety.sighted(&sample(State::Tracking), now));
    }
    mount.tick();
    assert_eq!(orders(&mount), ["set_site", "set_time"]);
    mount.tick();
    assert_eq!(orders(&mount), Vec::<&str>::new());

    // What is lost is owed it when it is found again.
    slew(&mount, "mount", 1, Orphan::Complete);
    mount.owe_the_time();
    mount.end_lost("mount", "unplugged");
    mount.tick();
    assert_eq!(orders(&mount), Vec::<&str>::new());
}

#[tokio::test]
async fn whoever_calls_a_plugin_that_was_just_loaded_waits_for_what_it_finds() {
    let table = table("mount", &["port"], &line(), &watch::Sender::new(0));
    table.attached.send_replace(Attached::Unloaded);
    let asking = table.once_attached(Attached::clone);
    let attaching = async {
        table.attached.send_replace(Attached::NotYet);
        let found = Attachment {
            model: "LX200 Classic".into(),
            lacks: vec![],
            stops: vec![],
        };
        table.attached.send_replace(Attached::To(found));
    };
    let (found, ()) = tokio::join!(asking, attaching);
    assert!(matches!(found, Attached::To(_)), "{found:?}");
}

/// A table of which nothing is known that stops its line.
fn without_a_stop() -> Arc<Table> {
    let settings = TableSettings {
        stops: BTreeMap::new(),
        ..settings("heater", &["port"], &line())
    };
    made_of(&settings, &watch::Sender::new(0))
}

#[tokio::test]
async fn a_plugin_that_moves_nothing_and_has_no_stop_is_stopped_at_once() {
    let by = StoppedBy("alice".to_owned());
    let heater = without_a_stop();
    let unknown = heater.stop(&by, Stopper::Client).sent().await;
    assert!(
        matches!(unknown, Err(StopError::NoSequence(_))),
        "it never attached"
    );
    heater.remember_stops(&[], true);
    let unknown = heater.stop(&by, Stopper::Client).sent().await;
    assert!(matches!(unknown, Err(StopError::NoSequence(_))), "it moves");
    heater.remember_stops(&[], false);
    let stopped = heater.stop(&by, Stopper::Client).sent().await;
    assert_eq!(stopped.unwrap(), None);
}

#[tokio::test]
async fn what_moves_on_a_line_without_a_stop_is_stopped_by_its_ending() {
    let table = without_a_stop();
    table.remember_stops(&[], false);
    let plan = Plan {
        ending: writing(b"off").exchanges,
        ..plan("port", Kind::Pulse, Orphan::Stop)
    };
    begin_as(&table, plan, 1).unwrap();
    let by = StoppedBy("alice".to_owned());
    // The device is away: what was sent is owed to it.
    let owed = table.stop(&by, Stopper::Client).sent().await;
    assert!(matches!(owed, Err(StopError::Line(..))), "{owed:?}");
    assert!(table.motions().is_empty());
}
