//! A host in a directory of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::Value;
use slewgate_simulator::Simulator;
use tempfile::TempDir;

use crate::{Client, Holdings, PATIENCE, Setup, program};

/// `slg_`, an id of 8 characters, `_`, a secret of 43 and a check of 6.
const TOKEN_LENGTH: usize = 62;

/// A running host, ended when this is dropped.
pub struct Observatory {
    directory: TempDir,
    child: Child,
    addresses: Value,
    log: Arc<Mutex<Vec<String>>>,
    mount: Option<Simulator>,
    /// Tokens that were made.
    secrets: Mutex<Vec<String>>,
}

impl Observatory {
    /// A host on its simulator, with nothing unusual.
    pub fn start() -> Observatory {
        Setup::default().start()
    }

    /// The program runs in a directory that is prepared, and is ready.
    pub(crate) fn launched(
        setup: &Setup,
        directory: TempDir,
        mount: Option<Simulator>,
    ) -> Observatory {
        let (child, log) = launch(setup.command(directory.path()));
        let mut observatory = Observatory {
            directory,
            child,
            addresses: Value::Null,
            log,
            mount,
            secrets: Mutex::default(),
        };
        observatory.addresses = observatory.wait_ready();
        observatory
    }

    /// Waits until the plugin has found its mount: before that nobody knows how the line is stopped.
    pub fn attached(self) -> Observatory {
        self.told(&[r#""message":"attached""#]);
        self
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address_of("command")
    }

    /// Where those connect who publish and watch.
    pub fn liveview(&self) -> SocketAddr {
        self.address_of("liveview")
    }

    /// Where the web page is.
    pub fn web(&self) -> SocketAddr {
        self.address_of("web")
    }

    fn address_of(&self, port: &str) -> SocketAddr {
        let address = self.addresses[port].as_str().expect("an address");
        address.parse().expect("an address")
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        self.directory.path()
    }

    /// The mount of [`Setup::own_mount`].
    pub fn mount(&self) -> &Simulator {
        self.mount.as_ref().expect("Setup::own_mount")
    }

    /// The mount of [`Setup::own_mount`] is unplugged.
    pub fn unplug(&mut self) {
        self.mount.take().expect("Setup::own_mount");
    }

    /// Tells the program to end, as a service manager does.
    pub fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("a process");
    }

    /// Tells the program that its terminal is gone.
    pub fn hang_up(&self) {
        kill_process(Pid::from_child(&self.child), Signal::HUP).expect("a process");
    }

    /// It stands still while this is done, as a process that gets no processor.
    pub fn suspend(&self, meanwhile: impl FnOnce()) {
        let process = Pid::from_child(&self.child);
        kill_process(process, Signal::STOP).expect("a process");
        // Not all of its threads have noticed when the signal is sent.
        self.wait("host that stands still", || {
            threads(process).all(|state| state == 'T').then_some(())
        });
        meanwhile();
        kill_process(process, Signal::CONT).expect("a process");
    }

    /// The exit code of the program, which ends by itself.
    pub fn exit_code(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(ended) = self.child.try_wait().expect("a child") {
                return ended.code();
            }
            assert!(
                Instant::now() < deadline,
                "it runs; the log:\n{}",
                self.log()
            );
            thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// Ends the program at once, as the memory killer does, and starts it again on the same directory.
    pub fn restart(&mut self) {
        self.child.kill().expect("a child");
        self.child.wait().expect("a child");
        fs::remove_file(self.data().join("ready")).expect("the ready file");
        (self.child, self.log) = launch(Setup::default().command(self.data()));
        self.addresses = self.wait_ready();
    }

    /// The process, for signals.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// What the host holds of the machine now.
    pub fn holdings(&self) -> Holdings {
        Holdings::of(self.child.id())
    }

    /// The most files that it may have open now.
    pub fn descriptor_limit(&self) -> u64 {
        let limits = fs::read_to_string(format!("/proc/{}/limits", self.child.id()));
        // proc_pid_limits(5): the soft limit comes first.
        let limits = limits.expect("the process is there");
        let line = limits
            .lines()
            .find_map(|line| line.strip_prefix("Max open files"));
        let soft = line.and_then(|line| line.split_whitespace().next());
        soft.and_then(|soft| soft.parse().ok()).expect("a number")
    }

    /// From now on it may have so many files and sockets open at once.
    pub fn limit_descriptors(&self, most: u64) {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Nofile, limit).expect("a process");
    }

    /// Processor time that the host took so far.
    pub fn processor_time(&mut self) -> Duration {
        let stat = format!("/proc/{}/stat", self.child().id());
        let text = std::fs::read_to_string(stat).expect("the host runs");
        // proc_pid_stat(5): utime and stime are fields 14 and 15, in hundredths of a second.
        let fields = text.rsplit(')').next().unwrap_or_default().split(' ');
        let ticks = fields
            .skip(12)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u64>().ok());
        Duration::from_millis(10 * ticks.sum::<u64>())
    }

    /// Runs the program with this host's data directory.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program());
        command
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .env_clear();
        let output = command.output().expect("the program starts");
        let said = String::from_utf8_lossy(&output.stdout);
        said.split(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c)))
            .filter(|word| word.starts_with("slg_") && word.len() == TOKEN_LENGTH)
            .for_each(|token| self.keep_secret(token));
        output
    }

    /// A token that was not made by [`Observatory::run`].
    pub fn keep_secret(&self, token: &str) {
        self.secrets.lock().expect("no panic").push(token.into());
    }

    /// The tokens of this host, as far as they were made here.
    pub fn secrets(&self) -> Vec<String> {
        self.secrets.lock().expect("no panic").clone()
    }

    /// A new token of a client type, taken up by the host before this returns.
    pub fn token(&self, client_type: &str) -> String {
        self.token_with(client_type, &[])
    }

    /// The same, with more arguments of `slewgate token generate`.
    pub fn token_with(&self, client_type: &str, more: &[&str]) -> String {
        let name = format!("the {client_type}");
        let arguments = [
            "token",
            "generate",
            "--json",
            "--name",
            &name,
            "--client-type",
        ];
        let made = self.run(&[&arguments, &[client_type][..], more].concat());
        assert!(made.status.success(), "{made:?}");
        let made: Value = serde_json::from_slice(&made.stdout).expect("JSON");
        let text = |key: &str| made[key].as_str().expect("a text").to_owned();
        let (token, id) = (text("token"), text("id"));
        self.wait_for_security_event(|event| {
            event["event"] == "token_change" && event["token_id"] == id.as_str()
        });
        token
    }

    /// An authenticated client of this type with a token of its own.
    pub async fn client(&self, client_type: &str) -> Client {
        let token = self.token(client_type);
        Client::authenticated(self.address(), &token, client_type).await
    }

    /// The security log as it is, over all its files.
    pub fn security_log(&self) -> Vec<Value> {
        let files = self.security_log_files().into_iter();
        // One may become full meanwhile, and have another name.
        let texts = files.filter_map(|file| fs::read_to_string(file).ok());
        // The last line may be half written.
        let lines = texts.flat_map(|text| {
            let lines = text.lines().map(serde_json::from_str);
            lines.filter_map(Result::ok).collect::<Vec<_>>()
        });
        lines.collect()
    }

    /// The files of the security log: those that were full, the oldest first, and the one that is written.
    pub fn security_log_files(&self) -> Vec<PathBuf> {
        let folder = self.data().join("security/logs");
        let entries = fs::read_dir(&folder).into_iter().flatten();
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut full: Vec<_> = names
            .filter(|name| name.starts_with("security.log."))
            .map(|name| folder.join(name))
            .collect();
        full.sort();
        full.push(folder.join("security.log"));
        full
    }

    /// Waits for an event in the security log.
    pub fn wait_for_security_event(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        self.wait("such event in the security log", || {
            self.security_log().into_iter().find(|event| wanted(event))
        })
    }

    /// The program's own log.
    pub fn log(&self) -> String {
        self.log.lock().expect("no panic").join("\n")
    }

    /// The line of the log that has all of this, once it is there: what the program says reaches its reader a little
    /// after what it did.
    pub fn told(&self, all: &[&str]) -> String {
        self.wait(&format!("line in the log with {all:?}"), || {
            let log = self.log();
            let mut lines = log.lines();
            let line = lines.find(|line| all.iter().all(|words| line.contains(words)))?;
            Some(line.to_owned())
        })
    }

    /// Polls for what has no event of its own, such as a file's contents.
    pub fn wait<T>(&self, what: &str, found: impl FnMut() -> Option<T>) -> T {
        self.wait_until(Instant::now() + PATIENCE, what, found)
    }

    /// The same, for what a busy machine takes long for.
    pub fn wait_long<T>(&self, what: &str, found: impl FnMut() -> Option<T>) -> T {
        self.wait_until(Instant::now() + PATIENCE * 6, what, found)
    }

    fn wait_until<T>(
        &self,
        deadline: Instant,
        what: &str,
        mut found: impl FnMut() -> Option<T>,
    ) -> T {
        loop {
            if let Some(found) = found() {
                return found;
            }
            assert!(
                Instant::now() < deadline,
                "no {what} in time; the log:\n{}",
                self.log()
            );
            thread::park_timeout(Duration::from_millis(10));
        }
    }

    fn wait_ready(&mut self) -> Value {
        let file = self.data().join("ready");
        let deadline = Instant::now() + PATIENCE * 3;
        loop {
            if let Ok(text) = fs::read_to_string(&file) {
                return serde_json::from_str(&text).expect("the ready file is JSON");
            }
            let ended = self.child.try_wait().expect("a child");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "not ready ({ended:?}); the log:\n{}",
                self.log()
            );
            thread::park_timeout(Duration::from_millis(10));
        }
    }
}

impl Drop for Observatory {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("the program's log:\n{}", self.log());
        }
    }
}

/// What each of its threads does, in a letter (proc_pid_stat(5)).
fn threads(process: Pid) -> impl Iterator<Item = char> {
    let folder = format!("/proc/{}/task", process.as_raw_nonzero());
    let threads = fs::read_dir(folder).expect("the process is there");
    threads.flatten().filter_map(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat")).ok()?;
        stat.rsplit(") ").next()?.chars().next()
    })
}

fn launch(mut command: Command) -> (Child, Arc<Mutex<Vec<String>>>) {
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let log = collect(&mut child);
    (child, log)
}

fn collect(child: &mut Child) -> Arc<Mutex<Vec<String>>> {
    let log = Arc::new(Mutex::new(Vec::new()));
    let (collected, stderr) = (Arc::clone(&log), child.stderr.take().expect("a pipe"));
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            collected.lock().expect("no panic").push(line);
        }
    });
    log
}
