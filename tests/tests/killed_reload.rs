//! The host is killed while it replaces plugins: the next one is well, whatever the moment.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use slewgate_tests::{Observatory, Setup, long, plugins, test_component};

const KILLS: usize = 50;

/// Kills are spread over this time after the new file was written: it is read after 200 ms, compiled, probed, put in force, remembered.
const SPREAD: Duration = Duration::from_millis(600);

/// Every file below a directory whose name says that it is half written.
fn unfinished(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(unfinished(&path));
        } else if path.extension().is_some_and(|ending| ending == "new") {
            found.push(path.display().to_string());
        }
    }
    found
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
    let left = unfinished(&observatory.data().join("state"));
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
