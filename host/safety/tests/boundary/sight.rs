//! What is not seen is not moved, and does not move on.

use slewgate_safety::limits::State;
use slewgate_safety::*;

use crate::common::{SECOND, ms, plan};
use crate::night::{Night, fence, focus, garbled, said, unseen};

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
fn what_does_not_answer_at_all_is_left_to_who_gives_it_up_for_silent_and_stopped_where_nobody_does()
{
    let mut night = Night::new();
    night.see(State::Still);
    night.goto(70.0).unwrap();
    let missed = Missed {
        silent: true,
        refused: false,
        ..garbled()
    };
    for _ in 0..100 {
        assert_eq!(night.stops, []);
        night.now += ms(100);
        night.safety.unseen(missed.clone(), night.now);
        let actions = night.safety.tick(night.now);
        night.carry_out(actions);
    }
    assert_eq!(night.stops, [(UNSEEN_SILENT, unseen())]);
}

#[test]
fn looks_that_begin_to_fail_after_a_while_do_not_begin_the_count() {
    let mut night = Night::new();
    night.see(State::Still);
    night.goto(70.0).unwrap();
    night.see(State::Moving);
    night.now += 3 * SECOND;
    night.pass(3 * SECOND, None, 0.0);
    assert_eq!(night.stops[0], (UNSEEN_AT_LEAST, unseen()));
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
    night.safety.unseen(garbled(), night.now);
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
    night.safety.unseen(garbled(), night.now);
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

/// A Classic says nothing while it looks for its home.
#[test]
fn what_goes_home_and_cannot_be_asked_meanwhile_goes_on() {
    let refused = Missed {
        refused: true,
        ..garbled()
    };
    for target in [None, Some(70.0)] {
        let mut night = Night::new();
        night.see(State::Still);
        match target {
            None => night.home().unwrap(),
            Some(altitude) => night.goto(altitude).unwrap(),
        };
        for _ in 0..600 {
            night.now += ms(100);
            night.safety.unseen(refused.clone(), night.now);
            let actions = night.safety.tick(night.now);
            night.carry_out(actions);
        }
        assert_eq!(night.stops.is_empty(), target.is_none(), "{target:?}");
    }
}

/// Where it was seen before it went home it no longer points.
#[test]
fn nothing_begins_by_where_a_mount_pointed_before_it_went_home() {
    let refused = Missed {
        refused: true,
        ..garbled()
    };
    let mut night = Night::new();
    night.see(State::Still);
    night.home().unwrap();
    night.now += SECOND;
    night.safety.unseen(refused, night.now);
    assert!(night.goto(70.0).is_err());
    assert!(night.jog("south").is_err());
}

#[test]
fn a_look_that_is_answered_slowly_has_ten_seconds() {
    let mut night = Night::new();
    night.see(State::Still);
    night.goto(70.0).unwrap();
    night.safety.looks();
    let begun = night.now;
    while night.stops.is_empty() {
        assert!(night.now < begun + 20 * SECOND);
        night.now += ms(100);
        let actions = night.safety.tick(night.now);
        night.carry_out(actions);
    }
    let lasted = night.now - begun;
    assert!((10 * SECOND..11 * SECOND).contains(&lasted), "{lasted:?}");
}
