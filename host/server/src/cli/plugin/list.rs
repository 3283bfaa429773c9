use serde_json::{Map, Value};

use super::super::table::table;
use super::super::{Common, Failure, running, say};

/// Digits of a digest that tell files apart by eye.
const DIGITS: usize = 12;

/// Asks the running host.
pub(super) fn run(common: &Common) -> Result<(), Failure> {
    let result = running::call(&common.data, "host.plugins", Map::new())?;
    say(common, &in_words(&result), &result)
}

/// A table, and below it what is wrong with files that do not serve.
fn in_words(result: &Value) -> String {
    let reports = result.get("plugins").unwrap_or(result).as_array();
    let reports = reports.map(Vec::as_slice).unwrap_or_default();
    let rows = reports.iter().map(|report| {
        let digest = text(report, "digest").chars().take(DIGITS).collect();
        [
            text(report, "name"),
            text(report, "kind"),
            text(report, "state"),
            text(report, "generation"),
            digest,
        ]
    });
    let failures = reports.iter().filter_map(|report| {
        let candidate = report.get("candidate")?;
        let (name, stage, cause) = (
            text(report, "name"),
            text(candidate, "stage"),
            text(candidate, "cause"),
        );
        Some(format!(
            "\n{name}: the newest file failed at {stage}: {cause}"
        ))
    });
    let failures: String = failures.collect();
    table(["NAME", "KIND", "STATE", "GENERATION", "DIGEST"], rows) + &failures
}

/// A field as it is shown.
fn text(report: &Value, field: &str) -> String {
    match report.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "-".to_owned(),
        Some(other) => other.to_string(),
    }
}
