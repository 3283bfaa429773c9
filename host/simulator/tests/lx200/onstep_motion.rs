//! How a German mount under OnStep moves.

use crate::bench::{Bench, LONDON};
use slewgate_simulator::Dialect;
use slewgate_sky::{Equatorial, Site, separation};

const ARCSECOND: f64 = 1.0 / 3600.0;
/// Degrees a second that the sky turns.
const SKY: f64 = 15.041_067 / 3600.0;

const WEST: Equatorial = Equatorial {
    ra: 0.5,
    dec: 30.25,
};
const EAST: Equatorial = Equatorial {
    ra: 6.5,
    dec: 30.25,
};

fn onstep() -> Bench {
    Bench::of(Dialect::OnStep, LONDON)
}

fn southern() -> Bench {
    Bench::of(
        Dialect::OnStep,
        Site {
            latitude: -33.9,
            ..LONDON
        },
    )
}

/// Sent to a target and arrived.
fn sent(mut bench: Bench, target: Equatorial) -> Bench {
    let (hours, degrees) = (target.ra, target.dec);
    let minutes = |value: f64| (value.abs().fract() * 60.0).round();
    let say = format!(
        ":Sr{:02.0}:{:02.0}:00#:Sd{:+03.0}*{:02.0}:00#:MS#",
        hours.floor(),
        minutes(hours),
        degrees.trunc(),
        minutes(degrees)
    );
    assert_eq!(bench.say(&say), "110");
    bench.pass(90.0);
    assert!(!bench.mount.state().slewing);
    bench
}

#[test]
fn a_target_too_far_past_the_meridian_is_reached_from_the_other_side_of_the_pier() {
    let mut bench = sent(onstep(), WEST);
    assert!(bench.moved(WEST) < ARCSECOND);
    assert_eq!(bench.say(":Gm#"), "E#");
    let mut bench = sent(bench, EAST);
    assert!(bench.moved(EAST) < ARCSECOND);
    assert_eq!(bench.say(":Gm#:GR#:GD#"), "W#06:30:00#+30*15:00#");
    let mut bench = sent(bench, WEST);
    assert!(bench.moved(WEST) < ARCSECOND);
    assert_eq!(bench.say(":Gm#"), "E#");
}

#[test]
fn in_the_south_it_changes_sides_over_the_other_pole() {
    let south = |target: Equatorial| Equatorial {
        dec: -target.dec,
        ..target
    };
    let mut bench = sent(southern(), south(EAST));
    assert!(bench.moved(south(EAST)) < ARCSECOND);
    assert_eq!(bench.say(":Gm#"), "W#");
    assert_eq!(bench.say(":Sr00:30:00#:Sd-30*15:00#:MS#"), "110");
    let mut nearest_the_pole = 0.0f64;
    for _ in 0..900 {
        bench.pass(0.1);
        nearest_the_pole = nearest_the_pole.min(bench.place().dec);
    }
    assert!(nearest_the_pole < -80.0, "{nearest_the_pole}");
    assert!(bench.moved(south(WEST)) < ARCSECOND);
    assert_eq!(bench.say(":Gm#"), "E#");
}

#[test]
fn on_the_way_to_the_other_side_the_telescope_comes_over_the_pole() {
    let mut bench = sent(onstep(), WEST);
    bench.say(":Sr06:30:00#:Sd+30*15:00#:MS#");
    let mut highest = 0.0f64;
    for _ in 0..900 {
        bench.pass(0.1);
        highest = highest.max(bench.place().dec);
    }
    assert!(highest > 89.0, "{highest}");
}

#[test]
fn it_keeps_a_target_for_hours_on_either_side() {
    for target in [WEST, EAST] {
        let mut bench = sent(onstep(), target);
        bench.pass(7200.0);
        assert!(bench.moved(target) < ARCSECOND);
    }
}

#[test]
fn directions_are_those_of_the_sky_on_either_side() {
    for (target, southern_too) in [(WEST, false), (EAST, false), (WEST, true), (EAST, true)] {
        for (direction, east, north) in [
            ("n", 0.0, 1.0),
            ("s", 0.0, -1.0),
            ("e", 1.0, 0.0),
            ("w", -1.0, 0.0),
        ] {
            let mut bench = if southern_too {
                let target = Equatorial {
                    dec: -target.dec,
                    ..target
                };
                sent(southern(), target)
            } else {
                sent(onstep(), target)
            };
            bench.say(&format!(":RC#:M{direction}#"));
            bench.pass(1.0);
            let before = bench.place();
            bench.pass(10.0);
            let after = bench.place();
            let (ra, dec) = ((after.ra - before.ra) * 15.0, after.dec - before.dec);
            let far = 80.0 * SKY;
            assert!((ra - east * far).abs() < ARCSECOND, "{direction}: {ra}");
            assert!((dec - north * far).abs() < ARCSECOND, "{direction}: {dec}");
            let stops = [":Qn#", ":Qs#", ":Qe#", ":Qw#"].concat();
            assert_eq!(bench.say(&stops), "");
            bench.pass(1.0);
            assert!(!bench.mount.state().moving);
        }
    }
}

#[test]
fn each_rate_is_so_many_times_that_of_the_sky() {
    let slew = 6.0 / SKY;
    for (rate, times) in [
        ("R0", 0.25),
        ("R1", 0.5),
        ("R2", 1.0),
        ("RG", 1.0),
        ("R3", 2.0),
        ("R4", 4.0),
        ("R5", 8.0),
        ("RC", 8.0),
        ("R6", 20.0),
        ("RM", 20.0),
        ("R7", 48.0),
        ("RF", 48.0),
        ("R8", slew / 2.0),
        ("RS", slew / 2.0),
        ("R9", slew),
    ] {
        let mut bench = onstep();
        assert_eq!(bench.say(&format!(":{rate}#:Ms#")), "");
        bench.pass(1.0);
        let before = bench.place();
        bench.pass(1.0);
        let came = before.dec - bench.place().dec;
        assert!((came - times * SKY).abs() < 1e-6, "{rate}: {came}");
    }
}

#[test]
fn a_pulse_moves_by_its_rate_and_time_and_ends_by_itself() {
    for (rate, times) in [(":R0#", 0.25), (":R1#", 0.5), (":RG#", 1.0)] {
        for (direction, east, north) in [
            ("n", 0.0, 1.0),
            ("s", 0.0, -1.0),
            ("e", 1.0, 0.0),
            ("w", -1.0, 0.0),
        ] {
            let mut bench = onstep();
            let before = bench.place();
            bench.say(&format!("{rate}:Mg{direction}1500#"));
            bench.pass(1.0);
            assert!(bench.say(":GU#").contains('G'));
            bench.pass(10.0);
            assert!(!bench.say(":GU#").contains('G') && !bench.mount.state().moving);
            let after = bench.place();
            let far = 1.5 * times * SKY;
            let (ra, dec) = ((after.ra - before.ra) * 15.0, after.dec - before.dec);
            assert!(
                (ra - east * far).abs() < 0.01 * ARCSECOND,
                "{direction}: {ra}"
            );
            assert!(
                (dec - north * far).abs() < 0.01 * ARCSECOND,
                "{direction}: {dec}"
            );
        }
    }
}

#[test]
fn a_pulse_ends_at_a_stop() {
    let mut bench = onstep();
    bench.say(":Mgn9000#");
    bench.pass(1.0);
    bench.say(":Q#");
    bench.pass(1.0);
    let stopped = bench.place();
    bench.pass(10.0);
    assert!(bench.moved(stopped) < 0.01 * ARCSECOND);
}

#[test]
fn either_letter_of_an_axis_ends_both_ways_and_leaves_the_other_axis() {
    let mut bench = onstep();
    bench.say(":RC#:Mn#:Mw#:Qs#");
    bench.pass(1.0);
    let before = bench.place();
    bench.pass(1.0);
    let after = bench.place();
    assert!(after.dec == before.dec && after.ra < before.ra);
    bench.say(":Qe#");
    bench.pass(1.0);
    assert!(!bench.mount.state().moving);
}

#[test]
fn a_jog_during_a_goto_ends_the_goto_and_is_not_done() {
    let mut bench = onstep();
    bench.hold(&[
        (":Sr00:30:00#:Sd+30*15:00#:MS#", "110"),
        (":Mn#", ""),
        (":GE#", "22#"),
    ]);
    bench.pass(2.0);
    let state = bench.mount.state();
    assert!(!state.slewing && !state.moving);
}

#[test]
fn tracking_ends_an_hour_past_the_meridian_however_seldom_it_is_looked_at() {
    // In the east, on the west side of the pier; the meridian is more than four hours away.
    let mut watched = sent(onstep(), EAST);
    let mut left_alone = sent(onstep(), EAST);
    for _ in 0..60 {
        watched.pass(600.0);
        watched.place();
    }
    left_alone.pass(36_000.0);
    for bench in [&mut watched, &mut left_alone] {
        assert!(!bench.mount.state().tracking);
        assert_eq!(bench.say(":GT#:Gm#"), "0#W#");
        assert!(bench.say(":GU#").ends_with("7#"));
        // An hour past the meridian: what it says for the sidereal time, an hour earlier.
        let ra = bench.place().ra;
        let sidereal: Vec<f64> = bench
            .say(":GS#")
            .trim_end_matches('#')
            .split(':')
            .map(|field| field.parse().unwrap())
            .collect();
        let sidereal = sidereal[0] + sidereal[1] / 60.0 + sidereal[2] / 3600.0;
        let past = (sidereal - ra).rem_euclid(24.0);
        assert!((past - 1.0).abs() < 0.001, "{past}");
    }
    assert!(separation(watched.place(), left_alone.place()) < ARCSECOND);
}

#[test]
fn a_jog_ends_at_the_pole_on_either_side() {
    for target in [WEST, EAST] {
        let mut bench = sent(onstep(), target);
        let side = bench.say(":Gm#");
        bench.say(":R9#:Mn#");
        bench.pass(60.0);
        let state = bench.mount.state();
        assert!(state.position.dec > 89.999 && !state.moving);
        assert_eq!(bench.say(":Gm#"), side);
        bench.say(":Qn#:Ms#");
        bench.pass(2.0);
        assert!(bench.place().dec < 85.0);
    }
}

#[test]
fn a_sync_changes_what_it_says_and_not_where_it_points_on_either_side() {
    for target in [WEST, EAST] {
        let mut bench = sent(onstep(), target);
        let before = bench.place();
        let ra = if target == WEST {
            "00:40:00"
        } else {
            "06:40:00"
        };
        bench.hold(&[
            (&format!(":Sr{ra}#:Sd+31*00:00#"), "11"),
            (":CM#", "N/A#"),
            (":GR#:GD#", &format!("{ra}#+31*00:00#")),
        ]);
        assert!(bench.moved(before) < 0.1 * ARCSECOND);
        // A slew to what it now says is no way at all.
        bench.say(":MS#");
        bench.pass(10.0);
        assert!(bench.moved(before) < 0.1 * ARCSECOND);
    }
}

#[test]
fn a_goto_does_not_start_tracking_unless_it_begins_at_home() {
    let mut bench = onstep();
    bench.say(":Td#");
    let mut bench = sent(bench, WEST);
    assert!(!bench.mount.state().tracking);
    bench.say(":hC#");
    bench.pass(60.0);
    assert!(!bench.mount.state().tracking);
    let mut bench = sent(bench, EAST);
    assert!(bench.mount.state().tracking && bench.moved(EAST) < ARCSECOND);
}

#[test]
fn a_wrong_site_makes_it_point_elsewhere() {
    let mut bench = onstep();
    // Fifteen degrees farther east: its stars are an hour ahead.
    bench.say(":Sg345*10#");
    let mut bench = sent(bench, WEST);
    let place = bench.place();
    assert!((place.ra - 23.5).abs() < 0.01, "{place:?}");
    assert_eq!(bench.say(":GR#"), "00:30:00#");
}
