//! What plugins keep, with the host: it outlives one that is killed, a component that is replaced, and files that are damaged.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, Setup, long, test_component};

/// What there is beside the scribe.
const CONFIG: &str = "[lines.east]\n[plugins.scribe]\ncomponent = \"scribe.wasm\"\n";

/// Starts of a host after one that was killed, with `--long`.
const KILLED: usize = 50;

/// Between two questions whether the plugin answers.
const PAUSE: Duration = Duration::from_millis(10);

/// Rounds that are written before a host is killed, at least.
const ROUNDS: u64 = 40;

async fn observatory() -> Observatory {
    let observatory = Setup::default()
        .config(CONFIG)
        .config("[admission]\nrequests_per_minute = 1_000_000")
        .start();
    let handler = observatory.data().join("handlers/scribe.wasm");
    fs::copy(test_component("scribe"), handler).unwrap();
    observatory
}

fn file(observatory: &Observatory) -> PathBuf {
    observatory.data().join("state/plugins.redb")
}

/// A client, once the plugin answers it.
async fn client(observatory: &Observatory, token: &str) -> Client {
    let mut client = Client::authenticated(observatory.address(), token, "scribe").await;
    // No event tells that a plugin without a line is attached; and a client that asks without a pause is shut out.
    while client.call("scribe.read", json!({})).await.is_err() {
        tokio::time::sleep(PAUSE).await;
    }
    client
}

async fn write(client: &mut Client, round: u64) {
    let params = json!({ "round": round });
    client.call("scribe.write", params).await.unwrap();
}

/// The rounds of the notes, in the order in which they are written; none where there is none yet.
async fn rounds(client: &mut Client) -> Vec<u64> {
    let read = client.call("scribe.read", json!({})).await.unwrap();
    let rounds = read["rounds"].as_array().unwrap().iter();
    rounds.map(|round| round.as_u64().unwrap_or(0)).collect()
}

#[tokio::test]
async fn a_host_that_was_killed_in_a_write_finds_each_note_old_or_new_and_none_in_part() {
    let mut observatory = observatory().await;
    let token = observatory.token("telescope");
    let (mut before, mut sent) = (vec![0; 8], 0);
    for kill in 0..long(KILLED) {
        let mut client = client(&observatory, &token).await;
        let first = sent + 1;
        // At another point of a write each time: one is always under way.
        for _ in 0..ROUNDS + 13 * (kill as u64 % 11) {
            sent += 1;
            write(&mut client, sent).await;
        }
        observatory.restart();
        let found = rounds(&mut self::client(&observatory, &token).await).await;
        let was = found == before
            || (first..=sent).any(|round| was_at_a_moment_of(round, first, &before, &found));
        assert!(
            was,
            "{found:?} after {before:?} and rounds {first} to {sent}"
        );
        assert!(broken(&observatory).is_empty());
        before = found;
    }
    write(&mut client(&observatory, &token).await, sent + 1).await;
    observatory.terminate();
    assert_eq!(observatory.exit_code(), Some(0));
    observatory.restart();
    let found = rounds(&mut client(&observatory, &token).await).await;
    assert_eq!(found, [sent + 1; 8], "a host that ends loses nothing");
}

/// Whether the notes were like that while a round was written, the first of those after `before` or a later one.
fn was_at_a_moment_of(round: u64, first: u64, before: &[u64], found: &[u64]) -> bool {
    let old = match round == first {
        true => before.to_vec(),
        false => vec![round - 1; 8],
    };
    (0..=8).any(|written| {
        let (new, rest) = found.split_at(written);
        new.iter().all(|note| *note == round) && *rest == old[written..]
    })
}

/// Files that were moved aside.
fn broken(observatory: &Observatory) -> Vec<OsString> {
    let there = fs::read_dir(observatory.data().join("state")).unwrap();
    let names = there.map(|entry| entry.unwrap().file_name());
    names
        .filter(|name| name.to_string_lossy().contains("broken"))
        .collect()
}

#[tokio::test]
async fn what_a_plugin_kept_is_there_after_a_host_that_ended_and_for_another_build_of_it() {
    let mut observatory = observatory().await;
    let token = observatory.token("telescope");
    write(&mut client(&observatory, &token).await, 4).await;
    observatory.terminate();
    assert_eq!(observatory.exit_code(), Some(0));
    let component = observatory.data().join("handlers/scribe.wasm");
    let mut built = fs::read(&component).unwrap();
    // A custom section without a name, which means nothing to anybody.
    built.extend([0, 1, 0]);
    fs::write(&component, built).unwrap();
    observatory.restart();
    let found = rounds(&mut client(&observatory, &token).await).await;
    assert_eq!(found, [4; 8]);
}

#[tokio::test]
async fn a_host_whose_file_is_damaged_starts_says_so_and_keeps_it() {
    let mut observatory = observatory().await;
    let token = observatory.token("telescope");
    write(&mut client(&observatory, &token).await, 4).await;
    observatory.terminate();
    assert_eq!(observatory.exit_code(), Some(0));
    fs::write(file(&observatory), "no database").unwrap();
    observatory.restart();
    let mut client = client(&observatory, &token).await;
    assert_eq!(rounds(&mut client).await, [0; 8]);
    write(&mut client, 5).await;
    let told: Value = serde_json::from_str(&observatory.told(&["was moved aside"])).unwrap();
    assert_eq!(told["level"], "ERROR", "{told}");
    let kept = told["kept_as"].as_str().unwrap();
    assert_eq!(fs::read(kept).unwrap(), b"no database");
}

#[tokio::test]
async fn what_is_kept_for_a_plugin_is_forgotten_once_no_host_runs() {
    let mut observatory = observatory().await;
    let token = observatory.token("telescope");
    write(&mut client(&observatory, &token).await, 4).await;
    let forget = |observatory: &Observatory| {
        let told = observatory.run(&["plugin", "forget", "scribe"]);
        let said = String::from_utf8_lossy(&told.stderr).into_owned();
        (told.status.code(), said)
    };
    let (code, said) = forget(&observatory);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("end the host that runs on this directory first"),
        "{said}"
    );
    observatory.terminate();
    assert_eq!(observatory.exit_code(), Some(0));
    assert_eq!(forget(&observatory).0, Some(0));
    observatory.restart();
    let found = rounds(&mut client(&observatory, &token).await).await;
    assert_eq!(found, [0; 8]);
}
