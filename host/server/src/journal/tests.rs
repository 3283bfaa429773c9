//! What a host leaves on disk, and what the next one makes of it.

use slewgate_engine::Journal as _;
use slewgate_serial::{Exchange, Framing};
use tempfile::TempDir;

use super::*;
use crate::config::Config;

const DEADLINE: Duration = Duration::from_secs(10);

const EAST: &str = "[lines.east]\ndevice = \"/dev/east\"\n";

fn lines(text: &str) -> BTreeMap<String, Line> {
    Config::parse("slewgate.toml", &format!("{text}[plugins]\n"), &[])
        .unwrap()
        .lines
}

/// A host starts on what is there.
fn start(data: &TempDir, text: &str) -> (Journal, Vec<Unattended>) {
    let (found, unreadable) = read(data.path());
    assert!(unreadable.is_empty(), "{unreadable:?}");
    let trouble = |path: &Path, error: &io::Error| panic!("{}: {error}", path.display());
    Journal::start(data.path(), &lines(text), found, Arc::new(trouble)).unwrap()
}

/// It is killed, when all that it said is on disk.
fn kill(journal: Journal) {
    assert!(journal.flush(DEADLINE));
    drop(journal);
}

fn stop(request: &str) -> StopSequence {
    StopSequence {
        exchanges: vec![Exchange {
            request: request.into(),
            reply: Framing::None,
            timeout: Duration::ZERO,
        }],
        patience: Duration::ZERO,
    }
}

fn found(data: &TempDir, line: &str) -> Found {
    let mut all = read(data.path()).0.into_iter();
    all.find(|found| found.record.line == line).unwrap()
}

#[test]
fn the_last_word_of_each_plugin_outlasts_the_host_and_goes_before_the_configurations() {
    let data = TempDir::new().unwrap();
    let text = format!("{EAST}stop = \"c#\"\n");
    let (journal, _) = start(&data, &text);
    assert_eq!(found_after(&journal, &data), [stop("c#")]);
    journal.remember("east", "mount", "port", &stop("old#"));
    journal.remember("east", "mount", "port", &stop(":Q#"));
    journal.remember("east", "focuser", "port", &stop(":FQ#"));
    journal.remember("nowhere", "mount", "port", &stop("x"));
    kill(journal);
    let (journal, unattended) = start(&data, &text);
    assert!(unattended.is_empty());
    let both = [stop(":Q#"), stop(":FQ#")];
    assert_eq!(found_after(&journal, &data), both);
    assert_eq!(
        journal.last_word("east", "mount", "port"),
        Some(stop(":Q#"))
    );
    assert_eq!(journal.last_word("east", "mount", "other"), None);
}

#[test]
fn a_word_that_stops_nothing_is_none() {
    let data = TempDir::new().unwrap();
    let text = format!("{EAST}stop = \"c#\"\n");
    let (journal, _) = start(&data, &text);
    let empty = StopSequence {
        exchanges: Vec::new(),
        patience: Duration::ZERO,
    };
    for said in [empty, stop("")] {
        journal.remember("east", "mount", "port", &said);
        assert_eq!(journal.last_word("east", "mount", "port"), None);
        assert_eq!(found_after(&journal, &data), [stop("c#")]);
    }
}

#[test]
fn a_line_needs_no_stop_once_its_plugin_has_said_of_none_and_the_configuration_has_none() {
    let needless = |text: &str, said: StopSequence| {
        let data = TempDir::new().unwrap();
        let (journal, _) = start(&data, text);
        journal.remember("east", "heater", "port", &said);
        assert!(journal.flush(DEADLINE));
        found(&data, "east").record.is_needless()
    };
    let nothing = || StopSequence {
        exchanges: Vec::new(),
        patience: Duration::ZERO,
    };
    assert!(needless(EAST, nothing()));
    assert!(!needless(EAST, stop(":Q#")));
    let configured = format!("{EAST}stop = \"c#\"\n");
    assert!(!needless(&configured, nothing()));
}

fn found_after(journal: &Journal, data: &TempDir) -> Vec<StopSequence> {
    assert!(journal.flush(DEADLINE));
    found(data, "east").record.sequences().unwrap()
}

#[test]
fn a_marker_is_there_as_soon_as_it_is_waited_for_and_goes_with_the_last_who_moves() {
    let data = TempDir::new().unwrap();
    let (journal, _) = start(&data, EAST);
    journal.remember("east", "mount", "port", &stop(":Q#"));
    journal.remembered("east");
    let mut took = Duration::MAX;
    for _ in 0..100 {
        let since = std::time::Instant::now();
        journal.moving("east", "mount", true);
        journal.written("east");
        took = took.min(since.elapsed());
        assert!(found(&data, "east").marked);
        journal.moving("east", "mount", false);
        journal.written("east");
        assert!(!found(&data, "east").marked);
    }
    println!("a marker takes {took:?}");
    journal.moving("east", "mount", true);
    journal.moving("east", "focuser", true);
    journal.moving("east", "mount", false);
    assert!(journal.flush(DEADLINE) && found(&data, "east").marked);
    journal.moving("east", "focuser", false);
    assert!(journal.flush(DEADLINE) && !found(&data, "east").marked);
}

#[test]
fn what_a_host_left_moving_is_unattended_until_it_is_stopped() {
    let data = TempDir::new().unwrap();
    let (journal, _) = start(&data, EAST);
    journal.remember("east", "mount", "port", &stop(":Q#"));
    journal.moving("east", "mount", true);
    kill(journal);
    let (journal, unattended) = start(&data, EAST);
    let [left] = &unattended[..] else {
        panic!("{unattended:?}")
    };
    assert!(left.is_ours);
    assert_eq!(left.record.sequences(), Ok(vec![stop(":Q#")]));
    // Motions of this host change nothing about that of the one before.
    journal.moving("east", "mount", false);
    assert!(journal.flush(DEADLINE) && found(&data, "east").marked);
    journal.is_attended("east");
    kill(journal);
    assert!(start(&data, EAST).1.is_empty());
}

#[test]
fn the_words_about_one_device_are_not_said_to_another() {
    let data = TempDir::new().unwrap();
    let (journal, _) = start(&data, EAST);
    journal.remember("east", "mount", "port", &stop(":Q#"));
    journal.moving("east", "mount", true);
    kill(journal);
    let (journal, unattended) = start(&data, "[lines.east]\ndevice = \"/dev/other\"\n");
    assert_eq!(journal.last_word("east", "mount", "port"), None);
    let left = &unattended[0];
    assert!(!left.is_ours && left.record.device == "/dev/east");
    kill(journal);
}

#[test]
fn a_line_that_is_configured_no_more_is_forgotten_unless_something_moves_on_it() {
    let data = TempDir::new().unwrap();
    let both = format!("{EAST}[lines.west]\ndevice = \"/dev/west\"\n");
    let (journal, _) = start(&data, &both);
    journal.remember("east", "mount", "port", &stop(":Q#"));
    journal.remember("west", "mount", "port", &stop(":Q#"));
    journal.moving("west", "mount", true);
    kill(journal);
    let (journal, unattended) = start(&data, "[lines.south]\ndevice = \"/dev/south\"\n");
    assert_eq!(unattended[0].record.line, "west");
    kill(journal);
    let known = read(data.path()).0.into_iter();
    let known: Vec<_> = known.map(|found| found.record.line).collect();
    assert_eq!(known, ["west"]);
}

#[test]
fn a_simulated_mount_ended_with_its_host_and_nothing_of_it_is_unattended() {
    let data = TempDir::new().unwrap();
    let simulated = "[lines.east]\ndevice = \"simulator:lx200\"\n";
    let (journal, _) = start(&data, simulated);
    journal.remember("east", "mount", "port", &stop(":Q#"));
    journal.moving("east", "mount", true);
    kill(journal);
    let (journal, unattended) = start(&data, simulated);
    assert!(unattended.is_empty());
    kill(journal);
    assert!(!found(&data, "east").marked);
}

#[test]
fn a_file_that_is_broken_or_missing_is_named_and_the_others_are_used() {
    let data = TempDir::new().unwrap();
    let (journal, _) = start(&data, EAST);
    journal.remember("east", "mount", "port", &stop(":Q#"));
    kill(journal);
    let broken = data.path().join(FOLDER).join("west.json");
    fs::write(&broken, "{").unwrap();
    let (found, unreadable) = read(data.path());
    assert_eq!(found.len(), 1);
    let named = format!("cannot use {}: ", broken.display());
    assert!(unreadable[0].starts_with(&named), "{unreadable:?}");
    fs::remove_file(&broken).unwrap();
    let alone = broken.with_extension(MARKER);
    fs::write(&alone, "").unwrap();
    let named = format!("{} says that something was left moving", alone.display());
    let (_, unreadable) = read(data.path());
    assert!(unreadable[0].starts_with(&named), "{unreadable:?}");
}

#[cfg(unix)]
#[test]
fn its_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let data = TempDir::new().unwrap();
    let (journal, _) = start(&data, EAST);
    journal.remember("east", "mount", "port", &stop(":Q#"));
    journal.moving("east", "mount", true);
    kill(journal);
    let mode = |path: &str| {
        let metadata = fs::metadata(data.path().join(path)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!((mode("state"), mode(FOLDER)), (0o700, 0o700));
    for kind in [RECORD, MARKER] {
        assert_eq!(mode(&format!("{FOLDER}/east.{kind}")), 0o600);
    }
}
