//! What turns, how fast and how far.

use crate::bench::{Bench, SYDNEY};
use slewgate_simulator::{SkywatcherModel, SkywatcherSettings};

/// Degrees in a step of an EQ6.
const STEP: f64 = 360.0 / 9_024_000.0;

fn near(a: f64, b: f64, within: f64) -> bool {
    (a - b).abs() <= within
}

#[test]
fn at_a_speed_a_step_takes_its_period_of_the_timer() {
    for (model, period, steps) in [
        (SkywatcherModel::Eq6, "6C0200", 64_935.0 / 620.0),
        (SkywatcherModel::AzEq6, "564802", 16_000_000.0 / 149_590.0),
    ] {
        let mut bench = Bench::model(model);
        bench.hold(&[
            (":F1", "="),
            (":G110", "="),
            (&format!(":I1{period}"), "="),
            (":J1", "="),
        ]);
        bench.pass(1000.0);
        let counted = f64::from(bench.position('1')) - f64::from(0x80_0000);
        assert!(near(counted, 1000.0 * steps, 1.0), "{model} {counted}");
    }
}

#[test]
fn a_fast_motor_of_the_first_years_takes_sixteen_steps_at_a_tick() {
    let mut bench = Bench::ready();
    // 24 ticks: 1.7 degrees a second, back.
    bench.hold(&[(":G131", "="), (":I1180000", "="), (":J1", "=")]);
    bench.pass(100.0);
    let rate = 64_935.0 * 16.0 / 24.0 * STEP;
    let (first, _) = bench.axes();
    assert!(near(first, -rate * 100.0, rate), "{first}");
}

#[test]
fn a_speed_is_changed_while_it_turns() {
    let mut bench = Bench::ready();
    bench.hold(&[(":G110", "="), (":I16C0200", "="), (":J1", "=")]);
    bench.pass(100.0);
    let before = bench.axes().0;
    // Half as long from step to step.
    bench.hold(&[(":I1360100", "=")]);
    bench.pass(100.0);
    let after = bench.axes().0 - before;
    assert!(near(after / before, 2.0, 1e-3), "{before} {after}");
}

#[test]
fn a_goto_ends_at_its_target_and_leaves_the_motor_as_at_a_speed() {
    for (mode, going) in [('0', "=411"), ('2', "=011")] {
        let mut bench = Bench::ready();
        // 100,000 steps.
        bench.hold(&[
            (&format!(":G1{mode}0"), "="),
            (":H1A08601", "="),
            (":h1", "=A08681"),
            (":J1", "="),
            (":f1", going),
        ]);
        bench.pass(60.0);
        bench.hold(&[(":f1", "=101"), (":j1", "=A08681")]);
        assert!(!bench.mount.state().moving);
    }
}

#[test]
fn a_goto_to_a_place_leads_there_from_wherever_it_is() {
    let mut bench = Bench::ready();
    for target in ["563412", "000080", "FFFF7F"] {
        bench.hold(&[(":G100", "="), (&format!(":S1{target}"), "="), (":J1", "=")]);
        bench.pass(200.0);
        bench.hold(&[(":j1", &format!("={target}")), (":f1", "=101")]);
    }
}

#[test]
fn an_increment_leads_back_where_the_mode_says_so() {
    let mut bench = Bench::ready();
    bench.hold(&[
        (":G221", "="),
        (":H2E80300", "="),
        (":h2", "=18FC7F"),
        (":J2", "="),
    ]);
    bench.pass(5.0);
    bench.hold(&[(":j2", "=18FC7F"), (":j1", "=000080")]);
}

#[test]
fn an_instant_stop_is_one_and_the_other_motor_goes_on() {
    let mut bench = Bench::ready();
    for axis in ['1', '2'] {
        bench.hold(&[
            (&format!(":G{axis}00"), "="),
            (&format!(":S{axis}000090"), "="),
            (&format!(":J{axis}"), "="),
        ]);
    }
    bench.pass(3.0);
    let before = bench.axes();
    bench.hold(&[(":L1", "="), (":f1", "=401"), (":f2", "=411")]);
    bench.pass(2.0);
    let after = bench.axes();
    assert_eq!(before.0, after.0);
    assert!(after.1 > before.1 + 5.0);
}

#[test]
fn a_motor_that_slows_down_comes_to_rest_a_little_further() {
    let mut bench = Bench::ready();
    bench.hold(&[(":G100", "="), (":S1000090", "="), (":J1", "=")]);
    bench.pass(3.0);
    let before = bench.axes().0;
    bench.hold(&[(":K1", "=")]);
    bench.pass(3.0);
    let after = bench.axes().0;
    assert!(after > before + 0.1 && after < before + 2.0);
    // It was stopped: it is still on its way to a place, and at rest.
    bench.hold(&[(":f1", "=401")]);
}

#[test]
fn a_position_is_set_without_a_turn_of_the_axis() {
    let mut bench = Bench::ready();
    bench.hold(&[(":E1000070", "="), (":j1", "=000070")]);
    assert_eq!(bench.axes(), (0.0, 0.0));
    bench.hold(&[(":G100", "="), (":S1000080", "="), (":J1", "=")]);
    bench.pass(60.0);
    bench.hold(&[(":j1", "=000080")]);
    let turned = f64::from(0x10_0000) * STEP;
    assert!(near(bench.axes().0, turned, STEP));
}

#[test]
fn with_the_sky_a_mount_keeps_its_place_in_it_in_both_hemispheres() {
    for (site, way) in [(None, '0'), (Some(SYDNEY), '1')] {
        let mut bench = Bench::with(|settings| SkywatcherSettings {
            site: site.unwrap_or(settings.site),
            ..settings
        });
        bench.hold(&[(":F1", "="), (":F2", "=")]);
        // Off the pole, where right ascension means something.
        bench.hold(&[(":G200", "="), (":S2000090", "="), (":J2", "=")]);
        bench.pass(60.0);
        bench.hold(&[
            (&format!(":G11{way}"), "="),
            (":I16C0200", "="),
            (":J1", "="),
        ]);
        let before = bench.mount.state();
        assert!(before.tracking && !before.moving);
        bench.pass(3600.0);
        let after = bench.mount.state().position;
        // The period is rounded to a tick: 2 seconds of arc in an hour.
        assert!(
            near(after.ra, before.position.ra, 3.0 / 54_000.0),
            "{before:?} {after:?}"
        );
        assert!(near(after.dec, before.position.dec, 1e-9));
    }
}

#[test]
fn at_home_it_points_at_the_pole_and_forward_leads_to_the_east_of_the_pier_in_the_north() {
    for (site, pole, west) in [(None, 90.0, false), (Some(SYDNEY), -90.0, true)] {
        let mut bench = Bench::with(|settings| SkywatcherSettings {
            site: site.unwrap_or(settings.site),
            ..settings
        });
        assert!(near(bench.mount.state().position.dec, pole, 1e-9));
        // A ninth of a turn: 40 degrees.
        bench.hold(&[
            (":F2", "="),
            (":G200", "="),
            (":H255490F", "="),
            (":J2", "="),
        ]);
        bench.pass(60.0);
        let state = bench.mount.state();
        assert_eq!(state.west_of_pier, west);
        assert!(near(state.position.dec.abs(), 50.0, 0.1), "{state:?}");
    }
}

#[test]
fn a_stuck_motor_does_not_turn_and_says_that_it_is_blocked() {
    let mut bench = Bench::faulty(&["stuck=first,for=60s"]);
    bench.hold(&[(":G100", "="), (":H1A08601", "="), (":J1", "=")]);
    bench.pass(30.0);
    bench.hold(&[(":j1", "=000080"), (":f1", "=431")]);
    bench.pass(60.0);
    bench.hold(&[(":j1", "=A08681"), (":f1", "=101")]);
}

#[test]
fn a_runaway_obeys_the_stop_after_those_that_it_ignores() {
    let mut bench = Bench::faulty(&["runaway=second,ignores=2"]);
    bench.hold(&[(":G200", "="), (":S2000090", "="), (":J2", "=")]);
    for status in ["=411", "=411", "=401"] {
        bench.hold(&[(":L2", "="), (":f2", status)]);
        bench.pass(0.5);
    }
}

#[test]
fn a_lie_is_told_in_degrees_and_not_believed() {
    let mut bench = Bench::faulty(&["lie=36,axis=first"]);
    // A tenth of a turn.
    bench.hold(&[(":j1", "=00C58D"), (":j2", "=000080")]);
    assert_eq!(bench.axes(), (0.0, 0.0));
    let mut bench = Bench::faulty(&["lie=frozen,for=60s"]);
    bench.hold(&[(":G100", "="), (":H1A08601", "="), (":J1", "=")]);
    bench.pass(30.0);
    bench.hold(&[(":j1", "=000080")]);
    bench.pass(60.0);
    bench.hold(&[(":j1", "=A08681")]);
}

#[test]
fn where_it_is_does_not_depend_on_how_often_it_is_asked() {
    let (mut once, mut often) = (Bench::ready(), Bench::ready());
    for bench in [&mut once, &mut often] {
        bench.hold(&[(":G100", "="), (":S1000090", "="), (":J1", "=")]);
        bench.hold(&[(":G231", "="), (":I2180000", "="), (":J2", "=")]);
    }
    once.pass(12.0);
    for _ in 0..120 {
        often.pass(0.1);
        often.axes();
    }
    let (a, b) = (once.axes(), often.axes());
    assert!(near(a.0, b.0, 1e-6) && near(a.1, b.1, 1e-6), "{a:?} {b:?}");
}
