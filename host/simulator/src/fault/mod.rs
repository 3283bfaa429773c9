//! What can be made to go wrong, as people write it: `read` takes their words, `show` gives them back, `active` counts.
//!
//! A fault is a kind with its value, and parameters, parted by commas: `garble=2,next=3`. The kinds of three thoughts are
//! apart here as everywhere: of the wire, of the axes, and of what the mount says.

mod active;
mod error;
mod read;
mod show;
mod words;

pub use active::ActiveFault;
pub use error::FaultError;

use crate::mount::Drive;
use std::time::Duration;

/// A fault that a [`Simulator`](crate::Simulator) is given. It is written, and read with `parse`, as one line:
///
/// | fault | what it does |
/// |---|---|
/// | `drop` | A reply is not sent. `what=request`: the mount does not hear the request. |
/// | `delay=1s` | A reply comes so much later, and those after it wait for it. |
/// | `garble=1` | So many bytes of a reply are others. |
/// | `cut=3` | A reply ends after so many bytes; without a number after half of them. |
/// | `silence` | The mount hears nothing and says nothing. |
/// | `disconnect=1s` | The device is gone for so long: at once, or once a request is heard and before its reply if there is `next`, `chance` or `match`. |
/// | `babble=8` | So many bytes that nobody asked for, `every=1s`. |
/// | `stuck=first` | The axis does not turn, whatever it is told. |
/// | `runaway=first` | The axis obeys no stop. `rate=2`: it runs at so many degrees a second, whatever it is told. `ignores=2`: the stop after so many ends it. |
/// | `lie=5` | What the mount says of its position is so many degrees off, on `axis=second`. `lie=frozen`: it is what it was. |
///
/// The values here are those that a fault has if none are given. `drop`, `delay`, `garble`, `cut` and `disconnect` strike
/// at each request, or reply that is not empty. `match=:G` chooses those whose request begins so; `chance=0.05` strikes at
/// so many of them, by throws that `seed=0` begins; `next=3` ends the fault after so many strikes; a `disconnect` ends
/// after one. Of the others `babble` takes `next`. All take `for=5s`: then the fault ends. A time is written `200ms`,
/// `5s`, `2m` or `1h`; that of an axis and of a lie passes by the mount's clock, every other in real time.
///
/// The one motor of a focuser is the first axis, and what counts in degrees on a mount counts in steps there.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub(crate) kind: Kind,
    pub(crate) scope: Scope,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Wire(WireKind),
    Axis(AxisKind),
    Lie(LieKind),
}

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum WireKind {
    Drop(Part),
    Delay(Duration),
    /// So many bytes are others.
    Garble(u32),
    /// So many bytes are left; None: half of them.
    Cut(Option<u32>),
    Silence,
    /// For so long.
    Disconnect(Duration),
    Babble {
        bytes: u32,
        every: Duration,
    },
}

/// Which half of an exchange.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part {
    Request,
    Reply,
}

/// What is wrong with an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum AxisKind {
    Stuck(Drive),
    Runaway {
        drive: Drive,
        /// Degrees a second; None: as fast as it was told.
        rate: Option<f64>,
        /// How many stops it does not obey; None: all.
        ignores: Option<u32>,
    },
}

/// What is wrong with the position that it tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum LieKind {
    Off { degrees: f64, drive: Drive },
    Frozen,
}

/// At what a fault strikes, and how long it lasts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scope {
    /// It ends after so many strikes.
    pub(crate) next: Option<u32>,
    /// Above 0, up to 1.
    pub(crate) chance: Option<f64>,
    pub(crate) seed: u64,
    /// It ends after so long.
    pub(crate) lasts: Option<Duration>,
    /// What a request begins with.
    pub(crate) matching: Option<String>,
}

impl Scope {
    /// Whether it waits for a request.
    pub(crate) fn of_requests(&self) -> bool {
        self.next.is_some() || self.chance.is_some() || self.matching.is_some()
    }
}

/// How long a device is gone, how late a reply is, and how far bursts of babble are apart, unless it is said.
const SECOND: Duration = Duration::from_secs(1);
/// Bytes of a babble, unless it is said.
const BABBLE: u32 = 8;
