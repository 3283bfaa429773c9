use clap::Args;
use serde_json::json;
use slewgate_engine::forget_state;

use super::super::{Common, Failure, say};
use crate::tables::STATE;

#[derive(Args)]
#[command(after_help = "\
A plugin that is taken out of the configuration keeps what it kept, as it may come back. No host may run on the directory meanwhile.")]
pub(super) struct Forget {
    /// The name of its [plugins.NAME]
    name: String,
}

impl Forget {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let forgotten = forget_state(&common.data.join(STATE), &self.name);
        forgotten.map_err(anyhow::Error::from)?;
        let words = format!("forgotten: what {} kept", self.name);
        say(common, &words, &json!({"forgotten": self.name}))
    }
}
