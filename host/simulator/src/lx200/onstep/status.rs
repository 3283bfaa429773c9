//! What it says of itself.

use super::super::Lx200;
use super::super::answer::Answer;
use crate::mount::{Course, PAST_MERIDIAN, PierSide, Tracking};

/// What the last digit of `:GU#` says of where it is. The numbers are the firmware's.
const NO_ERROR: u8 = 0;
const BELOW_HORIZON: u8 = 2;
const UNDER_THE_POLE: u8 = 6;
const PAST_THE_MERIDIAN: u8 = 7;
const ABOVE_OVERHEAD: u8 = 12;

/// Degrees from the end of an axis that are none.
const AT_THE_END: f64 = 1e-6;

impl Lx200 {
    /// `:GU#`: a letter for each thing that is so, then digits for the pulse rate, the jog rate and the limit it is at.
    pub(super) fn flags(&self) -> String {
        let rate = match self.rate {
            Tracking::Sidereal => "",
            Tracking::Lunar => "(",
            Tracking::Solar => "O",
            Tracking::King => "k",
        };
        let park = match self.mount.course() {
            Course::Parking => "I",
            Course::Parked => "P",
            Course::Free | Course::Goto | Course::Homing => "p",
        };
        let side = match self.pier_side() {
            None => "o",
            Some(PierSide::East) => "T",
            Some(PierSide::West) => "W",
        };
        let given = |so: bool, letter: &'static str| if so { letter } else { "" };
        let by_hand = self.mount.course() == Course::Free && self.mount.moving();
        [
            given(!self.tracks(), "n"),
            given(!self.slewing(), "N"),
            park,
            given(self.at_home(), "H"),
            given(self.mount.course() == Course::Homing, "h"),
            given(self.mount.pulsing(), "G"),
            given(by_hand, "g"),
            rate,
            "E",
            side,
            &self.onstep.pulse_rate.digit().to_string(),
            &self.onstep.rate.digit().to_string(),
            &char::from(b'0' + self.limit_reached()).to_string(),
        ]
        .concat()
    }

    /// `:GW#`: the mount, whether it tracks, and whether it is parked, at home, or aligned with no star.
    pub(super) fn summary(&self) -> String {
        let tracks = if self.tracks() { 'T' } else { 'N' };
        let place = match self.mount.course() {
            Course::Parked => 'P',
            _ if self.at_home() => 'H',
            _ => '0',
        };
        format!("G{tracks}{place}")
    }

    /// `:Gm#`.
    pub(super) fn pier_letter(&self) -> &'static str {
        match self.pier_side() {
            None => "N",
            Some(PierSide::East) => "E",
            Some(PierSide::West) => "W",
        }
    }

    /// At home it is on neither side.
    fn pier_side(&self) -> Option<PierSide> {
        (!self.at_home()).then(|| self.side())
    }

    /// `:GXnn#`: settings by number.
    pub(super) fn extended(&mut self, number: &str) -> Answer {
        Answer::Text(match number {
            // The errors of a polar alignment that was never measured.
            "02" | "03" => "0".to_owned(),
            "90" => format!("{:.2}", self.onstep.pulse_rate.times()),
            "94" => match self.pier_side() {
                None => "0",
                Some(PierSide::East) => "1",
                Some(PierSide::West) => "2",
            }
            .to_owned(),
            // It does not change sides by itself, and takes whichever side is nearer.
            "95" => "0".to_owned(),
            "96" => "B".to_owned(),
            // No rotator, no auxiliary features.
            "98" => "N".to_owned(),
            "Y0" => "00000000".to_owned(),
            // Minutes of time past the meridian, from the east and from the west.
            "E9" | "EA" => format!("{:.0}", PAST_MERIDIAN * 4.0),
            _ => return self.unknown(),
        })
    }

    /// Which of its limits it is at.
    fn limit_reached(&self) -> u8 {
        let altitude = self.horizontal().altitude;
        let (hour_angle, side) = (self.mount.place().0, self.pier_side());
        if altitude < self.lowest {
            BELOW_HORIZON
        } else if altitude > self.highest {
            ABOVE_OVERHEAD
        } else if side == Some(PierSide::East) && hour_angle.abs() > 180.0 - AT_THE_END {
            UNDER_THE_POLE
        } else if side == Some(PierSide::West) && hour_angle > PAST_MERIDIAN - AT_THE_END {
            PAST_THE_MERIDIAN
        } else {
            NO_ERROR
        }
    }
}
