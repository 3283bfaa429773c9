//! Whether the host sees where the hardware points, and for how long it has not.

use std::time::{Duration, Instant};

use crate::limits::{Sighting, State};
use crate::sample::Sample;

/// How long what moves may go unseen, at least: room for one exchange that gets no answer, which on the slowest mounts takes
/// 3.5 s, and for the look that follows it.
pub const UNSEEN_AT_LEAST: Duration = Duration::from_secs(5);
/// The same while it does not answer at all: it is given up for silent before, and what is sent to it is lost as well. And while the
/// first look goes on: a slow mount answers each of its exchanges late.
pub const UNSEEN_SILENT: Duration = Duration::from_secs(10);
/// The same for what follows the sky, which comes a quarter of a degree in it.
pub const UNSEEN_TRACKING: Duration = Duration::from_secs(60);
/// So many looks may be missing where looks are rare.
const MISSING_LOOKS: u32 = 3;
/// The oldest sighting by which a motion may begin. It is looked at before, and the plugin takes its time.
const OLDEST: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    newest: Option<Sample>,
    /// What it was seen to do last. Unlike the position it is true also after an order that configures.
    state: Option<State>,
    /// Whether it ever told where it points. None: nobody saw it yet.
    points: Option<bool>,
    /// Since when something moves it that began after the newest sighting.
    moved_since: Option<Instant>,
    failed: Option<Failed>,
    /// A look is under way.
    looking: bool,
    /// How often it can be looked at.
    every: Duration,
}

/// Looks that failed since the newest sighting.
#[derive(Debug)]
struct Failed {
    /// The first.
    since: Instant,
    /// Why the newest did.
    newest: Missed,
}

/// A look that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// In words.
    pub why: String,
    /// The hardware said nothing at all.
    pub silent: bool,
    /// Its plugin says that it cannot be asked now, as while a mount looks for its home.
    pub refused: bool,
}

impl Sight {
    /// It was looked at.
    pub(crate) fn sighted(&mut self, sample: &Sample) {
        let told = sample.position.is_some();
        self.points = Some(told || self.points == Some(true));
        // A mount that does not know where it points is not seen.
        if self.points == Some(true) && !told {
            let missed = Missed {
                why: "the mount does not know".to_owned(),
                silent: false,
                refused: false,
            };
            self.failed(missed, sample.taken);
            return;
        }
        self.newest = Some(sample.clone());
        self.state = Some(sample.state);
        self.every = sample.every;
        self.moved_since = None;
        self.failed = None;
        self.looking = false;
    }

    /// A look begins.
    pub(crate) fn looks(&mut self) {
        self.looking = true;
    }

    /// It cannot be looked at now, and what moves it is known to end by itself: from here on it is unseen, and where it was seen before
    /// it no longer points.
    pub(crate) fn excused(&mut self, now: Instant) {
        self.newest = None;
        self.moved_since = Some(now);
        self.failed = None;
        self.looking = false;
    }

    /// A look failed.
    pub(crate) fn failed(&mut self, newest: Missed, now: Instant) {
        let since = self.failed.as_ref().map_or(now, |failed| failed.since);
        self.failed = Some(Failed { since, newest });
        self.looking = false;
    }

    /// A motion begins. `moves`: beside others, or in their place.
    pub(crate) fn begun(&mut self, moves: bool, now: Instant) {
        let moves = moves || self.state == Some(State::Moving);
        let seen = self.newest.as_ref().filter(|_| moves);
        let since = seen.map_or(now, |sample| sample.taken);
        self.moved_since.get_or_insert(since);
    }

    /// It may point elsewhere now than it was seen to.
    pub(crate) fn forget(&mut self) {
        if let Some(before) = self.newest.take() {
            self.moved_since.get_or_insert(before.taken);
        }
    }

    /// Nobody looks any more, or what is not seen was told to stand: what it does is not known until it is seen again.
    pub(crate) fn lost(&mut self) {
        self.newest = None;
        self.state = None;
        self.moved_since = None;
    }

    /// The plugin is gone: the next may have other hardware.
    pub(crate) fn unloaded(&mut self) {
        *self = Sight::default();
    }

    /// The newest sample, if it still tells where the hardware points.
    pub(crate) fn newest(&self) -> Option<&Sample> {
        self.newest.as_ref()
    }

    /// Whether nothing says that it points at the sky: its samples tell no position, or its plugin offers none.
    pub(crate) fn points_nowhere(&self) -> bool {
        match self.points {
            Some(points) => !points,
            None => self.failed.is_none(),
        }
    }

    /// Where it points, for a motion that is to begin.
    ///
    /// # Errors
    /// Why that is not known.
    pub(crate) fn clear(&self, now: Instant) -> Result<Sighting, String> {
        let fresh = |sample: &&Sample| now < sample.taken + OLDEST;
        let since = self
            .moved_since
            .into_iter()
            .chain(self.failing_since())
            .min();
        let too_long = since.is_some_and(|since| now >= since + self.patience());
        let seen = self.newest.as_ref().filter(fresh).filter(|_| !too_long);
        seen.and_then(Sample::sighting).ok_or_else(|| self.why())
    }

    /// Why it is not seen.
    pub(crate) fn why(&self) -> String {
        let failed = self.failed.as_ref();
        let why = failed.map(|failed| failed.newest.why.as_str());
        why.unwrap_or("it was not seen lately").to_owned()
    }

    /// Whether the newest look failed.
    pub(crate) fn is_blind(&self) -> bool {
        self.failed.is_some()
    }

    /// When it has gone unseen for too long. `moves`: something was asked of it that moves it.
    pub(crate) fn deadline(&self, moves: bool) -> Option<Instant> {
        if self.points_nowhere() {
            return None;
        }
        let patience = match self.state {
            _ if moves => self.patience(),
            Some(State::Moving) => self.patience(),
            Some(State::Tracking | State::Unknown) => self.patience().max(UNSEEN_TRACKING),
            Some(State::Still) | None => return None,
        };
        let seen = self.newest.as_ref().map(|sample| sample.taken);
        // What stood is unseen since something moved it.
        let since = match moves {
            true => self.moved_since.or(seen),
            false => seen.or(self.moved_since),
        };
        Some(since.or(self.failing_since())? + patience)
    }

    fn failing_since(&self) -> Option<Instant> {
        self.failed.as_ref().map(|failed| failed.since)
    }

    fn patience(&self) -> Duration {
        let silent = self
            .failed
            .as_ref()
            .is_some_and(|failed| failed.newest.silent);
        // A look that is being answered, slowly, is none that failed.
        let answered = self.looking && self.failed.is_none();
        let least = match silent || answered {
            true => UNSEEN_SILENT,
            false => UNSEEN_AT_LEAST,
        };
        least.max(self.every * MISSING_LOOKS)
    }
}
