//! What was told to stand is seen to stand, or told again, or people are called.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::time::{Duration, Instant};

use common::{SECOND, advances, caller, ms, plan, sample, stops};
use slewgate_safety::limits::State;
use slewgate_safety::*;

fn settings(limits: OfTheSite) -> SafetySettings {
    SafetySettings {
        roles: vec!["port".to_owned()],
        runaway: Runaway::Stop,
        limits,
        left_moving: false,
    }
}

/// A table whose hardware is looked at twice a second.
struct Watched {
    safety: Safety,
    now: Instant,
    began: Instant,
    count: u64,
    /// When a stop was sent, counted from the beginning, and for what.
    stops: Vec<(Duration, Cause)>,
    alarms: Vec<(Duration, Alarm)>,
    /// When it was said to stand.
    rests: Vec<Duration>,
}

impl Watched {
    fn new(runaway: Runaway) -> Watched {
        let mut watched = Watched::unseen(SafetySettings {
            runaway,
            ..settings(OfTheSite::Off)
        });
        watched.see(State::Tracking);
        watched
    }

    /// A table that nothing is known of yet.
    fn unseen(settings: SafetySettings) -> Watched {
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

    fn carry_out(&mut self, actions: Vec<Action>) -> Vec<Action> {
        let mut done = Vec::new();
        let mut queue: std::collections::VecDeque<_> = actions.into();
        while let Some(action) = queue.pop_front() {
            match &action {
                Action::StopLine { cause, .. } => {
                    self.stops.push((self.now - self.began, cause.clone()));
                    queue.extend(self.count_stop());
                }
                Action::AtRest => self.rests.push(self.now - self.began),
                Action::Alarm(alarm) => self.alarms.push((self.now - self.began, alarm.clone())),
                _ => {}
            }
            done.push(action);
        }
        done
    }

    fn count_stop(&mut self) -> Vec<Action> {
        self.count += 1;
        self.safety.stopped("port", stops(self.count), self.now)
    }

    /// A client's stop.
    fn stop(&mut self) -> Vec<Action> {
        let actions = self.count_stop();
        self.carry_out(actions)
    }

    fn see(&mut self, state: State) -> Vec<Action> {
        let actions = self.safety.sighted(&sample(state, self.now), self.now);
        self.carry_out(actions)
    }

    /// Time passes, and the host does what is due. Samples, if there are any, come every half second.
    fn pass(&mut self, time: Duration, seen: Option<State>) {
        self.pass_seen_every(ms(500), time, seen);
    }

    fn pass_seen_every(&mut self, period: Duration, time: Duration, seen: Option<State>) {
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
    fn configure(&mut self) {
        let configured = self.safety.configure(&common::owner(1), self.now);
        self.carry_out(configured.unwrap());
    }

    fn begin(&mut self, kind: Kind) -> MotionId {
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
    fn called(&self) -> Vec<(Duration, AlarmKind)> {
        let alarms = self.alarms.iter();
        alarms.map(|(at, alarm)| (*at, alarm.kind)).collect()
    }

    fn repeated(&self) -> Vec<Duration> {
        self.stops.iter().map(|(at, _)| *at).collect()
    }
}

#[test]
fn a_stop_that_is_seen_to_work_is_not_repeated() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Slew);
    watched.stop();
    watched.pass(ms(600), Some(State::Moving));
    assert_eq!(watched.rests, []);
    watched.pass(60 * SECOND, Some(State::Tracking));
    assert_eq!(watched.stops, []);
    assert_eq!(watched.alarms, []);
    assert_eq!(watched.rests, [ms(1100)], "it is told once");
}

#[test]
fn nobody_is_told_that_hardware_stands_which_was_not_told_to() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.pass(10 * SECOND, Some(State::Tracking));
    watched.begin(Kind::Slew);
    watched.stop();
    watched.begin(Kind::Slew);
    watched.pass(10 * SECOND, Some(State::Tracking));
    assert_eq!(watched.rests, []);
}

#[test]
fn a_stop_that_does_not_work_is_repeated_at_growing_intervals_and_then_people_are_called() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Slew);
    watched.stop();
    watched.pass(8 * SECOND, Some(State::Moving));
    let expected = [1500, 2000, 3000, 5000, 7000].map(ms);
    assert_eq!(watched.repeated(), expected);
    assert_eq!(watched.called(), [(ms(7000), AlarmKind::DoesNotStop)]);
    watched.pass(12 * SECOND, Some(State::Moving));
    assert_eq!(watched.alarms.len(), 1, "people are called once");
    assert!(watched.stops.len() > 6, "the host does not give up");
}

#[test]
fn a_stop_after_which_no_sample_comes_is_repeated_until_people_are_called() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Slew);
    watched.stop();
    watched.pass(60 * SECOND, None);
    assert_eq!(watched.repeated(), BLIND.map(ms));
    assert_eq!(watched.called(), [(ms(6750), AlarmKind::DoesNotStop)]);
}

#[test]
fn hardware_that_is_seldom_looked_at_is_told_to_stand_until_it_is_seen_to() {
    for period in [3, 4, 7, 10].map(|period| period * SECOND) {
        let mut watched = Watched::new(Runaway::Stop);
        watched.begin(Kind::Slew);
        watched.stop();
        watched.pass_seen_every(period, 60 * SECOND, Some(State::Moving));
        let recent = watched
            .repeated()
            .into_iter()
            .filter(|at| *at > 45 * SECOND);
        assert!(recent.count() > 0, "{period:?}: {:?}", watched.repeated());
        assert_eq!(
            watched.alarms.len(),
            1,
            "{period:?}: people are called once"
        );
        assert!(watched.safety.is_to_stand());
        let told = watched.stops.len();
        watched.pass_seen_every(period, 60 * SECOND, Some(State::Tracking));
        assert!(watched.stops.len() <= told + 1, "{:?}", watched.repeated());
        assert_eq!(watched.rests.len(), 1);
    }
}

#[test]
fn what_was_seen_before_a_stop_does_not_show_that_it_worked() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Slew);
    let before = sample(State::Still, watched.now);
    watched.now += ms(10);
    watched.stop();
    let actions = watched.safety.sighted(&before, watched.now);
    watched.carry_out(actions);
    watched.pass(ms(1300), None);
    assert_eq!(watched.repeated(), [ms(1260)]);
}

#[test]
fn the_end_of_a_jog_is_seen_to_work_like_a_stop() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Jog);
    watched.pass(ms(1000), Some(State::Moving));
    assert_eq!(watched.safety.active().len(), 0, "its lease is over");
    watched.pass(ms(1700), Some(State::Moving));
    assert_eq!(watched.stops, [(ms(2500), Cause::DoesNotStop)]);
}

#[test]
fn what_begins_after_a_stop_is_not_stopped_for_its_sake() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Slew);
    watched.stop();
    watched.begin(Kind::Slew);
    watched.pass(20 * SECOND, Some(State::Moving));
    assert_eq!(watched.stops, []);
    assert_eq!(watched.safety.active().len(), 1);
}

#[test]
fn hardware_that_moves_unasked_is_stopped_and_people_are_called_once() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.pass(10 * SECOND, Some(State::Tracking));
    watched.pass(ms(500), Some(State::Moving));
    assert_eq!(watched.stops, [], "one reading may have jumped");
    watched.pass(ms(500), Some(State::Moving));
    assert_eq!(watched.stops, [(11 * SECOND, Cause::Runaway)]);
    assert_eq!(watched.called(), [(11 * SECOND, AlarmKind::Runaway)]);
    watched.pass(ms(500), Some(State::Moving));
    watched.pass(20 * SECOND, Some(State::Tracking));
    assert_eq!(watched.stops.len(), 1);
    assert_eq!(watched.alarms.len(), 1);
}

#[test]
fn a_keypad_may_move_it_where_the_settings_say_so() {
    let mut watched = Watched::new(Runaway::Tell);
    watched.pass(30 * SECOND, Some(State::Moving));
    assert_eq!(watched.stops, []);
    assert_eq!(watched.alarms.len(), 1);
}

#[test]
fn the_rest_of_a_motion_is_no_runaway() {
    let mut watched = Watched::new(Runaway::Stop);
    let mut slew = plan(Kind::Slew, "goto");
    slew.first_look = ms(10);
    let begun = watched.safety.begin(
        slew,
        caller(1),
        stops(0),
        Moment {
            now: watched.now,
            at: 0.0,
        },
    );
    let (motion, actions) = begun.unwrap();
    watched.carry_out(actions);
    watched.pass(ms(100), Some(State::Moving));
    let actions = watched.safety.progress(motion, Progress::Done, watched.now);
    watched.carry_out(actions);
    watched.pass(AFTERMATH - ms(100), Some(State::Moving));
    watched.pass(10 * SECOND, Some(State::Tracking));
    assert_eq!(watched.stops, []);
}

#[test]
fn an_order_that_is_no_motion_explains_what_moves_so_soon_after_it() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.pass(10 * SECOND, Some(State::Tracking));
    for _ in 0..2 {
        watched.configure();
        watched.pass(ms(1900), Some(State::Moving));
    }
    watched.pass(10 * SECOND, Some(State::Tracking));
    assert_eq!(watched.alarms, []);
}

#[test]
fn orders_that_follow_each_other_hide_no_runaway() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.pass(10 * SECOND, Some(State::Tracking));
    for _ in 0..8 {
        watched.configure();
        watched.pass(SECOND, Some(State::Moving));
    }
    let noticed = 10 * SECOND + LONGEST_AFTERMATH + ms(500);
    assert_eq!(watched.called(), [(noticed, AlarmKind::Runaway)]);
    assert_eq!(watched.stops[0], (noticed, Cause::Runaway));
}

#[test]
fn a_line_that_is_lost_is_told_nothing_until_samples_come_again() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Slew);
    watched.stop();
    let lost = watched.safety.line_lost("port", "pulled", watched.now);
    watched.carry_out(lost);
    watched.pass(60 * SECOND, None);
    assert_eq!(watched.stops, []);
}

#[test]
fn a_motion_that_a_stop_took_along_is_put_in_order_once_the_hardware_stands() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Slew);
    assert_eq!(advances(&watched.stop()), [], "it still slows down");
    watched.now += ms(200);
    assert_eq!(advances(&watched.see(State::Moving)), []);
    watched.now += ms(200);
    let asked = advances(&watched.see(State::Tracking));
    assert!(matches!(&asked[..], [(Occasion::Ended, _)]), "{asked:?}");
}

/// When what nobody sees is stopped again, counted from its stop.
const BLIND: [u64; 5] = [1250, 1750, 2750, 4750, 6750];

#[test]
fn what_moved_for_a_handler_that_is_unloaded_is_stopped_again_though_nobody_sees_it() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Slew);
    let unloaded = watched.safety.unloaded(watched.now);
    watched.carry_out(unloaded);
    assert!(watched.safety.is_unsettled());
    watched.pass(ms(6000), None);
    assert_eq!(watched.repeated(), BLIND.map(ms)[..4]);
    assert!(watched.safety.is_unsettled(), "it is stopped once more");
    watched.pass(60 * SECOND, None);
    assert_eq!(watched.repeated(), BLIND.map(ms));
    assert_eq!(watched.called(), [(ms(6750), AlarmKind::DoesNotStop)]);
    let what = &watched.alarms[0].1.what;
    assert!(what.contains("nobody can see"), "{what}");
    assert!(
        !watched.safety.is_unsettled(),
        "there is nothing left to do"
    );
    assert!(watched.safety.is_to_stand(), "and it was not seen to");

    let adopted = watched.safety.adopted(true, watched.now);
    watched.carry_out(adopted);
    watched.pass(SECOND, Some(State::Moving));
    assert!(watched.safety.is_unsettled());
    watched.pass(10 * SECOND, Some(State::Moving));
    assert!(watched.stops.len() > 5, "it is seen to move");
    watched.pass(SECOND, Some(State::Still));
    assert_eq!(watched.rests.len(), 1);
}

#[test]
fn hardware_whose_plugin_has_no_samples_is_stopped_again_and_nobody_is_called() {
    let mut watched = Watched::unseen(settings(OfTheSite::Off));
    let adopted = watched.safety.adopted(false, watched.now);
    watched.carry_out(adopted);
    watched.begin(Kind::Slew);
    watched.stop();
    watched.pass(60 * SECOND, None);
    assert_eq!(watched.repeated(), BLIND.map(ms)[..4]);
    assert_eq!(watched.alarms, []);
    assert!(!watched.safety.is_to_stand());
    assert_eq!(watched.safety.next_deadline(), None);
}

#[test]
fn what_a_host_before_left_moving_is_seen_to_stand_once_it_has_the_stop_that_it_is_owed() {
    let mut watched = Watched::unseen(SafetySettings {
        left_moving: true,
        ..settings(OfTheSite::Off)
    });
    assert!(watched.safety.is_unsettled());
    watched.pass(60 * SECOND, None);
    assert_eq!(watched.stops, [], "it is not there yet");
    watched.safety.reached(watched.now);
    watched.pass(8 * SECOND, Some(State::Moving));
    let expected = [61_500, 62_000, 63_000, 65_000, 67_000].map(ms);
    assert_eq!(watched.repeated(), expected);
    watched.pass(SECOND, Some(State::Tracking));
    assert_eq!(watched.rests.len(), 1);
    assert!(!watched.safety.is_unsettled());
}

#[test]
fn what_moved_when_its_line_was_lost_is_seen_to_stand_once_it_is_back() {
    for stopped in [false, true] {
        let mut watched = Watched::new(Runaway::Stop);
        watched.begin(Kind::Slew);
        let lost = watched.safety.line_lost("port", "pulled", watched.now);
        watched.carry_out(lost);
        watched.stops.clear();
        if stopped {
            watched.stop();
        }
        watched.pass(60 * SECOND, None);
        assert_eq!(watched.stops, [], "its line owes it that");
        assert!(watched.safety.is_unsettled());
        let adopted = watched.safety.adopted(true, watched.now);
        watched.carry_out(adopted);
        watched.pass(2 * SECOND, Some(State::Moving));
        assert_eq!(watched.repeated(), [ms(61_500), ms(62_000)]);
        watched.pass(SECOND, Some(State::Still));
        assert_eq!(watched.rests.len(), 1);
    }
}

#[test]
fn hardware_that_rested_when_its_line_was_lost_is_not_told_to_stand() {
    let mut watched = Watched::new(Runaway::Stop);
    let lost = watched.safety.line_lost("port", "pulled", watched.now);
    watched.carry_out(lost);
    assert!(!watched.safety.is_unsettled());
    watched.safety.reached(watched.now);
    watched.pass(60 * SECOND, None);
    assert_eq!(watched.stops, []);
}

#[test]
fn hardware_that_was_seen_to_move_unasked_is_looked_at_again_at_once() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.pass(10 * SECOND, Some(State::Still));
    assert!(!watched.safety.is_restless());
    watched.see(State::Moving);
    assert!(watched.safety.is_restless());
    watched.see(State::Still);
    assert!(!watched.safety.is_restless());
}

#[test]
fn a_mount_that_shows_a_sample_late_that_it_stands_is_not_told_again() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Slew);
    watched.stop();
    watched.pass(ms(1400), Some(State::Moving));
    watched.pass(60 * SECOND, Some(State::Tracking));
    assert_eq!(watched.stops, []);
}

#[test]
fn who_cannot_tell_whether_it_moves_confirms_no_stop() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Slew);
    watched.stop();
    watched.pass(20 * SECOND, Some(State::Unknown));
    assert!(!watched.stops.is_empty());
    assert_eq!(watched.alarms.len(), 1, "{:?}", watched.alarms);
}

/// A mount over Greenwich, whose limits are of no concern here; it turns in declination.
fn turning(limits: OfTheSite) -> Watched {
    Watched::unseen(settings(limits))
}

/// Half a second passes; the mount is seen at a declination, guided meanwhile by a pulse of another client.
fn seen_at(watched: &mut Watched, dec: f64) {
    seen_to_be(watched, State::Moving, dec);
}

fn seen_to_be(watched: &mut Watched, state: State, dec: f64) {
    watched.now += ms(500);
    let mut seen = sample(state, watched.now);
    seen.position = Some(slewgate_sky::Equatorial { ra: 6.0, dec });
    seen.at = (watched.now - watched.began).as_secs_f64() * 1e3;
    let actions = watched.safety.sighted(&seen, watched.now);
    watched.carry_out(actions);
    let actions = watched.safety.tick(watched.now);
    watched.carry_out(actions);
    guide(watched);
}

/// A pulse of another client begins.
fn guide(watched: &mut Watched) {
    let caller = Caller {
        stop_count: stops(watched.count),
        ..caller(2)
    };
    let moment = Moment {
        now: watched.now,
        at: (watched.now - watched.began).as_secs_f64() * 1e3,
    };
    let pulse = plan(Kind::Pulse, "west");
    let begun = watched
        .safety
        .begin(pulse, caller, stops(watched.count), moment);
    let (_, actions) = begun.unwrap();
    watched.carry_out(actions);
}

fn over_greenwich() -> OfTheSite {
    use slewgate_safety::limits::{Fence, Limits};
    let limits = Limits {
        lowest: -90.0,
        sun: None,
        ..Limits::default()
    };
    let site = slewgate_sky::Site {
        latitude: 51.4779,
        longitude: 0.0,
        elevation: 46.0,
    };
    OfTheSite::Fence(Box::new(Fence::new(
        limits,
        slewgate_sky::Sky::new(0.0),
        site,
    )))
}

#[test]
fn guide_pulses_hide_no_runaway_and_no_stop_that_did_not_work() {
    for limits in [over_greenwich(), OfTheSite::Off] {
        let mut watched = turning(limits);
        for step in 0..40 {
            seen_at(&mut watched, f64::from(step));
        }
        let alarms: Vec<_> = watched.called().into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(alarms, [AlarmKind::Runaway, AlarmKind::DoesNotStop]);
        assert!(watched.stops.len() > 5, "{:?}", watched.stops);
    }
}

#[test]
fn guide_pulses_of_a_mount_that_calls_them_motion_are_no_runaway_and_end_the_wait_for_rest() {
    for limits in [over_greenwich(), OfTheSite::Off] {
        let mut watched = turning(limits);
        seen_at(&mut watched, 10.0);
        watched.stop();
        for step in 0..40 {
            seen_at(&mut watched, 10.0 + f64::from(step) * 0.001);
        }
        assert_eq!(watched.stops, []);
        assert_eq!(watched.alarms, []);
    }
}

#[test]
fn guide_pulses_do_not_hide_that_a_stop_was_lost() {
    // As fast as an OnStep and a Classic jog at their rate `center`.
    let rates = [0.033, 0.13].into_iter();
    // A plugin that compares its looks sees nothing move between two that come right after each other.
    for (rate, said) in rates.flat_map(|rate| [(rate, State::Moving), (rate, State::Tracking)]) {
        let mut watched = turning(OfTheSite::Off);
        seen_to_be(&mut watched, said, 10.0);
        watched.stop();
        guide(&mut watched);
        for step in 0..40 {
            seen_to_be(&mut watched, said, 10.0 + f64::from(step) * 0.5 * rate);
        }
        let told = watched.repeated();
        assert!(told[0] <= ms(500) + 3 * SECOND, "{told:?}");
        assert_eq!(watched.rests, []);
        let alarms = watched.called();
        assert_eq!(alarms.len(), 1, "{alarms:?}");
        assert_eq!(alarms[0].1, AlarmKind::DoesNotStop);
    }
}

#[test]
fn a_stop_that_was_lost_and_is_repeated_is_seen_to_work_while_somebody_guides() {
    let mut watched = turning(OfTheSite::Off);
    seen_at(&mut watched, 10.0);
    watched.stop();
    let mut dec = 10.0;
    for _ in 0..40 {
        dec += match watched.stops.is_empty() {
            true => 0.065,
            false => 0.001,
        };
        seen_at(&mut watched, dec);
    }
    assert!(!watched.stops.is_empty());
    assert_eq!(watched.alarms, []);
    assert_eq!(watched.rests.len(), 1);
}

#[test]
fn guide_pulses_of_hardware_that_tells_no_position_confirm_no_stop() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.stop();
    for _ in 0..6 {
        watched.begin(Kind::Pulse);
        watched.pass(ms(500), Some(State::Moving));
    }
    assert_eq!(watched.rests, []);
    assert!(!watched.stops.is_empty());
}

/// Another table's stop on the line that they share. Repeated for the sake of this one it would end what the other moves.
#[test]
fn a_stop_on_the_line_of_hardware_that_nobody_looks_after_and_nobody_moved_is_not_repeated() {
    for adopted in [false, true] {
        let mut watched = Watched::unseen(settings(OfTheSite::Off));
        if adopted {
            let actions = watched.safety.adopted(false, watched.now);
            watched.carry_out(actions);
        }
        watched.stop();
        watched.pass(60 * SECOND, None);
        assert_eq!(watched.repeated(), []);
        assert_eq!(watched.alarms, []);
    }
}

#[test]
fn a_stop_is_not_repeated_sooner_than_a_slow_mount_can_be_looked_at() {
    let mut watched = Watched::unseen(settings(OfTheSite::Off));
    let every = 10 * SECOND;
    let slow = |state, now| Sample {
        every,
        ..sample(state, now)
    };
    let seen = slow(State::Still, watched.now);
    watched.safety.sighted(&seen, watched.now);
    watched.now += SECOND;
    watched.begin(Kind::Slew);
    watched.stop();
    watched.pass(9 * SECOND, None);
    assert_eq!(watched.repeated(), []);
    watched.pass(2 * SECOND, None);
    assert_eq!(watched.repeated().len(), 1);
}
