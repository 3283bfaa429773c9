//! Components that cannot serve, through the whole of loading: which stage they reach, and what is said of them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use slewgate_engine::{
    CandidateReport, Engine, EngineSettings, PluginReport, PluginSettings, PluginState, Plugins,
    PolicyLimits, Stage, Surroundings,
};
use slewgate_sky::{Sky, SystemClock};
use wasmparser::{Parser, Payload};

/// Files a policy, and says what became of it.
async fn load(text: &str) -> CandidateReport {
    let data = tempfile::tempdir().unwrap();
    let (handlers, policies) = (data.path().join("handlers"), data.path().join("policies"));
    fs::create_dir(&handlers).unwrap();
    fs::create_dir(&policies).unwrap();
    fs::write(
        policies.join("observer.wasm"),
        wat::parse_str(text).unwrap(),
    )
    .unwrap();
    let engine = Engine::new(&EngineSettings::default()).unwrap();
    let plugins = Plugins::start(engine, surroundings(), settings(handlers, policies))
        .await
        .unwrap();
    let report = plugins.reports()[0].clone();
    assert_eq!(report.name, "observer");
    assert_eq!(report.state, PluginState::Failed);
    report.candidate.unwrap()
}

fn settings(handlers: PathBuf, policies: PathBuf) -> PluginSettings {
    PluginSettings {
        handlers,
        policies,
        remembered: None,
        host_methods: vec![],
        state: None,
        allowed: None,
        trust: None,
        tables: Vec::new(),
        policy_settings: BTreeMap::new(),
        policy_limits: PolicyLimits::default(),
    }
}

fn surroundings() -> Surroundings {
    Surroundings {
        clock: Arc::new(SystemClock),
        sky: Arc::new(Sky::new(0.0)),
        site: None,
        solar_filter: false,
    }
}

/// A component around a core module of this content.
fn module(content: &str) -> String {
    format!("(component (core module {content}))")
}

#[tokio::test]
async fn proposals_that_no_plugin_needs_are_off() {
    let off = [
        ("memory64", "(memory i64 1)"),
        ("threads", "(memory 1 1 shared)"),
        ("garbage collection", "(type (struct))"),
        ("exceptions", "(tag)"),
        (
            "relaxed SIMD",
            "(func (param v128 v128) (result v128) local.get 0 local.get 1 i8x16.relaxed_swizzle)",
        ),
    ];
    for (proposal, content) in off {
        let failed = load(&module(content)).await;
        assert_eq!(failed.stage, Stage::Compile, "{proposal}: {}", failed.cause);
    }
}

#[tokio::test]
async fn what_plugins_are_built_with_is_on() {
    let on = [
        ("an ordinary module", "(memory 1)"),
        (
            "SIMD",
            "(func (param v128) (result v128) local.get 0 i8x16.abs)",
        ),
        (
            "bulk memory",
            "(memory 1) (func i32.const 0 i32.const 0 i32.const 0 memory.fill)",
        ),
        (
            "several values",
            "(func (result i32 i32) i32.const 0 i32.const 0)",
        ),
    ];
    for (proposal, content) in on {
        let failed = load(&module(content)).await;
        assert_eq!(failed.stage, Stage::Link, "{proposal}: {}", failed.cause);
    }
}

#[tokio::test]
async fn a_component_of_another_world_is_told_which_function_is_missing_and_which_differs() {
    let failed = load(
        r#"(component
            (core module $m (func (export "configure") (param i32)))
            (core instance $i (instantiate $m))
            (func $configure (param "settings" u32) (canon lift (core func $i "configure")))
            (instance $policy (export "configure" (func $configure)))
            (export "slewgate:plugin/policy@0.1.0" (instance $policy)))"#,
    )
    .await;
    assert_eq!(failed.stage, Stage::Link);
    for said in [
        "it does not fit the world `permission-policy`",
        "export slewgate:plugin/policy@0.1.0: the function `authorize` is missing",
        "of the function `configure` is u32, wanted string",
    ] {
        assert!(failed.cause.contains(said), "{}", failed.cause);
    }
}

#[tokio::test]
async fn a_component_without_the_interface_is_told_each_function_that_it_lacks() {
    let failed = load("(component)").await;
    assert_eq!(failed.stage, Stage::Link);
    for function in ["authorize", "configure"] {
        let said = format!("the function `{function}` is missing");
        assert!(failed.cause.contains(&said), "{}", failed.cause);
    }
}

#[tokio::test]
async fn a_component_that_wants_what_no_world_has_is_refused() {
    let failed = load(r#"(component (import "elsewhere:files/read@1.0.0" (instance)))"#).await;
    assert_eq!(failed.stage, Stage::Link);
    let said = "it imports elsewhere:files/read@1.0.0, which the host does not offer";
    assert!(failed.cause.contains(said), "{}", failed.cause);
}

#[tokio::test]
async fn of_many_imports_that_do_not_fit_the_first_five_are_named_and_the_others_counted() {
    let imports = (0..200)
        .map(|number| format!("(import \"elsewhere:files/read{number}@1.0.0\" (instance))"));
    let failed = load(&format!("(component {})", imports.collect::<String>())).await;
    assert_eq!(failed.stage, Stage::Link);
    assert_eq!(
        failed
            .cause
            .matches("which the host does not offer")
            .count(),
        5
    );
    assert!(
        failed.cause.contains("; and 195 more imports do not fit; "),
        "{}",
        failed.cause
    );
    assert!(
        failed.cause.contains("build it with the wit/ of this host"),
        "{}",
        failed.cause
    );
}

#[tokio::test]
async fn a_cause_that_is_long_is_cut_to_what_everybody_can_be_told() {
    let name = format!("a{}", "-b".repeat(5_000));
    let failed = load(&format!("(component (import \"{name}\" (func)))")).await;
    assert_eq!(failed.stage, Stage::Link);
    assert_eq!(failed.cause.chars().count(), 2_000);
    assert!(failed.cause.ends_with('…'), "{}", failed.cause);
}

/// A policy that allows everything: a component that is whole.
const POLICY: &str = include_str!("../../server/src/check/allow.wat");

/// Every field of the client, and one more.
const FIELD_MORE: &str = r#"(field "name" string) (field "more" string)))"#;

/// How each of these files stands as a policy of its own, by name.
async fn reports(engine: &Engine, files: &[(String, Vec<u8>)]) -> BTreeMap<String, PluginReport> {
    let data = tempfile::tempdir().unwrap();
    let (handlers, policies) = (data.path().join("handlers"), data.path().join("policies"));
    fs::create_dir(&handlers).unwrap();
    fs::create_dir(&policies).unwrap();
    for (name, bytes) in files {
        fs::write(policies.join(format!("{name}.wasm")), bytes).unwrap();
    }
    let plugins = Plugins::start(engine.clone(), surroundings(), settings(handlers, policies))
        .await
        .unwrap();
    let reports = plugins.reports();
    reports
        .into_iter()
        .map(|report| (report.name.clone(), report))
        .collect()
}

/// Where it failed and what is said of it: one line.
fn told(report: &PluginReport) -> (Stage, &str) {
    assert_eq!(report.state, PluginState::Failed, "{report:?}");
    let failed = report.candidate.as_ref().unwrap();
    assert!(!failed.cause.contains('\n'), "{}", failed.cause);
    (failed.stage, &failed.cause)
}

#[tokio::test]
async fn what_cannot_serve_is_told_its_cause_and_what_to_do_in_one_sentence() {
    let policy = |text: &str| wat::parse_str(text).unwrap();
    let random: Vec<u8> = (0..4096_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let header = b"\0asm\x0d\0\x01\0";
    let more = POLICY
        .replace(r#"(field "name" string)))"#, FIELD_MORE)
        .replace(
            "(param i32 i32 i32 i32 i32)",
            "(param i32 i32 i32 i32 i32 i32 i32)",
        );
    let handler =
        r#"(component (instance $h) (export "slewgate:plugin/handler@0.1.0" (instance $h)))"#;
    let wanting =
        |import: &str| policy(&POLICY.replacen("(component", &format!("(component {import}"), 1));
    let cases = [
        (
            "empty",
            Vec::new(),
            Stage::Parse,
            "build it, or copy it again",
        ),
        (
            "random",
            random.clone(),
            Stage::Parse,
            "take the .wasm file that the build made",
        ),
        (
            "damaged",
            [header.as_slice(), &random].concat(),
            Stage::Parse,
            "build it, or copy it again",
        ),
        (
            "core",
            policy("(module)"),
            Stage::Parse,
            "build it for wasm32-wasip2",
        ),
        (
            "handler",
            policy(handler),
            Stage::Link,
            "it is a handler, and this is the place of a policy: put it into handlers/",
        ),
        (
            "more",
            policy(&more),
            Stage::Link,
            "the parameter `client` of the function `authorize` is record {session: string, id: string, client-type: string, name: string, more: string}, wanted record {session: string, id: string, client-type: string, name: string}",
        ),
        (
            "older",
            policy(&POLICY.replace("@0.1.0", "@0.0.9")),
            Stage::Link,
            "it was built for version 0.0.9 of the contract, and this host serves 0.1.0: build it with the wit/ of this host",
        ),
        (
            "newer",
            policy(&POLICY.replace("@0.1.0", "@0.2.0")),
            Stage::Link,
            "or run a host that serves 0.2.0",
        ),
        (
            "http",
            wanting(r#"(import "wasi:http/types@0.2.0" (instance (export "get" (func))))"#),
            Stage::Link,
            "it imports what the host does not offer; build it without that",
        ),
        (
            "files",
            wanting(r#"(import "elsewhere:files/read@1.0.0" (instance))"#),
            Stage::Link,
            "it imports elsewhere:files/read@1.0.0, which the host does not offer",
        ),
        (
            "serial",
            wanting(r#"(import "slewgate:plugin/serial@0.1.0" (instance))"#),
            Stage::Link,
            "it imports slewgate:plugin/serial@0.1.0, which this world does not have",
        ),
        (
            "wind",
            wanting(
                r#"(import "slewgate:plugin/situation@0.1.0" (instance (export "wind" (func (result f64)))))"#,
            ),
            Stage::Link,
            "situation@0.1.0 wind, which the host does not offer",
        ),
    ];
    let files: Vec<_> = cases
        .iter()
        .map(|(name, bytes, ..)| ((*name).to_owned(), bytes.clone()))
        .collect();
    let engine = Engine::new(&EngineSettings::default()).unwrap();
    let reports = reports(&engine, &files).await;
    for (name, _, stage, said) in &cases {
        let (failed, cause) = told(&reports[*name]);
        assert_eq!(failed, *stage, "{name}: {cause}");
        assert!(cause.contains(said), "{name}: {cause}");
        println!("{name}: {cause}");
    }
}

#[tokio::test]
async fn a_component_that_is_cut_anywhere_is_told_so_and_nothing_of_it_stays() {
    const LENGTHS: usize = 500;
    const AT_ONCE: usize = 60;
    let whole = without_names(wat::parse_str(POLICY).unwrap());
    assert!(whole.len() > LENGTHS, "{}", whole.len());
    let engine = Engine::new(&EngineSettings::default()).unwrap();
    let cuts: Vec<_> = (0..LENGTHS)
        .map(|at| {
            let length = at * whole.len() / LENGTHS;
            (format!("cut-{length}"), whole[..length].to_vec())
        })
        .collect();
    let mut before = None;
    for cuts in cuts.chunks(AT_ONCE) {
        let reports = reports(&engine, cuts).await;
        assert_eq!(reports.len(), cuts.len());
        for report in reports.values() {
            let (_, cause) = told(report);
            assert!(cause.contains("build it"), "{}: {cause}", report.name);
        }
        before.get_or_insert_with(watching);
    }
    let whole = reports(&engine, &[("whole".to_owned(), whole)]).await;
    assert_eq!(whole["whole"].state, PluginState::Serving);
    // What watches the directories ends a moment after its host.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while watching() > before.unwrap() {
        assert!(
            std::time::Instant::now() < until,
            "{before:?}, now {}",
            watching()
        );
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// Up to where it exports: names for people follow, and without those it is whole all the same.
fn without_names(mut component: Vec<u8>) -> Vec<u8> {
    let payloads = Parser::new(0).parse_all(&component);
    let ends = payloads.filter_map(|payload| match payload.unwrap() {
        Payload::ComponentExportSection(section) => Some(section.range().end),
        _ => None,
    });
    let end = ends.last().unwrap();
    component.truncate(end);
    component
}

/// Those that watch directories: each host has one. Threads of a runtime come and go by themselves.
fn watching() -> usize {
    let threads = fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let names = threads.filter_map(|thread| fs::read_to_string(thread.path().join("comm")).ok());
    names.filter(|name| name.starts_with("notify")).count()
}

/// A patch adds functions that plugins may import, and takes nothing away: what was built for another one is served.
#[tokio::test]
async fn components_of_other_patches_of_the_contract_are_served_beside_each_other() {
    let files: Vec<_> = ["0.1.0", "0.1.7"]
        .iter()
        .map(|version| {
            let text = POLICY.replace("@0.1.0", &format!("@{version}"));
            (version.replace('.', "-"), wat::parse_str(text).unwrap())
        })
        .collect();
    let engine = Engine::new(&EngineSettings::default()).unwrap();
    let reports = reports(&engine, &files).await;
    for (name, _) in &files {
        assert_eq!(
            reports[name].state,
            PluginState::Serving,
            "{:?}",
            reports[name]
        );
    }
}
