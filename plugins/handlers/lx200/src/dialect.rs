//! What differs from mount to mount: a dialect says it in one file, and no command asks which one it speaks.

mod classic;
mod onstep;

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{Direction, PierSide, Tracking};
use slewgate_sdk::{Failure, Host, Instant, Millis};

use crate::home::Homing;
use crate::mount::Mount;
use crate::park::Parking;
use crate::port::{HeldPort, Port};
use crate::status::Reading;

/// The dialects, as settings and `info` name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Name {
    Classic,
    Onstep,
}

/// What a mount is about, beside where it points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Activity {
    /// It moves otherwise than it follows the sky or stands, be it by a guide pulse.
    pub(crate) moving: bool,
    /// It moves, and not by a guide pulse.
    pub(crate) slewing: bool,
    /// None: it does not tell, or follows something else.
    pub(crate) tracking: Option<Tracking>,
    pub(crate) parked: Option<bool>,
    pub(crate) pier_side: Option<PierSide>,
}

/// Where a motion that is looked after has come to.
pub(crate) enum Stage<N> {
    /// To be looked at again, with this note.
    Again(N),
    Done,
    /// Why it did not do what it was to do.
    Failed(String),
}

/// How a mount guides.
pub(crate) struct Pulses {
    /// The shortest that it is asked for.
    pub(crate) shortest: Millis,
    /// The longest that it does at once; longer ones are sent in parts.
    pub(crate) longest: Millis,
    /// Whether it ends them by itself.
    pub(crate) ends: bool,
}

/// How a mount speaks. What is given here is how most do.
pub(crate) trait Dialect: Sync {
    /// What the mount is called where it does not tell, or another name for what it tells with its version.
    fn model(&self, told: Option<&str>, version: Option<&str>) -> String;

    /// Looks whether this is such a mount, and which commands of `describe` it has no verbs for.
    fn lacks(&self, port: &Port) -> Result<Vec<String>, Failure>;

    /// The right ascension once more, from a mount that showed no seconds and can.
    fn with_seconds(&self, _port: &Port) -> Result<Option<Vec<u8>>, Failure> {
        Ok(None)
    }

    /// It was attached, by a new opening of the line or a new generation of this handler.
    fn attached(&self, _mount: &Mount, _reading: &Reading) -> Result<(), Failure> {
        Ok(())
    }

    /// Whether it answers nothing but a stop for now.
    fn is_deaf(&self, _host: &dyn Host, _port: &Port) -> Result<bool, Failure> {
        Ok(false)
    }

    /// The same at an attach, when another mount may be there.
    fn stays_deaf(&self, _host: &dyn Host, _port: &Port) -> Result<bool, Failure> {
        Ok(false)
    }

    /// Refuses what the mount would pass over in silence.
    fn ready(&self, mount: &Mount) -> Result<(), Failure>;

    /// What it is about. `reading`: where it just said that it points.
    fn activity(&self, mount: &Mount, reading: &Reading, now: Instant)
    -> Result<Activity, Failure>;

    /// Whether it is on its way to a place: goto, park, home.
    fn under_way(&self, mount: &Mount) -> Result<bool, Failure>;

    /// Waits for what a jog has to wait for. The host has ended the goto, park or home that it takes the place of.
    fn make_way(&self, _mount: &Mount, _held: &HeldPort) -> Result<(), Failure> {
        Ok(())
    }

    /// Sets out for the target that was set; or why not, in words.
    fn set_out(&self, mount: &Mount, held: &HeldPort) -> Result<Option<String>, Failure>;

    /// Why it did not sync, from its answer to `:CM#`.
    fn unsynced(&self, reply: &[u8]) -> Option<String>;

    /// From here on it points elsewhere without having moved: what was seen of it before no longer counts.
    fn jumps(&self, _host: &dyn Host) -> Result<(), Failure> {
        Ok(())
    }

    fn track(&self, mount: &Mount, mode: Tracking) -> Result<(), Failure>;

    fn pulses(&self) -> Pulses;

    /// The bytes of a pulse, or of its beginning where [`Pulses::ends`] is false.
    fn pulse(&self, direction: Direction, millis: Millis) -> String;

    fn park(&self, mount: &Mount) -> Result<(), Failure>;

    fn parking(&self, mount: &Mount, parking: Parking) -> Result<Stage<Parking>, Failure>;

    fn unpark(&self, mount: &Mount) -> Result<(), Failure>;

    /// Whether it is awake again.
    fn awake(&self, mount: &Mount) -> Result<bool, Failure>;

    /// Sets out for its home, never takes where it stands for it: `:hC#` and `:hF#` mean the one here and the other there.
    fn home(&self, mount: &Mount, motion: u32) -> Result<(), Failure>;

    fn homing(&self, mount: &Mount, homing: Homing) -> Result<Stage<Homing>, Failure>;

    /// The homing that this motion was is ended. A newer one may have begun.
    fn homed(&self, _host: &dyn Host, _motion: u32) -> Result<(), Failure> {
        Ok(())
    }

    /// Whether it takes the site with seconds. It is tried with minutes where it does not take them.
    fn site_has_seconds(&self) -> bool;

    /// `:Sg…#` of a longitude in degrees, west positive, -180 to 180.
    fn set_longitude(&self, west: f64, seconds: bool) -> Vec<u8>;

    /// Whether it keeps an elevation in metres, and took this one.
    fn takes_elevation(&self, _held: &HeldPort, _metres: f64) -> Result<bool, Failure> {
        Ok(false)
    }

    /// `:SG…#` of the hours to add to local time to have UTC, in halves.
    fn set_zone(&self, hours: f64) -> String;

    /// What follows the `1` with which a date was taken.
    fn date_taken(&self, _held: &HeldPort) -> Result<(), Failure> {
        Ok(())
    }
}

impl Name {
    /// Known by what they call themselves.
    pub(crate) fn of(product: &str) -> Option<Self> {
        let letters: String = product.chars().filter(char::is_ascii_alphabetic).collect();
        letters
            .to_ascii_lowercase()
            .contains("onstep")
            .then_some(Self::Onstep)
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Onstep => "onstep",
        }
    }

    pub(crate) fn speech(self) -> &'static dyn Dialect {
        match self {
            Self::Classic => &classic::Classic,
            Self::Onstep => &onstep::OnStep,
        }
    }
}

/// A refusal in words: the mount's own where it has some, else those that its code stands for.
fn in_words(code: u8, own: &str, known: &[(u8, &str)]) -> String {
    let meant = known.iter().find(|(number, _)| *number == code);
    match (own, meant) {
        (own, _) if own.contains(char::is_alphabetic) => format!("the mount refused: {own}"),
        (_, Some((_, words))) => format!("the mount refused: {words}"),
        (own, None) => format!(
            "the mount refused, for a reason that its manual does not have (code {}{own})",
            code.escape_ascii()
        ),
    }
}
