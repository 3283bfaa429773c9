//! A program that knows nothing of Slewgate drives the simulated LX200: INDI's driver `lx200basic`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test may fail it"
)]

use slewgate_sky::{Equatorial, separation};
use slewgate_tests::{PATIENCE, program};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;

const DRIVER: &str = "LX200 Basic";

/// INDI's state of a property whose change was carried out.
const OK: &str = "== 1";

/// Degrees that a mount which goes on comes farther within a while, and one that stops does not: 6 that the driver, which
/// asks once a second, has not seen yet, and 2 to come to rest.
const COASTING: f64 = 12.0;
const A_WHILE: Duration = Duration::from_secs(4);

#[test]
fn indi_reads_a_position_goes_to_a_target_and_aborts() {
    let mount = Mount::start();
    let indi = Indi::start();
    indi.set("DEVICE_PORT.PORT", &mount.path);
    indi.set("CONNECTION.CONNECT", "On");
    indi.wait_until("EQUATORIAL_EOD_COORD.DEC", "> 0");
    let first = indi.position();

    // It is this computer's time for the program, so any right ascension may be up.
    let target = Equatorial {
        ra: (first.ra + 0.5).rem_euclid(24.0),
        dec: first.dec + 10.0,
    };
    indi.set("ON_COORD_SET.TRACK", "On");
    indi.go_to(target);
    let arrived = format!("> {}", target.dec - 0.01);
    indi.wait_until("EQUATORIAL_EOD_COORD.DEC", &arrived);
    indi.wait_until("EQUATORIAL_EOD_COORD._STATE", OK);
    assert!(separation(indi.position(), target) < 0.01);

    let far = Equatorial {
        dec: target.dec - 45.0,
        ..target
    };
    indi.go_to(far);
    let under_way = format!("< {}", target.dec - 3.0);
    indi.wait_until("EQUATORIAL_EOD_COORD.DEC", &under_way);
    indi.set("TELESCOPE_ABORT_MOTION.ABORT", "On");
    indi.wait_until("TELESCOPE_ABORT_MOTION._STATE", OK);
    let goes_on = format!("< {}", indi.position().dec - COASTING);
    assert!(!indi.becomes("EQUATORIAL_EOD_COORD.DEC", &goes_on, A_WHILE));
    assert!(separation(indi.position(), far) > 10.0);
}

/// `slewgate simulate lx200`, until dropped.
struct Mount {
    program: Child,
    path: String,
}

impl Mount {
    fn start() -> Self {
        let mut program = Command::new(program())
            .args(["simulate", "lx200"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut path = String::new();
        BufReader::new(program.stdout.take().unwrap())
            .read_line(&mut path)
            .unwrap();
        let path = path.trim_end().to_owned();
        Self { program, path }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        _ = self.program.kill();
        _ = self.program.wait();
    }
}

/// INDI's server with one driver, until dropped.
struct Indi {
    server: Child,
    port: u16,
    /// Where it looks for a user's settings, so that it finds none.
    home: TempDir,
}

impl Indi {
    fn start() -> Self {
        let home = TempDir::new().unwrap();
        // The server cannot choose a port itself.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut server = Command::new("indiserver")
            .args(["-v", "-p", &port.to_string(), "-u"])
            .arg(home.path().join("socket"))
            .arg("indi_lx200basic")
            .env("HOME", home.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("cannot start indiserver: {error}; apt-get install indi-bin")
            });
        let log = BufReader::new(server.stderr.take().unwrap());
        let indi = Self { server, port, home };
        wait_for_line(log, "listening to port");
        indi.wait_until("CONNECTION.DISCONNECT", "== 1");
        indi
    }

    /// Sets elements of a property.
    fn set(&self, elements: &str, value: &str) {
        let spec = format!("{DRIVER}.{elements}={value}");
        check(&self.run("indi_setprop", &[&spec]), &spec);
    }

    fn go_to(&self, target: Equatorial) {
        let value = format!("{};{}", target.ra, target.dec);
        self.set("EQUATORIAL_EOD_COORD.RA;DEC", &value);
    }

    /// Waits for an element to fulfil a comparison.
    fn wait_until(&self, element: &str, comparison: &str) {
        let output = self.evaluate(element, comparison, PATIENCE);
        check(&output, &format!("{element} {comparison}"));
    }

    /// Whether an element fulfils a comparison within so many seconds.
    fn becomes(&self, element: &str, comparison: &str, patience: Duration) -> bool {
        self.evaluate(element, comparison, patience)
            .status
            .success()
    }

    fn evaluate(&self, element: &str, comparison: &str, patience: Duration) -> Output {
        let expression = format!("\"{DRIVER}.{element}\" {comparison}");
        let patience = patience.as_secs().to_string();
        self.run("indi_eval", &["-t", &patience, "-wo", &expression])
    }

    /// What the driver says of where the mount points.
    fn position(&self) -> Equatorial {
        let element = |name: &str| {
            let spec = format!("{DRIVER}.EQUATORIAL_EOD_COORD.{name}");
            let output = self.run("indi_getprop", &["-1", &spec]);
            check(&output, &spec);
            String::from_utf8_lossy(&output.stdout)
                .trim()
                .parse()
                .unwrap()
        };
        Equatorial {
            ra: element("RA"),
            dec: element("DEC"),
        }
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        Command::new(program)
            .args(["-p", &self.port.to_string()])
            .args(arguments)
            .env("HOME", self.home.path())
            .output()
            .unwrap_or_else(|error| {
                panic!("cannot start {program}: {error}; apt-get install indi-bin")
            })
    }
}

impl Drop for Indi {
    fn drop(&mut self) {
        // The driver ends with its server.
        _ = self.server.kill();
        _ = self.server.wait();
    }
}

fn check(output: &Output, what: &str) {
    let said = [&output.stdout[..], &output.stderr].concat();
    assert!(
        output.status.success(),
        "{what}: {}",
        String::from_utf8_lossy(&said)
    );
}

/// Reads a program's log to its end, and returns once a line has a text.
fn wait_for_line(log: impl BufRead + Send + 'static, wanted: &'static str) {
    let (found, seen) = mpsc::channel();
    std::thread::spawn(move || {
        for line in log.lines().map_while(Result::ok) {
            if line.contains(wanted) {
                _ = found.send(());
            }
        }
    });
    seen.recv_timeout(PATIENCE)
        .unwrap_or_else(|_| panic!("the program never said: {wanted}"));
}
