//! Nobody looks, or not yet.

use slewgate_safety::limits::State;
use slewgate_safety::*;

use crate::common::{SECOND, ms, sample};
use crate::watched::{Watched, settings};

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
fn a_line_that_is_lost_is_told_nothing_until_samples_come_again() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Slew);
    watched.stop();
    let lost = watched.safety.line_lost("port", "pulled", watched.now);
    watched.carry_out(lost);
    watched.pass(60 * SECOND, None);
    assert_eq!(watched.stops, []);
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

/// The mount may have been moved by its keypad, or by a host before this one.
#[test]
fn a_stop_of_a_client_is_repeated_also_where_no_plugin_looks_after_the_hardware() {
    for unloaded in [false, true] {
        let mut watched = Watched::unseen(settings(OfTheSite::Off));
        if unloaded {
            watched.see(State::Still);
            let actions = watched.safety.unloaded(watched.now);
            watched.carry_out(actions);
        } else {
            watched.safety.reached(watched.now);
        }
        watched.stop();
        watched.pass(30 * SECOND, None);
        assert_eq!(watched.repeated(), BLIND.map(ms));
        assert_eq!(watched.alarms.len(), 1);
    }
}

#[test]
fn a_stop_of_a_client_after_people_were_called_is_repeated_like_the_first() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Slew);
    watched.stop();
    watched.pass(30 * SECOND, None);
    assert_eq!(watched.repeated(), BLIND.map(ms));
    watched.stop();
    watched.pass(30 * SECOND, None);
    assert_eq!(watched.stops.len(), 2 * BLIND.len());
    assert_eq!(watched.alarms.len(), 2);
}

/// Repeated for the sake of the one that stood it would end what the other moves by then.
#[test]
fn a_stop_of_another_table_on_the_line_of_hardware_that_does_not_move_is_not_repeated() {
    let mut nobody = Watched::unseen(settings(OfTheSite::Off));
    nobody.safety.reached(nobody.now);
    for mut watched in [nobody, Watched::new(Runaway::Stop)] {
        watched.stop_by(Stopper::Other);
        watched.pass(60 * SECOND, None);
        assert_eq!(watched.stops, []);
        assert_eq!(watched.alarms, []);
    }
}

#[test]
fn a_stop_of_another_table_that_ended_a_motion_is_seen_to_work() {
    let mut watched = Watched::new(Runaway::Stop);
    watched.begin(Kind::Slew);
    watched.stop_by(Stopper::Other);
    watched.pass(30 * SECOND, None);
    assert_eq!(watched.repeated(), BLIND.map(ms));
}

/// It waited for the line.
#[test]
fn one_slow_look_puts_no_repeat_off_where_others_are_fast() {
    for fast_before in [false, true] {
        let mut watched = Watched::unseen(settings(OfTheSite::Off));
        if fast_before {
            watched.see(State::Tracking);
        }
        let waited = Sample {
            took: 5 * SECOND,
            ..sample(State::Moving, watched.now)
        };
        watched.begin(Kind::Slew);
        watched.safety.sighted(&waited, watched.now);
        watched.stop();
        watched.pass(4 * SECOND, Some(State::Moving));
        assert_eq!(watched.repeated(), [1_500, 2_000, 3_000].map(ms));
    }
}

#[test]
fn a_stop_is_not_repeated_sooner_than_a_slow_mount_can_answer_and_how_seldom_others_are_looked_at_puts_nothing_off()
 {
    for (took, every, first) in [
        (5 * SECOND, SECOND, 10 * SECOND),
        (60 * SECOND, SECOND, 10 * SECOND),
        (ms(20), 60 * SECOND, ms(1250)),
    ] {
        let mut watched = Watched::unseen(settings(OfTheSite::Off));
        let seen = Sample {
            took,
            every,
            ..sample(State::Still, watched.now)
        };
        watched.safety.sighted(&seen, watched.now);
        watched.now += SECOND;
        watched.begin(Kind::Slew);
        watched.stop();
        watched.pass(first - ms(50), None);
        assert_eq!(watched.repeated(), [], "{took:?}");
        watched.pass(ms(100), None);
        assert_eq!(watched.repeated().len(), 1, "{took:?}");
    }
}
