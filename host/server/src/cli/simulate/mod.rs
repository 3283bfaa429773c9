//! A mount or a focuser on a pseudo-terminal: a simulated one, whose faults `commands` brings about, or a transcript of one,
//! which `replay` plays.

mod commands;
mod replay;

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
    Precision, Simulator,
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
    /// What it is: a mount that speaks LX200, or one with a NexStar hand control, or a focuser that speaks Moonlite
    #[arg(required_unless_present = "replay")]
    family: Option<Family>,
    /// Which controller a mount that speaks LX200 has: a Meade LX200 Classic, if not given, or OnStep
    #[arg(long, value_parser = dialects())]
    dialect: Option<Dialect>,
    /// The version of a NexStar hand control, such as 4.09: 5.31, if not given
    #[arg(long, value_name = "VERSION", value_parser = hand)]
    hand: Option<Hand>,
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
    #[arg(long, value_name = "FILE", conflicts_with_all = ["family", "dialect", "hand", "faults"])]
    replay: Option<PathBuf>,
    /// Answer from it at once, and not as late as was recorded
    // `requires` would be waived where --replay conflicts with what is there.
    #[arg(long, conflicts_with = "family")]
    fast: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Family {
    Lx200,
    Nexstar,
    Moonlite,
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

impl Simulate {
    pub(super) fn run(mut self, common: &Common) -> Result<(), Failure> {
        match self.replay.take() {
            Some(file) => replay::run(self, &file, common),
            None => self.simulate(common),
        }
    }

    fn simulate(self, common: &Common) -> Result<(), Failure> {
        let usage = |what: &str| Err(Failure::Usage(what.to_owned()));
        match (self.family, self.dialect, self.hand) {
            (Some(Family::Moonlite), Some(_), _) => {
                usage("a focuser has no --dialect; leave it out, or simulate lx200")
            }
            (Some(Family::Nexstar), Some(_), _) => {
                usage("a NexStar hand control has no --dialect; its version is --hand")
            }
            (Some(Family::Nexstar), None, hand) => {
                self.simulate_nexstar(hand.unwrap_or_default(), common)
            }
            (_, _, Some(_)) => {
                usage("only a NexStar has a --hand; leave it out, or simulate nexstar")
            }
            (Some(Family::Moonlite), None, None) => self.simulate_moonlite(common),
            (_, dialect, None) => self.simulate_lx200(dialect.unwrap_or_default(), common),
        }
    }

    fn simulate_lx200(self, dialect: Dialect, common: &Common) -> Result<(), Failure> {
        let simulator = Simulator::start_lx200(Lx200Settings {
            dialect,
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

    fn simulate_nexstar(self, hand: Hand, common: &Common) -> Result<(), Failure> {
        let simulator = Simulator::start_nexstar(NexstarSettings {
            hand,
            dut1: Site::SIMULATED.dut1,
            link: self.link,
            baud: self.baud,
            faults: self.faults,
            ..NexstarSettings::new(Site::SIMULATED.position(), Arc::new(SystemClock))
        });
        let simulator = simulator.context("cannot simulate a mount")?;
        attend(common, simulator.faults(), simulator.device())
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
