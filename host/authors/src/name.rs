//! Names of plugins.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// Names that the host's own commands and topics have.
const RESERVED: [&str; 6] = ["rpc", "host", "events", "control", "liveview", "plugins"];
const LONGEST: usize = 32;

/// The name of a plugin: of its file, of a package in its language, and in the configuration; for a policy the type of client
/// that it judges. `[a-z][a-z0-9-]{0,31}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = |why| Error::Name {
            name: text.to_owned(),
            why,
        };
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !text.starts_with(|c: char| c.is_ascii_lowercase()) || !text.chars().all(fits) {
            return Err(refused(
                "take lower-case letters, digits and `-`, a letter first",
            ));
        }
        if text.len() > LONGEST {
            return Err(refused("take at most 32 characters"));
        }
        if RESERVED.contains(&text) {
            return Err(refused("the host has that name itself; take another"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_with_a_letter_first_and_at_most_32_characters() {
        let long = "a".repeat(32);
        for good in ["a", "heater", "dew-heater-2", "match", &long] {
            assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
        }
        let longer = "a".repeat(33);
        for bad in [
            "",
            "-a",
            "2nd",
            "Heater",
            "dew_heater",
            "dew heater",
            "h\u{e9}",
            "../a",
            "a.b",
            &longer,
        ] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_of_the_host_are_not_given_away() {
        for taken in RESERVED {
            let error = taken.parse::<Name>().unwrap_err().to_string();
            assert!(error.contains("the host has that name itself"), "{error}");
        }
    }
}
