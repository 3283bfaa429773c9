//! Which components may be loaded at all: asked of who knows, with what was read and before anybody parses it.

use std::error::Error;
use std::fmt;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::loader::LoadError;
use super::report::Stage;

/// Says which components may run.
pub trait Trust: fmt::Debug + Send + Sync {
    /// May block for as long as its file system does.
    ///
    /// # Errors
    /// Why not, and what to do, in one sentence.
    fn judge(&self, component: &ReadComponent<'_>) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// A file whose change may let components run that could not before. What is beside a component, as `lx200.wasm.sig` beside
    /// `lx200.wasm`, is heard of anyway.
    fn list(&self) -> Option<&Path>;
}

/// A component as it was read.
#[derive(Clone, Copy, Debug)]
pub struct ReadComponent<'a> {
    /// Where its file is. What lies there by now may be another.
    pub path: &'a Path,
    /// SHA-256 of all its bytes.
    pub digest: [u8; 32],
    /// Of the open file that they were read from.
    pub file: &'a Metadata,
}

/// Asks, away from the sockets; without anybody to ask everything may run.
pub(super) async fn judge(
    trust: Option<Arc<dyn Trust>>,
    path: PathBuf,
    digest: [u8; 32],
    file: Box<Metadata>,
) -> Result<(), LoadError> {
    let Some(trust) = trust else {
        return Ok(());
    };
    let asked = spawn_blocking(move || {
        trust.judge(&ReadComponent {
            path: &path,
            digest,
            file: &file,
        })
    });
    let cause = match asked.await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(untrusted)) => anyhow::Error::from_boxed(untrusted),
        Err(fault) => fault.into(),
    };
    let stage = Stage::Trust;
    Err(LoadError { stage, cause })
}
