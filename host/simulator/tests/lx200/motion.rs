//! How the mount moves, seen from outside.

use crate::bench::{Bench, LONDON};
use slewgate_sky::{Equatorial, Site, separation};

const ARCSECOND: f64 = 1.0 / 3600.0;

impl Bench {
    fn goto(&mut self, ra: &str, dec: &str) -> String {
        self.say(&format!(":Sr{ra}#:Sd{dec}#:MS#"))
    }
}

const TARGET: Equatorial = Equatorial {
    ra: 6.5,
    dec: 30.25,
};

#[test]
fn it_starts_tracking_well_above_the_horizon_anywhere() {
    for latitude in [-90.0, -33.9, 0.0, 51.5, 90.0] {
        let mut bench = Bench::at(Site { latitude, ..LONDON });
        let state = bench.mount.state();
        assert!(state.tracking && !state.moving && !state.slewing && !state.parked);
        assert!(
            bench.say(":GA#")[1..3].parse::<u32>().unwrap() >= 44,
            "at {latitude}"
        );
    }
}

#[test]
fn tracking_keeps_the_place_for_hours() {
    let mut bench = Bench::new();
    let start = bench.place();
    for _ in 0..4 {
        bench.pass(3600.0);
        assert!(bench.moved(start) < 0.1 * ARCSECOND);
    }
}

#[test]
fn without_tracking_the_sky_passes_by() {
    let mut bench = Bench::new();
    let start = bench.place();
    bench.say(":AL#");
    bench.pass(3600.0);
    let drifted = bench.place();
    assert!(((drifted.ra - start.ra) - 1.0027).abs() < 1e-4 && drifted.dec == start.dec);
    assert!(!bench.mount.state().tracking);
    bench.say(":AP#");
    bench.pass(3600.0);
    assert!(bench.moved(drifted) < 0.1 * ARCSECOND);
}

#[test]
fn the_solar_and_the_lunar_rate_fall_behind_the_stars() {
    for (command, arcseconds_an_hour) in [(":TS#", 147.6), (":TL#", 2037.6)] {
        let mut bench = Bench::new();
        let start = bench.place();
        bench.say(command);
        bench.pass(3600.0);
        let behind = (bench.place().ra - start.ra) * 15.0 / ARCSECOND;
        assert!(
            (behind - arcseconds_an_hour).abs() < 1.0,
            "{command} {behind}"
        );
    }
}

#[test]
fn a_slew_speeds_up_arrives_and_stays() {
    let mut bench = Bench::new();
    let start = bench.place();
    assert_eq!(bench.goto("06:30:00", "+30*15:00"), "110");
    bench.pass(0.1);
    let first = bench.moved(start);
    bench.pass(0.1);
    let second = bench.moved(start) - first;
    assert!(first > 0.0 && second > 2.0 * first, "{first} then {second}");
    assert!(bench.mount.state().slewing && bench.mount.state().moving);
    bench.pass(20.0);
    assert!(bench.moved(TARGET) < ARCSECOND);
    let state = bench.mount.state();
    assert!(!state.slewing && !state.moving && state.tracking);
    bench.pass(7200.0);
    assert!(bench.moved(TARGET) < ARCSECOND);
}

#[test]
fn a_slew_takes_the_time_that_its_speed_asks_for() {
    let mut bench = Bench::new();
    bench.say(":U#:Sr02:09:00#:Sd-34*00:00#:MS#");
    // 59.75 degrees at 6 degrees a second, and 0.75 s for speeding up and braking.
    bench.pass(10.6);
    assert!(bench.mount.state().slewing);
    bench.pass(0.2);
    assert!(!bench.mount.state().slewing);
}

#[test]
fn a_slew_ends_at_the_same_place_however_often_it_is_looked_at() {
    let mut watched = Bench::new();
    let mut left_alone = Bench::new();
    for bench in [&mut watched, &mut left_alone] {
        bench.goto("06:30:00", "+30*15:00");
    }
    for _ in 0..600 {
        watched.pass(0.05);
        watched.place();
    }
    left_alone.pass(30.0);
    assert!(separation(watched.place(), left_alone.place()) < 0.01 * ARCSECOND);
}

#[test]
fn a_slew_goes_the_short_way_round() {
    let mut bench = Bench::new();
    // From hour angle 0 across the pole's far side: 11 hours east rather than 13 west.
    assert_eq!(bench.goto("13:08:58", "+80*00:00"), "110");
    bench.pass(1.0);
    assert!(bench.place().ra > 2.2 && bench.place().ra < 4.0);
}

#[test]
fn a_refused_slew_moves_nothing() {
    let mut bench = Bench::new();
    let start = bench.place();
    assert!(bench.goto("14:00:00", "-60*00:00").ends_with('#'));
    bench.pass(10.0);
    assert!(bench.moved(start) < 0.1 * ARCSECOND);
}

#[test]
fn a_stop_ends_a_slew_within_a_second_and_tracking_goes_on() {
    let mut bench = Bench::new();
    bench.goto("06:30:00", "+30*15:00");
    bench.pass(3.0);
    bench.say(":Q#");
    assert!(bench.mount.state().moving && !bench.mount.state().slewing);
    bench.pass(0.8);
    let state = bench.mount.state();
    assert!(!state.moving && state.tracking);
    bench.pass(60.0);
    assert!(bench.moved(state.position) < ARCSECOND);
}

#[test]
fn each_direction_moves_its_own_way_at_each_rate() {
    for (rate, degrees_a_second) in [
        (":RG#", 30.08 / 3600.0),
        (":RC#", 240.66 / 3600.0),
        (":RM#", 2.0),
        (":RS#", 6.0),
    ] {
        for (direction, east, north) in [
            ("n", 0.0, 1.0),
            ("s", 0.0, -1.0),
            ("e", 1.0, 0.0),
            ("w", -1.0, 0.0),
        ] {
            let mut bench = Bench::new();
            bench.say(&format!("{rate}:M{direction}#"));
            bench.pass(1.0);
            let before = bench.place();
            bench.pass(1.0);
            let after = bench.place();
            let (ra, dec) = ((after.ra - before.ra) * 15.0, after.dec - before.dec);
            assert!(
                (ra - east * degrees_a_second).abs() < 1e-4,
                "{rate} {direction}: {ra}"
            );
            assert!(
                (dec - north * degrees_a_second).abs() < 1e-4,
                "{rate} {direction}: {dec}"
            );
        }
    }
}

#[test]
fn ending_one_direction_leaves_the_other_running() {
    let mut bench = Bench::new();
    bench.say(":RC#:Mn#:Mw#:Qs#:Qe#:Qn#");
    bench.pass(1.0);
    let before = bench.place();
    bench.pass(1.0);
    assert!(bench.place().dec == before.dec && bench.place().ra < before.ra);
    bench.say(":Qw#");
    bench.pass(1.0);
    assert!(!bench.mount.state().moving);
}

#[test]
fn ending_a_direction_leaves_a_slew_running() {
    let mut bench = Bench::new();
    bench.goto("06:30:00", "+30*15:00");
    bench.pass(1.0);
    bench.say(":Qn#:Qs#:Qe#:Qw#");
    bench.pass(30.0);
    assert!(bench.moved(TARGET) < ARCSECOND);
}

#[test]
fn a_jog_takes_the_place_of_a_slew() {
    let mut bench = Bench::new();
    bench.goto("06:30:00", "+30*15:00");
    bench.pass(2.0);
    bench.say(":RG#:Ms#");
    bench.pass(1.0);
    assert!(!bench.mount.state().slewing);
    let before = bench.place();
    bench.pass(1.0);
    let after = bench.place();
    assert!(after.dec < before.dec && (after.ra - before.ra).abs() < 1e-6);
}

#[test]
fn the_declination_axis_ends_at_the_pole() {
    let mut bench = Bench::new();
    bench.say(":RS#:Mn#");
    bench.pass(60.0);
    let state = bench.mount.state();
    assert!(state.position.dec == 90.0 && !state.moving);
}

#[test]
fn a_parked_mount_stands_answers_and_does_not_move_until_it_is_woken() {
    let mut bench = Bench::new();
    bench.say(":hP#");
    bench.pass(5.0);
    assert!(bench.mount.state().slewing && !bench.mount.state().parked);
    bench.pass(60.0);
    let state = bench.mount.state();
    assert!(state.parked && !state.tracking && !state.moving && state.position.dec == 90.0);
    assert_eq!(
        bench.goto("06:30:00", "+30*15:00"),
        "113Telescope is parked#"
    );
    bench.say(":RS#:Ms#:Q#:TQ#");
    bench.pass(1.0);
    let state = bench.mount.state();
    assert!(state.parked && !state.tracking && state.position.dec == 90.0);
    bench.say(":hW#");
    assert_eq!(bench.goto("06:30:00", "+30*15:00"), "110");
    assert!(bench.mount.state().tracking);
}

#[test]
fn a_stop_on_the_way_to_park_leaves_it_tracking_and_unparked() {
    let mut bench = Bench::new();
    bench.say(":hP#");
    bench.pass(2.0);
    bench.say(":Q#");
    bench.pass(1.0);
    let state = bench.mount.state();
    assert!(state.tracking && !state.parked && !state.moving);
}

#[test]
fn in_the_south_it_parks_at_the_southern_pole() {
    let mut bench = Bench::at(Site {
        latitude: -33.9,
        ..LONDON
    });
    bench.say(":hP#");
    bench.pass(60.0);
    assert_eq!(bench.place().dec, -90.0);
}

#[test]
fn a_sync_changes_what_it_says_and_not_where_it_points() {
    let mut bench = Bench::new();
    let before = bench.place();
    bench.say(":U#:Sr03:00:00#:Sd+20*00:00#:CM#");
    assert!(bench.moved(before) < 0.1 * ARCSECOND);
    // A slew to what it now says is no way at all.
    bench.say(":MS#");
    bench.pass(10.0);
    assert!(bench.moved(before) < 0.1 * ARCSECOND);
}

#[test]
fn a_wrong_clock_makes_it_point_elsewhere() {
    let mut bench = Bench::new();
    bench.say(":SL21:00:00#");
    bench.goto("03:30:00", "+30*15:00");
    bench.pass(30.0);
    let place = bench.place();
    assert!((place.ra - 4.5027).abs() < 1e-3, "{place:?}");
    assert_eq!(bench.say(":GR#"), "03:30.0#");
}

#[test]
fn the_wire_remembers_what_was_said_in_order_and_forgets_the_oldest() {
    let mut bench = Bench::new();
    let wire = bench.mount.wire();
    bench.say("\u{6}#:M w#:Q#:GT#");
    let frames = wire.frames();
    let requests: Vec<&str> = frames.iter().map(|frame| frame.request.as_str()).collect();
    assert_eq!(requests, ["\u{6}", "#", ":Mw#", ":Q#", ":GT#"]);
    assert_eq!(frames[4].reply, b"60.1#");
    assert_eq!(frames[4].number, 5);
    assert!(frames.is_sorted_by_key(|frame| frame.at));
    for _ in 0..5000 {
        bench.say("#");
    }
    assert_eq!(wire.received(), 5005);
    assert_eq!(wire.frames().len(), 4096);
    assert_eq!(wire.frames()[4095].number, 5005);
}
