//! Which contract a component was built for: its version stands behind the names of the interfaces.

use std::fmt;

/// The namespace of the contract.
pub(crate) const OURS: &str = "slewgate:plugin/";

/// A version of the contract, such as 0.1.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Before 1.0 every minor version is a contract of its own.
    pub major: u64,
    /// Changes with fields, cases and exports.
    pub minor: u64,
    /// Changes with functions that were added to what plugins may import.
    pub patch: u64,
}

impl Version {
    /// Whether plugins of the one are served by the other, as far as it has the functions that they import.
    pub(crate) fn is_compatible(self, other: Version) -> bool {
        (self.major, self.minor) == (other.major, other.minor)
            || (self.major == other.major && self.major > 0)
    }

    fn parse(text: &str) -> Option<Version> {
        let mut numbers = text.split('.').map(|number| number.parse().ok());
        let version = Version {
            major: numbers.next()??,
            minor: numbers.next()??,
            patch: numbers.next()??,
        };
        numbers.next().is_none().then_some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// As people say it: `0.1.0, 0.2.0 and 0.3.0`.
pub(crate) fn listed(versions: &[Version]) -> String {
    let texts: Vec<_> = versions.iter().map(Version::to_string).collect();
    match texts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}

/// `slewgate:plugin/serial@0.1.0` in its parts: `serial` and 0.1.0. None: it is not of the contract.
pub(crate) fn of_ours(name: &str) -> Option<(&str, Version)> {
    let (interface, version) = name.strip_prefix(OURS)?.split_once('@')?;
    Some((interface, Version::parse(version)?))
}

/// Whether a component that names the one interface is served by the other.
pub(crate) fn is_served_by(name: &str, served: &str) -> bool {
    match (of_ours(name), of_ours(served)) {
        (Some((name, wanted)), Some((served, version))) => {
            name == served && version.is_compatible(wanted)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_one_a_minor_version_is_a_contract_of_its_own_and_a_patch_is_not() {
        let served = "slewgate:plugin/serial@0.1.2";
        for (name, is_served) in [
            ("slewgate:plugin/serial@0.1.0", true),
            ("slewgate:plugin/serial@0.1.9", true),
            ("slewgate:plugin/serial@0.2.0", false),
            ("slewgate:plugin/serial@1.1.2", false),
            ("slewgate:plugin/motion@0.1.2", false),
            ("slewgate:plugin/serial", false),
            ("elsewhere:plugin/serial@0.1.2", false),
        ] {
            assert_eq!(is_served_by(name, served), is_served, "{name}");
        }
    }

    #[test]
    fn versions_are_listed_as_people_say_them() {
        let versions = [1, 2, 3].map(|minor| Version {
            major: 0,
            minor,
            patch: 0,
        });
        assert_eq!(listed(&versions[..1]), "0.1.0");
        assert_eq!(listed(&versions[..2]), "0.1.0 and 0.2.0");
        assert_eq!(listed(&versions), "0.1.0, 0.2.0 and 0.3.0");
    }

    #[test]
    fn what_is_no_version_is_none() {
        assert_eq!(
            Version::parse("0.1.2").map(|version| version.to_string()),
            Some("0.1.2".to_owned())
        );
        for text in ["", "0.1", "0.1.2.3", "0.1.x", "0.1.2-rc"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
