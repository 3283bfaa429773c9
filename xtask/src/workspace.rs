//! What cargo knows of this repository.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

/// Where things are.
pub(crate) struct Workspace {
    /// The repository.
    pub(crate) root: PathBuf,
    /// `target`, or what `CARGO_TARGET_DIR` names.
    pub(crate) target: PathBuf,
    packages: Vec<Package>,
}

/// A member of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its folder, relative to the root.
    pub(crate) folder: PathBuf,
}

impl Workspace {
    /// Asks `cargo metadata`, which builds nothing.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let output = cargo()
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo metadata")?;
        if !output.status.success() {
            bail!("cargo metadata failed");
        }
        let metadata = serde_json::from_slice(&output.stdout)?;
        Self::from_metadata(&metadata).context("cargo metadata has another shape than expected")
    }

    fn from_metadata(metadata: &Value) -> Option<Self> {
        let root = PathBuf::from(metadata["workspace_root"].as_str()?);
        let target = PathBuf::from(metadata["target_directory"].as_str()?);
        let package = |package: &Value| {
            let folder = Path::new(package["manifest_path"].as_str()?).parent()?;
            let name = package["name"].as_str()?.to_owned();
            Some(Package {
                name,
                folder: folder.strip_prefix(&root).ok()?.to_owned(),
            })
        };
        let packages = metadata["packages"]
            .as_array()?
            .iter()
            .map(package)
            .collect::<Option<_>>()?;
        Some(Self {
            root,
            target,
            packages,
        })
    }

    /// The members in a folder of the repository, such as `plugins/handlers`.
    pub(crate) fn members_below(&self, folder: PathBuf) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(move |package| package.folder.starts_with(&folder))
    }

    /// Builds the program. It is selected from the whole workspace, so that wasmtime is built with the features that it
    /// has in `cargo xtask test`.
    pub(crate) fn build_program(&self) -> anyhow::Result<()> {
        step(
            self.cargo()
                .args(["build", "--workspace", "--bin", "slewgate"]),
        )
    }

    /// The program, once it is built.
    pub(crate) fn slewgate(&self) -> PathBuf {
        self.target
            .join("debug")
            .join(format!("slewgate{}", std::env::consts::EXE_SUFFIX))
    }

    /// A path as somebody in the repository's root would type it.
    pub(crate) fn shown<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    /// `cargo` with this repository as its working directory.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root);
        command
    }
}

/// What cargo tells a program that it runs of that program's own package, in names that begin so. Build scripts that look at these, as that of
/// `ring` does, would build everything anew whenever cargo is called from here after it was called by hand.
const OF_THIS_PACKAGE: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// The cargo that runs this, or the one on the `PATH`.
fn cargo() -> Command {
    let mut cargo =
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if OF_THIS_PACKAGE.iter().any(|begin| text.starts_with(begin)) {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// Runs a step whose output the user sees; an error names it.
pub(crate) fn step(command: &mut Command) -> anyhow::Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot run {}", spelled(command)))?;
    if !status.success() {
        bail!("{} failed: {status}", spelled(command));
    }
    Ok(())
}

/// The command line, for messages.
pub(crate) fn spelled(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
