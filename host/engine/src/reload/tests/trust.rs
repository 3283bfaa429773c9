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
