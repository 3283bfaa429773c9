//! Parking and home under OnStep.

use crate::bench::{Bench, LONDON};
use slewgate_simulator::Dialect;
use slewgate_sky::Site;

const ARCSECOND: f64 = 1.0 / 3600.0;

fn onstep() -> Bench {
    Bench::of(Dialect::OnStep, LONDON)
}

#[test]
fn it_parks_at_home_and_does_not_move_until_it_is_unparked() {
    let mut bench = onstep();
    bench.hold(&[
        (":hP#", "1"),
        (":hP#", "0"),
        (":GE#", "10#"),
        (":hR#", "0"),
        (":GE#", "11#"),
    ]);
    bench.pass(5.0);
    assert!(bench.mount.state().slewing && !bench.mount.state().parked);
    bench.pass(60.0);
    let state = bench.mount.state();
    assert!(state.parked && !state.tracking && state.position.dec == 90.0);
    bench.hold(&[
        (":hP#", "1"),
        (":Mn#", ""),
        (":GE#", "18#"),
        (":Te#", "0"),
        (":GE#", "09#"),
        (":hQ#", "0"),
        (":hC#", ""),
        (":Q#", ""),
        // Six hours past the meridian, 65 s after the start.
        (":GR#", "20:11:58#"),
    ]);
    bench.pass(1.0);
    assert!(bench.mount.state().parked && !bench.mount.state().moving);
    bench.hold(&[(":hR#", "1"), (":hR#", "0"), (":GE#", "11#")]);
    let state = bench.mount.state();
    assert!(!state.parked && state.tracking);
}

#[test]
fn it_parks_where_it_was_told_to() {
    let mut bench = onstep();
    bench.hold(&[
        (":Sr00:30:00#:Sd+30*15:00#:MS#", "110"),
        (":hQ#", "0"),
        (":GE#", "22#"),
    ]);
    bench.pass(30.0);
    bench.hold(&[(":hQ#", "1"), (":Sr06:30:00#:MS#", "10")]);
    bench.pass(60.0);
    bench.hold(&[(":Gm#", "W#"), (":hP#", "1")]);
    bench.pass(60.0);
    let state = bench.mount.state();
    assert!(state.parked && (state.position.dec - 30.25).abs() < ARCSECOND);
    assert_eq!(bench.say(":Gm#"), "E#");
}

#[test]
fn a_stop_on_the_way_to_park_or_home_leaves_it_as_it_was() {
    for (set_out, flag) in [(":hP#", 'I'), (":hC#", 'h')] {
        for (tracks, tracking) in [(":Te#", true), (":Td#", false)] {
            let mut bench = onstep();
            bench.say(tracks);
            bench.say(set_out);
            bench.pass(1.0);
            assert!(bench.say(":GU#").contains(flag));
            assert!(!bench.mount.state().tracking);
            bench.say(":Q#");
            bench.pass(1.0);
            let state = bench.mount.state();
            assert!(!state.parked && !state.moving && state.tracking == tracking);
            assert!(!bench.say(":GU#").contains(flag));
        }
    }
}

#[test]
fn the_way_home_takes_time_and_ends_without_tracking() {
    let mut bench = onstep();
    bench.hold(&[
        (":hC#", ""),
        (":hP#", "0"),
        (":GE#", "22#"),
        (":hC#", ""),
        (":GE#", "22#"),
    ]);
    bench.pass(5.0);
    assert!(bench.mount.state().slewing);
    bench.pass(60.0);
    let state = bench.mount.state();
    assert!(!state.slewing && !state.tracking && !state.parked && state.position.dec == 90.0);
    assert!(bench.say(":GU#").contains('H'));
}

#[test]
fn being_told_that_it_is_home_moves_nothing_and_makes_it_point_elsewhere() {
    let mut bench = onstep();
    let before = bench.place();
    bench.hold(&[(":hF#", ""), (":GD#", "+90*00:00#"), (":GU#", "nNpHEo220#")]);
    assert!(bench.moved(before) < ARCSECOND);
    // Its motors are off.
    bench.hold(&[
        (":Mn#", ""),
        (":GE#", "17#"),
        (":hP#", "0"),
        (":GE#", "17#"),
        (":Te#", "1"),
        (":Sr00:30:00#:Sd+30*15:00#:MS#", "110"),
    ]);
    bench.pass(60.0);
    assert_eq!(bench.say(":GR#:GD#"), "00:30:00#+30*15:00#");
    // It was on the meridian at 25.75 degrees, and took that for the pole.
    assert!((bench.place().dec - (25.75 - 59.75)).abs() < 0.01);
}

#[test]
fn it_is_not_told_that_it_is_home_while_it_moves() {
    let mut bench = onstep();
    bench.hold(&[
        (":Mn#", ""),
        (":hF#", ""),
        (":GE#", "22#"),
        (":GD#", "+25*45:00#"),
    ]);
}

#[test]
fn in_the_south_home_is_the_southern_pole() {
    let mut bench = Bench::of(
        Dialect::OnStep,
        Site {
            latitude: -33.9,
            ..LONDON
        },
    );
    bench.say(":hC#");
    bench.pass(60.0);
    assert_eq!(bench.place().dec, -90.0);
    assert!(bench.say(":GU#").contains('H'));
}
