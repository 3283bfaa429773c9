//! A mount or a focuser on a pseudo-terminal, or a mount at a UDP port: a simulated one, whose faults `commands` brings about, or a transcript of one,
//! which `replay` plays.

mod commands;
mod replay;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use slewgate_simulator::{
    Device, Dialect, Fault, Faults, Hand, Lx200Settings, MoonliteSettings, NexstarSettings,
    Precision, Simulator, SkywatcherModel, SkywatcherSettings, UdpSimulator,
};
use slewgate_sky::SystemClock;

use super::{Common, Failure, platform, say};
use crate::config::Site;

#[derive(Args)]
#[command(after_help = "\
It prints what to open as a serial device and runs until Ctrl-C:
  slewgate simulate lx200 --link /tmp/mount
  indiserver indi_lx200basic
Or a mount with OnStep, for indi_lx200_OnStep:
  slewgate simulate lx200 --dialect onstep
Or one with a NexStar hand control, for indi_celestron_gps:
  slewgate simulate nexstar
Or a mount whose motors are spoken to, by a cable or as behind a WiFi adapter:
  slewgate simulate skywatcher --model azeq6
  slewgate simulate skywatcher --udp
Or a focuser, for indi_moonlite_focus:
  slewgate simulate moonlite
What is wrong with it is told here, or while it runs by lines of input: a fault, `clear` or `list`.
  slewgate simulate lx200 --fault drop,chance=0.05 --fault runaway=first,ignores=2
Faults of the wire: drop, delay=1s, garble=1, cut=3, silence, disconnect=1s, babble=8
Faults of the mount: stuck=first, runaway=first, lie=5
When: next=3, chance=0.05, seed=7, for=5s, match=:GR; docs/protocol.md tells all of them
Or what a transcript has for each request:
  slewgate simulate --replay east.jsonl")]
pub(super) struct Simulate {
    /// What it is: a mount that speaks LX200, one with a NexStar hand control, one with Sky-Watcher's motors, or a focuser that speaks Moonlite
    #[arg(required_unless_present = "replay")]
    family: Option<Family>,
    /// Which controller an LX200 mount has: a Meade LX200 Classic, if not given, or OnStep
    #[arg(long, value_parser = dialects())]
    dialect: Option<Dialect>,
    /// The version of a NexStar hand control, such as 4.09: 5.31, if not given
    #[arg(long, value_name = "VERSION", value_parser = hand)]
    hand: Option<Hand>,
    /// Which mount of Sky-Watcher's it is: an EQ6 of the first years, if not given, or an AZ-EQ6
    #[arg(long, value_parser = models())]
    model: Option<SkywatcherModel>,
    /// Answer datagrams at a UDP port of this computer instead: 11880, if none is given; 0 is one that is free
    #[arg(
        long, value_name = "PORT", num_args = 0..=1, require_equals = true, default_missing_value = "11880",
        conflicts_with_all = ["link", "baud"]
    )]
    udp: Option<u16>,
    /// A symbolic link to make, so that the device has a name that stays
    #[arg(long, value_name = "PATH")]
    link: Option<PathBuf>,
    /// The line is as slow as a real one of so many bits a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(50..=4_000_000))]
    baud: Option<u32>,
    /// What is wrong from the beginning; may be given several times
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,
    /// Answer from a transcript of a line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["family", "dialect", "hand", "model", "udp", "faults"])]
    replay: Option<PathBuf>,
    /// Answer from it at once, and not as late as was recorded
    // `requires` would be waived where --replay conflicts with what is there.
    #[arg(long, conflicts_with = "family")]
    fast: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Family {
    Lx200,
    Nexstar,
    Skywatcher,
    Moonlite,
}

impl Family {
    fn name(self) -> &'static str {
        match self {
            Self::Lx200 => "lx200",
            Self::Nexstar => "nexstar",
            Self::Skywatcher => "skywatcher",
            Self::Moonlite => "moonlite",
        }
    }

    fn described(self) -> &'static str {
        match self {
            Self::Lx200 => "a mount that speaks LX200",
            Self::Nexstar => "a NexStar hand control",
            Self::Skywatcher => "a mount with Sky-Watcher's motors",
            Self::Moonlite => "a focuser",
        }
    }
}

/// Longer than anybody waits.
const FOR_EVER: Duration = Duration::MAX;

/// Names those there are, in the help and to whoever asks for another.
fn dialects() -> impl TypedValueParser<Value = Dialect> {
    PossibleValuesParser::new(Dialect::ALL.map(Dialect::name)).try_map(|name| name.parse())
}

/// `4.09`, or `4.9`: minor versions are counted.
fn hand(version: &str) -> Result<Hand, String> {
    let numbers = version.split_once('.');
    let number = |text: &str| text.parse::<u8>().ok();
    numbers
        .and_then(|(major, minor)| Some(Hand::of_version(number(major)?, number(minor)?)))
        .ok_or_else(|| "a version is two numbers, such as 4.09".to_owned())
}

fn models() -> impl TypedValueParser<Value = SkywatcherModel> {
    PossibleValuesParser::new(SkywatcherModel::ALL.map(SkywatcherModel::name))
        .try_map(|name| name.parse())
}

impl Simulate {
    pub(super) fn run(mut self, common: &Common) -> Result<(), Failure> {
        match self.replay.take() {
            Some(file) => replay::run(self, &file, common),
            None => self.simulate(common),
        }
    }

    fn simulate(self, common: &Common) -> Result<(), Failure> {
        let family = self.family.unwrap_or(Family::Lx200);
        self.judge(family)?;
        match (family, self.udp) {
            (Family::Lx200, _) => self.simulate_lx200(common),
            (Family::Nexstar, _) => self.simulate_nexstar(common),
            (Family::Skywatcher, None) => self.simulate_skywatcher(common),
            (Family::Skywatcher, Some(port)) => self.simulate_adapter(port, common),
            (Family::Moonlite, _) => self.simulate_moonlite(common),
        }
    }

    /// What is of another family means nothing here.
    fn judge(&self, family: Family) -> Result<(), Failure> {
        let options = [
            ("--dialect", self.dialect.is_some(), Family::Lx200),
            ("--hand", self.hand.is_some(), Family::Nexstar),
            ("--model", self.model.is_some(), Family::Skywatcher),
            ("--udp", self.udp.is_some(), Family::Skywatcher),
        ];
        let of_others = |(_, given, of): &(_, bool, Family)| *given && *of != family;
        match options.into_iter().find(of_others) {
            None => Ok(()),
            Some((option, _, of)) => Err(Failure::Usage(format!(
                "{} has no {option}; leave it out, or simulate {}",
                family.described(),
                of.name()
            ))),
        }
    }

    fn simulate_lx200(self, common: &Common) -> Result<(), Failure> {
        let simulator = Simulator::start_lx200(Lx200Settings {
            dialect: self.dialect.unwrap_or_default(),
            dut1: Site::SIMULATED.dut1,
            precision: Precision::High,
            link: self.link,
            baud: self.baud,
            faults: self.faults,
            ..Lx200Settings::new(Site::SIMULATED.position(), Arc::new(SystemClock))
        });
        let simulator = simulator.context("cannot simulate a mount")?;
        attend(common, simulator.faults(), simulator.device())
    }

    fn simulate_nexstar(self, common: &Common) -> Result<(), Failure> {
        let simulator = Simulator::start_nexstar(NexstarSettings {
            hand: self.hand.unwrap_or_default(),
            dut1: Site::SIMULATED.dut1,
            link: self.link,
            baud: self.baud,
            faults: self.faults,
            ..NexstarSettings::new(Site::SIMULATED.position(), Arc::new(SystemClock))
        });
        let simulator = simulator.context("cannot simulate a mount")?;
        attend(common, simulator.faults(), simulator.device())
    }

    fn simulate_skywatcher(self, common: &Common) -> Result<(), Failure> {
        let simulator = Simulator::start_skywatcher(self.motors());
        let simulator = simulator.context("cannot simulate a mount")?;
        attend(common, simulator.faults(), simulator.device())
    }

    /// As behind a WiFi adapter.
    fn simulate_adapter(self, port: u16, common: &Common) -> Result<(), Failure> {
        let address = (Ipv4Addr::LOCALHOST, port).into();
        let simulator = UdpSimulator::start_skywatcher(&self.motors(), address);
        let simulator = simulator.context("cannot simulate a mount")?;
        let (faults, listening) = (simulator.faults(), common.clone());
        let device = format!("udp://{}", simulator.address());
        until_the_end(common, &device, &json!({ "path": device }), || {
            thread::spawn(move || commands::obey(&listening, &faults));
        })
    }

    fn motors(self) -> SkywatcherSettings {
        SkywatcherSettings {
            model: self.model.unwrap_or_default(),
            dut1: Site::SIMULATED.dut1,
            link: self.link,
            baud: self.baud,
            faults: self.faults,
            ..SkywatcherSettings::new(Site::SIMULATED.position(), Arc::new(SystemClock))
        }
    }

    fn simulate_moonlite(self, common: &Common) -> Result<(), Failure> {
        let simulator = Simulator::start_moonlite(MoonliteSettings {
            link: self.link,
            baud: self.baud,
            faults: self.faults,
            ..MoonliteSettings::new(Arc::new(SystemClock))
        });
        let simulator = simulator.context("cannot simulate a focuser")?;
        attend(common, simulator.faults(), simulator.device())
    }
}

/// Goes on until Ctrl-C, obeying its input. Who calls this keeps the simulator.
fn attend(common: &Common, faults: Faults, device: Device) -> Result<(), Failure> {
    let path = device.path().display().to_string();
    until_the_end(common, &path, &json!({ "path": path }), || {
        let (listening, watching) = (common.clone(), common.clone());
        thread::spawn(move || commands::obey(&listening, &faults));
        thread::spawn(move || tell_moves(&watching, &device));
    })
}

/// Tells where to find the device in words or in JSON, goes on with that, and waits for Ctrl-C.
fn until_the_end(
    common: &Common,
    path: &str,
    json: &Value,
    then: impl FnOnce(),
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.context("cannot start")?.block_on(async {
        // First, because who reads the path may end us at once.
        let end = platform::end().context("cannot wait for Ctrl-C")?;
        say(common, path, json)?;
        then();
        end.await;
        Ok(())
    })
}

/// Tells each other path that the device has when it comes back.
fn tell_moves(common: &Common, device: &Device) {
    let mut path = device.path();
    for number in 2.. {
        if !device.wait_for_opening(number, FOR_EVER) {
            return;
        }
        if device.path() != path {
            path = device.path();
            let shown = path.display().to_string();
            // Nobody hears it where it cannot be printed.
            let _ = say(common, &shown, &json!({ "path": shown }));
        }
    }
}
