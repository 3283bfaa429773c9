//! Rust: cargo, with rustc's own target for components.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::tool::{self, Tool};
use crate::{Error, Project};

/// Rust's platform for components.
const TARGET: &str = "wasm32-wasip2";

const CARGO: Tool = Tool {
    name: "cargo",
    install: "install Rust with https://rustup.rs",
};

const RUSTUP: Tool = Tool {
    name: "rustup",
    install: "rustc lacks the target for components: install wasm32-wasip2 as your distribution does, or Rust with https://rustup.rs",
};

/// What cargo says of each thing that it has built, as far as it matters here.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

pub(super) fn build(project: &Project) -> Result<Vec<u8>, Error> {
    let cargo = CARGO.find()?;
    ensure_target(&project.directory)?;
    let mut command = Command::new(cargo);
    command
        .args(["build", "--release", "--target", TARGET])
        .args(["--message-format", "json-render-diagnostics"])
        .stdout(Stdio::piped());
    let told = tool::output(&mut command, &project.directory)?;
    let file = component(&told).ok_or_else(|| {
        Error::Contract("its Cargo.toml needs `crate-type = [\"cdylib\"]` in [lib]".to_owned())
    })?;
    fs::read(&file).map_err(Error::io("read", &file))
}

/// Where cargo has put the component, which its configuration decides.
fn component(told: &[u8]) -> Option<PathBuf> {
    let messages = told.split(|byte| *byte == b'\n');
    let messages = messages.filter_map(|line| serde_json::from_slice::<Message>(line).ok());
    let mut files = messages.flat_map(|message| message.filenames);
    files.rfind(|file| file.extension().is_some_and(|ending| ending == "wasm"))
}

/// Gets the target with rustup where this toolchain lacks it.
fn ensure_target(project: &Path) -> Result<(), Error> {
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--print", "target-libdir", "--target", TARGET])
        .stdout(Stdio::piped());
    let libraries = tool::output(&mut rustc, project)?;
    let libraries = String::from_utf8_lossy(&libraries);
    if Path::new(libraries.trim_end()).exists() {
        return Ok(());
    }
    let mut rustup = Command::new(RUSTUP.find()?);
    tool::run(rustup.args(["target", "add", TARGET]), project)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_component_is_found_among_what_cargo_tells() {
        let told = br#"{"reason":"compiler-artifact","filenames":["/t/libserde.rlib"]}
{"reason":"build-script-executed"}
{"reason":"compiler-artifact","filenames":["/t/plugin.wasm","/t/libplugin.rlib"]}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(component(told), Some(PathBuf::from("/t/plugin.wasm")));
        assert_eq!(component(b""), None);
    }
}
