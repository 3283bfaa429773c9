use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use serde_json::json;
use slewgate_simulator::{Dialect, Lx200Settings, Precision, Simulator};
use slewgate_sky::SystemClock;

use super::{Common, Failure, platform, say};
use crate::config::Site;

#[derive(Args)]
#[command(after_help = "\
It prints what to open as a serial device and runs until Ctrl-C:
  slewgate simulate lx200 --link /tmp/mount
  indiserver indi_lx200basic
Or a mount with OnStep, for indi_lx200_OnStep:
  slewgate simulate lx200 --dialect onstep")]
pub(super) struct Simulate {
    /// The family of mounts
    family: Family,
    /// Which controller of the family it is: a Meade LX200 Classic, or OnStep
    #[arg(long, default_value_t, value_parser = dialects())]
    dialect: Dialect,
    /// A symbolic link to make, so that the device has a name that stays
    #[arg(long, value_name = "PATH")]
    link: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Family {
    Lx200,
}

/// Names those there are, in the help and to whoever asks for another.
fn dialects() -> impl TypedValueParser<Value = Dialect> {
    PossibleValuesParser::new(Dialect::ALL.map(Dialect::name)).try_map(|name| name.parse())
}

impl Simulate {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let Family::Lx200 = self.family;
        let simulator = Simulator::start_lx200(Lx200Settings {
            dialect: self.dialect,
            dut1: Site::SIMULATED.dut1,
            precision: Precision::High,
            link: self.link,
            ..Lx200Settings::new(Site::SIMULATED.position(), Arc::new(SystemClock))
        });
        let simulator = simulator.context("cannot simulate a mount")?;
        let path = simulator.path().display().to_string();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.context("cannot start")?.block_on(async {
            // First, because who reads the path may end us at once.
            let end = platform::end().context("cannot wait for Ctrl-C")?;
            say(common, &path, &json!({ "path": path }))?;
            end.await;
            Ok(())
        })
    }
}
