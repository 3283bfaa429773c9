//! The host is killed while it replaces plugins: the next one is well, whatever the moment.

use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;
use slewgate_tests::{Observatory, PATIENCE, Setup, long, plugins, program, test_component};

const KILLS: usize = 50;

/// Kills are spread over this time after the new file was written: it is read after 200 ms, compiled, probed, put in force, remembered.
const SPREAD: Duration = Duration::from_millis(600);

/// Every file below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

/// Those whose names end like this as long as they are half written.
fn unfinished(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = files(directory);
    files.retain(|path| {
        let own = path.extension().and_then(|own| own.to_str());
        own.is_some_and(|own| own.starts_with(ending))
    });
    files
}

/// A version of the observers' policy that no host has seen: what is compiled is kept by content.
fn version(number: usize) -> Vec<u8> {
    let name = if number.is_multiple_of(2) {
        plugins().join("policies/observer.wasm")
    } else {
        test_component("observer-parks")
    };
    let note = number.to_le_bytes();
    let name_and_note = [&[4], b"note".as_slice(), &note].concat();
    let header = [0, name_and_note.len() as u8];
    [fs::read(name).unwrap(), header.to_vec(), name_and_note].concat()
}

async fn is_well(observatory: &Observatory, number: usize) {
    let mut client = observatory.client("observer").await;
    let reports = client.call("host.plugins", json!({})).await.unwrap();
    for report in reports.as_array().unwrap() {
        assert_eq!(report["state"], "serving", "after kill {number}: {report}");
        assert!(
            report.get("candidate").is_none(),
            "after kill {number}: {report}"
        );
    }
    client.call("mount.info", json!({})).await.unwrap();
    let left = unfinished(&observatory.data().join("state"), "new");
    assert!(left.is_empty(), "after kill {number}: {left:?}");
    assert!(
        !observatory.log().contains("damaged"),
        "{}",
        observatory.log()
    );
}

#[tokio::test]
async fn a_host_that_is_killed_while_it_reloads_leaves_a_directory_that_the_next_one_serves_from() {
    let mut observatory = Setup::default().cold().start();
    let kills = long(KILLS);
    for number in 0..kills {
        let file = observatory.data().join("policies/observer.wasm");
        fs::write(&file, version(number)).unwrap();
        let share = number as f64 / kills as f64;
        tokio::time::sleep(SPREAD.mul_f64(share)).await;
        observatory.restart();
        is_well(&observatory, number).await;
    }
}

/// Compiled code that is being written.
const WRITING: &str = "wip-atomic-write";

/// Compiles into this cache, and is killed in the middle of the first file: its system ends a process that writes more than it may.
fn compile_in_part(cache: &Path, component: &[u8]) {
    let mut child = Command::new("sh")
        .args([
            "-c",
            // Whoever runs the tests may ignore that signal, as Python does, and hand that down.
            "ulimit -c 0; ulimit -f 8; exec env --default-signal=XFSZ \"$0\" compile --cache \"$1\"",
        ])
        .arg(program())
        .arg(cache)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(&(component.len() as u64).to_le_bytes())
        .unwrap();
    input.write_all(component).unwrap();
    input.write_all(&[0; 16]).unwrap();
    let ended = child.wait().unwrap();
    drop(input);
    assert_eq!(ended.signal(), Some(Signal::XFSZ.as_raw()), "{ended}");
    assert!(!unfinished(cache, WRITING).is_empty());
}

/// Waits for this of a cache.
async fn until(cache: &Path, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "never: {:#?}", files(cache));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_host_that_is_killed_while_compiled_code_is_written_leaves_a_cache_that_the_next_one_tidies()
 {
    let mut observatory = Setup::default().cold().start();
    let cache = observatory.data().join("cache/components");
    for number in 0..long(KILLS) {
        let before = files(&cache).len();
        let file = observatory.data().join("policies/observer.wasm");
        fs::write(&file, version(number)).unwrap();
        until(&cache, || files(&cache).len() > before).await;
        observatory.child().kill().unwrap();
        observatory.child().wait().unwrap();
        compile_in_part(&cache, &version(KILLS + number));
        observatory.restart();
        is_well(&observatory, number).await;
        until(&cache, || unfinished(&cache, WRITING).is_empty()).await;
    }
}
