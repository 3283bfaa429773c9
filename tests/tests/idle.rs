//! Clients that are there and say nothing: what each costs, and that it costs no more however long they stay.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use slewgate_tests::{Client, Observatory, PATIENCE, Setup, is_long, long, make_room_for_sockets};
use tokio::time::timeout;

/// As many as may be there by default.
const CLIENTS: usize = 1_000;

/// So many come before it is counted.
const FIRST: usize = 100;

/// Bytes of resident memory that one may take: what is promised, and what an ordinary run lets pass. One takes 10,500 to 12,500, so that the
/// promise does not hold each time yet.
const EACH: f64 = 12_000.0;
const EACH_AT_MOST: f64 = 15_000.0;

/// What the host may take more later, of what there was. The heaps come to rest within three minutes, which an ordinary run does not
/// wait for.
const GROWTH: f64 = 0.03;
const GROWTH_BEFORE_REST: f64 = 0.08;

/// In all these clients come, each from its own address.
async fn come(
    observatory: &Observatory,
    token: &str,
    numbers: std::ops::Range<usize>,
) -> Vec<Client> {
    let mut clients = Vec::new();
    for number in numbers {
        let part = |number: usize| u8::try_from(number).unwrap();
        let source = [127, 1, part(number / 250), part(1 + number % 250)];
        let mut client = Client::from(source, observatory.address()).await.unwrap();
        client.authenticate(token, &format!("idle-{number}")).await;
        clients.push(client);
    }
    clients
}

/// They answer pings, as clients do.
async fn stay(clients: &mut [Client], time: Duration) {
    let answering = clients.iter_mut().map(async |client| {
        while let Some(came) = client.socket().next().await {
            came.unwrap();
        }
        panic!("the host closed an idle client");
    });
    let _ = timeout(time, join_all(answering)).await;
}

/// Each has answered a ping, and the host has the answer: then it sends another.
async fn answer(clients: &mut [Client]) {
    let answering = clients.iter_mut().map(async |client| {
        let mut pings = 0;
        while pings < 2 {
            let came = client.socket().next().await.unwrap();
            pings += usize::from(came.unwrap().is_ping());
        }
    });
    let answered = timeout(PATIENCE * 3, join_all(answering)).await;
    answered.expect("two pings for each");
}

#[tokio::test]
async fn an_idle_client_takes_little_memory_and_no_more_after_ten_minutes() {
    let setup = Setup::default().config("[command]\nping_ms = 5_000");
    // As its unit starts it.
    let setup = setup.variable("MALLOC_ARENA_MAX", "2");
    let observatory = setup.variable("SLEWGATE_LOG", "info").start().attached();
    assert!(observatory.descriptor_limit() > CLIENTS as u64 + 100);
    // The test holds the other ends.
    make_room_for_sockets();
    let token = observatory.token("observer");
    let (settling, time) = (long(180) as u64, long(600) as u64);
    // What the first ones take that is there for all of them, and what the start of the host leaves behind.
    let mut clients = come(&observatory, &token, 0..FIRST).await;
    answer(&mut clients).await;
    stay(&mut clients, Duration::from_secs(settling)).await;
    let before = observatory.holdings();
    let more = CLIENTS - FIRST;
    clients.extend(come(&observatory, &token, FIRST..FIRST + more).await);
    // Each has answered pings: what that takes it keeps.
    answer(&mut clients).await;
    stay(&mut clients, Duration::from_secs(settling)).await;
    let there = observatory.holdings();
    stay(&mut clients, Duration::from_secs(time)).await;
    let later = observatory.holdings();
    let each = (later.memory_kib - before.memory_kib) as f64 * 1024.0 / more as f64;
    println!(
        "{more} idle clients: {each:.0} bytes each; after {settling} s {there:?}, {time} s later {later:?}"
    );
    let (most_each, growth) = match is_long() {
        true => (EACH, GROWTH),
        false => (EACH_AT_MOST, GROWTH_BEFORE_REST),
    };
    assert!(
        each <= most_each,
        "{each} bytes each: {before:?} became {later:?}"
    );
    let most = there.memory_kib as f64 * (1.0 + growth);
    assert!(
        later.memory_kib as f64 <= most,
        "{there:?} became {later:?}"
    );
    // The host's own files come and go.
    assert!(
        later.descriptors <= there.descriptors + 8,
        "{there:?}, {later:?}"
    );
}
