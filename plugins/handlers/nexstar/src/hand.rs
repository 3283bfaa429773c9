//! Hand controls: their makes, and which version has what.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Of the firmware: major and minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Version(pub(crate) u8, pub(crate) u8);

/// Which hand control it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hand {
    pub(crate) make: Make,
    pub(crate) version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Make {
    NexStar,
    StarSense,
    SynScan,
}

/// Why a command is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Lack {
    /// The hand control is older than this version, which has it.
    Since(Version),
    /// The mount has nothing to do it with: what it lacks.
    Mount(String),
}

/// Positions with 24 bits; what to follow; what is passed through to the motors.
pub(crate) const PRECISE: Version = Version(1, 6);
pub(crate) const FOLLOWS: Version = Version(1, 6);
pub(crate) const PASSES: Version = Version(1, 6);
pub(crate) const MODEL: Version = Version(2, 2);
/// What it follows, its site and its time are told.
pub(crate) const TELLS: Version = Version(2, 3);
pub(crate) const SYNC: Version = Version(4, 10);
/// Not in Celestron's protocol: what INDI's driver checks for.
pub(crate) const PIER: Version = Version(4, 15);
pub(crate) const MAKE: Version = Version(5, 28);

/// The answer to `v` of a StarSense, whose versions are counted anew.
const STARSENSE: u8 = 0x13;
const COUNTED_ANEW: u8 = 1;

impl Hand {
    /// From the answer to `V`.
    pub(crate) fn of(told: &[u8]) -> Option<Self> {
        let two = |digits: &[u8]| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok();
        let (make, major, minor) = match told {
            [major, minor] => (Make::NexStar, *major, *minor),
            [digits @ .., _, _] if digits.len() == 4 => {
                (Make::SynScan, two(&digits[..2])?, two(&digits[2..])?)
            }
            _ => return None,
        };
        Some(Self {
            make,
            version: Version(major, minor),
        })
    }

    /// Whether to ask it which make it is: those that are too old are silent, which takes seconds.
    pub(crate) fn may_be_starsense(self) -> bool {
        let Version(major, _) = self.version;
        self.make == Make::NexStar && (self.version >= MAKE || major == COUNTED_ANEW)
    }

    /// With what it answered to `v`, if it did.
    pub(crate) fn called(self, told: Option<&[u8]>) -> Self {
        match told {
            Some([STARSENSE]) => Self {
                make: Make::StarSense,
                ..self
            },
            _ => self,
        }
    }

    pub(crate) fn has(self, since: Version) -> bool {
        match self.make {
            Make::NexStar => self.version >= since,
            Make::StarSense => true,
            // Of Celestron's later commands it has none.
            Make::SynScan => since <= SYNC,
        }
    }
}

impl Make {
    /// As `info` names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NexStar => "nexstar",
            Self::StarSense => "starsense",
            Self::SynScan => "synscan",
        }
    }

    /// As people do.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::NexStar => "NexStar",
            Self::StarSense => "StarSense",
            Self::SynScan => "SynScan",
        }
    }
}

impl fmt::Display for Version {
    /// As the hand control shows it: 4.03 is older than 4.10.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0, self.1)
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Since(version) => write!(f, "version {version} has it"),
            Self::Mount(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for Hand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hand control {}", self.make.text(), self.version)
    }
}

/// The models that `m` tells (Celestron's protocol to 12; those after it from programs).
const MODELS: &[(u8, &str)] = &[
    (1, "NexStar GPS"),
    (3, "NexStar i"),
    (4, "NexStar i SE"),
    (CGE, "CGE"),
    (ADVANCED_GT, "Advanced GT"),
    (7, "NexStar SLT"),
    (9, "CPC"),
    (10, "NexStar GT"),
    (11, "NexStar 4/5 SE"),
    (12, "NexStar 6/8 SE"),
    (13, "CGE Pro"),
    (14, "CGEM DX"),
    (15, "LCM"),
    (16, "Sky Prodigy"),
    (17, "CPC Deluxe"),
    (18, "GT 16"),
    (19, "StarSeeker"),
    (20, "Advanced VX"),
    (21, "Cosmos"),
    (22, "NexStar Evolution"),
    (23, "CGX"),
    (24, "CGX-L"),
    (25, "Astro Fi"),
];
pub(crate) const CGE: u8 = 5;
pub(crate) const ADVANCED_GT: u8 = 6;
const GERMAN: &[u8] = &[CGE, ADVANCED_GT, 13, 14, 20, 23, 24];

/// What people call a model.
pub(crate) fn model(number: u8) -> String {
    let known = MODELS.iter().find(|(known, _)| *known == number);
    match known {
        Some((_, name)) => format!("Celestron {name}"),
        None => format!("NexStar mount (model {number})"),
    }
}

/// Whether a model is a German mount.
pub(crate) fn is_german(model: u8) -> bool {
    GERMAN.contains(&model)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number_and_shown_with_two_digits() {
        assert!(Version(4, 10) > Version(4, 9) && Version(4, 2) < Version(4, 10));
        assert_eq!(Version(4, 3).to_string(), "4.03");
        assert_eq!(Version(4, 0x23).to_string(), "4.35");
    }

    #[test]
    fn a_synscan_tells_its_version_in_digits() {
        let hand = Hand::of(b"042507").unwrap();
        assert_eq!((hand.make, hand.version), (Make::SynScan, Version(4, 37)));
        assert!(hand.has(SYNC) && !hand.has(PIER));
        assert_eq!(Hand::of(b"04250"), None);
        assert_eq!(Hand::of(b"\x04\x23").unwrap().version, Version(4, 35));
    }
}
