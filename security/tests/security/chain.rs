//! The chain of the security log: what was done to it afterwards is found.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use slewgate_security::log::{
    EventKind, Fault, Finding, Kept, Link, LogSettings, SecurityEvent, SecurityLog, TakenFile,
    Unverified, Verified, take, verify,
};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(10);

/// Some four lines fill a file, and all are kept.
const SMALL: Kept = Kept {
    file_bytes: 900,
    full_files: 1_000,
};

struct Log(TempDir);

impl Log {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Of so many lines, all in one file.
    fn of(lines: u64) -> Self {
        let log = Self::new();
        log.grow(lines, Kept::default());
        log
    }

    /// So many more lines, by another run of the host.
    fn grow(&self, lines: u64, kept: Kept) {
        let settings = LogSettings {
            kept,
            ..LogSettings::below(self.0.path())
        };
        let log = SecurityLog::start(settings).unwrap();
        for _ in 0..lines {
            log.record(SecurityEvent::new(EventKind::Control).subject("east"));
        }
        assert!(log.flush(DEADLINE));
    }

    fn directory(&self) -> PathBuf {
        self.0.path().join("security/logs")
    }

    fn path(&self) -> PathBuf {
        self.directory().join("security.log")
    }

    /// The files that are full, the oldest first.
    fn full(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.directory()).unwrap();
        let mut full: Vec<_> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_str().unwrap().contains("security.log."))
            .collect();
        full.sort();
        full
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// The same file with other lines.
    fn tampered(&self, tamper: impl FnOnce(&mut Vec<String>)) {
        let mut lines = self.lines();
        tamper(&mut lines);
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(self.path(), text).unwrap();
    }

    fn verified(&self) -> Verified {
        verify(&self.path(), None).unwrap()
    }

    /// What is found, and the number of the line.
    fn found(&self) -> (u64, Fault) {
        found(verify(&self.path(), None))
    }
}

fn found(verified: Result<Verified, Unverified>) -> (u64, Fault) {
    match verified {
        Err(Unverified::Found(Finding { line, fault, .. })) => (line, fault),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_log_that_nobody_touched_is_whole_over_all_its_files_and_runs() {
    let log = Log::new();
    for _ in 0..3 {
        log.grow(7, SMALL);
    }
    let verified = log.verified();
    assert_eq!((verified.lines, verified.first), (21, 1));
    assert!(verified.files > 4, "{verified:?}");
    assert_eq!(verified.last.sequence, 21);
    assert_eq!(verified.head.unwrap().last, verified.last);
}

#[test]
fn each_kind_of_tampering_is_found_with_the_first_line_that_it_touched() {
    type Tamper = fn(&mut Vec<String>);
    let cases: [(Tamper, u64, Fault); 12] = [
        (
            |lines| {
                for line in &mut lines[3..6] {
                    *line = line.replace("east", "west");
                }
            },
            4,
            Fault::ChangedOrNext,
        ),
        (
            |lines| lines[0] = lines[0].replace(":\"0", ":\"1"),
            1,
            Fault::NotFirst,
        ),
        (
            |lines| lines[3] = lines[3].replace("east", "west"),
            4,
            Fault::Changed,
        ),
        (
            |lines| lines[3] = lines[3].replace("\"previous\":\"", "\"previous\":\"0"),
            3,
            Fault::ChangedOrNext,
        ),
        (|lines| lines[3].clear(), 4, Fault::Foreign),
        (
            |lines| lines.insert(3, r#"{"event":"control"}"#.into()),
            4,
            Fault::Foreign,
        ),
        (
            |lines| drop(lines.remove(3)),
            4,
            Fault::Missing { first: 4, last: 4 },
        ),
        (
            |lines| drop(lines.drain(3..6)),
            4,
            Fault::Missing { first: 4, last: 6 },
        ),
        (
            |lines| drop(lines.remove(0)),
            1,
            Fault::Missing { first: 1, last: 1 },
        ),
        (
            |lines| lines.insert(5, lines[2].clone()),
            6,
            Fault::Again { sequence: 3 },
        ),
        (|lines| lines.truncate(7), 7, Fault::CutOff { last: 9 }),
        (
            |lines| lines[8] = lines[8].replace("east", "west"),
            9,
            Fault::Changed,
        ),
    ];
    for (number, (tamper, line, fault)) in cases.into_iter().enumerate() {
        let log = Log::of(9);
        log.tampered(tamper);
        assert_eq!(log.found(), (line, fault), "case {number}");
    }
}

#[test]
fn a_line_that_was_moved_is_found_where_it_should_be() {
    let log = Log::of(9);
    log.tampered(|lines| {
        let moved = lines.remove(3);
        lines.insert(6, moved);
    });
    let moved = Fault::Moved {
        sequence: 4,
        file: log.path(),
        line: 7,
    };
    assert_eq!(log.found(), (4, moved));
}

#[test]
fn a_full_file_that_is_gone_is_missed() {
    let log = Log::new();
    log.grow(20, SMALL);
    let full = log.full();
    fs::remove_file(&full[1]).unwrap();
    let (line, fault) = log.found();
    assert_eq!(line, 1);
    assert!(
        matches!(fault, Fault::Missing { first: 4..=6, .. }),
        "{fault:?}"
    );
    fs::remove_file(&full[0]).unwrap();
    let (_, fault) = log.found();
    assert!(
        matches!(fault, Fault::Missing { first: 1, .. }),
        "{fault:?}"
    );
}

/// A whole log that somebody wrote in the place of another.
#[test]
fn a_log_that_was_written_anew_is_found_by_its_head_or_by_what_somebody_kept_of_it() {
    let log = Log::of(9);
    let kept = log.verified().last;
    let forged = Log::of(12);
    fs::copy(forged.path(), log.path()).unwrap();
    assert_eq!(log.found(), (9, Fault::Rewritten { sequence: 9 }));
    fs::copy(
        forged.directory().join("log.head"),
        log.directory().join("log.head"),
    )
    .unwrap();
    assert_eq!(log.verified().lines, 12);
    let known = found(verify(&log.path(), Some(kept)));
    assert_eq!(known, (9, Fault::Rewritten { sequence: 9 }));
    let longer = Link {
        sequence: 40,
        ..kept
    };
    let known = found(verify(&log.path(), Some(longer)));
    assert_eq!(known, (12, Fault::CutOff { last: 40 }));
}

#[test]
fn files_beyond_those_that_are_kept_go_and_the_rest_is_whole() {
    let log = Log::new();
    let kept = Kept {
        full_files: 3,
        ..SMALL
    };
    log.grow(60, kept);
    assert_eq!(log.full().len(), 3);
    let verified = log.verified();
    assert_eq!((verified.files, verified.last.sequence), (4, 60));
    assert!(verified.first > 1, "{verified:?}");
}

#[test]
fn files_become_full_one_after_another_at_5_000_events_a_second_and_no_line_is_missing() {
    const SENT: u64 = 5_000;
    /// What is sent at once, and how long after the last.
    const BURST: u64 = 50;
    const PAUSE: Duration = Duration::from_millis(10);
    let log = Log::new();
    let settings = LogSettings {
        kept: Kept {
            file_bytes: 32 * 1024,
            full_files: 1_000,
        },
        ..LogSettings::below(log.0.path())
    };
    let writer = SecurityLog::start(settings).unwrap();
    let began = Instant::now();
    for number in 0..SENT {
        if number % BURST == 0 {
            let due = began + PAUSE * u32::try_from(number / BURST).unwrap();
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        // What people do is never counted together.
        writer.record(SecurityEvent::new(EventKind::Control).subject("east"));
    }
    assert!(writer.flush(DEADLINE));
    let verified = log.verified();
    assert!(verified.files > 10, "{verified:?}");
    let mut files = log.full();
    files.push(log.path());
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let (mut written, mut lost) = (0, 0);
    for line in texts.collect::<String>().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        match line["event"] == "gap" {
            // A disk that is too slow is told of.
            true => lost += line["count"].as_u64().unwrap(),
            false => written += 1,
        }
    }
    assert_eq!(written + lost, SENT);
}

#[test]
fn a_line_that_a_crash_cut_short_goes_and_the_log_says_so_and_is_whole() {
    let log = Log::of(3);
    let mut text = fs::read_to_string(log.path()).unwrap();
    text.truncate(text.len() - 20);
    fs::write(log.path(), text).unwrap();
    fs::remove_file(log.directory().join("log.head")).unwrap();
    log.grow(1, Kept::default());
    assert_eq!(log.verified().lines, 4);
    let gap: Value = serde_json::from_str(&log.lines()[2]).unwrap();
    assert_eq!(
        (&gap["event"], &gap["sequence"]),
        (&"gap".into(), &3.into())
    );
}

#[test]
fn a_log_that_was_cut_off_while_no_host_ran_is_still_found_after_the_next_run() {
    let log = Log::of(9);
    log.tampered(|lines| lines.truncate(7));
    log.grow(5, Kept::default());
    assert_eq!(log.found(), (8, Fault::Missing { first: 8, last: 9 }));
    let alarm: Value = serde_json::from_str(&log.lines()[7]).unwrap();
    assert_eq!(alarm["event"], "alarm");
    let reason = alarm["reason"].as_str().unwrap();
    assert!(
        reason.ends_with("ends with line 7, and went up to line 9: somebody cut it off"),
        "{reason}"
    );
}

#[test]
fn without_a_file_the_log_goes_on_after_what_its_head_says() {
    let log = Log::of(9);
    fs::remove_file(log.path()).unwrap();
    log.grow(1, Kept::default());
    assert_eq!(log.found(), (1, Fault::Missing { first: 1, last: 9 }));
    assert_eq!(log.lines().len(), 2);
}

#[test]
fn a_log_of_which_nothing_is_left_was_cut_off_where_its_head_or_somebody_knows_of_lines() {
    let log = Log::of(9);
    let kept = log.verified().last;
    fs::remove_file(log.path()).unwrap();
    assert_eq!(log.found(), (0, Fault::CutOff { last: 9 }));
    fs::remove_file(log.directory().join("log.head")).unwrap();
    let known = found(verify(&log.path(), Some(kept)));
    assert_eq!(known, (0, Fault::CutOff { last: 9 }));
    let unknown = verify(&log.path(), None);
    assert!(matches!(unknown, Err(Unverified::NoLog(_))), "{unknown:?}");
}

#[test]
fn a_log_that_is_taken_while_its_files_become_full_and_go_is_whole() {
    let log = Log::new();
    let few = Kept {
        full_files: 3,
        ..SMALL
    };
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let settings = LogSettings {
                kept: few,
                ..LogSettings::below(log.0.path())
            };
            let writer = SecurityLog::start(settings).unwrap();
            while !done.load(Ordering::Relaxed) {
                for _ in 0..9 {
                    writer.record(SecurityEvent::new(EventKind::Control).subject("east"));
                }
                assert!(writer.flush(DEADLINE));
            }
        });
        let mut last = 0;
        while last < 300 {
            let copy = Log::new();
            fs::create_dir_all(copy.directory()).unwrap();
            for TakenFile { path, mut file } in take(&log.path()).unwrap() {
                let place = copy.directory().join(path.file_name().unwrap());
                io::copy(&mut file, &mut fs::File::create(place).unwrap()).unwrap();
            }
            match verify(&copy.path(), None) {
                Ok(verified) => last = verified.last.sequence,
                Err(Unverified::NoLog(_)) if last == 0 => {}
                other => {
                    done.store(true, Ordering::Relaxed);
                    panic!("{other:?}");
                }
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn what_log_head_says_is_kept_is_so_whenever_files_go() {
    let log = Log::new();
    let few = Kept {
        full_files: 3,
        ..SMALL
    };
    let settings = LogSettings {
        kept: few,
        ..LogSettings::below(log.0.path())
    };
    let writer = SecurityLog::start(settings).unwrap();
    for _ in 0..40 {
        writer.record(SecurityEvent::new(EventKind::Control).subject("east"));
        // It says where the log goes, so that the next line finds nothing new to say.
        assert!(writer.flush(DEADLINE));
        log.verified();
    }
    assert_eq!(log.full().len(), 3);
}

#[test]
fn there_is_a_word_for_no_log_at_all() {
    let verified = verify(&Log::new().path(), None);
    assert!(
        matches!(verified, Err(Unverified::NoLog(_))),
        "{verified:?}"
    );
}

#[test]
fn a_log_of_a_version_without_a_chain_is_kept_aside_and_one_that_had_a_chain_is_not() {
    let before = "{\"time\":\"2026-11-23T22:00:00.000Z\",\"event\":\"connection\"}\n";
    let log = Log::new();
    fs::create_dir_all(log.directory()).unwrap();
    fs::write(log.path(), before).unwrap();
    log.grow(2, Kept::default());
    assert_eq!(log.verified().lines, 2);
    let aside = log.directory().join("security.log.unchained");
    assert_eq!(fs::read_to_string(&aside).unwrap(), before);

    fs::remove_file(&aside).unwrap();
    fs::write(log.path(), before).unwrap();
    log.grow(1, Kept::default());
    assert_eq!(log.found(), (1, Fault::Foreign));
    assert!(!aside.exists());
}
