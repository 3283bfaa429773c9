//! Calls of what another version took the place of.

use super::*;

const OBSERVER: &str = "policies/observer.wasm";

/// A version with so many calls under way, replaced by another.
async fn replaced(
    calls: usize,
    drain: Duration,
) -> (World, Arc<Loaded>, broadcast::Receiver<PluginEvent>) {
    let loader = Text {
        drain,
        ..Text::open()
    };
    let home = home(&[(OBSERVER, "good: old")]);
    let mut world = World::start(home, loader, Configuration::default(), NEVER).await;
    let first = world.next().await;
    let old = Arc::clone(&first.plugins[&policy("observer")]);
    old.calls.store(calls, Ordering::Relaxed);
    let mut events = world.reload.events();
    world.write(OBSERVER, "good: new");
    assert_eq!(World::became(&mut events).await.what, What::Published);
    (world, old, events)
}

#[tokio::test]
async fn calls_of_what_was_replaced_go_on_and_their_end_is_told() {
    let (world, old, mut events) = replaced(2, NEVER).await;
    let draining = World::became(&mut events).await;
    assert_eq!(draining.what, What::Draining);
    let drain = draining.plugin.draining.unwrap();
    assert_eq!((drain.generation, drain.calls), (old.generation, 2));
    let drains = |plugin: &PluginReport| plugin.draining.is_some();
    world.reported("observer", drains).await;
    old.calls.store(0, Ordering::Relaxed);
    let drained = World::became(&mut events).await;
    assert_eq!(drained.what, What::Drained);
    assert_eq!(drained.plugin.draining.unwrap().calls, 0);
    world.reported("observer", |plugin| !drains(plugin)).await;
    assert!(!old.ended.load(Ordering::Relaxed));
}

#[tokio::test]
async fn calls_that_go_on_for_longer_than_they_may_are_ended() {
    let (_world, old, mut events) = replaced(1, Duration::ZERO).await;
    let drained = World::became(&mut events).await;
    assert_eq!(drained.what, What::Drained);
    assert_eq!(drained.plugin.draining.unwrap().calls, 1, "it was ended");
    assert!(old.ended.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_version_without_calls_is_drained_without_a_word() {
    let (world, _, mut events) = replaced(0, NEVER).await;
    world.write(OBSERVER, "good: newest");
    assert_eq!(World::became(&mut events).await.what, What::Published);
}

#[tokio::test]
async fn calls_of_what_comes_back_are_not_ended() {
    let (world, old, mut events) = replaced(1, NEVER).await;
    assert_eq!(World::became(&mut events).await.what, What::Draining);
    world.reload.roll_back(policy("observer")).await.unwrap();
    assert_eq!(World::became(&mut events).await.what, What::RolledBack);
    let serves = |plugin: &PluginReport| plugin.draining.is_none();
    world.reported("observer", serves).await;
    assert!(!old.ended.load(Ordering::Relaxed));
}
