//! What a plugin that serves tries in a call: the call is ended, its client is told, and the next is served.

use std::time::Duration;

use serde_json::json;
use slewgate_engine::{Attached, Limits};
use slewgate_rpc::{Code, Refusal};
use tokio::time::timeout;

use crate::house::{DEADLINE, House, Plan, at};

/// The client knows how to ask for what is in the log, and nothing of the inside; the log has the cause.
fn is_fault(refusal: &Refusal, code: Code, cause: &str) {
    assert_eq!(refusal.code, code, "{refusal:?}");
    let data = refusal.data.as_ref().unwrap();
    assert!(data["incident"].is_string(), "{refusal:?}");
    assert!(refusal.cause.contains(cause), "{refusal:?}");
}

async fn house(limits: Limits) -> House {
    let plan = Plan {
        limits,
        ..Plan::default()
    };
    House::build(plan).await.attached().await
}

async fn is_well(house: &House) {
    assert_eq!(house.acts("nothing").await.unwrap(), json!({}));
}

#[tokio::test]
async fn what_a_command_takes_too_much_of_ends_it() {
    let house = house(Limits::handler()).await;
    for (does, code, cause) in [
        ("loops", Code::Exhausted, "computed for more than 50 ms"),
        ("fills", Code::Exhausted, "computed for more than 50 ms"),
        ("copies", Code::Exhausted, "computed for more than 50 ms"),
        ("hoards", Code::Exhausted, "more than 67108864 bytes"),
        ("recurses", Code::Internal, "wasm trap"),
        ("traps", Code::Internal, "unreachable"),
        ("bombs", Code::Internal, "resource table"),
        ("opens", Code::Internal, "resource table"),
    ] {
        is_fault(&house.acts(does).await.unwrap_err(), code, cause);
        is_well(&house).await;
    }
}

#[tokio::test]
async fn what_a_command_says_too_much_of_ends_it() {
    let roomy = Limits {
        memory: 1 << 30,
        computing: Duration::from_secs(5),
        ..Limits::handler()
    };
    let house = house(roomy).await;
    for (does, cause) in [
        ("publishes", "too much data"),
        ("pours", "too much data"),
        (
            "nests",
            "a result that clients cannot read as JSON: recursion limit exceeded",
        ),
        ("rambles", "a result of 100011 bytes; at most 65536"),
    ] {
        is_fault(&house.acts(does).await.unwrap_err(), Code::Internal, cause);
        is_well(&house).await;
    }
}

#[tokio::test]
async fn the_result_that_is_too_long_is_a_setting() {
    let house = house(Limits {
        result: 200_000,
        ..Limits::handler()
    });
    let answer = house.await.acts("rambles").await.unwrap();
    assert_eq!(answer["text"].as_str().unwrap().len(), 100_000);
}

#[tokio::test]
async fn a_command_that_waits_for_ever_ends_with_its_time() {
    let short = Limits {
        waiting: Duration::from_millis(100),
        ..Limits::handler()
    };
    let house = house(short).await;
    for does in ["waits", "listens", "sleeps"] {
        let refusal = house.acts(does).await.unwrap_err();
        is_fault(&refusal, Code::Exhausted, "took longer than 100 ms");
        is_well(&house).await;
    }
}

#[tokio::test]
async fn a_flood_of_output_ends_nothing_and_is_served() {
    let roomy = Limits {
        computing: Duration::from_secs(5),
        ..Limits::handler()
    };
    let house = house(roomy).await;
    house.acts("floods").await.unwrap();
}

#[tokio::test]
async fn a_policy_denies_whatever_it_tries() {
    let house = House::build(Plan::default()).await;
    for (does, cause) in [
        ("loops", "computed for more than 10 ms"),
        ("fills", "computed for more than 10 ms"),
        ("copies", "computed for more than 10 ms"),
        ("recurses", "wasm trap"),
        ("traps", "unreachable"),
        ("bombs", "resource table"),
        ("sleeps", "took longer than 2000 ms"),
    ] {
        let denied = house.asks(does).await.unwrap_err();
        assert_eq!(denied.code, Code::Denied, "{denied:?}");
        assert_eq!(denied.data.unwrap()["reason"], "the policy failed");
        assert!(denied.cause.contains(cause), "{does}: {}", denied.cause);
        house.asks("quiet").await.unwrap();
    }
}

#[tokio::test]
async fn a_policy_that_hoards_memory_denies() {
    let slow = Limits {
        computing: DEADLINE,
        ..Limits::policy()
    };
    let house = House::build(Plan {
        policy_limits: slow,
        ..Plan::default()
    });
    let denied = house.await.asks("hoards").await.unwrap_err();
    assert!(denied.cause.contains("out of memory"), "{denied:?}");
}

#[tokio::test]
async fn attach_that_loops_is_tried_again_and_says_why() {
    let house = House::build(Plan {
        handler: at("attach", "loops"),
        ..Plan::default()
    });
    let house = house.await;
    let failed = house.attached_as(
        |attached| matches!(attached, Attached::Failed(why) if why.contains("computed")),
    );
    failed.await;
    let refusal = house.acts("nothing").await.unwrap_err();
    assert_eq!(refusal.code, Code::Hardware, "{refusal:?}");
}

#[tokio::test]
async fn a_sample_that_loops_is_none_and_ends_what_moves() {
    let house = House::build(Plan {
        handler: at("sample", "loops"),
        ..Plan::default()
    });
    let house = house.await.attached().await;
    let observed = house
        .plugins
        .current()
        .observe("hostile", Duration::ZERO)
        .await;
    is_fault(
        &observed.unwrap_err(),
        Code::Exhausted,
        "computed for more than 50 ms",
    );
    ends_what_moves(&house, "orphaned").await;
}

#[tokio::test]
async fn advance_that_loops_ends_what_moves() {
    let house = House::build(Plan {
        handler: at("advance", "loops"),
        ..Plan::default()
    });
    ends_what_moves(&house.await.attached().await, "failed").await;
}

/// A motion is begun, and ends because its plugin failed.
async fn ends_what_moves(house: &House, why: &str) {
    let mut news = house.table().news();
    house.moves("nothing").await.unwrap();
    loop {
        let news = timeout(DEADLINE, news.recv())
            .await
            .expect("it goes on")
            .unwrap();
        let data: serde_json::Value = serde_json::from_str(news.data.get()).unwrap();
        if data["happening"] == "ended" {
            assert_eq!(data["why"], why, "{data}");
            return;
        }
    }
}
