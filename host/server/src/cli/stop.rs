use serde_json::Map;

use super::{Common, Failure, running, say};

/// The host's own method that sends every line's stop sequence.
const METHOD: &str = "host.stop";

pub(super) fn run(common: &Common) -> Result<(), Failure> {
    let result = running::call(&common.data, METHOD, Map::new())?;
    say(common, "stopped", &result)
}
