//! Why a plugin was not made, built or installed.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use thiserror::Error;

/// Why a plugin was not made, built or installed: what, and what to do about it.
#[derive(Debug, Error)]
pub enum Error {
    /// There are no templates for it.
    #[error(
        "there is no template for `{0}`: the languages are rust, python, javascript, typescript and c"
    )]
    Language(String),
    /// It is none of the two.
    #[error("a plugin is a handler or a policy, and no `{0}`")]
    Kind(String),
    /// A plugin cannot be called so.
    #[error("a plugin cannot be called `{name}`: {why}")]
    Name {
        /// What was given.
        name: String,
        /// Why not, and what to do.
        why: &'static str,
    },
    /// Something is in the way of a new project.
    #[error("{} is there and not empty: choose another name, or a new folder with --directory", .0.display())]
    Occupied(PathBuf),
    /// There is no project in a folder.
    #[error("{} has no {}: `slewgate plugin new` makes a project, and the verb takes its folder", .0.display(), crate::project::FILE)]
    NoProject(PathBuf),
    /// The file that says what a project is cannot be used.
    #[error("{}: {why}", file.display())]
    Project {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A program that the language needs is not there.
    #[error("{tool} was not found; {install}")]
    Missing {
        /// What.
        tool: &'static str,
        /// How to install it.
        install: &'static str,
    },
    /// A program of the language failed, and said why.
    #[error("{tool} failed ({status}); what is wrong stands above")]
    Failed {
        /// Which.
        tool: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// What was built is not what the host loads.
    #[error("what was built is no plugin: {0}")]
    Contract(String),
    /// What was built did not pass its check.
    #[error("not installed, because it did not pass its check: {0}")]
    Rejected(String),
    /// A folder is no place to install into.
    #[error("{} is no data directory: --data names that of a host, which `slewgate setup` makes", .0.display())]
    NoDataDirectory(PathBuf),
    /// Changes of a project cannot be heard of.
    #[error("cannot watch {}", directory.display())]
    Watch {
        /// Where.
        directory: PathBuf,
        /// Why not.
        source: notify::Error,
    },
    /// A file or a program could not be used.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was to be done, such as `write`.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: what was to be done, with what.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}
