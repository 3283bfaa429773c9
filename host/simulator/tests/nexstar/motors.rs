//! What is passed through to the motors.

use crate::bench::Bench;
use slewgate_simulator::Hand;

const SIDEREAL: f64 = 360.985_647_366_29 / 86_400.0;

/// Degrees of right ascension and declination that it comes along in a second.
fn pace(bench: &mut Bench) -> (f64, f64) {
    bench.pass(2.0);
    let before = bench.place();
    bench.pass(1.0);
    let after = bench.place();
    let east = (after.ra - before.ra + 12.0).rem_euclid(24.0) - 12.0;
    (east * 15.0, after.dec - before.dec)
}

#[test]
fn a_slew_by_one_of_nine_rates_goes_its_own_way() {
    for (rate, degrees) in [
        (1, 2.0 * SIDEREAL),
        (4, 16.0 * SIDEREAL),
        (5, 32.0 * SIDEREAL),
        (6, 0.3),
        (7, 1.0),
        (9, 4.0),
    ] {
        for (axis, command, east, north) in [
            (16, 36, -1.0, 0.0),
            (16, 37, 1.0, 0.0),
            (17, 36, 0.0, 1.0),
            (17, 37, 0.0, -1.0),
        ] {
            let mut bench = Bench::fork();
            bench.hold(&[(&[b'P', 2, axis, command, rate, 0, 0, 0], b"#")]);
            let (ra, dec) = pace(&mut bench);
            assert!(
                (ra - east * degrees).abs() < 1e-4,
                "{rate} {axis} {command}: {ra}"
            );
            assert!(
                (dec - north * degrees).abs() < 1e-4,
                "{rate} {axis} {command}: {dec}"
            );
        }
    }
}

#[test]
fn the_declination_of_a_german_mount_turns_to_the_south_while_it_looks_west() {
    let mut bench = Bench::new();
    bench.hold(&[(b"p", b"W#"), (b"P\x02\x11\x24\x07\x00\x00\x00", b"#")]);
    assert!((pace(&mut bench).1 + 1.0).abs() < 1e-4);
    let mut bench = Bench::new();
    let ra = bench.place().ra;
    bench.goto(slewgate_sky::Equatorial {
        ra: ra + 3.0,
        dec: 20.0,
    });
    bench.pass(60.0);
    bench.hold(&[(b"p", b"E#"), (b"P\x02\x11\x24\x07\x00\x00\x00", b"#")]);
    assert!((pace(&mut bench).1 - 1.0).abs() < 1e-4);
}

#[test]
fn a_slew_by_any_rate_counts_in_quarters_of_a_second_of_arc() {
    let mut bench = Bench::fork();
    // 100 seconds of arc a second, the 0x0190 quarters of the manual.
    bench.hold(&[(b"P\x03\x11\x06\x01\x90\x00\x00", b"#")]);
    assert!((pace(&mut bench).1 - 100.0 / 3600.0).abs() < 1e-6);
    bench.hold(&[(b"P\x03\x11\x07\x23\x23\x00\x00", b"#")]);
    assert!((pace(&mut bench).1 + 8995.0 / 4.0 / 3600.0).abs() < 1e-6);
    bench.hold(&[(b"P\x03\x11\x06\x00\x00\x00\x00", b"#")]);
    bench.pass(1.0);
    assert!(!bench.mount.state().moving);
}

#[test]
fn rate_0_stops_one_axis_and_the_mount_no_longer_follows_the_sky() {
    let mut bench = Bench::new();
    bench.say(b"P\x02\x10\x24\x07\x00\x00\x00");
    bench.say(b"P\x02\x11\x25\x07\x00\x00\x00");
    bench.pass(1.0);
    bench.hold(&[(b"P\x02\x10\x24\x00\x00\x00\x00", b"#")]);
    bench.pass(1.0);
    let state = bench.mount.state();
    assert!(state.moving && !state.tracking, "the other runs on");
    bench.hold(&[(b"P\x02\x11\x24\x00\x00\x00\x00", b"#")]);
    bench.pass(1.0);
    let state = bench.mount.state();
    assert!(!state.moving && !state.tracking);
    // It says that it does, until it is told again.
    bench.hold(&[(b"t", b"\x02#"), (b"T\x02", b"#")]);
    assert!(bench.mount.state().tracking);
}

#[test]
fn rate_0_to_what_stands_changes_nothing() {
    let mut bench = Bench::new();
    bench.say(b"P\x02\x10\x24\x00\x00\x00\x00P\x02\x11\x24\x00\x00\x00\x00");
    assert!(bench.mount.state().tracking);
}

#[test]
fn some_mounts_go_on_following_the_sky() {
    let mut bench = Bench::with(|settings| slewgate_simulator::NexstarSettings {
        loses_tracking: false,
        ..settings
    });
    bench.say(b"P\x02\x10\x24\x07\x00\x00\x00");
    bench.pass(1.0);
    bench.say(b"P\x02\x10\x24\x00\x00\x00\x00");
    assert!(bench.mount.state().tracking);
}

#[test]
fn a_cancel_ends_no_slew_by_rate_and_a_rate_0_no_goto() {
    let mut bench = Bench::new();
    bench.say(b"P\x02\x10\x24\x07\x00\x00\x00M");
    bench.pass(1.0);
    assert!(bench.mount.state().moving);
    let mut bench = Bench::new();
    bench.say(b"R34AB,12CE");
    bench.say(b"P\x02\x10\x24\x00\x00\x00\x00P\x02\x11\x24\x00\x00\x00\x00");
    bench.hold(&[(b"L", b"1#")]);
}

#[test]
fn the_sun_and_the_moon_are_followed_by_rates_of_their_own() {
    for (low, arcseconds_an_hour) in [(0xff, 0.0), (0xfe, 147.6), (0xfd, 2037.6)] {
        let mut bench = Bench::new();
        bench.hold(&[(&[b'P', 3, 16, 6, 0xff, low, 0, 0], b"#")]);
        let start = bench.place();
        bench.pass(3600.0);
        let behind = (bench.place().ra - start.ra) * 15.0 * 3600.0;
        assert!(
            (behind - arcseconds_an_hour).abs() < 1.0,
            "{low:#x} {behind}"
        );
    }
    let mut bench = Bench::new();
    bench.hold(&[(b"P\x03\x10\x07\xff\xff\x00\x00", b"#")]);
    assert!(!bench.mount.state().tracking, "the wrong way round");
}

#[test]
fn a_pulse_is_a_part_of_the_skys_rate_for_so_many_hundredths() {
    let mut bench = Bench::fork();
    let start = bench.place();
    // 50 % to the north for 2 s, then as much to the east.
    bench.hold(&[
        (b"P\x03\x11\x26\x32\xc8\x00\x00", b"#"),
        (b"P\x01\x11\x27\x00\x00\x00\x01", b"\x01#"),
    ]);
    bench.pass(2.5);
    bench.hold(&[
        (b"P\x01\x11\x27\x00\x00\x00\x01", b"\x00#"),
        (b"P\x03\x10\x26\xce\xc8\x00\x00", b"#"),
    ]);
    bench.pass(2.5);
    let end = bench.place();
    assert!((end.dec - start.dec - SIDEREAL).abs() < 1e-6);
    assert!(((end.ra - start.ra) * 15.0 - SIDEREAL).abs() < 1e-6);
    assert!(bench.mount.state().tracking);
}

#[test]
fn a_guide_rate_is_kept_for_each_axis_and_may_be_the_end_sign() {
    Bench::new().hold(&[
        (b"P\x01\x10\x47\x00\x00\x00\x01", b"\x80#"),
        (b"P\x02\x10\x46\x23\x00\x00\x00", b"#"),
        (b"P\x01\x10\x47\x00\x00\x00\x01", b"##"),
        (b"P\x01\x11\x47\x00\x00\x00\x01", b"\x80#"),
    ]);
}

#[test]
fn motors_tell_their_version_and_what_is_not_there_a_byte_too_much() {
    Bench::new().hold(&[
        (b"P\x01\x10\xfe\x00\x00\x00\x02", b"\x07\x10#"),
        (b"P\x01\x11\xfe\x00\x00\x00\x02", b"\x07\x10#"),
        (b"P\x01\xb0\xfe\x00\x00\x00\x02", b"\x00\x00\x00#"),
        (b"P\x01\x12\xfe\x00\x00\x00\x02", b"\x00\x00\x00#"),
        (b"P\x01\x10\x99\x00\x00\x00\x00", b"\x00#"),
        (b"P\x02\x10\x24\x0a\x00\x00\x00", b"\x00#"),
        (b"P\x01\x10\x24\x0a\x00\x00\x00", b"\x00#"),
    ]);
}

#[test]
fn both_axes_look_for_their_switches_and_stand_there() {
    let mut bench = Bench::new();
    bench.hold(&[
        (b"P\x01\x10\x12\x00\x00\x00\x01", b"\x00#"),
        (b"P\x01\x10\x0b\x00\x00\x00\x00", b"#"),
        (b"P\x01\x11\x0b\x00\x00\x00\x00", b"#"),
        (b"P\x01\x10\x12\x00\x00\x00\x01", b"\x00#"),
        (b"L", b"0#"),
    ]);
    assert!(bench.mount.state().slewing);
    bench.pass(60.0);
    bench.hold(&[
        (b"P\x01\x10\x12\x00\x00\x00\x01", b"\xff#"),
        (b"P\x01\x11\x12\x00\x00\x00\x01", b"\xff#"),
    ]);
    let state = bench.mount.state();
    assert!(!state.moving && !state.tracking && (state.position.dec - 90.0).abs() < 1e-6);
    Bench::of(Hand {
        model: 20,
        ..Hand::default()
    })
    .hold(&[
        (b"P\x01\x10\x0b\x00\x00\x00\x00", b"\x00#"),
        (b"P\x01\x10\x12\x00\x00\x00\x01", b"\x00\x00#"),
    ]);
}

#[test]
fn a_search_for_the_switches_is_stopped_by_rate_0() {
    let mut bench = Bench::new();
    bench.say(b"P\x01\x10\x0b\x00\x00\x00\x00P\x01\x11\x0b\x00\x00\x00\x00");
    bench.pass(1.0);
    bench.say(b"P\x02\x10\x24\x00\x00\x00\x00P\x02\x11\x24\x00\x00\x00\x00");
    bench.pass(1.0);
    assert!(!bench.mount.state().moving && !bench.mount.state().slewing);
    bench.hold(&[(b"P\x01\x10\x12\x00\x00\x00\x01", b"\x00#")]);
}
