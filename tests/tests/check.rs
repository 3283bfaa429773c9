//! `slewgate plugin check`: real components pass, and each mistake of one is found and told with what to change.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use serde_json::Value;
use slewgate_authors::{Kind, Language, create};
use slewgate_tests::{plugins, program, test_component};
use tempfile::TempDir;

/// What a heater answers.
const SCRIPT: &str = r"
# A dew heater.
P0\n -> OK\n
P40\n -> OK\n
T\n -> 12.5\n
";

/// Where scripts and components of a test are.
struct Desk(TempDir);

/// What a check printed, and whether it passed.
struct Checked {
    report: Value,
    code: Option<i32>,
}

impl Desk {
    fn new() -> Desk {
        Desk(TempDir::new().expect("a directory"))
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let file = self.0.path().join(name);
        fs::write(&file, content).expect("a file");
        file
    }

    /// The heater with a mistake, on a scripted line.
    fn heater(&self, mistake: &str, more: &[&str]) -> Checked {
        let script = self.file("heater.txt", SCRIPT);
        let line = format!("port=script:{}", script.display());
        let settings = format!("{{\"mistake\":\"{mistake}\"}}");
        let arguments = ["--line", &line, "--settings", &settings];
        check(&test_component("heater"), &[&arguments, more].concat())
    }

    /// A policy in WebAssembly text, from the one that allows everything.
    fn policy(&self, change: impl Fn(&str) -> String) -> Checked {
        let text = change(include_str!("../../host/server/src/check/allow.wat"));
        let bytes = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
        check(&self.file("policy.wasm", bytes), &[])
    }
}

fn check(component: &Path, arguments: &[&str]) -> Checked {
    let mut command = Command::new(program());
    command.env_clear().args(["plugin", "check"]).arg(component);
    let output = command.args(arguments).args(["--report", "json"]).output();
    let output = output.expect("the program starts");
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    Checked {
        report,
        code: output.status.code(),
    }
}

impl Checked {
    #[track_caller]
    fn passed(&self) {
        assert_eq!(self.failures(), [""; 0], "{}", self.report);
        assert_eq!(self.report["passed"], true);
        assert_eq!(self.code, Some(0));
    }

    /// Each is told what to change.
    fn failures(&self) -> Vec<String> {
        let findings = self.report["findings"].as_array().expect("findings");
        let failed = findings.iter().filter(|found| found["outcome"] == "failed");
        let words = failed.map(|found| {
            assert!(found["remedy"].is_string(), "{found}");
            let word = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
            format!("{}/{}: {}", word("part"), word("subject"), word("seen"))
        });
        words.collect()
    }

    #[track_caller]
    fn failed(&self, place: &str, said: &str) {
        let failures = self.failures();
        let found = failures
            .iter()
            .any(|failure| failure.starts_with(place) && failure.contains(said));
        assert!(found, "no {place}: {said} in {failures:#?}");
        assert_eq!(self.report["passed"], false);
        assert_eq!(self.code, Some(1));
    }
}

#[test]
fn the_handlers_and_policies_of_this_repository_pass() {
    let handler = plugins().join("handlers/lx200.wasm");
    check(&handler, &["--line", "port=simulator:lx200", "--quick"]).passed();
    check(&handler, &["--line", "port=simulator:lx200/onstep"]).passed();
    for policy in ["telescope", "observer"] {
        let checked = check(&plugins().join(format!("policies/{policy}.wasm")), &[]);
        checked.passed();
        assert_eq!(checked.report["kind"], "policy");
    }
}

#[test]
fn a_handler_without_a_mistake_passes_on_a_scripted_line_in_every_trouble() {
    let checked = Desk::new().heater("none", &[]);
    checked.passed();
    let findings = checked.report["findings"].as_array().expect("findings");
    for line in ["slow", "silent", "garbled", "cut", "disconnected"] {
        for asked in ["attach", "set", "warmth"] {
            let part = format!("{line} line");
            let found = findings
                .iter()
                .find(|found| found["part"] == part.as_str() && found["subject"] == asked);
            let found = found.unwrap_or_else(|| panic!("no {part}, {asked}"));
            assert_eq!(found["outcome"], "passed", "{found}");
        }
    }
}

#[test]
fn each_mistake_of_a_handler_is_found_where_it_shows() {
    let thorough: &[&str] = &[];
    let quick: &[&str] = &["--quick"];
    let mistakes = [
        ("believes", thorough, "garbled line/warmth", "is not right"),
        ("panics", thorough, "silent line/warmth", "unreachable"),
        ("refuses", thorough, "silent line/set", "-32004"),
        ("insists", thorough, "silent line/set", "took longer than"),
        (
            "despairs",
            thorough,
            "silent line/set",
            "the next call after it fails",
        ),
        ("misfits", quick, "examples/warmth", "degrees: "),
        (
            "changes",
            quick,
            "description/",
            "not answer the same twice",
        ),
    ];
    // Each waits for most of its time.
    thread::scope(|scope| {
        for (mistake, how, place, said) in mistakes {
            scope.spawn(move || Desk::new().heater(mistake, how).failed(place, said));
        }
    });
}

#[test]
fn settings_that_are_refused_and_a_line_that_is_missing_are_told() {
    let desk = Desk::new();
    let refused = desk.heater("typing", &["--quick"]);
    refused.failed("loading/probe", "unknown variant `typing`");
    let lineless = check(&test_component("heater"), &[]);
    lineless.failed("attach/", "it asks for \"port\", and no line is given");
    let remedy = &finding(&lineless.report, "attach", "")["remedy"];
    assert!(
        remedy.as_str().unwrap().contains("--line port="),
        "{remedy}"
    );
    let script = desk.file("short.txt", r"P0\n -> OK\n");
    let line = format!("port=script:{}", script.display());
    let short = check(&test_component("heater"), &["--line", &line, "--quick"]);
    short.failed("examples/set", r"the script has no answer to P40\x0a");
}

/// A finding that is about this.
fn finding<'a>(report: &'a Value, part: &str, subject: &str) -> &'a Value {
    let findings = report["findings"].as_array().expect("findings");
    let mut about = findings.iter().filter(|found| {
        found["part"] == part && found["subject"].as_str().unwrap_or("") == subject
    });
    about
        .next()
        .unwrap_or_else(|| panic!("no {part}, {subject}: {report}"))
}

#[test]
fn what_a_plugin_printed_before_it_failed_is_told_with_the_failure_and_what_others_printed_is_not()
{
    let checked = Desk::new().heater("crashes", &["--quick"]);
    checked.failed("examples/set", "unreachable");
    let printed = finding(&checked.report, "examples", "set")["printed"].to_string();
    assert!(printed.contains("the heater is cold"), "{printed}");
    assert!(printed.contains("src/lib.rs:"), "{printed}");
    let passed = finding(&checked.report, "examples", "warmth");
    assert_eq!(passed["printed"], Value::Null);
}

#[test]
fn each_mistake_at_the_start_has_its_own_remedy() {
    let remedy = |mistake: &str, part: &str, subject: &str| {
        let checked = Desk::new().heater(mistake, &["--quick"]);
        let found = finding(&checked.report, part, subject);
        let (seen, remedy) = (&found["seen"], &found["remedy"]);
        format!("{}: {}", seen.as_str().unwrap(), remedy.as_str().unwrap())
    };
    let mistakes = [
        (
            "loops",
            "loading",
            "probe",
            "in `describe`: computed for more than 50 ms: end `describe`",
        ),
        ("stops", "loading", "probe", "describe no `stop`"),
        ("typing", "loading", "probe", "give settings that it takes"),
        (
            "misnames",
            "attach",
            "",
            "it asks for \"prt\", and given is port: open a role that is given",
        ),
        (
            "hurries",
            "description",
            "sample-every",
            "a sample every 20 ms: ask for 100 ms or more",
        ),
    ];
    // Each waits for most of its time.
    thread::scope(|scope| {
        for (mistake, part, subject, said) in mistakes {
            scope.spawn(move || {
                let told = remedy(mistake, part, subject);
                assert!(told.contains(said), "{mistake}: {told}");
            });
        }
    });
}

#[test]
fn a_projects_folder_is_checked_with_its_lines_and_settings() {
    let desk = Desk::new();
    let folder = desk.0.path().join("dew");
    let project = create("dew".parse().unwrap(), Language::C, Kind::Handler, &folder).unwrap();
    let arguments = ["plugin", "check", "--quick", "--report", "json"];
    let mut check = Command::new(program());
    check.env_clear().args(arguments).current_dir(&folder);
    let unbuilt = check.output().unwrap();
    let said = String::from_utf8_lossy(&unbuilt.stderr).into_owned();
    assert!(said.contains("slewgate plugin build"), "{said}");

    let told = "name = \"dew\"\nlanguage = \"c\"\nkind = \"handler\"\n[lines]\nport = \"script:heater.txt\"\n[settings]\nmistake = \"misfits\"\n";
    fs::write(folder.join("slewgate-plugin.toml"), told).unwrap();
    fs::write(folder.join("heater.txt"), SCRIPT).unwrap();
    fs::create_dir_all(folder.join("build")).unwrap();
    fs::copy(test_component("heater"), project.component()).unwrap();
    let report: Value = serde_json::from_slice(&check.output().unwrap().stdout).unwrap();
    let found = finding(&report, "examples", "warmth");
    assert!(
        found["seen"].as_str().unwrap().contains("degrees: "),
        "{found}"
    );
}

#[test]
fn what_hoards_loops_and_traps_is_found_by_its_example() {
    let checked = check(&test_component("unruly"), &[]);
    checked.failed("examples/hoards", "out of memory");
    checked.failed("examples/loops", "computed for more than 50 ms");
    checked.failed("examples/traps", "unreachable");
    assert_eq!(checked.failures().len(), 3, "{:#?}", checked.failures());
}

#[test]
fn what_is_no_component_of_this_contract_fails_at_its_stage() {
    let desk = Desk::new();
    let whole = fs::read(plugins().join("handlers/lx200.wasm")).expect("a component");
    for (name, bytes, place, said) in [
        ("empty", &[][..], "loading/parse", "the file is empty"),
        (
            "cut",
            &whole[..whole.len() / 2],
            "loading/parse",
            "copy it again",
        ),
        ("text", b"(component)", "loading/parse", "it is not WASM"),
        ("core", b"\0asm\x01\0\0\0", "loading/parse", "a core module"),
    ] {
        check(&desk.file(name, bytes), &[]).failed(place, said);
    }
    let wrong = check(
        &plugins().join("policies/observer.wasm"),
        &["--kind", "handler"],
    );
    wrong.failed("loading/link", "put it into policies/");
}

#[test]
fn of_a_component_of_another_contract_it_is_told_which() {
    let older = check(&test_component("older"), &[]);
    let said = "it was built for version 0.0.9 of the contract, and this host serves 0.1.0";
    older.failed("loading/link", said);
    assert_eq!(older.report["kind"], "handler");
    assert_eq!(older.report["contract"], "0.0.9");
}

/// The body of a function of the policy that allows everything.
fn authorize(body: &'static str) -> impl Fn(&str) -> String {
    move |text| {
        let (before, after) = text.split_once("(export \"authorize\")").expect("a policy");
        let after = after.replacen("i32.const 0", body, 1);
        format!("{before}(export \"authorize\"){after}")
    }
}

#[test]
fn each_mistake_of_a_policy_is_found() {
    let desk = Desk::new();
    desk.policy(authorize("i32.const 0")).passed();
    let looping = desk.policy(authorize("(loop $ever (br $ever)) unreachable"));
    looping.failed("decisions/mount.goto", "computed for more than 10 ms");
    let methods = looping.failures().len();
    assert!(
        methods < 50,
        "one for each method, and not one for each decision: {methods}"
    );
    let trapping = desk.policy(authorize("unreachable"));
    trapping.failed("decisions/mount.goto", "unreachable");
    // The number of the question decides: bytes 0 to 11 are the answer.
    let counting = "(i32.store (i32.const 12) (i32.xor (i32.load (i32.const 12)) (i32.const 1)))
      (i32.store (i32.const 0) (i32.load (i32.const 12)))
      i32.const 0";
    let counting = desk.policy(authorize(counting));
    counting.failed("decisions/mount.goto", "asked twice it says");
    // The effect is the eleventh parameter; `stop` is the third.
    let fetters = "(i32.store (i32.const 0) (i32.eq (local.get 10) (i32.const 2)))
      i32.const 0";
    let fetters = desk.policy(authorize(fetters));
    fetters.failed("decisions/stop", "it denies stop");
}
