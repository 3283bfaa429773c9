//! One motion: its deadlines, and what is owed to its plugin.

use std::mem;
use std::time::{Duration, Instant};

use slewgate_serial::StopCount;

use crate::action::{Action, Cause, Happening, MotionEvent, MotionView, Occasion, Progress};
use crate::control::Owner;
use crate::plan::{Caller, Kind, MAX_NOTE, MotionId, Plan, Session, lease};

/// A jog ends after this long in all, however often it is renewed.
pub const MAX_JOG: Duration = Duration::from_secs(60);
/// No motion takes longer, whatever its plan says.
pub const MAX_MOTION: Duration = Duration::from_secs(60 * 60);
/// A plugin is not called for the same motion more often than this.
pub const MIN_LOOK: Duration = Duration::from_millis(10);
/// How long an answer of `advance` may take. Longer than any call may, so that it ends only what was lost.
pub const LOOK_PATIENCE: Duration = Duration::from_secs(30);
/// How long after its end a motion may still be put in order.
pub const SETTLING: Duration = Duration::from_secs(60);
/// So many looks in a row that brought nothing clear end a slew; one alone may be a byte that was lost.
pub const MAX_UNCLEAR: u8 = 3;
/// When such a look is made again.
pub const UNCLEAR_LOOK: Duration = Duration::from_millis(500);
/// Longest reason of a failure, in bytes.
const MAX_REASON: usize = 1024;

/// A motion, from its beginning until nothing is owed to it any more.
#[derive(Debug)]
pub(crate) struct Motion {
    id: MotionId,
    plan: Plan,
    session: Option<Session>,
    owner: Owner,
    began: Instant,
    /// The count of stops that its newest request had seen.
    stops: StopCount,
    /// Only a jog has one.
    lease: Option<Lease>,
    look: Look,
    /// When the newest call of `advance` was made.
    asked: Option<Instant>,
    /// Looks in a row that brought nothing clear.
    unclear: u8,
    /// It took the place of one that moved, and that was not ended by any bytes.
    stands_in: bool,
    /// When the host ended it; from then on it settles.
    ended: Option<Instant>,
    /// Its line was stopped, and its hardware was not seen to stand since: until then it is not put in order.
    rests_by: Option<Instant>,
}

#[derive(Debug)]
struct Lease {
    length: Duration,
    until: Instant,
}

/// Where the calls of `advance` stand.
#[derive(Debug)]
enum Look {
    Due(Instant),
    /// Under way. Stale: something happened that the answer cannot know of, so that it is not believed.
    Asked {
        until: Instant,
        stale: bool,
    },
}

/// What an answer means for the motion.
pub(crate) enum Verdict {
    GoesOn,
    Ends(Cause),
    /// Nothing is owed any more.
    Settled,
}

impl Motion {
    pub(crate) fn new(
        id: MotionId,
        plan: Plan,
        caller: &Caller,
        stands_in: bool,
        now: Instant,
    ) -> Motion {
        let lease = (plan.kind == Kind::Jog).then(|| Lease::new(lease(caller.lease), now));
        Motion {
            id,
            session: Some(caller.session),
            owner: caller.owner.clone(),
            began: now,
            stops: caller.stop_count,
            lease,
            look: Look::Due(now + soon(plan.first_look)),
            asked: None,
            unclear: 0,
            stands_in,
            ended: None,
            rests_by: None,
            plan,
        }
    }

    pub(crate) fn id(&self) -> MotionId {
        self.id
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn session(&self) -> Option<Session> {
        self.session
    }

    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    pub(crate) fn stands_in(&self) -> bool {
        self.stands_in
    }

    pub(crate) fn is_active(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether it began, or was last begun again, before this stop.
    pub(crate) fn precedes(&self, stops: StopCount) -> bool {
        self.stops < stops
    }

    /// The owner is gone: what is left ends by itself or by its deadline.
    pub(crate) fn disown(&mut self) {
        self.session = None;
    }

    /// When the host ends it, and for what.
    pub(crate) fn end(&self) -> (Instant, Cause) {
        let jog = self.plan.kind == Kind::Jog;
        let most = self
            .plan
            .at_most
            .min(if jog { MAX_JOG } else { MAX_MOTION });
        let longest = self.began + most;
        match &self.lease {
            Some(lease) if lease.until < longest => (lease.until, Cause::Lease),
            _ => (longest, Cause::AtMost),
        }
    }

    /// Whether its time is over and nobody has ended it yet.
    pub(crate) fn is_overdue(&self, now: Instant) -> bool {
        self.is_active() && now >= self.end().0
    }

    /// When something is to be done about it. `attended`: there is a plugin to call.
    pub(crate) fn deadline(&self, attended: bool) -> Instant {
        let end = match self.ended {
            Some(ended) => ended + SETTLING,
            None => self.end().0,
        };
        match self.look {
            Look::Due(at) if attended => end.min(at),
            Look::Asked { until, .. } => end.min(until),
            Look::Due(_) => end,
        }
    }

    /// Whether the time to put it in order is over.
    pub(crate) fn is_settled(&self, now: Instant) -> bool {
        self.ended.is_some_and(|ended| now >= ended + SETTLING)
    }

    /// A new lease; none where it is no jog or has run out.
    pub(crate) fn renew(&mut self, asked: Option<Duration>, now: Instant) -> Option<Duration> {
        if !self.is_active() || self.is_overdue(now) {
            return None;
        }
        let lease = self.lease.as_mut()?;
        *lease = Lease::new(crate::plan::lease(asked), now);
        Some(lease.length)
    }

    /// The same jog, asked for once more, perhaps at another rate.
    pub(crate) fn begin_again(&mut self, plan: Plan, caller: &Caller, now: Instant) {
        if let Look::Due(_) = self.look {
            self.look = Look::Due(now + soon(plan.first_look));
        }
        self.stops = self.stops.max(caller.stop_count);
        self.lease = Some(Lease::new(lease(caller.lease), now));
        self.plan = plan;
    }

    /// The length of its lease.
    pub(crate) fn lease(&self) -> Option<Duration> {
        self.lease.as_ref().map(|lease| lease.length)
    }

    /// From here on it only settles, and hears of its end.
    pub(crate) fn settle(&mut self, now: Instant) {
        self.ended = Some(now);
        let at_once = self.at_once(now);
        match &mut self.look {
            Look::Due(at) => *at = at_once,
            Look::Asked { stale, .. } => *stale = true,
        }
    }

    /// A stop of its line took it along. The same stop, seen once more, finds nothing to take along: what puts the
    /// hardware in order after it would begin anew for ever. `rests_by`: when it is put in order at the latest, where
    /// samples show when it rests.
    pub(crate) fn taken_along(
        &mut self,
        stops: StopCount,
        rests_by: Option<Instant>,
        now: Instant,
    ) {
        self.stops = self.stops.max(stops);
        self.rests_by = rests_by;
        self.settle(now);
    }

    /// Its hardware is seen to stand: it can be put in order.
    pub(crate) fn at_rest(&mut self, now: Instant) {
        if self.rests_by.take().is_some()
            && let Look::Due(_) = self.look
        {
            self.look = Look::Due(self.at_once(now));
        }
    }

    /// When to call next where that is to be at once: whatever asks for it, no busy loop.
    fn at_once(&self, now: Instant) -> Instant {
        let earliest = [self.asked.map(|asked| asked + MIN_LOOK), self.rests_by];
        earliest.into_iter().flatten().fold(now, Instant::max)
    }

    /// The call of `advance` that is due, if one is.
    pub(crate) fn look(&mut self, now: Instant) -> Option<Action> {
        match self.look {
            Look::Due(at) if now >= at => {}
            _ => return None,
        }
        self.look = Look::Asked {
            until: now + LOOK_PATIENCE,
            stale: false,
        };
        self.asked = Some(now);
        let occasion = if self.is_active() {
            Occasion::Look
        } else {
            Occasion::Ended
        };
        Some(Action::Advance {
            motion: self.id,
            occasion,
            note: self.plan.note.clone(),
        })
    }

    /// Whether an answer is overdue.
    pub(crate) fn is_lost(&self, now: Instant) -> bool {
        matches!(self.look, Look::Asked { until, .. } if now >= until)
    }

    /// The call under way, if any, will not be answered: its plugin is gone.
    pub(crate) fn forget_look(&mut self, now: Instant) {
        if let Look::Asked { .. } = self.look {
            self.look = Look::Due(self.at_once(now));
        }
    }

    /// Take the answer of `advance`. One that nobody asked for changes nothing.
    pub(crate) fn answer(&mut self, progress: Progress, now: Instant) -> Verdict {
        let Look::Asked { stale, .. } = self.look else {
            return Verdict::GoesOn;
        };
        self.look = Look::Due(self.at_once(now));
        let unclear = mem::take(&mut self.unclear);
        match (progress, self.is_active()) {
            (Progress::Unclear(_), true)
                if self.plan.kind == Kind::Slew && unclear + 1 < MAX_UNCLEAR =>
            {
                self.unclear = unclear + 1;
                self.look = Look::Due(now + UNCLEAR_LOOK);
                Verdict::GoesOn
            }
            (Progress::Again { after, note }, _) if note.len() <= MAX_NOTE => {
                self.plan.note = note;
                if !stale {
                    self.look = Look::Due(now + soon(after));
                }
                Verdict::GoesOn
            }
            _ if stale => Verdict::GoesOn,
            (_, false) => Verdict::Settled,
            (Progress::Done, true) => Verdict::Ends(Cause::Done),
            (Progress::Failed(why) | Progress::Fell(why) | Progress::Unclear(why), true) => {
                Verdict::Ends(Cause::Failed(cut(why)))
            }
            (Progress::Again { .. }, true) => Verdict::Ends(Cause::Failed(format!(
                "its note is longer than {MAX_NOTE} bytes"
            ))),
        }
    }

    /// What ends it on the wire: its own ending, or else its line's.
    pub(crate) fn ending(&self, cause: Cause) -> Action {
        let role = self.plan.role.clone();
        match self.plan.ending.is_empty() {
            true => Action::StopLine { role, cause },
            false => Action::Send {
                motion: self.id,
                role,
                exchanges: self.plan.ending.clone(),
            },
        }
    }

    pub(crate) fn event(&self, happening: Happening) -> Action {
        Action::Event(MotionEvent {
            motion: self.id,
            role: self.plan.role.clone(),
            label: self.plan.label.clone(),
            kind: self.plan.kind,
            session: self.session,
            client: self.owner.name.clone(),
            happening,
        })
    }

    pub(crate) fn view(&self) -> MotionView {
        MotionView {
            motion: self.id,
            role: self.plan.role.clone(),
            label: self.plan.label.clone(),
            kind: self.plan.kind,
            session: self.session,
            client: self.owner.name.clone(),
            began: self.began,
            deadline: self.end().0,
            target: self.plan.target,
        }
    }
}

impl Lease {
    fn new(length: Duration, now: Instant) -> Lease {
        Lease {
            length,
            until: now + length,
        }
    }
}

/// Until the next look: within what a motion may take, and no busy loop.
fn soon(asked: Duration) -> Duration {
    asked.clamp(MIN_LOOK, MAX_MOTION)
}

/// A reason within its bound.
pub(crate) fn cut(mut why: String) -> String {
    why.truncate(why.floor_char_boundary(MAX_REASON));
    why
}
