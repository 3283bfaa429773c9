//! `cargo xtask plugins`: the components of this repository, into `target/plugins`.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::files;
use crate::platform;
use crate::toolchain::{self, COMPONENT_TARGET};
use crate::workspace::{Workspace, step};

/// Cargo's profile for components.
const PROFILE: &str = "plugin";

/// The kinds of components: folders of the data directory, and of `plugins/`.
const KINDS: [&str; 2] = ["handlers", "policies"];

/// Components that only tests load: their folder in [`build`]'s, and where their sources are. Those of an older contract have no SDK.
const TESTS: (&str, [&str; 2]) = ("tests", ["tests/components", "tests/older/components"]);

/// Builds every handler and policy of the workspace, and those of the tests; returns the folder that now holds
/// `handlers/*.wasm`, `policies/*.wasm` and `tests/*.wasm`.
pub(crate) fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    toolchain::ensure_component_target(workspace)?;
    let for_tests = TESTS.1.into_iter();
    let for_tests = for_tests.flat_map(|sources| members(workspace, TESTS.0, Path::new(sources)));
    let components: Vec<_> = KINDS
        .into_iter()
        .flat_map(|kind| of_kind(workspace, kind))
        .chain(for_tests)
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
        // The host runs nothing that others could have put there, whatever this user's files are like otherwise.
        let folder = data.join(kind);
        platform::make_private_directory(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
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
    members(workspace, kind, &Path::new("plugins").join(kind))
}

/// The packages below `sources`, each with the folder that its component goes to.
fn members<'a>(
    workspace: &'a Workspace,
    folder: &'static str,
    sources: &Path,
) -> impl Iterator<Item = (&'static str, &'a str)> + use<'a> {
    workspace
        .members_below(sources.to_owned())
        .map(move |package| (folder, package.name.as_str()))
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
