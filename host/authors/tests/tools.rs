//! The templates for Python, JavaScript, TypeScript and C, built and tested as an author would, with the languages' own tools.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what is wrong by failing"
)]

mod workshop;

use std::fs;

use slewgate_authors::{Error, Kind, Language, build};
use workshop::{Made, made, run};

const KB: usize = 1000;
const MB: usize = 1_000_000;

fn builds_and_passes_its_tests(language: Language, test: &str, at_most: usize) {
    for kind in Kind::ALL {
        let Made { project, .. } = &made(language, kind);
        let built = build(project).unwrap();
        assert!(built.size < at_most, "{kind}: {} bytes", built.size);
        let component = fs::read(project.component()).unwrap();
        assert_eq!(component.len(), built.size);
        run(&project.directory, test);
    }
}

#[test]
fn plugins_in_python_build_and_pass_their_tests() {
    let test = "python3 -m unittest discover tests";
    builds_and_passes_its_tests(Language::Python, test, 20 * MB);
}

#[test]
fn plugins_in_javascript_build_and_pass_their_tests() {
    builds_and_passes_its_tests(Language::JavaScript, "npm test", 14 * MB);
}

#[test]
fn plugins_in_typescript_build_and_pass_their_tests() {
    builds_and_passes_its_tests(Language::TypeScript, "npm test", 14 * MB);
}

#[test]
fn plugins_in_c_build_and_pass_their_tests() {
    builds_and_passes_its_tests(Language::C, "make test", 25 * KB);
}

#[test]
fn what_a_build_leaves_is_not_in_the_way_of_the_next() {
    for language in [Language::Python, Language::C] {
        let Made { project, .. } = &made(language, Kind::Policy);
        for _ in 0..2 {
            build(project).unwrap();
        }
    }
}

/// Breaks a source: the tool that says so is named, and the component is the one from before.
fn says_which_tool_failed(language: Language, file: &str, broken: &str, tool: &str) {
    let Made { project, .. } = &made(language, Kind::Policy);
    fs::create_dir(project.directory.join("build")).unwrap();
    fs::write(project.component(), b"the one before").unwrap();
    let file = project.directory.join(file);
    let source = fs::read_to_string(&file).unwrap();
    fs::write(&file, source + broken).unwrap();
    match build(project).unwrap_err() {
        Error::Failed { tool: failed, .. } => assert_eq!(failed, tool),
        other => panic!("{other}"),
    }
    assert_eq!(fs::read(project.component()).unwrap(), b"the one before");
}

#[test]
fn a_type_that_does_not_fit_the_contract_is_found_before_anything_is_built() {
    let broken = "\nallow.tag = 'perhaps';\n";
    says_which_tool_failed(Language::TypeScript, "src/visitor.ts", broken, "tsc");
}

#[test]
fn what_is_no_program_is_told_by_the_tool_of_its_language() {
    let broken = "\n(:\n";
    says_which_tool_failed(Language::Python, "src/policy.py", broken, "componentize-py");
    says_which_tool_failed(Language::JavaScript, "src/policy.js", broken, "jco");
    says_which_tool_failed(Language::C, "src/policy.c", broken, "clang");
}
