//! A program that knows nothing of Slewgate drives the simulated LX200: INDI's driver `lx200basic`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test may fail it"
)]

use slewgate_simulator::{Frame, Lx200Settings, Simulator};
use slewgate_sky::{Equatorial, ScaledClock, Site, separation};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(10);
const DRIVER: &str = "LX200 Basic";

/// 2026-11-23T22:00:00Z: the hours of right ascension around 2 are high over London.
const NIGHT: f64 = 1_795_471_200e3;
const LONDON: Site = Site {
    latitude: 51.5,
    longitude: -0.1667,
    elevation: 50.0,
};
/// How much faster than time the mount moves.
const HASTE: f64 = 4.0;

#[test]
fn indi_reads_a_position_goes_to_a_target_and_aborts() {
    let clock = Arc::new(ScaledClock::new(NIGHT, HASTE));
    let simulator = Simulator::start_lx200(Lx200Settings::new(LONDON, clock)).unwrap();
    let indi = Indi::start();

    indi.set("DEVICE_PORT.PORT", &simulator.path().display().to_string());
    indi.set("CONNECTION.CONNECT", "On");
    indi.wait_until("EQUATORIAL_EOD_COORD.DEC", "> 25.7");
    assert!(separation(indi.position(), simulator.state().position) < 0.01);

    let target = Equatorial {
        ra: 6.5,
        dec: 30.25,
    };
    indi.set("ON_COORD_SET.TRACK", "On");
    indi.set("EQUATORIAL_EOD_COORD.RA;DEC", "6.5;30.25");
    indi.wait_until("EQUATORIAL_EOD_COORD.RA", "> 6.499");
    indi.wait_until("EQUATORIAL_EOD_COORD._STATE", "== 1");
    assert!(separation(indi.position(), target) < 0.01);
    assert!(separation(simulator.state().position, target) < 0.01);

    let elsewhere = Equatorial { ra: 0.5, ..target };
    indi.set("EQUATORIAL_EOD_COORD.RA;DEC", "0.5;30.25");
    indi.wait_until("EQUATORIAL_EOD_COORD.RA", "< 6.4");
    indi.set("TELESCOPE_ABORT_MOTION.ABORT", "On");
    let wire = simulator.wire();
    let stop = wire.wait_for(|frame| frame.request == ":Q#", PATIENCE);
    let stopped = stop.expect("the abort reached the mount");
    // The driver asks once a second: by the second time the mount has come to rest.
    let later =
        |frame: &Frame| frame.request == ":GR#" && frame.at > stopped.at + Duration::from_secs(1);
    wire.wait_for(later, PATIENCE)
        .expect("the driver goes on asking");
    let state = simulator.state();
    assert!(!state.moving && !state.slewing && state.tracking);
    assert!(separation(state.position, elsewhere) > 10.0);
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

    /// Waits for an element to fulfil a comparison.
    fn wait_until(&self, element: &str, comparison: &str) {
        let expression = format!("\"{DRIVER}.{element}\" {comparison}");
        let patience = PATIENCE.as_secs().to_string();
        check(
            &self.run("indi_eval", &["-t", &patience, "-wo", &expression]),
            &expression,
        );
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
