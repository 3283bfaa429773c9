//! A version that begins to fail once it serves is taken back, and the next host knows of it.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, Setup, plugins, test_component};

fn policy(observatory: &Observatory) -> PathBuf {
    observatory.data().join("policies/telescope.wasm")
}

/// A client that hears of plugins from now on.
async fn watcher(observatory: &Observatory) -> Client {
    let mut client = observatory.client("observer").await;
    let topics = json!({ "topics": ["plugins"] });
    client.call("events.subscribe", topics).await.unwrap();
    client.event("plugins").await;
    client
}

/// The next news of this kind.
async fn news(watcher: &mut Client, what: &str) -> Value {
    loop {
        let news = watcher.event("plugins").await["data"].take();
        if news["what"] == what {
            return news;
        }
    }
}

/// A host whose newest policy for telescopes passes its probe, and traps when the client `traps` asks; and that client.
async fn trapping() -> (Observatory, Client, Client) {
    let observatory = Setup::default()
        .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
        .start();
    let mut watcher = watcher(&observatory).await;
    let token = observatory.token("telescope");
    let client = Client::authenticated(observatory.address(), &token, "traps").await;
    fs::copy(test_component("unruly-policy"), policy(&observatory)).unwrap();
    news(&mut watcher, "published").await;
    (observatory, watcher, client)
}

/// Asks until it is answered again: how often it was denied before, by a policy that failed.
async fn ask(client: &mut Client) -> usize {
    let mut denied = 0;
    while let Err(error) = client.call("mount.info", json!({})).await {
        assert_eq!(error["data"]["reason"], "the policy failed", "{error}");
        denied += 1;
    }
    denied
}

#[tokio::test]
async fn a_version_that_begins_to_trap_is_rolled_back_and_its_clients_are_served_again() {
    let (observatory, mut watcher, mut client) = trapping().await;
    let began = Instant::now();
    assert!(ask(&mut client).await > 0);
    println!(
        "rolled back {} ms after its first failure",
        began.elapsed().as_millis()
    );
    let rolled = news(&mut watcher, "rolled_back").await;
    let plugin = &rolled["plugin"];
    assert_eq!(plugin["state"], "serving", "{plugin}");
    assert_eq!(plugin["earlier"], true, "{plugin}");
    assert_eq!(plugin["candidate"]["stage"], "probation", "{plugin}");
    let listed = observatory.run(&["plugin", "list"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(
        listed.contains("telescope: the newest file failed at probation"),
        "{listed}"
    );
}

#[tokio::test]
async fn the_next_host_serves_the_last_good_version_and_says_why() {
    let (mut observatory, mut watcher, mut client) = trapping().await;
    ask(&mut client).await;
    let rolled = news(&mut watcher, "rolled_back").await;
    observatory.restart();
    let mut client = observatory.client("telescope").await;
    client.call("mount.info", json!({})).await.unwrap();
    let reports = client.call("host.plugins", json!({})).await.unwrap();
    let mut reports = reports.as_array().unwrap().iter();
    let report = reports
        .find(|report| report["name"] == "telescope")
        .unwrap();
    assert_eq!(report["digest"], rolled["plugin"]["digest"], "{report}");
    assert_eq!(report["earlier"], true, "{report}");
    assert_eq!(
        report["candidate"]["digest"],
        rolled["plugin"]["candidate"]["digest"]
    );
    observatory.told(&["ERROR", "what served well before the start"]);
}

#[tokio::test]
async fn the_administrator_takes_a_version_back_by_hand() {
    let observatory = Setup::default().start();
    let mut watcher = watcher(&observatory).await;
    let observer = observatory.data().join("policies/observer.wasm");
    fs::copy(test_component("observer-parks"), &observer).unwrap();
    news(&mut watcher, "published").await;
    watcher.call("mount.park", json!({})).await.unwrap();
    let output = observatory.run(&["plugin", "rollback", "observer"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    news(&mut watcher, "rolled_back").await;
    watcher.call("mount.park", json!({})).await.unwrap_err();
    let output = observatory.run(&["plugin", "rollback", "observer"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("no version before this one is kept"),
        "{said}"
    );
    // Written anew, it is tried again.
    fs::copy(plugins().join("policies/observer.wasm"), &observer).unwrap();
    fs::copy(test_component("observer-parks"), &observer).unwrap();
    news(&mut watcher, "published").await;
}

#[tokio::test]
async fn of_a_handler_and_a_policy_of_one_name_it_is_told_how_to_say_which_is_taken_back() {
    let config =
        "[lines.east]\n[plugins.mount]\n[plugins.observer]\ncomponent = \"observer.wasm\"\n";
    let observatory = Setup::default().config(config).start();
    let output = observatory.run(&["plugin", "rollback", "observer"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--kind handler or --kind policy"), "{said}");
}
