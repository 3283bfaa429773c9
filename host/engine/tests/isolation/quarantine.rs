//! A plugin that keeps failing is not called for a while: its callers are told, its hardware stands, and nobody else notices.

use std::time::Duration;

use slewgate_engine::{NotReleased, PluginKind, PluginState, What};
use slewgate_rpc::Code;

use crate::house::{House, NAME, Plan, quarantined_after};

async fn house(failures: u32) -> House {
    let limits = quarantined_after(failures);
    let policy_limits = slewgate_engine::Limits {
        quarantine: limits.quarantine.clone(),
        ..slewgate_engine::Limits::policy()
    };
    let plan = Plan {
        limits,
        policy_limits,
        ..Plan::default()
    };
    House::build(plan).await.attached().await
}

/// Until it is called no more: samples, which go well, make up for some.
async fn keeps_failing(house: &House) {
    for _ in 0..1_000 {
        if house.acts("traps").await.unwrap_err().code != Code::Internal {
            return;
        }
    }
    panic!("it is called again and again");
}

#[tokio::test]
async fn a_handler_that_keeps_failing_is_refused_at_once_and_comes_back_by_itself() {
    let mut house = house(2).await;
    keeps_failing(&house).await;
    let told = house.next(What::Quarantined).await;
    assert_eq!((told.name.as_str(), told.kind), (NAME, PluginKind::Handler));
    assert_eq!(told.state, PluginState::Quarantined);
    let refusal = house.acts("nothing").await.unwrap_err();
    assert_eq!(refusal.code, Code::Exhausted, "{refusal:?}");
    let data = refusal.data.unwrap();
    let quarantine = told.quarantine.unwrap();
    assert_eq!(data["incident"], quarantine.incident);
    assert!(data["retry_after_ms"].as_u64().unwrap() <= 1_000, "{data}");
    assert!(quarantine.cause.contains("unreachable"), "{quarantine:?}");
    let released = house.next(What::Released).await;
    assert_eq!(released.state, PluginState::Serving);
    house.acts("nothing").await.unwrap();
}

#[tokio::test]
async fn a_policy_that_keeps_failing_denies_and_the_others_do_not_notice() {
    let mut house = house(2).await;
    for _ in 0..2 {
        house.asks("traps").await.unwrap_err();
    }
    let told = house.next(What::Quarantined).await;
    assert_eq!(told.kind, PluginKind::Policy);
    let denied = house.asks("quiet").await.unwrap_err();
    assert_eq!(denied.code, Code::Denied, "{denied:?}");
    assert_eq!(denied.data.unwrap()["reason"], "the policy failed");
    let [handler, policy] = house.reports();
    assert_eq!(handler.state, PluginState::Serving);
    assert_eq!(policy.state, PluginState::Quarantined);
    house.next(What::Released).await;
    house.asks("quiet").await.unwrap();
}

#[tokio::test]
async fn a_plugin_is_released_by_hand_once_and_by_its_name() {
    let mut house = house(1).await;
    let free = house.plugins.release(NAME).unwrap_err();
    assert!(matches!(free, NotReleased::Free(_)), "{free}");
    house.acts("traps").await.unwrap_err();
    house.next(What::Quarantined).await;
    assert_eq!(house.plugins.release(NAME).unwrap(), [PluginKind::Handler]);
    house.next(What::Released).await;
    house.acts("nothing").await.unwrap();
    let unknown = house.plugins.release("nobody").unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "no plugin is called nobody; `slewgate plugin list` has their names"
    );
}

#[tokio::test]
async fn while_a_handler_is_quarantined_nothing_moves_and_it_is_not_sampled() {
    let mut house = house(2).await;
    house.moves("nothing").await.unwrap();
    assert_eq!(house.table().motions().len(), 1);
    keeps_failing(&house).await;
    house.next(What::Quarantined).await;
    assert!(house.table().motions().is_empty());
    let calls = |house: &House| house.reports()[0].usage.as_ref().unwrap().calls;
    let before = calls(&house);
    let snapshot = house.plugins.current();
    let unseen = snapshot.observe(NAME, Duration::ZERO).await.unwrap_err();
    assert_eq!(unseen.code, Code::Exhausted, "{unseen:?}");
    assert_eq!(calls(&house), before);
}

#[tokio::test]
async fn the_figures_of_a_plugin_tell_its_calls_and_failures() {
    let house = house(100).await;
    for _ in 0..3 {
        house.acts("nothing").await.unwrap();
        house.acts("traps").await.unwrap_err();
    }
    let [handler, _] = house.reports();
    let usage = handler.usage.unwrap();
    assert_eq!(usage.failures, 3);
    assert!(usage.calls >= 6, "samples are calls as well: {usage:?}");
    assert!(usage.p99 >= usage.p50 && usage.p50.is_some(), "{usage:?}");
    house.acts("nothing").await.unwrap();
    let [handler, _] = house.reports();
    let memory = handler.usage.unwrap().memory;
    assert!(memory > 1 << 20, "{memory} bytes");
}
