//! What serves follows the files and the configuration.

use std::collections::BTreeMap;
use std::fs;

use tokio::sync::broadcast;

use super::*;

#[tokio::test]
async fn everything_is_loaded_before_the_start_returns() {
    let home = home(&[
        ("handlers/lx200.wasm", "good: mount"),
        ("policies/observer.wasm", "good: looks"),
        ("policies/telescope.wasm", "truncat"),
    ]);
    let mut world = World::start(
        home,
        Text::open(),
        tables(&[("mount", "lx200.wasm", "{}")]),
        NEVER,
    )
    .await;
    let first = world.published.try_recv().unwrap();
    assert_eq!(first.number, 1);
    assert_eq!(
        first.plugins.keys().collect::<Vec<_>>(),
        [&handler("mount"), &policy("observer")]
    );
    assert!(world.published.try_recv().is_err(), "it is published once");
    let states: Vec<_> = world
        .reload
        .reports()
        .borrow()
        .iter()
        .map(|plugin| plugin.state)
        .collect();
    assert_eq!(
        states,
        [
            PluginState::Serving,
            PluginState::Serving,
            PluginState::Failed
        ]
    );
}

#[tokio::test]
async fn a_deleted_policy_serves_no_more_and_the_others_do() {
    let mut world = World::with(&[
        ("policies/observer.wasm", "good: a"),
        ("policies/telescope.wasm", "good: b"),
    ])
    .await;
    fs::remove_file(world.path("policies/observer.wasm")).unwrap();
    world.serves(policy("telescope"), Some("good: b")).await;
    let after = world.next().await;
    assert_eq!(
        after.plugins.keys().collect::<Vec<_>>(),
        [&policy("telescope")]
    );
    assert!(
        world
            .reload
            .reports()
            .borrow()
            .iter()
            .all(|plugin| plugin.name != "observer")
    );
}

#[tokio::test]
async fn a_deleted_handler_is_unloaded_and_reported_absent() {
    let home = home(&[("handlers/lx200.wasm", "good: mount")]);
    let mut world = World::start(
        home,
        Text::open(),
        tables(&[("mount", "lx200.wasm", "{}")]),
        NEVER,
    )
    .await;
    fs::remove_file(world.path("handlers/lx200.wasm")).unwrap();
    world.serves(handler("mount"), None).await;
    let report = world
        .reported("mount", |plugin| plugin.state == PluginState::Absent)
        .await;
    assert_eq!((report.generation, report.digest), (None, None));
}

#[tokio::test]
async fn a_component_serves_every_table_that_names_it() {
    let configuration = tables(&[
        ("east", "lx200.wasm", "{}"),
        ("west", "lx200.wasm", r#"{"a":1}"#),
    ]);
    let mut world = World::start(home(&[]), Text::open(), configuration, NEVER).await;
    world.write("handlers/lx200.wasm", "good: mount");
    world.serves(handler("east"), Some("good: mount")).await;
    if world
        .reload
        .reports()
        .borrow()
        .iter()
        .any(|plugin| plugin.state == PluginState::Absent)
    {
        world.serves(handler("west"), Some("good: mount")).await;
    }
    assert_eq!(world.loader.seen().len(), 2);
}

#[tokio::test]
async fn a_file_that_no_table_names_is_left_alone() {
    let world = World::with(&[]).await;
    world.write("handlers/other.wasm", "good: other");
    world.write("policies/Observer.wasm", "good: capital");
    world.write("policies/observer.wasm.bak", "good: backup");
    world.reload.compare().await;
    assert!(world.loader.seen().is_empty());
    assert!(world.reload.reports().borrow().is_empty());
}

#[tokio::test]
async fn new_settings_make_a_new_generation_of_the_same_component() {
    let home = home(&[
        ("handlers/lx200.wasm", "good: mount"),
        ("policies/observer.wasm", "good: looks"),
    ]);
    let mut world = World::start(
        home,
        Text::open(),
        tables(&[("mount", "lx200.wasm", "{}")]),
        NEVER,
    )
    .await;
    let before = world.next().await;
    let mut configuration = tables(&[("mount", "lx200.wasm", r#"{"dialect":"classic"}"#)]);
    world.reload.configure(configuration.clone()).await;
    let after = world.published.try_recv().unwrap();
    let (old, new) = (
        &before.plugins[&handler("mount")],
        &after.plugins[&handler("mount")],
    );
    assert_eq!(new.settings, r#"{"dialect":"classic"}"#);
    assert!(new.generation > old.generation);
    assert!(Arc::ptr_eq(
        &before.plugins[&policy("observer")],
        &after.plugins[&policy("observer")]
    ));

    configuration
        .policies
        .insert("observer".to_owned(), r#"{"quiet":true}"#.to_owned());
    world.reload.configure(configuration).await;
    let after = world.published.try_recv().unwrap();
    assert_eq!(
        after.plugins[&policy("observer")].settings,
        r#"{"quiet":true}"#
    );
    assert_eq!(
        world.loader.seen().len(),
        4,
        "each change loads what it concerns, and nothing else"
    );
}

#[tokio::test]
async fn tables_come_and_go_with_the_configuration() {
    let files = [
        ("handlers/lx200.wasm", "good: mount"),
        ("handlers/catalog.wasm", "good: catalog"),
    ];
    let mut world = World::start(
        home(&files),
        Text::open(),
        tables(&[("mount", "lx200.wasm", "{}")]),
        NEVER,
    )
    .await;
    world.serves(handler("mount"), Some("good: mount")).await;
    world
        .reload
        .configure(tables(&[("catalog", "catalog.wasm", "{}")]))
        .await;
    world
        .serves(handler("catalog"), Some("good: catalog"))
        .await;
    let names: Vec<_> = world
        .reload
        .reports()
        .borrow()
        .iter()
        .map(|plugin| plugin.name.clone())
        .collect();
    assert_eq!(names, ["catalog"]);
}

#[tokio::test]
async fn a_version_that_was_outdated_while_it_was_loaded_never_serves() {
    let files = [
        ("policies/observer.wasm", "good: first"),
        ("handlers/lx200.wasm", "good: mount"),
    ];
    let mut world = World::start(
        home(&files),
        Text::gated(2),
        tables(&[("mount", "lx200.wasm", "{}")]),
        NEVER,
    )
    .await;
    world.write("policies/observer.wasm", "good: second");
    let mut reports = world.reload.reports();
    let loads = world.loader.clone();
    loads.begins("good: second").await;

    let settings = BTreeMap::from([("observer".to_owned(), "new".to_owned())]);
    let without_mount = Configuration {
        policies: settings,
        ..Configuration::default()
    };
    let configuring = world.reload.configure(without_mount);
    let opening = async {
        let taken_up =
            reports.wait_for(|reports| reports.iter().all(|plugin| plugin.name != "mount"));
        timeout(DEADLINE, taken_up).await.unwrap().unwrap();
        world.loader.gate.add_permits(2);
    };
    tokio::join!(configuring, opening);

    let mut served = Vec::new();
    while let Ok(map) = world.published.try_recv() {
        let observer = &map.plugins[&policy("observer")];
        served.push((observer.text.clone(), observer.settings.clone()));
    }
    served.dedup();
    let known = |text: &str, settings: &str| (text.to_owned(), settings.to_owned());
    assert_eq!(
        served,
        [known("good: first", "{}"), known("good: second", "new")]
    );
}

#[tokio::test]
async fn maps_are_numbered_without_a_gap_and_generations_only_rise() {
    let mut world = World::with(&[("policies/observer.wasm", "good: 0")]).await;
    let mut before = world.next().await;
    for step in ["bad", "good: 1", "worse", "good: 2"] {
        world.write("policies/observer.wasm", step);
        world.reload.compare().await;
        let Ok(after) = world.published.try_recv() else {
            continue;
        };
        assert_eq!(after.number, before.number + 1);
        assert!(
            after.plugins[&policy("observer")].generation
                > before.plugins[&policy("observer")].generation
        );
        before = after;
    }
    assert_eq!(before.number, 3);
}

#[tokio::test]
async fn news_tell_what_became_of_a_plugin() {
    let world = World::with(&[("policies/observer.wasm", "good: 0")]).await;
    let mut events = world.reload.events();
    for (text, what) in [
        ("good: 1", What::Published),
        ("bad", What::Failed),
        ("good: 1", What::Restored),
    ] {
        world.write("policies/observer.wasm", text);
        let event = World::became(&mut events).await;
        assert_eq!(event.what, what);
        assert_eq!(event.plugin.candidate.is_some(), what == What::Failed);
    }
    fs::remove_file(world.path("policies/observer.wasm")).unwrap();
    let event = World::became(&mut events).await;
    assert_eq!(
        (event.what, event.plugin.state),
        (What::Removed, PluginState::Absent)
    );
}

#[tokio::test]
async fn what_news_tell_is_in_force_already() {
    let home = home(&[("policies/observer.wasm", "good: 0")]);
    let heard = Arc::new(Mutex::new(None::<broadcast::Receiver<PluginEvent>>));
    let (sender, mut untold) = mpsc::unbounded_channel();
    let listener = Arc::clone(&heard);
    let publish = move |_: Serving<Loaded>| {
        if let Some(events) = &mut *listener.lock().unwrap() {
            let mut told = std::iter::from_fn(|| events.try_recv().ok());
            _ = sender.send(told.all(|event| event.what == What::Step));
        }
    };
    let settings = settings(directories(&home), Configuration::default(), NEVER);
    let reload = start(settings, Text::open(), publish).await;
    *heard.lock().unwrap() = Some(reload.events());
    fs::write(home.path().join("policies/observer.wasm"), "good: 1").unwrap();
    let untold = timeout(DEADLINE, untold.recv()).await.unwrap();
    assert_eq!(untold, Some(true), "when it is published nobody was told");
}

#[tokio::test]
async fn a_dropped_reload_publishes_nothing_more() {
    let World {
        reload,
        mut published,
        home,
        ..
    } = World::with(&[]).await;
    drop(reload);
    assert!(timeout(DEADLINE, published.recv()).await.unwrap().is_some());
    fs::write(home.path().join("policies/observer.wasm"), "good: late").unwrap();
    assert!(
        timeout(DEADLINE, published.recv()).await.unwrap().is_none(),
        "the task has ended"
    );
}

/// A world that did not wait for its policy, which is loaded as soon as the gate is opened.
async fn impatient(text: &str) -> World {
    let home = home(&[("policies/observer.wasm", text)]);
    let settings = ReloadSettings {
        pace: Pace {
            start: Duration::from_millis(20),
            ..pace(NEVER)
        },
        ..settings(directories(&home), Configuration::default(), NEVER)
    };
    let watch = Watch::new(directories(&home));
    let mut world = World::set(watch, home, Text::gated(0), settings).await;
    let first = world.next().await;
    assert!(first.plugins.is_empty());
    assert_eq!(first.loading, [policy("observer")].into());
    world
}

#[tokio::test]
async fn a_start_does_not_wait_for_what_takes_long_to_load() {
    let mut world = impatient("good: slow").await;
    world.loader.gate.add_permits(1);
    let second = world.next().await;
    assert_eq!(second.plugins[&policy("observer")].text, "good: slow");
    assert!(second.loading.is_empty());
}

#[tokio::test]
async fn what_took_long_to_load_and_failed_is_not_waited_for_any_more() {
    let mut world = impatient("bad").await;
    world.loader.gate.add_permits(1);
    let second = world.next().await;
    assert!(second.plugins.is_empty() && second.loading.is_empty());
}

#[tokio::test]
async fn what_is_written_anew_does_not_wait_for_what_it_takes_the_place_of() {
    let home = home(&[("policies/observer.wasm", "good: first")]);
    let mut world = World::start(home, Text::gated(1), Configuration::default(), NEVER).await;
    world.serves(policy("observer"), Some("good: first")).await;
    world.write("policies/observer.wasm", "good: slow");
    world.loader.begins("good: slow").await;
    world.write("policies/observer.wasm", "good: newest");
    world.loader.begins("good: newest").await;
    world.loader.gate.add_permits(1);
    let served = world.serves(policy("observer"), Some("good: newest")).await;
    assert!(!served.contains(&Some("good: slow".to_owned())));
}

#[tokio::test]
async fn what_takes_long_to_load_keeps_no_deleted_policy_in_force_and_no_small_one_waiting() {
    let large = format!("good: {}", "x".repeat(2 << 20));
    let files = [("policies/observer.wasm", "good: looks")];
    let home = home(&files);
    let mut world = World::start(home, Text::gated(1), Configuration::default(), NEVER).await;
    world.serves(policy("observer"), Some("good: looks")).await;
    // One is loaded at a time.
    for (number, name) in ["one", "two"].iter().enumerate() {
        let text = format!("{large}{number}");
        world.write(&format!("policies/{name}.wasm"), &text);
        if number < 1 {
            world.loader.begins(&text).await;
        }
    }
    world.write("policies/small.wasm", "good: small");
    world.loader.begins("good: small").await;
    fs::remove_file(world.path("policies/observer.wasm")).unwrap();
    world.serves(policy("observer"), None).await;
    assert!(!world.loader.seen().contains(&format!("{large}1")));
}

#[tokio::test]
async fn a_policy_waits_behind_no_handler_however_large_both_are() {
    let large = format!("good: {}", "x".repeat(2 << 20));
    let configuration = tables(&[("one", "one.wasm", "{}")]);
    let home = home(&[("policies/observer.wasm", "good: looks")]);
    let mut world = World::start(home, Text::gated(1), configuration, NEVER).await;
    world.serves(policy("observer"), Some("good: looks")).await;
    let text = format!("{large} of a handler");
    world.write("handlers/one.wasm", &text);
    world.loader.begins(&text).await;
    let stricter = format!("{large} of an interpreter");
    world.write("policies/observer.wasm", &stricter);
    world.loader.begins(&stricter).await;
}
