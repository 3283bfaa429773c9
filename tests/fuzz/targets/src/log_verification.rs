use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use slewgate_security::log::{Link, Unverified, Verified, verify};
use tempfile::TempDir;

/// No line of a log is as long as this, and no file that is fuzzed.
const LONGEST: usize = 32 * 1024;

/// Lines of a log that is tampered with.
const MOST_LINES: usize = 8;

/// What `slewgate log verify` follows: the bytes as a log, and a good log that the bytes say how to tamper with.
pub fn log_verification(data: &[u8]) {
    if data.len() < LONGEST {
        as_a_log(data);
        tampered(data);
    }
}

/// A log in a folder of its own.
struct Log(TempDir);

impl Log {
    fn of(text: &[u8]) -> Self {
        let log = Self(crate::folder());
        fs::write(log.path(), text).expect("the log is written");
        log
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("security.log")
    }

    /// The host says beside it how far it got, and where it begins.
    fn with_head(self, last: Link) -> Self {
        let head = serde_json::json!({
            "time": "2026-11-28T00:01:00.000Z", "first": 1,
            "count": last.sequence, "head": last.digest.to_string(),
        });
        let path = self.0.path().join("log.head");
        fs::write(path, head.to_string()).expect("the head is written");
        self
    }

    fn verified(&self) -> Result<Verified, Unverified> {
        verify(&self.path(), None)
    }
}

fn as_a_log(data: &[u8]) {
    let (log, lines) = (Log::of(data), whole_lines(data));
    match log.verified() {
        Ok(verified) => {
            assert!(holds_together(&lines), "it does not hold together");
            assert_eq!(verified.lines, lines.len() as u64);
        }
        Err(Unverified::Found(finding)) => {
            assert!(!holds_together(&lines), "{finding}, but it holds together");
            assert!(
                (1..=lines.len() as u64).contains(&finding.line),
                "{finding}"
            );
        }
        Err(other) => panic!("{other}"),
    }
}

fn whole_lines(data: &[u8]) -> Vec<&[u8]> {
    let end = data.iter().rposition(|byte| *byte == b'\n');
    end.map_or_else(Vec::new, |end| {
        data[..end].split(|byte| *byte == b'\n').collect()
    })
}

#[derive(Deserialize)]
struct Place {
    sequence: u64,
    previous: String,
}

/// What a chain is, written once more.
fn holds_together(lines: &[&[u8]]) -> bool {
    let mut before: Option<(u64, String)> = None;
    lines.iter().all(|line| {
        let Ok(place) = serde_json::from_slice::<Place>(line) else {
            return false;
        };
        let follows = match &before {
            None if place.sequence == 1 => place.previous == hex(&[0; 32]),
            None => (1..u64::MAX).contains(&place.sequence),
            Some((sequence, digest)) => {
                Some(place.sequence) == sequence.checked_add(1)
                    && place.sequence < u64::MAX
                    && place.previous == *digest
            }
        };
        before = Some((place.sequence, hex(&Sha256::digest(line))));
        follows
    })
}

/// A good log with its head: whatever is done to it is found, but for the beginning of a line at its end.
fn tampered(data: &[u8]) {
    let [lines, how, at, with, rest @ ..] = data else {
        return;
    };
    let (good, last) = good(1 + usize::from(*lines) % MOST_LINES, rest);
    let text = good.concat();
    assert!(Log::of(&text).with_head(last).verified().is_ok());
    let changed = tamper(&good, *how, usize::from(*at), usize::from(*with), rest);
    let begins_a_line = changed
        .strip_prefix(&text[..])
        .is_some_and(|more| !more.contains(&b'\n'));
    let verified = Log::of(&changed).with_head(last).verified();
    assert_eq!(verified.is_ok(), begins_a_line, "{verified:?}");
}

fn good(lines: usize, subject: &[u8]) -> (Vec<Vec<u8>>, Link) {
    let subject = String::from_utf8_lossy(subject);
    let mut last = Link::NONE;
    let mut previous = hex(&[0; 32]);
    let write = |sequence| {
        let line = serde_json::json!({
            "time": "2026-11-28T00:00:00.000Z", "event": "control", "subject": subject,
            "sequence": sequence, "previous": previous,
        });
        let mut line = line.to_string().into_bytes();
        previous = hex(&Sha256::digest(&line));
        let digest = previous.parse().expect("a digest");
        last = Link { sequence, digest };
        line.push(b'\n');
        line
    };
    let lines = (1..=lines as u64).map(write).collect();
    (lines, last)
}

fn tamper(good: &[Vec<u8>], how: u8, at: usize, with: usize, bytes: &[u8]) -> Vec<u8> {
    let mut lines = good.to_vec();
    let (at, with) = (at % lines.len(), with % lines.len());
    match how % 6 {
        0 => drop(lines.remove(at)),
        1 => lines.swap(at, with),
        2 => lines.insert(at, good[with].clone()),
        3 => lines[at] = bytes.to_vec(),
        4 => lines.push(bytes.to_vec()),
        _ => {
            let line = &mut lines[at];
            let place = bytes.first().map_or(0, |byte| usize::from(*byte)) % line.len();
            line[place] = bytes.last().copied().unwrap_or_default();
        }
    }
    lines.concat()
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
