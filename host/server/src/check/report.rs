//! What a check found, for people and for programs.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use slewgate_engine::PluginKind;

use crate::plain::plain;

/// All that was found of one component.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The file.
    pub(crate) file: PathBuf,
    /// Whether it may serve: nothing failed.
    pub(crate) passed: bool,
    /// What sort of plugin it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<PluginKind>,
    /// The version of the contract that it was built for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contract: Option<String>,
    /// In the order in which it was looked for.
    pub(crate) findings: Vec<Finding>,
    /// What a policy decides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) decisions: Vec<Decision>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// Which part of the check, such as `examples` or `silent line`.
    pub(crate) part: &'static str,
    /// What in it, such as a command; empty: the part has one thing alone.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) subject: String,
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// What was seen.
    pub(crate) seen: String,
    /// What to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<String>,
    /// What the plugin printed meanwhile, line by line; of what passed, nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) printed: Vec<String>,
}

/// What became of it, from well to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// As it should be.
    Passed,
    /// Perhaps: worth a look.
    Noted,
    /// An observatory would suffer from it.
    Failed,
}

/// What a policy decides about one action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Decision {
    /// Such as `mount.goto`.
    pub(crate) method: String,
    /// The word of the contract.
    pub(crate) effect: &'static str,
    /// In which situation.
    pub(crate) situation: &'static str,
    /// Whether it is allowed.
    pub(crate) allowed: bool,
    /// Why not, as the client reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl Finding {
    /// As it should be.
    pub(crate) fn passed(
        part: &'static str,
        subject: impl Into<String>,
        seen: impl Into<String>,
    ) -> Finding {
        Finding {
            part,
            subject: subject.into(),
            outcome: Outcome::Passed,
            seen: seen.into(),
            remedy: None,
            printed: Vec::new(),
        }
    }

    /// With what the plugin printed, in which the cause may stand, such as an exception and its line.
    pub(crate) fn having_printed(self, printed: Vec<String>) -> Finding {
        match self.outcome {
            Outcome::Passed => self,
            Outcome::Noted | Outcome::Failed => Finding { printed, ..self },
        }
    }

    /// Worth a look, and what may be changed.
    pub(crate) fn noted(
        part: &'static str,
        subject: impl Into<String>,
        seen: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            outcome: Outcome::Noted,
            remedy: Some(remedy.into()),
            ..Finding::passed(part, subject, seen)
        }
    }

    /// Not as it should be, and what to change.
    pub(crate) fn failed(
        part: &'static str,
        subject: impl Into<String>,
        seen: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            outcome: Outcome::Failed,
            ..Finding::noted(part, subject, seen, remedy)
        }
    }

    /// Whether the same is said of another subject.
    fn is_like(&self, other: &Finding) -> bool {
        (self.outcome, &self.seen, &self.remedy, &self.printed)
            == (other.outcome, &other.seen, &other.remedy, &other.printed)
    }
}

impl Report {
    /// Adds what was found.
    pub(crate) fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
        self.passed = !self.has(Outcome::Failed);
    }

    /// Whether anything so far ended so.
    pub(crate) fn has(&self, outcome: Outcome) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.outcome == outcome)
    }

    fn count(&self, outcome: Outcome) -> usize {
        let like = |finding: &&Finding| finding.outcome == outcome;
        self.findings.iter().filter(like).count()
    }

    /// The parts in their order, each with its findings.
    fn parts(&self) -> impl Iterator<Item = &[Finding]> {
        self.findings
            .chunk_by(|before, after| before.part == after.part)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self
            .kind
            .map_or("no plugin".to_owned(), |kind| kind.to_string());
        write!(f, "{}: {kind}", self.file.display())?;
        if let Some(contract) = &self.contract {
            write!(f, ", contract {}", plain(contract))?;
        }
        writeln!(f)?;
        for part in self.parts() {
            show_part(f, part)?;
        }
        show_decisions(f, &self.decisions)?;
        let (failed, noted) = (self.count(Outcome::Failed), self.count(Outcome::Noted));
        match (failed, noted) {
            (0, 0) => write!(f, "passed"),
            (0, noted) => write!(f, "passed, with {noted} to look at"),
            (failed, 0) => write!(f, "{failed} failed"),
            (failed, noted) => write!(f, "{failed} failed, and {noted} to look at"),
        }
    }
}

/// What passed in a part is one line; what did not has one of its own, with what to change below it.
fn show_part(f: &mut fmt::Formatter<'_>, part: &[Finding]) -> fmt::Result {
    let (passed, others): (Vec<_>, Vec<_>) = part
        .iter()
        .partition(|finding| finding.outcome == Outcome::Passed);
    let (named, alone): (Vec<_>, Vec<_>) = passed
        .into_iter()
        .partition(|finding| !finding.subject.is_empty());
    for finding in alone {
        writeln!(f, "  ok      {}: {}", finding.part, plain(&finding.seen))?;
    }
    if let Some(first) = named.first() {
        let subjects: Vec<_> = named.iter().map(|found| found.subject.as_str()).collect();
        writeln!(
            f,
            "  ok      {}: {}",
            first.part,
            plain(&subjects.join(", "))
        )?;
    }
    for alike in others.chunk_by(|before, after| before.is_like(after)) {
        show_others(f, alike)?;
    }
    Ok(())
}

/// What did not pass, of all those of which the same is to be said.
fn show_others(f: &mut fmt::Formatter<'_>, alike: &[&Finding]) -> fmt::Result {
    let Some(first) = alike.first() else {
        return Ok(());
    };
    let word = match first.outcome {
        Outcome::Failed => "FAILED",
        _ => "look",
    };
    let subjects: Vec<_> = alike.iter().map(|found| found.subject.as_str()).collect();
    write!(f, "  {word:<7} {}", first.part)?;
    match subjects.join(", ") {
        none if none.is_empty() => {}
        subjects => write!(f, ", {}", plain(&subjects))?,
    }
    writeln!(f, ": {}", plain(&first.seen))?;
    for line in &first.printed {
        writeln!(f, "          | {}", plain(line))?;
    }
    match &first.remedy {
        Some(remedy) => writeln!(f, "          -> {}", plain(remedy)),
        None => Ok(()),
    }
}

/// A line for each method, or one for each decision of it where the situation matters.
fn show_decisions(f: &mut fmt::Formatter<'_>, decisions: &[Decision]) -> fmt::Result {
    let word = |decision: &Decision| match &decision.reason {
        None => "allow".to_owned(),
        Some(reason) => format!("deny: {}", plain(reason)),
    };
    for method in decisions.chunk_by(|before, after| before.method == after.method) {
        let Some(first) = method.first() else {
            continue;
        };
        write!(f, "  {:<20} {:<11}", plain(&first.method), first.effect)?;
        if method.iter().all(|decision| word(decision) == word(first)) {
            writeln!(f, "{}", word(first))?;
            continue;
        }
        writeln!(f)?;
        for decision in method {
            writeln!(f, "    {:<40} {}", decision.situation, word(decision))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(findings: Vec<Finding>) -> Report {
        let mut report = Report {
            file: "heater.wasm".into(),
            passed: true,
            kind: Some(PluginKind::Handler),
            contract: Some("0.1.0".into()),
            findings: Vec::new(),
            decisions: Vec::new(),
        };
        report.extend(findings);
        report
    }

    #[test]
    fn what_failed_is_said_with_what_to_change_and_what_passed_in_one_line() {
        let report = report(vec![
            Finding::passed("examples", "info", "{}"),
            Finding::failed("examples", "set", "it trapped", "do not"),
            Finding::passed("examples", "get", "{}"),
        ]);
        assert!(!report.passed);
        assert_eq!(
            report.to_string(),
            "heater.wasm: handler, contract 0.1.0\n  ok      examples: info, get\n  \
             FAILED  examples, set: it trapped\n          -> do not\n1 failed"
        );
    }

    #[test]
    fn what_is_only_worth_a_look_fails_nothing() {
        let report = report(vec![Finding::noted("examples", "set", "refused", "see")]);
        assert!(report.passed);
        assert!(report.to_string().ends_with("passed, with 1 to look at"));
    }

    #[test]
    fn what_a_plugin_printed_stands_below_what_failed_and_does_nothing_to_a_terminal() {
        let printed = ["Traceback", "KeyError: 'x'\u{1b}[2J"].map(str::to_owned);
        let failed = Finding::failed("examples", "set", "it trapped", "do not");
        let passed = Finding::passed("examples", "get", "{}");
        let report = report(vec![
            failed.having_printed(printed.to_vec()),
            passed.having_printed(printed.to_vec()),
        ]);
        assert_eq!(
            report.to_string(),
            "heater.wasm: handler, contract 0.1.0\n  ok      examples: get\n  \
             FAILED  examples, set: it trapped\n          | Traceback\n          \
             | KeyError: 'x'\\u{1b}[2J\n          -> do not\n1 failed"
        );
    }

    #[test]
    fn what_a_plugin_says_stands_on_one_line_and_does_nothing_to_a_terminal() {
        let words = "it refused: bad \u{1b}[31m\nmount  serving\r\u{202e}";
        let mut report = report(vec![
            Finding::passed("attach", "", words),
            Finding::noted("examples", "set", words, words),
        ]);
        report.decisions = vec![decision("still", Some(words))];
        let text = report.to_string();
        assert_eq!(text.lines().count(), 6, "{text}");
        let harmless = |letter: char| letter == '\n' || letter == ' ' || letter.is_ascii_graphic();
        assert!(text.chars().all(harmless), "{text:?}");
    }

    fn decision(situation: &'static str, reason: Option<&str>) -> Decision {
        Decision {
            method: "mount.goto".into(),
            effect: "move",
            situation,
            allowed: reason.is_none(),
            reason: reason.map(str::to_owned),
        }
    }

    #[test]
    fn situations_are_told_apart_where_the_decision_depends_on_them() {
        let mut report = report(Vec::new());
        report.decisions = vec![decision("still", None), decision("moving", None)];
        assert!(
            report
                .to_string()
                .contains("mount.goto           move       allow\n")
        );
        report.decisions = vec![decision("still", None), decision("moving", Some("wait"))];
        let text = report.to_string();
        assert!(
            text.contains("deny: wait") && text.contains("still "),
            "{text}"
        );
    }
}
