//! `slewgate simulate` through the program itself: faults at its start and at run time, and transcripts.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails as the test does"
)]

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(10);

fn slewgate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slewgate"));
    command.env_clear().arg("simulate").args(arguments);
    command
}

/// What it complains of when it ends, which it is to do by itself.
#[track_caller]
fn refused(arguments: &[&str], code: i32) -> String {
    let mut refusing = Simulating::start(arguments);
    let mut complaint = String::new();
    loop {
        match refusing.complained.recv_timeout(PATIENCE) {
            Ok(line) => complaint += &format!("{line}\n"),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("it runs with {arguments:?}"),
        }
    }
    assert_eq!(
        refusing.child.wait().unwrap().code(),
        Some(code),
        "{complaint}"
    );
    complaint
}

/// The program while it runs; each of its lines can be waited for.
struct Simulating {
    child: Child,
    said: Receiver<String>,
    complained: Receiver<String>,
}

impl Simulating {
    fn start(arguments: &[&str]) -> Self {
        let mut child = slewgate(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = lines(child.stdout.take().unwrap());
        let complained = lines(child.stderr.take().unwrap());
        Self {
            child,
            said,
            complained,
        }
    }

    fn hear(&self) -> String {
        self.said.recv_timeout(PATIENCE).unwrap()
    }

    /// What it answers to a line of input.
    fn tell(&mut self, line: &str) -> String {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
        self.hear()
    }

    fn tell_json(&mut self, line: &str) -> Value {
        serde_json::from_str(&self.tell(line)).unwrap()
    }

    fn end(mut self) -> Option<i32> {
        let child = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(child, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Simulating {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, told) = channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    told
}

/// Writes requests to a device and reads an answer of so many bytes.
fn ask(device: &str, requests: &'static str, count: usize) -> String {
    let mut line = OpenOptions::new()
        .read(true)
        .write(true)
        .open(device)
        .unwrap();
    let (tell, told) = channel();
    thread::spawn(move || {
        line.write_all(requests.as_bytes()).unwrap();
        let mut answer = vec![0; count];
        line.read_exact(&mut answer).unwrap();
        tell.send(answer.into_iter().map(char::from).collect())
    });
    told.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn faults_come_and_go_by_lines_of_input() {
    let mut mount = Simulating::start(&["lx200"]);
    let device = mount.hear();
    assert_eq!(mount.tell("list"), "no faults");
    assert_eq!(
        mount.tell(" drop, match=:Gc, next=2 "),
        "added drop,next=2,match=:Gc"
    );
    assert_eq!(mount.tell("stuck"), "added stuck=first");
    assert_eq!(ask(&device, ":Gc#:Sd+10*00#", 1), "1");
    assert_eq!(
        mount.tell("list"),
        "drop,next=2,match=:Gc (hits: 1); stuck=first (hits: 0)"
    );
    let wrong = mount.tell("grop");
    assert!(
        wrong.starts_with(
            "refused: no fault is called \"grop\"; did you mean drop? there are drop, "
        ) && wrong.ends_with("; and there are clear and list"),
        "{wrong}"
    );
    assert_eq!(mount.tell("clear"), "cleared 2");
    assert_eq!(ask(&device, ":Gc#", 3), "24#");
    assert_eq!(mount.end(), Some(0));
}

#[test]
fn programs_are_answered_in_json() {
    let mut mount = Simulating::start(&["lx200", "--json", "--fault", "lie=2", "--fault", "cut"]);
    let path: Value = serde_json::from_str(&mount.hear()).unwrap();
    assert!(path["path"].is_string(), "{path}");
    assert_eq!(
        mount.tell_json("list"),
        json!({"faults": [
            {"fault": "cut", "hits": 0},
            {"fault": "lie=2,axis=second", "hits": 0},
        ]})
    );
    assert_eq!(
        mount.tell_json("silence,for=1m"),
        json!({"added": "silence,for=1m"})
    );
    assert_eq!(
        mount.tell_json("silence,next=3"),
        json!({"refused": "silence takes no \"next\"; it takes for"})
    );
    assert_eq!(mount.tell_json("clear"), json!({"cleared": 3}));
}

#[test]
fn the_end_of_input_is_not_the_end_of_the_mount() {
    let mut mount = Simulating::start(&["lx200", "--fault", "garble,match=:GC"]);
    let device = mount.hear();
    drop(mount.child.stdin.take());
    assert_eq!(ask(&device, ":Gc#", 3), "24#");
    assert_eq!(mount.end(), Some(0));
}

#[test]
fn a_device_that_comes_back_under_another_name_is_told() {
    let mut mount = Simulating::start(&["lx200"]);
    let before = mount.hear();
    assert_eq!(mount.tell("disconnect=100ms"), "added disconnect=100ms");
    let after = mount.hear();
    assert_ne!(after, before);
    assert_eq!(ask(&after, ":Gc#", 3), "24#");
}

#[test]
fn the_line_can_be_as_slow_as_a_real_one() {
    let mount = Simulating::start(&["lx200", "--baud", "1200"]);
    let device = mount.hear();
    let began = std::time::Instant::now();
    assert_eq!(ask(&device, ":GVP#:Gc#", 3), "24#");
    // Twelve bytes of ten bits.
    assert!(
        began.elapsed() >= Duration::from_millis(100),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_focuser_is_simulated_too_with_its_faults() {
    let mut focuser = Simulating::start(&["moonlite", "--fault", "cut=2,next=1,match=:GN"]);
    let device = focuser.hear();
    assert_eq!(ask(&device, ":GN#:GP#:GV#", 10), "757530#10#");
    assert_eq!(focuser.tell("stuck"), "added stuck=first");
    assert_eq!(ask(&device, ":SN0000#:FG#:GI#:GP#", 8), "01#7530#");
    assert_eq!(focuser.tell("list"), "stuck=first (hits: 1)");
    assert_eq!(focuser.end(), Some(0));
}

#[test]
fn a_mount_with_a_hand_control_of_an_age_is_simulated() {
    let mut mount = Simulating::start(&["nexstar", "--hand", "4.09", "--fault", "cut=1,next=1"]);
    let device = mount.hear();
    assert_eq!(ask(&device, "V", 1), "\u{4}");
    // It knows no `v` yet.
    assert_eq!(ask(&device, "vV", 3), "\u{4}\u{9}#");
    assert_eq!(mount.tell("list"), "no faults");
    assert_eq!(mount.end(), Some(0));
}

#[test]
fn a_mount_with_motors_answers_on_a_line() {
    let mount = Simulating::start(&["skywatcher", "--model", "azeq6"]);
    assert_eq!(ask(&mount.hear(), ":e1\r:f1\r", 13), "=032705\r=100\r");
}

#[test]
fn a_mount_with_motors_answers_at_a_udp_port_with_its_faults() {
    let mut mount =
        Simulating::start(&["skywatcher", "--udp=0", "--fault", "drop,next=1,match=:j"]);
    let said = mount.hear();
    let address = said.strip_prefix("udp://").unwrap();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.connect(address).unwrap();
    let hold = |request: &str, answer: &str| {
        socket.send(request.as_bytes()).unwrap();
        let mut heard = [0; 64];
        let count = socket.recv(&mut heard).unwrap();
        assert_eq!(String::from_utf8_lossy(&heard[..count]), answer);
    };
    // The first is lost.
    socket.send(b":j1\r").unwrap();
    hold(":e1\r", "=020900\r");
    hold(":j1\r", "=000080\r");
    assert_eq!(mount.tell("stuck"), "added stuck=first");
    assert_eq!(mount.end(), Some(0));
}

#[test]
fn an_option_of_another_family_is_refused_with_what_is_meant() {
    for (arguments, meant) in [
        (
            ["nexstar", "--dialect", "onstep"],
            "a NexStar hand control has no --dialect",
        ),
        (["lx200", "--hand", "4.09"], "simulate nexstar"),
        (["moonlite", "--hand", "4.09"], "simulate nexstar"),
        (["nexstar", "--hand", "4"], "two numbers, such as 4.09"),
        (["nexstar", "--hand", "4.300"], "two numbers, such as 4.09"),
    ] {
        let said = refused(&arguments, 2);
        assert!(said.contains(meant), "{said}");
    }
}

#[test]
fn wrong_usage_says_what_would_be_right() {
    let said = refused(&["lx200", "--fault", "dealy=1s"], 2);
    assert!(said.contains("did you mean delay?"), "{said}");
    let said = refused(&["lx200", "--baud", "7"], 2);
    assert!(said.contains("50..=4000000"), "{said}");
    let said = refused(&["moonlite", "--dialect", "onstep"], 2);
    assert!(said.contains("a focuser has no --dialect"), "{said}");
    let said = refused(&["lx200", "--udp"], 2);
    assert!(
        said.contains("has no --udp; leave it out, or simulate skywatcher"),
        "{said}"
    );
    let said = refused(&["skywatcher", "--model", "eq9"], 2);
    assert!(said.contains("eq6, azeq6"), "{said}");
    refused(&["skywatcher", "--udp", "--baud", "9600"], 2);
    refused(&[], 2);
    refused(&["lx200", "--fast"], 2);
    refused(&["--fast"], 2);
    refused(&["lx200", "--replay", "a"], 2);
    refused(&["--replay", "a", "--fault", "cut"], 2);
}

/// A transcript of two exchanges.
fn transcript() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("east.jsonl");
    let lines = [
        json!({"transcript": 1, "line": "east", "device": "/dev/ttyUSB0", "baud": 9600, "began": "2026-11-23T22:00:00Z"}),
        json!({"at_ms": 0.0, "event": "opened", "how": "/dev/ttyUSB0"}),
        json!({"at_ms": 10.0, "dir": "out", "bytes": "3a475223", "text": ":GR#", "by": "mount sample"}),
        json!({"at_ms": 3_600_000.0, "dir": "in", "bytes": "30323a31302e3923", "text": "02:10.9#"}),
        json!({"at_ms": 3_600_001.0, "dir": "out", "bytes": "3a474423", "text": ":GD#", "by": "mount sample"}),
        json!({"at_ms": 3_600_002.0, "dir": "in", "bytes": "2b3235df343523"}),
    ];
    fs::write(&file, lines.map(|line| format!("{line}\n")).concat()).unwrap();
    (directory, file)
}

#[test]
fn a_transcript_answers_and_tells_what_was_asked_otherwise() {
    let (_directory, file) = transcript();
    let mount = Simulating::start(&["--replay", file.to_str().unwrap(), "--fast"]);
    let device = mount.hear();
    assert_eq!(ask(&device, ":GR#:GC#:GD#", 15), "02:10.9#+25\u{df}45#");
    assert_eq!(
        mount.complained.recv_timeout(PATIENCE).unwrap(),
        "slewgate: line 5: expected \":GD#\", found \":GC#\"; no answer"
    );
    assert_eq!(mount.end(), Some(0));
}

#[test]
fn programs_are_told_of_differences_in_json() {
    let (_directory, file) = transcript();
    let mount = Simulating::start(&["--replay", file.to_str().unwrap(), "--json"]);
    let begun: Value = serde_json::from_str(&mount.hear()).unwrap();
    assert_eq!(
        (&begun["line"], &begun["requests"]),
        (&json!("east"), &json!(2))
    );
    assert_eq!(
        ask(begun["path"].as_str().unwrap(), ":GD#", 7),
        "+25\u{df}45#"
    );
    let told: Value = serde_json::from_str(&mount.hear()).unwrap();
    assert_eq!(
        told,
        json!({"differs": {"line": 3, "expected": ":GR#", "found": ":GD#", "goes_on": 5}})
    );
}

#[test]
fn a_file_that_cannot_be_played_ends_it_with_its_line() {
    let (_directory, file) = transcript();
    let name = file.to_str().unwrap();
    fs::write(&file, "{\"transcript\": 1}\n{\"at_ms\": 1}\n").unwrap();
    assert_eq!(
        refused(&["--replay", name], 1),
        format!("slewgate: {name}:2: it has neither dir and bytes, nor an event alone\n")
    );
    fs::write(&file, "{\"transcript\": 9}\n").unwrap();
    assert_eq!(
        refused(&["--replay", name], 1),
        format!("slewgate: {name} is a transcript of version 9; this program plays version 1\n")
    );
}
