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

async fn handler_that(export: &str, does: &str, computing: Duration) -> PluginReport {
    let house = House::build(Plan {
        handler: at(export, does),
        limits: Limits {
            computing,
            starting: computing,
            ..Limits::handler()
        },
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
            starting: computing,
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
        let report = handler_that(export, "loops", Duration::from_millis(50)).await;
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
    let [short, ample] = [50, 5_000].map(Duration::from_millis);
    for (does, computing, cause) in [
        ("hoards", ample, "out of memory: more than 67108864 bytes"),
        ("recurses", ample, "wasm trap"),
        ("traps", ample, "unreachable"),
        ("bombs", ample, "resource table"),
        ("fills", short, "computed for more than 50 ms"),
        ("copies", short, "computed for more than 50 ms"),
    ] {
        failed(&handler_that("configure", does, computing).await, cause);
        failed(&policy_that(does, computing).await, cause);
    }
}

#[tokio::test]
async fn a_policy_that_waits_while_it_is_loaded_never_serves() {
    let report = policy_that("sleeps", Duration::from_millis(10)).await;
    failed(&report, "took longer than 2000 ms");
}
