//! A stop that works, and one that does not, seen by samples.

use slewgate_safety::limits::State;
use slewgate_safety::*;

use crate::common::{SECOND, advances, caller, ms, plan, sample, stops};
use crate::watched::{Watched, settings};

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

/// Of a slow mount: what it says of the motion may have been asked before there was any.
#[test]
fn a_sample_that_began_before_a_stop_does_not_show_that_it_worked() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Slew);
    watched.stop();
    watched.now += ms(500);
    let began_before = Sample {
        took: ms(600),
        ..sample(State::Tracking, watched.now)
    };
    let actions = watched.safety.sighted(&began_before, watched.now);
    watched.carry_out(actions);
    assert_eq!(watched.rests, []);
    watched.pass(SECOND, Some(State::Tracking));
    assert_eq!(watched.rests.len(), 1);
    assert_eq!(watched.stops, []);
}

/// A client's, that was asked for after the other table's stop was counted, and began before this table heard of it.
#[test]
fn what_began_after_a_stop_of_another_table_is_not_taken_for_what_does_not_obey_it() {
    let mut watched = Watched::new(Runaway::Stop);
    let asked_later = Caller {
        stop_count: stops(1),
        ..caller(1)
    };
    let moment = Moment {
        now: watched.now,
        at: 0.0,
    };
    let goto = plan(Kind::Slew, "goto");
    let (_, actions) = watched
        .safety
        .begin(goto, asked_later, stops(1), moment)
        .unwrap();
    watched.carry_out(actions);
    watched.stop_by(Stopper::Other);
    watched.pass(10 * SECOND, Some(State::Moving));
    assert_eq!(watched.stops, []);
    assert_eq!(watched.safety.active().len(), 1);
}

/// A jog of the focuser that only a stop of its line ends, beside a goto on another line.
#[test]
fn a_motion_that_goes_on_is_not_taken_for_one_that_does_not_obey_the_stop_of_another_role() {
    let mut watched = Watched::unseen(SafetySettings {
        roles: vec!["port".to_owned(), "focuser".to_owned()],
        ..settings(OfTheSite::Off)
    });
    watched.see(State::Tracking);
    watched.begin(Kind::Slew);
    let moment = Moment {
        now: watched.now,
        at: 0.0,
    };
    let jog = Plan {
        role: "focuser".to_owned(),
        ending: Vec::new(),
        ..plan(Kind::Jog, "in")
    };
    let begun = watched.safety.begin(jog, caller(1), stops(0), moment);
    watched.carry_out(begun.unwrap().1);
    let mut stopped = Vec::new();
    while watched.now < watched.began + 10 * SECOND {
        watched.now += ms(500);
        let mut actions = watched.safety.tick(watched.now);
        actions.extend(
            watched
                .safety
                .sighted(&sample(State::Moving, watched.now), watched.now),
        );
        for action in actions {
            if let Action::StopLine { role, .. } = action {
                let count = stops(stopped.len() as u64 + 1);
                watched
                    .safety
                    .stopped(&role, count, Stopper::Other, watched.now);
                stopped.push(role);
            }
        }
    }
    assert_eq!(stopped, ["focuser"]);
    assert_eq!(watched.safety.active().len(), 1);
}
