//! What a transcript answers.

use crate::port::{PATIENCE, Port};
use slewgate_simulator::{Difference, Recording, Replay, ReplaySettings};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

const HEADER: &str = r#"{"transcript": 1, "line": "east", "device": "/dev/ttyUSB0", "baud": 9600, "began": "2026-11-23T22:00:00Z"}"#;

/// A transcript: milliseconds, `>` out or `<` in, and text.
fn transcript(entries: &[(f64, &str)]) -> NamedTempFile {
    let mut lines = vec![HEADER.to_owned()];
    for (at, entry) in entries {
        let (dir, text) = entry.split_at(1);
        let dir = if dir == ">" { "out" } else { "in" };
        let mut bytes = String::new();
        for byte in text.bytes() {
            write!(bytes, "{byte:02x}").unwrap();
        }
        lines.push(format!(
            r#"{{"at_ms": {at}, "dir": "{dir}", "bytes": "{bytes}", "text": "{text}", "by": "mount sample"}}"#
        ));
    }
    file(&lines.join("\n"))
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    writeln!(file, "{text}").unwrap();
    file
}

/// Plays a transcript, and what it reports.
fn play(file: &NamedTempFile, fast: bool) -> (Replay, Port, Receiver<Difference>) {
    let (tell, told) = channel();
    let settings = ReplaySettings {
        fast,
        ..ReplaySettings::default()
    };
    let recording = Recording::read(file.path()).unwrap();
    let replay = Replay::start(recording, settings, move |difference| {
        tell.send(difference).unwrap();
    });
    let replay = replay.unwrap();
    let port = Port::open(&replay.path());
    (replay, port, told)
}

const SAMPLES: [(f64, &str); 9] = [
    (10.0, ">:GR#"),
    (14.0, "<02:10"),
    (18.0, "<.9#"),
    (20.0, ">:GD#"),
    (25.0, "<+25*45#"),
    (1000.0, ">:Mn#"),
    (1001.0, ">:GR#"),
    (1400.0, "<02:11.0#"),
    (1500.0, ">:Q#"),
];

#[test]
fn each_request_is_answered_with_what_was_recorded() {
    let (_replay, mut port, told) = play(&transcript(&SAMPLES), true);
    port.hold(":GR#", "02:10.9#");
    // Several at once, as one that came in pieces, are what they are.
    port.hold(":GD#:M", "+25*45#");
    port.hold("n#:GR#", "02:11.0#");
    assert!(told.try_recv().is_err());
}

#[test]
fn a_reply_takes_as_long_as_it_took_unless_it_shall_be_fast() {
    let took = |fast| {
        let (_replay, mut port, _told) = play(&transcript(&SAMPLES), fast);
        port.hold(":GR#:GD#", "02:10.9#+25*45#");
        let began = Instant::now();
        port.hold(":Mn#:GR#", "02:11.0#");
        began.elapsed()
    };
    assert!(took(false) >= Duration::from_millis(399));
    // Not even a busy machine makes each of several so late.
    assert!((0..5).any(|_| took(true) < Duration::from_millis(399)));
}

#[test]
fn what_is_not_the_next_request_is_told_and_played_from_where_it_is() {
    let (_replay, mut port, told) = play(&transcript(&SAMPLES), true);
    port.hold(":GD#", "+25*45#");
    let difference = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(
        difference,
        Difference {
            expected: Some((2, b":GR#".to_vec())),
            found: b":GD#".to_vec(),
            goes_on: Some(5),
        }
    );
    assert_eq!(
        difference.to_string(),
        r#"line 2: expected ":GR#", found ":GD#"; going on at line 5"#
    );
    port.hold(":Mn#:GR#", "02:11.0#");
}

#[test]
fn what_the_recording_has_no_more_is_told_and_not_answered() {
    let (_replay, mut port, told) = play(&transcript(&SAMPLES), true);
    // What is recorded behind it is answered all the same.
    port.hold(":GVP#:GR#", "02:10.9#");
    let unknown = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(
        unknown.to_string(),
        r#"line 2: expected ":GR#", found ":GVP#"; no answer"#
    );
    port.hold(":GD#:Mn#:GR#", "+25*45#02:11.0#");
    port.write(b":Q#:GR#");
    let over = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(
        over.to_string(),
        r#"the recording is over, found ":GR#"; no answer"#
    );
}

#[test]
fn half_of_a_request_is_told_when_nothing_follows() {
    let (_replay, mut port, told) = play(&transcript(&[(0.0, ">:GR#:GD#"), (1.0, "<a#")]), true);
    port.write(b":GR#");
    let half = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!((half.found.as_slice(), half.goes_on), (&b":GR#"[..], None));
    port.hold(":GR#:GD#", "a#");
}

#[test]
fn what_came_before_any_request_comes_by_itself() {
    let (_replay, mut port, _told) = play(
        &transcript(&[(0.0, "<READY#"), (5.0, ">:GR#"), (6.0, "<a#")]),
        false,
    );
    port.hold("", "READY#");
    port.hold(":GR#", "a#");
}

#[test]
fn events_and_fields_that_it_does_not_know_are_left_alone() {
    let file = file(&format!(
        "{HEADER}\n{}\n{}\n{}",
        r#"{"at_ms": 0, "event": "opened", "how": "/dev/ttyUSB0", "mood": "good"}"#,
        r#"{"at_ms": 1.5, "dir": "out", "bytes": "3A4752", "phase": {"moon": 3}}"#,
        r#"{"at_ms": 2, "dir": "in", "bytes": "ff00"}"#,
    ));
    let recording = Recording::read(file.path()).unwrap();
    assert_eq!((recording.line(), recording.requests()), ("east", 1));
    let (_replay, mut port, _told) = play(&file, true);
    port.hold(":GR", "\u{ff}\0");
}

#[test]
fn a_file_that_is_no_transcript_is_refused_by_name_and_line() {
    let refused = |text: &str| {
        let file = file(text);
        let name = file.path().display().to_string();
        let error = Recording::read(file.path()).unwrap_err().to_string();
        error.replace(&name, "FILE")
    };
    assert_eq!(
        refused(r#"{"transcript": 2, "line": "east"}"#),
        "FILE is a transcript of version 2; this program plays version 1"
    );
    assert_eq!(
        refused(HEADER),
        "FILE records no request, so there is nothing to answer"
    );
    for (line, cause) in [
        (
            r#"{"at_ms": 1, "dir": "out", "bytes": "3a4"}"#,
            "bytes is not hexadecimal: \"3a4\"",
        ),
        (
            r#"{"at_ms": 1, "dir": "out", "bytes": "zz"}"#,
            "bytes is not hexadecimal: \"zz\"",
        ),
        (
            r#"{"at_ms": -1, "event": "lost"}"#,
            "at_ms is no time since the beginning: -1",
        ),
        (
            r#"{"at_ms": 1, "dir": "out"}"#,
            "it has neither dir and bytes, nor an event alone",
        ),
        (
            r#"{"at_ms": 1, "dir": "up", "bytes": ""}"#,
            "unknown variant `up`",
        ),
        (r#"{"dir": "in", "bytes": ""}"#, "missing field `at_ms`"),
        (r#"{"at_ms": 1, "dir": "ou"#, "EOF while parsing"),
    ] {
        let said = refused(&format!(
            "{HEADER}\n{}\n{line}",
            r#"{"at_ms": 0, "event": "opened"}"#
        ));
        assert!(said.starts_with(&format!("FILE:3: {cause}")), "{said}");
    }
    assert!(refused("hello").starts_with("FILE:1: this is not the first line of a transcript: "));
    let missing = Recording::read(Path::new("/nowhere/at/all")).unwrap_err();
    assert!(
        missing
            .to_string()
            .starts_with("cannot read /nowhere/at/all: ")
    );
}
