//! Other people's programs that tests drive the host with.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::workspace::{Workspace, step};

/// INDI's drivers for LX200 mounts and Moonlite focusers, its server, and the clients for scripts.
const INDI: [&str; 5] = [
    "indiserver",
    "indi_lx200basic",
    "indi_moonlite_focus",
    "indi_getprop",
    "indi_setprop",
];

/// Says what is missing of INDI.
pub(crate) fn ensure_indi() -> anyhow::Result<()> {
    ensure(&INDI, "INDI", "indi-bin")
}

/// What builds plugins in C, and their tests.
const C: [&str; 3] = ["clang", "wasm-ld", "make"];

/// Says what is missing to build plugins in C.
pub(crate) fn ensure_c() -> anyhow::Result<()> {
    ensure(&C, "a C compiler for WebAssembly", "clang lld make")
}

/// What reads the files for a service.
const SYSTEMD: [&str; 2] = ["systemd-analyze", "systemd-sysusers"];

/// Says what is missing to look at the files for a service.
pub(crate) fn ensure_systemd() -> anyhow::Result<()> {
    ensure(&SYSTEMD, "systemd's own programs", "systemd")
}

/// Says what is missing to install the archive in a system of its own, which long tests do.
pub(crate) fn ensure_debootstrap() -> anyhow::Result<()> {
    ensure(
        &["debootstrap", "unshare", "ip"],
        "debootstrap",
        "debootstrap util-linux iproute2",
    )
}

fn ensure(programs: &[&str], what: &str, packages: &str) -> anyhow::Result<()> {
    let missing: Vec<_> = programs
        .iter()
        .copied()
        .filter(|program| !is_on_path(program))
        .collect();
    if !missing.is_empty() {
        bail!(
            "{} not found on the PATH; install {what}: apt-get install {packages}",
            missing.join(", ")
        );
    }
    Ok(())
}

/// Tests of links that are taken down have this in their names.
pub(crate) const NAMESPACES: &str = "network_namespace";

/// Whether tests may make network namespaces, which `ip` does.
pub(crate) fn may_make_namespaces() -> anyhow::Result<bool> {
    if !is_on_path("ip") {
        bail!("ip not found on the PATH; install iproute2: apt-get install iproute2");
    }
    let name = format!("slewgate-xtask-{}", std::process::id());
    let netns = |verb| Command::new("ip").args(["netns", verb, &name]).output();
    let made = netns("add")?;
    if made.status.success() {
        netns("delete")?;
    } else {
        let why = String::from_utf8_lossy(&made.stderr);
        eprintln!(
            "LEFT OUT: tests with {NAMESPACES} in their names, which only root may run: {why}"
        );
    }
    Ok(made.status.success())
}

/// Python's libraries that tests need: as it imports them, and as they are installed.
const LIBRARIES: [(&str, &str); 2] = [("websockets", "websockets"), ("erfa", "pyerfa")];

/// A Python of the repository's own, in `target/venv`, that has the [`LIBRARIES`].
pub(crate) fn ensure_python(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let folder = workspace.target.join("venv");
    let python = folder.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    if has_libraries(&python) {
        return Ok(python);
    }
    step(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    )
    .context("tests with Python need python3 and its venv: apt-get install python3 python3-venv")?;
    let names = LIBRARIES.map(|(_, name)| name);
    step(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(names),
    )
    .with_context(|| {
        format!(
            "tests with Python need its libraries {} in {}",
            names.join(" and "),
            folder.display()
        )
    })?;
    Ok(python)
}

/// Programs that Chromium goes by.
const CHROMIUM: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Where the tests of the web page are, with what they need listed in their `package.json`.
const BROWSER_TESTS: &str = "tests/browser";

/// A Chromium, and what drives it from Node in the tests' own folder.
pub(crate) fn ensure_browser(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let Some(chromium) = CHROMIUM.iter().find_map(|program| on_path(program)) else {
        bail!(
            "{} not found on the PATH; install Chromium: apt-get install chromium",
            CHROMIUM.join(" or ")
        );
    };
    for program in ["node", "npm"] {
        if !is_on_path(program) {
            bail!(
                "{program} not found on the PATH; install Node 18 or newer: apt-get install nodejs npm"
            );
        }
    }
    let folder = workspace.root.join(BROWSER_TESTS);
    if !folder.join("node_modules/playwright-core").exists() {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund"])
            .current_dir(&folder);
        step(&mut npm).with_context(|| {
            format!("tests of the page need what {BROWSER_TESTS}/package.json lists")
        })?;
    }
    Ok(chromium)
}

fn has_libraries(python: &PathBuf) -> bool {
    let imports = LIBRARIES
        .map(|(name, _)| format!("import {name}"))
        .join("\n");
    let mut command = Command::new(python);
    command
        .args(["-c", &imports])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn is_on_path(program: &str) -> bool {
    on_path(program).is_some()
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
