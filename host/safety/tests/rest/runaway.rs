//! What moves although nobody asked it to.

use slewgate_safety::limits::State;
use slewgate_safety::*;

use crate::common::{SECOND, caller, ms, plan, stops};
use crate::watched::Watched;

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
fn hardware_that_was_seen_to_move_unasked_is_looked_at_again_at_once() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.pass(10 * SECOND, Some(State::Still));
    assert!(!watched.safety.is_restless());
    watched.see(State::Moving);
    assert!(watched.safety.is_restless());
    watched.see(State::Still);
    assert!(!watched.safety.is_restless());
}
