//! What a plugin is written in, and which of the two kinds it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their names")]
pub enum Language {
    Rust,
    Python,
    JavaScript,
    TypeScript,
    C,
}

/// Which world a plugin is a component of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Adds commands: world `command-handler`.
    Handler,
    /// Decides what one type of client may do: world `permission-policy`.
    Policy,
}

impl Language {
    /// Those that there are templates for.
    pub const ALL: [Self; 5] = [
        Self::Rust,
        Self::Python,
        Self::JavaScript,
        Self::TypeScript,
        Self::C,
    ];

    /// As the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::C => "c",
        }
    }
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Handler, Self::Policy];

    /// As the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Handler => "handler",
            Self::Policy => "policy",
        }
    }

    /// The world in `wit/`.
    pub fn world(self) -> &'static str {
        match self {
            Self::Handler => "command-handler",
            Self::Policy => "permission-policy",
        }
    }

    /// The folder of a data directory that such components are in.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Handler => "handlers",
            Self::Policy => "policies",
        }
    }
}

impl FromStr for Language {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or_else(|| Error::Language(text.to_owned()))
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or_else(|| Error::Kind(text.to_owned()))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_and_kind_is_read_as_it_is_written() {
        for language in Language::ALL {
            assert_eq!(language.name().parse::<Language>().unwrap(), language);
        }
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse::<Kind>().unwrap(), kind);
        }
    }

    #[test]
    fn another_language_is_told_which_there_are() {
        let error = "cobol".parse::<Language>().unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no template for `cobol`: the languages are rust, python, javascript, typescript and c"
        );
    }
}
