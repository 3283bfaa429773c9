//! What may not run is not parsed, and may run as soon as who decides it says so.

use std::error::Error;
use std::path::Path;

use tokio::sync::watch;

use super::super::candidate::Digest;
use super::*;

/// Trusts the components whose digests are in a file, and says which files it was asked about.
#[derive(Debug)]
struct Listed {
    list: PathBuf,
    asked: watch::Sender<Vec<(PathBuf, u64)>>,
}

impl Trust for Listed {
    fn judge(&self, component: &ReadComponent<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        let (path, length) = (component.path.to_owned(), component.file.len());
        self.asked.send_modify(|asked| asked.push((path, length)));
        let list = fs::read_to_string(&self.list)?;
        let is_listed = list.lines().any(|digest| {
            let known: String = component
                .digest
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            digest == known
        });
        is_listed
            .then_some(())
            .ok_or_else(|| "it is not listed".into())
    }

    fn list(&self) -> Option<&Path> {
        Some(&self.list)
    }
}

fn listing(texts: &[&str]) -> String {
    let digests = texts
        .iter()
        .map(|text| Digest::of(text.as_bytes()).to_string());
    digests.collect::<Vec<_>>().join("\n")
}

/// A world with an old policy that may run, and who decides that.
async fn world(list: &[&str]) -> (World, Arc<Listed>) {
    let home = home(&[
        ("policies/observer.wasm", "good: old"),
        ("trusted.txt", &listing(list)),
    ]);
    let trust = Arc::new(Listed {
        list: home.path().join("trusted.txt"),
        asked: watch::Sender::default(),
    });
    let settings = ReloadSettings {
        trust: Some(Arc::clone(&trust) as _),
        ..settings(directories(&home), Configuration::default(), NEVER)
    };
    let watch = Watch::new(directories(&home)).hearing_of(trust.list());
    let world = World::set(watch, home, Text::open(), settings).await;
    (world, trust)
}

#[tokio::test]
async fn what_is_not_trusted_is_not_parsed_and_what_served_goes_on() {
    let (mut world, trust) = world(&["good: old"]).await;
    world.next().await;
    world.write("policies/observer.wasm", "good: new");
    let report = world
        .reported("observer", |plugin| plugin.candidate.is_some())
        .await;
    assert_eq!(report.state, PluginState::Serving);
    let candidate = report.candidate.unwrap();
    assert_eq!(candidate.stage, Stage::Trust);
    assert_eq!(candidate.cause, "it is not listed");
    assert_eq!(candidate.digest, Some(Digest::of(b"good: new").to_string()));
    assert_eq!(world.loader.seen(), ["good: old"]);
    assert!(world.published.try_recv().is_err());
    let file = world.path("policies/observer.wasm");
    assert!(trust.asked.borrow().contains(&(file, 9)));
}

#[tokio::test]
async fn what_is_not_trusted_at_the_start_serves_not() {
    let (mut world, _) = world(&[]).await;
    assert!(world.next().await.plugins.is_empty());
    let report = world
        .reported("observer", |plugin| plugin.candidate.is_some())
        .await;
    assert_eq!(report.state, PluginState::Failed);
    assert!(world.loader.seen().is_empty());
}

#[tokio::test]
async fn what_was_refused_is_loaded_once_the_list_says_that_it_may() {
    let (mut world, _) = world(&[]).await;
    world.next().await;
    world.write("trusted.txt", &listing(&["good: old"]));
    world.serves(policy("observer"), Some("good: old")).await;
    assert_eq!(world.loader.seen(), ["good: old"]);
}

#[tokio::test]
async fn a_signature_that_comes_after_its_component_has_it_judged_again() {
    let (mut world, trust) = world(&[]).await;
    world.next().await;
    let mut asked = trust.asked.subscribe();
    let before = asked.borrow_and_update().len();
    world.write("policies/observer.wasm.sig", "of nobody");
    let again = asked.wait_for(|asked| asked.len() > before);
    timeout(DEADLINE, again).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_was_refused_is_judged_again_now_and_then_though_nothing_was_heard() {
    let (mut world, trust) = {
        let home = home(&[("policies/observer.wasm", "good: old")]);
        let trust = Arc::new(Listed {
            list: home.path().join("elsewhere/trusted.txt"),
            asked: watch::Sender::default(),
        });
        let settings = ReloadSettings {
            trust: Some(Arc::clone(&trust) as _),
            ..settings(
                directories(&home),
                Configuration::default(),
                Duration::from_millis(100),
            )
        };
        let watch = Watch::new(directories(&home));
        (World::set(watch, home, Text::open(), settings).await, trust)
    };
    assert!(world.next().await.plugins.is_empty());
    fs::create_dir(world.path("elsewhere")).unwrap();
    fs::write(&trust.list, listing(&["good: old"])).unwrap();
    world.serves(policy("observer"), Some("good: old")).await;
}

#[tokio::test]
async fn a_version_that_may_not_run_any_more_does_not_come_back() {
    let (mut world, _) = world(&["good: old", "good: new"]).await;
    world.next().await;
    world.write("policies/observer.wasm", "good: new");
    let new = world.next().await;
    let new = &new.plugins[&policy("observer")];
    world.write("trusted.txt", &listing(&["good: new"]));
    let back = world.reload.roll_back(policy("observer")).await;
    assert_eq!(back, Err(NoRollback::Untrusted));
    *new.tally.lock().unwrap() = Tally {
        calls: 2,
        failures: 2,
    };
    world.write("policies/telescope.wasm", "good: new");
    let serving = world.next().await;
    assert_eq!(serving.plugins[&policy("observer")].text, "good: new");
    assert_eq!(serving.plugins[&policy("telescope")].text, "good: new");
}

#[tokio::test]
async fn a_version_that_may_not_run_any_more_when_it_has_waited_does_not_serve() {
    let home = home(&[
        ("handlers/lx200.wasm", "good: old"),
        ("trusted.txt", &listing(&["good: old", "good: new"])),
    ]);
    let trust = Arc::new(Listed {
        list: home.path().join("trusted.txt"),
        asked: watch::Sender::default(),
    });
    let mut configuration = tables(&[("mount", "lx200.wasm", "{}")]);
    if let Some(table) = configuration.tables.get_mut("mount") {
        table.when_idle = true;
    }
    let settings = ReloadSettings {
        trust: Some(trust),
        ..settings(directories(&home), configuration, NEVER)
    };
    let watch = Watch::new(directories(&home));
    let mut world = World::set(watch, home, Text::open(), settings).await;
    world.next().await;
    world.loader.moves.store(true, Ordering::Relaxed);
    world.write("handlers/lx200.wasm", "good: new");
    let at = |stage: Stage| {
        move |report: &PluginReport| {
            let candidate = report.candidate.as_ref();
            candidate.is_some_and(|candidate| candidate.stage == stage)
        }
    };
    world.reported("mount", at(Stage::Waiting)).await;
    world.write("trusted.txt", &listing(&["good: old"]));
    world.loader.moves.store(false, Ordering::Relaxed);
    let report = world.reported("mount", at(Stage::Trust)).await;
    assert_eq!(report.state, PluginState::Serving);
    assert!(world.published.try_recv().is_err(), "the old one serves on");
}

/// Trusts what lies in a directory.
#[derive(Debug)]
struct Below(PathBuf);

impl Trust for Below {
    fn judge(&self, component: &ReadComponent<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        let trusted = component.path.starts_with(&self.0);
        trusted
            .then_some(())
            .ok_or_else(|| "others write there".into())
    }

    fn list(&self) -> Option<&Path> {
        None
    }
}

/// A host that remembers, on these directories.
async fn remembering(home: TempDir, remembered: &TempDir, trusted: &Path) -> World {
    let settings = ReloadSettings {
        remembered: Some(Remembered::open(remembered.path().to_owned()).unwrap()),
        trust: Some(Arc::new(Below(trusted.to_owned()))),
        ..settings(directories(&home), Configuration::default(), NEVER)
    };
    let watch = Watch::new(directories(&home));
    World::set(watch, home, Text::open(), settings).await
}

#[tokio::test]
async fn what_may_not_run_where_it_lies_serves_from_where_it_was_kept() {
    let remembered = tempfile::tempdir().unwrap();
    let home = home(&[("policies/observer.wasm", "good: old")]);
    let everywhere = Path::new("/");
    let mut world = remembering(home, &remembered, everywhere).await;
    world.next().await;
    let World { home, reload, .. } = world;
    drop(reload);
    let mut world = remembering(home, &remembered, remembered.path()).await;
    let serving = world.next().await;
    assert_eq!(serving.plugins[&policy("observer")].text, "good: old");
    let report = world.reported("observer", |report| report.candidate.is_some());
    let report = report.await;
    assert!(!report.earlier, "it is the same");
    assert_eq!(report.candidate.unwrap().stage, Stage::Trust);
}

#[tokio::test]
async fn a_signature_that_is_renewed_beside_what_serves_is_kept_too() {
    let remembered = tempfile::tempdir().unwrap();
    let home = home(&[
        ("policies/observer.wasm", "good: old"),
        ("policies/observer.wasm.sig", "by one"),
    ]);
    let mut world = remembering(home, &remembered, Path::new("/")).await;
    world.next().await;
    let kept = remembered.path().join("components");
    let kept = kept.join(Digest::of(b"good: old").to_string());
    let signature = || fs::read_to_string(kept.join("observer.wasm.sig")).unwrap();
    assert_eq!(signature(), "by one");
    world.write("policies/observer.wasm.sig", "by another");
    world.reload.compare().await;
    assert_eq!(signature(), "by another");
}
