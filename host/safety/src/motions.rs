//! All motions of one plugin table.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use slewgate_serial::{Exchange, StopCount};

use crate::action::{Action, Cause, Happening, MotionView, Progress};
use crate::control::Owner;
use crate::motion::{Motion, Verdict, cut};
use crate::plan::{Caller, Denied, Kind, MotionId, Orphan, Plan, Session};
use crate::spent::Spent;

/// Most motions at once in one table; and most that still settle.
pub const MAX_MOTIONS: usize = 16;
/// How long what a stop took along waits to be put in order for its hardware to be seen at rest.
const REST_WAIT: Duration = Duration::from_secs(5);
/// How many closed sessions are remembered, for calls of theirs that are still under way.
const MAX_CLOSED: usize = 1024;

/// The motions of one plugin table, and what ends them.
#[derive(Debug)]
pub struct Motions {
    next: u32,
    motions: BTreeMap<MotionId, Motion>,
    spent: Spent,
    closed: VecDeque<Session>,
    /// Whether there is a plugin to call.
    attended: bool,
    /// Whether somebody says when the hardware stands: see [`Motions::at_rest`].
    watched: bool,
}

impl Default for Motions {
    fn default() -> Motions {
        Motions::new()
    }
}

impl Motions {
    /// No motion yet.
    pub fn new() -> Motions {
        Motions {
            next: 1,
            motions: BTreeMap::new(),
            spent: Spent::default(),
            closed: VecDeque::new(),
            attended: true,
            watched: false,
        }
    }

    /// Hardware is about to move. `current`: the count of stops of the role's line as it is now.
    ///
    /// A jog of the same session, role and label goes on under its number. Any other motion of the role and
    /// label is superseded without a byte, as the order that follows replaces it. A slew takes the whole mount:
    /// jogs and pulses of its role end by their ending, and an older slew is superseded. A jog takes the place of
    /// the slew of its role, which is ended too.
    /// The actions are carried out before the plugin may write.
    pub fn begin(
        &mut self,
        plan: Plan,
        caller: Caller,
        current: StopCount,
        now: Instant,
    ) -> Result<(MotionId, Vec<Action>), Denied> {
        self.check(&plan, &caller, current, now)?;
        if let Some(motion) = self.same_jog(&plan, &caller, now) {
            motion.begin_again(plan, &caller, now);
            return Ok((motion.id(), vec![motion.event(Happening::Renewed)]));
        }
        let stands_in = self.has_replaced_by_order(&plan);
        let mut actions = self.supersede(&plan);
        let id = MotionId(self.next);
        self.next = self.next.wrapping_add(1);
        let motion = Motion::new(id, plan, &caller, stands_in, now);
        actions.push(motion.event(Happening::Began));
        self.motions.insert(id, motion);
        Ok((id, actions))
    }

    /// A client's program is still there. Answers the jog's number and the lease that it got; none where there
    /// is no such jog, so that the request has to begin one. Passes no limit, plugin or line.
    pub fn renew(
        &mut self,
        session: Session,
        label: &str,
        lease: Option<Duration>,
        now: Instant,
    ) -> Option<(MotionId, Duration)> {
        self.motions
            .values_mut()
            .filter(|motion| motion.session() == Some(session) && motion.plan().label == label)
            .find_map(|motion| Some((motion.id(), motion.renew(lease, now)?)))
    }

    /// The line of this role was stopped, and `stops` is its count since. Every motion that began before ends;
    /// one that began after the stop goes on. To be told of the same stop again changes nothing.
    pub fn stopped(&mut self, role: &str, stops: StopCount, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        let taken_along =
            |motion: &&mut Motion| motion.plan().role == role && motion.precedes(stops);
        for motion in self.motions.values_mut().filter(taken_along) {
            if motion.is_active() {
                actions.push(motion.event(Happening::Ended(Cause::Stop)));
            }
            let rests_by = self.watched.then(|| now + REST_WAIT);
            motion.taken_along(stops, rests_by, now);
        }
        self.bound_settling();
        self.and_look(actions, now)
    }

    /// From now on what a stop took along is put in order once [`Motions::at_rest`] was called, or nobody did for [`REST_WAIT`].
    pub(crate) fn watch_rest(&mut self, watched: bool) {
        self.watched = watched;
    }

    /// The hardware is seen to stand: what a stop took along can be put in order.
    pub(crate) fn at_rest(&mut self, now: Instant) -> Vec<Action> {
        self.motions
            .values_mut()
            .for_each(|motion| motion.at_rest(now));
        self.and_look(Vec::new(), now)
    }

    /// All that moves on any line is over for this cause, and the lines are stopped for it.
    pub(crate) fn stop_all(
        &mut self,
        roles: &[String],
        cause: &Cause,
        now: Instant,
    ) -> Vec<Action> {
        let stop = |role: &String| Action::StopLine {
            role: role.clone(),
            cause: cause.clone(),
        };
        let mut actions: Vec<_> = roles.iter().map(stop).collect();
        for motion in self.motions.values_mut().filter(|m| m.is_active()) {
            actions.push(motion.event(Happening::Ended(cause.clone())));
            motion.settle(now);
        }
        self.bound_settling();
        actions
    }

    /// Ends the jogs of all but this client.
    pub(crate) fn end_jogs_of_others(&mut self, owner: &Owner, now: Instant) -> Vec<Action> {
        let theirs = |motion: &Motion| motion.plan().kind == Kind::Jog && !motion.owner().is(owner);
        let actions = self.end_where(|motion| theirs(motion).then_some(Cause::ControlLost), now);
        self.and_look(actions, now)
    }

    /// Whether something moves that this client is to be in control for.
    pub(crate) fn moves_for(&self, owner: &Owner) -> bool {
        let theirs = |motion: &Motion| {
            motion.is_active() && motion.owner().is(owner) && motion.plan().kind != Kind::Pulse
        };
        self.motions.values().any(theirs)
    }

    /// Whether anything moves.
    pub(crate) fn is_busy(&self) -> bool {
        self.motions.values().any(Motion::is_active)
    }

    /// The device of this role's line is gone: what moved there is over for who began it, and is ended when the device is back,
    /// as it may move on until then.
    pub fn line_lost(&mut self, role: &str, how: &str, now: Instant) -> Vec<Action> {
        let there = |motion: &Motion| motion.plan().role == role;
        let cause = || Cause::LineLost(cut(how.to_owned()));
        let actions = self.end_where(|motion| there(motion).then(cause), now);
        self.and_look(actions, now)
    }

    /// End what moves under this label, each by its own ending. Whether anything did is told by the events: calls
    /// of `advance` that are due come along with any answer.
    pub fn stop_label(&mut self, label: &str, now: Instant) -> Vec<Action> {
        let labelled = |motion: &Motion| motion.plan().label == label;
        let actions = self.end_where(|motion| labelled(motion).then_some(Cause::Stop), now);
        self.and_look(actions, now)
    }

    /// A session is gone: its jogs end, and the rest as their plans say. It begins nothing any more.
    pub fn session_closed(&mut self, session: Session, now: Instant) -> Vec<Action> {
        if self.closed.len() >= MAX_CLOSED {
            self.closed.pop_front();
        }
        self.closed.push_back(session);
        let theirs = |motion: &Motion| motion.session() == Some(session);
        let ends = |motion: &Motion| theirs(motion) && ends_with_its_owner(motion.plan());
        let actions = self.end_where(|motion| ends(motion).then_some(Cause::SessionClosed), now);
        self.motions
            .values_mut()
            .filter(|motion| theirs(motion))
            .for_each(Motion::disown);
        self.and_look(actions, now)
    }

    /// The plugin failed in a call, whatever for, and can be asked again: all of its motions end, as nobody can be trusted to look
    /// after them. Who can make it fail can stop what others move; whoever it is may stop that anyway.
    pub fn plugin_failed(&mut self, now: Instant) -> Vec<Action> {
        let actions = self.orphaned(now);
        self.and_look(actions, now)
    }

    /// The plugin was unloaded, and nothing can be asked of it until [`Motions::adopted`]: all of its motions end.
    pub fn unloaded(&mut self, now: Instant) -> Vec<Action> {
        self.attended = false;
        self.motions
            .values_mut()
            .for_each(|motion| motion.forget_look(now));
        self.orphaned(now)
    }

    /// A plugin is there again, and looks after what was left.
    pub fn adopted(&mut self, now: Instant) -> Vec<Action> {
        self.attended = true;
        self.tick(now)
    }

    /// What `advance` answered, or that the call failed. An answer for a motion that is gone changes nothing.
    pub fn progress(&mut self, id: MotionId, progress: Progress, now: Instant) -> Vec<Action> {
        let fell = matches!(progress, Progress::Fell(_));
        let mut actions = self.take(id, progress, now);
        if fell {
            actions.extend(self.orphaned(now));
        }
        self.and_look(actions, now)
    }

    /// The hardware refused the order that this motion began for: it is over, and its plugin has nothing to put in order.
    /// A line's stop would take along what others move, and nothing moves by this one; only a jog may have moved before, or
    /// what it took the place of, which nobody looks after any more.
    pub fn refused(&mut self, id: MotionId, why: String) -> Vec<Action> {
        let Some(motion) = self.motions.get(&id).filter(|motion| motion.is_active()) else {
            return Vec::new();
        };
        let cause = Cause::Failed(cut(why));
        let jogged = motion.plan().kind == Kind::Jog;
        let moved = jogged || motion.stands_in() || !motion.plan().ending.is_empty();
        let bytes = moved.then(|| motion.ending(cause.clone()));
        let over = motion.event(Happening::Ended(cause));
        self.motions.remove(&id);
        bytes.into_iter().chain([over]).collect()
    }

    /// Do what is due.
    pub fn tick(&mut self, now: Instant) -> Vec<Action> {
        self.note_spent(now);
        let mut actions =
            self.end_where(|motion| motion.is_overdue(now).then(|| motion.end().1), now);
        let lost: Vec<MotionId> = self.ids(|motion| motion.is_lost(now));
        for id in lost {
            actions.extend(self.take(
                id,
                Progress::Failed("the plugin did not answer".to_owned()),
                now,
            ));
        }
        self.motions.retain(|_, motion| !motion.is_settled(now));
        self.and_look(actions, now)
    }

    /// When [`Motions::tick`] is to be called next. None: there is nothing that could come due.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.motions
            .values()
            .map(|motion| motion.deadline(self.attended))
            .min()
    }

    /// What ends all that moves on the line of a role, one motion after another.
    #[must_use]
    pub fn endings(&self, role: &str) -> Vec<Exchange> {
        let moving = self.motions.values().filter(|motion| motion.is_active());
        moving
            .map(Motion::plan)
            .filter(|plan| plan.role == role)
            .flat_map(|plan| plan.ending.iter().cloned())
            .collect()
    }

    /// What moves, oldest first.
    pub fn active(&self) -> Vec<MotionView> {
        self.motions
            .values()
            .filter(|motion| motion.is_active())
            .map(Motion::view)
            .collect()
    }

    fn check(
        &mut self,
        plan: &Plan,
        caller: &Caller,
        current: StopCount,
        now: Instant,
    ) -> Result<(), Denied> {
        if !caller.moves {
            return Err(Denied::NotAMove);
        }
        if caller.stop_count < current || self.closed.contains(&caller.session) {
            return Err(Denied::Stopped);
        }
        plan.check()?;
        if plan.kind == Kind::Jog {
            self.note_spent(now);
            self.spent.check(plan, caller, now)?;
        }
        self.check_pulse(plan)?;
        let stay = self
            .motions
            .values()
            .filter(|m| m.is_active() && replaces(plan, m.plan()).is_none());
        match stay.count() < MAX_MOTIONS {
            true => Ok(()),
            false => Err(Denied::Limit(format!(
                "at most {MAX_MOTIONS} motions go on at once; stop some first"
            ))),
        }
    }

    /// A correction of what is on its way elsewhere corrects nothing, and on many mounts ends it.
    fn check_pulse(&self, plan: &Plan) -> Result<(), Denied> {
        let disturbed = |motion: &&Motion| {
            motion.is_active()
                && motion.plan().role == plan.role
                && motion.plan().kind != Kind::Pulse
        };
        match self.motions.values().find(disturbed) {
            Some(motion) if plan.kind == Kind::Pulse => Err(Denied::Limit(format!(
                "the mount moves (`{}`); guide when it has come to rest",
                motion.plan().label
            ))),
            _ => Ok(()),
        }
    }

    /// The jog that this plan goes on with.
    fn same_jog(&mut self, plan: &Plan, caller: &Caller, now: Instant) -> Option<&mut Motion> {
        self.motions.values_mut().find(|motion| {
            motion.is_active()
                && !motion.is_overdue(now)
                && motion.session() == Some(caller.session)
                && (plan.kind, motion.plan().kind) == (Kind::Jog, Kind::Jog)
                && replaces(plan, motion.plan()).is_some()
        })
    }

    /// What an answer of `advance` changes.
    fn take(&mut self, id: MotionId, progress: Progress, now: Instant) -> Vec<Action> {
        let Some(motion) = self.motions.get_mut(&id) else {
            return Vec::new();
        };
        match motion.answer(progress, now) {
            Verdict::GoesOn => Vec::new(),
            Verdict::Ends(Cause::Done) => {
                let over = motion.event(Happening::Ended(Cause::Done));
                self.motions.remove(&id);
                vec![over]
            }
            Verdict::Ends(cause) => self.end(&[(id, cause)], now),
            Verdict::Settled => {
                self.motions.remove(&id);
                Vec::new()
            }
        }
    }

    /// Whether something moves that the order which follows is to replace.
    fn has_replaced_by_order(&self, plan: &Plan) -> bool {
        let mut active = self.motions.values().filter(|old| old.is_active());
        active.any(|old| replaces(plan, old.plan()) == Some(Replaced::ByTheOrder))
    }

    /// End what the new plan takes the place of.
    fn supersede(&mut self, plan: &Plan) -> Vec<Action> {
        let mut actions = Vec::new();
        self.motions.retain(|_, old| {
            let Some(replaced) = replaces(plan, old.plan()).filter(|_| old.is_active()) else {
                return true;
            };
            if replaced == Replaced::ByItsEnding {
                actions.push(old.ending(Cause::Superseded));
            }
            actions.push(old.event(Happening::Ended(Cause::Superseded)));
            false
        });
        actions
    }

    fn orphaned(&mut self, now: Instant) -> Vec<Action> {
        self.end_where(|_| Some(Cause::Orphaned), now)
    }

    fn end_where(&mut self, cause: impl Fn(&Motion) -> Option<Cause>, now: Instant) -> Vec<Action> {
        let active = self.motions.values().filter(|motion| motion.is_active());
        let ends: Vec<_> = active
            .filter_map(|motion| Some((motion.id(), cause(motion)?)))
            .collect();
        self.end(&ends, now)
    }

    /// The host ends these: first the bytes that do, then then the news.
    fn end(&mut self, ends: &[(MotionId, Cause)], now: Instant) -> Vec<Action> {
        let (mut bytes, mut news) = (Vec::new(), Vec::new());
        for (id, cause) in ends {
            let Some(motion) = self.motions.get_mut(id) else {
                continue;
            };
            let role = &motion.plan().role;
            let stops_already = |action: &Action| matches!(action, Action::StopLine { role: line, .. } if line == role);
            if !bytes.iter().any(stops_already) {
                bytes.push(motion.ending(cause.clone()));
            }
            news.push(motion.event(Happening::Ended(cause.clone())));
            motion.settle(now);
        }
        self.bound_settling();
        bytes.extend(news);
        bytes
    }

    /// These actions, and the calls of `advance` that are due. A stop of a line comes first, as it changes what
    /// there is to ask: [`Motions::stopped`] asks then.
    fn and_look(&mut self, mut actions: Vec<Action>, now: Instant) -> Vec<Action> {
        let stops = actions
            .iter()
            .any(|action| matches!(action, Action::StopLine { .. }));
        if self.attended && !stops {
            actions.extend(
                self.motions
                    .values_mut()
                    .filter_map(|motion| motion.look(now)),
            );
        }
        actions
    }

    /// A plugin that puts nothing in order does not fill the table: the oldest is left as it is.
    fn bound_settling(&mut self) {
        let settling = self.ids(|motion| !motion.is_active());
        for id in &settling[..settling.len().saturating_sub(MAX_MOTIONS)] {
            self.motions.remove(id);
        }
    }

    fn note_spent(&mut self, now: Instant) {
        for motion in self
            .motions
            .values()
            .filter(|motion| motion.is_active() && motion.is_overdue(now))
        {
            if let (Some(session), Some(lease), (_, Cause::AtMost)) =
                (motion.session(), motion.lease(), motion.end())
            {
                self.spent.add(session, motion.plan(), lease, now);
            }
        }
    }

    fn ids(&self, which: impl Fn(&Motion) -> bool) -> Vec<MotionId> {
        self.motions
            .values()
            .filter(|motion| which(motion))
            .map(Motion::id)
            .collect()
    }
}

/// How an older motion gives way to a newer one.
#[derive(PartialEq)]
enum Replaced {
    /// The order that follows takes its place on the hardware.
    ByTheOrder,
    /// It would go on beside the order that follows, so its ending is sent first.
    ByItsEnding,
}

/// A jog or pulse that only a stop could end stays beside the new motion, and keeps its own deadline. A slew never stays beside a
/// jog: what a mount does that is told to do both differs, and the plugin that looks after the slew would see it astray.
fn replaces(new: &Plan, old: &Plan) -> Option<Replaced> {
    let takes_over = (new.kind, old.kind) == (Kind::Jog, Kind::Slew);
    let whole_mount = takes_over || new.kind == Kind::Slew;
    let concerned = new.role == old.role && (new.label == old.label || whole_mount);
    let same_kind = new.kind == old.kind;
    match (concerned, same_kind, old.ending.is_empty() && !takes_over) {
        (false, ..) | (true, false, true) => None,
        (true, true, _) => Some(Replaced::ByTheOrder),
        (true, false, false) => Some(Replaced::ByItsEnding),
    }
}

/// Whether a motion ends when nobody answers for it any more.
fn ends_with_its_owner(plan: &Plan) -> bool {
    plan.kind == Kind::Jog || plan.orphan == Orphan::Stop
}
