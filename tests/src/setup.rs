//! What a host is started with: its directory, its configuration, its surroundings.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::geteuid;
use slewgate_simulator::{Dialect, Lx200Settings, Simulator};
use slewgate_sky::{Site, SystemClock};
use tempfile::TempDir;

use crate::{Observatory, PATIENCE, plugins, program, test_component};

/// Where the mount of [`Setup::own_mount`] stands.
const GREENWICH: Site = Site {
    latitude: 51.4779,
    longitude: 0.0,
    elevation: 46.0,
};

/// Lines of `slewgate.toml` with which clients may ask a plugin as fast as they can, and no failure of it is one too many.
pub const UNRESTRAINED: &str = r#"
[command]
frames_per_second = 1_000_000
bytes_per_second = 1_000_000_000
[engine]
quarantine_failures = 1_000_000_000
[lines.east]
[plugins.mount]
"#;

/// See the module.
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
        Observatory::launched(&self, directory, mount)
    }
}
