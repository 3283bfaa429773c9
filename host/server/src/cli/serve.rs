use std::path::{Path, PathBuf};

use clap::Args;

use super::{Common, Failure, compile, token};
use crate::config::{self, Config, ConfigError};
use crate::host::{self, ServeOptions};
use crate::logging;

/// The configuration that is looked for in the data directory.
pub(super) const CONFIGURATION: &str = "slewgate.toml";

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
        crate::platform::make_room_for_sockets();
        judge_data(&common.data)?;
        judge_contents(&common.data, file.is_some())?;
        let options = ServeOptions {
            config,
            data: common.data.clone(),
            ready_file: self.ready_file,
            compiler: compile::compiler(),
        };
        Ok(host::serve(options)?)
    }
}

pub(super) fn found_in(data: &Path) -> Option<PathBuf> {
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

/// A directory that has no configuration, and lacks tokens or components too, is most likely the wrong one, such as that of
/// the archive, or was not set up. Where there is a configuration missing tokens are no reason: they come while the host runs.
fn judge_contents(data: &Path, configured: bool) -> Result<(), ConfigError> {
    let has = |folder: &str| {
        let mut entries = std::fs::read_dir(data.join(folder)).into_iter().flatten();
        entries.next().is_some()
    };
    let missing = if configured {
        return Ok(());
    } else if !data.join(token::FILE).exists() {
        token::FILE
    } else if !has("handlers") && !has("policies") {
        "handlers or policies"
    } else {
        return Ok(());
    };
    let place = data.display().to_string();
    let sentence = format!(
        "this is not set up: it has no {CONFIGURATION} and no {missing}; run `slewgate setup {place}`, or name another directory with --data"
    );
    Err(ConfigError::new(place, sentence))
}
