//! Tables that share a line, and what a plugin may tell of one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use slewgate_safety::{Caller, Kind, OfTheSite, Orphan, Owner, Plan, Runaway};
use slewgate_serial::{Address, Line, LineSettings, StopCount, Warrant};
use slewgate_sky::{Sky, SystemClock};
use tokio::sync::{broadcast, watch};

use super::tasks::keep_time;
use super::{News, Table, TableSettings};
use crate::bindings::handler::slewgate::plugin::events::Host;
use crate::powers::{Deeds, Duty, Guest, HandlerPowers, output};
use crate::surroundings::Surroundings;

const DEADLINE: Duration = Duration::from_secs(10);

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
    let settings = TableSettings {
        name: name.into(),
        component: String::new(),
        settings: "{}".into(),
        lines: roles
            .iter()
            .map(|role| ((*role).to_owned(), line.clone()))
            .collect(),
        stops: BTreeMap::new(),
        runaway: Runaway::Stop,
        limits: OfTheSite::Off,
        set_clock: false,
        journal: None,
    };
    let surroundings = Surroundings {
        clock: Arc::new(SystemClock),
        sky: Arc::new(Sky::new(0.0)),
        site: None,
        solar_filter: false,
    };
    let notices = broadcast::Sender::new(1);
    Arc::new(Table::new(&settings, surroundings, stops.clone(), notices))
}

/// Begins a slew that only a stop of its line ends.
fn slew(table: &Table, role: &str, session: u64, orphan: Orphan) {
    let plan = Plan {
        role: role.into(),
        label: "goto".into(),
        kind: Kind::Slew,
        orphan,
        at_most: Duration::from_secs(60),
        target: None,
        ending: Vec::new(),
        first_look: Duration::from_secs(60),
        note: Vec::new(),
    };
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
    table.begin(plan, &duty).unwrap();
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
    let told: Arc<News> = tokio::time::timeout(DEADLINE, news.recv())
        .await
        .unwrap()
        .unwrap();
    assert!(told.data.get().contains(r#""why":"stop""#), "{told:?}");
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
async fn a_plugin_cannot_publish_what_only_the_host_tells() {
    let mount = table("mount", &["mount"], &line(), &watch::Sender::new(0));
    let mut news = mount.news();
    let powers = HandlerPowers {
        table: mount,
        duty: None,
    };
    let mut guest = Guest::new(0, output::context("mount").build(), powers);
    for topic in ["motion", "status", "alignment"] {
        guest.publish(topic.into(), "{}".into()).unwrap();
    }
    assert_eq!(news.try_recv().unwrap().topic, "mount.alignment");
    assert!(news.try_recv().is_err());
}
