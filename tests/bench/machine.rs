//! Where and of what the figures are.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

/// The machine, what else it does now, and what was built.
pub(crate) fn describe() -> Value {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    json!({
        "machine": { "processor": processor(), "cores": cores, "system": first_line("/proc/version") },
        "versions": {
            "slewgate": env!("CARGO_PKG_VERSION"),
            "rustc": said("rustc", &["--version"]),
            "profile": if cfg!(debug_assertions) { "dev" } else { "release" },
        },
        "commit": said("git", &["describe", "--always", "--dirty", "--exclude=*"]),
    })
}

/// Processes that run or want to: means of the last 1, 5 and 15 minutes.
pub(crate) fn load() -> String {
    first_line("/proc/loadavg")
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    named
        .unwrap_or("unknown")
        .trim_matches([' ', '\t', ':'])
        .to_owned()
}

fn first_line(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_owned()
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.unwrap_or_else(|_| "unknown".into())
}
