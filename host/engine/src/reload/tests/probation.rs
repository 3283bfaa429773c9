//! A new version has to prove itself, and what served before is kept for as long.

use super::*;

const OBSERVER: &str = "policies/observer.wasm";

/// A world in which a new version serves after an old one that had a thousand calls.
async fn swapped(pace: Pace) -> (World, Arc<Loaded>, Arc<Loaded>) {
    let home = home(&[(OBSERVER, "good: old")]);
    let mut world = World::paced(home, Configuration::default(), pace, None).await;
    let old = Arc::clone(&world.next().await.plugins[&policy("observer")]);
    *old.tally.lock().unwrap() = Tally {
        calls: 1000,
        failures: 1,
    };
    world.write(OBSERVER, "good: new");
    let new = Arc::clone(&world.next().await.plugins[&policy("observer")]);
    (world, old, new)
}

fn calls(loaded: &Loaded, calls: u64, failures: u64) {
    *loaded.tally.lock().unwrap() = Tally { calls, failures };
}

#[tokio::test]
async fn a_version_that_fails_more_often_than_the_one_before_is_rolled_back() {
    let (mut world, old, new) = swapped(pace(NEVER)).await;
    let mut events = world.reload.events();
    calls(&new, 10, 2);
    let serving = world.next().await;
    assert!(Arc::ptr_eq(&serving.plugins[&policy("observer")], &old));
    let report = loop {
        let event = World::became(&mut events).await;
        if event.what == What::RolledBack {
            break event.plugin;
        }
        assert_eq!(event.what, What::Published);
    };
    assert_eq!(report.state, PluginState::Serving);
    assert_eq!(report.generation, Some(old.generation));
    assert!(report.earlier);
    let candidate = report.candidate.unwrap();
    assert_eq!(candidate.stage, Stage::Probation);
    assert_eq!(
        candidate.cause,
        "2 of its first 10 calls failed; of its predecessor's 1000 calls 1 did"
    );
    world.reload.compare().await;
    assert!(world.published.try_recv().is_err(), "nothing else serves");
}

#[tokio::test]
async fn what_was_rolled_back_is_tried_again_when_it_is_written_anew() {
    let (mut world, _, new) = swapped(pace(NEVER)).await;
    calls(&new, 2, 2);
    world.next().await;
    world.write(OBSERVER, "good: new");
    let again = world.next().await;
    let again = &again.plugins[&policy("observer")];
    assert_eq!(again.text, "good: new");
    assert!(again.generation > new.generation);
}

#[tokio::test]
async fn a_version_whose_time_is_over_is_settled_and_not_rolled_back_any_more() {
    let (mut world, _, new) = swapped(pace(Duration::from_millis(20))).await;
    world
        .reported("observer", |report| report.probation.is_none())
        .await;
    calls(&new, 10, 10);
    world.write("policies/telescope.wasm", "good: another");
    let serving = world.next().await;
    assert!(Arc::ptr_eq(&serving.plugins[&policy("observer")], &new));
}

#[tokio::test]
async fn a_third_version_goes_back_to_the_one_that_has_proved_itself() {
    let (mut world, old, _) = swapped(pace(NEVER)).await;
    world.write(OBSERVER, "good: third");
    let third = Arc::clone(&world.next().await.plugins[&policy("observer")]);
    calls(&third, 2, 2);
    let serving = world.next().await;
    assert!(Arc::ptr_eq(&serving.plugins[&policy("observer")], &old));
}

#[tokio::test]
async fn the_first_version_is_not_rolled_back_to_nothing() {
    let home = home(&[(OBSERVER, "good: old")]);
    let mut world = World::paced(home, Configuration::default(), pace(NEVER), None).await;
    let first = Arc::clone(&world.next().await.plugins[&policy("observer")]);
    calls(&first, 5, 5);
    world.write("policies/telescope.wasm", "good: another");
    let serving = world.next().await;
    assert!(Arc::ptr_eq(&serving.plugins[&policy("observer")], &first));
}

#[tokio::test]
async fn whoever_asks_has_the_version_before_serve_again() {
    let (mut world, old, _) = swapped(pace(NEVER)).await;
    world.reload.roll_back(policy("observer")).await.unwrap();
    let serving = world.next().await;
    assert!(Arc::ptr_eq(&serving.plugins[&policy("observer")], &old));
    let report = world.reported("observer", |report| report.earlier).await;
    assert_eq!(report.candidate.unwrap().stage, Stage::Rollback);
    let again = world.reload.roll_back(policy("observer")).await;
    assert_eq!(again, Err(NoRollback::Nothing));
    let unknown = world.reload.roll_back(policy("nobody")).await;
    assert_eq!(unknown, Err(NoRollback::Unknown));
}

#[tokio::test]
async fn a_version_that_is_to_wait_serves_once_the_hardware_stands_still() {
    let mut configuration = tables(&[("mount", "lx200.wasm", "{}")]);
    if let Some(table) = configuration.tables.get_mut("mount") {
        table.when_idle = true;
    }
    let home = home(&[("handlers/lx200.wasm", "good: old")]);
    let mut world = World::paced(home, configuration, pace(NEVER), None).await;
    world.next().await;
    world.loader.moves.store(true, Ordering::Relaxed);
    world.write("handlers/lx200.wasm", "good: new");
    let waits = |report: &PluginReport| {
        let candidate = report.candidate.as_ref();
        candidate.is_some_and(|candidate| candidate.stage == Stage::Waiting)
    };
    world.reported("mount", waits).await;
    world.reload.compare().await;
    assert!(world.published.try_recv().is_err(), "the old one serves on");
    assert_eq!(world.loader.seen(), ["good: old", "good: new"]);
    world.loader.moves.store(false, Ordering::Relaxed);
    let serving = world.next().await;
    assert_eq!(serving.plugins[&handler("mount")].text, "good: new");
    let report = world.reported("mount", |report| !waits(report)).await;
    assert_eq!(report.candidate, None);
}

#[tokio::test]
async fn a_version_that_waits_is_given_up_when_its_file_holds_the_old_one_again() {
    let mut configuration = tables(&[("mount", "lx200.wasm", "{}")]);
    if let Some(table) = configuration.tables.get_mut("mount") {
        table.when_idle = true;
    }
    let home = home(&[("handlers/lx200.wasm", "good: old")]);
    let mut world = World::paced(home, configuration, pace(NEVER), None).await;
    world.next().await;
    world.loader.moves.store(true, Ordering::Relaxed);
    world.write("handlers/lx200.wasm", "good: new");
    world
        .reported("mount", |report| report.candidate.is_some())
        .await;
    world.write("handlers/lx200.wasm", "good: old");
    world
        .reported("mount", |report| report.candidate.is_none())
        .await;
    world.loader.moves.store(false, Ordering::Relaxed);
    world.write("policies/observer.wasm", "good: another");
    let serving = world.next().await;
    assert_eq!(serving.plugins[&handler("mount")].text, "good: old");
}

#[tokio::test]
async fn a_file_that_is_removed_and_copied_anew_has_to_prove_itself_beside_what_was_there() {
    let home = home(&[(OBSERVER, "good: old")]);
    let mut world = World::paced(home, Configuration::default(), pace(NEVER), None).await;
    let old = Arc::clone(&world.next().await.plugins[&policy("observer")]);
    fs::remove_file(world.path(OBSERVER)).unwrap();
    world.serves(policy("observer"), None).await;
    world.write(OBSERVER, "good: new");
    let new = Arc::clone(&world.next().await.plugins[&policy("observer")]);
    calls(&new, 2, 2);
    let serving = world.next().await;
    assert!(Arc::ptr_eq(&serving.plugins[&policy("observer")], &old));
}

#[tokio::test]
async fn a_file_that_comes_long_after_the_one_before_was_removed_is_the_first() {
    let home = home(&[(OBSERVER, "good: old")]);
    let soon = pace(Duration::from_millis(20));
    let mut world = World::paced(home, Configuration::default(), soon, None).await;
    world.next().await;
    fs::remove_file(world.path(OBSERVER)).unwrap();
    world.serves(policy("observer"), None).await;
    // It takes longer than the probation until a file that is written is stable.
    world.write(OBSERVER, "good: new");
    world.serves(policy("observer"), Some("good: new")).await;
    let back = world.reload.roll_back(policy("observer")).await;
    assert_eq!(back, Err(NoRollback::Nothing));
}
