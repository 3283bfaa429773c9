//! The security log as an administrator has it: `slewgate log verify`, beside a host that runs and after one that was killed.

use std::fs;

use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, long};

/// What `slewgate log verify --json` ends with and says.
fn verified(observatory: &Observatory) -> (Option<i32>, Value) {
    let output = observatory.run(&["log", "verify", "--json"]);
    let told = serde_json::from_slice(&output.stdout);
    let told = told.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), told)
}

async fn come_and_go(observatory: &Observatory, token: &str, client_id: &str) {
    let mut client = Client::authenticated(observatory.address(), token, client_id).await;
    client.call("host.info", json!({})).await.unwrap();
}

#[tokio::test]
async fn the_log_of_a_host_that_runs_is_whole_and_what_is_changed_in_it_is_named() {
    let observatory = Observatory::start();
    let token = observatory.token("observer");
    come_and_go(&observatory, &token, "first").await;
    observatory.wait_for_security_event(|event| event["client_id"] == "first");
    let (code, told) = verified(&observatory);
    assert_eq!((code, &told["whole"]), (Some(0), &true.into()), "{told}");

    let path = observatory.data().join("security/logs/security.log");
    let text = fs::read_to_string(&path).unwrap();
    let line = text.lines().position(|line| line.contains("\"first\""));
    fs::write(&path, text.replace("\"first\"", "\"other\"")).unwrap();
    come_and_go(&observatory, &token, "second").await;
    observatory.wait_for_security_event(|event| event["client_id"] == "second");
    let (code, told) = verified(&observatory);
    assert_eq!(code, Some(1), "{told}");
    assert_eq!(told["line"], line.unwrap() + 1, "{told}");
    let output = observatory.run(&["log", "verify"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("this line was changed"), "{said}");
}

#[tokio::test]
async fn a_host_that_is_killed_leaves_a_log_that_is_whole_with_all_that_was_there_before() {
    let mut observatory = Observatory::start();
    let token = observatory.token("observer");
    for number in 0..long(40) {
        let client_id = format!("client-{number}");
        come_and_go(&observatory, &token, &client_id).await;
        observatory.wait_for_security_event(|event| event["client_id"] == *client_id);
        // In the middle of what it writes.
        let others = (0..4).map(|other| {
            let (address, token) = (observatory.address(), token.clone());
            tokio::spawn(async move {
                Client::authenticated(address, &token, &format!("other-{other}")).await
            })
        });
        let others: Vec<_> = others.collect();
        tokio::task::yield_now().await;
        observatory.child().kill().unwrap();
        observatory.child().wait().unwrap();
        for other in others {
            // Some came in, some did not.
            let _ = other.await;
        }
        let (code, told) = verified(&observatory);
        assert_eq!(code, Some(0), "after kill {number}: {told}");
        observatory.restart();
    }
    let (code, told) = verified(&observatory);
    assert_eq!(code, Some(0), "{told}");
}

#[tokio::test]
async fn a_host_that_is_killed_loses_nothing_that_it_only_counted_a_moment_before() {
    const REFUSED: u64 = 50;
    let mut observatory = Observatory::start();
    let mut client = observatory.client("observer").await;
    for _ in 0..REFUSED {
        let refused = client.call("mount.park", json!({})).await;
        assert_eq!(refused.unwrap_err()["code"], -32001);
    }
    let denied = |log: Vec<Value>| -> Vec<Value> {
        let denied = log.into_iter().filter(|event| event["event"] == "denied");
        denied.collect()
    };
    // A few of them have lines of their own.
    let rest = |lines: usize| REFUSED - lines as u64;
    let path = observatory.data().join("security/logs/log.counted");
    observatory.wait("count of what has no line", || {
        let counted: Value = serde_json::from_str(&fs::read_to_string(&path).ok()?).ok()?;
        let lines = denied(observatory.security_log()).len();
        (counted["denied"] == rest(lines)).then_some(())
    });
    let lines = denied(observatory.security_log()).len();
    assert!(lines > 0 && rest(lines) > 0, "{lines} lines");
    observatory.child().kill().unwrap();
    observatory.child().wait().unwrap();
    observatory.restart();
    let told = observatory.wait_for_security_event(|event| event["count"] == rest(lines));
    assert_eq!(told["event"], "denied", "{told}");
    assert_eq!(denied(observatory.security_log()).len(), lines + 1);
    let (code, told) = verified(&observatory);
    assert_eq!(code, Some(0), "{told}");
    // Once: what was told is forgotten.
    observatory.wait("end of what was counted", || (!path.exists()).then_some(()));
}

#[test]
fn a_directory_without_a_log_is_told_so() {
    let observatory = Observatory::start();
    let empty = tempfile::tempdir().unwrap();
    let file = empty.path().join("security.log");
    let output = observatory.run(&["log", "verify", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("there is no security log at"), "{said}");
}
