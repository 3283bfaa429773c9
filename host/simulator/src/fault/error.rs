//! Why a text is no fault.

use super::read::names;
use thiserror::Error;

/// Why a text is no fault, and what would be one.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FaultError {
    /// There is no such kind.
    #[error("no fault is called {name:?}; {}there are {}", meant(*nearest), names().join(", "))]
    Unknown {
        /// What it was called.
        name: String,
        /// The kind that is written almost so.
        nearest: Option<&'static str>,
    },
    /// There is such a kind, but it takes no such parameter.
    #[error("{kind} takes no {name:?}; it takes {}", takes.join(", "))]
    Parameter {
        /// The kind.
        kind: String,
        /// The parameter.
        name: String,
        /// Those that there are.
        takes: Vec<&'static str>,
    },
    /// A kind has a value and takes none.
    #[error("{kind} takes no value; write it without \"=\"")]
    Valued {
        /// The kind.
        kind: String,
    },
    /// A value is not what it should be.
    #[error("{name} takes {wanted}, not {value:?}")]
    Value {
        /// The kind or the parameter.
        name: String,
        /// What is wanted there.
        wanted: &'static str,
        /// What was there.
        value: String,
    },
    /// A parameter was given twice.
    #[error("{name} is there twice; write it once")]
    Twice {
        /// The parameter.
        name: String,
    },
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("did you mean {name}? "))
}
