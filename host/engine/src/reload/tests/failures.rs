//! Whatever fails on the way, what served goes on, and the report says why.

use std::collections::BTreeMap;
use std::fs::{self, File};

use super::super::candidate::{Digest, MAX_COMPONENT};
use super::*;

/// Does this to a file that serves, and answers how it is reported then.
async fn breaks(spoil: impl FnOnce(&World)) -> PluginReport {
    let mut world = World::with(&[("policies/observer.wasm", "good: old")]).await;
    let served = world.next().await.plugins[&policy("observer")].generation;
    spoil(&world);
    let report = world
        .reported("observer", |plugin| plugin.candidate.is_some())
        .await;
    assert_eq!(
        (report.state, report.generation),
        (PluginState::Serving, Some(served))
    );
    assert!(
        world.published.try_recv().is_err(),
        "nothing else was published"
    );
    report
}

#[tokio::test]
async fn a_truncated_file_leaves_the_old_one_and_says_why() {
    let report = breaks(|world| world.write("policies/observer.wasm", "go")).await;
    let candidate = report.candidate.unwrap();
    assert_eq!(candidate.stage, Stage::Parse);
    assert_eq!(candidate.cause, "not a component: no magic number");
    assert_eq!(candidate.digest, Some(Digest::of(b"go").to_string()));
    assert_ne!(candidate.digest, report.digest);
}

#[tokio::test]
async fn an_empty_file_leaves_the_old_one() {
    let report = breaks(|world| world.write("policies/observer.wasm", "")).await;
    assert_eq!(report.candidate.unwrap().stage, Stage::Parse);
}

#[tokio::test]
async fn a_loader_that_panics_leaves_the_old_one() {
    let report = breaks(|world| world.write("policies/observer.wasm", "bad: panics")).await;
    assert!(report.candidate.unwrap().cause.contains("panic"));
}

#[tokio::test]
async fn a_component_that_is_too_large_leaves_the_old_one() {
    let report = breaks(|world| {
        let file = File::create(world.path("policies/observer.wasm")).unwrap();
        file.set_len(MAX_COMPONENT + 1).unwrap();
    })
    .await;
    let candidate = report.candidate.unwrap();
    assert_eq!((candidate.stage, candidate.digest), (Stage::Read, None));
    assert!(
        candidate.cause.contains("67108865 bytes"),
        "{}",
        candidate.cause
    );
}

#[tokio::test]
async fn what_is_no_file_leaves_the_old_one() {
    let report = breaks(|world| {
        fs::remove_file(world.path("policies/observer.wasm")).unwrap();
        fs::create_dir(world.path("policies/observer.wasm")).unwrap();
    })
    .await;
    let candidate = report.candidate.unwrap();
    assert_eq!(candidate.stage, Stage::Read);
    assert!(
        candidate.cause.contains("no regular file"),
        "{}",
        candidate.cause
    );
}

#[tokio::test]
async fn a_new_policy_that_is_broken_is_reported_as_failed() {
    let world = World::with(&[]).await;
    world.write("policies/observer.wasm", "broken");
    let report = world
        .reported("observer", |plugin| plugin.state == PluginState::Failed)
        .await;
    assert_eq!((report.generation, report.digest), (None, None));
    fs::remove_file(world.path("policies/observer.wasm")).unwrap();
    world.reload.compare().await;
    assert!(world.reload.reports().borrow().is_empty());
}

#[tokio::test]
async fn a_policy_too_many_is_left_out() {
    let mut world = World::start(crowd(), Text::open(), Configuration::default(), NEVER).await;
    assert_eq!(
        world.next().await.plugins.len(),
        super::super::task::MAX_POLICIES
    );
}

#[tokio::test]
async fn a_policy_that_the_configuration_names_is_not_the_one_too_many() {
    let home = crowd();
    fs::write(home.path().join("policies/zz.wasm"), "good: named").unwrap();
    let configuration = Configuration {
        policies: BTreeMap::from([("zz".to_owned(), "{}".to_owned())]),
        ..Configuration::default()
    };
    let mut world = World::start(home, Text::open(), configuration, NEVER).await;
    let serving = world.next().await.plugins;
    assert_eq!(serving.len(), super::super::task::MAX_POLICIES);
    assert!(serving.contains_key(&policy("zz")));
}

/// One policy more than there is room for.
fn crowd() -> TempDir {
    let home = home(&[]);
    for number in 0..=super::super::task::MAX_POLICIES {
        let file = home.path().join(format!("policies/p{number}.wasm"));
        fs::write(file, "good: one of many").unwrap();
    }
    home
}

#[test]
fn a_report_reads_as_json() {
    let report = PluginReport {
        name: "observer".to_owned(),
        kind: PluginKind::Policy,
        state: PluginState::Serving,
        generation: Some(3),
        digest: Some("ab".to_owned()),
        since: 1_000.0,
        probation: None,
        earlier: false,
        usage: None,
        quarantine: None,
        candidate: None,
        attempt: None,
        draining: None,
    };
    assert_eq!(
        serde_json::to_string(&report).unwrap(),
        r#"{"name":"observer","kind":"policy","state":"serving","generation":3,"digest":"ab","since":1000.0}"#
    );
}
