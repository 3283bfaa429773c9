//!
//! - A project is what [`create`] writes: a template, the contract of `wit/`, and for Rust the SDK. All of it is embedded in the
//!   program, so that an author needs nothing else of this repository.
//! - [`build()`] runs the language's own tools and leaves one component, `build/NAME.wasm`. Which language it is says
//!   `slewgate-plugin.toml`, which lies in each project.
//! - [`watch`] calls at each save, and a [`round`] builds, has the component checked, and puts it where a host takes it up.
//!
//! What a tool says is the author's to read as it is: it goes to standard error, and an error here only says which tool failed.
//! Absent on purpose: installing tools. An error says how it is done.

mod error;
mod language;
mod name;
mod project;

mod embedded;
mod new;

mod build;
mod contract;
mod tool;

mod install;
mod watch;

pub use build::{Built, build};
pub use error::Error;
pub use install::{install, is_data_directory};
pub use language::{Kind, Language};
pub use name::Name;
pub use new::create;
pub use project::Project;
pub use watch::{Check, Round, round, watch};
