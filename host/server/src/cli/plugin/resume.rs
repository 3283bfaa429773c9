use clap::Args;
use serde_json::Map;

use super::super::{Common, Failure, running, say};
use crate::local::RESUME;

#[derive(Args)]
pub(super) struct Resume {
    /// Its name in `plugin list`
    name: String,
}

impl Resume {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let words = format!("{} is called again", self.name);
        let params = Map::from_iter([("name".to_owned(), self.name.into())]);
        let result = running::call(&common.data, RESUME, params)?;
        say(common, &words, &result)
    }
}
