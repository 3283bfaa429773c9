//! A table whose telescope is watched, or not.

use std::time::{Duration, Instant};

use slewgate_safety::limits::{Fence, Limits, State};
use slewgate_safety::*;
use slewgate_sky::{Equatorial, Site, Sky};

use crate::common::{caller, endings, ms, owner, plan, sample, stops};

/// 2026-11-23T22:00:00Z.
const NIGHT: f64 = 1_795_471_200e3;
const GREENWICH: Site = Site {
    latitude: 51.4779,
    longitude: 0.0,
    elevation: 46.0,
};
/// What stands on the meridian has this altitude above its declination.
const EQUATOR: f64 = 90.0 - GREENWICH.latitude;
pub(crate) const LOWEST: f64 = 30.0;

/// A table whose telescope is on the meridian, above a horizon of 30 degrees.
pub(crate) struct Night {
    pub(crate) safety: Safety,
    pub(crate) sky: Sky,
    pub(crate) began: Instant,
    pub(crate) now: Instant,
    pub(crate) count: u64,
    pub(crate) altitude: f64,
    /// Degrees of hour angle, west positive.
    pub(crate) hour_angle: f64,
    pub(crate) every: Duration,
    pub(crate) stops: Vec<(Duration, Cause)>,
    pub(crate) alarms: Vec<(Duration, AlarmKind)>,
    /// When it was ordered to follow the sky no more.
    pub(crate) orders: Vec<Duration>,
    pub(crate) ended: Vec<(MotionId, Cause)>,
}

impl Night {
    pub(crate) fn within(limits: OfTheSite) -> Night {
        let now = Instant::now();
        Night {
            safety: Safety::new(SafetySettings {
                roles: vec!["port".to_owned(), "focuser".to_owned()],
                runaway: Runaway::Tell,
                limits,
                left_moving: false,
            }),
            sky: Sky::new(0.0),
            began: now,
            now,
            count: 0,
            altitude: 50.0,
            hour_angle: 0.0,
            every: ms(500),
            stops: Vec::new(),
            alarms: Vec::new(),
            orders: Vec::new(),
            ended: Vec::new(),
        }
    }

    pub(crate) fn new() -> Night {
        Night::within(fence())
    }

    pub(crate) fn at(&self) -> f64 {
        NIGHT + (self.now - self.began).as_secs_f64() * 1e3
    }

    pub(crate) fn place(&self, altitude: f64) -> Equatorial {
        let sidereal = self.sky.sidereal_time(self.at(), &GREENWICH);
        Equatorial {
            ra: (sidereal - self.hour_angle / 15.0).rem_euclid(24.0),
            dec: altitude - EQUATOR,
        }
    }

    pub(crate) fn see(&mut self, state: State) {
        let seen = Sample {
            position: Some(self.place(self.altitude)),
            every: self.every,
            took: ms(20),
            at: self.at(),
            ..sample(state, self.now)
        };
        let actions = self.safety.sighted(&seen, self.now);
        self.carry_out(actions);
    }

    pub(crate) fn see_no_mount(&mut self) {
        let actions = self
            .safety
            .sighted(&sample(State::Moving, self.now), self.now);
        self.carry_out(actions);
    }

    /// Its samples come every tenth of a second, or fail. It sinks by so many degrees a second.
    pub(crate) fn pass(&mut self, time: Duration, state: Option<State>, sinks: f64) {
        let until = self.now + time;
        while self.now < until {
            self.now += ms(100);
            self.altitude -= sinks / 10.0;
            match state {
                Some(state) => self.see(state),
                None => self.safety.unseen(garbled(), self.now),
            }
            if self.safety.next_deadline().is_some_and(|at| at <= self.now) {
                let actions = self.safety.tick(self.now);
                self.carry_out(actions);
            }
        }
    }

    /// An order of the host's is carried out at once, as the engine tells it, and changes nothing.
    pub(crate) fn carry_out(&mut self, actions: Vec<Action>) {
        self.ended.extend(endings(&actions));
        let since = self.now - self.began;
        for action in actions {
            match action {
                Action::StopLine { role, cause } => {
                    if role == "port" {
                        self.stops.push((since, cause));
                    }
                    self.count += 1;
                    let more =
                        self.safety
                            .stopped(&role, stops(self.count), Stopper::Other, self.now);
                    self.ended.extend(endings(&more));
                }
                Action::StopTracking => {
                    self.orders.push(since);
                    self.safety.configured();
                }
                Action::Alarm(alarm) => self.alarms.push((since, alarm.kind)),
                _ => {}
            }
        }
    }

    pub(crate) fn begin(&mut self, plan: Plan) -> Result<MotionId, Denied> {
        self.begin_for(1, plan)
    }

    pub(crate) fn begin_for(&mut self, session: Session, plan: Plan) -> Result<MotionId, Denied> {
        let caller = Caller {
            stop_count: stops(self.count),
            lease: Some(MAX_LEASE),
            owner: owner(1),
            ..caller(session)
        };
        let moment = Moment {
            now: self.now,
            at: self.at(),
        };
        let (motion, actions) = self.safety.begin(plan, caller, stops(self.count), moment)?;
        self.carry_out(actions);
        Ok(motion)
    }

    pub(crate) fn jog(&mut self, label: &str) -> Result<MotionId, Denied> {
        self.begin(plan(Kind::Jog, label))
    }

    pub(crate) fn goto(&mut self, altitude: f64) -> Result<MotionId, Denied> {
        let target = Some(self.place(altitude));
        self.begin(Plan {
            target,
            ..plan(Kind::Slew, "goto")
        })
    }

    pub(crate) fn home(&mut self) -> Result<MotionId, Denied> {
        self.begin(plan(Kind::Slew, "home"))
    }

    pub(crate) fn since(&self) -> Duration {
        self.now - self.began
    }

    /// When it was told last to stand for a limit, or to follow the sky no more.
    pub(crate) fn told_of_limits(&self) -> Option<Duration> {
        let limit =
            |(at, cause): &(Duration, Cause)| matches!(cause, Cause::Limit(_)).then_some(*at);
        let stopped = self.stops.iter().filter_map(limit);
        stopped.chain(self.orders.iter().copied()).max()
    }
}

pub(crate) fn fence() -> OfTheSite {
    let limits = Limits {
        lowest: LOWEST,
        sun: None,
        ..Limits::default()
    };
    OfTheSite::Fence(Box::new(Fence::new(limits, Sky::new(0.0), GREENWICH)))
}

pub(crate) fn focus(kind: Kind) -> Plan {
    Plan {
        role: "focuser".to_owned(),
        ..plan(kind, "in")
    }
}

pub(crate) fn said(denied: &Denied) -> String {
    denied.to_string()
}

pub(crate) fn garbled() -> Missed {
    Missed {
        why: "garbled".to_owned(),
        silent: false,
        refused: false,
    }
}

pub(crate) fn unseen() -> Cause {
    Cause::Unseen("garbled".to_owned())
}
