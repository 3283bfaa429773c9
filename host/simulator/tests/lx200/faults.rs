//! What is wrong with the axes, and with what is said of them.

use crate::bench::{Bench, LONDON};
use slewgate_sky::Equatorial;

/// Degrees a second that the sky turns.
const SIDEREAL: f64 = 360.985_647_366_29 / 86_400.0;

/// Sends it west and north, 15 degrees on the first axis and 10 on the second.
fn send(bench: &mut Bench) -> Equatorial {
    let from = bench.place();
    let ra = (from.ra - 1.0).rem_euclid(24.0);
    let minutes = (ra * 60.0).round();
    let (hours, minutes) = ((minutes / 60.0).floor(), minutes % 60.0);
    assert_eq!(
        bench.say(&format!(":Sr{hours:02}:{minutes:02}.0#:Sd+35*45#:MS#")),
        "110"
    );
    from
}

/// Right ascension and declination as it says them.
fn said(bench: &mut Bench) -> (String, String) {
    (bench.say(":GR#"), bench.say(":GD#"))
}

#[test]
fn a_stuck_axis_does_not_turn_and_the_mount_says_so() {
    let mut bench = Bench::faulty(&["stuck=first"]);
    let from = send(&mut bench);
    bench.pass(120.0);
    let state = bench.mount.state();
    // It does not even follow the sky, which goes on to the west.
    let drifted = (state.position.ra - from.ra) * 15.0;
    assert!((drifted - 120.0 * SIDEREAL).abs() < 1e-6, "{drifted}");
    assert!(
        (state.position.dec - 35.75).abs() < 1e-6,
        "the other axis arrived"
    );
    assert!(state.slewing && !state.moving, "{state:?}");
    assert!(bench.say(":D#").starts_with('\u{7f}'));
    assert_eq!(
        said(&mut bench),
        ("02:12.9#".to_owned(), "+35\u{df}45#".to_owned())
    );
}

#[test]
fn a_stuck_axis_that_comes_free_does_what_it_was_told() {
    let mut bench = Bench::faulty(&["stuck=second,for=60s"]);
    send(&mut bench);
    bench.pass(59.0);
    assert!((bench.place().dec - 25.75).abs() < 1e-6);
    bench.pass(60.0);
    let state = bench.mount.state();
    assert!(
        (state.position.dec - 35.75).abs() < 1e-6 && !state.slewing,
        "{state:?}"
    );
}

#[test]
fn a_runaway_runs_at_its_rate_and_obeys_nothing() {
    let mut bench = Bench::faulty(&["runaway=second,rate=-2"]);
    let from = bench.place();
    bench.hold(&[(":Q#", ""), (":Qs#", ""), (":RS#:Mn#", "")]);
    bench.pass(10.25);
    // Speeding up to 2 degrees a second took a quarter of a second.
    assert!((from.dec - bench.place().dec - (2.0 * 10.25 - 0.25)).abs() < 1e-6);
    bench.say(":Q#");
    assert!(bench.mount.state().moving);
}

#[test]
fn a_runaway_obeys_the_stop_after_those_that_it_ignores() {
    let mut bench = Bench::faulty(&["runaway=first,rate=2,ignores=2"]);
    bench.pass(1.0);
    for moving in [true, true, false] {
        bench.say(":Q#");
        bench.pass(1.0);
        assert_eq!(bench.mount.state().moving, moving);
    }
    bench.hold(&[(":RS#:Mw#", "")]);
    bench.pass(1.0);
    bench.say(":Q#");
    bench.pass(1.0);
    assert!(!bench.mount.state().moving, "it obeys from then on");
}

#[test]
fn without_a_rate_a_runaway_goes_on_with_what_it_was_told() {
    let mut bench = Bench::faulty(&["runaway=second,ignores=2"]);
    bench.pass(1.0);
    assert!(!bench.mount.state().moving, "nobody told it anything");
    bench.hold(&[(":RS#:Mn#", "")]);
    for (stop, moving) in [
        (":Qn#", true),
        (":Qs#", true),
        (":Q#", true),
        (":Qn#", false),
    ] {
        bench.say(stop);
        bench.pass(1.0);
        // A stop for the other way is none for this one.
        assert_eq!(bench.mount.state().moving, moving, "{stop}");
    }
}

#[test]
fn a_slew_whose_stop_is_not_obeyed_goes_on_and_says_so() {
    let mut bench = Bench::faulty(&["runaway=first,ignores=1"]);
    send(&mut bench);
    bench.pass(0.5);
    bench.say(":Q#");
    bench.pass(0.5);
    assert!(bench.mount.state().slewing && bench.say(":D#").starts_with('\u{7f}'));
    bench.say(":Q#");
    bench.pass(1.0);
    let state = bench.mount.state();
    assert!(!state.slewing && !state.moving, "{state:?}");
}

#[test]
fn how_far_a_runaway_came_does_not_depend_on_how_often_it_is_asked() {
    let fault = ["runaway=first,rate=2,for=7.3s"];
    let (mut once, mut often) = (Bench::faulty(&fault), Bench::faulty(&fault));
    once.pass(20.0);
    for _ in 0..200 {
        often.pass(0.1);
        often.place();
    }
    let (once, often) = (once.mount.state(), often.mount.state());
    assert!(
        (once.position.ra - often.position.ra).abs() < 1e-6,
        "{once:?} {often:?}"
    );
    assert!(!once.moving && !often.moving);
}

#[test]
fn a_lie_is_told_and_not_believed() {
    let mut bench = Bench::faulty(&["lie=5", "lie=-1.5,axis=first"]);
    let (ra, dec) = said(&mut bench);
    assert_eq!((ra.as_str(), dec.as_str()), ("02:16.9#", "+30\u{df}45#"));
    send(&mut bench);
    bench.pass(60.0);
    let place = bench.place();
    assert!(
        (place.dec - 35.75).abs() < 1e-6,
        "it goes where it was sent: {place:?}"
    );
    assert_eq!(said(&mut bench).1, "+40\u{df}45#");
}

#[test]
fn a_frozen_position_is_told_until_it_thaws() {
    let mut bench = Bench::faulty(&["lie=frozen,for=30s"]);
    let before = said(&mut bench);
    send(&mut bench);
    bench.pass(20.0);
    assert_eq!(said(&mut bench), before);
    assert!((bench.place().dec - 35.75).abs() < 1e-6);
    bench.pass(20.0);
    assert_eq!(said(&mut bench).1, "+35\u{df}45#");
}

#[test]
fn a_wire_that_is_not_there_has_no_faults() {
    let mut bench = Bench::faulty(&["drop", "silence", "disconnect"]);
    bench.hold(&[(":GC#", "11/23/26#")]);
}

/// On a pseudo-terminal, where faults come and go.
#[cfg(unix)]
mod running {
    use super::LONDON;
    use crate::bench::HandClock;
    use slewgate_simulator::{Fault, Lx200Settings, Simulator, Telescope};
    use std::sync::Arc;

    fn start() -> (Arc<HandClock>, Simulator) {
        let clock = Arc::new(HandClock::default());
        let settings = Lx200Settings::new(LONDON, Arc::clone(&clock) as _);
        (clock, Simulator::start_lx200(settings).unwrap())
    }

    fn fault(text: &str) -> Fault {
        text.parse().unwrap()
    }

    #[test]
    fn an_axis_suffers_from_when_it_is_said_to_when_it_is_taken_back() {
        let (clock, simulator) = start();
        let from = simulator.pointing();
        clock.pass(100.0);
        simulator.faults().add(fault("runaway=second,rate=2"));
        clock.pass(5.25);
        assert!((simulator.pointing().dec - from.dec - (2.0 * 5.25 - 0.25)).abs() < 1e-6);
        assert_eq!(simulator.faults().clear(), 1);
        clock.pass(100.0);
        let state = simulator.state();
        // Slowing down took a quarter of a degree.
        assert!(
            (state.position.dec - from.dec - 2.0 * 5.25).abs() < 1e-6,
            "{state:?}"
        );
        assert!(!state.moving);
    }

    #[test]
    fn what_is_wrong_is_listed_while_it_is() {
        let (clock, simulator) = start();
        let faults = simulator.faults();
        let list = || {
            let faults = faults.list().into_iter();
            faults
                .map(|active| active.fault().to_string())
                .collect::<Vec<_>>()
        };
        for text in ["lie=2,axis=first,for=10s", "stuck=first", "drop,next=3"] {
            faults.add(fault(text));
        }
        assert_eq!(
            list(),
            ["drop,next=3", "stuck=first", "lie=2,axis=first,for=10s"]
        );
        clock.pass(11.0);
        assert_eq!(list(), ["drop,next=3", "stuck=first"]);
        assert_eq!(faults.clear(), 2);
        assert!(list().is_empty());
    }
}
