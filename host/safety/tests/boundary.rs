//! The limits of the site as a table keeps them: what is not seen, what does not obey, and what only looks like a mount.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::time::{Duration, Instant};

use common::{SECOND, caller, endings, ms, plan, sample, stops};
use slewgate_safety::limits::{Fence, Limits, State};
use slewgate_safety::*;
use slewgate_sky::{Equatorial, Site, Sky};

/// 2026-11-23T22:00:00Z.
const NIGHT: f64 = 1_795_471_200e3;
const GREENWICH: Site = Site {
    latitude: 51.4779,
    longitude: 0.0,
    elevation: 46.0,
};
/// What stands on the meridian has this altitude above its declination.
const EQUATOR: f64 = 90.0 - GREENWICH.latitude;
const LOWEST: f64 = 30.0;

/// A table whose telescope is on the meridian, above a horizon of 30 degrees.
struct Night {
    safety: Safety,
    sky: Sky,
    began: Instant,
    now: Instant,
    count: u64,
    altitude: f64,
    /// Degrees of hour angle, west positive.
    hour_angle: f64,
    every: Duration,
    stops: Vec<(Duration, Cause)>,
    alarms: Vec<(Duration, AlarmKind)>,
    /// When it was ordered to follow the sky no more.
    orders: Vec<Duration>,
    ended: Vec<(MotionId, Cause)>,
}

impl Night {
    fn within(limits: OfTheSite) -> Night {
        let now = Instant::now();
        Night {
            safety: Safety::new(SafetySettings {
                roles: vec!["port".to_owned(), "focuser".to_owned()],
                runaway: Runaway::Tell,
                limits,
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

    fn new() -> Night {
        Night::within(fence())
    }

    fn at(&self) -> f64 {
        NIGHT + (self.now - self.began).as_secs_f64() * 1e3
    }

    fn place(&self, altitude: f64) -> Equatorial {
        let sidereal = self.sky.sidereal_time(self.at(), &GREENWICH);
        Equatorial {
            ra: (sidereal - self.hour_angle / 15.0).rem_euclid(24.0),
            dec: altitude - EQUATOR,
        }
    }

    fn see(&mut self, state: State) {
        let seen = Sample {
            position: Some(self.place(self.altitude)),
            every: self.every,
            at: self.at(),
            ..sample(state, self.now)
        };
        let actions = self.safety.sighted(&seen, self.now);
        self.carry_out(actions);
    }

    fn see_no_mount(&mut self) {
        let actions = self
            .safety
            .sighted(&sample(State::Moving, self.now), self.now);
        self.carry_out(actions);
    }

    /// Its samples come every tenth of a second, or fail. It sinks by so many degrees a second.
    fn pass(&mut self, time: Duration, state: Option<State>, sinks: f64) {
        let until = self.now + time;
        while self.now < until {
            self.now += ms(100);
            self.altitude -= sinks / 10.0;
            match state {
                Some(state) => self.see(state),
                None => self.safety.unseen("garbled".to_owned(), self.now),
            }
            if self.safety.next_deadline().is_some_and(|at| at <= self.now) {
                let actions = self.safety.tick(self.now);
                self.carry_out(actions);
            }
        }
    }

    /// An order of the host's is carried out at once, as the engine tells it, and changes nothing.
    fn carry_out(&mut self, actions: Vec<Action>) {
        self.ended.extend(endings(&actions));
        let since = self.now - self.began;
        for action in actions {
            match action {
                Action::StopLine { role, cause } => {
                    if role == "port" {
                        self.stops.push((since, cause));
                    }
                    self.count += 1;
                    let more = self.safety.stopped(&role, stops(self.count), self.now);
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

    fn begin(&mut self, plan: Plan) -> Result<MotionId, Denied> {
        let caller = Caller {
            stop_count: stops(self.count),
            lease: Some(MAX_LEASE),
            ..caller(1)
        };
        let moment = Moment {
            now: self.now,
            at: self.at(),
        };
        let (motion, actions) = self.safety.begin(plan, caller, stops(self.count), moment)?;
        self.carry_out(actions);
        Ok(motion)
    }

    fn jog(&mut self, label: &str) -> Result<MotionId, Denied> {
        self.begin(plan(Kind::Jog, label))
    }

    fn goto(&mut self, altitude: f64) -> Result<MotionId, Denied> {
        let target = Some(self.place(altitude));
        self.begin(Plan {
            target,
            ..plan(Kind::Slew, "goto")
        })
    }

    fn seconds(&self) -> f64 {
        (self.now - self.began).as_secs_f64()
    }
}

fn fence() -> OfTheSite {
    let limits = Limits {
        lowest: LOWEST,
        sun: None,
        ..Limits::default()
    };
    OfTheSite::Fence(Box::new(Fence::new(limits, Sky::new(0.0), GREENWICH)))
}

fn focus(kind: Kind) -> Plan {
    Plan {
        role: "focuser".to_owned(),
        ..plan(kind, "in")
    }
}

fn said(denied: &Denied) -> String {
    denied.to_string()
}

fn unseen() -> Cause {
    Cause::Unseen("garbled".to_owned())
}

#[test]
fn what_moves_and_is_not_seen_is_stopped_and_people_are_called() {
    for kind in [Kind::Jog, Kind::Slew] {
        let mut night = Night::new();
        night.see(State::Still);
        let motion = match kind {
            Kind::Jog => night.jog("north").unwrap(),
            _ => night.goto(70.0).unwrap(),
        };
        night.pass(UNSEEN_AT_LEAST - ms(100), None, 0.0);
        assert_eq!(night.stops, []);
        night.pass(ms(500), None, 0.0);
        assert_eq!(night.stops, [(UNSEEN_AT_LEAST, unseen())]);
        assert_eq!(night.alarms, [(UNSEEN_AT_LEAST, AlarmKind::Unseen)]);
        assert_eq!(night.orders, [UNSEEN_AT_LEAST]);
        assert_eq!(night.ended, [(motion, unseen())]);
    }
}

#[test]
fn what_was_seen_to_move_and_then_is_not_is_stopped() {
    let mut night = Night::new();
    night.see(State::Still);
    night.jog("north").unwrap();
    night.pass(2 * SECOND, Some(State::Moving), -1.0);
    night.pass(6 * SECOND, None, -1.0);
    assert_eq!(night.stops[0].1, unseen());
    assert!((ms(7000)..=ms(7200)).contains(&night.stops[0].0));
}

#[test]
fn looks_that_fail_now_and_then_stop_nothing() {
    let mut night = Night::new();
    night.see(State::Still);
    night.goto(70.0).unwrap();
    for _ in 0..6 {
        night.pass(ms(4500), None, -0.1);
        night.pass(ms(200), Some(State::Moving), -0.1);
    }
    assert_eq!(night.stops, []);
}

#[test]
fn hardware_that_can_only_be_looked_at_seldom_may_miss_three_looks() {
    let mut night = Night::new();
    night.every = 4 * SECOND;
    night.see(State::Still);
    night.goto(70.0).unwrap();
    night.pass(ms(11_900), None, 0.0);
    assert_eq!(night.stops, []);
    night.pass(ms(100), None, 0.0);
    assert_eq!(night.stops, [(12 * SECOND, unseen())]);
}

#[test]
fn jogs_one_after_the_other_are_unseen_since_the_first() {
    let mut night = Night::new();
    night.see(State::Still);
    for _ in 0..2 {
        night.jog("north").unwrap();
        night.pass(2 * SECOND, None, 0.0);
        let actions = night.safety.stop_label("north", night.now);
        night.carry_out(actions);
    }
    night.jog("north").unwrap();
    night.pass(SECOND, None, 0.0);
    assert_eq!(night.stops[0], (UNSEEN_AT_LEAST, unseen()));
}

#[test]
fn what_was_configured_on_its_way_is_unseen_since_it_was_seen_before() {
    let mut night = Night::new();
    night.see(State::Still);
    night.goto(70.0).unwrap();
    night.pass(SECOND, Some(State::Moving), -0.1);
    night.safety.configured();
    night.pass(6 * SECOND, None, 0.0);
    assert_eq!(night.stops[0], (SECOND + UNSEEN_AT_LEAST, unseen()));
}

#[test]
fn what_tracks_may_go_unseen_for_a_minute_and_what_stands_for_ever() {
    for (state, stops) in [(State::Tracking, true), (State::Still, false)] {
        let mut night = Night::new();
        night.see(state);
        night.pass(UNSEEN_TRACKING - ms(100), None, 0.0);
        assert_eq!(night.stops, []);
        night.pass(5 * SECOND, None, 0.0);
        assert_eq!(!night.orders.is_empty(), stops);
        assert_eq!(night.alarms.len(), usize::from(stops));
    }
}

#[test]
fn what_is_gone_or_has_no_plugin_is_not_looked_for() {
    for unload in [true, false] {
        let mut night = Night::new();
        night.see(State::Tracking);
        let actions = match unload {
            true => night.safety.unloaded(night.now),
            false => night.safety.line_lost("port", "pulled", night.now),
        };
        night.carry_out(actions);
        night.pass(2 * UNSEEN_TRACKING, None, 0.0);
        assert_eq!((night.stops.len(), night.alarms.len()), (0, 0));
    }
}

#[test]
fn without_limits_nothing_is_stopped_for_not_being_seen() {
    let mut night = Night::within(OfTheSite::Off);
    night.see(State::Still);
    night.goto(70.0).unwrap();
    night.pass(30 * SECOND, None, 0.0);
    assert_eq!(night.stops, []);
}

#[test]
fn who_stopped_unseen_is_moved_again_once_it_is_seen() {
    let mut night = Night::new();
    night.see(State::Still);
    night.jog("north").unwrap();
    night.pass(6 * SECOND, None, 0.0);
    for denied in [night.jog("north"), night.goto(70.0)] {
        let said = said(&denied.unwrap_err());
        assert!(
            said.starts_with("the host cannot see where the telescope points (garbled)"),
            "{said}"
        );
    }
    night.begin(plan(Kind::Pulse, "north")).unwrap();
    night.see(State::Still);
    night.jog("north").unwrap();
}

#[test]
fn a_mount_that_was_never_seen_is_not_moved() {
    let mut night = Night::new();
    night.safety.unseen("garbled".to_owned(), night.now);
    for plan in [plan(Kind::Jog, "north"), plan(Kind::Slew, "park")] {
        let said = said(&night.begin(plan).unwrap_err());
        assert!(said.contains("cannot see"), "{said}");
    }
    night.begin(plan(Kind::Pulse, "north")).unwrap();
}

#[test]
fn a_target_needs_a_sighting_whatever_the_plugin_shows() {
    let mut night = Night::new();
    assert!(said(&night.goto(70.0).unwrap_err()).contains("cannot see"));
    night.see_no_mount();
    assert!(said(&night.goto(70.0).unwrap_err()).contains("cannot see"));
}

#[test]
fn an_old_sighting_is_none() {
    let mut night = Night::new();
    night.see(State::Still);
    night.now += 60 * SECOND;
    assert!(said(&night.jog("north").unwrap_err()).contains("cannot see"));
}

#[test]
fn where_the_site_is_unknown_not_even_a_mount_that_cannot_be_seen_is_moved() {
    let mut night = Night::within(OfTheSite::Unknown);
    night.safety.unseen("garbled".to_owned(), night.now);
    for plan in [plan(Kind::Jog, "north"), plan(Kind::Slew, "park")] {
        let said = said(&night.begin(plan).unwrap_err());
        assert!(said.contains("[site]"), "{said}");
    }
}

#[test]
fn what_points_nowhere_has_no_limits_and_needs_not_be_seen() {
    for limits in [OfTheSite::Unknown, fence()] {
        let mut night = Night::within(limits);
        night.see_no_mount();
        night.begin(focus(Kind::Jog)).unwrap();
        night.pass(9 * SECOND, None, 0.0);
        assert_eq!(night.stops, []);
    }
}

#[test]
fn a_mount_that_does_not_know_where_it_points_is_not_seen() {
    let mut night = Night::new();
    night.see(State::Still);
    night.jog("north").unwrap();
    for _ in 0..60 {
        night.now += ms(100);
        night.see_no_mount();
        let actions = night.safety.tick(night.now);
        night.carry_out(actions);
    }
    assert!(matches!(&night.stops[0], (at, Cause::Unseen(_)) if *at <= ms(5200)));
}

#[test]
fn tracking_that_does_not_end_at_a_limit_is_one_alarm_and_is_told_more_and_more_seldom() {
    let mut night = Night::new();
    (night.altitude, night.hour_angle) = (LOWEST - 0.1, 5.0);
    night.pass(60 * SECOND, Some(State::Tracking), 0.004);
    assert_eq!(night.alarms, [(ms(100), AlarmKind::Limit)]);
    assert_eq!(night.stops.len(), 1, "{:?}", night.stops);
    let orders: Vec<_> = night.orders.iter().map(Duration::as_millis).collect();
    assert_eq!(orders, [100, 3100, 9100, 21_100, 45_100]);
}

#[test]
fn a_limit_that_is_over_and_comes_again_is_told_again() {
    let mut night = Night::new();
    (night.altitude, night.hour_angle) = (LOWEST - 0.1, 5.0);
    night.pass(SECOND, Some(State::Tracking), 0.0);
    night.pass(SECOND, Some(State::Still), 0.0);
    night.pass(SECOND, Some(State::Tracking), 0.0);
    assert_eq!((night.stops.len(), night.alarms.len()), (2, 2));
}

#[test]
fn who_leads_what_tracks_outside_back_is_not_hit() {
    for goto in [true, false] {
        let mut night = Night::new();
        (night.altitude, night.hour_angle) = (LOWEST - 0.1, 5.0);
        night.pass(10 * SECOND, Some(State::Tracking), 0.004);
        let told = (night.stops.len(), night.orders.len());
        match goto {
            true => night.goto(60.0).unwrap(),
            false => night.jog("north").unwrap(),
        };
        // It is some seconds before it moves, and then comes back in.
        night.pass(4 * SECOND, Some(State::Tracking), 0.004);
        night.pass(4 * SECOND, Some(State::Moving), -2.0);
        assert_eq!((night.stops.len(), night.orders.len()), told);
        assert_eq!((night.alarms.len(), &night.ended[..]), (1, &[][..]));
    }
}

#[test]
fn who_leads_it_further_out_instead_is_stopped_at_once() {
    let mut night = Night::new();
    (night.altitude, night.hour_angle) = (LOWEST - 0.1, 5.0);
    night.pass(SECOND, Some(State::Tracking), 0.004);
    let motion = night.jog("north").unwrap();
    let before = night.now - night.began;
    night.pass(SECOND, Some(State::Moving), 2.0);
    assert!(matches!(&night.ended[..], [(id, Cause::Limit(_))] if *id == motion));
    assert!(night.stops[1].0 <= before + ms(300), "{:?}", night.stops);
}

#[test]
fn a_runaway_past_a_limit_is_one_alarm() {
    let mut night = Night::new();
    night.see(State::Still);
    night.pass(10 * SECOND, Some(State::Moving), 3.0);
    let limits = |(_, kind): &&(Duration, AlarmKind)| *kind == AlarmKind::Limit;
    assert_eq!(night.alarms.iter().filter(limits).count(), 1);
    let stops = |(_, cause): &&(Duration, Cause)| matches!(cause, Cause::Limit(_));
    let stops = night.stops.iter().filter(stops).count();
    assert!((2..=3).contains(&stops), "{:?}", night.stops);
}

#[test]
fn a_focuser_on_its_way_makes_nobody_lenient_with_a_jog_of_the_mount() {
    let mut night = Night::new();
    night.see(State::Still);
    night.begin(focus(Kind::Slew)).unwrap();
    let motion = night.jog("south").unwrap();
    while night.ended.is_empty() {
        night.pass(ms(100), Some(State::Moving), 6.0);
    }
    assert!(matches!(&night.ended[..], [.., (id, Cause::Limit(which))]
            if *id == motion && which.contains("horizon")));
    assert!(night.altitude > LOWEST + 4.0, "{}", night.altitude);
}

#[test]
fn a_goto_that_goes_elsewhere_is_stopped_with_the_room_that_stopping_takes() {
    let mut night = Night::new();
    night.see(State::Still);
    night.goto(70.0).unwrap();
    while night.stops.is_empty() {
        night.pass(ms(100), Some(State::Moving), 6.0);
        assert!(night.seconds() < 10.0);
    }
    assert!(night.altitude > LOWEST + 4.0, "{}", night.altitude);
}
