//! Plugins of an older contract, 0.0.9, served beside those of ours: the components are made from `wit/` with some changes taken
//! back (`tests/older/`), and compiled by the program's own process for that, as a host has them compiled.

mod house;

use std::sync::Arc;

use serde_json::json;
use slewgate_engine::{Effect, Parts, PluginKind, PluginState, Stage, What};

use house::{House, LEVEL, Plan, adapter, adapters, component};

#[tokio::test]
async fn plugins_of_two_contracts_serve_beside_each_other() {
    let house = House::build(Plan::default()).await;
    let contracts = house.plugins.contracts();
    let contracts: Vec<_> = contracts.iter().map(ToString::to_string).collect();
    assert_eq!(contracts, ["0.0.9", "0.1.0"]);
    for client in ["old", "new"] {
        let asks = house.call(client, "old.asks", json!({})).await.unwrap();
        assert_eq!(asks, json!({"answer": LEVEL}));
        let warmth = house.call(client, "new.warmth", json!({})).await.unwrap();
        assert_eq!(warmth, json!({"degrees": 12.5}));
    }
    let hello = house.call("new", "old.greets", json!({})).await.unwrap();
    assert_eq!(hello, json!({"hello": "new somebody"}));
}

#[tokio::test]
async fn what_another_contract_has_otherwise_comes_as_it_has_it() {
    let house = House::build(Plan::default()).await;
    let reads = || house.call("new", "old.reads", json!({}));
    assert_eq!(reads().await.unwrap(), json!({"note": []}));
    let written = house.call("new", "old.writes", json!({"round": 258})).await;
    assert_eq!(written.unwrap(), json!({}));
    assert_eq!(reads().await.unwrap(), json!({"note": [2, 1, 0, 0]}));
    let refused = house.call("new", "old.writes", json!({})).await;
    assert_eq!(refused.unwrap_err().data.unwrap()["field"], "round");
}

#[tokio::test]
async fn a_policy_of_another_contract_decides_and_looks_at_the_situation() {
    let house = House::build(Plan::default()).await;
    let asked = house.decide("old", "new.set", Effect::Configure).await;
    let why = "new.set is not for somebody, while nobody is in control";
    assert_eq!(asked.unwrap_err().data.unwrap()["reason"], why);
    let asked = house.decide("new", "new.set", Effect::Configure).await;
    asked.unwrap();
}

#[tokio::test]
async fn a_handler_is_replaced_by_one_of_another_contract_and_back_and_its_notes_stay() {
    let mut house = House::build(Plan::default()).await;
    house
        .call("new", "old.writes", json!({"round": 7}))
        .await
        .unwrap();
    let first = house.generation("old");
    house.put("old", "scribe");
    let second = house.next(What::Published).await.generation.unwrap();
    let read = house.call("new", "old.read", json!({})).await.unwrap();
    assert_eq!(read["rounds"][0], 7, "{read}");
    house.put("old", "older");
    let third = house.next(What::Published).await.generation.unwrap();
    let read = house.call("new", "old.reads", json!({})).await.unwrap();
    assert_eq!(read, json!({"note": [7, 0, 0, 0]}));
    assert!(first < second && second < third, "{first} {second} {third}");
}

#[tokio::test]
async fn what_a_plugin_of_another_contract_takes_too_much_of_ends_it() {
    let house = House::build(Plan::default()).await;
    let ended = house.call("new", "old.loops", json!({})).await.unwrap_err();
    let cause = "computed for more than 50 ms";
    assert!(ended.cause.contains(cause), "{ended:?}");
    house.call("new", "old.greets", json!({})).await.unwrap();
    house.call("new", "new.warmth", json!({})).await.unwrap();
}

#[tokio::test]
async fn without_an_adapter_a_plugin_is_told_its_version_and_those_that_are_served() {
    let said = |served: &str| {
        format!(
            "it was built for version 0.0.9 of the contract, and this host serves {served}: build it with the wit/ of this host, or run a host that serves 0.0.9"
        )
    };
    let house = House::build(Plan { adapters: vec![] }).await;
    for kind in [PluginKind::Handler, PluginKind::Policy] {
        assert_eq!(house.failed(kind, "old"), (Stage::Link, said("0.1.0")));
    }
    // Its own kind has none, and so no host would serve it that serves the other.
    let adapters = adapters().into_iter();
    let handlers = adapters.filter(|adapter| adapter.kind == PluginKind::Handler);
    let house = House::build(Plan {
        adapters: handlers.collect(),
    });
    let house = house.await;
    assert_eq!(
        house.failed(PluginKind::Policy, "old"),
        (Stage::Link, said("0.1.0"))
    );
    house.call("new", "old.greets", json!({})).await.unwrap();
}

#[tokio::test]
async fn a_plugin_of_another_contract_in_the_place_of_another_kind_is_told_its_own() {
    let mut house = House::build(Plan::default()).await;
    house.put("old", "older-policy");
    house.next(What::Failed).await;
    let (stage, cause) = house.failed(PluginKind::Handler, "old");
    assert_eq!(stage, Stage::Link);
    let said = "it is a policy, and this is the place of a handler: put it into policies/";
    assert_eq!(cause, said);
    house.call("new", "old.greets", json!({})).await.unwrap();
}

#[tokio::test]
async fn an_adapter_that_does_not_fit_is_told_and_the_rest_serves() {
    let does_not = |cause: &str| {
        format!(
            "it was built for version 0.0.9 of the contract, and what adapts such plugins to version 0.1.0 does not fit it: {cause}"
        )
    };
    for (exports, stage, said) in [
        // Nobody has what its plugins keep as they know it.
        (
            component("older-handlers"),
            Stage::Link,
            "import slewgate:plugin/state@0.1.0: the result of the function `get` is list<u8>, wanted option<list<u8>>".to_owned(),
        ),
        (
            component("older-policies"),
            Stage::Compile,
            does_not("it takes nothing that the plugin exports; build it with"),
        ),
        (Arc::from(*b"\0asm"), Stage::Compile, does_not("")),
    ] {
        let imports = None;
        let parts = Parts { exports, imports };
        let adapters = vec![adapter(PluginKind::Handler, parts)];
        let house = House::build(Plan { adapters }).await;
        let (failed, cause) = house.failed(PluginKind::Handler, "old");
        assert!(cause.contains(&said), "{cause}");
        assert!(!cause.contains('\n'), "{cause}");
        assert_eq!(failed, stage, "{cause}");
        house.call("new", "new.warmth", json!({})).await.unwrap();
    }
}

#[tokio::test]
async fn a_plugin_of_another_contract_is_reported_as_its_file_is() {
    use sha2::{Digest, Sha256};

    let house = House::build(Plan::default()).await;
    let digest: String = Sha256::digest(component("older"))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let report = house.report(PluginKind::Handler, "old");
    assert_eq!(report.state, PluginState::Serving);
    assert_eq!(report.digest.unwrap(), digest);
}
