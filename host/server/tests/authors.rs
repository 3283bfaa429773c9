//! `plugin new`, `build` and `watch` through the program itself, on a machine without any tool of any language.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(10);

/// The program in a folder, with no environment, and so no `PATH`.
fn slewgate(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slewgate"));
    command
        .env_clear()
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null());
    command
}

/// What it prints, and says is wrong.
#[track_caller]
fn run(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output: Output = slewgate(folder, arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

const NEW: [&str; 7] = [
    "plugin",
    "new",
    "heater",
    "--language",
    "c",
    "--kind",
    "handler",
];

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_new_project_is_called_as_the_plugin_and_says_what_comes_next() {
    let folder = folder();
    let (said, _) = run(folder.path(), &NEW, 0);
    assert!(said.contains("slewgate plugin build heater"), "{said}");
    assert!(folder.path().join("heater/slewgate-plugin.toml").exists());
}

#[test]
fn a_new_project_goes_where_it_is_told_to_and_programs_hear_where_that_is() {
    let folder = folder();
    let elsewhere = [&NEW[..], &["--directory", "plugins/dew", "--json"]].concat();
    let (said, _) = run(folder.path(), &elsewhere, 0);
    let said: Value = serde_json::from_str(&said).unwrap();
    let at = folder.path().join("plugins/dew");
    let expected = json!({ "name": "heater", "language": "c", "kind": "handler", "directory": at });
    assert_eq!(said, expected);
    assert!(at.join("README.md").exists());
}

#[test]
fn a_name_a_language_or_a_kind_that_cannot_be_is_wrong_usage_and_makes_nothing() {
    let folder = folder();
    for (at, wrong, why) in [
        (2, "Heater", "lower-case letters"),
        (2, "events", "the host has that name itself"),
        (4, "cobol", "rust, python, javascript, typescript and c"),
        (6, "gadget", "a handler or a policy"),
    ] {
        let mut arguments = NEW;
        arguments[at] = wrong;
        let (_, error) = run(folder.path(), &arguments, 2);
        assert!(error.contains(why), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_has_something_in_it_is_left_alone() {
    let folder = folder();
    run(folder.path(), &NEW, 0);
    let (_, error) = run(folder.path(), &NEW, 1);
    let expected = "slewgate: heater is there and not empty: choose another name, or a new folder with --directory\n";
    assert_eq!(error, expected);
}

#[test]
fn a_folder_without_a_project_and_a_tool_that_is_missing_are_said_with_the_remedy() {
    let folder = folder();
    for verb in ["build", "watch"] {
        let (_, error) = run(folder.path(), &["plugin", verb], 1);
        assert!(
            error.contains("`slewgate plugin new` makes a project"),
            "{error}"
        );
    }
    run(folder.path(), &NEW, 0);
    let (_, error) = run(folder.path(), &["plugin", "build", "heater"], 1);
    assert!(error.contains("apt-get install clang lld"), "{error}");
}

#[test]
fn a_tool_that_is_there_without_the_program_that_runs_it_is_told_what_is_missing() {
    let folder = folder();
    let new = ["plugin", "new", "heater", "--language", "javascript"];
    run(
        folder.path(),
        &[&new[..], &["--kind", "policy"]].concat(),
        0,
    );
    let tools = folder.path().join("heater/node_modules/.bin");
    fs::create_dir_all(&tools).unwrap();
    fs::write(tools.join("jco"), "#!/usr/bin/env node\n").unwrap();
    let (_, error) = run(folder.path(), &["plugin", "build", "heater"], 1);
    assert!(
        error.contains("node was not found; install Node 20"),
        "{error}"
    );
}

/// A program that goes on, and what it says is wrong, line by line.
struct Watching {
    program: Child,
    errors: Receiver<String>,
}

impl Watching {
    fn start(folder: &Path, arguments: &[&str]) -> Watching {
        let mut command = slewgate(folder, arguments);
        let mut program = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(program.stderr.take().unwrap()).lines();
        let (tell, errors) = channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                tell.send(line).unwrap();
            }
        });
        Watching { program, errors }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

#[test]
fn a_watch_goes_on_after_a_round_that_failed() {
    let folder = folder();
    run(folder.path(), &NEW, 0);
    let watching = Watching::start(folder.path(), &["plugin", "watch", "heater"]);
    for _ in 0..2 {
        let error = watching.errors.recv_timeout(PATIENCE).unwrap();
        assert!(error.contains("apt-get install clang lld"), "{error}");
        fs::write(folder.path().join("heater/src/more.c"), "// more").unwrap();
    }
}
