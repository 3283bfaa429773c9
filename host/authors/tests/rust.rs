//! The templates for Rust, built and tested as an author would, with what cargo has for this workspace and without the network.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what is wrong by failing"
)]

mod workshop;

use std::fs;

use slewgate_authors::{Error, Kind, Language, Project, build};
use workshop::{Made, run};

/// What Rust's components weigh at most. It is compiled at each swap.
const SMALL: usize = 200 * 1000;

fn made(kind: Kind) -> Made {
    workshop::made(Language::Rust, kind)
}

fn builds_small_passes_its_tests_and_is_formatted(kind: Kind) {
    let Made { project, .. } = &made(kind);
    let built = build(project).unwrap();
    assert_eq!(built.component, project.component());
    let component = fs::read(&built.component).unwrap();
    assert_eq!(component.len(), built.size);
    assert!(built.size < SMALL, "{} bytes", built.size);
    for command in [
        "cargo test --release --quiet",
        "cargo fmt --check",
        "cargo clippy --release --quiet --all-targets -- -D warnings",
    ] {
        run(&project.directory, command);
    }
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
    let Made { project, .. } = &made(Kind::Policy);
    let component = project.component();
    fs::create_dir(component.parent().unwrap()).unwrap();
    fs::write(&component, b"the one before").unwrap();
    fs::write(project.directory.join("src/lib.rs"), "fn broken(").unwrap();
    let error = build(project).unwrap_err();
    assert!(
        matches!(&error, Error::Failed { tool, .. } if tool == "cargo"),
        "{error}"
    );
    assert_eq!(fs::read(&component).unwrap(), b"the one before");
}

#[test]
fn a_component_of_the_other_world_is_no_plugin_of_this_kind() {
    let Made { project, .. } = &made(Kind::Policy);
    let file = project.directory.join("slewgate-plugin.toml");
    let told = fs::read_to_string(&file).unwrap();
    fs::write(&file, told.replace("policy", "handler")).unwrap();
    let error = build(&Project::open(&project.directory).unwrap()).unwrap_err();
    assert!(
        error.to_string().contains("slewgate:plugin/handler"),
        "{error}"
    );
}
