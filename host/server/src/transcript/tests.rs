//! What is in the file.

use std::fs;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

fn settings(file: &Path) -> Settings {
    Settings {
        file: file.to_owned(),
        line: "east".to_owned(),
        device: "/dev/ttyUSB0".to_owned(),
        baud: 9600,
        now: Arc::new(|| "2026-11-23T22:00:00Z".to_owned()),
    }
}

/// A transcript whose entries wait, and what is to write them.
fn transcript(queue: usize) -> (Transcript, Receiver<Entry>) {
    let (queue, entries) = sync_channel(queue);
    let lost = AtomicU64::new(0);
    (Transcript { queue, lost }, entries)
}

fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

/// Without the times, which are numbers that grow.
fn timeless(lines: Vec<Value>) -> Vec<Value> {
    let mut last = 0.0;
    let strip = |mut line: Value| {
        let at = line.as_object_mut().unwrap().remove("at_ms");
        let at = at.unwrap().as_f64().unwrap();
        assert!(at >= last, "{at} after {last}");
        last = at;
        line
    };
    lines.into_iter().skip(1).map(strip).collect()
}

#[test]
fn every_byte_is_in_it_with_its_time_its_direction_and_who_sent_it() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("transcripts/east.jsonl");
    let (transcript, entries) = transcript(QUEUE);
    transcript.opened();
    transcript.sent(b":GR#", "mount sample");
    transcript.received(b"12\xdf\n#");
    Tap::lost(&transcript, "it hung up");
    drop(transcript);
    Writer::new(settings(&file), LONGEST).run(&entries);
    assert_eq!(
        lines(&file)[0],
        json!({ "transcript": 1, "line": "east", "device": "/dev/ttyUSB0", "baud": 9600, "began": "2026-11-23T22:00:00Z" })
    );
    assert_eq!(
        timeless(lines(&file)),
        [
            json!({ "event": "opened" }),
            json!({ "dir": "out", "bytes": "3a475223", "text": ":GR#", "by": "mount sample" }),
            json!({ "dir": "in", "bytes": "3132df0a23", "text": "12..#" }),
            json!({ "event": "lost", "how": "it hung up" }),
        ]
    );
}

#[test]
fn what_does_not_fit_is_counted_where_it_is_missing() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("east.jsonl");
    let (transcript, entries) = transcript(1);
    for _ in 0..4 {
        transcript.opened();
    }
    let first = entries.try_recv().unwrap();
    transcript.received(b"#");
    drop(transcript);
    let mut writer = Writer::new(settings(&file), LONGEST);
    writer.write(first);
    writer.run(&entries);
    assert_eq!(
        timeless(lines(&file)),
        [
            json!({ "event": "opened" }),
            json!({ "event": "gap", "count": 3 }),
            json!({ "dir": "in", "bytes": "23", "text": "#" }),
        ]
    );
}

#[test]
fn a_file_has_its_bound_and_one_older_file_is_kept() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("east.jsonl");
    let longest = 2_000;
    for _ in 0..2 {
        let (transcript, entries) = transcript(QUEUE);
        for _ in 0..200 {
            transcript.sent(b":GR#", "mount sample");
        }
        drop(transcript);
        Writer::new(settings(&file), longest).run(&entries);
    }
    let mut names: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["east.jsonl", "east.jsonl.old"]);
    for name in names {
        let file = directory.path().join(name);
        assert!(file.metadata().unwrap().len() < longest + 500);
        assert_eq!(lines(&file)[0]["transcript"], 1);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_tried_again_and_what_is_missing_is_counted() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("in the way/east.jsonl");
    fs::write(directory.path().join("in the way"), "").unwrap();
    let mut writer = Writer::new(settings(&file), LONGEST);
    let (transcript, entries) = transcript(QUEUE);
    transcript.opened();
    writer.write(entries.try_recv().unwrap());
    fs::remove_file(directory.path().join("in the way")).unwrap();
    let mut missing = 0;
    while !file.exists() {
        missing += 1;
        transcript.opened();
        writer.write(entries.try_recv().unwrap());
        std::thread::park_timeout(Duration::from_millis(10));
    }
    drop(transcript);
    writer.run(&entries);
    assert_eq!(
        timeless(lines(&file)),
        [
            json!({ "event": "gap", "count": missing }),
            json!({ "event": "opened" }),
        ]
    );
}
