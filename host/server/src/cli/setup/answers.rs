//! The questions in their order, and what a text must be to answer one. Options go through the same checks.

use std::fmt::{self, Display};
use std::io::{BufRead, Write};
use std::ops::RangeInclusive;

use clap::ValueEnum;
use slewgate_sky::text;

use super::super::Failure;
use super::dialogue::{Dialogue, Question};
use crate::config::{self, Site};

/// Mounts that can be simulated; the first is the default where no device is plugged in.
const SIMULATORS: [&str; 2] = ["simulator:lx200", "simulator:lx200/onstep"];
pub(super) const SIMULATED: &str = "simulator:";
/// LX200 mounts, and OnStep on its first port, come with this.
const BAUD: u32 = 9_600;
const BAUDS: RangeInclusive<u32> = 300..=4_000_000;

/// What was answered.
pub(super) struct Answers {
    /// None where a configuration is there and stays.
    pub(super) mount: Option<Mount>,
    /// Whether to make the first tokens.
    pub(super) tokens: bool,
}

/// What the configuration is written from.
#[derive(Debug, PartialEq)]
pub(super) struct Mount {
    pub(super) device: String,
    /// Of a serial device; nothing else has one.
    pub(super) baud: Option<u32>,
    pub(super) dialect: Dialect,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) elevation: f64,
}

/// What the mount speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Dialect {
    /// Find out
    Auto,
    /// A Meade LX200 Classic, or what does as one
    Classic,
    /// OnStep
    Onstep,
}

/// What the command line says already.
#[derive(Default)]
pub(super) struct Given {
    pub(super) device: Option<String>,
    pub(super) baud: Option<u32>,
    pub(super) dialect: Option<Dialect>,
    pub(super) latitude: Option<f64>,
    pub(super) longitude: Option<f64>,
    pub(super) elevation: Option<f64>,
}

impl Dialect {
    /// As the configuration has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Classic => "classic",
            Self::Onstep => "onstep",
        }
    }
}

impl Given {
    /// The options that say it.
    pub(super) fn options(&self) -> Vec<&'static str> {
        let all = [
            ("--device", self.device.is_some()),
            ("--baud", self.baud.is_some()),
            ("--dialect", self.dialect.is_some()),
            ("--latitude", self.latitude.is_some()),
            ("--longitude", self.longitude.is_some()),
            ("--elevation", self.elevation.is_some()),
        ];
        let given = all.into_iter().filter(|(_, given)| *given);
        given.map(|(option, _)| option).collect()
    }

    /// Asks for what is missing. `devices` are the serial devices that are plugged in.
    pub(super) fn complete(
        self,
        dialogue: &mut Dialogue<impl BufRead, impl Write>,
        devices: &[String],
    ) -> Result<Mount, Failure> {
        let device = match self.device {
            Some(device) => device,
            None => which_device(dialogue, devices)?,
        };
        let simulated = device.starts_with(SIMULATED);
        let baud = match self.baud {
            _ if simulated || device.contains("://") => None,
            None => Some(dialogue.ask(&question("Bits per second", "--baud", Some(BAUD)), baud)?),
            given => given,
        };
        let dialect = match self.dialect {
            Some(dialect) => dialect,
            None => which_dialect(dialogue)?,
        };
        // A simulator can stand anywhere; a real mount stands where it stands.
        let site = simulated.then_some(Site::SIMULATED);
        let mut angle = |given: Option<f64>, text, option, default, parse: Angle| match given {
            Some(angle) => Ok(angle),
            None => dialogue.ask(&question(text, option, default), parse),
        };
        Ok(Mount {
            latitude: angle(
                self.latitude,
                "Latitude of the telescope in degrees, north positive",
                "--latitude",
                site.map(|site| site.latitude),
                latitude,
            )?,
            longitude: angle(
                self.longitude,
                "Longitude in degrees, east positive",
                "--longitude",
                site.map(|site| site.longitude),
                longitude,
            )?,
            elevation: angle(
                self.elevation,
                "Elevation in metres",
                "--elevation",
                Some(site.map_or(0.0, |site| site.elevation)),
                elevation,
            )?,
            device,
            baud,
            dialect,
        })
    }
}

/// How the text of a number is checked.
type Angle = fn(&str) -> Result<f64, String>;

fn which_device(
    dialogue: &mut Dialogue<impl BufRead, impl Write>,
    devices: &[String],
) -> Result<String, Failure> {
    let choices: Vec<&str> = devices
        .iter()
        .map(String::as_str)
        .chain(SIMULATORS)
        .collect();
    dialogue.tell("Where is the mount?")?;
    for (number, choice) in (1..).zip(&choices) {
        dialogue.tell(&format!("  {number}. {choice}"))?;
    }
    dialogue
        .tell("  or another: a path such as /dev/ttyUSB0, tcp://HOST:PORT, or udp://HOST:PORT")?;
    // Among several devices, which one is the mount cannot be guessed.
    let default = (devices.len() < 2).then(|| choices[0].to_owned());
    dialogue.ask(
        &question("Device, or its number", "--device", default),
        |answer| {
            let chosen = answer
                .parse::<usize>()
                .ok()
                .and_then(|number| choices.get(number.checked_sub(1)?));
            match (chosen, answer.parse::<usize>()) {
                (Some(chosen), _) => Ok((*chosen).to_owned()),
                (None, Ok(_)) => Err(format!("choose 1 to {}, or type a device", choices.len())),
                (None, Err(_)) => device(answer),
            }
        },
    )
}

fn which_dialect(dialogue: &mut Dialogue<impl BufRead, impl Write>) -> Result<Dialect, Failure> {
    let asked = question("Dialect (auto, classic, onstep)", "--dialect", Some("auto"));
    dialogue.ask(&asked, |answer| {
        Dialect::from_str(answer, true)
            .map_err(|_| format!("{answer:?} is no dialect; there is auto, classic and onstep"))
    })
}

/// Whether the first tokens are to be made.
pub(super) fn wants_tokens(
    dialogue: &mut Dialogue<impl BufRead, impl Write>,
) -> Result<bool, Failure> {
    let text = "Make a first token of each type, telescope and observer";
    dialogue.ask(
        &question(text, "--no-tokens", Some("yes")),
        |answer| match answer.to_lowercase().as_str() {
            "y" | "yes" => Ok(true),
            "n" | "no" => Ok(false),
            _ => Err("answer yes or no".to_owned()),
        },
    )
}

fn question<'a>(text: &'a str, option: &'a str, default: Option<impl Display>) -> Question<'a> {
    Question {
        text,
        option,
        default: default.map(|default| default.to_string()),
    }
}

/// A device as the configuration takes it.
pub(super) fn device(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.contains(char::is_control) {
        return Err("has control characters".to_owned());
    }
    config::judge_mount(text)?;
    Ok(text.to_owned())
}

/// Bits per second.
pub(super) fn baud(text: &str) -> Result<u32, String> {
    let baud = text.parse().ok().filter(|baud| BAUDS.contains(baud));
    baud.ok_or_else(|| {
        format!(
            "{text:?} is not {} to {} bits per second",
            BAUDS.start(),
            BAUDS.end()
        )
    })
}

/// Degrees, north positive.
pub(super) fn latitude(text: &str) -> Result<f64, String> {
    angle(text, ["N", "S"], -90.0..=90.0, "degrees, north positive")
}

/// Degrees, east positive.
pub(super) fn longitude(text: &str) -> Result<f64, String> {
    angle(text, ["E", "W"], -180.0..=360.0, "degrees, east positive")
}

/// Metres.
pub(super) fn elevation(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches(['m', ' ']).parse().ok();
    within(text, number, -500.0..=9_000.0, "metres")
}

/// Degrees with a sign, or with the letter of a direction, the positive one first.
fn angle(
    text: &str,
    [positive, negative]: [&str; 2],
    range: RangeInclusive<f64>,
    unit: &str,
) -> Result<f64, String> {
    let upper = text.trim().to_uppercase();
    let degrees = if let Some(rest) = upper.strip_suffix(positive) {
        text::parse(unit_mark(rest)).filter(|degrees| *degrees >= 0.0)
    } else if let Some(rest) = upper.strip_suffix(negative) {
        text::parse(unit_mark(rest))
            .filter(|degrees| *degrees >= 0.0)
            .map(|degrees| -degrees)
    } else {
        text::parse(unit_mark(&upper))
    };
    within(text, degrees, range, unit)
}

/// Without the sign of the last unit, which maps write: `51°28'40"`.
fn unit_mark(text: &str) -> &str {
    text.trim().trim_end_matches(['°', '\'', '"', '′', '″'])
}

fn within(
    text: &str,
    number: Option<f64>,
    range: RangeInclusive<f64>,
    unit: &str,
) -> Result<f64, String> {
    let fits = number.filter(|number| range.contains(number));
    fits.ok_or_else(|| Outside { text, range, unit }.to_string())
}

struct Outside<'a> {
    text: &'a str,
    range: RangeInclusive<f64>,
    unit: &'a str,
}

impl Display for Outside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, range, unit } = self;
        write!(
            f,
            "{text:?} is not {} to {} {unit}",
            range.start(),
            range.end()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers without a question but those of `lines`, on a machine with these devices.
    fn asked(given: Given, devices: &[&str], lines: &str) -> (Result<Mount, Failure>, String) {
        let devices: Vec<String> = devices.iter().map(|device| (*device).to_owned()).collect();
        let mut output = Vec::new();
        let mut dialogue = Dialogue::new(lines.as_bytes(), &mut output, false);
        let mount = given.complete(&mut dialogue, &devices);
        (mount, String::from_utf8(output).unwrap())
    }

    #[test]
    fn degrees_are_read_as_people_and_maps_write_them() {
        for (text, expected) in [
            ("51.5", 51.5),
            (" -33:30:00", -33.5),
            ("33:30S", -33.5),
            ("51 30 0 n", 51.5),
            ("51°30'00\"N", 51.5),
            ("0", 0.0),
        ] {
            assert_eq!(latitude(text), Ok(expected), "{text}");
        }
        assert_eq!(longitude("0:30:00W"), Ok(-0.5));
        assert_eq!(longitude("-0:30"), Ok(-0.5));
        assert_eq!(elevation("46 m"), Ok(46.0));
    }

    #[test]
    fn what_is_out_of_range_or_none_is_refused_with_the_range() {
        for text in [
            "91", "-90.5", "north", "", "51W", "-51S", "NaN", "inf", "51:60",
        ] {
            let error = latitude(text).unwrap_err();
            assert!(
                error.ends_with("is not -90 to 90 degrees, north positive"),
                "{text}: {error}"
            );
        }
        assert!(
            longitude("-181")
                .unwrap_err()
                .contains("-180 to 360 degrees, east positive")
        );
        assert!(
            elevation("9001")
                .unwrap_err()
                .contains("-500 to 9000 metres")
        );
        assert!(baud("12").unwrap_err().contains("300 to 4000000"));
    }

    #[test]
    fn what_is_in_range_is_what_the_configuration_takes() {
        for text in ["-90", "90", "-90.001", "90.001"] {
            let file = format!("[site]\nlatitude = {text}\nlongitude = 0");
            let taken = config::Config::parse("slewgate.toml", &file, &[]).is_ok();
            assert_eq!(latitude(text).is_ok(), taken, "{text}");
        }
        for text in ["-180", "360", "-180.001", "360.001"] {
            let file = format!("[site]\nlatitude = 0\nlongitude = {text}");
            let taken = config::Config::parse("slewgate.toml", &file, &[]).is_ok();
            assert_eq!(longitude(text).is_ok(), taken, "{text}");
        }
        for text in ["-500", "9000", "-501", "9001"] {
            let file = format!("[site]\nlatitude = 0\nlongitude = 0\nelevation = {text}");
            let taken = config::Config::parse("slewgate.toml", &file, &[]).is_ok();
            assert_eq!(elevation(text).is_ok(), taken, "{text}");
        }
        for text in ["299", "300", "4000000", "4000001"] {
            let file = format!("[lines.east]\nbaud = {text}");
            let taken = config::Config::parse("slewgate.toml", &file, &[]).is_ok();
            assert_eq!(baud(text).is_ok(), taken, "{text}");
        }
    }

    #[test]
    fn without_a_device_enter_all_the_way_is_a_simulator_at_greenwich() {
        let (mount, shown) = asked(Given::default(), &[], "\n\n\n\n\n");
        let mount = mount.unwrap();
        assert_eq!(
            (mount.device.as_str(), mount.baud),
            ("simulator:lx200", None)
        );
        assert_eq!(
            (mount.latitude, mount.longitude, mount.elevation),
            (51.4779, 0.0, 46.0)
        );
        assert!(
            shown.starts_with("Where is the mount?\n  1. simulator:lx200\n"),
            "{shown}"
        );
    }

    #[test]
    fn the_only_device_is_the_default_and_its_site_must_be_answered() {
        let lines = "\n\nonstep\n\n91\n51.5\n-0.1\n\n";
        let (mount, shown) = asked(Given::default(), &["/dev/serial/by-id/usb-1"], lines);
        let expected = Mount {
            device: "/dev/serial/by-id/usb-1".to_owned(),
            baud: Some(9_600),
            dialect: Dialect::Onstep,
            latitude: 51.5,
            longitude: -0.1,
            elevation: 0.0,
        };
        assert_eq!(mount.unwrap(), expected);
        assert_eq!(shown.matches("-90 to 90").count(), 2, "{shown}");
    }

    #[test]
    fn among_several_devices_one_must_be_chosen() {
        let devices = ["/dev/serial/by-id/a", "/dev/serial/by-id/b"];
        let (mount, shown) = asked(Given::default(), &devices, "\n7\n2\n\n\n1\n2\n3\n");
        assert_eq!(mount.unwrap().device, "/dev/serial/by-id/b");
        assert!(shown.contains("choose 1 to 4"), "{shown}");
        let (mount, _) = asked(Given::default(), &devices, "3\n\n\n\n\n");
        assert_eq!(mount.unwrap().device, "simulator:lx200");
    }

    #[test]
    fn a_device_that_the_configuration_does_not_take_is_asked_for_again() {
        let (mount, shown) = asked(
            Given::default(),
            &[],
            "simulator:meade\nsimulator:moonlite\n/dev/ttyUSB0\n\n\n1\n2\n\n",
        );
        assert_eq!(mount.unwrap().device, "/dev/ttyUSB0");
        assert!(
            shown.contains("simulator:moonlite is no mount; name the mount here"),
            "{shown}"
        );
        assert!(
            shown.contains("no simulator is called \"meade\""),
            "{shown}"
        );
    }

    #[test]
    fn what_an_option_says_is_not_asked() {
        let given = Given {
            device: Some("/dev/ttyUSB0".to_owned()),
            baud: Some(19_200),
            dialect: Some(Dialect::Classic),
            latitude: Some(1.0),
            longitude: Some(2.0),
            elevation: Some(3.0),
        };
        let (mount, shown) = asked(given, &[], "");
        assert_eq!(mount.unwrap().baud, Some(19_200));
        assert_eq!(shown, "");
    }
}
