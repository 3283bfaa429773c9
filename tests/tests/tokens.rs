//! Tokens are made, written by hand, revoked and spoiled while the host runs; the security log has it all, and no token.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use slewgate_tests::{Client, Closed, Observatory, Setup, program};

/// What is said with a new token.
const STORE_IT: &str =
    "Store the generated token securely! You won't be able to retrieve it again.";

/// The entry of the guide.
const BY_HAND: (&str, &str) = (
    "your-secure-token-here",
    r#"{"client_type": "telescope", "name": "Main Telescope Controller", "created": "2025-09-27T12:00:00"}"#,
);

/// `slewgate token` with somebody at the keyboard.
fn menu(data: &Path, typed: &str) -> Output {
    let mut command = Command::new(program());
    command.args(["token", "--data"]).arg(data).env_clear();
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut menu = command.spawn().unwrap();
    menu.stdin
        .take()
        .unwrap()
        .write_all(typed.as_bytes())
        .unwrap();
    menu.wait_with_output().unwrap()
}

/// The token that was shown after `Token: `.
fn shown(output: &str) -> String {
    let (_, after) = output.split_once("Token: ").unwrap();
    after.lines().next().unwrap().to_owned()
}

/// The id within a token.
fn id(token: &str) -> &str {
    token.split('_').nth(1).unwrap()
}

fn file(observatory: &Observatory) -> PathBuf {
    observatory.data().join("api_tokens.json")
}

fn changed(observatory: &Observatory, id: &str) -> Value {
    observatory.wait_for_security_event(|event| {
        event["event"] == "token_change" && event["token_id"] == id
    })
}

async fn rejected(observatory: &Observatory, token: &str) -> Closed {
    let mut client = Client::connect(observatory.address()).await;
    let first = json!({ "token": token, "client_id": "rejected" });
    client.send(&first.to_string()).await;
    client.closed().await
}

fn authentication_failed() -> Closed {
    Closed {
        code: Some(4001),
        reason: "Authentication failed".to_owned(),
    }
}

/// Neither log has one of these, nor the secret part of one.
fn no_log_has(observatory: &Observatory, tokens: &[&str]) {
    let mut logs = vec![observatory.log()];
    let folder = observatory.data().join("security/logs");
    for file in fs::read_dir(folder).unwrap().flatten() {
        logs.push(fs::read_to_string(file.path()).unwrap());
    }
    assert!(logs.len() > 1 && logs.iter().all(|log| !log.is_empty()));
    for token in tokens {
        let secret = token.rsplit('_').next().unwrap();
        for log in &logs {
            assert!(!log.contains(secret), "{token} is in the log:\n{log}");
        }
    }
}

/// Every connection of this machine is on record with its address.
fn connections(observatory: &Observatory) -> usize {
    let log = observatory.security_log();
    let connections = log.iter().filter(|event| event["event"] == "connection");
    for connection in connections.clone() {
        assert_eq!(connection["address"], "127.0.0.1", "{connection}");
        assert!(connection["port"].is_u64(), "{connection}");
    }
    connections.count()
}

#[tokio::test]
async fn a_token_is_made_by_the_menu_and_lets_its_client_in() {
    let observatory = Observatory::start();
    let typed = "1\nMain Telescope Controller\nadministrator\ntelescope\n4\n";
    let output = menu(observatory.data(), typed);
    assert!(output.status.success(), "{output:?}");
    let transcript = String::from_utf8(output.stdout).unwrap();
    let token = shown(&transcript);
    let choices =
        "1. Generate a new token\n2. List the tokens\n3. Revoke a token\n4. Quit\nChoice: ";
    let wanted = format!(
        "{choices}Client name: Client type (telescope, observer): Client type (telescope, observer): \
         Token: {token}\nId: {}\n{STORE_IT}\n\n{choices}",
        id(&token)
    );
    assert_eq!(transcript, wanted);

    changed(&observatory, id(&token));
    let mut client = Client::authenticated(observatory.address(), &token, "by-menu").await;
    client.call("host.info", json!({})).await.unwrap();
    no_log_has(&observatory, &[&token]);
}

#[tokio::test]
async fn the_end_of_the_input_ends_the_menu_with_2() {
    let observatory = Observatory::start();
    for typed in ["", "1\n", "1\nsomebody\n", "1\nsomebody\nadministrator\n"] {
        let output = menu(observatory.data(), typed);
        assert_eq!(output.status.code(), Some(2), "{typed:?}: {output:?}");
    }
    assert!(!file(&observatory).exists());
}

#[tokio::test]
async fn a_token_is_made_by_the_verb_and_lists_do_not_show_it() {
    let observatory = Observatory::start();
    let generate = [
        "token",
        "generate",
        "--name",
        "Visitors",
        "--client-type",
        "observer",
    ];
    let output = observatory.run(&generate);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let token = shown(&said);
    assert_eq!(
        said,
        format!("Token: {token}\nId: {}\n{STORE_IT}\n", id(&token))
    );

    changed(&observatory, id(&token));
    Client::authenticated(observatory.address(), &token, "by-verb").await;
    let listed = String::from_utf8(observatory.run(&["token", "list"]).stdout).unwrap();
    assert!(
        listed.contains(id(&token)) && listed.contains("Visitors"),
        "{listed}"
    );
    assert!(!listed.contains(&token), "{listed}");
    let kept = fs::read_to_string(file(&observatory)).unwrap();
    assert!(!kept.contains(&token), "{kept}");
    no_log_has(&observatory, &[&token]);
}

#[tokio::test]
async fn an_entry_written_by_hand_is_taken_up_and_those_before_it_stay() {
    let observatory = Observatory::start();
    let before = observatory.token("observer");
    let mut entries: Value =
        serde_json::from_str(&fs::read_to_string(file(&observatory)).unwrap()).unwrap();
    entries[BY_HAND.0] = serde_json::from_str(BY_HAND.1).unwrap();
    fs::write(file(&observatory), entries.to_string()).unwrap();
    observatory.wait_for_security_event(|event| {
        let changed = event["token_id"].as_str();
        event["event"] == "token_change" && changed.is_some_and(|changed| changed != id(&before))
    });

    let mut client = Client::connect(observatory.address()).await;
    let first = json!({ "token": BY_HAND.0, "client_id": "by-hand" });
    client.send(&first.to_string()).await;
    let answer = client.next().await;
    assert_eq!(answer["type"], "auth_ok", "{answer}");
    assert_eq!(answer["client_type"], "telescope", "{answer}");
    assert_eq!(answer["name"], "Main Telescope Controller", "{answer}");
    Client::authenticated(observatory.address(), &before, "before").await;
    no_log_has(&observatory, &[BY_HAND.0, &before]);
}

#[tokio::test]
async fn a_revoked_token_closes_its_session_and_no_other() {
    let observatory = Observatory::start();
    let (revoked, kept) = (
        observatory.token("observer"),
        observatory.token("telescope"),
    );
    let mut gone = Client::authenticated(observatory.address(), &revoked, "gone").await;
    let mut stays = Client::authenticated(observatory.address(), &kept, "stays").await;
    let output = observatory.run(&["token", "revoke", id(&revoked)]);
    assert!(output.status.success(), "{output:?}");

    assert_eq!(gone.closed().await, authentication_failed());
    assert_eq!(
        rejected(&observatory, &revoked).await,
        authentication_failed()
    );
    stays.call("host.info", json!({})).await.unwrap();
    for kind in ["closed", "auth_failed"] {
        let event = observatory
            .wait_for_security_event(|event| event["event"] == kind && event["code"] == 4001);
        assert_eq!(event["address"], "127.0.0.1", "{event}");
    }
    no_log_has(&observatory, &[&revoked, &kept]);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_leaves_the_last_good_set() {
    let observatory = Observatory::start();
    let token = observatory.token("telescope");
    let mut session = Client::authenticated(observatory.address(), &token, "before").await;
    let spoiled = format!("{{\"{}\": {{", BY_HAND.0);
    fs::write(file(&observatory), &spoiled).unwrap();
    let alarm = observatory.wait_for_security_event(|event| event["event"] == "alarm");
    let reason = alarm["reason"].as_str().unwrap();
    assert!(reason.contains("api_tokens.json"), "{alarm}");

    session.call("host.info", json!({})).await.unwrap();
    Client::authenticated(observatory.address(), &token, "after").await;
    observatory.told(&["api_tokens.json"]);
    no_log_has(&observatory, &[BY_HAND.0, &token]);
}

#[tokio::test]
async fn the_security_log_has_every_connection_and_what_became_of_it_and_no_token() {
    let observatory = Observatory::start();
    let token = observatory.token("observer");
    let wrong = "slg_abcdefgh_0123456789012345678901234567890123456789012345678";
    let mut client = Client::authenticated(observatory.address(), &token, "observer").await;
    client.call("mount.park", json!({})).await.unwrap_err();
    drop(client);
    rejected(&observatory, wrong).await;
    // A client that takes its token for its id, and one that takes it for a method.
    let mut confused = Client::connect(observatory.address()).await;
    let first = json!({ "token": wrong, "client_id": token });
    confused.send(&first.to_string()).await;
    confused.closed().await;
    let mut confused = Client::authenticated(observatory.address(), &token, "confused").await;
    confused.call(&token, json!({})).await.unwrap_err();
    confused.send(&token).await;
    confused.next().await;
    drop(confused);

    for (kind, client_id) in [
        ("auth_ok", "observer"),
        ("denied", "observer"),
        ("closed", "observer"),
        ("auth_failed", "rejected"),
        ("auth_ok", "confused"),
        ("closed", "confused"),
    ] {
        let event = observatory.wait_for_security_event(|event| {
            event["event"] == kind && event["client_id"] == client_id
        });
        assert_eq!(event["address"], "127.0.0.1", "{event}");
    }
    assert_eq!(connections(&observatory), 4);
    no_log_has(&observatory, &[&token, wrong]);
}

#[tokio::test]
async fn when_a_token_was_used_last_is_told_once_the_host_has_ended() {
    let mut observatory = Observatory::start();
    let token = observatory.token("telescope");
    observatory.token("observer");
    Client::authenticated(observatory.address(), &token, "one").await;
    observatory.terminate();
    assert_eq!(observatory.exit_code(), Some(0));
    let listed = observatory.run(&["token", "list", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let used = |client_type: &str| {
        let mut all = listed.as_array().unwrap().iter();
        let token = all.find(|token| token["client_type"] == client_type);
        token.unwrap().get("last_used").cloned()
    };
    assert!(
        used("telescope")
            .unwrap()
            .as_str()
            .unwrap()
            .starts_with("20"),
        "{listed}"
    );
    assert_eq!(used("observer"), None);
    let words = observatory.run(&["token", "list"]);
    assert!(
        String::from_utf8(words.stdout)
            .unwrap()
            .contains("LAST USED")
    );
}

#[test]
fn sealing_fails_where_a_token_stays_in_clear_and_says_which() {
    let setup = Setup::default();
    let directory = setup.prepare();
    let entry = json!({ "client_type": "observer", "name": "Dome", "networks": "10.0.0.0/8" });
    let file = directory.path().join("api_tokens.json");
    fs::write(&file, json!({ "in clear": entry }).to_string()).unwrap();
    let seal = |arguments: &[&str]| setup.verb(directory.path(), arguments).output().unwrap();
    let sealed = seal(&["token", "seal", "--json"]);
    assert_eq!(sealed.status.code(), Some(1), "{sealed:?}");
    assert_eq!(
        serde_json::from_slice::<Value>(&sealed.stdout).unwrap(),
        json!({ "sealed": 0, "left": ["entry 1 (Dome)"] })
    );
    let in_words = seal(&["token", "seal"]);
    assert_eq!(in_words.stdout, b"none is sealed\n");
    let said = String::from_utf8(in_words.stderr).unwrap();
    assert!(said.contains("entry 1 (Dome) is still in clear"), "{said}");
}

#[tokio::test]
async fn a_token_that_people_wrote_is_sealed_and_stays_good_and_a_new_one_may_be_bound() {
    let observatory = Observatory::start();
    let file = observatory.data().join("api_tokens.json");
    fs::write(
        &file,
        json!({ "by hand, in clear": { "client_type": "observer", "name": "old" } }).to_string(),
    )
    .unwrap();
    let sealed = observatory.run(&["token", "seal", "--json"]);
    assert_eq!(
        serde_json::from_slice::<Value>(&sealed.stdout).unwrap(),
        json!({ "sealed": 1 })
    );
    assert!(!fs::read_to_string(&file).unwrap().contains("in clear"));
    let again = observatory.run(&["token", "seal"]);
    assert_eq!(
        String::from_utf8(again.stdout).unwrap(),
        "none was written in clear\n"
    );
    observatory.wait_for_security_event(|event| event["reason"] == "added");
    let mut client = Client::connect(observatory.address()).await;
    client.authenticate("by hand, in clear", "old-client").await;

    let bound = ["--network", "10.0.0.0/8", "--requests-per-minute", "5"];
    let generate = [
        "token",
        "generate",
        "--json",
        "--name",
        "far",
        "--client-type",
        "observer",
    ];
    let made = observatory.run(&[&generate[..], &bound].concat());
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    observatory.wait_for_security_event(|event| event["token_id"] == made["id"]);
    let mut far = Client::connect(observatory.address()).await;
    far.send(&json!({ "token": made["token"], "client_id": "far" }).to_string())
        .await;
    assert_eq!(far.closed().await.code, Some(4001));
    let failed = observatory.wait_for_security_event(|event| event["event"] == "auth_failed");
    assert!(
        failed["reason"].as_str().unwrap().contains("network"),
        "{failed}"
    );
}
