//! What a case showed: a row of the table.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use slewgate_tests::Holdings;

/// How much slower others may be served than in quiet (the 99th of 100 requests).
const RATIO: u32 = 5;
/// What is not noticed in any case.
const UNNOTICED: Duration = Duration::from_millis(5);

/// See the module.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) number: u8,
    pub(crate) name: &'static str,
    pub(crate) transport: &'static str,
    /// The victim's latency while the attack goes elsewhere, and while it comes here: 99 of 100 requests took no longer.
    pub(crate) quiet: Duration,
    pub(crate) attacked: Duration,
    pub(crate) before: Holdings,
    pub(crate) after: Holdings,
    /// What the log has of it.
    pub(crate) evidence: String,
}

impl Row {
    /// Printed, and left where `cargo xtask abuse` looks for it.
    pub(crate) fn tell(&self) {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let within = self.attacked <= UNNOTICED.max(self.quiet * RATIO);
        let row = json!({
            "number": self.number,
            "name": self.name,
            "transport": self.transport,
            "quiet_ms": milliseconds(self.quiet),
            "attacked_ms": milliseconds(self.attacked),
            "within": within,
            "memory_kib": [self.before.memory_kib, self.after.memory_kib],
            "descriptors": [self.before.descriptors, self.after.descriptors],
            "evidence": self.evidence,
        });
        println!("{row}");
        let name = self.name.chars().filter(char::is_ascii_alphanumeric);
        let name = format!("{}-{}", name.collect::<String>(), self.transport);
        leave(self.number, &name, &row);
    }
}

/// Instead of a row: why a case cannot be played on this machine.
pub(crate) fn left_out(number: u8, why: &str) {
    eprintln!("LEFT OUT: case {number}, {why}");
    let row = json!({ "number": number, "left_out": why });
    leave(number, "leftout", &row);
}

fn leave(number: u8, name: &str, row: &Value) {
    if let Some(folder) = std::env::var_os("SLEWGATE_ABUSE").map(PathBuf::from) {
        let name = format!("{number:02}-{name}.json");
        fs::write(folder.join(name), row.to_string()).unwrap();
    }
}
