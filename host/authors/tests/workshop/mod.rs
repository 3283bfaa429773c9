//! Projects whose languages' tools are installed: for tests here, and for those that load what was built into a host.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use slewgate_authors::{Kind, Language, Project, create};
use tempfile::TempDir;

/// What TypeScript asks npm for has what JavaScript does.
const NPM: (&str, &str) = (
    "package.json",
    include_str!("../../templates/typescript/both/package.json"),
);
const PIP: (&str, &str) = (
    "requirements.txt",
    include_str!("../../templates/python/both/requirements.txt"),
);
/// Of this workspace: what cargo has here already is what a project in Rust gets.
const LOCK: &str = include_str!("../../../../Cargo.lock");

/// A project from a template, for as long as this is there.
pub(crate) struct Made {
    /// Ready to be built.
    pub(crate) project: Project,
    _folder: TempDir,
}

/// A new project `heater` or `visitor`, from its template.
pub(crate) fn made(language: Language, kind: Kind) -> Made {
    let folder = tempfile::tempdir_in(workshop(language)).unwrap();
    let name = match kind {
        Kind::Handler => "heater",
        Kind::Policy => "visitor",
    };
    let directory = folder.path().join(name);
    let project = create(name.parse().unwrap(), language, kind, &directory).unwrap();
    if language == Language::Rust {
        fs::write(directory.join("Cargo.lock"), LOCK).unwrap();
    }
    Made {
        project,
        _folder: folder,
    }
}

/// Runs a command in a folder, to its good end.
pub(crate) fn run(folder: &Path, command: &str) {
    let mut words = command.split_whitespace();
    let mut program = Command::new(words.next().unwrap());
    let status = program.args(words).current_dir(folder).status().unwrap();
    assert!(status.success(), "{command} in {}", folder.display());
}

/// A folder whose projects share their tools, which are kept from one run to the next.
fn workshop(language: Language) -> PathBuf {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("workshop");
    fs::create_dir_all(folder.join(".cargo")).unwrap();
    let _alone = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    match language {
        Language::Rust => {
            let target = folder.join("target");
            let cargo = format!("[build]\ntarget-dir = {target:?}\n[net]\noffline = true\n");
            fs::write(folder.join(".cargo/config.toml"), cargo).unwrap();
        }
        Language::Python => {
            let pip = ".venv/bin/pip install --quiet -r requirements.txt";
            install(&folder, PIP, &["python3 -m venv .venv", pip]);
        }
        Language::JavaScript | Language::TypeScript => {
            install(&folder, NPM, &["npm install --no-audit --no-fund"]);
        }
        Language::C => {}
    }
    folder
}

/// Installs what a template's list names, if that was not done before.
fn install(workshop: &Path, (name, list): (&str, &str), commands: &[&str]) {
    let file = workshop.join(name);
    let installed = file.with_added_extension("installed");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == list) {
        return;
    }
    fs::write(&file, list).unwrap();
    for command in commands {
        run(workshop, command);
    }
    fs::write(&installed, list).unwrap();
}
