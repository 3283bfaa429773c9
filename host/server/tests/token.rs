//! `slewgate token rotate` through the program itself; the other verbs are in `cli.rs`.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn run(data: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slewgate"));
    command.env_clear().arg("token").args(arguments);
    command.arg("--data").arg(data.path()).output().unwrap()
}

/// What the verb answers to programs.
fn json(data: &TempDir, arguments: &[&str]) -> Value {
    let output = run(data, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_rotated_token_has_a_successor_of_its_name_and_type_and_an_end() {
    let data = tempfile::tempdir().unwrap();
    let generate = ["generate", "--name", "Dome", "--client-type", "observer"];
    let old = json(&data, &generate);
    let old_id = old["id"].as_str().unwrap();
    let new = json(&data, &["rotate", old_id, "--overlap", "12h"]);
    assert_eq!(new["client_type"], "observer");
    assert!(new["token"].as_str().unwrap().starts_with("slg_"));

    let list = json(&data, &["list"]);
    let entry = |id: &Value| {
        let mut entries = list.as_array().unwrap().iter();
        entries.find(|entry| entry["id"] == *id).unwrap().clone()
    };
    assert_eq!(entry(&new["id"])["name"], "Dome");
    assert!(entry(&new["id"])["expires"].is_null());
    assert!(entry(&old["id"])["expires"].is_string());

    // People see which one is to go.
    let shown = String::from_utf8(run(&data, &["list"]).stdout).unwrap();
    let line = |id: &str| shown.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(line(old_id).ends_with("Z  -"), "{shown}");
    assert!(
        line(new["id"].as_str().unwrap()).ends_with("  -                     -"),
        "{shown}"
    );

    let unknown = run(&data, &["rotate", "00000000"]);
    assert_eq!(unknown.status.code(), Some(1));
}
