//! The command line through the program itself: what it prints, and the exit codes.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The program with an environment of its own.
fn slewgate(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slewgate"));
    command
        .env_clear()
        .env("SLEWGATE_DATA", data)
        .args(arguments);
    command
}

fn run(data: &TempDir, arguments: &[&str]) -> Output {
    slewgate(data.path(), arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Runs the program with `input`, to the input's end.
fn run_with_input(data: &TempDir, arguments: &[&str], input: &str) -> Output {
    let mut command = slewgate(data.path(), arguments);
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

#[track_caller]
fn out(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn error(output: &Output, code: i32) -> String {
    out(output, code);
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn data() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn the_version_names_the_contract_of_the_plugins() {
    let data = TempDir::new().unwrap();
    let said = out(&run(&data, &["--version"]), 0);
    let wit = include_str!("../../../wit/worlds.wit");
    let package = wit.lines().next().unwrap();
    let contract = package.strip_prefix("package slewgate:plugin@").unwrap();
    let contract = contract.trim_end_matches(';');
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(said, format!("slewgate {version} (contract {contract})\n"));
}

#[test]
fn without_a_verb_the_help_says_how_to_begin() {
    let data = data();
    assert!(error(&run(&data, &[]), 2).contains("slewgate setup"));
    let help = out(&run(&data, &["--help"]), 0);
    assert!(
        help.contains("To begin, with a telescope or without one"),
        "{help}"
    );
    for verb in [
        "serve", "setup", "call", "stop", "token", "plugin", "simulate",
    ] {
        assert!(
            help.contains(&format!("\n  {verb} ")),
            "{verb} is not in {help}"
        );
        out(&run(&data, &[verb, "--help"]), 0);
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    let data = data();
    for wrong in [
        &["sevre"][..],
        &["call"],
        &["token", "generate"],
        &["simulate", "meade"],
        &["serve", "--port", "1"],
    ] {
        error(&run(&data, wrong), 2);
    }
    let expires = [
        "token",
        "generate",
        "--name",
        "a",
        "--client-type",
        "observer",
        "--expires",
        "soon",
    ];
    assert!(error(&run(&data, &expires), 2).contains("12h, 90d"));
}

#[test]
fn a_wrong_configuration_ends_with_64_and_its_place() {
    let data = data();
    let file = data.path().join("slewgate.toml");
    std::fs::write(&file, "[command]\nprot = 1\n").unwrap();
    let expected = format!(
        "slewgate: {}:2: unknown key command.prot; did you mean [command] port?\n",
        file.display()
    );
    assert_eq!(error(&run(&data, &["serve"]), 64), expected);
    let other = data.path().join("other.toml");
    let named = run(&data, &["serve", "--config", other.to_str().unwrap()]);
    assert!(error(&named, 64).contains("other.toml: cannot be read: "));
}

#[test]
fn nonsense_in_the_environment_ends_with_64_and_names_the_variable() {
    let data = data();
    let cases = [
        ("WS_IP", "here"),
        ("REQUEST_LIMIT_PER_MINUTE", "lots"),
        ("SLEWGATE_COMMAND__PORT", "70000"),
        ("SLEWGATE_COMMANDS", "1"),
        ("SLEWGATE_LOG", "loud"),
    ];
    for (variable, value) in cases {
        let output = slewgate(data.path(), &["serve"])
            .env(variable, value)
            .output()
            .unwrap();
        let error = error(&output, 64);
        assert!(
            error.starts_with(&format!("slewgate: {variable}: ")),
            "{error}"
        );
    }
    let nowhere = run(&data, &["serve", "--data", "/nowhere"]);
    assert!(error(&nowhere, 64).contains("/nowhere: the data directory is not there"));
}

#[test]
fn a_token_is_generated_listed_and_revoked() {
    let data = data();
    let generate = [
        "token",
        "generate",
        "--json",
        "--name",
        "Main Telescope Controller",
        "--client-type",
        "telescope",
    ];
    let made: Value = serde_json::from_str(&out(&run(&data, &generate), 0)).unwrap();
    let (token, id) = (
        made["token"].as_str().unwrap(),
        made["id"].as_str().unwrap(),
    );
    assert_eq!(made["client_type"], "telescope");

    let list = out(&run(&data, &["token", "list"]), 0);
    let row = list.lines().nth(1).unwrap();
    assert!(
        row.starts_with(&format!("{id}  Main Telescope Controller  telescope  20")),
        "{list}"
    );
    let json: Value =
        serde_json::from_str(&out(&run(&data, &["token", "list", "--json"]), 0)).unwrap();
    assert_eq!(json[0]["id"], made["id"]);
    assert!(!list.contains(token) && !json.to_string().contains(token));

    assert_eq!(
        out(&run(&data, &["token", "revoke", id]), 0),
        format!("revoked {id} (Main Telescope Controller)\n")
    );
    assert!(error(&run(&data, &["token", "revoke", id]), 1).contains(id));
    assert!(out(&run(&data, &["token", "list"]), 0).starts_with("there is no token"));
}

#[test]
fn a_token_to_revoke_can_come_from_the_input() {
    let data = data();
    let made = out(
        &run(
            &data,
            &[
                "token",
                "generate",
                "--json",
                "--name",
                "a",
                "--client-type",
                "observer",
            ],
        ),
        0,
    );
    let made: Value = serde_json::from_str(&made).unwrap();
    let line = format!("{}\n", made["token"].as_str().unwrap());
    let revoked = run_with_input(&data, &["token", "revoke", "-", "--json"], &line);
    let revoked: Value = serde_json::from_str(&out(&revoked, 0)).unwrap();
    assert_eq!(revoked, json!({"id": made["id"], "name": "a"}));
}

#[test]
fn a_generated_token_is_shown_with_the_word_to_store_it() {
    let shown = out(
        &run(
            &data(),
            &[
                "token",
                "generate",
                "--name",
                "a",
                "--client-type",
                "observer",
            ],
        ),
        0,
    );
    assert!(shown.starts_with("Token: slg_"), "{shown}");
    assert!(
        shown.ends_with(
            "Store the generated token securely! You won't be able to retrieve it again.\n"
        ),
        "{shown}"
    );
}

#[test]
fn the_menu_quits_with_0_and_ends_with_its_input_with_2() {
    let data = data();
    out(&run_with_input(&data, &["token"], "4\n"), 0);
    let ended = out(
        &run_with_input(&data, &["token"], "1\nMy Telescope Controller\n"),
        2,
    );
    assert!(
        ended.ends_with("Client type (telescope, observer): "),
        "{ended}"
    );
}

#[test]
fn without_a_host_the_local_verbs_say_so() {
    let data = data();
    let expected = format!(
        "slewgate: no host is running on {}\n",
        data.path().display()
    );
    assert_eq!(error(&run(&data, &["plugin", "list"]), 1), expected);
    let nothing = "no host is running on ";
    let complaint = error(&run(&data, &["stop"]), 1);
    assert!(complaint.contains(nothing), "{complaint}");
    assert!(
        complaint.contains("nothing is known there of any line"),
        "{complaint}"
    );
    let left = out(&run(&data, &["stop", "--unattended"]), 0);
    assert_eq!(
        left,
        "nothing is unattended: no host left anything moving\n"
    );
}

#[test]
fn what_is_to_be_trusted_or_signed_and_is_not_there_is_named_and_nothing_is_written() {
    let data = data();
    let at = |name: &str| data.path().join(name).display().to_string();
    let complaint = error(&run(&data, &["plugin", "trust", "heater"]), 1);
    assert!(
        complaint.contains("\"heater\" is no file, and no plugin or policy of "),
        "{complaint}"
    );
    assert!(!data.path().join("trusted.txt").exists());
    let (key, missing) = (at("key"), at("heater.wasm"));
    let words = ["plugin", "sign", &missing, "--key", &key];
    let complaint = error(&run(&data, &words), 1);
    assert!(complaint.contains("cannot read the key "), "{complaint}");
    let made = out(&run(&data, &["plugin", "keygen", &key]), 0);
    assert!(
        made.contains("\n[trust]\nrequire = \"keys\"\nkeys = [\""),
        "{made}"
    );
    let complaint = error(&run(&data, &words), 1);
    assert!(
        complaint.contains("cannot read ") && complaint.contains("heater.wasm"),
        "{complaint}"
    );
    let complaint = error(&run(&data, &["plugin", "forget", "heater"]), 1);
    assert!(
        complaint.contains("nothing is kept for \"heater\""),
        "{complaint}"
    );
}

#[test]
fn a_key_that_is_there_or_is_not_is_told_once_and_with_what_to_do() {
    let data = data();
    let key = data.path().join("key").display().to_string();
    let component = data.path().join("heater.wasm").display().to_string();
    let sign = ["plugin", "sign", &component, "--key", &key];
    let missing = error(&run(&data, &sign), 1);
    assert_eq!(missing.matches("os error").count(), 1, "{missing}");
    assert!(missing.contains("`slewgate plugin keygen`"), "{missing}");
    out(&run(&data, &["plugin", "keygen", &key]), 0);
    let there = error(&run(&data, &["plugin", "keygen", &key]), 1);
    assert_eq!(
        there,
        format!(
            "slewgate: {key} is there already, and may be a key that hosts trust; name a file that is not there yet\n"
        )
    );
}

#[test]
fn what_is_no_plugin_is_not_signed() {
    let data = data();
    let key = data.path().join("key").display().to_string();
    let file = data.path().join("passwd");
    std::fs::write(&file, "root:x:0:0\n").unwrap();
    out(&run(&data, &["plugin", "keygen", &key]), 0);
    let words = ["plugin", "sign", file.to_str().unwrap(), "--key", &key];
    let complaint = error(&run(&data, &words), 1);
    assert!(complaint.contains("passwd is no plugin: "), "{complaint}");
    assert!(!data.path().join("passwd.sig").exists());
}

#[test]
fn who_has_read_enough_of_an_answer_hears_no_complaint() {
    let data = data();
    let key = data.path().join("key").display().to_string();
    let mut command = slewgate(data.path(), &["plugin", "keygen", &key]);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(error(&child.wait_with_output().unwrap(), 0), "");
}

/// A directory whose line leads to a port of this test, and has a stop.
fn with_a_line(stop: &str) -> (TempDir, TcpListener) {
    let data = data();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let device = format!("tcp://{}", listener.local_addr().unwrap());
    let config = format!("[lines.east]\ndevice = \"{device}\"\n{stop}\n");
    std::fs::write(data.path().join("slewgate.toml"), config).unwrap();
    (data, listener)
}

/// What comes to the port until its peer closes.
fn heard(listener: TcpListener) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        let mut stream = listener.accept().unwrap().0;
        std::io::Read::read_to_string(&mut stream, &mut text).unwrap();
        text
    })
}

#[test]
fn a_stop_without_a_host_sends_what_the_configuration_says_where_no_plugin_ever_did() {
    let (data, listener) = with_a_line("stop = [':Q#', 'Z\\x0d']");
    let device = format!("tcp://{}", listener.local_addr().unwrap());
    let hears = heard(listener);
    let json = out(&run(&data, &["stop", "--json"]), 0);
    assert_eq!(
        serde_json::from_str::<Value>(&json).unwrap(),
        json!({"host": "absent", "lines": [
            {"line": "east", "device": device, "outcome": "stopped", "sent": ":Q#Z\\x0d", "answer": null}]})
    );
    assert_eq!(hears.join().unwrap(), ":Q#Z\r");
}

#[test]
fn a_line_that_nothing_says_how_to_stop_is_a_failure_with_the_next_step() {
    let (data, _listener) = with_a_line("");
    let complaint = error(&run(&data, &["stop"]), 1);
    assert!(
        complaint.contains("east: not stopped: nothing says how"),
        "{complaint}"
    );
    assert!(complaint.contains("[lines.east] stop"), "{complaint}");
}

#[test]
fn a_host_that_does_not_answer_is_said_to_and_the_lines_are_stopped_past_it() {
    let (data, listener) = with_a_line("stop = ':Q#'");
    let _hung = std::os::unix::net::UnixListener::bind(data.path().join("host.sock")).unwrap();
    let hears = heard(listener);
    let stopped = run(&data, &["stop"]);
    assert!(
        out(&stopped, 0).starts_with("east: sent :Q# to tcp://"),
        "{stopped:?}"
    );
    assert!(
        error(&stopped, 0).contains("is taken for hung"),
        "{stopped:?}"
    );
    assert_eq!(hears.join().unwrap(), ":Q#");
}

#[test]
fn lines_that_cannot_be_stopped_do_not_hold_up_the_others() {
    let (data, listener) =
        with_a_line("stop = ':Q#'\n[lines.west]\ndevice = '/dev/none'\nstop = 'S'");
    let hears = heard(listener);
    let stopped = run(&data, &["stop"]);
    assert!(
        out(&stopped, 1).starts_with("east: sent :Q#"),
        "{stopped:?}"
    );
    let complaint = error(&stopped, 1);
    assert!(
        complaint.contains("west: not stopped: cannot open /dev/none"),
        "{complaint}"
    );
    assert_eq!(hears.join().unwrap(), ":Q#");
}

#[test]
fn a_broken_configuration_is_told_and_keeps_no_line_from_being_stopped_that_is_on_disk() {
    let (data, listener) = with_a_line("stop = ':Q#'");
    let lines = data.path().join("state/lines");
    std::fs::create_dir_all(&lines).unwrap();
    let device = format!("tcp://{}", listener.local_addr().unwrap());
    let record = json!({"line": "east", "device": device, "baud": 9600, "stops": [
        {"table": "mount", "role": "port", "stop": {"patience_ms": 0, "exchanges": [
            {"request": "S\\x01", "reply": {"until": 35}, "timeout_ms": 2000}]}}]});
    std::fs::write(lines.join("east.json"), record.to_string()).unwrap();
    std::fs::write(lines.join("south.json"), "{").unwrap();
    std::fs::write(data.path().join("slewgate.toml"), "[lines.east").unwrap();
    let hears = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut request = [0; 2];
        std::io::Read::read_exact(&mut stream, &mut request).unwrap();
        stream.write_all(b"1#").unwrap();
        request
    });
    let stopped = run(&data, &["stop"]);
    assert!(
        out(&stopped, 1).ends_with("and it answered 1#\n"),
        "{stopped:?}"
    );
    let complaint = error(&stopped, 1);
    assert!(complaint.contains("slewgate.toml:1: "), "{complaint}");
    assert!(complaint.contains("south.json: "), "{complaint}");
    assert_eq!(&hears.join().unwrap(), b"S\x01");
}

#[test]
fn a_socket_that_a_dead_host_left_is_no_host() {
    let data = data();
    drop(std::os::unix::net::UnixListener::bind(data.path().join("host.sock")).unwrap());
    assert!(error(&run(&data, &["stop"]), 1).contains("no host is running on "));
}

/// Answers one request on the data directory's socket; returns it.
fn local_host(data: &TempDir, answer: Value) -> thread::JoinHandle<Value> {
    let listener = std::os::unix::net::UnixListener::bind(data.path().join("host.sock")).unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(stream.try_clone().unwrap())
            .read_line(&mut line)
            .unwrap();
        writeln!(stream, "{answer}").unwrap();
        serde_json::from_str(&line).unwrap()
    })
}

#[test]
fn stop_asks_the_running_host() {
    let data = data();
    let host = local_host(
        &data,
        json!({"jsonrpc": "2.0", "id": 1, "result": {"lines": ["east"]}}),
    );
    assert_eq!(out(&run(&data, &["stop"]), 0), "stopped\n");
    assert_eq!(
        host.join().unwrap(),
        json!({"jsonrpc": "2.0", "id": 1, "method": "host.stop", "params": {}})
    );
}

#[test]
fn the_plugins_of_the_running_host_are_a_table_with_what_is_wrong_below() {
    let reports = json!({"plugins": [
        {"name": "mount", "kind": "handler", "state": "serving", "generation": 3, "digest": "0123456789abcdef", "since": 1_795_471_200_120.0,
         "usage": {"calls": 120, "failures": 1, "p50_us": 0.8, "p99_us": 4_230.0, "memory": 1_572_864}},
        {"name": "observer", "kind": "policy", "state": "failed", "since": 0.0,
         "candidate": {"stage": "parse", "cause": "unexpected end", "at": 0.0}},
    ]});
    let reply = json!({"jsonrpc": "2.0", "id": 1, "result": reports});
    let data = data();
    let host = local_host(&data, reply.clone());
    let expected = "\
NAME      KIND     STATE    GENERATION  DIGEST        SINCE                 CALLS  FAILURES  P50     P99     MEMORY
mount     handler  serving  3           0123456789ab  2026-11-23T22:00:00Z  120    1         0.8 us  4.2 ms  1.5 MiB
observer  policy   failed   -           -             1970-01-01T00:00:00Z  -      -         -       -       -
policy observer: the newest file failed at parse: unexpected end
";
    assert_eq!(out(&run(&data, &["plugin", "list"]), 0), expected);
    assert_eq!(host.join().unwrap()["method"], "host.plugins");

    std::fs::remove_file(data.path().join("host.sock")).unwrap();
    let host = local_host(&data, reply);
    let json: Value =
        serde_json::from_str(&out(&run(&data, &["plugin", "list", "--json"]), 0)).unwrap();
    assert_eq!(json, reports);
    host.join().unwrap();
}

#[test]
fn a_plugin_is_called_again_by_its_name() {
    let data = data();
    let reply = json!({"jsonrpc": "2.0", "id": 1, "result": {"resumed": ["handler"]}});
    let host = local_host(&data, reply);
    assert_eq!(
        out(&run(&data, &["plugin", "resume", "mount"]), 0),
        "mount is called again\n"
    );
    let asked = host.join().unwrap();
    assert_eq!(
        (&asked["method"], &asked["params"]),
        (&json!("host.plugin.resume"), &json!({"name": "mount"}))
    );
}

#[test]
fn a_refusal_of_the_running_host_is_a_failure_with_its_code() {
    let data = data();
    let refused =
        json!({"code": -32003, "message": "hardware error", "data": {"outcome": "not_started"}});
    let host = local_host(&data, json!({"jsonrpc": "2.0", "id": 1, "error": refused}));
    let expected = "slewgate: hardware error (-32003): {\"outcome\":\"not_started\"}\n";
    assert_eq!(error(&run(&data, &["stop"]), 1), expected);
    host.join().unwrap();
}

#[test]
fn a_call_needs_a_token_that_nobody_else_can_read() {
    use std::os::unix::fs::PermissionsExt;

    let data = data();
    assert_eq!(
        error(&run(&data, &["call", "host.info"]), 2),
        "slewgate: no token: set SLEWGATE_TOKEN, or name a file with --token-file\n"
    );
    let file = data.path().join("token");
    std::fs::write(&file, "secret\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let refused = error(
        &run(
            &data,
            &["call", "host.info", "--token-file", file.to_str().unwrap()],
        ),
        1,
    );
    assert!(
        refused.ends_with("others may read it; chmod 600 it first\n"),
        "{refused}"
    );
}

#[test]
fn a_call_that_is_none_ends_with_2() {
    let data = data();
    assert!(
        error(&run(&data, &["call", "mount.goto", "[1]"]), 2)
            .contains("PARAMS is no object in JSON")
    );
    assert!(
        error(&run(&data, &["call", "host.info", "--url", "http://a"]), 2)
            .contains("only ws:// and wss:// are supported")
    );
}

/// A host on a free port that lets one client in and answers its request as `answer` does; gives both messages back.
fn host(
    answer: impl Fn(&Value) -> Vec<Value> + Send + 'static,
) -> (String, thread::JoinHandle<Vec<Value>>) {
    use tokio_tungstenite::tungstenite::{Message, accept};

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let served = thread::spawn(move || {
        let mut socket = accept(listener.accept().unwrap().0).unwrap();
        let mut heard = Vec::new();
        while let Ok(Message::Text(text)) = socket.read() {
            let message: Value = serde_json::from_str(&text).unwrap();
            for reply in answer(&message) {
                socket.send(Message::text(reply.to_string())).unwrap();
            }
            heard.push(message);
        }
        heard
    });
    (url, served)
}

fn welcome() -> Value {
    json!({"type": "auth_ok", "client_type": "telescope"})
}

#[test]
fn a_call_authenticates_first_and_prints_the_result() {
    let (url, host) = host(|message| match message.get("token") {
        Some(_) => vec![welcome()],
        None => vec![
            json!({"jsonrpc": "2.0", "method": "event", "params": {"topic": "plugins", "seq": 1, "data": {}}}),
            json!({"jsonrpc": "2.0", "id": message["id"], "result": {"motion": 7}}),
        ],
    });
    let mut command = slewgate(
        data().path(),
        &[
            "call",
            "mount.goto",
            "{\"ra\": 5.5}",
            "--json",
            "--url",
            &url,
        ],
    );
    let output = command.env("SLEWGATE_TOKEN", "a-token").output().unwrap();
    assert_eq!(out(&output, 0), "{\"motion\":7}\n");
    let heard = host.join().unwrap();
    assert_eq!(heard[0]["token"], "a-token");
    assert_eq!(heard[0]["client_id"], "call");
    assert_eq!(heard[1]["method"], "mount.goto");
    assert_eq!(heard[1]["params"], json!({"ra": 5.5}));
}

#[test]
fn a_call_that_is_refused_ends_with_1_and_its_code() {
    let answer = |message: &Value| match message.get("token") {
        Some(_) => vec![welcome()],
        None => vec![json!({"jsonrpc": "2.0", "id": message["id"],
            "error": {"code": -32001, "message": "permission denied", "data": {"reason": "observers observe"}}})],
    };
    let call = |arguments: &[&str]| {
        let (url, host) = host(answer);
        let arguments = [&["call", "mount.park", "--url", &url], arguments].concat();
        let output = slewgate(data().path(), &arguments)
            .env("SLEWGATE_TOKEN", "t")
            .output()
            .unwrap();
        host.join().unwrap();
        error(&output, 1)
    };
    assert_eq!(
        call(&[]),
        "slewgate: permission denied (-32001): {\"reason\":\"observers observe\"}\n"
    );
    let json: Value = serde_json::from_str(&call(&["--json"])).unwrap();
    assert_eq!(json["error"]["code"], -32001);
}

#[test]
fn a_call_without_a_host_names_where_it_looked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut command = slewgate(data().path(), &["call", "host.info", "--url", &url]);
    let error = error(&command.env("SLEWGATE_TOKEN", "t").output().unwrap(), 1);
    assert!(
        error.starts_with(&format!("slewgate: no host answers at {url}: ")),
        "{error}"
    );
}

#[test]
fn a_simulated_mount_tells_its_path_and_answers_there_until_it_is_ended() {
    let data = data();
    let link = data.path().join("mount");
    let mut command = slewgate(
        data.path(),
        &["simulate", "lx200", "--link", link.to_str().unwrap()],
    );
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut path = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut path)
        .unwrap();
    assert_eq!(path.trim_end(), link.to_str().unwrap());
    assert!(link.exists());

    let terminate = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(terminate, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(
        !link.exists() && std::fs::symlink_metadata(&link).is_err(),
        "the link was left"
    );
}
