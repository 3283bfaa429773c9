//! Programs of the languages: where they are, and running them.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

/// A program that a language needs.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// How to install it: what an author types, after a word or two.
    pub(crate) install: &'static str,
}

/// How programs end in their names.
const ENDINGS: &[&str] = if cfg!(windows) {
    &[".exe", ".cmd"]
} else {
    &[""]
};

/// Where a project's virtual environment of Python has programs, which need not be Python's.
pub(crate) const PYTHON_PROGRAMS: &str = if cfg!(windows) {
    ".venv/Scripts"
} else {
    ".venv/bin"
};

impl Tool {
    /// On the `PATH`.
    pub(crate) fn find(&self) -> Result<PathBuf, Error> {
        on_path(self.name).ok_or(self.missing())
    }

    /// [`in_project`], or else on the `PATH`.
    pub(crate) fn find_in(&self, folder: &str, project: &Path) -> Result<PathBuf, Error> {
        in_project(folder, self.name, project).map_or_else(|| self.find(), Ok)
    }

    pub(crate) fn missing(&self) -> Error {
        Error::Missing {
            tool: self.name,
            install: self.install,
        }
    }
}

/// A program in a folder of the project, such as `.venv/bin`, or of one above it, as where several plugins share their tools.
pub(crate) fn in_project(folder: &str, name: &str, project: &Path) -> Option<PathBuf> {
    let above = project.ancestors().map(|above| above.join(folder));
    above
        .into_iter()
        .find_map(|folder| in_folder(&folder, name))
}

/// A program on the `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).find_map(|folder| in_folder(&folder, name))
}

fn in_folder(folder: &Path, name: &str) -> Option<PathBuf> {
    let files = ENDINGS
        .iter()
        .map(|ending| folder.join(format!("{name}{ending}")));
    files.into_iter().find(|file| file.is_file())
}

/// Runs a program in a project. What it says goes to standard error as it is, because standard output is for what we say.
pub(crate) fn run(command: &mut Command, project: &Path) -> Result<(), Error> {
    command.stdout(Stdio::from(io::stderr()));
    output(command, project).map(drop)
}

/// The same, and takes its standard output where the command pipes it.
pub(crate) fn output(command: &mut Command, project: &Path) -> Result<Vec<u8>, Error> {
    command
        .current_dir(project)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let program = PathBuf::from(command.get_program());
    let output = command.output().map_err(Error::io("run", &program))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let name = program.file_stem().unwrap_or(program.as_os_str());
    Err(Error::Failed {
        tool: name.to_string_lossy().into_owned(),
        status: output.status,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Tool = Tool {
        name: "a-tool-that-nobody-has",
        install: "install it",
    };

    #[test]
    fn a_tool_that_is_missing_says_how_it_is_installed() {
        let error = NOBODY.find().unwrap_err().to_string();
        assert_eq!(error, "a-tool-that-nobody-has was not found; install it");
    }

    #[test]
    fn a_tool_of_a_project_or_of_a_folder_above_it_goes_before_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("plugins/heater");
        let tools = folder.path().join("plugins/tools");
        for folder in [&project, &tools] {
            std::fs::create_dir_all(folder).unwrap();
        }
        assert!(NOBODY.find_in("tools", &project).is_err());
        let tool = tools.join(format!("{}{}", NOBODY.name, ENDINGS[0]));
        std::fs::write(&tool, "").unwrap();
        assert_eq!(NOBODY.find_in("tools", &project).unwrap(), tool);
    }

    #[test]
    fn a_tool_that_fails_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        let error = run(cargo.arg("--no-such-flag"), folder.path()).unwrap_err();
        assert!(error.to_string().starts_with("cargo failed"), "{error}");
    }
}
