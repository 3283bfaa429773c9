use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::json;
use slewgate_engine::inspect;
use slewgate_security::trust::{Digest, SecretKey, sign};

use super::super::{Common, Failure, say};

#[derive(Args)]
#[command(after_help = "\
Such as:
  slewgate plugin sign heater.wasm --key observatory.key
A signature is of a component under its name: a file that is renamed is signed again.")]
pub(super) struct Sign {
    /// Components; the signature of each is put beside it, as FILE.sig
    #[arg(required = true, value_name = "FILE")]
    components: Vec<PathBuf>,
    /// The secret key that `slewgate plugin keygen` made
    #[arg(long, value_name = "KEYFILE")]
    key: PathBuf,
}

impl Sign {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let key = SecretKey::read(&self.key).map_err(anyhow::Error::from)?;
        let signed = self.components.iter().map(|path| put(path, &key));
        let signed = signed.collect::<anyhow::Result<Vec<_>>>()?;
        let words = signed.iter().map(|file| file.display().to_string());
        let words = words.collect::<Vec<_>>().join("\n");
        say(common, &words, &json!({"signatures": signed}))
    }
}

fn put(path: &Path, key: &SecretKey) -> anyhow::Result<PathBuf> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(
        inspect(&bytes).kind.is_some(),
        "{} is no plugin: it exports neither a handler nor a policy; sign the component that `slewgate plugin build` made",
        path.display()
    );
    let signed = sign(path, Digest::of(&bytes), key);
    signed.with_context(|| format!("cannot write the signature of {}", path.display()))
}
