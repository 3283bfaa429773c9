//! What is there: asked when the line was opened, kept for every call after.

use slewgate_sdk::mount::Identity;
use slewgate_sdk::{Attachment, Failure, Host, Millis, StopSequence, json};

use crate::Skywatcher;
use crate::motor::{Gear, Motor};
use crate::mount::{Found, Mount};
use crate::number;
use crate::port::{self, Answer, Drive, Port};
use crate::settings::Settings;

/// The third byte of `:e`.
///
/// Source: Sky-Watcher, *Motor Controller Command Set*, and what drivers list beside.
const MODELS: &[(u8, &str)] = &[
    (0x00, "EQ6"),
    (0x01, "HEQ5"),
    (0x02, "EQ5"),
    (0x03, "EQ3"),
    (0x04, "EQ8"),
    (0x05, "AZ-EQ6"),
    (0x06, "AZ-EQ5"),
    (0x0a, "Star Adventurer"),
    (0x20, "EQ8-R"),
    (0x22, "AZ-EQ6 Pro"),
    (0x23, "EQ6 Pro"),
    (0x31, "EQ5 Pro"),
    (0x44, "Wave 100i"),
    (0x45, "Wave 150i"),
    (0x80, "GT"),
    (0x90, "Dobsonian"),
    (0xa2, "AZ-GTe"),
    (0xa5, "AZ-GTi"),
];

/// From here on they are made for altitude and azimuth.
const ALTAZIMUTH: u8 = 0x80;

/// For an answer in another family's language.
const OTHER: Millis = 700;

pub(crate) fn attach(host: &dyn Host, settings: Settings) -> Result<Attachment, Failure> {
    let port = Port::open(host)?;
    let [major, minor, code] = version(&port)?;
    let known = MODELS.iter().find(|(known, _)| *known == code);
    let model = known.map_or_else(
        || format!("Sky-Watcher {code:02X}"),
        |(_, name)| format!("Sky-Watcher {name}"),
    );
    if code >= ALTAZIMUTH && !settings.on_wedge {
        return Err(Failure::Hardware(format!(
            "the {model} turns in altitude and azimuth, which this handler does not; where it stands on a wedge, say so in its \
             table of the configuration: settings = {{ on_wedge = true }}"
        )));
    }
    let gears = Drive::BOTH.map(|drive| gear(host, &port, drive));
    let [first, second] = gears;
    let found = Found {
        model,
        firmware: format!("{major}.{minor}"),
        gears: [first?, second?],
    };
    found.keep(host)?;
    let mount = Mount {
        host,
        port,
        settings,
        found,
    };
    let [first, second] = mount.motors();
    if !(first.status()?.initialised && second.status()?.initialised) {
        mount.initialise()?;
    }
    Ok(Attachment {
        model: format!("{} {}", mount.found.model, mount.found.firmware),
        lacks: Vec::new(),
        stops: vec![stop()],
    })
}

pub(crate) fn info(host: &dyn Host, settings: Settings) -> Result<String, Failure> {
    let mount = Mount::open(host, settings)?;
    let commands = <Skywatcher as slewgate_sdk::Handler>::describe().commands;
    json(&Identity {
        capabilities: commands.into_iter().map(|command| command.name).collect(),
        dialect: None,
        site: mount.site(),
        model: mount.found.model,
        firmware: Some(mount.found.firmware),
        protocol: "Sky-Watcher",
    })
}

/// `:L` stops an axis at once, and is obeyed at any time.
fn stop() -> StopSequence {
    StopSequence {
        role: port::ROLE.into(),
        exchanges: Drive::BOTH.map(|drive| port::ending('L', drive, "")).into(),
        patience: 0,
    }
}

/// Major and minor version, and what mount it is.
fn version(port: &Port) -> Result<[u8; 3], Failure> {
    let answer = port.question('e', Drive::First, 6)?;
    if let Answer::None(said) = &answer {
        judge_family(port, said)?;
    }
    match &answer {
        Answer::Yes(digits) => number::bytes(digits),
        _ => None,
    }
    .ok_or_else(|| answer.failure(&port::request('e', Drive::First, "")))
}

fn gear(host: &dyn Host, port: &Port, drive: Drive) -> Result<Gear, Failure> {
    let mut gear = Gear {
        steps: 0,
        timer: 0,
        ratio: 1,
    };
    let motor = Motor {
        host,
        port,
        drive,
        gear,
    };
    gear.steps = motor.ask('a')?;
    gear.timer = motor.ask('b')?;
    let ratio = number::bytes(&port.ask('g', drive, 2)?).map_or(0, |[ratio]: [u8; 1]| ratio);
    gear.ratio = u32::from(ratio.max(1));
    if gear.steps == 0 || gear.timer == 0 {
        return Err(Failure::Hardware(format!(
            "the motor of the {} axis says that it has no gear: {} steps in a turn, {} ticks in a second",
            drive.name(),
            gear.steps,
            gear.timer
        )));
    }
    Ok(gear)
}

/// Who does not know `:e1` may be of another family, which is named with what to set. A NexStar hand control answers to the `e` in it, and
/// to `V`; what is asked of an LX200 has no letter that means something to the former, whose `R` is an order.
fn judge_family(port: &Port, said: &[u8]) -> Result<(), Failure> {
    let nexstar = || Err(belongs_to("NexStar", "nexstar.wasm"));
    if let [ra @ .., b',', _, _, _, _, _, _, _, _, b'#'] = said
        && ra.len() == 8
    {
        return nexstar();
    }
    // Two bytes of a version, or the six digits of a SynScan hand control, which passes on nothing of its motors.
    if let [_, _, b'#'] | [_, _, _, _, _, _, b'#'] = port.other("V", b'#', OTHER)?.as_slice() {
        return nexstar();
    }
    match port.other("#:GD#", b'#', OTHER)?.as_slice() {
        [b'+' | b'-', b'0'..=b'9', b'0'..=b'9', .., b'#'] => Err(belongs_to("LX200", "lx200.wasm")),
        _ => Ok(()),
    }
}

fn belongs_to(language: &str, component: &str) -> Failure {
    Failure::Hardware(format!(
        "what is on this line speaks {language}, and its motors are not spoken to: set component = \"{component}\" in its table of the \
         configuration"
    ))
}
