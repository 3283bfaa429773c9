//! A transcript that answers.

use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};
use slewgate_simulator::{Difference, Recording, Replay, ReplaySettings};

use super::super::{Common, Failure, complain, say};
use super::{Simulate, until_the_end};

/// Plays a transcript, and tells what was asked otherwise: in words on standard error, or in JSON on standard output.
pub(super) fn run(options: Simulate, file: &Path, common: &Common) -> Result<(), Failure> {
    let recording = Recording::read(file).map_err(anyhow::Error::from)?;
    let (line, requests) = (recording.line().to_owned(), recording.requests());
    let settings = ReplaySettings {
        link: options.link,
        baud: options.baud,
        fast: options.fast,
    };
    let telling = common.clone();
    let replay = Replay::start(recording, settings, move |difference| {
        tell(&telling, &difference);
    });
    let replay = replay.context("cannot play a transcript")?;
    let path = replay.path().display().to_string();
    let json = json!({ "path": path, "line": line, "requests": requests });
    until_the_end(common, &path, &json, || {})
}

fn tell(common: &Common, difference: &Difference) {
    if common.json {
        // Nobody hears it where it cannot be printed.
        let _ = say(common, "", &shown(difference));
    } else {
        complain(difference);
    }
}

/// Bytes as text, those that are none escaped.
fn shown(difference: &Difference) -> Value {
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    let expected = difference.expected.as_ref();
    json!({ "differs": {
        "line": expected.map(|(number, _)| number),
        "expected": expected.map(|(_, request)| text(request)),
        "found": text(&difference.found),
        "goes_on": difference.goes_on,
    }})
}
