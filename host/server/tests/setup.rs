//! `slewgate setup`, and `serve` where it was not run, through the program itself.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use std::fs;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// A place for a data directory, with components beside it.
struct Ground {
    place: TempDir,
}

/// Components that nobody loads here.
const COMPONENTS: [(&str, &[u8]); 3] = [
    ("handlers/lx200.wasm", b"a handler"),
    ("policies/observer.wasm", b"a policy"),
    ("policies/telescope.wasm", b"another policy"),
];

impl Ground {
    fn new() -> Ground {
        let ground = Ground {
            place: tempfile::tempdir().unwrap(),
        };
        for (name, bytes) in COMPONENTS {
            let path = ground.components().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        ground
    }

    fn components(&self) -> PathBuf {
        self.place.path().join("components")
    }

    fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.data().join(name)).unwrap()
    }

    fn mode(&self, name: &str) -> u32 {
        let metadata = fs::metadata(self.data().join(name)).unwrap();
        metadata.permissions().mode() & 0o777
    }

    /// `slewgate setup` of the data directory, ready to be run.
    fn setup(&self, options: &[&str]) -> Command {
        let mut command = slewgate(&["setup"]);
        command.arg(self.data()).args(options);
        command.arg("--components").arg(self.components());
        command
    }

    fn run(&self, options: &[&str]) -> Output {
        self.setup(options).stdin(Stdio::null()).output().unwrap()
    }

    /// Each file that setup writes is whole or not there.
    fn judge(&self, configuration: &str) {
        for (name, bytes) in COMPONENTS {
            let found = fs::read(self.data().join(name));
            assert!(
                found.is_err() || found.unwrap() == bytes,
                "{name} is in part"
            );
        }
        let found = fs::read_to_string(self.data().join("slewgate.toml"));
        assert!(found.is_err() || found.unwrap() == configuration);
        if let Ok(found) = fs::read_to_string(self.data().join("api_tokens.json")) {
            serde_json::from_str::<Value>(&found).unwrap();
        }
    }
}

/// The program with an environment of its own.
fn slewgate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slewgate"));
    command.env_clear().args(arguments);
    command
}

/// Options that leave no question.
const SIMULATED: [&str; 3] = ["--yes", "--device", "simulator:lx200"];

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

#[test]
fn setup_writes_what_serve_needs_with_its_modes() {
    let ground = Ground::new();
    let shown = out(&ground.run(&SIMULATED), 0);
    for (name, bytes) in COMPONENTS {
        assert_eq!(ground.read(name).as_bytes(), bytes);
        assert!(
            shown.contains(&format!("wrote {}/{name}\n", ground.data().display())),
            "{shown}"
        );
    }
    assert!(
        ground
            .read("slewgate.toml")
            .contains("device = \"simulator:lx200\" ")
    );
    let next = format!(
        "Start the host:\n  {} serve --data {}\n",
        env!("CARGO_BIN_EXE_slewgate"),
        ground.data().display()
    );
    assert!(shown.ends_with(&next), "{shown}");
    assert_eq!(ground.mode(""), 0o700);
    assert_eq!(ground.mode("security/logs"), 0o700);
    assert_eq!(ground.mode("api_tokens.json"), 0o600);
}

#[test]
fn each_first_token_is_shown_once_and_kept_as_its_hash() {
    let ground = Ground::new();
    let shown = out(&ground.run(&SIMULATED), 0);
    let file = ground.read("api_tokens.json");
    for client_type in ["telescope", "observer"] {
        let (_, token) = shown
            .split_once(&format!("Token of type {client_type}: "))
            .unwrap();
        let token = token.lines().next().unwrap();
        assert!(token.starts_with("slg_"), "{shown}");
        assert!(!file.contains(token), "{file}");
        assert!(
            file.contains(&format!("\"name\": \"First {client_type}\"")),
            "{file}"
        );
    }
    assert!(
        shown.contains("Store the generated token securely!"),
        "{shown}"
    );
    let ground = Ground::new();
    out(&ground.run(&[&SIMULATED[..], &["--no-tokens"]].concat()), 0);
    assert!(!ground.data().join("api_tokens.json").exists());
}

#[test]
fn for_programs_setup_answers_in_json() {
    let ground = Ground::new();
    let answer = out(&ground.run(&[&SIMULATED[..], &["--json"]].concat()), 0);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["data"], ground.data().to_str().unwrap());
    assert_eq!(answer["kept"], serde_json::json!([]));
    assert_eq!(
        answer["written"].as_array().unwrap().len(),
        COMPONENTS.len() + 2
    );
    assert_eq!(answer["tokens"][0]["client_type"], "telescope");
    assert!(
        answer["tokens"][1]["token"]
            .as_str()
            .unwrap()
            .starts_with("slg_")
    );
}

#[test]
fn a_second_setup_asks_nothing_and_changes_nothing() {
    let ground = Ground::new();
    out(&ground.run(&SIMULATED), 0);
    fs::write(ground.data().join("handlers/lx200.wasm"), "my own").unwrap();
    let before = ["slewgate.toml", "api_tokens.json"].map(|name| ground.read(name));
    let shown = out(&ground.run(&["--latitude", "12"]), 0);
    assert!(
        !shown.contains("wrote") && !shown.contains("slg_"),
        "{shown}"
    );
    assert!(
        shown.contains(&format!(
            "kept  {}/slewgate.toml\n",
            ground.data().display()
        )),
        "{shown}"
    );
    assert_eq!(
        before,
        ["slewgate.toml", "api_tokens.json"].map(|name| ground.read(name))
    );
    assert_eq!(ground.read("handlers/lx200.wasm"), "my own");
}

#[test]
fn what_is_told_of_a_mount_where_the_configuration_stays_is_said_to_change_nothing() {
    let ground = Ground::new();
    assert_eq!(error(&ground.run(&SIMULATED), 0), "");
    let told = ground.run(&["--device", "/dev/ttyUSB0", "--baud", "19200"]);
    let complaint = error(&told, 0);
    assert!(
        complaint.contains("changed nothing: --device, --baud; edit the file, or add --force"),
        "{complaint}"
    );
    assert_eq!(error(&ground.run(&["--yes"]), 0), "");
}

#[test]
fn told_to_setup_replaces_the_configuration_keeps_the_old_one_and_the_tokens() {
    let ground = Ground::new();
    out(&ground.run(&SIMULATED), 0);
    fs::write(ground.data().join("slewgate.toml"), "# mine\n").unwrap();
    fs::write(ground.data().join("handlers/lx200.wasm"), "my own").unwrap();
    let tokens = ground.read("api_tokens.json");
    let forced = [&SIMULATED[..], &["--force", "--latitude", "12:30S"]].concat();
    let shown = out(&ground.run(&forced), 0);
    assert!(!shown.contains("slg_"), "{shown}");
    assert_eq!(ground.read("slewgate.toml.old"), "# mine\n");
    assert!(ground.read("slewgate.toml").contains("latitude = -12.5 "));
    assert_eq!(ground.read("handlers/lx200.wasm"), "a handler");
    assert_eq!(ground.read("api_tokens.json"), tokens);
}

#[test]
fn a_tokens_file_that_cannot_be_read_is_an_error_and_stays() {
    let ground = Ground::new();
    fs::create_dir(ground.data()).unwrap();
    fs::write(ground.data().join("api_tokens.json"), "{").unwrap();
    assert!(error(&ground.run(&SIMULATED), 1).contains("api_tokens.json"));
    assert_eq!(ground.read("api_tokens.json"), "{");
    assert!(!ground.data().join("slewgate.toml").exists());
}

#[test]
fn what_is_out_of_range_is_refused_with_the_range_and_nothing_is_written() {
    let ground = Ground::new();
    for (option, value, why) in [
        ("--latitude", "91", "-90 to 90 degrees, north positive"),
        ("--longitude", "-181", "-180 to 360 degrees, east positive"),
        ("--elevation", "high", "-500 to 9000 metres"),
        ("--baud", "1", "300 to 4000000 bits per second"),
        (
            "--device",
            "simulator:meade",
            "no simulator is called \"meade\"",
        ),
        ("--dialect", "meade", "auto, classic, onstep"),
    ] {
        let said = error(&ground.run(&["--yes", option, value]), 2);
        assert!(said.contains(option) && said.contains(why), "{said}");
    }
    assert!(!ground.data().exists());
}

#[test]
fn a_real_mount_without_a_site_is_refused_with_the_option_that_names_it() {
    let ground = Ground::new();
    let said = error(&ground.run(&["--yes", "--device", "/dev/ttyUSB0"]), 2);
    assert!(
        said.contains("--latitude") && said.contains("nothing was written"),
        "{said}"
    );
    assert!(!ground.data().exists());
}

#[test]
fn a_device_that_is_not_there_is_written_and_complained_about() {
    let ground = Ground::new();
    let device = [
        "--yes",
        "--device",
        "/dev/ttyNone",
        "--latitude",
        "-1",
        "--longitude=-2",
    ];
    let output = ground.run(&device);
    assert!(error(&output, 0).contains("cannot open /dev/ttyNone: there is no such device"));
    let written = ground.read("slewgate.toml");
    for line in [
        "device = \"/dev/ttyNone\" ",
        "baud = 9600 ",
        "longitude = -2.0 ",
    ] {
        assert!(written.contains(line), "{written}");
    }
}

#[test]
fn the_end_of_the_input_is_an_error_and_leaves_nothing() {
    let ground = Ground::new();
    let said = error(&ground.run(&["--device", "/dev/ttyUSB0"]), 2);
    assert!(
        said.contains("the input ended before this was answered"),
        "{said}"
    );
    assert!(said.contains("--baud"), "{said}");
    assert!(!ground.data().exists());
}

#[test]
fn without_components_setup_says_where_it_looked() {
    let ground = Ground::new();
    fs::remove_dir_all(ground.components().join("policies")).unwrap();
    let said = error(&ground.run(&SIMULATED), 1);
    assert!(
        said.contains(ground.components().to_str().unwrap()),
        "{said}"
    );
    assert!(said.contains("--components"), "{said}");
    assert!(!ground.data().exists());
}

#[test]
fn a_directory_of_another_user_is_refused_with_the_command_for_that_user() {
    let ground = Ground::new();
    fs::create_dir(ground.data()).unwrap();
    let mut command = if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(ground.data(), Some(1), None).unwrap();
        ground.setup(&SIMULATED)
    } else {
        slewgate(&["setup", "/", "--yes"])
    };
    let said = error(&command.output().unwrap(), 1);
    assert!(
        said.contains("belongs to user id ") && said.contains("sudo -u "),
        "{said}"
    );
}

#[test]
fn what_is_no_directory_is_refused() {
    let ground = Ground::new();
    fs::write(ground.data(), "").unwrap();
    assert!(error(&ground.run(&SIMULATED), 1).contains("is no directory"));
}

#[test]
fn a_setup_that_is_killed_leaves_whole_files_and_the_next_one_finishes() {
    let whole = Ground::new();
    out(&whole.run(&SIMULATED), 0);
    let configuration = whole.read("slewgate.toml");
    let mut unfinished = 0;
    for delay in (0..60).step_by(3) {
        let ground = Ground::new();
        let mut child = ground
            .setup(&SIMULATED)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        ground.judge(&configuration);
        let tokens = ground.data().join("api_tokens.json").exists();
        unfinished += u32::from(ground.data().exists() && !tokens);
        out(&ground.run(&SIMULATED), 0);
        ground.judge(&configuration);
        assert!(ground.data().join("api_tokens.json").exists());
        assert_eq!(ground.read("slewgate.toml"), configuration);
    }
    println!("{unfinished} of 20 were killed while they wrote");
}

/// The program at a terminal, with somebody who reads and types.
struct Terminal {
    child: Child,
    master: fs::File,
    seen: String,
}

impl Terminal {
    fn open(mut command: Command) -> Terminal {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
        let slave = rustix::fs::open(&name, flags, rustix::fs::Mode::empty()).unwrap();
        let end = |slave: &OwnedFd| Stdio::from(slave.try_clone().unwrap());
        command
            .stdin(end(&slave))
            .stdout(end(&slave))
            .stderr(end(&slave));
        Terminal {
            child: command.spawn().unwrap(),
            master: master.into(),
            seen: String::new(),
        }
    }

    /// Types a line after `question` was shown.
    fn answer(&mut self, question: &str, line: &str) {
        self.wait_for(question);
        self.seen.clear();
        self.master
            .write_all(format!("{line}\n").as_bytes())
            .unwrap();
    }

    fn wait_for(&mut self, text: &str) {
        let mut bytes = [0; 1_024];
        while !self.seen.contains(text) {
            let read = self.master.read(&mut bytes).unwrap_or_default();
            assert!(read > 0, "the program ended after {:?}", self.seen);
            self.seen.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    }
}

#[test]
fn at_a_terminal_enter_takes_each_default_and_wrong_answers_are_asked_again() {
    let ground = Ground::new();
    let mut terminal = Terminal::open(ground.setup(&[]));
    terminal.answer("Device, or its number", "simulator:lx200");
    terminal.answer("Dialect (auto, classic, onstep) [auto]: ", "");
    terminal.answer(
        "Latitude of the telescope in degrees, north positive [51.4779]: ",
        "91",
    );
    terminal.answer("\"91\" is not -90 to 90 degrees, north positive", "-33.5");
    terminal.answer("Longitude in degrees, east positive [0]: ", "70:30W");
    terminal.answer("Elevation in metres [46]: ", "");
    terminal.answer(
        "Make a first token of each type, telescope and observer [yes]: ",
        "",
    );
    terminal.wait_for("Start the host:");
    assert_eq!(terminal.child.wait().unwrap().code(), Some(0));
    let written = ground.read("slewgate.toml");
    for line in [
        "latitude = -33.5 ",
        "longitude = -70.5 ",
        "elevation = 46.0 ",
    ] {
        assert!(written.contains(line), "{written}");
    }
    assert!(
        terminal.seen.contains("Token of type telescope: slg_"),
        "{}",
        terminal.seen
    );
}

#[test]
fn a_setup_that_is_interrupted_at_a_question_leaves_nothing() {
    let ground = Ground::new();
    let mut terminal = Terminal::open(ground.setup(&[]));
    terminal.answer("Device, or its number", "simulator:lx200");
    terminal.wait_for("Dialect");
    kill_process(Pid::from_child(&terminal.child), Signal::INT).unwrap();
    assert_eq!(terminal.child.wait().unwrap().code(), None);
    assert!(!ground.data().exists());
}

#[test]
fn serve_in_an_empty_directory_ends_with_64_and_says_to_run_setup() {
    let place = tempfile::tempdir().unwrap();
    let serve = |data: &Path| slewgate(&["serve", "--data"]).arg(data).output().unwrap();
    let data = place.path().display();
    let expected = format!(
        "slewgate: {data}: this is not set up: it has no slewgate.toml and no api_tokens.json; run `slewgate setup {data}`, or name another directory with --data\n"
    );
    assert_eq!(error(&serve(place.path()), 64), expected);
    fs::create_dir(place.path().join("handlers")).unwrap();
    assert_eq!(error(&serve(place.path()), 64), expected);
}
