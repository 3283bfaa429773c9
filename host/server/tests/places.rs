//! Directories that are the wrong ones, or that were set up before: what is said, and what stays. Through the program itself.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// An unpacked archive, where the components lie, and a data directory that is not there yet.
struct Ground {
    place: TempDir,
}

impl Ground {
    fn new() -> Ground {
        let ground = Ground {
            place: tempfile::tempdir().unwrap(),
        };
        for name in [
            "handlers/lx200.wasm",
            "policies/observer.wasm",
            "policies/telescope.wasm",
        ] {
            let path = ground.archive().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        ground
    }

    fn archive(&self) -> PathBuf {
        self.place.path().join("archive")
    }

    fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.data().join(name)).unwrap()
    }

    fn setup(&self, options: &[&str]) -> Output {
        let (data, archive) = (self.data(), self.archive());
        let told = [
            &["setup", "--yes", data.to_str().unwrap()][..],
            &["--components", archive.to_str().unwrap()],
            options,
        ];
        slewgate(&told.concat())
    }
}

/// Runs the program with an environment of its own.
fn slewgate(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slewgate"));
    command.env_clear().args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

/// Runs a verb on a data directory.
fn on(data: &Path, arguments: &[&str]) -> Output {
    slewgate(&[arguments, &["--data", data.to_str().unwrap()]].concat())
}

#[track_caller]
fn out(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn error(output: &Output, code: i32) -> String {
    out(output, code);
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn each_configuration_that_is_replaced_is_kept() {
    let ground = Ground::new();
    out(&ground.setup(&[]), 0);
    let path = ground.data().join("slewgate.toml");
    for mine in ["# first\n", "# second\n", "# third\n"] {
        fs::write(&path, mine).unwrap();
        out(&ground.setup(&["--force"]), 0);
    }
    assert_eq!(ground.read("slewgate.toml.old"), "# first\n");
    assert_eq!(ground.read("slewgate.toml.old.1"), "# second\n");
    assert_eq!(ground.read("slewgate.toml.old.2"), "# third\n");

    let shown = out(&ground.setup(&["--force"]), 0);
    assert!(!shown.contains("wrote"), "all was the same: {shown}");
    assert!(!shown.contains("--force"), "it was forced: {shown}");
    assert!(!ground.data().join("slewgate.toml.old.3").exists());
}

#[test]
fn setup_told_of_two_data_directories_takes_neither() {
    let ground = Ground::new();
    let other = ground.place.path().join("other");
    for said in [
        ground.setup(&["--data", other.to_str().unwrap()]),
        slewgate(&["--data", other.to_str().unwrap(), "setup", "--yes", "here"]),
    ] {
        assert!(error(&said, 2).contains("named twice"), "{said:?}");
    }
    assert!(!ground.data().exists() && !other.exists());
}

#[test]
fn a_device_that_is_no_whole_path_is_cautioned_of() {
    for (device, cautioned) in [
        ("ttyUSB0", true),
        ("COM3", true),
        ("tcp://127.0.0.1:9", false),
        ("simulator:lx200/onstep", false),
    ] {
        let site = ["--latitude", "1", "--longitude", "2"];
        let said = error(
            &Ground::new().setup(&[&["--device", device][..], &site].concat()),
            0,
        );
        let expected = format!("\"{device}\" is not the whole path of a device");
        assert_eq!(said.contains(&expected), cautioned, "{said}");
        assert_eq!(said.is_empty(), !cautioned, "{said}");
    }
}

#[test]
fn the_folder_of_the_archive_is_no_place_to_serve_or_to_look_for_tokens() {
    let ground = Ground::new();
    let archive = ground.archive();
    let said = error(&on(&archive, &["serve"]), 64);
    assert!(
        said.contains("no slewgate.toml and no api_tokens.json; run `slewgate setup "),
        "{said}"
    );
    let missing = ground.data();
    for (place, why) in [(&archive, "is not set up"), (&missing, "is no directory")] {
        for verb in [
            &["list"][..],
            &["revoke", "4f1c09aa"],
            &["rotate", "4f1c09aa"],
        ] {
            let said = error(&on(place, &[&["token"], verb].concat()), 2);
            let expected = format!("slewgate: {} {why}", place.display());
            assert!(said.starts_with(&expected), "{said}");
            assert!(said.contains("--data"), "{said}");
        }
    }
    out(&ground.setup(&["--no-tokens"]), 0);
    let listed = out(&on(&ground.data(), &["token", "list"]), 0);
    assert!(listed.starts_with("there is no token"), "{listed}");
}

#[test]
fn tokens_and_components_are_enough_to_serve_by_defaults() {
    let ground = Ground::new();
    fs::write(ground.archive().join("api_tokens.json"), "{}").unwrap();
    // It gets as far as its address, which is none of this machine.
    let mut command = Command::new(env!("CARGO_BIN_EXE_slewgate"));
    command.env_clear().env("WS_IP", "198.51.100.1");
    command.args(["serve", "--data"]).arg(ground.archive());
    let said = error(&command.output().unwrap(), 1);
    assert!(said.contains("198.51.100.1"), "{said}");
}

#[test]
fn a_token_is_not_made_in_a_directory_that_is_not_there_and_that_is_said_once() {
    let ground = Ground::new();
    let generate = [
        "token",
        "generate",
        "--name",
        "a",
        "--client-type",
        "observer",
    ];
    let said = error(&on(&ground.data(), &generate), 2);
    assert_eq!(said.matches("no directory").count(), 1, "{said}");
    assert!(!said.contains("os error"), "{said}");

    // What else the system says is said once too.
    let folder = ground.archive().join("api_tokens.json");
    fs::create_dir(folder).unwrap();
    let said = error(&on(&ground.archive(), &generate), 1);
    let cause = said.trim_end().rsplit(": ").next().unwrap();
    assert_eq!(said.matches(cause).count(), 1, "{said}");
}

#[test]
fn a_token_of_a_type_that_has_no_policy_is_made_with_a_word_of_it() {
    let ground = Ground::new();
    out(&ground.setup(&[]), 0);
    let policies = ground.data().join("policies");
    fs::write(policies.join("guest.wasm"), "mine").unwrap();
    for (client_type, known) in [
        ("telescope", true),
        ("guest", true),
        ("admin", false),
        ("obsever", false),
    ] {
        let generate = ["token", "generate", "--name", "a", "--client-type"];
        let made = on(&ground.data(), &[&generate[..], &[client_type]].concat());
        assert!(out(&made, 0).starts_with("Token: slg_"));
        let said = error(&made, 0);
        let hint = format!("no policy is called {client_type}: ");
        assert_eq!(said.contains(&hint), !known, "{said}");
    }
}
