//! What is heard is kept small, and a file is left alone until it is quiet.

use std::time::Instant;

use super::super::candidate::Sight;
use super::super::settling::{Retry, Settling, Stable};
use super::super::slot::{ComponentFile, client_type};
use super::super::watch::Signal;
use super::*;

fn file(name: &str) -> ComponentFile {
    ComponentFile {
        kind: PluginKind::Policy,
        name: name.to_owned(),
    }
}

fn sized(length: u64) -> Sight {
    Sight::File {
        length,
        modified: None,
    }
}

#[tokio::test]
async fn any_number_of_changes_stays_small() {
    let signal = Signal::default();
    for number in 0..10_000 {
        signal.file(file(&format!("{}.wasm", number % 9_000)));
    }
    let changes = signal.changes().await;
    assert!(changes.everything && !changes.lost);
    assert!(changes.files.len() < 1_000);
}

#[tokio::test]
async fn changes_of_one_file_are_one() {
    let signal = Signal::default();
    for _ in 0..10_000 {
        signal.file(file("observer.wasm"));
    }
    let changes = signal.changes().await;
    assert_eq!((changes.files.len(), changes.everything), (1, false));
    assert!(
        timeout(Duration::from_millis(1), signal.changes())
            .await
            .is_err(),
        "they are told once"
    );
}

#[tokio::test]
async fn a_lost_watch_is_told_as_that_and_as_everything() {
    let signal = Signal::default();
    signal.lost();
    let changes = signal.changes().await;
    assert!(changes.lost && changes.everything);
}

#[test]
fn a_file_is_stable_when_it_looked_the_same_for_the_whole_time() {
    let (mut settling, now) = (Settling::new(QUIET), Instant::now());
    settling.touch(file("a.wasm"), sized(1), Retry::All, now);
    assert_eq!(settling.next(), Some(now + QUIET));
    assert!(settling.due(now + QUIET / 2).is_empty());
    assert_eq!(settling.due(now + QUIET), [file("a.wasm")]);
    assert_eq!(
        settling.look(&file("a.wasm"), sized(1), now + QUIET),
        Stable::Yes { retry: Retry::All }
    );
    assert!(settling.is_empty());
}

#[test]
fn a_file_that_is_touched_waits_anew() {
    let (mut settling, now) = (Settling::new(QUIET), Instant::now());
    settling.touch(file("a.wasm"), sized(1), Retry::All, now);
    settling.touch(file("b.wasm"), sized(1), Retry::All, now);
    settling.touch(file("a.wasm"), sized(1), Retry::All, now + QUIET / 2);
    assert_eq!(settling.due(now + QUIET), [file("b.wasm")]);
    assert_eq!(
        settling.look(&file("a.wasm"), sized(1), now + QUIET),
        Stable::NotYet
    );
    assert_eq!(
        settling.look(&file("a.wasm"), sized(1), now + QUIET * 2),
        Stable::Yes { retry: Retry::All }
    );
}

#[test]
fn a_file_that_grew_without_a_word_waits_anew() {
    let (mut settling, now) = (Settling::new(QUIET), Instant::now());
    settling.touch(file("a.wasm"), sized(1), Retry::All, now);
    assert_eq!(
        settling.look(&file("a.wasm"), sized(2), now + QUIET),
        Stable::NotYet
    );
    assert_eq!(settling.next(), Some(now + QUIET * 2));
    assert_eq!(
        settling.look(&file("a.wasm"), sized(2), now + QUIET * 2),
        Stable::Yes { retry: Retry::All }
    );
}

#[test]
fn a_comparison_neither_delays_a_file_that_changed_nor_forgets_that_it_did() {
    let (mut settling, now) = (Settling::new(QUIET), Instant::now());
    settling.touch(file("a.wasm"), sized(1), Retry::All, now);
    settling.suspect(file("a.wasm"), sized(1), now + QUIET / 2);
    settling.suspect(file("b.wasm"), sized(1), now);
    assert_eq!(
        settling.look(&file("a.wasm"), sized(1), now + QUIET),
        Stable::Yes { retry: Retry::All }
    );
    assert_eq!(
        settling.look(&file("b.wasm"), sized(1), now + QUIET),
        Stable::Yes {
            retry: Retry::Nothing
        }
    );
}

#[test]
fn a_policy_is_named_after_a_client_type() {
    let long = format!("{}.wasm", "a".repeat(33));
    for name in ["observer.wasm", "a-1.wasm", &long[1..]] {
        assert!(client_type(name).is_some(), "{name}");
    }
    for name in [
        "Observer.wasm",
        ".wasm",
        "a_b.wasm",
        "observer",
        "observer.wasm.bak",
        ".observer.wasm",
        &long,
    ] {
        assert_eq!(client_type(name), None, "{name}");
    }
}
