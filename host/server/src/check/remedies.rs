//! What to do about a component that does not serve: one remedy for each cause.

use std::path::Path;

use slewgate_engine::{CandidateReport, Stage};

/// Words of the cause, and what helps.
const OF_A_DESCRIPTION: [(&str, &str); 11] = [
    (
        "is no name of a command",
        "name each command with lower-case letters, digits and _, at most 32, such as `set_power`",
    ),
    (
        "the command `stop` is the host's own",
        "describe no `stop`: the host sends what `attach` gives as `stops`",
    ),
    ("is described twice", "give each command a name of its own"),
    (
        "is no JSON Schema",
        "give a JSON Schema, such as {\"type\":\"object\"}",
    ),
    (
        "cannot be used",
        "write what each field is without references to the whole, in fewer parts: docs/plugins.md, *Schemas*",
    ),
    ("is not JSON", "give it as JSON text"),
    (
        "does not fit its schema",
        "give an example that the command itself takes; it is shown to people and tried by this check",
    ),
    ("commands;", "describe fewer commands"),
    (
        "say it in one sentence",
        "say what the command does in one sentence: people read it in a list of all commands",
    ),
    (
        "write it in at most",
        "describe what each field is, not each value that it may have",
    ),
    (
        "bytes together",
        "describe fewer commands, or with shorter schemas",
    ),
];

/// Where it failed is known, and perhaps why. `project`: the folder of the sources, where there is one.
pub(super) fn of_failure(failure: &CandidateReport, project: Option<&Path>) -> String {
    match failure.stage {
        Stage::Read => "give a file that can be read, of at most 64 MiB".to_owned(),
        Stage::Link => "build it with the contract in wit/, and import nothing else".to_owned(),
        Stage::Probe => of_probe(&failure.cause),
        _ => build(project),
    }
}

fn build(project: Option<&Path>) -> String {
    match project {
        Some(project) => format!(
            "build it with `slewgate plugin build {}`, and check build/NAME.wasm in that folder",
            project.display()
        ),
        None => "build a component: `slewgate plugin build` in the folder of a project that `slewgate plugin new` made".to_owned(),
    }
}

fn of_probe(cause: &str) -> String {
    // Before all others: what follows is the plugin's own text, in which any words may stand.
    if cause.contains("the plugin refused to start") {
        return "give settings that it takes: --settings, or [settings] in slewgate-plugin.toml"
            .to_owned();
    }
    let described = OF_A_DESCRIPTION
        .iter()
        .find(|(words, _)| cause.contains(words));
    if let Some((_, remedy)) = described {
        return (*remedy).to_owned();
    }
    let place = place(cause);
    match ran_out(cause) {
        true => format!("end {place} within its budget: {LESS}"),
        false => format!(
            "let {place} come to its end: what is wrong with its settings, `configure` says in words"
        ),
    }
}

/// Which of its functions it was in.
fn place(cause: &str) -> &'static str {
    let within = |name: &str| cause.contains(&format!("in `{name}`"));
    match (within("configure"), within("describe")) {
        (true, _) => "`configure`",
        (_, true) => "`describe`",
        _ => "the start of an instance",
    }
}

/// What helps where time or memory ran out.
pub(super) const LESS: &str = "less computing, shorter timeouts, less memory";

/// Whether time or memory was the cause.
pub(super) fn ran_out(cause: &str) -> bool {
    let causes = [
        "computed for more than",
        "took longer than",
        "out of memory",
    ];
    causes.iter().any(|words| cause.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remedy(stage: Stage, cause: &str, project: Option<&str>) -> String {
        let failure = CandidateReport {
            digest: None,
            stage,
            cause: cause.to_owned(),
            at: 0.0,
        };
        of_failure(&failure, project.map(Path::new))
    }

    #[test]
    fn each_cause_of_a_failed_start_has_a_remedy_of_its_own() {
        for (cause, says) in [
            (
                "the plugin refused to start: zones is not JSON",
                "--settings",
            ),
            (
                "in `configure`: computed for more than 50 ms",
                "end `configure`",
            ),
            (
                "in `describe`: computed for more than 50 ms",
                "end `describe`",
            ),
            ("computed for more than 50 ms", "the start of an instance"),
            (
                "in `describe`: wasm trap: unreachable",
                "let `describe` come",
            ),
            (
                "the command `stop` is the host's own, for every plugin with a line",
                "no `stop`",
            ),
            ("the command `set` is described twice", "a name of its own"),
            ("`Set` is no name of a command: lower-case", "lower-case"),
            (
                "the params schema of `set` is no JSON Schema: 7",
                "a JSON Schema",
            ),
            ("the example of `set` is not JSON: 7", "as JSON text"),
            (
                "the summary of `set` has 1001 characters; say it in one sentence, of at most 1000",
                "what the command does",
            ),
            (
                "the example of `set` has 16385 bytes; write it in at most 16384",
                "what each field is",
            ),
            (
                "what it says of its commands has 69564 bytes together; say it in at most 65536",
                "shorter schemas",
            ),
            (
                "the example of `set` does not fit its schema: 7",
                "an example that",
            ),
        ] {
            let remedy = remedy(Stage::Probe, cause, None);
            assert!(remedy.contains(says), "{cause}: {remedy}");
        }
    }

    #[test]
    fn what_is_no_component_is_built_as_its_project_says_whatever_the_language() {
        let within = remedy(Stage::Parse, "it is not WASM", Some("heater"));
        assert!(
            within.contains("`slewgate plugin build heater`"),
            "{within}"
        );
        let without = remedy(Stage::Parse, "it is not WASM", None);
        assert!(without.contains("`slewgate plugin build`"), "{without}");
    }
}
