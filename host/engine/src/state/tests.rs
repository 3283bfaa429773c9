//! Notes that outlive their host, and files that do not let them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use slewgate_sky::SystemClock;
use tempfile::TempDir;

use super::file::MAX_PLUGINS;
use super::{State, StateError, forget};

const DEADLINE: Duration = Duration::from_secs(10);

fn open(path: &Path, plugins: &[&str]) -> State {
    State::open(Some(path), plugins.iter().copied(), Arc::new(SystemClock))
}

fn place() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("state/plugins.redb");
    (home, path)
}

/// What the plugin `mount` has under the key `site`.
fn site(state: &State) -> Option<Vec<u8>> {
    state.notes("mount").get("site")
}

fn keep(state: &State, plugin: &str, value: &[u8]) {
    let kept = state.notes(plugin).set("site".into(), value.to_vec());
    kept.unwrap();
}

/// A file in which `mount` kept this.
fn with(value: &[u8]) -> (TempDir, PathBuf) {
    let (home, path) = place();
    let state = open(&path, &["mount"]);
    keep(&state, "mount", value);
    close(state, &path);
    (home, path)
}

/// Ends a host, and waits until its file is nobody's.
fn close(state: State, path: &Path) {
    drop(state);
    assert!(forget(path, "nobody").is_err());
}

/// The files that were moved aside.
fn aside(path: &Path) -> Vec<PathBuf> {
    let beside = fs::read_dir(path.parent().unwrap()).unwrap();
    let paths = beside.map(|entry| entry.unwrap().path());
    let broken = |path: &PathBuf| path.display().to_string().contains("plugins.redb.broken-");
    paths.filter(broken).collect()
}

#[test]
fn what_a_plugin_keeps_outlives_its_host() {
    let (_home, path) = with(b"Greenwich");
    let state = open(&path, &["mount"]);
    assert_eq!(site(&state).unwrap(), b"Greenwich");
    state.notes("mount").delete("site");
    assert!(state.flush(DEADLINE));
    drop(state);
    assert_eq!(site(&open(&path, &["mount"])), None);
}

#[test]
fn a_host_that_ends_writes_what_was_kept_last() {
    let (_home, path) = place();
    for value in [b"one", b"two"] {
        let state = open(&path, &["mount"]);
        keep(&state, "mount", value);
        drop(state);
        assert_eq!(site(&open(&path, &["mount"])).unwrap(), value);
    }
}

#[test]
fn what_is_kept_reaches_the_disk_by_itself() {
    let (_home, path) = place();
    let state = open(&path, &["mount"]);
    keep(&state, "mount", b"Greenwich");
    let changes = state.changes.as_ref().unwrap();
    let began = std::time::Instant::now();
    while !changes.is_written() {
        assert!(began.elapsed() < DEADLINE);
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

#[test]
fn plugins_do_not_see_what_others_keep() {
    let (_home, path) = place();
    let names = ["mount", "mount2", "Mount", "mount/site"];
    let state = open(&path, &names);
    for name in names {
        keep(&state, name, name.as_bytes());
    }
    assert!(state.flush(DEADLINE));
    drop(state);
    let state = open(&path, &names);
    for name in names {
        assert_eq!(state.notes(name).get("site").unwrap(), name.as_bytes());
    }
}

#[test]
fn what_a_plugin_kept_waits_for_it_to_be_configured_again() {
    let (_home, path) = with(b"Greenwich");
    let state = open(&path, &["dome"]);
    keep(&state, "dome", b"Paris");
    assert!(state.flush(DEADLINE));
    drop(state);
    assert_eq!(site(&open(&path, &["mount"])).unwrap(), b"Greenwich");
}

#[test]
fn what_is_forgotten_is_gone_and_who_is_unknown_is_told_who_is_not() {
    let (home, path) = with(b"Greenwich");
    let error = forget(&path, "dome").unwrap_err().to_string();
    assert_eq!(
        error,
        r#"nothing is kept for "dome"; there is something of mount"#
    );
    forget(&path, "mount").unwrap();
    assert_eq!(site(&open(&path, &["mount"])), None);
    let nowhere = home.path().join("elsewhere/plugins.redb");
    assert!(forget(&nowhere, "mount").is_err());
    assert!(!nowhere.parent().unwrap().exists(), "nothing was made");
}

#[test]
fn nothing_is_forgotten_under_a_host_that_runs() {
    let (_home, path) = with(b"Greenwich");
    let state = open(&path, &["mount"]);
    let refused = forget(&path, "mount").unwrap_err();
    assert!(matches!(refused, StateError::InUse(_)), "{refused}");
    assert_eq!(site(&state).unwrap(), b"Greenwich");
}

#[test]
fn a_plugin_too_many_keeps_in_memory_alone_until_another_is_forgotten() {
    let (_home, path) = place();
    let names: Vec<String> = (0..=MAX_PLUGINS)
        .map(|number| format!("p{number}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (last, first) = names.split_last().unwrap();
    let state = open(&path, &names);
    first.iter().for_each(|name| keep(&state, name, b"kept"));
    assert!(state.flush(DEADLINE));
    keep(&state, last, b"kept");
    assert!(state.flush(DEADLINE));
    assert_eq!(state.notes(last).get("site").unwrap(), b"kept");
    drop(state);
    let state = open(&path, &names);
    assert_eq!(state.notes(last).get("site"), None);
    state.notes(first[0]).delete("site");
    keep(&state, last, b"kept");
    assert!(state.flush(DEADLINE));
    drop(state);
    assert!(open(&path, &names).notes(last).get("site").is_some());
}

#[test]
fn the_file_is_its_owners_alone() {
    let (_home, path) = with(b"Greenwich");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let directory = path.parent().unwrap();
    assert_eq!((mode(&path), mode(directory)), (0o600, 0o700));
    for (path, lax) in [(&*path, 0o666), (directory, 0o777)] {
        fs::set_permissions(path, fs::Permissions::from_mode(lax)).unwrap();
    }
    drop(open(&path, &["mount"]));
    assert_eq!((mode(&path), mode(directory)), (0o600, 0o700));
}

/// Whatever a file holds: what was kept is found, or nothing is and the file was moved aside as it was. Then all goes on.
fn survives(path: &Path, contents: &[u8], kept: &[u8], how: &str) {
    fs::write(path, contents).unwrap();
    let state = open(path, &["mount"]);
    match site(&state) {
        Some(found) => assert_eq!(found, kept, "{how}"),
        None if contents.is_empty() => {}
        None => {
            let [moved] = aside(path).try_into().expect(how);
            assert_eq!(fs::read(&moved).unwrap(), contents, "{how}");
            fs::remove_file(moved).unwrap();
        }
    }
    keep(&state, "mount", b"again");
    assert!(state.flush(DEADLINE), "{how}");
    close(state, path);
    let state = open(path, &["mount"]);
    assert_eq!(site(&state).unwrap(), b"again", "{how}");
    close(state, path);
}

#[test]
fn a_damaged_file_is_moved_aside_and_the_host_goes_on() {
    let kept = [7; 10_000];
    let (_home, path) = with(&kept);
    let whole = fs::read(&path).unwrap();
    for length in [0, 1, 9, 512, 4096, whole.len() / 2, whole.len() - 1] {
        let how = format!("cut at {length}");
        survives(&path, &whole[..length], &kept, &how);
    }
    for place in (0..whole.len()).step_by(whole.len() / 23) {
        let mut flipped = whole.clone();
        flipped[place] ^= 0x10;
        survives(&path, &flipped, &kept, &format!("another byte at {place}"));
    }
    survives(&path, b"#!/bin/sh\n", &kept, "text");
    survives(&path, &[0; 100_000], &kept, "zeros");
}

#[test]
fn two_files_that_are_damaged_in_one_second_are_both_kept() {
    let (_home, path) = place();
    fs::create_dir(path.parent().unwrap()).unwrap();
    for damaged in [b"one", b"two"] {
        fs::write(&path, damaged).unwrap();
        close(open(&path, &["mount"]), &path);
    }
    assert_eq!(aside(&path).len(), 2);
}

#[test]
fn where_there_can_be_no_file_plugins_go_on_in_memory() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("state"), "in the way").unwrap();
    let path = home.path().join("state/plugins.redb");
    let state = open(&path, &["mount"]);
    keep(&state, "mount", b"Greenwich");
    assert_eq!(site(&state).unwrap(), b"Greenwich");
    assert!(state.flush(DEADLINE), "there is nothing to wait for");
}
