//! `:C#` `:GT#`: how cold it is.
//!
//! A measurement takes up to 750 ms from `:C#` on, and until then `:GT#` is not to be believed. So each reading takes the result of the
//! measurement before, and begins the next.

use serde::{Deserialize, Serialize};
use slewgate_sdk::{Failure, Host, Instant, json, read};

use crate::digits;
use crate::port::{Port, Talk};

/// What was read last, and the measurement under way.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    degrees: Option<f64>,
    begun: Option<Instant>,
}

const KEY: &str = "thermometer";

/// Milliseconds.
const MEASURING: f64 = 750.0;

/// Whether the focuser tells a temperature; begins to measure it.
pub(crate) fn is_there(host: &dyn Host, port: &Port) -> Result<bool, Failure> {
    let there = port.probe(":GT#")?.is_some();
    if there {
        measure(host, port, None)?;
    }
    Ok(there)
}

/// Degrees Celsius at the newest measurement that is over; None: the first is not.
pub(crate) fn degrees(host: &dyn Host, port: &Port) -> Result<Option<f64>, Failure> {
    let kept: Kept = host
        .recall(KEY)
        .and_then(|kept| read(&kept).ok())
        .unwrap_or_default();
    let passed = kept.begun.map(|begun| host.now() - begun);
    // A clock that was set back tells nothing.
    if passed.is_some_and(|passed| (0.0..MEASURING).contains(&passed)) {
        return Ok(kept.degrees);
    }
    let degrees = Some(port.ask(":GT#", digits::temperature)?);
    measure(host, port, degrees)?;
    Ok(degrees)
}

fn measure(host: &dyn Host, port: &Port, degrees: Option<f64>) -> Result<(), Failure> {
    port.tell(":C#")?;
    let kept = Kept {
        degrees,
        begun: Some(host.now()),
    };
    host.keep(KEY, json(&kept)?.as_bytes())
}
