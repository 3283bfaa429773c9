//! The way of somebody who never saw this: from the archive of `cargo xtask dist` to a running host, with the commands of
//! `docs/operations.md` and nothing else, word for word, in an account with nothing in it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;

const HANDBOOK: &str = include_str!("../../docs/operations.md");
/// What stands before a block of commands that a newcomer pastes.
const MARK: &str = "<!-- newcomer: ";
/// The user and group that owns nothing.
const NOBODY: u32 = 65_534;
/// The first start compiles the components.
const PATIENCE: Duration = Duration::from_secs(60);

/// A block of commands: where it is pasted, and what follows.
#[derive(Debug, PartialEq)]
struct Step {
    terminal: Terminal,
    then: Then,
    commands: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Terminal {
    First,
    Second,
}

#[derive(Debug, PartialEq)]
enum Then {
    /// The shell comes back.
    Done,
    /// The host runs, and says so.
    Ready,
    /// The token is pasted.
    Token,
}

impl Step {
    /// From the text behind a mark.
    fn parse(text: &str) -> Step {
        let (label, rest) = text
            .split_once(" -->\n```sh\n")
            .expect("a block for a shell");
        let (commands, _) = rest.split_once("```").expect("an end of the block");
        let (terminal, then) = match label {
            "first terminal" => (Terminal::First, Then::Done),
            "first terminal, until it is ready" => (Terminal::First, Then::Ready),
            "second terminal" => (Terminal::Second, Then::Done),
            "second terminal, then the token" => (Terminal::Second, Then::Token),
            other => panic!("nobody knows how to go {other:?}"),
        };
        Step {
            terminal,
            then,
            commands: commands.to_owned(),
        }
    }
}

fn steps() -> Vec<Step> {
    HANDBOOK.split(MARK).skip(1).map(Step::parse).collect()
}

/// A shell that a newcomer types into. It ends at the first command that fails.
struct Shell {
    child: Child,
    input: ChildStdin,
    output: Receiver<String>,
    seen: String,
    pasted: usize,
}

impl Shell {
    /// In an account of its own, whose home is `home`; the user is nobody where the tests run as root.
    fn open(home: &Path, variables: &[(&str, String)]) -> Shell {
        let mut command = if geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "bash"]);
            command
        } else {
            Command::new("bash")
        };
        command.args(["--noprofile", "--norc", "-e"]);
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", home)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .current_dir(home.join("Downloads"))
            .process_group(0);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("bash");
        let (sender, output) = channel();
        hear(child.stdout.take().expect("a pipe"), sender.clone());
        hear(child.stderr.take().expect("a pipe"), sender);
        Shell {
            input: child.stdin.take().expect("a pipe"),
            child,
            output,
            seen: String::new(),
            pasted: 0,
        }
    }

    fn type_in(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).expect("a shell");
    }

    /// Waits until all that was typed is done; gives what it printed.
    fn done(&mut self) -> String {
        self.pasted += 1;
        let mark = format!("done with {}", self.pasted);
        self.type_in(&format!("echo {mark}\n"));
        self.wait_for(&mark);
        std::mem::take(&mut self.seen)
    }

    /// The line that has `text`.
    fn wait_for(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.output.recv_timeout(left).unwrap_or_else(|why| {
                panic!("{why}: no {text:?} in\n{}", self.seen);
            });
            self.seen.push_str(&line);
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Ctrl-C.
    fn interrupt(&self) {
        kill_process_group(Pid::from_child(&self.child), Signal::INT).expect("a shell");
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // It has ended where the test went well.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Hands on each line that comes.
fn hear(from: impl Read + Send + 'static, to: Sender<String>) {
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = String::new();
        while from.read_line(&mut line).is_ok_and(|read| read > 0) {
            if to.send(std::mem::take(&mut line)).is_err() {
                return;
            }
        }
    });
}

/// A home with nothing in it but what was downloaded.
fn home() -> TempDir {
    let home = TempDir::new().expect("a directory");
    let downloads = home.path().join("Downloads");
    fs::create_dir(&downloads).expect("a directory");
    let dist = dist();
    let sums = fs::read_to_string(dist.join("SHA256SUMS")).expect("sums");
    let (_, archive) = sums
        .trim_end()
        .split_once("  ")
        .expect("a line of sha256sum");
    for name in [archive, "SHA256SUMS"] {
        fs::copy(dist.join(name), downloads.join(name)).expect("a copy");
    }
    if geteuid().is_root() {
        for path in [home.path(), &downloads] {
            chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
        }
    }
    home
}

fn dist() -> PathBuf {
    let given = std::env::var_os("SLEWGATE_DIST").map(PathBuf::from);
    let dist =
        given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/dist"));
    assert!(
        dist.join("SHA256SUMS").exists(),
        "{} is not there; run `cargo xtask dist`",
        dist.display()
    );
    dist
}

/// The token that setup showed.
fn token(shown: &str) -> String {
    let (_, after) = shown
        .split_once("Token of type telescope: ")
        .expect("a token");
    after.lines().next().expect("a line").to_owned()
}

/// Where the host takes commands, from its log.
fn address(line: &str) -> String {
    let line: Value = serde_json::from_str(line).expect("the log is JSON where nobody looks");
    let address = line
        .get("command")
        .or_else(|| line["fields"].get("command"));
    address
        .and_then(Value::as_str)
        .expect("an address")
        .to_owned()
}

#[test]
fn a_newcomer_comes_from_the_archive_to_a_telescope_that_moves_with_the_handbook_alone() {
    let home = home();
    let port = ("SLEWGATE_COMMAND__PORT", "0".to_owned());
    let others =
        ["SLEWGATE_LIVEVIEW__PORT", "SLEWGATE_WEB__PORT"].map(|name| (name, "0".to_owned()));
    let [liveview, web] = others;
    let mut first = Shell::open(home.path(), &[port, liveview, web]);
    let mut second = None;
    let (mut shown, mut printed) = (String::new(), String::new());
    for step in steps() {
        println!("--- {:?}\n{}", step.terminal, step.commands);
        let shell = match step.terminal {
            Terminal::First => &mut first,
            Terminal::Second => second.as_mut().expect("the host runs first"),
        };
        shell.type_in(&step.commands);
        match (step.then, step.terminal) {
            (Then::Done, Terminal::First) => shown.push_str(&shell.done()),
            (Then::Done, Terminal::Second) => printed.push_str(&shell.done()),
            (Then::Token, _) => {
                shell.type_in(&format!("{}\n", token(&shown)));
                shell.done();
            }
            (Then::Ready, _) => {
                let url = format!("ws://{}", address(&shell.wait_for("\"ready\"")));
                second = Some(Shell::open(home.path(), &[("SLEWGATE_URL", url)]));
            }
        }
    }
    for expected in [
        "\"motion\": 1",
        "\"slewing\": true",
        "\"stopped\"",
        "mount.goto",
        "First telescope",
        "First observer",
        "serving",
        "\"auth_ok\"",
    ] {
        assert!(printed.contains(expected), "no {expected} in\n{printed}");
    }
    assert!(!printed.contains(&token(&shown)), "{printed}");
    first.interrupt();
    assert!(first.done().contains("shutting down"));
}

#[test]
fn each_block_of_the_newcomers_chapter_is_marked() {
    let (_, chapter) = HANDBOOK
        .split_once("\n## A first telescope\n")
        .expect("the chapter");
    let (chapter, _) = chapter.split_once("\n## ").expect("its end");
    let marked = chapter.matches(MARK).count();
    assert_eq!(chapter.matches("```sh\n").count(), marked);
    assert_eq!(steps().len(), marked);
}
