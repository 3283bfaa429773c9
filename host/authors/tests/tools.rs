//! The templates for Python, JavaScript, TypeScript and C, built and tested as an author would, with the languages' own tools.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what is wrong by failing"
)]

mod workshop;

use std::fs;
use std::process::Command;

use slewgate_authors::{Error, Kind, Language, Project, build};
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

/// What the tests of a project say where they fail.
fn fails(project: &Project, test: &str) -> String {
    let mut words = test.split_whitespace();
    let mut program = Command::new(words.next().unwrap());
    let output = program.args(words).current_dir(&project.directory).output();
    let output = output.unwrap();
    assert!(!output.status.success(), "{output:?}");
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn tests_before_the_first_build_say_that_it_comes_first() {
    for (language, test) in [
        (Language::Python, "python3 -m unittest discover tests"),
        (Language::TypeScript, "npm test"),
        (Language::C, "make test"),
    ] {
        for kind in Kind::ALL {
            let said = fails(&made(language, kind).project, test);
            assert!(said.contains("run `slewgate plugin build` first"), "{said}");
        }
    }
}

#[test]
fn a_test_of_a_plugin_in_c_fails_that_leaves_memory_or_a_line() {
    for forgotten in [
        "  exports_slewgate_plugin_handler_request_free(request);\n",
        "  slewgate_plugin_serial_line_drop_own(line);\n",
        "  command_handler_string_free(settings);\n",
    ] {
        let Made { project, .. } = &made(Language::C, Kind::Handler);
        build(project).unwrap();
        let mut places = 0;
        for file in ["src/handler.c", "src/heater.c"] {
            let file = project.directory.join(file);
            let source = fs::read_to_string(&file).unwrap();
            places += source.matches(forgotten).count();
            fs::write(&file, source.replace(forgotten, "")).unwrap();
        }
        assert_eq!(places, 1, "{forgotten}");
        let said = fails(project, "make test");
        assert!(said.contains("are not given back"), "{forgotten}: {said}");
    }
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
