//! All that keeps one plugin table safe, in one place: its motions, who is in control, and whether it stands when it should.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use slewgate_serial::{Exchange, StopCount};

use crate::action::{Action, Alarm, AlarmKind, Cause, Happening, MotionView, Progress};
use crate::boundary::{Boundary, OfTheSite, Stop};
use crate::control::{Control, Owner};
use crate::motions::Motions;
use crate::plan::{Caller, Denied, Kind, MotionId, Plan, Session};
use crate::rest::{Rest, UnderWay, Verdict};
use crate::sample::Sample;
use crate::sight::Missed;

/// Who stopped a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopper {
    /// A client, and the lines are this table's alone.
    Client,
    /// Anybody else, or the line is also another table's: repeated for the sake of what did not move, it would end what the other
    /// moves by then.
    Other,
}

/// What is decided for a table before it is made.
#[derive(Clone, Debug)]
pub struct SafetySettings {
    /// The roles of its lines.
    pub roles: Vec<String>,
    /// What becomes of hardware that moves although nobody asked it to.
    pub runaway: Runaway,
    /// The limits of its site.
    pub limits: OfTheSite,
    /// A host before this one left its hardware moving: it is owed a stop, which is to be seen to work.
    pub left_moving: bool,
}

/// Now, by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// By the clock that only goes on.
    pub now: Instant,
    /// By the wall clock: milliseconds since 1970-01-01T00:00Z.
    pub at: f64,
}

/// What becomes of hardware that moves although nobody asked it to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Runaway {
    /// It is stopped, and people are called.
    #[default]
    Stop,
    /// People are called: somebody may move it by its keypad.
    Tell,
}

/// The state machine of one table. Like [`Motions`], which it has, it is pure: see the crate.
#[derive(Debug)]
pub struct Safety {
    settings: SafetySettings,
    motions: Motions,
    control: Control,
    rest: Rest,
    boundary: Boundary,
    /// The newest count of each role's stops.
    counts: BTreeMap<String, StopCount>,
}

impl Safety {
    /// Nothing moves yet, nobody is in control, and the hardware is out of reach.
    pub fn new(settings: SafetySettings) -> Safety {
        Safety {
            boundary: Boundary::new(settings.limits.clone(), &settings.roles),
            rest: Rest::new(settings.left_moving),
            settings,
            motions: Motions::new(),
            control: Control::default(),
            counts: BTreeMap::new(),
        }
    }

    // ---- What clients ask for -----------------------------------------------------------------

    /// Hardware is about to move: see [`Motions::begin`]. All but a guide pulse needs control, and takes it.
    pub fn begin(
        &mut self,
        plan: Plan,
        caller: Caller,
        current: StopCount,
        moment: Moment,
    ) -> Result<(MotionId, Vec<Action>), Denied> {
        let now = moment.now;
        let before = self.keep_control(now);
        let pulse = plan.kind == Kind::Pulse;
        if !pulse {
            self.control.check(&caller.owner)?;
        }
        self.boundary.check(&plan, &caller, moment)?;
        let moved = self.motions.active();
        let (motion, begun) = self
            .motions
            .begin(plan.clone(), caller.clone(), current, now)?;
        if !pulse {
            self.rest.begun(now);
        }
        self.boundary.begun(&plan, &caller, &moved, now);
        let taken = match pulse {
            true => None,
            false => self.control.take(&caller.owner, now),
        };
        let taken = taken.map(Action::Control);
        let actions = before.into_iter().chain(taken).chain(begun);
        Ok((motion, actions.collect()))
    }

    /// An order that configures the hardware: it needs control, and takes it.
    pub fn configure(&mut self, owner: &Owner, now: Instant) -> Result<Vec<Action>, Denied> {
        let before = self.keep_control(now);
        self.control.check(owner)?;
        self.rest.ordered(now);
        self.boundary.jumps();
        let taken = self.control.take(owner, now).map(Action::Control);
        Ok(before.into_iter().chain(taken).collect())
    }

    /// A client wants control. From another of its own token it takes it, and with `force` from any; the jogs of that one end.
    pub fn take_control(
        &mut self,
        owner: &Owner,
        force: bool,
        now: Instant,
    ) -> Result<Vec<Action>, Denied> {
        let mut actions: Vec<_> = self.keep_control(now).into_iter().collect();
        if !force {
            self.control.check_token(owner)?;
        }
        let ended = self.motions.end_jogs_of_others(owner, now);
        actions.extend(self.control.take(owner, now).map(Action::Control));
        actions.extend(self.follow(ended, now));
        Ok(actions)
    }

    /// A client gives control up. Nothing where it has none. What it moves goes on.
    pub fn release_control(&mut self, owner: &Owner) -> Vec<Action> {
        let released = self.control.release(owner).map(Action::Control);
        released.into_iter().collect()
    }

    /// Such an order was carried out: what was seen before says nothing of where the hardware points now.
    pub fn configured(&mut self) {
        self.boundary.forget();
    }

    /// See [`Motions::renew`].
    pub fn renew(
        &mut self,
        session: Session,
        label: &str,
        lease: Option<Duration>,
        now: Instant,
    ) -> Option<(MotionId, Duration)> {
        self.motions.renew(session, label, lease, now)
    }

    /// See [`Motions::stop_label`].
    pub fn stop_label(&mut self, label: &str, now: Instant) -> Vec<Action> {
        self.change(now, |motions| motions.stop_label(label, now))
    }

    /// See [`Motions::session_closed`].
    pub fn session_closed(&mut self, session: Session, now: Instant) -> Vec<Action> {
        self.change(now, |motions| motions.session_closed(session, now))
    }

    // ---- What happens to lines and plugins ----------------------------------------------------

    /// See [`Motions::stopped`]. A stop that is new is one that is to be seen to work.
    pub fn stopped(
        &mut self,
        role: &str,
        stops: StopCount,
        by: Stopper,
        now: Instant,
    ) -> Vec<Action> {
        let known = self
            .counts
            .insert(role.to_owned(), stops)
            .unwrap_or_default();
        // What it ends is seen to in any case.
        if known < stops && by == Stopper::Client {
            self.rest.told_anew(now);
        }
        self.change(now, |motions| motions.stopped(role, stops, now))
    }

    /// See [`Motions::line_lost`].
    pub fn line_lost(&mut self, role: &str, how: &str, now: Instant) -> Vec<Action> {
        let actions = self.change(now, |motions| motions.line_lost(role, how, now));
        self.rest.lost();
        self.boundary.lost();
        self.motions.watch_rest(false);
        actions
    }

    /// See [`Motions::plugin_failed`].
    pub fn plugin_failed(&mut self, now: Instant) -> Vec<Action> {
        self.change(now, |motions| motions.plugin_failed(now))
    }

    /// See [`Motions::unloaded`].
    pub fn unloaded(&mut self, now: Instant) -> Vec<Action> {
        let actions = self.change(now, |motions| motions.unloaded(now));
        self.rest.unloaded();
        self.boundary.unloaded();
        actions
    }

    /// The hardware can be reached, and has what its lines owed it: it is to be seen to stand where it was told to.
    pub fn reached(&mut self, now: Instant) {
        self.rest.reached(now);
    }

    /// See [`Motions::adopted`]. Its plugin found the hardware; `sampled`: it says that there are samples to see it by.
    pub fn adopted(&mut self, sampled: bool, now: Instant) -> Vec<Action> {
        self.rest.ordered(now);
        self.rest.is_unsampled(!sampled);
        self.rest.reached(now);
        self.boundary.jumps();
        self.change(now, |motions| motions.adopted(now))
    }

    /// See [`Motions::progress`].
    pub fn progress(&mut self, id: MotionId, progress: Progress, now: Instant) -> Vec<Action> {
        self.change(now, |motions| motions.progress(id, progress, now))
    }

    /// See [`Motions::refused`].
    pub fn refused(&mut self, id: MotionId, why: String, now: Instant) -> Vec<Action> {
        self.change(now, |motions| motions.refused(id, why))
    }

    // ---- What is seen, and what is due --------------------------------------------------------

    /// The hardware was looked at.
    pub fn sighted(&mut self, sample: &Sample, now: Instant) -> Vec<Action> {
        self.motions.watch_rest(true);
        let active = self.motions.active();
        let pulses = active.iter().all(|motion| motion.kind == Kind::Pulse);
        let busy = !active.is_empty();
        let mut actions = match self.boundary.look(sample, &active, now) {
            Some(stop) => self.stop_for(&stop, now),
            None => Vec::new(),
        };
        // A pulse moves by seconds of arc: it explains what is said of the motion, and not what is seen from the positions.
        let under_way = match (busy, pulses) {
            (true, false) => UnderWay::Motion,
            (true, true) if !self.boundary.is_fast() => UnderWay::Pulses,
            _ => UnderWay::Nothing,
        };
        actions.extend(match self.rest.sighted(sample, under_way) {
            Some(Verdict::AtRest) => {
                let mut seen = vec![Action::AtRest];
                seen.extend(self.motions.at_rest(now));
                seen
            }
            Some(Verdict::Runaway) => self.runaway(now),
            _ => Vec::new(),
        });
        actions
    }

    /// The hardware could not be looked at.
    pub fn unseen(&mut self, missed: Missed, now: Instant) {
        let active = self.motions.active();
        self.boundary.unseen(missed, &active, now);
    }

    /// A look begins, which ends with [`Safety::sighted`] or [`Safety::unseen`].
    pub fn looks(&mut self) {
        self.boundary.looks();
    }

    /// Do what is due.
    pub fn tick(&mut self, now: Instant) -> Vec<Action> {
        let mut actions = self.change(now, |motions| motions.tick(now));
        actions.extend(self.keep_control(now));
        if let Some(why) = self.boundary.look_out(&self.motions.active(), now) {
            actions.extend(self.stop_unseen(why, now));
        }
        match self.rest.tick(now) {
            Some(Verdict::StopAgain) => {
                actions.extend(self.stop_all(&Cause::DoesNotStop, now));
            }
            Some(Verdict::DoesNotStop) => {
                actions.extend(self.stop_all(&Cause::DoesNotStop, now));
                actions.push(alarm(
                    AlarmKind::DoesNotStop,
                    "the hardware does not stop: cut its power or use its keypad",
                ));
            }
            Some(Verdict::Unseen) => {
                actions.extend(self.stop_all(&Cause::DoesNotStop, now));
                actions.push(alarm(
                    AlarmKind::DoesNotStop,
                    "the hardware was told to stop again and again, and nobody can see whether it does: look at it",
                ));
            }
            _ => {}
        }
        actions
    }

    /// When [`Safety::tick`] is to be called next. None: there is nothing that could come due.
    pub fn next_deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.motions.next_deadline(),
            self.rest.deadline(),
            self.control.lapses(),
            self.boundary.unseen_deadline(&self.motions.active()),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// See [`Motions::endings`].
    #[must_use]
    pub fn endings(&self, role: &str) -> Vec<Exchange> {
        self.motions.endings(role)
    }

    /// What moves, oldest first.
    pub fn active(&self) -> Vec<MotionView> {
        self.motions.active()
    }

    /// Who is in control.
    pub fn holder(&self) -> Option<&Owner> {
        self.control.holder()
    }

    /// How soon the hardware is to be looked at again after it was, for the sake of the limits; none: whenever.
    pub fn look_within(&self) -> Option<Duration> {
        self.boundary.look_within()
    }

    /// Whether it was told to stand, or is owed that, and was not seen to.
    pub fn is_to_stand(&self) -> bool {
        self.rest.is_awaited()
    }

    /// The same, as long as it is told again: where nobody sees it, not any more once it was told often enough.
    pub fn is_unsettled(&self) -> bool {
        self.rest.is_unsettled()
    }

    /// Whether the hardware is to be looked at as often as may be: something moves, is to come to rest, or was seen to move unasked, or
    /// the newest look failed.
    pub fn is_restless(&self) -> bool {
        let in_doubt = self.rest.is_in_doubt() || self.boundary.is_blind();
        self.motions.is_busy() || self.is_to_stand() || in_doubt
    }

    /// Whether a look cannot wait: what was told to stand was not seen to, or what moves was not seen.
    pub fn is_urgent(&self) -> bool {
        self.is_to_stand() || (self.motions.is_busy() && self.boundary.is_blind())
    }

    /// Changes the motions, and sees what follows from it for control and rest.
    fn change(
        &mut self,
        now: Instant,
        change: impl FnOnce(&mut Motions) -> Vec<Action>,
    ) -> Vec<Action> {
        // Before: what ends now was going on until now.
        self.note_control(now);
        let actions = change(&mut self.motions);
        self.follow(actions, now)
    }

    /// What the host ended is to be seen to stand, once nothing else moves.
    fn follow(&mut self, actions: Vec<Action>, now: Instant) -> Vec<Action> {
        for action in &actions {
            let Action::Event(event) = action else {
                continue;
            };
            match &event.happening {
                Happening::Ended(_) if event.kind == Kind::Pulse && self.boundary.is_fast() => {}
                Happening::Ended(Cause::Done | Cause::Superseded) => self.rest.asked(now),
                Happening::Ended(_) if !self.motions.is_busy() => self.rest.expect(now),
                Happening::Ended(_) | Happening::Began | Happening::Renewed => {}
            }
        }
        actions
    }

    /// A limit is ahead. What follows the sky there is to follow it no more, and nobody may be there to see.
    fn stop_for(&mut self, stop: &Stop, now: Instant) -> Vec<Action> {
        let why = stop.breach.to_string();
        let mut actions = match stop.lines {
            true => self.stop_all(&Cause::Limit(why.clone()), now),
            false => Vec::new(),
        };
        actions.extend(stop.tracking.then_some(Action::StopTracking));
        actions.extend(stop.call.then(|| alarm(AlarmKind::Limit, &why)));
        actions
    }

    /// What nobody sees is to stand.
    fn stop_unseen(&mut self, why: String, now: Instant) -> Vec<Action> {
        let cause = Cause::Unseen(why);
        let mut actions = self.stop_all(&cause, now);
        actions.push(Action::StopTracking);
        actions.push(alarm(AlarmKind::Unseen, &cause.to_string()));
        actions
    }

    fn runaway(&mut self, now: Instant) -> Vec<Action> {
        let told = alarm(
            AlarmKind::Runaway,
            "the hardware moves, and nobody asked it to",
        );
        let mut actions = match self.settings.runaway {
            Runaway::Stop => self.stop_all(&Cause::Runaway, now),
            Runaway::Tell => Vec::new(),
        };
        actions.push(told);
        actions
    }

    fn stop_all(&mut self, cause: &Cause, now: Instant) -> Vec<Action> {
        self.rest.expect(now);
        self.motions.stop_all(&self.settings.roles, cause, now)
    }

    fn note_control(&mut self, now: Instant) {
        if self
            .control
            .holder()
            .is_some_and(|holder| self.motions.moves_for(holder))
        {
            self.control.goes_on(now);
        }
    }

    /// Ends control whose time is over.
    fn keep_control(&mut self, now: Instant) -> Option<Action> {
        self.note_control(now);
        self.control.tick(now).map(Action::Control)
    }
}

fn alarm(kind: AlarmKind, what: &str) -> Action {
    Action::Alarm(Alarm {
        kind,
        what: what.to_owned(),
    })
}
