//! OnStep and OnStepX. It tells what it does (`:GU#`), answers `0` to what it does not know, and has no `:U#` or `:P#`, so that
//! nothing is sent to it on the off chance.
//!
//! Source: the comments on the commands in OnStepX, release 10.24.

mod flags;

use slewgate_sdk::mount::{Direction, PierSide, Tracking};
use slewgate_sdk::{Failure, Instant, LineError, Millis};

use super::{Activity, Dialect, Name, Pulses, Stage, in_words};
use crate::home::Homing;
use crate::mount::Mount;
use crate::park::Parking;
use crate::port::{HOLD, HeldPort, Port, Probed, garbled};
use crate::status::Reading;
use crate::{angles, jog};
use flags::{Flags, Park};

/// See the module.
pub(super) struct OnStep;

/// `:MS#`, and with an `E` before it `:CM#`.
const REFUSALS: &[(u8, &str)] = &[
    (b'1', "the object is below the horizon limit"),
    (b'2', "the object is above the overhead limit"),
    (b'3', "the controller is in standby"),
    (b'4', "it is parked"),
    (b'5', "a goto is under way"),
    (
        b'6',
        "the object is outside the limits of the axes or the meridian",
    ),
    (b'7', "the hardware has a fault"),
    (b'8', "it is in motion already"),
    (b'9', "it gives no reason"),
];

/// `:GE#`, the error of the command before, for those that answer `0`. Those of [`REFUSALS`] begin at 15.
const ERRORS: &[(usize, &str)] = &[
    (8, "it is neither parked nor at home"),
    (9, "it is parked"),
    (10, "parking failed"),
    (11, "it is not parked"),
    (12, "it has no park position; set one on the mount"),
    (13, "the goto failed"),
];
const FIRST_OF_SLEWS: usize = 15;

/// What goes on keeps it from the next goto, which is to take its place.
const IN_MOTION: [u8; 2] = [b'5', b'8'];
/// To come to rest from its fastest takes seconds.
const REST_LOOKS: u8 = 40;
const REST_EVERY: Millis = 150;

/// Looks at a mount that neither goes where it was sent nor is there.
const PATIENT_LOOKS: u8 = 6;

impl Dialect for OnStep {
    fn model(&self, told: Option<&str>, version: Option<&str>) -> String {
        let number = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
        match (told, number) {
            (Some(told), _) if Name::of(told).is_none() => told.into(),
            (_, Some(10..)) => "OnStepX".into(),
            _ => "OnStep".into(),
        }
    }

    fn lacks(&self, port: &Port) -> Result<Vec<String>, Failure> {
        Flags::ask(port).map(|_| Vec::new()).map_err(|error| {
            let what = match error {
                Failure::Line(LineError::Timeout(bytes)) => {
                    format!("the mount answered `{}` to :GU#", bytes.escape_ascii())
                }
                Failure::Hardware(what) => what,
                other => return other,
            };
            Failure::Hardware(format!(
                "{what}, which no OnStep does: see settings = {{ dialect = … }} of this plugin"
            ))
        })
    }

    /// A parked one passes over all but some orders in silence.
    fn ready(&self, mount: &Mount) -> Result<(), Failure> {
        match Flags::ask(&mount.port)?.park() {
            Some(Park::Parked) => Err(Failure::Refused(
                "the mount is parked: unpark it first".into(),
            )),
            _ => Ok(()),
        }
    }

    fn activity(&self, mount: &Mount, _: &Reading, _: Instant) -> Result<Activity, Failure> {
        let flags = Flags::ask(&mount.port)?;
        let slewing = flags.under_way() || flags.jogs();
        Ok(Activity {
            moving: slewing || flags.pulses(),
            slewing,
            tracking: flags.tracking(),
            parked: flags.park().map(|park| park == Park::Parked),
            pier_side: match mount.port.ask(":Gm#")?.as_slice() {
                b"E" => Some(PierSide::East),
                b"W" => Some(PierSide::West),
                _ => None,
            },
        })
    }

    fn under_way(&self, mount: &Mount) -> Result<bool, Failure> {
        Flags::ask(&mount.port).map(|flags| flags.under_way())
    }

    /// A jog that comes while it slows down would be lost.
    fn make_way(&self, mount: &Mount, held: &HeldPort) -> Result<(), Failure> {
        if Flags::read(held.ask(flags::COMMAND)?)?.under_way() {
            come_to_rest(mount, held)?;
        }
        Ok(())
    }

    fn set_out(&self, mount: &Mount, held: &HeldPort) -> Result<Option<String>, Failure> {
        let mut code = held.letter(b":MS#")?;
        if IN_MOTION.contains(&code) {
            come_to_rest(mount, held)?;
            code = held.letter(b":MS#")?;
        }
        match code {
            b'0' => Ok(None),
            code if code.is_ascii_digit() => Ok(Some(in_words(code, "", REFUSALS))),
            // No answer of any mount: it may have set out.
            other => Err(garbled(b":MS#", &[other])),
        }
    }

    fn unsynced(&self, reply: &[u8]) -> Option<String> {
        match reply {
            [b'E', code] => Some(in_words(*code, "", REFUSALS)),
            _ => None,
        }
    }

    fn track(&self, mount: &Mount, mode: Tracking) -> Result<(), Failure> {
        let rate = match mode {
            Tracking::Sidereal => ":TQ#",
            Tracking::Solar => ":TS#",
            Tracking::Lunar => ":TL#",
            Tracking::Off => return obeys(mount, ":Td#"),
        };
        mount.port.tell(rate)?;
        obeys(mount, ":Te#")
    }

    /// OnStep takes up to 16399 ms at once.
    fn pulses(&self) -> Pulses {
        Pulses {
            shortest: 20,
            longest: 16_399,
            ends: true,
        }
    }

    fn pulse(&self, direction: Direction, millis: Millis) -> String {
        format!(":Mg{}{millis:04}#", jog::letter(direction))
    }

    fn park(&self, mount: &Mount) -> Result<(), Failure> {
        let flags = Flags::ask(&mount.port)?;
        match flags.park() {
            Some(Park::Parked | Park::Parking) => Ok(()),
            _ => {
                rest_first(mount, &flags)?;
                obeys(mount, ":hP#")
            }
        }
    }

    fn parking(&self, mount: &Mount, parking: Parking) -> Result<Stage<Parking>, Failure> {
        let flags = Flags::ask(&mount.port)?;
        let quiet = parking.quiet + 1;
        Ok(match flags.park() {
            Some(Park::Parked) => Stage::Done,
            Some(Park::Failed) => Stage::Failed("the mount says that parking failed".into()),
            Some(Park::Parking) => Stage::Again(Parking::default()),
            _ if flags.under_way() => Stage::Again(Parking::default()),
            _ if quiet < PATIENT_LOOKS => Stage::Again(Parking { quiet, ..parking }),
            _ => Stage::Failed("the mount came to rest, and says that it is not parked".into()),
        })
    }

    fn unpark(&self, mount: &Mount) -> Result<(), Failure> {
        match Flags::ask(&mount.port)?.park() {
            Some(Park::Unparked) => Ok(()),
            _ => obeys(mount, ":hR#"),
        }
    }

    fn awake(&self, mount: &Mount) -> Result<bool, Failure> {
        Flags::ask(&mount.port).map(|flags| flags.park() == Some(Park::Unparked))
    }

    /// `:hF#` would take where it stands for its home.
    fn home(&self, mount: &Mount, _: u32) -> Result<(), Failure> {
        rest_first(mount, &Flags::ask(&mount.port)?)?;
        Ok(mount.port.tell(":hC#")?)
    }

    fn homing(&self, mount: &Mount, homing: Homing) -> Result<Stage<Homing>, Failure> {
        let flags = Flags::ask(&mount.port)?;
        let looks = homing.looks + 1;
        Ok(match () {
            () if flags.under_way() => Stage::Again(Homing::default()),
            () if flags.at_home() => Stage::Done,
            () if looks < PATIENT_LOOKS => Stage::Again(Homing { looks }),
            () => Stage::Failed("the mount came to rest, and says that it is not at home".into()),
        })
    }

    fn site_has_seconds(&self) -> bool {
        true
    }

    fn set_longitude(&self, west: f64, seconds: bool) -> Vec<u8> {
        angles::set_longitude(west, seconds)
    }

    fn takes_elevation(&self, held: &HeldPort, metres: f64) -> Result<bool, Failure> {
        held.accepts(format!(":Sv{metres:+.1}#").as_bytes())
    }

    /// `sHH` or `sHH:MM`.
    fn set_zone(&self, hours: f64) -> String {
        let sign = if hours < 0.0 { '-' } else { '+' };
        let (whole, part) = (hours.abs().trunc(), hours.abs().fract());
        if part == 0.0 {
            format!(":SG{sign}{whole:02.0}#")
        } else {
            format!(":SG{sign}{whole:02.0}:{:02.0}#", part * 60.0)
        }
    }
}

/// Sends what is answered by `1`, or by `0` for a reason that it tells when it is asked.
fn obeys(mount: &Mount, command: &str) -> Result<(), Failure> {
    let held = mount.port.hold(HOLD)?;
    if held.accepts(command.as_bytes())? {
        return Ok(());
    }
    drop(held);
    let told = match mount.port.probe(":GE#")? {
        Probed::Text(error) => error,
        Probed::Silence => Vec::new(),
    };
    Err(Failure::Refused(reason(&told)))
}

/// In words.
fn reason(error: &[u8]) -> String {
    let number = String::from_utf8_lossy(error).parse::<usize>().ok();
    let of_slew = number.and_then(|number| REFUSALS.get(number.checked_sub(FIRST_OF_SLEWS)?));
    let of_slew = of_slew.map(|(_, words)| *words);
    let known = ERRORS.iter().find(|(known, _)| Some(*known) == number);
    match known.map(|(_, words)| *words).or(of_slew) {
        Some(words) => format!("the mount refused: {words}"),
        None => "the mount refused, and gives no reason".into(),
    }
}

/// It parks and goes home from rest alone, and is silent about a home that it does not go to.
fn rest_first(mount: &Mount, flags: &Flags) -> Result<(), Failure> {
    if flags.moves() {
        come_to_rest(mount, &mount.port.hold(HOLD)?)?;
    }
    Ok(())
}

fn come_to_rest(mount: &Mount, held: &HeldPort) -> Result<(), Failure> {
    held.tell(":Q#")?;
    for _ in 0..REST_LOOKS {
        if !Flags::read(held.ask(flags::COMMAND)?)?.moves() {
            return Ok(());
        }
        mount.host.sleep(REST_EVERY)?;
    }
    Ok(())
}
