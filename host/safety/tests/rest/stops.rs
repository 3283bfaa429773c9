//! A stop that works, and one that does not, seen by samples.

use slewgate_safety::limits::State;
use slewgate_safety::*;

use crate::common::{SECOND, advances, ms, sample};
use crate::watched::Watched;

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
