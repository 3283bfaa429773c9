use std::path::{Path, PathBuf};

use clap::Args;

use super::{Common, Failure};
use crate::config::{self, Config, ConfigError};
use crate::host::{self, ServeOptions};
use crate::logging;

/// The configuration that is looked for in the data directory.
const CONFIGURATION: &str = "slewgate.toml";

#[derive(Args)]
#[command(after_help = "\
Without a configuration the host simulates an LX200 and serves it on port 4000. \
The file slewgate.toml in the data directory is the configuration, if there is one. \
Environment variables override it:
  WS_IP=127.0.0.1 slewgate serve                  only this machine can connect
  SLEWGATE_COMMAND__PORT=4400 slewgate serve      another port
  SLEWGATE_LINES__EAST__DEVICE=/dev/ttyUSB0 slewgate serve")]
pub(super) struct Serve {
    /// The configuration [default: slewgate.toml in the data directory, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Write the bound addresses to this file, as JSON, once all are bound
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

impl Serve {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let level =
            std::env::var_os(logging::VARIABLE).map(|level| level.to_string_lossy().into_owned());
        let _logging = logging::start(level.as_deref())?;
        let file = self.config.or_else(|| found_in(&common.data));
        let config = Config::load(file.as_deref(), &config::of_process())?;
        judge_data(&common.data)?;
        judge_contents(&common.data, file.is_some())?;
        let options = ServeOptions {
            config,
            data: common.data.clone(),
            ready_file: self.ready_file,
        };
        Ok(host::serve(options)?)
    }
}

fn found_in(data: &Path) -> Option<PathBuf> {
    let file = data.join(CONFIGURATION);
    file.exists().then_some(file)
}

fn judge_data(data: &Path) -> Result<(), ConfigError> {
    let place = data.display().to_string();
    let is_there = data.is_dir().then_some(());
    is_there.ok_or_else(|| {
        ConfigError::new(
            place,
            "the data directory is not there; make it, or name another with --data",
        )
    })
}

/// A directory with nothing of a host in it is most likely the wrong one, or was not set up. Missing tokens are no
/// reason: they come while the host runs.
fn judge_contents(data: &Path, configured: bool) -> Result<(), ConfigError> {
    let has = |folder: &str| {
        let mut entries = std::fs::read_dir(data.join(folder)).into_iter().flatten();
        entries.next().is_some()
    };
    if configured || has("handlers") || has("policies") {
        return Ok(());
    }
    let place = data.display().to_string();
    let sentence = format!(
        "nothing is set up here: no {CONFIGURATION}, no handlers and no policies; run `slewgate setup {place}`"
    );
    Err(ConfigError::new(place, sentence))
}
