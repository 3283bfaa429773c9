//! Autobahn's fuzzing client, which tries how WebSocket is spoken. It is in Python 2.7, which few machines have.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::workspace::{Workspace, step};

/// Tests with it have this in their names.
pub(crate) const AUTOBAHN: &str = "autobahn";

/// What it consists of, for pip.
const RELEASES: &str = "tests/python/autobahn.txt";

/// The last of Python 2.7, by which `pyenv` knows it.
const VERSION: &str = "2.7.18";

/// The last that makes environments of Python 2.7 with no library but Python's own, and with a pip that it brings along.
const VIRTUALENV: &str = "virtualenv==16.7.12";

/// The program `wstest` in an environment of the repository's own, in `target/autobahn`. Where there is no Python 2.7 it is said that the
/// tests are left out. `python` is one of today that has pip.
pub(crate) fn ensure(workspace: &Workspace, python: &Path) -> anyhow::Result<Option<PathBuf>> {
    let folder = workspace.target.join("autobahn");
    let wstest = folder.join("environment/bin/wstest");
    let releases = workspace.root.join(RELEASES);
    let installed = folder.join("installed.txt");
    let wanted =
        fs::read(&releases).with_context(|| format!("cannot read {}", releases.display()))?;
    if fs::read(&installed).is_ok_and(|found| found == wanted) && works(&wstest, "-a") {
        return Ok(Some(wstest));
    }
    let Some(old) = python_2() else {
        eprintln!(
            "LEFT OUT: tests with {AUTOBAHN} in their names: no Python 2.7 found; install one: pyenv install {VERSION}"
        );
        return Ok(None);
    };
    install(&folder, python, &old, &releases)
        .with_context(|| format!("tests with Autobahn need what {RELEASES} lists"))?;
    fs::write(&installed, wanted)?;
    Ok(Some(wstest))
}

fn install(folder: &Path, python: &Path, old: &Path, releases: &Path) -> anyhow::Result<()> {
    let (tool, environment) = (folder.join("virtualenv"), folder.join("environment"));
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--upgrade"])
        .arg("--target")
        .args([&tool, Path::new(VIRTUALENV)]);
    step(&mut pip)?;
    let mut make = Command::new(old);
    make.arg(tool.join("virtualenv.py"))
        .args(["--quiet", "--no-download", "--clear"])
        .arg(&environment);
    step(&mut make)?;
    let mut pip = Command::new(environment.join("bin/python"));
    // Without its words on the age of this Python.
    pip.args(["-W", "ignore", "-m", "pip", "install", "--quiet"])
        .args(["--no-python-version-warning", "--no-deps", "--requirement"])
        .arg(releases);
    step(&mut pip)
}

/// The one on the `PATH`, or the one of `pyenv`, which may have others in force.
fn python_2() -> Option<PathBuf> {
    let on_path = PathBuf::from("python2.7");
    if works(&on_path, "-V") {
        return Some(on_path);
    }
    let pyenv = Command::new("pyenv").args(["prefix", VERSION]).output();
    let prefix = String::from_utf8(pyenv.ok()?.stdout).ok()?;
    let python = Path::new(prefix.trim_end()).join("bin/python2.7");
    works(&python, "-V").then_some(python)
}

fn works(program: &Path, argument: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg(argument)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
