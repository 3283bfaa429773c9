//! The motions of a table: what the state machine of `slewgate-safety` decides is carried out here, under one lock, so that
//! bytes reach the line in the order of the decisions.

use std::collections::VecDeque;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;
use slewgate_safety::{
    Action, Caller, Cause, Denied, Happening, Moment, MotionEvent, MotionId, MotionView, Occasion,
    Plan, Progress, Safety, Session, Stopper,
};
use slewgate_serial::{Exchange, Line, LineError, LineState, StopHandle, StopSequence};

use super::desk::{Chore, Desk, Look, Order};
use super::notices::{Happened, HostStop};
use super::{Attached, Table};
use crate::powers::Duty;

/// How long the ending of one motion waits for another's exchange, at least: several times what an exchange takes.
const ENDING_PATIENCE: Duration = Duration::from_millis(100);

/// Why a motion did not begin.
#[derive(Debug)]
pub(crate) enum NotBegun {
    NoSuchRole,
    Denied(Denied),
}

/// Who stops, for the news.
#[derive(Clone, Debug)]
pub struct StoppedBy(pub String);

/// A stop under way: it is counted and on its way to the lines.
#[derive(Debug)]
pub struct Stopping(Vec<(String, LineStop)>);

/// What is done about one line.
#[derive(Debug)]
enum LineStop {
    Sent(StopHandle),
    /// Its plugin says that nothing of it has to be stopped, and nothing moves.
    Needless,
    /// Nothing says how it is stopped.
    Unknown,
}

/// Why a stop wrote nothing on a line, or how writing it failed.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// The plugin never attached, and nothing else says how the line is stopped.
    #[error(
        "no stop sequence is known for the line in role `{0}`: its plugin never attached to the hardware"
    )]
    NoSequence(String),
    /// The line.
    #[error("the line in role `{0}`: {1}")]
    Line(String, LineError),
}

impl Stopping {
    /// When the last byte was handed to the last device; none where nothing had to be sent.
    ///
    /// # Errors
    /// The first line that could not be stopped; the others are all the same.
    pub async fn sent(self) -> Result<Option<Instant>, StopError> {
        let mut last = Ok(None);
        for (role, handle) in self.0 {
            let sent = match handle {
                LineStop::Sent(handle) => handle
                    .await
                    .map(Some)
                    .map_err(|error| StopError::Line(role, error)),
                LineStop::Needless => Ok(None),
                LineStop::Unknown => Err(StopError::NoSequence(role)),
            };
            last = match (last, sent) {
                (Ok(last), Ok(sent)) => Ok(last.max(sent)),
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
        }
        last
    }
}

impl Table {
    pub(crate) fn begin(&self, plan: Plan, duty: &Duty) -> Result<u32, NotBegun> {
        let line = self.line(&plan.role).ok_or(NotBegun::NoSuchRole)?;
        let (Some(caller), Some(counts)) = (&duty.caller, &duty.writes) else {
            return Err(NotBegun::Denied(Denied::NotAMove));
        };
        let stop_count = counts.of(&plan.role).ok_or(NotBegun::NoSuchRole)?;
        let caller = Caller {
            stop_count,
            ..caller.clone()
        };
        let role = plan.role.clone();
        let mut desk = self.desk();
        if desk.label_stopped_since(&plan.label, counts.labels) {
            return Err(NotBegun::Denied(Denied::Stopped));
        }
        if !desk.can_end(&plan) {
            return Err(NotBegun::Denied(Denied::Limit(format!(
                "nothing is known that stops the line in role `{role}`: its plugin has to say so in `attach`, or the configuration in `stop` of its line, or the motion needs an ending"
            ))));
        }
        if desk.unattended {
            let why = "its plugin keeps failing and is quarantined: nobody would look after it";
            return Err(NotBegun::Denied(Denied::Limit(why.to_owned())));
        }
        let moment = Moment {
            now: Instant::now(),
            at: self.surroundings().clock.now(),
        };
        let begun = desk.safety.begin(plan, caller, line.stop_count(), moment);
        let (motion, actions) = begun.map_err(NotBegun::Denied)?;
        self.perform(&mut desk, actions);
        desk.warrants.insert(motion, duty.warrant.clone());
        duty.deeds
            .began
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(motion);
        self.note_moving(&desk);
        drop(desk);
        self.moved.notify_one();
        self.moving_is_written(&role);
        Ok(motion.0)
    }

    pub(crate) fn label_stops(&self) -> u64 {
        self.desk().label_stops()
    }

    /// A jog's client is still there: its number and the lease that it got. None: there is no such jog of this session.
    pub fn renew(
        &self,
        session: Session,
        label: &str,
        lease: Option<Duration>,
    ) -> Option<(MotionId, Duration)> {
        let renewed = self
            .desk()
            .safety
            .renew(session, label, lease, Instant::now());
        self.moved.notify_one();
        renewed
    }

    /// Stops everything on the table's lines: counted at once, written before everything that is queued. Every motion ends.
    pub(crate) fn stop(&self, by: &StoppedBy, stopper: Stopper) -> Stopping {
        let mut desk = self.desk();
        desk.stopped_by = Some(by.0.clone());
        let sent = self
            .lines
            .keys()
            .map(|role| (role.clone(), self.stop_line(&desk, role)))
            .collect();
        self.end_stopped(&mut desk, stopper);
        drop(desk);
        self.moved.notify_one();
        Stopping(sent)
    }

    /// The stop of another table, on a line that this one shares: its motions end before the stop is told.
    pub(crate) fn was_stopped(&self) {
        self.end_stopped(&mut self.desk(), Stopper::Other);
        self.moved.notify_one();
    }

    /// The device of a role's line is gone: its motions end, and the bytes that end them are owed to it.
    pub(super) fn end_lost(&self, role: &str, how: &str) {
        self.desk().clock_is_due = false;
        self.change(|safety, now| safety.line_lost(role, how, now));
    }

    /// Ends the motion of one direction by its own ending. True: there was one.
    pub fn stop_label(&self, label: &str, by: &StoppedBy) -> bool {
        let mut desk = self.desk();
        desk.stopped_by = Some(by.0.clone());
        desk.note_label_stop(label);
        let actions = desk.safety.stop_label(label, Instant::now());
        let ended = |action: &Action| matches!(action, Action::Event(event) if matches!(event.happening, Happening::Ended(_)));
        let any = actions.iter().any(ended);
        self.perform(&mut desk, actions);
        drop(desk);
        self.moved.notify_one();
        any
    }

    /// A session is gone: what it moved ends or completes.
    pub fn session_closed(&self, session: Session) {
        self.change(|safety, now| safety.session_closed(session, now));
    }

    /// The motions that go on.
    #[must_use]
    pub fn motions(&self) -> Vec<MotionView> {
        self.desk().safety.active()
    }

    /// Whether nothing moves, and nothing is told to stand that was not seen to.
    pub(crate) fn is_idle(&self) -> bool {
        let desk = self.desk();
        desk.safety.active().is_empty() && !desk.safety.is_to_stand()
    }

    /// Who sent the newest stop.
    #[must_use]
    pub fn stopped_by(&self) -> Option<String> {
        self.desk().stopped_by.clone()
    }

    /// The plugin failed in a call: what moves is ended. The next call may succeed.
    pub(crate) fn plugin_failed(&self) {
        self.change(Safety::plugin_failed);
    }

    /// The plugin is quarantined, or is not any more. Meanwhile nothing moves: what a call began that is still under way ends. Whether
    /// the hardware follows the sky nobody sees: the samples that fail say so, and what must not go unseen is stopped.
    pub(crate) fn set_unattended(&self, unattended: bool) {
        let mut desk = self.desk();
        if desk.unattended == unattended {
            return;
        }
        desk.unattended = unattended;
        drop(desk);
        if unattended {
            self.plugin_failed();
        }
    }

    /// There is no plugin any more.
    pub(crate) fn unloaded(&self) {
        self.desk().clock_is_due = false;
        self.change(Safety::unloaded);
    }

    /// A plugin serves (again); `sampled`: it says that it has samples.
    pub(crate) fn adopted(&self, sampled: bool) {
        self.change(|safety, now| safety.adopted(sampled, now));
    }

    /// Where all lines are open and have handed over what they owed, the hardware has what it was told. Silent hardware does not hear
    /// it, and where nothing says how a line is stopped, it was told nothing.
    pub(super) fn note_reached(&self) {
        let is_reached = |line: &Line| {
            matches!(*line.state().borrow(), LineState::Open { .. }) && !*line.owing().borrow()
        };
        let silent = *self.attached.borrow() == Attached::Silent;
        let mut desk = self.desk();
        let told = self.lines.keys().all(|role| desk.stops.contains_key(role));
        if told && !silent && self.lines.values().all(is_reached) {
            desk.safety.reached(Instant::now());
            drop(desk);
            self.moved.notify_one();
        }
    }

    pub(crate) fn progress(&self, motion: MotionId, progress: Progress) {
        self.change(|safety, now| safety.progress(motion, progress, now));
    }

    /// The hardware refused what these motions began for.
    pub(crate) fn refused(&self, motions: &[MotionId], why: &str) {
        self.change(|safety, now| {
            let over = motions
                .iter()
                .flat_map(|motion| safety.refused(*motion, why.to_owned(), now));
            over.collect()
        });
    }

    /// Carries out what is due, and says when to come again. A stop that another table sent on a shared line is seen here.
    pub(crate) fn tick(&self) -> Option<Instant> {
        let mut desk = self.desk();
        self.end_stopped(&mut desk, Stopper::Other);
        let actions = desk.safety.tick(Instant::now());
        self.perform(&mut desk, actions);
        self.tell_the_time(&mut desk);
        self.note_moving(&desk);
        desk.safety.next_deadline()
    }

    /// Ends when a stop came after the counts were taken.
    pub(crate) async fn stopped_since(&self, counts: Option<&super::StopCounts>) {
        let mut stops = self.stops.subscribe();
        let Some(counts) = counts else {
            return std::future::pending().await;
        };
        // The table that owns the sender is borrowed here: it cannot be closed.
        let _ = stops
            .wait_for(|_| {
                self.lines
                    .iter()
                    .any(|(role, line)| counts.of(role) != Some(line.stop_count()))
            })
            .await;
    }

    pub(super) fn keep_stop(&self, role: &str, stop: &StopSequence) {
        self.desk().stops.insert(role.to_owned(), stop.clone());
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Safety, Instant) -> Vec<Action>) {
        let mut desk = self.desk();
        let actions = change(&mut desk.safety, Instant::now());
        self.perform(&mut desk, actions);
        drop(desk);
        self.moved.notify_one();
    }

    /// Ends the motions that the newest stop of each line took along.
    fn end_stopped(&self, desk: &mut Desk, by: Stopper) {
        let actions = self.stopped(desk, by);
        self.perform(desk, actions);
    }

    /// All roles: several may share a line, of this table or of others.
    fn stopped(&self, desk: &mut Desk, by: Stopper) -> Vec<Action> {
        let ended = |(role, line): (&String, &Line)| {
            desk.safety
                .stopped(role, line.stop_count(), by, Instant::now())
        };
        self.lines.iter().flat_map(ended).collect()
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Warrants first: once an ending is on its way, the call that began the motion writes nothing more.
    pub(super) fn perform(&self, desk: &mut Desk, actions: Vec<Action>) {
        let mut actions = VecDeque::from(actions);
        for motion in actions.iter().filter_map(ends) {
            revoke(desk, motion);
        }
        // Of a stop and of what it takes along one is told.
        let mut told = Vec::new();
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Send {
                    role, exchanges, ..
                } => self.send_ending(desk, &role, exchanges),
                Action::StopLine {
                    role,
                    cause: Cause::LineLost(_) | Cause::Superseded,
                } => self.end_all(desk, &role),
                Action::StopLine { role, cause } => {
                    tracing::info!(plugin = self.name, role, %cause, "stopping the line");
                    desk.stopped_by = Some(format!("the host: {cause}"));
                    told.push(cause.as_str());
                    self.notice(Happened::Stopped(HostStop {
                        client: None,
                        what: format!("the line in role {role}"),
                        why: cause.to_string(),
                    }));
                    drop(self.stop_line(desk, &role));
                    actions.extend(self.stopped(desk, Stopper::Other));
                }
                Action::Advance {
                    motion,
                    occasion,
                    note,
                } => self.look_after(desk, motion, occasion, note),
                Action::Event(event) => {
                    // Of those that a stop added to the list.
                    if let Happening::Ended(cause) = &event.happening {
                        revoke(desk, event.motion);
                        if cause.is_of_the_host() && !told.contains(&cause.as_str()) {
                            self.notice(Happened::Stopped(HostStop::of(&event, cause)));
                        }
                    }
                    self.tell(&event);
                }
                Action::AtRest => self.tell_rest(),
                Action::Control(event) => self.notice(Happened::Control(event)),
                Action::Alarm(alarm) => self.notice(Happened::Alarm(alarm)),
                Action::StopTracking => self.order_for(desk, "track", &json!({ "mode": "off" })),
            }
        }
    }

    /// Others' commands go on: an ending lets the exchange that is under way come to its end first.
    fn send_ending(&self, desk: &Desk, role: &str, exchanges: Vec<Exchange>) {
        let patience = desk
            .stops
            .get(role)
            .map_or(ENDING_PATIENCE, |stop| stop.patience.max(ENDING_PATIENCE));
        if let Some(line) = self.line(role) {
            drop(line.end(&StopSequence {
                exchanges,
                patience,
            }));
        }
    }

    /// Counts the stop even where no bytes are known: what was asked before never reaches the wire.
    fn stop_line(&self, desk: &Desk, role: &str) -> LineStop {
        let Some(line) = self.line(role) else {
            return LineStop::Unknown;
        };
        let known = desk.stops.get(role).cloned();
        let stop = known.unwrap_or_else(|| StopSequence {
            exchanges: desk.endings(role),
            patience: ENDING_PATIENCE,
        });
        let handle = line.stop(&stop);
        self.stops.send_modify(|stops| *stops += 1);
        match stop.writes_nothing() {
            false => LineStop::Sent(handle),
            true if desk.stopless.contains(role) => LineStop::Needless,
            true => LineStop::Unknown,
        }
    }

    /// What the stop of the line writes, as an ending. It counts no stop: what is asked while the device is away fails by itself, a
    /// jog that took the place of a slew goes on, and nobody stopped either. A device that is away is owed it.
    fn end_all(&self, desk: &Desk, role: &str) {
        if let Some(stop) = desk.stops.get(role) {
            self.send_ending(desk, role, stop.exchanges.clone());
        }
    }

    fn look_after(&self, desk: &Desk, motion: MotionId, occasion: Occasion, note: Vec<u8>) {
        self.have_done(Chore::Look(Look {
            motion,
            occasion,
            note,
            counts: self.counts(desk.label_stops()),
        }));
    }

    /// Behind the stops that were counted until now.
    pub(super) fn order_for(&self, desk: &Desk, verb: &'static str, params: &serde_json::Value) {
        self.have_done(Chore::Order(Order {
            verb,
            params: params.to_string(),
            counts: self.counts(desk.label_stops()),
        }));
    }

    fn have_done(&self, chore: Chore) {
        if let Err(full) = self.chores.try_send(chore) {
            tracing::error!(plugin = self.name, %full, "too much waits for the plugin");
        }
    }

    fn tell(&self, event: &MotionEvent) {
        let (happening, why) = match &event.happening {
            Happening::Renewed => return,
            Happening::Began => ("began", None),
            Happening::Ended(cause) => ("ended", Some(cause)),
        };
        tracing::info!(plugin = self.name, motion = %event.motion, label = event.label, client = event.client, happening, why = why.map(Cause::as_str));
        let data = json!({
            "motion": event.motion.0, "kind": event.kind.as_str(), "label": event.label, "client": event.client,
            "happening": happening, "why": why.map(Cause::as_str),
            "error": match why { Some(Cause::Failed(error) | Cause::LineLost(error) | Cause::Limit(error) | Cause::Unseen(error)) => Some(error), _ => None },
        });
        self.tell_motion(&data);
    }

    /// Who is to guide or to move next what was stopped may wait for this: until then the stop may be repeated.
    fn tell_rest(&self) {
        let happening = "at_rest";
        tracing::info!(plugin = self.name, happening, "seen to stand");
        self.tell_motion(&json!({ "happening": happening }));
    }

    fn tell_motion(&self, data: &serde_json::Value) {
        if let Ok(data) = serde_json::value::to_raw_value(data) {
            self.publish("motion", data);
        }
    }
}

/// The motion that ends by this.
fn ends(action: &Action) -> Option<MotionId> {
    match action {
        Action::Send { motion, .. } => Some(*motion),
        Action::Event(event) if matches!(event.happening, Happening::Ended(_)) => {
            Some(event.motion)
        }
        _ => None,
    }
}

/// The call that began this motion writes nothing more.
fn revoke(desk: &mut Desk, motion: MotionId) {
    if let Some(warrant) = desk.warrants.remove(&motion) {
        warrant.revoke();
    }
}
