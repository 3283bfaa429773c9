use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::net::close::Close;
use crate::testing::{ENDING, Harness, Heard, OBSERVER, TELESCOPE, farewell, hear, soon};

/// Starts the task that rechecks tokens.
fn keep_checking(harness: &Harness) {
    let door = &harness.door;
    let task = Arc::clone(&door.sessions).keep_checking(door.tokens.clone(), door.clock.clone());
    tokio::spawn(task);
}

#[tokio::test(start_paused = true)]
async fn session_numbers_are_never_used_again() {
    let mut harness = Harness::new();
    for number in 1..=3 {
        let (client, answer) = harness.enter(TELESCOPE, "a").await;
        assert_eq!(answer["session"], number.to_string());
        drop(client);
        assert_eq!(harness.heard().await, Heard::Ended(number));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_id_that_is_connected_gets_4009_and_its_holder_stays() {
    let mut harness = Harness::new();
    let (mut holder, _) = harness.enter(TELESCOPE, "a").await;
    let holding = tokio::spawn(async move { farewell(&mut holder).await });
    let mut second = harness.introduce(TELESCOPE, "a").await;
    let (texts, code, reason) = farewell(&mut second).await;
    assert_eq!(
        (code, reason.as_str()),
        (4009, "Client ID already connected")
    );
    assert!(texts[0].contains("auth_failed"));
    assert!(harness.door.sessions.get(1).is_some());
    holding.abort();
}

#[tokio::test(start_paused = true)]
async fn a_dead_holder_of_a_client_id_gives_way_after_two_seconds() {
    let mut harness = Harness::new();
    let (_dead, _) = harness.enter(TELESCOPE, "a").await;
    let began = Instant::now();
    let mut second = harness.introduce(TELESCOPE, "a").await;
    let answer: Value = serde_json::from_str(&hear(&mut second).await).unwrap();
    assert_eq!(answer["session"], "2");
    let told = [harness.heard().await, harness.heard().await];
    assert_eq!(began.elapsed().as_secs(), 2);
    assert!(
        told.contains(&Heard::Ended(1)) && told.contains(&Heard::Opened(2)),
        "{told:?}"
    );
    let live = harness.door.sessions.list();
    assert_eq!(
        live.iter()
            .map(|live| live.client().session)
            .collect::<Vec<_>>(),
        [2]
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_client_id_with_another_token_is_another_client() {
    let mut harness = Harness::new();
    let (_first, _) = harness.enter(TELESCOPE, "a").await;
    let (_second, _) = harness.enter(OBSERVER, "a").await;
    assert_eq!(harness.door.sessions.list().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn of_many_that_race_for_one_client_id_one_gets_it() {
    let harness = Harness::with(crate::net::limits::Limits::default(), {
        slewgate_security::admission::AdmissionSettings {
            waiting_per_source: 64,
            sessions_per_source: 64,
            ..Default::default()
        }
    });
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let mut client = harness.introduce(TELESCOPE, "a").await;
        racers.spawn(async move {
            let answer = hear(&mut client).await;
            if answer.contains("auth_ok") {
                // Stays and answers pings.
                let _ = tokio::time::timeout(Duration::from_secs(30), farewell(&mut client)).await;
                return true;
            }
            false
        });
    }
    let winners = soon(racers.join_all()).await;
    assert_eq!(winners.iter().filter(|won| **won).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_closes_its_session_and_no_other() {
    let mut harness = Harness::new();
    keep_checking(&harness);
    let (mut telescope, _) = harness.enter(TELESCOPE, "a").await;
    let (_observer, _) = harness.enter(OBSERVER, "b").await;
    let began = Instant::now();
    harness.set_tokens(|entries| {
        entries.as_object_mut().unwrap().remove(TELESCOPE);
    });
    let (_, code, reason) = farewell(&mut telescope).await;
    assert_eq!((code, reason.as_str()), (4001, "Authentication failed"));
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(harness.heard().await, Heard::Ended(1));
    assert!(harness.door.sessions.get(2).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_closes_its_session_within_a_second() {
    let mut harness = Harness::new();
    keep_checking(&harness);
    let began = Instant::now();
    let (mut client, _) = harness.enter(ENDING, "a").await;
    let (_, code, _) = farewell(&mut client).await;
    assert_eq!(code, 4001);
    let late = began.elapsed() - Duration::from_secs(100);
    assert!(late < Duration::from_secs(1), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_becomes_another_client_type_closes_its_session() {
    let mut harness = Harness::new();
    keep_checking(&harness);
    let (mut client, _) = harness.enter(TELESCOPE, "a").await;
    harness.set_tokens(|entries| entries[TELESCOPE]["client_type"] = json!("observer"));
    assert_eq!(farewell(&mut client).await.1, 4001);
    let (_client, answer) = harness_enter_again(&mut harness).await;
    assert_eq!(answer["client_type"], "observer");
}

async fn harness_enter_again(harness: &mut Harness) -> (crate::testing::Client, Value) {
    assert_eq!(harness.heard().await, Heard::Ended(1));
    harness.enter(TELESCOPE, "a").await
}

#[tokio::test(start_paused = true)]
async fn a_change_of_the_file_that_keeps_the_token_closes_nothing() {
    let mut harness = Harness::new();
    keep_checking(&harness);
    let (_client, _) = harness.enter(TELESCOPE, "a").await;
    harness.set_tokens(|entries| {
        entries.as_object_mut().unwrap().remove(OBSERVER);
    });
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(harness.door.sessions.get(1).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_closes_every_session_with_1001_and_admits_nobody() {
    let mut harness = Harness::new();
    let (mut first, _) = harness.enter(TELESCOPE, "a").await;
    let (mut second, _) = harness.enter(OBSERVER, "b").await;
    harness.door.sessions.close_all(&Close::SHUTDOWN);
    assert_eq!(farewell(&mut first).await.1, 1001);
    assert_eq!(farewell(&mut second).await.1, 1001);
    let mut late = harness.introduce(TELESCOPE, "c").await;
    assert_eq!(farewell(&mut late).await.1, 1001);
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_ends_during_the_probe_is_not_waited_for() {
    let mut harness = Harness::new();
    let (holder, _) = harness.enter(TELESCOPE, "a").await;
    let began = Instant::now();
    let mut second = harness.introduce(TELESCOPE, "a").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    drop(holder);
    assert!(hear(&mut second).await.contains("auth_ok"));
    assert_eq!(began.elapsed(), Duration::from_millis(500));
}
