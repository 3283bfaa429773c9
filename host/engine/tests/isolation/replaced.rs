//! Another version takes the place of a handler while a call of it is under way.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use slewgate_engine::{Limits, What};
use slewgate_rpc::Code;
use tokio::task::spawn_blocking;

use crate::house::{House, Plan};

async fn house(drain: Duration) -> House {
    let limits = Limits {
        drain,
        ..Limits::handler()
    };
    let house = House::build(Plan {
        limits,
        ..Plan::default()
    });
    house.await.attached().await
}

/// The other end of the handler's line, once the handler has asked it something.
async fn asked(house: &House) -> TcpStream {
    let (mut line, _) = house.peer.accept().unwrap();
    let reading = spawn_blocking(move || {
        line.read_exact(&mut [0]).unwrap();
        line
    });
    reading.await.unwrap()
}

#[tokio::test]
async fn a_call_that_goes_on_for_too_long_after_it_was_replaced_ends() {
    let mut house = house(Duration::from_millis(100)).await;
    let replaced = house.reports()[0].generation;
    let (ended, _line) = tokio::join!(house.acts("listens"), async {
        let line = asked(&house).await;
        house.replace_handler();
        line
    });
    let refusal = ended.unwrap_err();
    assert_eq!(refusal.code, Code::Exhausted, "{refusal:?}");
    let said = "another version took its place, and it went on for more than 100 ms after that";
    assert!(refusal.cause.contains(said), "{}", refusal.cause);
    let drained = house.next(What::Drained).await.draining.unwrap();
    assert_eq!((Some(drained.generation), drained.calls), (replaced, 1));
    house.acts("nothing").await.unwrap();
}

#[tokio::test]
async fn a_call_under_way_ends_as_if_it_had_not_been_replaced() {
    let mut house = house(Duration::from_secs(60)).await;
    let replaced = house.reports()[0].generation;
    let mut news = house.plugins.events();
    let (answered, _line) = tokio::join!(house.acts("listens"), async {
        let mut line = asked(&house).await;
        house.replace_handler();
        while news.recv().await.unwrap().what != What::Draining {}
        line.write_all(b"#").unwrap();
        line
    });
    answered.unwrap();
    let drained = house.next(What::Drained).await.draining.unwrap();
    assert_eq!((Some(drained.generation), drained.calls), (replaced, 0));
    house.acts("nothing").await.unwrap();
}
