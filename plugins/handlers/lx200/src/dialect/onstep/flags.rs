//! `:GU#`: a letter for each thing that is so.

use slewgate_sdk::Failure;
use slewgate_sdk::mount::Tracking;

use crate::port::{Port, garbled};

/// The answer to [`COMMAND`].
pub(super) struct Flags(Vec<u8>);

/// How it stands with the park position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Park {
    Unparked,
    Parking,
    Parked,
    Failed,
}

pub(super) const COMMAND: &str = ":GU#";

/// The last three are digits and no letters: two rates and an error.
const DIGITS: usize = 3;

impl Flags {
    pub(super) fn ask(port: &Port) -> Result<Self, Failure> {
        Self::read(port.ask(COMMAND)?)
    }

    /// Of an answer without its `#`.
    pub(super) fn read(answer: Vec<u8>) -> Result<Self, Failure> {
        let flags = Self(answer);
        let printed = flags.0.iter().all(u8::is_ascii_graphic);
        if printed && flags.0.len() > DIGITS && flags.park().is_some() {
            Ok(flags)
        } else {
            Err(garbled(COMMAND, &flags.0))
        }
    }

    /// On its way to a place.
    pub(super) fn under_way(&self) -> bool {
        !self.has(b'N') || self.has(b'h') || self.park() == Some(Park::Parking)
    }

    /// Moved by hand.
    pub(super) fn jogs(&self) -> bool {
        self.has(b'g') && !self.has(b'G')
    }

    /// Moved by a guide pulse.
    pub(super) fn pulses(&self) -> bool {
        self.has(b'G')
    }

    /// Otherwise than it follows the sky.
    pub(super) fn moves(&self) -> bool {
        self.under_way() || self.jogs() || self.pulses()
    }

    pub(super) fn at_home(&self) -> bool {
        self.has(b'H')
    }

    pub(super) fn park(&self) -> Option<Park> {
        [
            (b'P', Park::Parked),
            (b'p', Park::Unparked),
            (b'I', Park::Parking),
            (b'F', Park::Failed),
        ]
        .into_iter()
        .find_map(|(letter, park)| self.has(letter).then_some(park))
    }

    /// None: the rate of the pole star's neighbours (King), which has no name here.
    pub(super) fn tracking(&self) -> Option<Tracking> {
        match () {
            () if self.has(b'n') => Some(Tracking::Off),
            () if self.has(b'(') => Some(Tracking::Lunar),
            () if self.has(b'O') => Some(Tracking::Solar),
            () if self.has(b'k') => None,
            () => Some(Tracking::Sidereal),
        }
    }

    fn has(&self, letter: u8) -> bool {
        let letters = self.0.len().saturating_sub(DIGITS);
        self.0[..letters].contains(&letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(answer: &str) -> Flags {
        Flags::read(answer.into()).unwrap()
    }

    #[test]
    fn letters_say_what_it_does() {
        assert!(!flags("NpE250").under_way());
        assert!(flags("pE250").under_way());
        assert!(flags("nNIE250").under_way());
        assert!(flags("NphE250").under_way());
        assert!(flags("NpgE250").jogs());
        assert!(flags("NpGgE250").pulses() && !flags("NpGgE250").jogs());
        assert!(flags("nNpHE250").at_home());
    }

    #[test]
    fn letters_say_what_it_follows() {
        for (answer, tracking) in [
            ("NpzEo250", Some(Tracking::Sidereal)),
            ("NprszEo250", Some(Tracking::Sidereal)),
            ("Np(zEo250", Some(Tracking::Lunar)),
            ("NpOzEo250", Some(Tracking::Solar)),
            ("NpkzKo250", None),
            ("nNpOzEo250", Some(Tracking::Off)),
        ] {
            assert_eq!(flags(answer).tracking(), tracking, "{answer}");
        }
    }

    #[test]
    fn what_has_no_letter_for_the_park_position_is_no_answer() {
        for answer in ["", "0", "250", "Np", "NE250", "+05*30", "N\u{1}pE250"] {
            assert!(Flags::read(answer.into()).is_err(), "{answer}");
        }
    }
}
