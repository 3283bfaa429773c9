//! Whether hardware that was told to stand does, and whether it moves although nobody asked it to.
//!
//! A stop is believed when a sample shows it. Until then it is repeated, and then people are called. Where nobody looks it is
//! repeated all the same, because one that was lost is not seen there either.
//!
//! There is one wait for the whole table, whatever its roles: a sample tells of the table's hardware as a whole, so that nobody could
//! say which of them stands while another moves that was asked to.

use std::time::{Duration, Instant};

use crate::limits::State as Seen;
use crate::pace::Pace;
use crate::sample::Sample;

/// How long hardware has to come to rest before a stop is repeated.
pub const REST_PATIENCE: Duration = Duration::from_secs(1);
/// When a stop that did not work is repeated, each time counted from the time before. After the last, an alarm.
pub const REPEATS: [Duration; 4] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];
/// How often it is repeated after the alarm, at most.
const AFTER_ALARM: Duration = Duration::from_secs(5);
/// How long a stop may be in doubt before it is repeated for the first time.
const LONGEST_DOUBT: Duration = Duration::from_secs(3);
/// However slow the mount, a stop that nobody saw work is repeated after this.
const SLOWEST: Duration = Duration::from_secs(10);
/// What moves so soon after a motion or an order is the rest of it.
pub const AFTERMATH: Duration = Duration::from_secs(2);
/// A row of orders, each within [`AFTERMATH`] of the one before, explains motion for so long.
pub const LONGEST_AFTERMATH: Duration = Duration::from_secs(5);
/// So many samples in a row that show motion nobody asked for are a runaway: one may be a reading that jumped.
const STRANGE_SAMPLES: u8 = 2;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was seen to stand after what was to stop it.
    AtRest,
    /// It does not stand: once more.
    StopAgain,
    /// It does not stand, and was told so often enough.
    DoesNotStop,
    /// It was told so often enough, and nobody saw whether it does.
    Unseen,
    /// It moves, and nobody asked it to.
    Runaway,
}

/// What goes on that was asked for, and explains what is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnderWay {
    /// Nothing that does.
    Nothing,
    /// Guide pulses alone: they explain slow motion.
    Pulses,
    /// A motion.
    Motion,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Rest {
    state: State,
    /// The hardware is out of reach: what it is told it is owed.
    away: bool,
    /// Its plugin has no samples, by its description.
    unsampled: bool,
    pace: Pace,
    /// How long the newest look took.
    took: Option<Duration>,
    /// How long it takes to be looked at twice: sooner no stop is repeated, as what was sent is still being answered. By the faster of
    /// the two newest looks, as one that waited for a line says nothing of the hardware.
    slow: Duration,
    /// Samples in a row that show motion nobody asked for.
    strange: u8,
    asked: Option<Asked>,
    /// People were called for a motion that nobody asked for, which goes on.
    called: bool,
}

/// When something was last asked of the hardware: a motion or a stop, and the orders that followed it in a row.
#[derive(Clone, Copy, Debug)]
struct Asked {
    first: Instant,
    newest: Instant,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Quiet,
    /// It is to stand, and is told so when it is there again.
    Owed,
    /// It was told to stand.
    Awaited {
        /// When it was told first: what was seen before tells nothing.
        since: Instant,
        /// How often it was told again.
        repeats: usize,
        /// When it was told last.
        told: Instant,
        /// It is told again so long after that, and where it is slow later.
        pause: Duration,
        /// Samples since it was last told that show that it moves, though it had the time to come to rest. After the alarm it is told
        /// again only for their sake: what is not seen at all is left to those who look after silent lines.
        moving: u8,
        /// A sample since the first telling was taken.
        seen: bool,
        /// One showed that it moves, though it had the time to come to rest.
        moved: bool,
    },
}

impl State {
    /// It was told to stand now.
    fn awaited(now: Instant) -> State {
        State::Awaited {
            since: now,
            repeats: 0,
            told: now,
            pause: REST_PATIENCE + REPEATS[0],
            moving: 0,
            seen: false,
            moved: false,
        }
    }
}

impl Rest {
    /// `to_stand`: it is owed a stop, as somebody before left it moving. Until it is said to be there it is out of reach.
    pub(crate) fn new(to_stand: bool) -> Rest {
        Rest {
            state: match to_stand {
                true => State::Owed,
                false => State::Quiet,
            },
            away: true,
            unsampled: false,
            pace: Pace::default(),
            took: None,
            slow: Duration::ZERO,
            strange: 0,
            asked: None,
            called: false,
        }
    }

    /// What is to bring it to rest was sent, or is owed to it.
    pub(crate) fn expect(&mut self, now: Instant) {
        self.asked(now);
        if let State::Quiet = self.state {
            self.pace.forget();
            self.state = match self.away {
                true => State::Owed,
                false => State::awaited(now),
            };
        }
    }

    /// A client told it to stand. After the alarm of an earlier stop this is one like the first.
    pub(crate) fn told_anew(&mut self, now: Instant) {
        if let State::Awaited { repeats, .. } = self.state
            && repeats > REPEATS.len()
        {
            self.state = State::Quiet;
        }
        self.expect(now);
    }

    /// It is there, and has what it was owed.
    pub(crate) fn reached(&mut self, now: Instant) {
        self.away = false;
        if let State::Owed = self.state {
            self.pace.forget();
            self.state = State::awaited(now);
        }
    }

    /// Whether its plugin has no samples, by its description: to call people for each stop that nobody could ever see would be noise.
    pub(crate) fn is_unsampled(&mut self, unsampled: bool) {
        self.unsampled = unsampled;
    }

    /// Its plugin is gone: nobody takes samples, nobody says that there are none, and the next may have other hardware.
    pub(crate) fn unloaded(&mut self) {
        self.unsampled = false;
        self.took = None;
        self.slow = Duration::ZERO;
    }

    /// It was told to move or to stand, or a motion came to its end: it may move.
    pub(crate) fn asked(&mut self, now: Instant) {
        self.asked = Some(Asked {
            first: now,
            newest: now,
        });
        self.strange = 0;
    }

    /// It was given an order that is no motion: it may move a little all the same. Who gives one after the other blinds nobody for
    /// ever.
    pub(crate) fn ordered(&mut self, now: Instant) {
        match &mut self.asked {
            Some(asked) if now < asked.newest + AFTERMATH => asked.newest = now,
            _ => self.asked(now),
        }
    }

    /// A motion began: what moves now is asked for.
    pub(crate) fn begun(&mut self, now: Instant) {
        self.asked(now);
        self.state = State::Quiet;
    }

    /// The hardware is gone, or silent: what it does nobody can tell, and what it is told again it is owed by its line.
    pub(crate) fn lost(&mut self) {
        let to_stand = self.is_awaited();
        *self = Rest {
            unsampled: self.unsampled,
            took: self.took,
            slow: self.slow,
            ..Rest::new(to_stand)
        };
    }

    /// Whether it was told to stand, or is to be, and was not seen to.
    pub(crate) fn is_awaited(&self) -> bool {
        !matches!(self.state, State::Quiet)
    }

    /// The same, as long as it is told again; and where nobody sees it move, until it was told often enough.
    pub(crate) fn is_unsettled(&self) -> bool {
        match self.state {
            State::Quiet => false,
            State::Owed => true,
            State::Awaited { repeats, moved, .. } => moved || repeats <= REPEATS.len(),
        }
    }

    /// Whether the newest sample showed motion nobody asked for: one more will tell whether it is.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.strange > 0
    }

    /// A sample of it.
    pub(crate) fn sighted(&mut self, sample: &Sample, under_way: UnderWay) -> Option<Verdict> {
        let taken = sample.taken;
        let before = self.took.replace(sample.took).unwrap_or(sample.took);
        self.slow = (before.min(sample.took) * 2).min(SLOWEST);
        self.reached(taken);
        let seen = self.seen(sample, under_way);
        // Who cannot tell confirms nothing.
        let rests = matches!(seen, Seen::Still | Seen::Tracking);
        match &mut self.state {
            State::Awaited { since, .. } if taken <= *since => None,
            // Parts of it are from before: it tells nothing, and yet that samples come.
            State::Awaited { since, seen, .. } if taken <= *since + sample.took => {
                *seen = true;
                None
            }
            State::Awaited { .. } if rests => {
                self.state = State::Quiet;
                self.called = false;
                Some(Verdict::AtRest)
            }
            State::Awaited {
                since,
                moving,
                seen: any,
                moved,
                ..
            } => {
                *any = true;
                if seen == Seen::Moving && taken >= *since + REST_PATIENCE {
                    *moving = moving.saturating_add(1);
                    *moved = true;
                }
                None
            }
            State::Quiet | State::Owed => {
                let unasked = under_way == UnderWay::Nothing;
                self.judge(sample.state == Seen::Moving && unasked, taken)
            }
        }
    }

    /// What a sample shows of motion that is to end. What only guides is let be, as who guides may do so without end; whether it is
    /// only guided is told by its pace, whatever it says: a plugin that compares its looks sees nothing move between two that come right
    /// after each other, and before each pulse it looks.
    fn seen(&mut self, sample: &Sample, under_way: UnderWay) -> Seen {
        let fast = self.pace.look(sample);
        let guided = under_way == UnderWay::Pulses;
        match (sample.state, fast) {
            (_, Some(true)) if guided => Seen::Moving,
            (_, Some(false)) if guided => Seen::Tracking,
            (Seen::Moving, None) if guided => Seen::Unknown,
            (_, None) if guided && sample.position.is_some() => Seen::Unknown,
            (Seen::Still | Seen::Tracking, Some(true)) => Seen::Unknown,
            (seen, _) => seen,
        }
    }

    /// Repeats what did not work.
    pub(crate) fn tick(&mut self, now: Instant) -> Option<Verdict> {
        if self.deadline().is_none_or(|due| now < due) {
            return None;
        }
        let State::Awaited {
            since,
            repeats,
            told,
            pause,
            moving,
            seen,
            moved,
        } = &mut self.state
        else {
            return None;
        };
        if self.unsampled && *repeats == REPEATS.len() {
            self.state = State::Quiet;
            return None;
        }
        // What a mount shows is where it was a sample ago: the first doubt takes a second one, while samples come.
        let doubtful = *repeats == 0 && *seen && *moving < STRANGE_SAMPLES;
        if doubtful && now < *since + LONGEST_DOUBT {
            *pause = now.saturating_duration_since(*told) + REPEATS[0];
            return None;
        }
        *moving = 0;
        *repeats = repeats.saturating_add(1);
        let last = REPEATS.len();
        *told = now;
        *pause = match *repeats {
            times if times < last => REPEATS[times],
            times if times == last => REPEATS[last - 1],
            _ => AFTER_ALARM,
        };
        let verdict = match (*repeats == last + 1, *moved) {
            (true, true) => Verdict::DoesNotStop,
            (true, false) => Verdict::Unseen,
            (false, _) => Verdict::StopAgain,
        };
        Some(verdict)
    }

    /// When it is to be told again.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Awaited {
                repeats, moving, ..
            } if repeats > REPEATS.len() && moving == 0 => None,
            State::Awaited { told, pause, .. } => Some(told + pause.max(self.slow)),
            State::Quiet | State::Owed => None,
        }
    }

    fn judge(&mut self, strange: bool, taken: Instant) -> Option<Verdict> {
        let aftermath = self
            .asked
            .is_some_and(|asked| taken < asked.explains_until());
        self.strange = match strange && !aftermath {
            true => self.strange.saturating_add(1),
            false => 0,
        };
        if !strange {
            self.called = false;
        }
        if self.strange < STRANGE_SAMPLES || self.called {
            return None;
        }
        self.called = true;
        Some(Verdict::Runaway)
    }
}

impl Asked {
    fn explains_until(self) -> Instant {
        (self.newest + AFTERMATH).min(self.first + LONGEST_AFTERMATH)
    }
}
