//! `cargo xtask plugins`: the components of this repository, into `target/plugins`.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::files;
use crate::toolchain::{self, COMPONENT_TARGET};
use crate::workspace::{Workspace, step};

/// Cargo's profile for components.
const PROFILE: &str = "plugin";

/// The kinds of components: folders of the data directory, and of `plugins/`.
const KINDS: [&str; 2] = ["handlers", "policies"];

/// Builds every handler and policy of the workspace; returns the folder that now holds `handlers/*.wasm` and `policies/*.wasm`.
pub(crate) fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    toolchain::ensure_component_target(workspace)?;
    let components: Vec<_> = KINDS
        .into_iter()
        .flat_map(|kind| of_kind(workspace, kind))
        .collect();
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--profile", PROFILE, "--target", COMPONENT_TARGET]);
    cargo.args(components.iter().flat_map(|(_, name)| ["--package", name]));
    step(&mut cargo)?;

    let folder = workspace.target.join("plugins");
    for (kind, name) in components {
        let to = folder.join(kind).join(name).with_added_extension("wasm");
        copy(&built(workspace, name), &to)?;
        eprintln!("{}", workspace.shown(&to).display());
    }
    Ok(folder)
}

/// Copies what [`build`] made into a data directory; a host that runs there takes up what changed.
pub(crate) fn install(plugins: &Path, data: &Path, workspace: &Workspace) -> anyhow::Result<()> {
    for kind in KINDS {
        for (_, name) in of_kind(workspace, kind) {
            let file = Path::new(kind).join(name).with_added_extension("wasm");
            copy(&plugins.join(&file), &data.join(&file))?;
        }
    }
    Ok(())
}

fn of_kind<'a>(
    workspace: &'a Workspace,
    kind: &'static str,
) -> impl Iterator<Item = (&'static str, &'a str)> {
    workspace
        .members_below(Path::new("plugins").join(kind))
        .map(move |package| (kind, package.name.as_str()))
}

/// Where cargo leaves a component; crates' names have no hyphens.
fn built(workspace: &Workspace, name: &str) -> PathBuf {
    let file = format!("{}.wasm", name.replace('-', "_"));
    workspace
        .target
        .join(COMPONENT_TARGET)
        .join(PROFILE)
        .join(file)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let bytes = std::fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    files::write_if_changed(to, &bytes)
}
