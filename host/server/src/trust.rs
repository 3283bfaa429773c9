//! Which components may run, as the administrator said in `[trust]`: asked by the reload, answered by `slewgate-security`.

use std::error::Error;
use std::path::{Path, PathBuf};

use slewgate_engine::ReadComponent;
use slewgate_security::trust::{Component, Digest, Requirement};

use crate::config::Trust;

/// Digests of components that may run, in the data directory.
const LIST: &str = "trusted.txt";

/// Where that list is.
pub(crate) fn list_in(data: &Path) -> PathBuf {
    data.join(LIST)
}

/// Answers the reload.
#[derive(Debug)]
pub(crate) struct Trusted(Requirement);

impl Trusted {
    pub(crate) fn new(trust: &Trust, data: &Path) -> Trusted {
        Trusted(match trust {
            Trust::Owner => Requirement::Owner,
            Trust::Digests => Requirement::Digests(list_in(data)),
            Trust::Keys(keys) => Requirement::Keys(keys.clone()),
        })
    }
}

impl slewgate_engine::Trust for Trusted {
    fn judge(&self, component: &ReadComponent<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        let component = Component {
            path: component.path,
            digest: Digest(component.digest),
            file: component.file,
        };
        Ok(self.0.judge(&component)?)
    }

    fn list(&self) -> Option<&Path> {
        match &self.0 {
            Requirement::Digests(list) => Some(list),
            Requirement::Owner | Requirement::Keys(_) => None,
        }
    }
}
