use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use slewgate_security::trust::SecretKey;

use super::super::{Common, Failure, say};

#[derive(Args)]
pub(super) struct Keygen {
    /// The secret key's file, which must not be there yet; keep it away from the host
    #[arg(value_name = "KEYFILE")]
    file: PathBuf,
}

impl Keygen {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let key = SecretKey::create(&self.file).map_err(anyhow::Error::from)?;
        let public = key.public().to_string();
        let words = format!(
            "The secret key is in {}. Hosts that are to run what it signs have in slewgate.toml:\n\n[trust]\nrequire = \"keys\"\nkeys = [\"{public}\"]",
            self.file.display()
        );
        say(
            common,
            &words,
            &json!({"file": self.file, "public": public}),
        )
    }
}
