//! A program that knows nothing of Slewgate drives what is simulated: INDI's drivers `lx200basic` and `lx200_OnStep` the
//! mounts, `moonlite_focus` the focuser.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test may fail it"
)]

use slewgate_sky::{Equatorial, separation};
use slewgate_tests::{PATIENCE, program};
use socket2::{Domain, Socket, Type};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A driver of INDI: its program, what it calls its hardware, and what `slewgate simulate` is told to be that.
struct Driver {
    program: &'static str,
    device: &'static str,
    simulated: &'static [&'static str],
}

const BASIC: Driver = Driver {
    program: "indi_lx200basic",
    device: "LX200 Basic",
    simulated: &["lx200", "--dialect", "classic"],
};
const ON_STEP: Driver = Driver {
    program: "indi_lx200_OnStep",
    device: "LX200 OnStep",
    simulated: &["lx200", "--dialect", "onstep"],
};
const MOONLITE: Driver = Driver {
    program: "indi_moonlite_focus",
    device: "MoonLite",
    simulated: &["moonlite"],
};

/// INDI's state of a property whose change was carried out.
const OK: &str = "== 1";

/// What a switch of INDI is when it is on.
const ON: &str = "== 1";

/// INDI's state of a position that neither tracks nor slews.
const IDLE: &str = "== 0";

/// Where the driver for OnStep keeps what the mount says of itself.
const FLAGS: &str = "OnStep Status.:GU# return";

/// Degrees that a mount which goes on comes farther within a while, and one that stops does not: 6 that the driver, which
/// asks once a second, has not seen yet, and 2 to come to rest.
const COASTING: f64 = 12.0;
const A_WHILE: Duration = Duration::from_secs(4);

/// Where a focuser stands.
const FOCUS: &str = "ABS_FOCUS_POSITION";
const POSITION: &str = "FOCUS_ABSOLUTE_POSITION";

/// Steps that a focuser which goes on comes farther within a while, and one that was halted does not: what the driver, which asks
/// twice a second, had not seen yet.
const COASTING_STEPS: f64 = 250.0;

/// How often an order is given that may be lost on the way. The driver throws away what it wrote and the line still holds (`tcflush`)
/// before it writes the next: a serial line was waited for until then, a pseudo-terminal cannot be. On a busy machine most orders
/// that are followed by another at once are lost so.
const ORDERS: usize = 60;
const FIRST_SIGHT: Duration = Duration::from_secs(1);

#[test]
fn indi_reads_a_position_goes_to_a_target_and_aborts() {
    let (_mount, indi) = connected(&BASIC);
    let target = indi.goes_to_a_target();
    indi.aborts_a_goto_from(target);
}

#[test]
fn indi_connects_to_onstep_and_knows_what_it_is() {
    let (_mount, indi) = connected(&ON_STEP);
    indi.wait_until("TELESCOPE_TRACK_STATE.TRACK_ON", ON);
    indi.wait_until("TELESCOPE_PIER_SIDE.PIER_EAST", ON);
    indi.wait_until_text("Firmware Info.Name", |name| name == "On-Step");
    indi.wait_until_text("OnStep Status.Mount Type", |name| {
        name.starts_with("German")
    });
    indi.wait_until_text("OnStep Status.Error", |error| error == "None");
}

#[test]
fn indi_sends_onstep_to_a_target_and_aborts() {
    let (_mount, indi) = connected(&ON_STEP);
    let target = indi.goes_to_a_target();
    indi.aborts_a_goto_from(target);
    indi.wait_until_text(FLAGS, |flags| flags.starts_with("Np"));
}

#[test]
fn indi_switches_the_tracking_of_onstep() {
    let (_mount, indi) = connected(&ON_STEP);
    indi.set("TELESCOPE_TRACK_STATE.TRACK_OFF", "On");
    indi.wait_until_text(FLAGS, |flags| flags.starts_with("nNp"));
    // The stars pass by: right ascension grows by 0.0003 hours a second.
    let first = indi.position();
    let passed = format!("> {}", first.ra + 0.0005);
    indi.wait_until("EQUATORIAL_EOD_COORD.RA", &passed);
    indi.set("TELESCOPE_TRACK_STATE.TRACK_ON", "On");
    indi.wait_until_text(FLAGS, |flags| flags.starts_with("Np"));
    indi.wait_until("TELESCOPE_TRACK_STATE.TRACK_ON", ON);
}

#[test]
fn indi_parks_onstep_where_it_said_and_unparks_it() {
    let (_mount, indi) = connected(&ON_STEP);
    let place = indi.position();
    indi.set("TELESCOPE_PARK_OPTION.PARK_CURRENT", "On");
    indi.goes_to_a_target();
    indi.set("TELESCOPE_PARK.PARK", "On");
    indi.wait_until_text(FLAGS, |flags| flags.starts_with("nNP"));
    indi.wait_until_text("OnStep Status.Park", |park| park == "Parked");
    indi.wait_until("EQUATORIAL_EOD_COORD._STATE", IDLE);
    assert!((indi.position().dec - place.dec).abs() < 0.01);

    indi.set("TELESCOPE_PARK.UNPARK", "On");
    indi.wait_until_text(FLAGS, |flags| flags.starts_with("Np"));
    indi.wait_until_text("OnStep Status.Park", |park| park == "UnParked");
}

#[test]
fn indi_reads_a_focuser_moves_it_and_aborts() {
    let (_focuser, indi) = focusing();
    indi.wait_until(&format!("{FOCUS}.{POSITION}"), "== 30000");
    indi.wait_until("FOCUS_TEMPERATURE.TEMPERATURE", "== 12");
    indi.wait_until("FOCUS_SPEED.FOCUS_SPEED_VALUE", "== 1");
    indi.wait_until("Step Mode.FOCUS_FULL_STEP", ON);
    indi.focuses_to(30_400, "== 30400");
    indi.focuses_to(60_000, "> 30500");
    indi.set("FOCUS_ABORT_MOTION.ABORT", "On");
    indi.wait_until("FOCUS_ABORT_MOTION._STATE", OK);
    let goes_on = format!("> {}", indi.read_number(FOCUS, POSITION) + COASTING_STEPS);
    assert!(!indi.becomes(&format!("{FOCUS}.{POSITION}"), &goes_on, A_WHILE));
}

#[test]
fn indi_syncs_a_focuser_and_sets_its_speed_and_steps() {
    let (focuser, indi) = focusing();
    let mut told = String::new();
    let all = (0..ORDERS).any(|_| {
        indi.set("FOCUS_SYNC.FOCUS_SYNC_VALUE", "12345");
        indi.set("FOCUS_SPEED.FOCUS_SPEED_VALUE", "3");
        indi.set("Step Mode.FOCUS_HALF_STEP", "On");
        // The driver believes itself; the focuser is asked without it.
        indi.set("CONNECTION.DISCONNECT", "On");
        indi.wait_until("CONNECTION.DISCONNECT", ON);
        told = ask(&focuser.path, ":GP#:GD#:GH#", "3039#08#FF#".len());
        indi.set("CONNECTION.CONNECT", "On");
        indi.wait_until("CONNECTION.CONNECT", ON);
        told == "3039#08#FF#"
    });
    assert!(all, "the focuser says {told:?}");
}

/// A mount and a driver that has read where it points.
fn connected(driver: &'static Driver) -> (Simulated, Indi) {
    let (mount, indi) = plugged_in(driver);
    indi.wait_until("EQUATORIAL_EOD_COORD.DEC", "> 0");
    (mount, indi)
}

/// A focuser and a driver that has read where it stands.
fn focusing() -> (Simulated, Indi) {
    let (focuser, indi) = plugged_in(&MOONLITE);
    indi.wait_until(&format!("{FOCUS}.{POSITION}"), "> 0");
    (focuser, indi)
}

fn plugged_in(driver: &'static Driver) -> (Simulated, Indi) {
    let simulated = Simulated::start(driver.simulated);
    let indi = Indi::start(driver);
    indi.set("DEVICE_PORT.PORT", &simulated.path);
    indi.set("CONNECTION.CONNECT", "On");
    (simulated, indi)
}

/// `slewgate simulate`, until dropped.
struct Simulated {
    program: Child,
    path: String,
}

impl Simulated {
    fn start(arguments: &[&str]) -> Self {
        let mut program = Command::new(program())
            .arg("simulate")
            .args(arguments)
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

impl Drop for Simulated {
    fn drop(&mut self) {
        _ = self.program.kill();
        _ = self.program.wait();
    }
}

/// INDI's server with one driver, until dropped.
struct Indi {
    driver: &'static Driver,
    server: Child,
    port: u16,
    /// Where it looks for a user's settings, so that it finds none.
    home: TempDir,
}

impl Indi {
    fn start(driver: &'static Driver) -> Self {
        // The server cannot choose a port itself, and another program may be quicker with the one that was chosen for it.
        let started = (0..5).find_map(|_| Self::start_at(driver, free_port()));
        started.expect("INDI's server starts")
    }

    fn start_at(driver: &'static Driver, port: u16) -> Option<Self> {
        let home = TempDir::new().unwrap();
        let mut server = Command::new("indiserver")
            .args(["-v", "-p", &port.to_string(), "-u"])
            .arg(home.path().join("socket"))
            .arg(driver.program)
            .env("HOME", home.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("cannot start indiserver: {error}; apt-get install indi-bin")
            });
        let log = BufReader::new(server.stderr.take().unwrap());
        let indi = Self {
            driver,
            server,
            port,
            home,
        };
        if !says(log, "listening to port") {
            return None;
        }
        indi.wait_until("CONNECTION.DISCONNECT", "== 1");
        Some(indi)
    }

    /// Sets elements of a property.
    fn set(&self, elements: &str, value: &str) {
        let spec = format!("{}.{elements}={value}", self.driver.device);
        check(&self.run("indi_setprop", &[&spec]), &spec);
    }

    /// Sends it half an hour back, past the meridian, and ten degrees up; it arrives.
    fn goes_to_a_target(&self) -> Equatorial {
        let first = self.position();
        // It is this computer's time for the program, so any right ascension may be up.
        let target = Equatorial {
            ra: (first.ra - 0.5).rem_euclid(24.0),
            dec: first.dec + 10.0,
        };
        self.set("ON_COORD_SET.TRACK", "On");
        self.go_to(target);
        let arrived = format!("> {}", target.dec - 0.01);
        self.wait_until("EQUATORIAL_EOD_COORD.DEC", &arrived);
        self.wait_until("EQUATORIAL_EOD_COORD._STATE", OK);
        assert!(separation(self.position(), target) < 0.01);
        target
    }

    /// Sends it far down, and aborts when it is on its way.
    fn aborts_a_goto_from(&self, place: Equatorial) {
        let far = Equatorial {
            dec: place.dec - 45.0,
            ..place
        };
        self.go_to(far);
        let under_way = format!("< {}", place.dec - 3.0);
        self.wait_until("EQUATORIAL_EOD_COORD.DEC", &under_way);
        self.set("TELESCOPE_ABORT_MOTION.ABORT", "On");
        self.wait_until("TELESCOPE_ABORT_MOTION._STATE", OK);
        let goes_on = format!("< {}", self.position().dec - COASTING);
        assert!(!self.becomes("EQUATORIAL_EOD_COORD.DEC", &goes_on, A_WHILE));
        assert!(separation(self.position(), far) > 10.0);
    }

    /// Sends a focuser somewhere, again until it moves, and waits for its position to be as wanted.
    fn focuses_to(&self, target: u32, wanted: &str) {
        let position = format!("{FOCUS}.{POSITION}");
        let before = self.read_number(FOCUS, POSITION);
        let moved = (0..ORDERS).any(|_| {
            self.set(&position, &target.to_string());
            self.becomes(&position, &format!("> {before}"), FIRST_SIGHT)
        });
        assert!(moved, "no order to go to {target} reached the focuser");
        self.wait_until(&position, wanted);
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
        let expression = format!("\"{}.{element}\" {comparison}", self.driver.device);
        let patience = patience.as_secs().to_string();
        self.run("indi_eval", &["-t", &patience, "-wo", &expression])
    }

    /// Waits for a text to be as wanted. INDI's own tool compares numbers only, so it is read again after each second,
    /// in which the driver asks its mount.
    fn wait_until_text(&self, element: &str, wanted: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = self.read(element);
            if wanted(&text) {
                return;
            }
            assert!(Instant::now() < deadline, "{element} is still {text:?}");
            self.becomes("CONNECTION.DISCONNECT", ON, Duration::from_secs(1));
        }
    }

    /// What the driver says of where the mount points.
    fn position(&self) -> Equatorial {
        let element = |name| self.read_number("EQUATORIAL_EOD_COORD", name);
        Equatorial {
            ra: element("RA"),
            dec: element("DEC"),
        }
    }

    fn read_number(&self, property: &str, element: &str) -> f64 {
        let text = self.read(&format!("{property}.{element}"));
        text.parse().unwrap()
    }

    /// The value of an element.
    fn read(&self, element: &str) -> String {
        let spec = format!("{}.{element}", self.driver.device);
        let output = self.run("indi_getprop", &["-1", &spec]);
        check(&output, &spec);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
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

/// Writes requests to a device that no driver has, and reads an answer of so many bytes.
fn ask(device: &str, requests: &'static str, length: usize) -> String {
    let mut line = OpenOptions::new()
        .read(true)
        .write(true)
        .open(device)
        .unwrap();
    let (told, hear) = mpsc::channel();
    std::thread::spawn(move || {
        line.write_all(requests.as_bytes()).unwrap();
        let mut answer = vec![0; length];
        line.read_exact(&mut answer).unwrap();
        _ = told.send(String::from_utf8_lossy(&answer).into_owned());
    });
    hear.recv_timeout(PATIENCE).unwrap()
}

fn check(output: &Output, what: &str) {
    let said = [&output.stdout[..], &output.stderr].concat();
    assert!(
        output.status.success(),
        "{what}: {}",
        String::from_utf8_lossy(&said)
    );
}

/// A port that nobody has at any address of this machine, not even a connection that has ended.
fn free_port() -> u16 {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    socket.bind(&any.into()).unwrap();
    let chosen = socket.local_addr().unwrap().as_socket().unwrap();
    chosen.port()
}

/// Reads a program's log to its end; whether a line has a text.
fn says(log: impl BufRead + Send + 'static, wanted: &'static str) -> bool {
    let (found, seen) = mpsc::channel();
    std::thread::spawn(move || {
        for line in log.lines().map_while(Result::ok) {
            if line.contains(wanted) {
                _ = found.send(());
            }
        }
    });
    seen.recv_timeout(PATIENCE).is_ok()
}
