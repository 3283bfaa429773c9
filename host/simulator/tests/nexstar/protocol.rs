//! Each command of the protocol: bytes in, bytes out.

use crate::bench::{BRISTOL, Bench, precise};
use proptest::prelude::*;
use slewgate_simulator::{Hand, NexstarSettings};
use slewgate_sky::{Equatorial, Site, separation};

/// Says each line to one mount and holds it to the answers.
fn hold(lines: &[(&[u8], &[u8])]) {
    Bench::new().hold(lines);
}

#[test]
fn it_tells_where_it_points_in_four_digits_and_in_eight() {
    let mut bench = Bench::new();
    let at = bench.place();
    let eight = precise(at);
    assert_eq!(bench.say("e"), format!("{eight}#").into_bytes());
    let four = bench.say("E");
    assert_eq!(four.len(), 10);
    assert_eq!((four[4], four[9]), (b',', b'#'));
    // On the meridian, at half the latitude.
    let turns = |digits: &[u8]| {
        f64::from(u32::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap()) / 65_536.0
    };
    assert!((turns(&four[..4]) * 24.0 - at.ra).abs() <= 24.0 / 131_072.0);
    assert!((turns(&four[5..9]) * 360.0 - at.dec).abs() <= 360.0 / 131_072.0);
    assert_eq!(&eight[6..8], "00", "24 of 32 bits count");
}

#[test]
fn it_tells_azimuth_and_altitude() {
    let mut bench = Bench::new();
    // Due south, as high as the equator and half the latitude more.
    let altitude = 90.0 - BRISTOL.latitude / 2.0;
    let digits = (altitude / 360.0 * 65_536.0).round() as u32;
    assert_eq!(bench.say("Z"), format!("8000,{digits:04X}#").into_bytes());
    let long = bench.say("z");
    assert_eq!(long.len(), 18);
    assert_eq!(&long[6..9], b"00,");
}

#[test]
fn a_target_is_taken_in_both_forms() {
    for command in [
        "R34AB,12CE",
        "r34AB0500,12CE0500",
        "B34AB,12CE",
        "b34AB0500,12CE0500",
    ] {
        let mut bench = Bench::new();
        bench.hold(&[(b"L", b"0#"), (command.as_bytes(), b"#"), (b"L", b"1#")]);
        bench.pass(60.0);
        bench.hold(&[(b"L", b"0#")]);
    }
    let mut bench = Bench::new();
    bench.say("R34AB,12CE");
    bench.pass(60.0);
    bench.hold(&[(b"E", b"34AB,12CE#")]);
    bench.say("r34AB0500,12CE0500");
    bench.pass(60.0);
    bench.hold(&[(b"e", b"34AB0500,12CE0500#")]);
}

#[test]
fn a_direction_is_where_it_comes_to() {
    let mut bench = Bench::new();
    bench.say("B4000,2000");
    bench.pass(60.0);
    let told = String::from_utf8(bench.say("Z")).unwrap();
    // It has followed the sky since it was there.
    assert!(told.starts_with("40"), "{told}");
}

#[test]
fn a_declination_below_zero_counts_down_from_a_whole_turn() {
    let mut bench = Bench::new();
    let ra = bench.place().ra;
    bench.goto(Equatorial { ra, dec: -0.25 });
    bench.pass(60.0);
    let told = String::from_utf8(bench.say("e")).unwrap();
    assert!(told.ends_with(",FFD27D00#"), "{told}");
}

#[test]
fn it_is_synced_and_that_is_undone() {
    let mut bench = Bench::new();
    let (true_place, told) = (bench.place(), bench.told());
    let shifted = Equatorial {
        ra: told.ra + 0.1,
        dec: told.dec - 2.0,
    };
    let command = format!("s{}", precise(shifted));
    bench.hold(&[(command.as_bytes(), b"#")]);
    assert!(separation(bench.told(), shifted) < 1e-4);
    assert!(bench.moved(true_place) < 1e-6, "it did not move");
    bench.hold(&[(b"u", b"#")]);
    assert!(separation(bench.told(), told) < 1e-4);
    bench.hold(&[(b"S0100,1000", b"#"), (b"E", b"0100,1000#")]);
}

#[test]
fn what_it_follows_is_set_and_told_in_numbers() {
    hold(&[
        (b"t", b"\x02#"),
        (b"T\x00", b"#"),
        (b"t", b"\x00#"),
        (b"T\x01", b"#"),
        (b"t", b"\x01#"),
        (b"T\x03", b"#"),
        (b"t", b"\x03#"),
        (b"T\x23", b"#"),
        (b"t", b"\x03#"),
    ]);
}

#[test]
fn a_cge_of_some_versions_counts_from_the_north() {
    for (minor, code) in [(0, 2), (1, 1), (4, 1), (5, 2)] {
        for model in [5, 6] {
            let mut bench = Bench::of(Hand {
                model,
                ..Hand::of_version(3, minor)
            });
            bench.hold(&[(b"t", &[code, b'#'])]);
        }
    }
    let mut bench = Bench::of(Hand {
        model: 5,
        ..Hand::of_version(3, 2)
    });
    bench.hold(&[
        (b"T\x02", b"#"),
        (b"t", b"\x02#"),
        (b"T\x03", b"#"),
        (b"t", b"\x02#"),
        (b"T\x00", b"#"),
        (b"t", b"\x00#"),
    ]);
    assert!(!bench.mount.state().tracking);
}

#[test]
fn the_site_is_told_in_bytes_of_which_some_are_the_end_sign() {
    hold(&[
        (b"w", b"\x33#\x00\x00\x02##\x01#"),
        // 33°50'41" N, 118°20'17" W: the manual's example.
        (b"W\x21\x32\x29\x00\x76\x14\x11\x01", b"#"),
        (b"w", b"\x21\x32\x29\x00\x76\x14\x11\x01#"),
        (b"W###\x01###\x00", b"#"),
        (b"w", b"###\x01###\x00#"),
    ]);
}

#[test]
fn a_site_that_is_none_changes_nothing() {
    for bytes in [
        b"W\x5b\x00\x00\x00\x00\x00\x00\x00",
        b"W\x00\x3c\x00\x00\x00\x00\x00\x00",
        b"W\x00\x00\x00\x02\x00\x00\x00\x00",
        b"W\x00\x00\x00\x00\xb5\x00\x00\x00",
    ] {
        hold(&[(bytes, b"#"), (b"w", b"\x33#\x00\x00\x02##\x01#")]);
    }
}

#[test]
fn the_time_is_local_with_a_zone_and_daylight_saving() {
    let mut bench = Bench::new();
    bench.hold(&[
        (b"h", b"\x16\x00\x00\x0b\x17\x1a\x00\x00#"),
        // 15:26:00 on 6 April 2005, Eastern Standard Time with daylight saving: the manual's example.
        (b"H\x0f\x1a\x00\x04\x06\x05\xfb\x01", b"#"),
        (b"h", b"\x0f\x1a\x00\x04\x06\x05\xfb\x01#"),
        (b"i", b"\x0f\x1a\x00\x04\x06\x05\xec\x01#"),
    ]);
    bench.pass(35.0);
    bench.hold(&[(b"h", b"\x0f\x1a\x23\x04\x06\x05\xfb\x01#")]);
    // Quarters of an hour: half past five.
    bench.hold(&[
        (b"I\x0f\x23\x23\x04\x06\x05\x16\x00", b"#"),
        (b"i", b"\x0f\x23\x23\x04\x06\x05\x16\x00#"),
    ]);
}

#[test]
fn its_clock_is_its_own_so_that_another_time_makes_it_point_elsewhere() {
    let mut bench = Bench::new();
    let before = bench.told();
    bench.say(b"H\x16\x00\x00\x0b\x17\x1a\xff\x00");
    let after = bench.told();
    let hours = (after.ra - before.ra).rem_euclid(24.0);
    assert!(
        (hours - 1.0027).abs() < 1e-3,
        "an hour further west: {hours}"
    );
}

#[test]
fn it_tells_its_version_its_model_and_its_make() {
    hold(&[(b"V", b"\x05\x1f#"), (b"m", b"\x17#"), (b"v", b"\x11#")]);
    let bench = |kind| {
        Bench::of(Hand {
            kind,
            version: (4, 0x23),
            ..Hand::default()
        })
    };
    use slewgate_simulator::HandKind::{NexStar, StarSense, SynScan};
    bench(NexStar).hold(&[(b"V", b"\x04##")]);
    bench(StarSense).hold(&[(b"V", b"\x04##"), (b"v", b"\x13#")]);
    bench(SynScan).hold(&[(b"V", b"042307#"), (b"p", b"")]);
}

#[test]
fn whether_it_is_aligned_is_a_number_or_as_one_manual_has_it_a_digit() {
    for (digits, aligned, answer) in [
        (false, true, b"\x01#"),
        (false, false, b"\x00#"),
        (true, true, b"1#"),
        (true, false, b"0#"),
    ] {
        let mut bench = Bench::with(|settings| NexstarSettings {
            hand: Hand {
                digits,
                ..settings.hand
            },
            aligned,
            ..settings
        });
        bench.hold(&[(b"J", answer)]);
    }
}

#[test]
fn without_an_alignment_it_goes_nowhere_and_says_nothing_of_it() {
    let mut bench = Bench::with(|settings| NexstarSettings {
        aligned: false,
        ..settings
    });
    bench.hold(&[(b"R34AB,12CE", b"#"), (b"L", b"0#"), (b"S34AB,12CE", b"#")]);
    let at = bench.place();
    bench.pass(30.0);
    assert!(bench.moved(at) < 1e-6);
    bench.hold(&[
        (b"Y", b"#"),
        (b"J", b"\x01#"),
        (b"R34AB,12CE", b"#"),
        (b"L", b"1#"),
    ]);
}

#[test]
fn a_target_beyond_its_limits_is_passed_over_in_silence() {
    // Declination -60, and altitude -10.
    hold(&[
        (b"R0000,D555", b"#"),
        (b"L", b"0#"),
        (b"B0000,F8E4", b"#"),
        (b"L", b"0#"),
    ]);
}

#[test]
fn what_is_no_target_is_passed_over_in_silence() {
    hold(&[
        (b"R34AB;12CE", b"#"),
        (b"R34AX,12CE", b"#"),
        // A declination of 135 degrees.
        (b"R34AB,6000", b"#"),
        (b"L", b"0#"),
    ]);
}

#[test]
fn an_echo_is_any_byte() {
    for byte in 0..=u8::MAX {
        hold(&[(&[b'K', byte], &[byte, b'#'])]);
    }
}

#[test]
fn a_goto_is_cancelled() {
    let mut bench = Bench::new();
    bench.hold(&[
        (b"R34AB,12CE", b"#"),
        (b"L", b"1#"),
        (b"M", b"#"),
        (b"L", b"0#"),
    ]);
    bench.pass(1.0);
    let state = bench.mount.state();
    assert!(!state.moving && state.tracking);
}

#[test]
fn the_side_that_it_looks_to_is_told_by_german_mounts() {
    let mut bench = Bench::new();
    bench.hold(&[(b"p", b"W#")]);
    let ra = bench.place().ra;
    bench.goto(Equatorial {
        ra: ra + 3.0,
        dec: 20.0,
    });
    bench.pass(60.0);
    bench.hold(&[(b"p", b"E#")]);
    Bench::fork().hold(&[(b"p", b"#")]);
}

#[test]
fn it_hibernates_and_wakes() {
    let mut bench = Bench::new();
    bench.hold(&[(b"x", b"#"), (b"R34AB,12CE", b"#"), (b"L", b"0#")]);
    assert!(!bench.mount.state().tracking);
    bench.hold(&[(b"P\x02\x10\x24\x09\x00\x00\x00", b"#")]);
    bench.pass(1.0);
    assert!(!bench.mount.state().moving);
    bench.hold(&[(b"y", b"#"), (b"R34AB,12CE", b"#"), (b"L", b"1#")]);
    assert!(bench.mount.state().tracking);
}

#[test]
fn the_wire_keeps_commands_as_they_were() {
    let mut bench = Bench::new();
    let wire = bench.mount.wire();
    bench.say(b"K\xffP\x02\x10\x24\x00\x00\x00\x00");
    let frames = wire.frames();
    assert_eq!(frames[0].request, "K\u{ff}");
    assert_eq!(frames[0].reply, b"\xff#");
    assert_eq!(frames[1].request, "P\u{2}\u{10}$\u{0}\u{0}\u{0}\u{0}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_comes_it_neither_fails_nor_stops_listening(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut bench = Bench::new();
        bench.say(&bytes);
        // What was begun is given up.
        bench.pass(4.0);
        prop_assert_eq!(bench.say(b"K\x55"), b"\x55#");
    }

    #[test]
    fn a_site_of_whole_seconds_is_told_as_it_was_set(latitude in -324_000..=324_000i32, longitude in -648_000..=648_000i32) {
        let site = Site { latitude: f64::from(latitude) / 3600.0, longitude: f64::from(longitude) / 3600.0, elevation: 0.0 };
        let mut bench = Bench::with(|settings| NexstarSettings { site, ..settings });
        let told = bench.say("w");
        prop_assert_eq!(told.len(), 9);
        let mut other = Bench::new();
        other.say([b"W", &told[..8]].concat());
        prop_assert_eq!(other.say("w"), told);
    }
}
