//! A backup of a host that runs, and a host that comes back from it.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, Setup, test_component};
use tempfile::TempDir;

/// What there is beside the scribe, which keeps notes.
const CONFIG: &str = "[lines.east]\n[plugins.scribe]\ncomponent = \"scribe.wasm\"\n[admission]\nrequests_per_minute = 1_000_000\n";

async fn reads(observatory: &Observatory, token: &str) -> Value {
    let mut client = Client::authenticated(observatory.address(), token, "scribe").await;
    loop {
        // No event tells that a plugin without a line is attached.
        if let Ok(read) = client.call("scribe.read", json!({})).await {
            return read;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// A host whose scribe answers, a token, and a client that may have it write.
async fn with_scribe() -> (Observatory, String, Client) {
    let observatory = Setup::default().config(CONFIG).start();
    fs::copy(
        test_component("scribe"),
        observatory.data().join("handlers/scribe.wasm"),
    )
    .unwrap();
    let token = observatory.token("telescope");
    reads(&observatory, &token).await;
    let client = Client::authenticated(observatory.address(), &token, "writer").await;
    (observatory, token, client)
}

fn names(archive: &Path) -> Vec<String> {
    let mut archive = tar::Archive::new(File::open(archive).unwrap());
    let entries = archive.entries().unwrap();
    entries
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect()
}

#[tokio::test]
async fn a_host_comes_back_from_the_backup_of_one_that_ran_with_its_tokens_notes_and_log() {
    let (mut observatory, token, mut client) = with_scribe().await;
    let written = json!({ "round": 7 });
    client.call("scribe.write", written).await.unwrap();
    let place = TempDir::new().unwrap();
    let file = place.path().join("telescope.tar");
    let made = observatory.run(&["backup", file.to_str().unwrap(), "--json"]);
    assert!(made.status.success(), "{made:?}");
    let said: Value = serde_json::from_slice(&made.stdout).unwrap();
    let names = names(&file);
    assert_eq!(said["files"], names.len(), "{said} {names:?}");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for wanted in [
        "slewgate.toml",
        "api_tokens.json",
        "handlers/scribe.wasm",
        "policies/telescope.wasm",
        "state/plugins.redb",
        "security/logs/security.log",
    ] {
        assert!(names.iter().any(|name| name == wanted), "{names:?}");
    }
    assert!(
        !names.iter().any(|name| name.starts_with("cache")),
        "{names:?}"
    );
    let copy = observatory.data().join("state/plugins.redb.copy");
    assert!(!copy.exists());
    // What comes later is not in it.
    client
        .call("scribe.write", json!({ "round": 8 }))
        .await
        .unwrap();
    observatory.terminate();
    assert_eq!(observatory.exit_code(), Some(0));

    for entry in fs::read_dir(observatory.data()).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            // It says that the host before was ready, and goes when the next one starts.
            false if path.ends_with("ready") => {}
            true => fs::remove_dir_all(path).unwrap(),
            false => fs::remove_file(path).unwrap(),
        }
    }
    tar::Archive::new(File::open(&file).unwrap())
        .unpack(observatory.data())
        .unwrap();
    let whole = observatory.run(&["log", "verify"]);
    assert!(whole.status.success(), "{whole:?}");
    observatory.restart();
    let read = reads(&observatory, &token).await;
    assert_eq!(read["rounds"], json!(vec![7; 8]));
    let whole = observatory.run(&["log", "verify"]);
    assert!(whole.status.success(), "{whole:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_beside_each_other_have_what_plugins_keep_though_one_keeps_something_all_the_time()
{
    let (observatory, _, mut client) = with_scribe().await;
    let writing = tokio::spawn(async move {
        for round in 1_u64.. {
            let written = json!({ "round": round });
            client.call("scribe.write", written).await.unwrap();
        }
    });
    let place = TempDir::new().unwrap();
    let files: Vec<_> = (0..3)
        .map(|number| place.path().join(format!("{number}.tar")))
        .collect();
    std::thread::scope(|scope| {
        for file in &files {
            scope.spawn(|| {
                let made = observatory.run(&["backup", file.to_str().unwrap()]);
                assert!(made.status.success(), "{made:?}");
            });
        }
    });
    writing.abort();
    for file in &files {
        let names = names(file);
        let state = names.iter().filter(|name| *name == "state/plugins.redb");
        assert_eq!(state.count(), 1, "{names:?}");
        assert!(
            !names.iter().any(|name| name.contains(".copy")),
            "{names:?}"
        );
    }
    let left = fs::read_dir(observatory.data().join("state")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    let is_copy = |name: &std::ffi::OsString| name.to_string_lossy().contains(".copy");
    assert!(!left.iter().any(is_copy), "{left:?}");
}

#[test]
fn a_backup_is_made_without_a_host_too_and_takes_the_place_of_nothing() {
    let setup = Setup::default();
    let directory = setup.prepare();
    let made = setup
        .generate(directory.path(), "observer")
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let place = TempDir::new().unwrap();
    let file = place.path().join("telescope.tar");
    let backup = || {
        let arguments = ["backup", file.to_str().unwrap()];
        setup.verb(directory.path(), &arguments).output().unwrap()
    };
    let made = backup();
    assert!(made.status.success(), "{made:?}");
    let before = fs::read(&file).unwrap();
    let again = backup();
    assert_eq!(again.status.code(), Some(2));
    let said = String::from_utf8(again.stderr).unwrap();
    assert!(said.contains("is there already"), "{said}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn each_file_of_the_security_log_and_what_lies_beside_it_is_in_a_backup_once() {
    let setup = Setup::default();
    let directory = setup.prepare();
    fs::write(directory.path().join("slewgate.toml"), "").unwrap();
    let logs = directory.path().join("security/logs");
    fs::create_dir_all(&logs).unwrap();
    let mut there = [
        "log.head",
        "security.log",
        "security.log.000000000001",
        "security.log.000000000702",
        "security.log.unchained",
    ];
    for name in there {
        fs::write(logs.join(name), name).unwrap();
    }
    let place = TempDir::new().unwrap();
    let file = place.path().join("telescope.tar");
    let arguments = ["backup", file.to_str().unwrap()];
    let made = setup.verb(directory.path(), &arguments).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let names = names(&file);
    let mut packed: Vec<_> = names
        .iter()
        .filter_map(|name| name.strip_prefix("security/logs/"))
        .collect();
    packed.sort_unstable();
    there.sort_unstable();
    assert_eq!(packed, there);
    let back = TempDir::new().unwrap();
    tar::Archive::new(File::open(&file).unwrap())
        .unpack(back.path())
        .unwrap();
    for name in there {
        let path = back.path().join("security/logs").join(name);
        assert_eq!(fs::read_to_string(path).unwrap(), name);
    }
}

#[test]
fn what_is_no_data_directory_and_a_place_that_cannot_be_written_are_named() {
    let setup = Setup::default();
    let place = TempDir::new().unwrap();
    let file = place.path().join("telescope.tar");
    let arguments = ["backup", file.to_str().unwrap()];
    let refused = setup.verb(place.path(), &arguments).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("is no data directory"), "{said}");
    assert!(!file.exists());
    let directory = setup.prepare();
    fs::write(directory.path().join("slewgate.toml"), "").unwrap();
    let arguments = ["backup", "/no/such/place/telescope.tar"];
    let refused = setup.verb(directory.path(), &arguments).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("cannot write /no/such/place"), "{said}");
}
