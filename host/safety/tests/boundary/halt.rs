//! A limit that is ahead, of what obeys and of what does not.

use std::time::Duration;

use slewgate_safety::limits::State;
use slewgate_safety::*;

use crate::common::{SECOND, ms};
use crate::night::{LOWEST, Night, focus};

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
        assert!(night.since() < 10 * SECOND);
    }
    assert!(night.altitude > LOWEST + 4.0, "{}", night.altitude);
}
