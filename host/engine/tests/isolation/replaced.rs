//! Another version takes the place of a handler while calls of it are under way.

use std::io::Write;
use std::time::Duration;

use slewgate_engine::{Limits, What};
use slewgate_rpc::Code;

use crate::house::{House, Plan};

async fn house(drain: Duration) -> House {
    let limits = Limits {
        drain,
        // One call has the instance, the other waits for it.
        instances: 1,
        ..Limits::handler()
    };
    let house = House::build(Plan {
        limits,
        ..Plan::default()
    });
    house.await.attached().await
}

#[tokio::test]
async fn calls_that_go_on_for_too_long_after_it_was_replaced_end() {
    let mut house = house(Duration::from_millis(100)).await;
    let replaced = house.reports()[0].generation;
    let (one, other, ()) = tokio::join!(house.acts("sleeps"), house.acts("sleeps"), async {
        house.replace_handler();
    });
    for ended in [one, other] {
        let refusal = ended.unwrap_err();
        assert_eq!(refusal.code, Code::Exhausted, "{refusal:?}");
        let said = "another version took its place, and it went on for more than 100 ms after that";
        assert!(refusal.cause.contains(said), "{}", refusal.cause);
    }
    let drained = house.next(What::Drained).await.draining.unwrap();
    assert_eq!(Some(drained.generation), replaced);
    house.acts("nothing").await.unwrap();
}

#[tokio::test]
async fn a_call_under_way_ends_as_if_it_had_not_been_replaced() {
    let mut house = house(Duration::from_secs(60)).await;
    let replaced = house.reports()[0].generation;
    let (mut line, _) = house.peer.accept().unwrap();
    let mut news = house.plugins.events();
    let (answered, ()) = tokio::join!(house.acts("listens"), async {
        house.replace_handler();
        while news.recv().await.unwrap().what != What::Draining {}
        line.write_all(b"#").unwrap();
    });
    answered.unwrap();
    let drained = house.next(What::Drained).await.draining.unwrap();
    assert_eq!((Some(drained.generation), drained.calls), (replaced, 0));
    house.acts("nothing").await.unwrap();
}
