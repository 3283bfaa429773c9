//! A host in a directory of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, geteuid, kill_process, prlimit};
use serde_json::Value;
use slewgate_simulator::{Dialect, Lx200Settings, Simulator};
use slewgate_sky::{Site, SystemClock};
use tempfile::TempDir;

use crate::{Client, Holdings, PATIENCE};

/// Where the mount of [`Setup::own_mount`] stands.
const GREENWICH: Site = Site {
    latitude: 51.4779,
    longitude: 0.0,
    elevation: 46.0,
};

/// The program under test, beside the test's own. Cargo builds it with the tests of its own crate: who runs one test alone
/// adds one of those, `cargo test --workspace --test goto --test cli`, or gets the program as it was.
pub fn program() -> PathBuf {
    let own = std::env::current_exe().expect("a test knows its own path");
    let debug = own
        .parent()
        .and_then(Path::parent)
        .expect("tests lie in deps/");
    let program = debug.join("slewgate");
    assert!(
        program.exists(),
        "{} is not built; run `cargo xtask test`",
        program.display()
    );
    program
}

/// The built components: `handlers/` and `policies/`.
pub fn plugins() -> PathBuf {
    let given = std::env::var_os("SLEWGATE_PLUGINS").map(PathBuf::from);
    let plugins =
        given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins"));
    assert!(
        plugins.join("handlers").exists(),
        "{} is not built; run `cargo xtask plugins`",
        plugins.display()
    );
    plugins
}

/// A component of `components/`, which only tests load.
pub fn test_component(name: &str) -> PathBuf {
    let component = plugins()
        .join("tests")
        .join(name)
        .with_added_extension("wasm");
    assert!(
        component.exists(),
        "{} is not built; run `cargo xtask plugins`",
        component.display()
    );
    component
}

/// What a host is started with.
#[derive(Clone, Default)]
pub struct Setup {
    config: String,
    variables: Vec<(String, String)>,
    unset: Vec<String>,
    bound_by_modes: bool,
    own_mount: Option<Dialect>,
    nowhere: bool,
    cold: bool,
    components: Vec<(String, String)>,
    links: Vec<(String, PathBuf)>,
}

/// A running host, ended when this is dropped.
pub struct Observatory {
    directory: TempDir,
    child: Child,
    addresses: Value,
    log: Arc<Mutex<Vec<String>>>,
    mount: Option<Simulator>,
}

impl Setup {
    /// Lines of `slewgate.toml`. The ports are chosen by the system unless they are set here.
    pub fn config(mut self, lines: &str) -> Setup {
        self.config.push_str(lines);
        self.config.push('\n');
        self
    }

    /// An environment variable of the program.
    pub fn variable(mut self, name: &str, value: &str) -> Setup {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Leaves out a variable that every host gets otherwise.
    pub fn without(mut self, name: &str) -> Setup {
        self.unset.push(name.into());
        self
    }

    /// The host has the cameras of its configuration; otherwise it has none, and tests publish what they like.
    pub fn cameras(self) -> Setup {
        self.without("SLEWGATE_CAMERAS")
    }

    /// The Sun is where it is: otherwise it limits nothing, so that tests need not ask for the hour.
    pub fn under_the_sun(self) -> Setup {
        self.variable("SLEWGATE_LIMITS__SUN_DISTANCE", "30")
    }

    /// The ground limits nothing: what is below the horizon is for the mount itself to refuse.
    pub fn below_the_horizon_too(self) -> Setup {
        self.variable("SLEWGATE_LIMITS__LOWEST", "-90")
    }

    /// The modes of files bind the program also where root runs the test.
    pub fn bound_by_modes(mut self) -> Setup {
        self.bound_by_modes = true;
        self
    }

    /// The mount is simulated by the test, which sees its wire: for the host it is a device like any other.
    pub fn own_mount(self) -> Setup {
        self.own_mount_that_speaks(Dialect::Classic)
    }

    /// The same, and nobody tells the host where it stands.
    pub fn own_mount_without_site(mut self) -> Setup {
        self.nowhere = true;
        self.own_mount()
    }

    /// The same as [`Setup::own_mount`], with this controller.
    pub fn own_mount_that_speaks(mut self, dialect: Dialect) -> Setup {
        self.own_mount = Some(dialect);
        self
    }

    /// A component of `components/`, in this place of the data directory, such as `handlers/unruly.wasm`.
    pub fn component(mut self, name: &str, place: &str) -> Setup {
        self.components.push((name.into(), place.into()));
        self
    }

    /// A place of the data directory is somewhere else.
    pub fn linked(mut self, place: &str, to: &Path) -> Setup {
        self.links.push((place.into(), to.into()));
        self
    }

    /// Nothing is compiled yet, as on the first start; other hosts of the tests share what they compiled.
    pub fn cold(mut self) -> Setup {
        self.cold = true;
        self
    }

    /// Fills a directory as an administrator would, without starting anything.
    pub fn prepare(&self) -> TempDir {
        let directory = TempDir::new().expect("a directory");
        for kind in ["handlers", "policies"] {
            let to = directory.path().join(kind);
            // Whatever the files of who runs the tests are like: nobody else reaches these.
            let mut private = fs::DirBuilder::new();
            private.mode(0o700).create(&to).expect("a directory");
            for file in fs::read_dir(plugins().join(kind))
                .expect("components")
                .flatten()
            {
                fs::copy(file.path(), to.join(file.file_name())).expect("a copy");
            }
        }
        for (name, place) in &self.components {
            fs::copy(test_component(name), directory.path().join(place)).expect("a copy");
        }
        for (place, to) in &self.links {
            let place = directory.path().join(place);
            fs::create_dir_all(place.parent().expect("a folder above it")).expect("a directory");
            symlink(to, place).expect("a link");
        }
        if !self.cold {
            let shared = program().with_file_name("compiled-for-tests");
            fs::create_dir_all(&shared).expect("a directory");
            symlink(shared, directory.path().join("cache")).expect("a link");
        }
        directory
    }

    /// The command, ready to be spawned.
    pub fn command(&self, directory: &Path) -> Command {
        self.verb(directory, &["serve", "--ready-file", "ready"])
    }

    /// The program with another verb, in the same surroundings.
    pub fn verb(&self, directory: &Path, arguments: &[&str]) -> Command {
        let mut command = if self.bound_by_modes && geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--bounding-set=-dac_override,-dac_read_search", "--"]);
            command.arg(program());
            command
        } else {
            Command::new(program())
        };
        command
            .args(arguments)
            .arg("--data")
            .arg(directory)
            .current_dir(directory);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .env("WS_IP", "127.0.0.1")
            .env("SLEWGATE_COMMAND__PORT", "0")
            .env("SLEWGATE_LIVEVIEW__PORT", "0")
            .env("SLEWGATE_WEB__PORT", "0")
            .env("SLEWGATE_CAMERAS", "{}")
            .env("SLEWGATE_LIMITS__SUN_DISTANCE", "0")
            .env("SLEWGATE_LOG", "debug");
        command.envs(self.variables.iter().cloned());
        for name in &self.unset {
            command.env_remove(name);
        }
        command
    }

    /// The program as it makes a token of a client type.
    pub fn generate(&self, directory: &Path, client_type: &str) -> Command {
        let arguments = ["--name", "a", "--client-type", client_type];
        self.verb(
            directory,
            &[&["token", "generate"], &arguments[..]].concat(),
        )
    }

    /// Starts the program where it cannot run: its exit code, and what it says before it ends by itself.
    pub fn end(self) -> (Option<i32>, String) {
        let directory = self.prepare();
        fs::write(directory.path().join("slewgate.toml"), &self.config).expect("a configuration");
        let mut command = self.command(directory.path());
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait().expect("a child").is_none() {
            if Instant::now() > deadline {
                child.kill().expect("a child");
                panic!("the program runs: {:?}", child.wait_with_output());
            }
            thread::park_timeout(Duration::from_millis(10));
        }
        let output = child.wait_with_output().expect("its output");
        let said = String::from_utf8(output.stderr).expect("text");
        (output.status.code(), said)
    }

    /// Starts the program and waits until it is ready.
    pub fn start(self) -> Observatory {
        let directory = self.prepare();
        let mount = self.own_mount.map(|dialect| {
            let settings = Lx200Settings {
                dialect,
                link: Some(directory.path().join("mount")),
                ..Lx200Settings::new(GREENWICH, Arc::new(SystemClock))
            };
            Simulator::start_lx200(settings).expect("a simulated mount")
        });
        let device = mount.as_ref().map(|mount| {
            let site = match self.nowhere {
                true => "",
                false => "[site]\nlatitude = 51.4779\nlongitude = 0.0\nelevation = 46\n",
            };
            format!(
                "[lines.east]\ndevice = \"{}\"\n{site}",
                mount.path().display()
            )
        });
        let config = format!("{}\n{}", self.config, device.unwrap_or_default());
        fs::write(directory.path().join("slewgate.toml"), config).expect("a configuration");
        let (child, log) = launch(self.command(directory.path()));
        let mut observatory = Observatory {
            directory,
            child,
            addresses: Value::Null,
            log,
            mount,
        };
        observatory.addresses = observatory.wait_ready();
        observatory
    }
}

impl Observatory {
    /// A host on its simulator, with nothing unusual.
    pub fn start() -> Observatory {
        Setup::default().start()
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
        command.output().expect("the program starts")
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

    /// The security log as it is.
    pub fn security_log(&self) -> Vec<Value> {
        let text =
            fs::read_to_string(self.data().join("security/logs/security.log")).unwrap_or_default();
        // The last line may be half written.
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
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
