//! Components that cannot serve, through the whole of loading: which stage they reach, and what is said of them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use slewgate_engine::{
    CandidateReport, Engine, EngineSettings, PluginSettings, PluginState, Plugins, PolicyLimits,
    Stage, Surroundings,
};
use slewgate_sky::{Sky, SystemClock};

/// Files a policy, and says what became of it.
async fn load(text: &str) -> CandidateReport {
    let data = tempfile::tempdir().unwrap();
    let (handlers, policies) = (data.path().join("handlers"), data.path().join("policies"));
    fs::create_dir(&handlers).unwrap();
    fs::create_dir(&policies).unwrap();
    fs::write(
        policies.join("observer.wasm"),
        wat::parse_str(text).unwrap(),
    )
    .unwrap();
    let surroundings = Surroundings {
        clock: Arc::new(SystemClock),
        sky: Arc::new(Sky::new(0.0)),
        site: None,
        solar_filter: false,
    };
    let settings = PluginSettings {
        handlers,
        policies,
        remembered: None,
        host_methods: vec![],
        state: None,
        trust: None,
        tables: Vec::new(),
        policy_settings: BTreeMap::new(),
        policy_limits: PolicyLimits::default(),
    };
    let engine = Engine::new(&EngineSettings::default()).unwrap();
    let plugins = Plugins::start(engine, surroundings, settings)
        .await
        .unwrap();
    let report = plugins.reports()[0].clone();
    assert_eq!(report.name, "observer");
    assert_eq!(report.state, PluginState::Failed);
    report.candidate.unwrap()
}

/// A component around a core module of this content.
fn module(content: &str) -> String {
    format!("(component (core module {content}))")
}

#[tokio::test]
async fn proposals_that_no_plugin_needs_are_off() {
    let off = [
        ("memory64", "(memory i64 1)"),
        ("threads", "(memory 1 1 shared)"),
        ("garbage collection", "(type (struct))"),
        ("exceptions", "(tag)"),
        (
            "relaxed SIMD",
            "(func (param v128 v128) (result v128) local.get 0 local.get 1 i8x16.relaxed_swizzle)",
        ),
    ];
    for (proposal, content) in off {
        let failed = load(&module(content)).await;
        assert_eq!(failed.stage, Stage::Compile, "{proposal}: {}", failed.cause);
    }
}

#[tokio::test]
async fn what_plugins_are_built_with_is_on() {
    let on = [
        ("an ordinary module", "(memory 1)"),
        (
            "SIMD",
            "(func (param v128) (result v128) local.get 0 i8x16.abs)",
        ),
        (
            "bulk memory",
            "(memory 1) (func i32.const 0 i32.const 0 i32.const 0 memory.fill)",
        ),
        (
            "several values",
            "(func (result i32 i32) i32.const 0 i32.const 0)",
        ),
    ];
    for (proposal, content) in on {
        let failed = load(&module(content)).await;
        assert_eq!(failed.stage, Stage::Link, "{proposal}: {}", failed.cause);
    }
}

#[tokio::test]
async fn a_component_of_another_world_is_told_which_function_is_missing_and_which_differs() {
    let failed = load(
        r#"(component
            (core module $m (func (export "configure") (param i32)))
            (core instance $i (instantiate $m))
            (func $configure (param "settings" u32) (canon lift (core func $i "configure")))
            (instance $policy (export "configure" (func $configure)))
            (export "slewgate:plugin/policy@0.1.0" (instance $policy)))"#,
    )
    .await;
    assert_eq!(failed.stage, Stage::Link);
    for said in [
        "it does not fit the world `permission-policy`",
        "export slewgate:plugin/policy@0.1.0: the function `authorize` is missing",
        "of the function `configure` is u32, wanted string",
    ] {
        assert!(failed.cause.contains(said), "{}", failed.cause);
    }
}

#[tokio::test]
async fn a_component_without_the_interface_is_told_each_function_that_it_lacks() {
    let failed = load("(component)").await;
    assert_eq!(failed.stage, Stage::Link);
    for function in ["authorize", "configure"] {
        let said = format!("the function `{function}` is missing");
        assert!(failed.cause.contains(&said), "{}", failed.cause);
    }
}

#[tokio::test]
async fn a_component_that_wants_what_no_world_has_is_refused() {
    let failed = load(r#"(component (import "elsewhere:files/read@1.0.0" (instance)))"#).await;
    assert_eq!(failed.stage, Stage::Link);
    let said = "it imports elsewhere:files/read@1.0.0, which the host does not offer";
    assert!(failed.cause.contains(said), "{}", failed.cause);
}
