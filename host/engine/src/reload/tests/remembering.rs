//! What served well is known at the next start.

use super::super::candidate::Digest;
use super::*;

const OBSERVER: &str = "policies/observer.wasm";

/// What a data directory is before and after a host.
struct Host {
    world: World,
    remembered: TempDir,
}

impl Host {
    async fn first(text: &str) -> Host {
        let remembered = tempfile::tempdir().unwrap();
        let home = home(&[(OBSERVER, text)]);
        Host::start(home, remembered).await
    }

    async fn start(home: TempDir, remembered: TempDir) -> Host {
        let kept = Remembered::open(remembered.path().to_owned()).unwrap();
        let world = World::paced(home, Configuration::default(), pace(NEVER), Some(kept)).await;
        Host { world, remembered }
    }

    /// Another host on the same directories, after this was done to them.
    async fn after(self, change: impl FnOnce(&World)) -> Host {
        change(&self.world);
        let World { home, reload, .. } = self.world;
        drop(reload);
        Host::start(home, self.remembered).await
    }

    async fn serves(&mut self) -> Option<String> {
        let serving = self.world.next().await;
        let observer = serving.plugins.get(&policy("observer"));
        observer.map(|loaded| loaded.text.clone())
    }

    async fn report(&self) -> PluginReport {
        self.world.reported("observer", |_| true).await
    }
}

#[tokio::test]
async fn a_broken_file_at_the_start_is_told_and_what_served_before_serves() {
    let mut first = Host::first("good: old").await;
    first.serves().await.unwrap();
    let mut second = first.after(|world| world.write(OBSERVER, "go")).await;
    assert_eq!(second.serves().await.as_deref(), Some("good: old"));
    let report = second.report().await;
    assert_eq!(report.state, PluginState::Serving);
    assert!(report.earlier);
    assert_eq!(report.candidate.unwrap().stage, Stage::Parse);
    second.world.write(OBSERVER, "good: mended");
    assert_eq!(second.serves().await.as_deref(), Some("good: mended"));
    assert!(!second.report().await.earlier);
}

#[tokio::test]
async fn what_served_before_is_known_also_where_the_file_is_written_anew_while_it_is_first_loaded()
{
    let mut first = Host::first("good: old").await;
    first.serves().await.unwrap();
    first.world.write(OBSERVER, "good: slow");
    let World { home, reload, .. } = first.world;
    drop(reload);
    let directories = directories(&home);
    let settings = ReloadSettings {
        pace: Pace {
            start: Duration::from_millis(20),
            ..pace(NEVER)
        },
        remembered: Some(Remembered::open(first.remembered.path().to_owned()).unwrap()),
        ..settings(directories.clone(), Configuration::default(), NEVER)
    };
    let watch = Watch::new(directories);
    let world = World::set(watch, home, Text::gated(0), settings).await;
    let remembered = first.remembered;
    let mut second = Host { world, remembered };
    second.world.loader.begins("good: slow").await;
    second.world.write(OBSERVER, "broken");
    second.world.loader.begins("broken").await;
    second.world.loader.gate.add_permits(2);
    second
        .world
        .serves(policy("observer"), Some("good: old"))
        .await;
    assert!(second.report().await.earlier);
}

#[tokio::test]
async fn what_was_rolled_back_is_not_tried_again_at_the_next_start() {
    let mut first = Host::first("good: old").await;
    first.serves().await.unwrap();
    first.world.write(OBSERVER, "good: traps");
    let traps = first.world.next().await;
    let traps = &traps.plugins[&policy("observer")];
    *traps.tally.lock().unwrap() = Tally {
        calls: 2,
        failures: 2,
    };
    assert_eq!(first.serves().await.as_deref(), Some("good: old"));
    let mut second = first.after(|_| ()).await;
    assert_eq!(second.serves().await.as_deref(), Some("good: old"));
    let candidate = second.report().await.candidate.unwrap();
    assert_eq!(candidate.stage, Stage::Probation);
    assert!(candidate.cause.contains("2 of its first 2 calls failed"));
}

#[tokio::test]
async fn what_changed_while_no_host_ran_has_to_prove_itself_too() {
    let mut first = Host::first("good: old").await;
    first.serves().await.unwrap();
    let mut second = first
        .after(|world| world.write(OBSERVER, "good: new"))
        .await;
    let new = second.world.next().await;
    let new = &new.plugins[&policy("observer")];
    assert_eq!(new.text, "good: new");
    *new.tally.lock().unwrap() = Tally {
        calls: 3,
        failures: 3,
    };
    assert_eq!(second.serves().await.as_deref(), Some("good: old"));
}

#[tokio::test]
async fn what_is_known_to_serve_well_has_nothing_to_prove() {
    let mut first = Host::first("good: old").await;
    first.serves().await.unwrap();
    let second = first.after(|_| ()).await;
    assert_eq!(second.report().await.probation, None);
}

#[tokio::test]
async fn a_file_that_was_deleted_does_not_come_back() {
    let mut first = Host::first("good: old").await;
    first.serves().await.unwrap();
    let deleted = |world: &World| fs::remove_file(world.path(OBSERVER)).unwrap();
    deleted(&first.world);
    assert_eq!(first.serves().await, None);
    let mut second = first.after(|world| world.write(OBSERVER, "go")).await;
    assert_eq!(second.serves().await, None);
    assert_eq!(second.report().await.state, PluginState::Failed);
}

#[tokio::test]
async fn a_damaged_component_is_not_served_whatever_its_page_says() {
    let mut first = Host::first("good: old").await;
    first.serves().await.unwrap();
    let components = first.remembered.path().join("components");
    let kept = fs::read_dir(components).unwrap().next().unwrap().unwrap();
    fs::write(kept.path().join("observer.wasm"), "good: evil").unwrap();
    let mut second = first.after(|world| world.write(OBSERVER, "go")).await;
    assert_eq!(second.serves().await, None);
    assert_eq!(second.report().await.state, PluginState::Failed);
}

#[tokio::test]
async fn the_version_before_a_settled_one_comes_back_by_hand() {
    let remembered = tempfile::tempdir().unwrap();
    let kept = Remembered::open(remembered.path().to_owned()).unwrap();
    let (home, soon) = (home(&[(OBSERVER, "good: old")]), Duration::from_millis(20));
    let mut world = World::paced(home, Configuration::default(), pace(soon), Some(kept)).await;
    for text in ["good: old", "good: new"] {
        world.write(OBSERVER, text);
        world.serves(policy("observer"), Some(text)).await;
        let settled = |report: &PluginReport| report.probation.is_none();
        world.reported("observer", settled).await;
    }
    world.reload.roll_back(policy("observer")).await.unwrap();
    world.serves(policy("observer"), Some("good: old")).await;
    let report = world.reported("observer", |report| report.earlier).await;
    assert_eq!(report.candidate.unwrap().stage, Stage::Rollback);
    let again = world.reload.roll_back(policy("observer")).await;
    assert_eq!(again, Err(NoRollback::Nothing));
}

#[tokio::test]
async fn what_was_taken_back_comes_back_neither_by_itself_nor_at_the_next_start() {
    let mut host = Host::first("good: one").await;
    host.serves().await.unwrap();
    let World { home, reload, .. } = host.world;
    drop(reload);
    let kept = Remembered::open(host.remembered.path().to_owned()).unwrap();
    let soon = pace(Duration::from_millis(20));
    let mut world = World::paced(home, Configuration::default(), soon, Some(kept)).await;
    world.write(OBSERVER, "good: two");
    world.serves(policy("observer"), Some("good: two")).await;
    let settled = |report: &PluginReport| report.probation.is_none();
    world.reported("observer", settled).await;
    let World { home, reload, .. } = world;
    drop(reload);

    let mut host = Host::start(home, host.remembered).await;
    assert_eq!(host.serves().await.as_deref(), Some("good: two"));
    host.world.write(OBSERVER, "good: three");
    assert_eq!(host.serves().await.as_deref(), Some("good: three"));
    for before in ["good: two", "good: one"] {
        let rolled_back = host.world.reload.roll_back(policy("observer")).await;
        rolled_back.unwrap();
        assert_eq!(host.serves().await.as_deref(), Some(before));
    }
    host.world.reload.compare().await;
    assert!(host.world.published.try_recv().is_err(), "it serves on");
    let newest = Digest::of(b"good: three").to_string();
    let candidate = host.report().await.candidate.unwrap();
    assert_eq!(
        (candidate.stage, candidate.digest),
        (Stage::Rollback, Some(newest))
    );
    let mut host = host.after(|_| ()).await;
    assert_eq!(host.serves().await.as_deref(), Some("good: one"));
    host.world.write(OBSERVER, "good: three");
    assert_eq!(
        host.serves().await.as_deref(),
        Some("good: three"),
        "it was written anew"
    );
}

#[tokio::test]
async fn what_is_kept_of_what_serves_is_mended_at_the_next_start() {
    let mut first = Host::first("good: old").await;
    first.serves().await.unwrap();
    let components = first.remembered.path().join("components");
    let kept = fs::read_dir(components).unwrap().next().unwrap().unwrap();
    let kept = kept.path().join("observer.wasm");
    fs::write(&kept, "rubbish").unwrap();
    let mut second = first.after(|_| ()).await;
    second.serves().await.unwrap();
    assert_eq!(fs::read_to_string(kept).unwrap(), "good: old");
}
