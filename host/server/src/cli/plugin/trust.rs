use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::json;
use slewgate_security::trust::{Digest, DigestList};

use super::super::serve::found_in;
use super::super::{Common, Failure, complain, say};
use crate::config::{self, Config};
use crate::trust::list_in;

#[derive(Args)]
#[command(after_help = "\
Such as:
  slewgate plugin trust handlers/heater.wasm
  slewgate plugin trust heater observer
The list is trusted.txt in the data directory, as sha256sum prints it; lines are taken out by hand. A running host takes it up.")]
pub(super) struct Trust {
    /// A component's file, the name of its [plugins.NAME], or the client type of a policy
    #[arg(required = true, value_name = "FILE|NAME")]
    components: Vec<String>,
}

impl Trust {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let config = Config::load(found_in(&common.data).as_deref(), &config::of_process())?;
        let find = |what: &String| find(what, &common.data, &config);
        let components = self.components.iter().map(find);
        let components = components.collect::<anyhow::Result<Vec<_>>>()?;
        let list = list_in(&common.data);
        let added = DigestList::at(&list).add(&components);
        let added = added.map_err(anyhow::Error::from)?;
        if config.trust != config::Trust::Digests {
            complain(&format!(
                "{} counts once slewgate.toml has [trust] require = \"digests\"",
                list.display()
            ));
        }
        let words = components.iter().map(|(path, digest)| {
            let known = match added.contains(path) {
                true => "trusted",
                false => "trusted before",
            };
            format!("{known}: {digest}  {}", path.display())
        });
        let words = words.collect::<Vec<_>>().join("\n");
        let trusted = components.iter().map(|(path, digest)| {
            json!({"file": path, "digest": digest.to_string(), "added": added.contains(path)})
        });
        say(common, &words, &trusted.collect::<Vec<_>>())
    }
}

/// A component and its digest.
fn find(what: &str, data: &Path, config: &Config) -> anyhow::Result<(PathBuf, Digest)> {
    let file = PathBuf::from(what);
    let of_table = config.plugins.get(what);
    let named = of_table.map(|plugin| data.join("handlers").join(&plugin.component));
    let of_type = data
        .join("policies")
        .join(what)
        .with_added_extension("wasm");
    let places = [Some(file), named, Some(of_type)];
    let path = places.into_iter().flatten().find(|path| path.is_file());
    let path = path.ok_or_else(|| {
        anyhow!(
            "{what:?} is no file, and no plugin or policy of {} has that name",
            data.display()
        )
    })?;
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok((path, Digest::of(&bytes)))
}
