//! What a plugin tries while it is loaded: it never serves.

use std::time::Duration;

use slewgate_engine::{Limits, PluginReport, PluginState, Stage};

use crate::house::{House, Plan, at};

/// It does not serve, because of this.
fn failed(report: &PluginReport, cause: &str) {
    assert_eq!(report.state, PluginState::Failed, "{report:?}");
    let candidate = report.candidate.as_ref().unwrap();
    assert_eq!(candidate.stage, Stage::Probe, "{candidate:?}");
    assert!(candidate.cause.contains(cause), "{candidate:?}");
}

async fn handler_that(export: &str, does: &str) -> PluginReport {
    let handler = at(export, does);
    let house = House::build(Plan {
        handler,
        ..Plan::default()
    });
    let [handler, policy] = house.await.reports();
    assert_eq!(
        policy.state,
        PluginState::Serving,
        "the other notices nothing"
    );
    handler
}

async fn policy_that(does: &str, computing: Duration) -> PluginReport {
    let house = House::build(Plan {
        policy: at("configure", does),
        policy_limits: Limits {
            computing,
            ..Limits::policy()
        },
        ..Plan::default()
    });
    let [handler, policy] = house.await.reports();
    assert_eq!(
        handler.state,
        PluginState::Serving,
        "the other notices nothing"
    );
    policy
}

#[tokio::test]
async fn a_handler_that_loops_while_it_is_loaded_never_serves() {
    for export in ["configure", "describe"] {
        let report = handler_that(export, "loops").await;
        failed(&report, "computed for more than 50 ms");
    }
}

#[tokio::test]
async fn a_policy_that_loops_while_it_is_loaded_never_serves() {
    let report = policy_that("loops", Duration::from_millis(10)).await;
    failed(&report, "computed for more than 10 ms");
}

#[tokio::test]
async fn what_takes_too_much_while_it_is_loaded_never_serves() {
    for (does, cause) in [
        ("hoards", "out of memory: more than 67108864 bytes"),
        ("recurses", "wasm trap"),
        ("traps", "unreachable"),
        ("bombs", "resource table"),
        ("fills", "computed for more than"),
        ("copies", "computed for more than"),
    ] {
        failed(&handler_that("configure", does).await, cause);
        let computing = Duration::from_millis(if does == "hoards" { 5_000 } else { 50 });
        failed(&policy_that(does, computing).await, cause);
    }
}

#[tokio::test]
async fn a_policy_that_waits_while_it_is_loaded_never_serves() {
    let report = policy_that("sleeps", Duration::from_millis(10)).await;
    failed(&report, "took longer than 2000 ms");
}
