use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::json;
use slewgate_simulator::{Lx200Settings, Precision, Simulator};
use slewgate_sky::SystemClock;

use super::{Common, Failure, platform, say};
use crate::config::Site;

#[derive(Args)]
#[command(after_help = "\
It prints what to open as a serial device and runs until Ctrl-C:
  slewgate simulate lx200 --link /tmp/mount
  indiserver indi_lx200basic")]
pub(super) struct Simulate {
    /// The family of mounts: lx200 is an LX200 Classic
    family: Family,
    /// A symbolic link to make, so that the device has a name that stays
    #[arg(long, value_name = "PATH")]
    link: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Family {
    Lx200,
}

impl Simulate {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let Family::Lx200 = self.family;
        let simulator = Simulator::start_lx200(Lx200Settings {
            site: Site::SIMULATED.position(),
            clock: Arc::new(SystemClock),
            dut1: Site::SIMULATED.dut1,
            precision: Precision::High,
            link: self.link,
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
