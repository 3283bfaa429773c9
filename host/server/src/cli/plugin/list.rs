use jiff::Timestamp;
use serde_json::{Map, Value};

use super::super::table::table;
use super::super::{Common, Failure, running, say};
use crate::check::brief;
use crate::plain::plain;

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
    let wrong: String = reports.iter().map(what_is_wrong).collect();
    let headings = [
        "NAME",
        "KIND",
        "STATE",
        "GENERATION",
        "DIGEST",
        "SINCE",
        "CALLS",
        "FAILURES",
        "P50",
        "P99",
        "MEMORY",
    ];
    table(headings, reports.iter().map(row)) + &wrong
}

fn row(report: &Value) -> [String; 11] {
    let usage = report.get("usage").unwrap_or(&Value::Null);
    [
        text(report, "name"),
        text(report, "kind"),
        text(report, "state"),
        text(report, "generation"),
        text(report, "digest").chars().take(DIGITS).collect(),
        time(report, "since"),
        text(usage, "calls"),
        text(usage, "failures"),
        duration(usage, "p50_us"),
        duration(usage, "p99_us"),
        memory(usage),
    ]
}

/// A newer file that does not serve, or not yet; calls of an older one; and why what serves is not called.
fn what_is_wrong(report: &Value) -> String {
    let (name, kind) = (text(report, "name"), text(report, "kind"));
    let attempt = report.get("attempt").map(|attempt| {
        let stage = text(attempt, "stage");
        format!("\n{kind} {name}: a new file is on its way, at {stage}")
    });
    let draining = report.get("draining").map(|draining| {
        let (generation, calls) = (text(draining, "generation"), text(draining, "calls"));
        format!("\n{kind} {name}: calls of generation {generation} go on: {calls}")
    });
    let candidate = report.get("candidate").map(|candidate| {
        let (stage, cause) = (text(candidate, "stage"), cause(candidate));
        match stage.as_str() {
            "waiting" => format!("\n{kind} {name}: the newest file does not serve yet: {cause}"),
            _ => format!("\n{kind} {name}: the newest file failed at {stage}: {cause}"),
        }
    });
    let quarantine = report.get("quarantine").map(|quarantine| {
        let (incident, cause) = (text(quarantine, "incident"), cause(quarantine));
        format!(
            "\n{kind} {name}: it keeps failing and is not called for a while, or until `slewgate plugin resume {name}`; the newest failure \
             (incident {incident}): {cause}"
        )
    });
    let lines = [attempt, draining, candidate, quarantine];
    lines.into_iter().flatten().collect()
}

/// Milliseconds since 1970, to the second.
fn time(report: &Value, field: &str) -> String {
    let millis = report.get(field).and_then(Value::as_f64);
    let time = millis.and_then(|millis| Timestamp::from_millisecond(millis as i64).ok());
    time.map_or_else(|| "-".to_owned(), |time| format!("{time:.0}"))
}

/// Microseconds in the unit that people read them in.
fn duration(usage: &Value, field: &str) -> String {
    match usage.get(field).and_then(Value::as_f64) {
        None => "-".to_owned(),
        Some(us) if us < 1e3 => format!("{us:.1} us"),
        Some(us) if us < 1e6 => format!("{:.1} ms", us / 1e3),
        Some(us) => format!("{:.1} s", us / 1e6),
    }
}

fn memory(usage: &Value) -> String {
    const MIB: f64 = 1_048_576.0;
    let bytes = usage.get("memory").and_then(Value::as_f64);
    bytes.map_or_else(|| "-".to_owned(), |bytes| format!("{:.1} MiB", bytes / MIB))
}

/// Why something failed, on one line: the log has the stack of a trap.
fn cause(report: &Value) -> String {
    let cause = report.get("cause").and_then(Value::as_str);
    cause.map_or_else(|| "-".to_owned(), |cause| plain(&brief(cause)))
}

/// A field as it is shown. Some are a plugin's words.
fn text(report: &Value, field: &str) -> String {
    match report.get(field) {
        Some(Value::String(text)) => plain(text),
        Some(Value::Null) | None => "-".to_owned(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_version_that_waits_is_not_called_a_failure() {
        let list = in_words(&json!([{
            "name": "mount", "kind": "handler", "state": "serving",
            "candidate": { "stage": "waiting", "cause": "it is ready", "at": 1.0 },
        }]));
        let below = list.lines().nth(2).unwrap();
        assert_eq!(
            below,
            "handler mount: the newest file does not serve yet: it is ready"
        );
    }

    #[test]
    fn a_file_on_its_way_and_calls_of_the_version_before_are_told_below() {
        let list = in_words(&json!([{
            "name": "mount", "kind": "handler", "state": "serving", "since": 0.0,
            "attempt": { "stage": "compile", "at": 1.0 },
            "draining": { "generation": 3, "calls": 2, "until": 1.0 },
        }]));
        let below: Vec<_> = list.lines().skip(2).collect();
        assert_eq!(
            below,
            [
                "handler mount: a new file is on its way, at compile",
                "handler mount: calls of generation 3 go on: 2"
            ]
        );
    }

    #[test]
    fn a_plugin_that_is_not_called_is_told_below_the_list_with_what_ends_it() {
        let list = in_words(&json!([{
            "name": "mount", "kind": "handler", "state": "quarantined",
            "quarantine": { "until": 1.0, "incident": "a-7", "cause": "a trap" },
        }]));
        let below = list.lines().nth(2).unwrap();
        assert!(below.contains("slewgate plugin resume mount"), "{list}");
        assert!(below.ends_with("(incident a-7): a trap"), "{list}");
    }

    #[test]
    fn the_words_of_a_plugin_make_no_row_of_their_own_and_do_nothing_to_a_terminal() {
        let words = "bad \u{1b}[31mRED\u{1b}[0m\nmount      handler  serving  99\rXX\u{202e}";
        for (state, field) in [("failed", "candidate"), ("quarantined", "quarantine")] {
            let list = in_words(&json!([{
                "name": "hx", "kind": "handler", "state": state,
                field: { "stage": "probe", "cause": words, "incident": "a-7", "at": 1.0 },
            }]));
            assert_eq!(list.lines().count(), 3, "{list}");
            let harmless = |letter: char| letter == '\n' || !letter.is_control();
            assert!(list.chars().all(harmless), "{list:?}");
            assert!(!list.contains('\u{202e}'), "{list:?}");
        }
    }

    #[test]
    fn durations_are_in_the_unit_that_people_read_them_in() {
        let shown = |us: f64| duration(&json!({ "p50_us": us }), "p50_us");
        assert_eq!(
            [0.8, 51_234.5, 15_000_000.0].map(shown),
            ["0.8 us", "51.2 ms", "15.0 s"]
        );
    }
}
