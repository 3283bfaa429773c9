//! A table under watch.

use std::time::{Duration, Instant};

use slewgate_safety::limits::State;
use slewgate_safety::*;

use crate::common::{caller, ms, owner, plan, sample, stops};

pub(crate) fn settings(limits: OfTheSite) -> SafetySettings {
    SafetySettings {
        roles: vec!["port".to_owned()],
        runaway: Runaway::Stop,
        limits,
        left_moving: false,
    }
}

/// A table whose hardware is looked at twice a second.
pub(crate) struct Watched {
    pub(crate) safety: Safety,
    pub(crate) now: Instant,
    pub(crate) began: Instant,
    pub(crate) count: u64,
    /// When a stop was sent, counted from the beginning, and for what.
    pub(crate) stops: Vec<(Duration, Cause)>,
    pub(crate) alarms: Vec<(Duration, Alarm)>,
    /// When it was said to stand.
    pub(crate) rests: Vec<Duration>,
}

impl Watched {
    pub(crate) fn new(runaway: Runaway) -> Watched {
        let mut watched = Watched::unseen(SafetySettings {
            runaway,
            ..settings(OfTheSite::Off)
        });
        watched.see(State::Tracking);
        watched
    }

    /// A table that nothing is known of yet.
    pub(crate) fn unseen(settings: SafetySettings) -> Watched {
        let now = Instant::now();
        Watched {
            safety: Safety::new(settings),
            now,
            began: now,
            count: 0,
            stops: Vec::new(),
            alarms: Vec::new(),
            rests: Vec::new(),
        }
    }

    pub(crate) fn carry_out(&mut self, actions: Vec<Action>) -> Vec<Action> {
        let mut done = Vec::new();
        let mut queue: std::collections::VecDeque<_> = actions.into();
        while let Some(action) = queue.pop_front() {
            match &action {
                Action::StopLine { cause, .. } => {
                    self.stops.push((self.now - self.began, cause.clone()));
                    queue.extend(self.count_stop(Stopper::Other));
                }
                Action::AtRest => self.rests.push(self.now - self.began),
                Action::Alarm(alarm) => self.alarms.push((self.now - self.began, alarm.clone())),
                _ => {}
            }
            done.push(action);
        }
        done
    }

    fn count_stop(&mut self, by: Stopper) -> Vec<Action> {
        self.count += 1;
        self.safety.stopped("port", stops(self.count), by, self.now)
    }

    /// A client's stop.
    pub(crate) fn stop(&mut self) -> Vec<Action> {
        self.stop_by(Stopper::Client)
    }

    pub(crate) fn stop_by(&mut self, by: Stopper) -> Vec<Action> {
        let actions = self.count_stop(by);
        self.carry_out(actions)
    }

    pub(crate) fn see(&mut self, state: State) -> Vec<Action> {
        let actions = self.safety.sighted(&sample(state, self.now), self.now);
        self.carry_out(actions)
    }

    /// Time passes, and the host does what is due. Samples, if there are any, come every half second.
    pub(crate) fn pass(&mut self, time: Duration, seen: Option<State>) {
        self.pass_seen_every(ms(500), time, seen);
    }

    pub(crate) fn pass_seen_every(
        &mut self,
        period: Duration,
        time: Duration,
        seen: Option<State>,
    ) {
        let until = self.now + time;
        let mut sample_due = self.now + period;
        loop {
            let due = self.safety.next_deadline().filter(|due| *due <= until);
            let next = due.map_or(sample_due, |due| due.min(sample_due)).min(until);
            self.now = next;
            if next == sample_due {
                sample_due += period;
                seen.map(|state| self.see(state));
            }
            let actions = self.safety.tick(self.now);
            self.carry_out(actions);
            if self.now == until {
                return;
            }
        }
    }

    /// A client gives an order that is no motion.
    pub(crate) fn configure(&mut self) {
        let configured = self.safety.configure(&owner(1), self.now);
        self.carry_out(configured.unwrap());
    }

    pub(crate) fn begin(&mut self, kind: Kind) -> MotionId {
        let caller = Caller {
            stop_count: stops(self.count),
            ..caller(1)
        };
        let begun = self.safety.begin(
            plan(kind, "goto"),
            caller,
            stops(self.count),
            Moment {
                now: self.now,
                at: 0.0,
            },
        );
        let (motion, actions) = begun.unwrap();
        self.carry_out(actions);
        motion
    }

    /// When people were called, and for what.
    pub(crate) fn called(&self) -> Vec<(Duration, AlarmKind)> {
        let alarms = self.alarms.iter();
        alarms.map(|(at, alarm)| (*at, alarm.kind)).collect()
    }

    pub(crate) fn repeated(&self) -> Vec<Duration> {
        self.stops.iter().map(|(at, _)| *at).collect()
    }
}
