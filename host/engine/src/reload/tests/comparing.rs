//! Contents are compared, whatever was heard.

use std::collections::BTreeSet;
use std::fs;

use super::super::attempt::{Job, Outcome, Source, Workshop};
use super::super::shelf::Identity;
use super::*;

/// A watch that hears nothing of the world's directories.
fn deaf() -> (TempDir, Watch) {
    let elsewhere = home(&[]);
    let watch = Watch::new(directories(&elsewhere));
    (elsewhere, watch)
}

async fn unheard(compare: Duration) -> (World, impl Fn(), TempDir) {
    let (elsewhere, watch) = deaf();
    let signal = watch.signal();
    let home = home(&[("policies/observer.wasm", "good: old")]);
    let directories = directories(&home);
    let configuration = Configuration::default();
    let world = World::watching(
        watch,
        home,
        directories,
        Text::open(),
        configuration,
        compare,
    )
    .await;
    (world, move || signal.overflow(), elsewhere)
}

#[tokio::test]
async fn after_an_overflow_everything_is_compared() {
    let (mut world, overflow, _elsewhere) = unheard(NEVER).await;
    world.write("policies/observer.wasm", "good: new");
    world.write("policies/telescope.wasm", "good: another");
    overflow();
    world.serves(policy("observer"), Some("good: new")).await;
    world.reload.compare().await;
    let names: BTreeSet<_> = world
        .reload
        .reports()
        .borrow()
        .iter()
        .map(|plugin| plugin.name.clone())
        .collect();
    assert_eq!(
        names,
        BTreeSet::from(["observer".to_owned(), "telescope".to_owned()])
    );
}

#[tokio::test]
async fn what_was_never_heard_is_found_now_and_then() {
    let (mut world, _, _elsewhere) = unheard(Duration::from_millis(100)).await;
    world.write("policies/observer.wasm", "good: new");
    world.serves(policy("observer"), Some("good: new")).await;
    fs::remove_file(world.path("policies/observer.wasm")).unwrap();
    world.serves(policy("observer"), None).await;
}

#[tokio::test]
async fn directories_that_are_not_there_yet_are_found_when_they_come() {
    let empty = tempfile::tempdir().unwrap();
    let mut world = World::start(empty, Text::open(), Configuration::default(), NEVER).await;
    assert!(world.next().await.plugins.is_empty());
    fs::create_dir(world.path("policies")).unwrap();
    world.write("policies/observer.wasm", "good: at last");
    world
        .serves(policy("observer"), Some("good: at last"))
        .await;
}

#[tokio::test]
async fn where_nothing_can_be_watched_contents_are_compared_all_the_same() {
    let home = tempfile::tempdir().unwrap();
    let deep = home.path().join("not/there");
    let directories = Directories {
        handlers: deep.join("handlers"),
        policies: deep.join("policies"),
    };
    let watch = Watch::new(directories.clone());
    let compare = Duration::from_millis(100);
    let configuration = Configuration::default();
    let mut world = World::watching(
        watch,
        home,
        directories,
        Text::open(),
        configuration,
        compare,
    )
    .await;
    fs::create_dir_all(deep.join("policies")).unwrap();
    fs::write(deep.join("policies/observer.wasm"), "good: found").unwrap();
    world.serves(policy("observer"), Some("good: found")).await;
}

#[tokio::test]
async fn the_same_contents_written_again_are_not_loaded_again() {
    let world = World::with(&[("policies/observer.wasm", "good: same")]).await;
    world.write("policies/observer.wasm", "good: same");
    world.reload.compare().await;
    assert_eq!(world.loader.seen(), ["good: same"]);
}

#[tokio::test]
async fn what_failed_is_tried_again_only_when_it_may_have_changed() {
    let home = home(&[("policies/observer.wasm", "broken")]);
    let loader = Text::open();
    let (steps, _) = mpsc::unbounded_channel();
    let workshop = Arc::new(Workshop::new(loader.clone(), None, None, steps));
    let job = |failed: Option<Identity>| Job {
        slot: policy("observer"),
        source: Source::File {
            path: home.path().join("policies/observer.wasm"),
            settings: "{}".to_owned(),
        },
        waiting: None,
        refused: Vec::new(),
        remembered: None,
        serving: None,
        failed,
    };
    let Outcome::Failed { identity, .. } = Arc::clone(&workshop).attempt(job(None)).await else {
        panic!("it served");
    };
    assert!(matches!(
        Arc::clone(&workshop).attempt(job(identity)).await,
        Outcome::StillFailed
    ));
    assert_eq!(loader.seen().len(), 1);
    assert!(matches!(
        workshop.attempt(job(None)).await,
        Outcome::Failed { .. }
    ));
    assert_eq!(loader.seen().len(), 2);
}

#[tokio::test]
async fn what_failed_for_a_passing_reason_is_tried_again_though_nothing_changed() {
    let home = home(&[("policies/observer.wasm", "good: observer")]);
    let loader = Text::open();
    loader.interrupted.store(3, Ordering::Relaxed);
    let compare = Duration::from_millis(100);
    let mut world = World::start(home, loader, Configuration::default(), compare).await;
    let report = world
        .reported("observer", |plugin| plugin.candidate.is_some())
        .await;
    let candidate = report.candidate.unwrap();
    assert_eq!(candidate.stage, Stage::Compile);
    let why =
        "it could not be tried, and is again after half a minute, then ever less often: killed";
    assert_eq!(candidate.cause, why);
    world
        .serves(policy("observer"), Some("good: observer"))
        .await;
    assert_eq!(world.loader.seen().len(), 4);
}
