//! Guide pulses beside all that.

use slewgate_safety::limits::State;
use slewgate_safety::*;

use crate::common::{SECOND, caller, ms, plan, sample, stops};
use crate::watched::{Watched, settings};

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
