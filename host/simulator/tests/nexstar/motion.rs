//! How the mount moves, seen from outside.

use crate::bench::{BRISTOL, Bench};
use slewgate_simulator::{Hand, NexstarSettings};
use slewgate_sky::{Equatorial, Site, separation};

/// What eight digits can be beside.
const STEP: f64 = 360.0 / 16_777_216.0;
const ARCSECOND: f64 = 1.0 / 3600.0;

const TARGET: Equatorial = Equatorial {
    ra: 6.5,
    dec: 30.25,
};

fn south(settings: NexstarSettings) -> NexstarSettings {
    NexstarSettings {
        site: Site {
            latitude: -33.9,
            ..BRISTOL
        },
        ..settings
    }
}

#[test]
fn it_starts_tracking_well_above_the_horizon_anywhere() {
    for latitude in [-90.0, -33.9, 0.0, 51.5, 90.0] {
        let mut bench = Bench::with(|settings| NexstarSettings {
            site: Site {
                latitude,
                ..BRISTOL
            },
            ..settings
        });
        let state = bench.mount.state();
        assert!(state.tracking && !state.moving && !state.slewing && !state.parked);
        let altitude = String::from_utf8(bench.say("Z")).unwrap();
        let altitude = u32::from_str_radix(&altitude[5..9], 16).unwrap();
        assert!((0x2000..=0x4000).contains(&altitude), "at {latitude}");
    }
}

#[test]
fn tracking_keeps_the_place_for_hours() {
    for mut bench in [Bench::new(), Bench::fork(), Bench::with(south)] {
        let start = bench.place();
        bench.pass(3600.0);
        assert!(bench.moved(start) < 0.1 * ARCSECOND);
    }
}

#[test]
fn without_tracking_the_sky_passes_by() {
    let mut bench = Bench::new();
    let start = bench.place();
    bench.say(b"T\x00");
    bench.pass(3600.0);
    let drifted = bench.place();
    assert!(((drifted.ra - start.ra) - 1.0027).abs() < 1e-4 && drifted.dec == start.dec);
    bench.say(b"T\x02");
    bench.pass(3600.0);
    assert!(bench.moved(drifted) < 0.1 * ARCSECOND);
}

#[test]
fn a_slew_speeds_up_arrives_and_stays() {
    let mut bench = Bench::new();
    let start = bench.place();
    bench.goto(TARGET);
    bench.pass(0.1);
    let first = bench.moved(start);
    bench.pass(0.1);
    let second = bench.moved(start) - first;
    assert!(first > 0.0 && second > 2.0 * first, "{first} then {second}");
    assert!(bench.mount.state().slewing && bench.mount.state().moving);
    bench.pass(60.0);
    assert!(bench.moved(TARGET) < STEP);
    let state = bench.mount.state();
    assert!(!state.slewing && !state.moving && state.tracking);
    bench.pass(3600.0);
    assert!(bench.moved(TARGET) < STEP);
}

#[test]
fn a_slew_ends_at_the_same_place_however_often_it_is_looked_at() {
    let (mut watched, mut left_alone) = (Bench::new(), Bench::new());
    watched.goto(TARGET);
    left_alone.goto(TARGET);
    for _ in 0..1200 {
        watched.pass(0.05);
        watched.place();
    }
    left_alone.pass(60.0);
    assert!(separation(watched.place(), left_alone.place()) < 0.01 * ARCSECOND);
}

#[test]
fn what_it_tells_is_where_it_is() {
    let mut bench = Bench::new();
    for _ in 0..20 {
        bench.pass(97.0);
        let (told, place) = (bench.told(), bench.place());
        assert!(separation(told, place) < STEP);
    }
}

#[test]
fn a_cancelled_slew_rests_within_a_second_and_goes_on_tracking() {
    let mut bench = Bench::new();
    bench.goto(TARGET);
    bench.pass(2.0);
    bench.say("M");
    assert!(bench.mount.state().moving && !bench.mount.state().slewing);
    bench.pass(0.8);
    let state = bench.mount.state();
    assert!(!state.moving && state.tracking);
    bench.pass(60.0);
    assert!(bench.moved(state.position) < ARCSECOND);
}

#[test]
fn a_slew_by_rate_takes_the_place_of_a_goto() {
    let mut bench = Bench::new();
    bench.goto(TARGET);
    bench.pass(1.0);
    bench.say(b"P\x02\x10\x24\x01\x00\x00\x00");
    bench.pass(1.0);
    assert!(!bench.mount.state().slewing && bench.mount.state().moving);
    assert_eq!(bench.say("L"), b"0#");
}

#[test]
fn a_goto_takes_the_place_of_a_slew_by_rate_and_follows_the_sky_again() {
    let mut bench = Bench::new();
    bench.say(b"P\x02\x10\x24\x07\x00\x00\x00");
    bench.pass(1.0);
    bench.goto(TARGET);
    bench.pass(60.0);
    let state = bench.mount.state();
    assert!(!state.moving && state.tracking && bench.moved(TARGET) < STEP);
    bench.say(b"P\x02\x10\x24\x00\x00\x00\x00");
    assert!(bench.mount.state().tracking, "it had stopped before");
}

#[test]
fn a_german_mount_changes_sides_for_a_target_past_the_meridian() {
    for change in [|settings| settings, south] {
        let mut bench = Bench::with(change);
        let start = bench.place();
        let dec = start.dec;
        assert_eq!(bench.say("p"), b"W#");
        bench.goto(Equatorial {
            ra: start.ra + 3.0,
            dec,
        });
        bench.pass(90.0);
        assert_eq!(bench.say("p"), b"E#");
        let place = bench.place();
        assert!((place.ra - start.ra - 3.0).abs() < 1e-4 && (place.dec - dec).abs() < 1e-4);
        bench.goto(Equatorial {
            ra: start.ra - 3.0,
            dec,
        });
        bench.pass(90.0);
        assert_eq!(bench.say("p"), b"W#");
    }
}

#[test]
fn ten_thousand_places_are_gone_to_within_a_step() {
    let mut bench = Bench::with(|settings| NexstarSettings {
        // On a fork, which reaches all of the sky and follows it everywhere.
        hand: Hand {
            model: 11,
            ..settings.hand
        },
        slew_limits: (-90.0, 90.0),
        ..settings
    });
    // A lattice that comes near everywhere, the poles and the wrap too.
    for number in 0..10_000u32 {
        let turn = f64::from(number) * 0.618_033_988_75;
        let place = Equatorial {
            ra: turn.fract() * 24.0,
            dec: (2.0 * f64::from(number) / 9_999.0 - 1.0)
                .asin()
                .to_degrees(),
        };
        bench.goto(place);
        bench.pass(120.0);
        let told = bench.told();
        assert!(separation(told, place) < STEP, "{place:?} {told:?}");
    }
}
