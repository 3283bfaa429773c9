//! Files that are no plugins, in the place of one that serves: each is told why, it serves on, and the host holds no more than before.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, Setup, long, plugins, test_component};

/// Lengths at which a component is cut.
const CUTS: usize = 500;

/// Files of random bytes, half of which begin as a component does.
const RANDOM: usize = 100;

/// What each has, in bytes.
const LENGTH: usize = 10_000;

/// What every component begins with.
const MAGIC: &[u8] = b"\0asm\x0d\0\x01\0";

/// What the heap may keep, in KiB: less than a component takes that is compiled.
const SLACK: u64 = 8 * 1024;

/// Where files are tried.
struct Place {
    observatory: Observatory,
    client: Client,
    file: PathBuf,
    generation: Value,
}

impl Place {
    async fn new() -> Place {
        let observatory = Setup::default()
            .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
            .start();
        let mut client = observatory.client("observer").await;
        let topics = json!({ "topics": ["plugins"] });
        client.call("events.subscribe", topics).await.unwrap();
        client.event("plugins").await;
        let mut place = Place {
            file: observatory.data().join("policies/observer.wasm"),
            observatory,
            client,
            generation: Value::Null,
        };
        place.generation = place.report().await["generation"].take();
        place
    }

    async fn report(&mut self) -> Value {
        let mut reports = self.client.call("host.plugins", json!({})).await.unwrap();
        let mut reports = reports.as_array_mut().unwrap().iter_mut();
        reports
            .find(|report| report["name"] == "observer")
            .unwrap()
            .take()
    }

    /// Puts it there, hears why it cannot serve, and that the one before does.
    async fn refuses(&mut self, bytes: &[u8]) -> String {
        let new = self.file.with_extension("new");
        fs::write(&new, bytes).unwrap();
        fs::rename(&new, &self.file).unwrap();
        let failed = self.client.swap().await;
        assert_eq!(failed["what"], "failed", "{failed}");
        let cause = failed["plugin"]["candidate"]["cause"].as_str().unwrap();
        let report = self.report().await;
        assert_eq!(report["state"], "serving", "{report}");
        assert_eq!(report["generation"], self.generation, "{report}");
        let denied = self.client.call("mount.park", json!({})).await.unwrap_err();
        let reason = "an observer may look, not move anything";
        assert_eq!(denied["data"]["reason"], reason, "{denied}");
        cause.to_owned()
    }
}

/// One of each sort, and what is said of it: what it is, or the next step.
fn sorts() -> Vec<(Vec<u8>, &'static str)> {
    let policy = fs::read(plugins().join("policies/observer.wasm")).unwrap();
    let handler = fs::read(plugins().join("handlers/lx200.wasm")).unwrap();
    let foreign = br#"(component (import "elsewhere:files/read@1.0.0" (instance)))"#;
    vec![
        (Vec::new(), "the file is empty: build it"),
        (b"#!/bin/sh\n".to_vec(), "take the .wasm file"),
        (b"\0asm\x01\0\0\0".to_vec(), "build it for wasm32-wasip2"),
        (handler, "put it into handlers/"),
        (older(&policy), "build it with the wit/ of this host"),
        (
            wat::parse_bytes(foreign).unwrap().into(),
            "which the host does not offer",
        ),
        (policy[..policy.len() / 2].to_vec(), "copy it again"),
    ]
}

/// As if it had been built for another contract: in all of its names is another version of the same length.
fn older(component: &[u8]) -> Vec<u8> {
    let (ours, other) = (b"@0.1.0", b"@0.0.9");
    let mut older = component.to_vec();
    for at in 0..older.len() - ours.len() {
        if older[at..].starts_with(ours) {
            older[at..at + other.len()].copy_from_slice(other);
        }
    }
    older
}

/// Bytes without a meaning, others for each file: the upper ones of a linear congruential generator (Knuth's MMIX).
fn random(file: usize) -> Vec<u8> {
    let next = |state: &u64| {
        Some(
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407),
        )
    };
    let states = std::iter::successors(Some(file as u64), next).skip(1);
    states
        .map(|state| (state >> 56) as u8)
        .take(LENGTH)
        .collect()
}

#[tokio::test]
async fn what_is_no_plugin_is_told_why_and_what_serves_goes_on() {
    let mut place = Place::new().await;
    for (bytes, said) in sorts() {
        let cause = place.refuses(&bytes).await;
        assert!(cause.contains(said), "{said}: {cause}");
        assert!(!cause.contains('\n'), "one sentence: {cause}");
    }
}

#[tokio::test]
async fn however_many_broken_files_come_the_host_holds_no_more_than_before() {
    let mut place = Place::new().await;
    let whole = fs::read(test_component("observer-parks")).unwrap();
    for (bytes, _) in sorts() {
        place.refuses(&bytes).await;
    }
    let before = place.observatory.holdings();
    let (cuts, files) = (long(CUTS), long(RANDOM));
    for cut in 0..cuts {
        let length = 9 + cut * (whole.len() - 9) / cuts;
        let cause = place.refuses(&whole[..length]).await;
        // Where a part ends, what is left is whole, and no plugin.
        let remedies = ["copy it again", "build it"];
        let is_told = remedies.iter().any(|remedy| cause.contains(remedy));
        assert!(is_told, "{length}: {cause}");
    }
    for file in 0..files {
        let mut bytes = random(file);
        if file % 2 == 0 {
            bytes[..MAGIC.len()].copy_from_slice(MAGIC);
        }
        place.refuses(&bytes).await;
    }
    place.observatory.wait("return to what it held", || {
        let after = place.observatory.holdings();
        println!("{cuts} cuts and {files} files: {before:?} before, {after:?} after");
        after.is_within(&before, SLACK).then_some(())
    });
}
