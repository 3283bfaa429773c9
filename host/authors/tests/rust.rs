//! The templates for Rust, built and tested as an author would, with what cargo has for this workspace and without the network.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what is wrong by failing"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use slewgate_authors::{Error, Kind, Language, Project, build, create};
use tempfile::TempDir;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What Rust's components weigh at most. It is compiled at each swap.
const SMALL: usize = 200 * 1024;

/// A folder whose projects share what cargo builds, and keep it from one run to the next.
fn workshop() -> TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rust");
    let configuration = format!("[build]\ntarget-dir = {target:?}\n[net]\noffline = true\n");
    let cargo = folder.path().join(".cargo");
    fs::create_dir(&cargo).unwrap();
    fs::write(cargo.join("config.toml"), configuration).unwrap();
    folder
}

/// A new project with the versions of this workspace.
fn project(folder: &TempDir, kind: Kind) -> Project {
    let directory = folder.path().join(kind.name());
    let project = create(
        "dew-heater".parse().unwrap(),
        Language::Rust,
        kind,
        &directory,
    )
    .unwrap();
    fs::copy(
        Path::new(ROOT).join("Cargo.lock"),
        directory.join("Cargo.lock"),
    )
    .unwrap();
    project
}

fn cargo(project: &Project, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(&project.directory);
    assert!(command.status().unwrap().success(), "cargo {arguments:?}");
}

fn builds_small_passes_its_tests_and_is_formatted(kind: Kind) {
    let folder = workshop();
    let project = project(&folder, kind);
    let built = build(&project).unwrap();
    assert_eq!(
        built.component,
        project.directory.join("build/dew-heater.wasm")
    );
    assert_eq!(
        fs::metadata(&built.component).unwrap().len(),
        built.size as u64
    );
    assert!(built.size < SMALL, "{} bytes", built.size);
    cargo(&project, &["test", "--release", "--quiet"]);
    cargo(&project, &["fmt", "--check"]);
    cargo(
        &project,
        &[
            "clippy",
            "--release",
            "--quiet",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
    );
}

#[test]
fn a_handler_builds_small_passes_its_tests_and_is_formatted() {
    builds_small_passes_its_tests_and_is_formatted(Kind::Handler);
}

#[test]
fn a_policy_builds_small_passes_its_tests_and_is_formatted() {
    builds_small_passes_its_tests_and_is_formatted(Kind::Policy);
}

#[test]
fn what_does_not_compile_fails_and_leaves_the_component_that_was_there() {
    let folder = workshop();
    let project = project(&folder, Kind::Policy);
    let component = project.component();
    fs::create_dir(component.parent().unwrap()).unwrap();
    fs::write(&component, b"the one before").unwrap();
    fs::write(project.directory.join("src/lib.rs"), "fn broken(").unwrap();
    let error = build(&project).unwrap_err();
    assert!(
        matches!(&error, Error::Failed { tool, .. } if tool == "cargo"),
        "{error}"
    );
    assert_eq!(fs::read(&component).unwrap(), b"the one before");
}

#[test]
fn a_component_of_the_other_world_is_no_plugin_of_this_kind() {
    let folder = workshop();
    let project = project(&folder, Kind::Policy);
    let file: PathBuf = project.directory.join("slewgate-plugin.toml");
    let told = fs::read_to_string(&file).unwrap();
    fs::write(&file, told.replace("policy", "handler")).unwrap();
    let error = build(&Project::open(&project.directory).unwrap()).unwrap_err();
    assert!(
        error.to_string().contains("slewgate:plugin/handler"),
        "{error}"
    );
}
