//! Python: componentize-py, which brings CPython for components with it.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::project::BUILD;
use crate::tool::{self, PYTHON_PROGRAMS, Tool};
use crate::{Error, Project};

const COMPONENTIZE: Tool = Tool {
    name: "componentize-py",
    install: "in the project: `python3 -m venv .venv` and `.venv/bin/pip install -r requirements.txt`",
};

/// Where tests and editors find what a component gets of the contract.
const BINDINGS: &str = "bindings";

pub(super) fn build(project: &Project) -> Result<Vec<u8>, Error> {
    let program = COMPONENTIZE.find_in(PYTHON_PROGRAMS, &project.directory)?;
    let componentize = || {
        let mut command = Command::new(&program);
        let world = project.kind.world();
        command.args(["--quiet", "--wit-path", "wit", "--world", world]);
        // Of a mistake in the sources it would show its own stack below it, some fifty lines.
        command.env("RUST_BACKTRACE", "0");
        command
    };
    let build = Path::new(BUILD);
    let bindings = build.join(BINDINGS);
    // The tool writes into no folder that has anything in it.
    remove(&project.directory.join(&bindings))?;
    let mut command = componentize();
    tool::run(command.arg("bindings").arg(bindings), &project.directory)?;

    // The module of `src` that has what the world exports is called as the kind.
    let component = build.join("component.wasm");
    let mut command = componentize();
    command
        .args(["componentize", "--python-path", "src", project.kind.name()])
        .arg("--output")
        .arg(&component);
    tool::run(&mut command, &project.directory)?;
    let component = project.directory.join(component);
    fs::read(&component).map_err(Error::io("read", &component))
}

fn remove(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", folder)(error))
        }
        _ => Ok(()),
    }
}
