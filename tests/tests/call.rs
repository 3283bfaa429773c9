//! `slewgate call` against a running host.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;
use slewgate_tests::{Observatory, program};

/// Runs `slewgate call`; its token comes from the environment.
fn call(observatory: &Observatory, token: &str, arguments: &[&str]) -> Output {
    let url = format!("ws://{}", observatory.address());
    Command::new(program())
        .args([&["call", "--url", &url], arguments].concat())
        .env_clear()
        .env("SLEWGATE_TOKEN", token)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_call_prints_its_result_on_standard_output_alone() {
    let observatory = Observatory::start();
    let token = observatory.token("telescope");
    let params = r#"{"altitude": 60, "azimuth": 120}"#;
    let output = call(&observatory, &token, &["mount.goto", params]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let begun: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(begun["motion"].is_u64(), "{begun}");
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_refused_call_says_why_on_standard_error_with_its_code_and_ends_with_1() {
    let observatory = Observatory::start();
    let token = observatory.token("observer");
    let output = call(&observatory, &token, &["mount.park"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    let said = text(&output.stderr);
    assert!(
        said.starts_with("slewgate: permission denied (-32001): "),
        "{said}"
    );
    assert!(said.contains("an observer may look"), "{said}");
}

#[test]
fn a_call_with_a_token_that_is_none_says_so_and_does_not_repeat_it() {
    let observatory = Observatory::start();
    let output = call(&observatory, "no-token-of-this-host", &["host.info"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("Authentication failed (4001)"), "{said}");
    assert!(!said.contains("no-token-of-this-host"), "{said}");
}

#[test]
fn a_token_is_taken_from_a_private_file_and_never_as_an_argument() {
    let observatory = Observatory::start();
    let token = observatory.token("observer");
    let argument = call(&observatory, &token, &["host.info", "--token", &token]);
    assert_eq!(argument.status.code(), Some(2), "{argument:?}");
    let file = observatory.data().join("token");
    fs::write(&file, format!("{token}\n")).unwrap();
    let file = file.to_str().unwrap();
    private(file);
    let output = call(&observatory, "", &["host.info", "--token-file", file]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let info: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(info["you"]["client_type"], "observer");
}

#[cfg(unix)]
fn private(file: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn private(_: &str) {}

#[test]
fn calls_that_follow_each_other_are_one_client_which_stays_in_control() {
    let observatory = Observatory::start();
    let token = observatory.token("telescope");
    for method in ["mount.track", "mount.goto"] {
        let params = match method {
            "mount.track" => r#"{"mode": "sidereal"}"#,
            _ => r#"{"altitude": 60, "azimuth": 120}"#,
        };
        let output = call(&observatory, &token, &[method, params]);
        assert_eq!(output.status.code(), Some(0), "{method}: {output:?}");
    }
    let params = r#"{"direction": "north"}"#;
    let other = ["mount.jog", params, "--client-id", "another"];
    let output = call(&observatory, &token, &other);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("-32005"), "{output:?}");
}

#[test]
fn calls_beside_each_other_are_all_answered() {
    let observatory = Observatory::start();
    let token = observatory.token("observer");
    let calls: Vec<_> = std::thread::scope(|scope| {
        let calls = [(); 4].map(|()| scope.spawn(|| call(&observatory, &token, &["mount.status"])));
        calls.map(|call| call.join().unwrap()).into()
    });
    for output in calls {
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
}

#[test]
fn a_status_that_is_asked_for_after_a_goto_shows_that_the_mount_moves() {
    let observatory = Observatory::start();
    let token = observatory.token("telescope");
    let far = r#"{"altitude": 40, "azimuth": 90}"#;
    assert!(
        call(&observatory, &token, &["mount.goto", far])
            .status
            .success()
    );
    let status = call(&observatory, &token, &["mount.status"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["slewing"], true, "{status}");
}
