//! Every corpus, file by file: what fuzzers begin with, and what they found.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::collections::BTreeSet;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};

/// Files that are too few to say what a target takes.
const LEAST: usize = 5;

/// Bytes of a file that people can look through.
const MOST_BYTES: usize = 16 * 1024;

fn fuzz() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn replay(name: &str, target: fn(&[u8])) {
    let files = files(&fuzz().join("corpus").join(name));
    assert!(files.len() >= LEAST, "{name} has {} files", files.len());
    for file in files {
        let data = fs::read(&file).unwrap();
        assert!(data.len() <= MOST_BYTES, "{} is long", file.display());
        let replayed = panic::catch_unwind(|| target(&data));
        assert!(replayed.is_ok(), "see above: {}", file.display());
    }
}

#[test]
fn components_are_examined_to_the_end() {
    replay("component", slewgate_fuzz_targets::component);
}

#[test]
fn configurations_are_read_or_refused_at_a_place() {
    replay("configuration", slewgate_fuzz_targets::configuration);
}

#[test]
fn first_messages_claim_what_they_say_and_no_wrong_token_admits() {
    replay("first_message", slewgate_fuzz_targets::first_message);
}

#[test]
fn a_source_is_what_our_own_proxy_says_and_nobody_else() {
    replay(
        "forwarded_headers",
        slewgate_fuzz_targets::forwarded_headers,
    );
}

#[test]
fn messages_are_calls_or_answered() {
    replay("json_rpc", slewgate_fuzz_targets::json_rpc);
}

#[test]
fn logs_hold_together_or_the_first_line_that_does_not_is_found() {
    replay("log_verification", slewgate_fuzz_targets::log_verification);
}

#[test]
fn a_mount_may_answer_what_it_likes() {
    replay("lx200_replies", slewgate_fuzz_targets::lx200_replies);
}

#[test]
fn replies_end_where_they_end_in_whatever_pieces_they_come() {
    replay("serial_framing", slewgate_fuzz_targets::serial_framing);
}

#[test]
fn tokens_files_are_read_sealed_and_added_to() {
    replay("tokens_file", slewgate_fuzz_targets::tokens_file);
}

#[test]
fn every_target_has_a_fuzzer_and_a_corpus_and_is_replayed() {
    let names = |folder: &str| -> BTreeSet<String> {
        let stem = |file: &PathBuf| file.file_stem().unwrap().to_str().unwrap().to_owned();
        files(&fuzz().join(folder)).iter().map(stem).collect()
    };
    assert_eq!(names("fuzz_targets"), names("corpus"));
    let here = include_str!("corpus.rs");
    for name in names("corpus") {
        assert!(here.contains(&format!("{name:?},")), "{name}");
    }
}
