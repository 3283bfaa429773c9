use clap::Args;
use serde_json::Map;

use super::super::{Common, Failure, running, say};
use crate::local::ROLLBACK;

#[derive(Args)]
#[command(after_help = "\
The version that is taken back is not tried again until its file is written anew, whatever the host does meanwhile:
  slewgate plugin rollback mount
  slewgate plugin rollback observer --kind policy")]
pub(super) struct Rollback {
    /// The plugin: `mount` for [plugins.mount], a client type for a policy
    name: String,
    /// Which, where a handler and a policy have the name
    #[arg(long, value_parser = ["handler", "policy"])]
    kind: Option<String>,
}

impl Rollback {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let words = format!("{} serves as it did before.", self.name);
        let mut params = Map::from_iter([("name".to_owned(), self.name.into())]);
        params.extend(self.kind.map(|kind| ("kind".to_owned(), kind.into())));
        let result = running::call(&common.data, ROLLBACK, params)?;
        say(common, &words, &result)
    }
}
