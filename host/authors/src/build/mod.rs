//! `slewgate plugin build`: the language's own tools, and one component.

mod c;
mod javascript;
mod python;
mod rust;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::install::replace;
use crate::project::BUILD;
use crate::{Error, Language, Project, contract};

/// A component that was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// What it was built from.
    pub project: Project,
    /// Its file.
    pub component: PathBuf,
    /// Its size in bytes.
    pub size: usize,
    /// How long the tools took.
    pub took: Duration,
}

/// Builds a project with the tools of its language into [`Project::component`]. What was there before stays until the new one is
/// whole.
///
/// # Errors
///
/// A tool is missing, or failed and said why on standard error; or what came of it is no plugin.
pub fn build(project: &Project) -> Result<Built, Error> {
    let began = Instant::now();
    let folder = project.directory.join(BUILD);
    fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
    let component = match project.language {
        Language::Rust => rust::build(project),
        Language::Python => python::build(project),
        Language::JavaScript | Language::TypeScript => javascript::build(project),
        Language::C => c::build(project),
    }?;
    contract::check(project, &component)?;
    let file = project.component();
    replace(&file, &component)?;
    Ok(Built {
        project: project.clone(),
        component: file,
        size: component.len(),
        took: began.elapsed(),
    })
}
