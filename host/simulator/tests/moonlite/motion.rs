//! How it moves, and what is wrong with that.

use crate::bench::Bench;
use slewgate_simulator::{FocuserState, MoonliteSettings};

/// Sends it 1,000 steps outwards, 4 seconds at its highest speed.
fn send(bench: &mut Bench) {
    bench.hold(&[(":SN7918#", ""), (":FG#", "")]);
}

#[test]
fn it_goes_to_the_new_position_once_it_is_told_to() {
    let mut bench = Bench::new();
    bench.hold(&[(":SN7918#", "")]);
    bench.pass(10.0);
    bench.hold(&[(":GP#:GI#", "7530#00#"), (":FG#", "")]);
    bench.pass(2.0);
    bench.hold(&[(":GP#:GN#:GI#", "7724#7918#01#")]);
    bench.pass(2.0);
    bench.hold(&[(":GP#:GN#:GI#", "7918#7918#00#")]);
}

#[test]
fn its_speed_is_that_of_its_delay_and_changes_on_the_way() {
    let mut bench = Bench::new();
    send(&mut bench);
    for (delay, steps) in [("02", 250), ("04", 125), ("08", 63), ("10", 32), ("20", 16)] {
        bench.say(&format!(":SD{delay}#"));
        let before = bench.focuser.state().position;
        bench.pass(1.0);
        assert_eq!(bench.focuser.state().position - before, steps, "{delay}");
    }
}

#[test]
fn a_halt_leaves_it_where_it_is_and_keeps_the_new_position() {
    let mut bench = Bench::new();
    send(&mut bench);
    bench.pass(1.0);
    bench.hold(&[(":FQ#", "")]);
    bench.pass(10.0);
    bench.hold(&[(":GP#:GN#:GI#", "762A#7918#00#")]);
}

#[test]
fn another_go_on_the_way_turns_it_round() {
    let mut bench = Bench::new();
    send(&mut bench);
    bench.pass(2.0);
    bench.hold(&[(":SN0000#:FG#", "")]);
    bench.pass(3.0);
    bench.hold(&[(":GP#:GI#", "7436#01#")]);
}

#[test]
fn a_position_that_is_set_is_where_it_stands() {
    let mut bench = Bench::new();
    bench.hold(&[(":SP0064#:SN00C8#:FG#", "")]);
    bench.pass(0.2);
    let on_its_way = FocuserState {
        position: 150,
        moving: true,
    };
    assert_eq!(bench.focuser.state(), on_its_way);
}

#[test]
fn it_follows_the_temperature_when_it_is_told_to_and_has_nothing_else_to_do() {
    let mut bench = Bench::with(|settings| MoonliteSettings {
        cooling: 1.0,
        ..settings
    });
    bench.hold(&[(":SC14#", "")]);
    bench.pass(3600.0);
    bench.hold(&[(":GP#", "7530#"), (":+#", "")]);
    // A degree colder, at 20 steps a degree.
    bench.pass(3600.0);
    bench.hold(&[(":GP#:GN#:GI#", "751C#751C#00#"), (":-#", "")]);
    bench.pass(3600.0);
    bench.hold(&[(":GP#", "751C#")]);
}

#[test]
fn how_far_it_followed_the_temperature_does_not_depend_on_how_often_it_is_asked() {
    let night = |settings| MoonliteSettings {
        cooling: 3.0,
        ..settings
    };
    let (mut once, mut often) = (Bench::with(night), Bench::with(night));
    for bench in [&mut once, &mut often] {
        bench.say(":SC7F#:SD20#:+#");
    }
    once.pass(7200.0);
    for _ in 0..720 {
        often.pass(10.0);
        often.focuser.state();
    }
    assert_eq!(once.focuser.state(), often.focuser.state());
}

#[test]
fn a_stuck_motor_does_not_turn_and_says_that_it_does() {
    let mut bench = Bench::faulty(&["stuck=first,for=60s"]);
    send(&mut bench);
    bench.pass(30.0);
    bench.hold(&[(":GP#:GI#", "7530#01#")]);
    assert!(!bench.focuser.state().moving);
    bench.pass(31.0);
    bench.hold(&[(":GP#:GI#", "762A#01#")]);
}

#[test]
fn a_runaway_obeys_the_halt_after_those_that_it_ignores() {
    let mut bench = Bench::faulty(&["runaway=first,ignores=2"]);
    send(&mut bench);
    for moving in [true, true, false] {
        bench.say(":FQ#");
        bench.pass(0.5);
        assert_eq!(bench.focuser.state().moving, moving);
    }
}

#[test]
fn a_runaway_with_a_rate_runs_to_the_end_of_the_travel() {
    let mut bench = Bench::faulty(&["runaway=first,rate=-12"]);
    bench.pass(100.0);
    bench.hold(&[(":FQ#", ""), (":GP#:GI#", "7080#01#")]);
    bench.pass(3000.0);
    bench.hold(&[(":GP#", "0000#")]);
}

#[test]
fn a_second_axis_which_it_has_not_has_no_faults() {
    let mut bench = Bench::faulty(&["stuck=second", "runaway=second,rate=5", "lie=7"]);
    send(&mut bench);
    bench.pass(5.0);
    bench.hold(&[(":GP#:GI#", "7918#00#")]);
}

#[test]
fn a_lie_is_told_in_steps_and_not_believed() {
    let mut bench = Bench::faulty(&["lie=5,axis=first"]);
    bench.hold(&[(":GP#", "7535#")]);
    send(&mut bench);
    bench.pass(5.0);
    assert_eq!(bench.focuser.state().position, 31_000);
    bench.hold(&[(":GP#", "791D#")]);

    let mut bench = Bench::faulty(&["lie=frozen,for=10s"]);
    send(&mut bench);
    bench.pass(5.0);
    bench.hold(&[(":GP#", "7530#")]);
    bench.pass(6.0);
    bench.hold(&[(":GP#", "7918#")]);
}
