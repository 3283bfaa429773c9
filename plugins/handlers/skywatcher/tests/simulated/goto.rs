//! Where a goto truly ends, and what the handler says of it.

use crate::host::{Bench, LONDON, SYDNEY};
use serde_json::json;
use slewgate_sdk::{Equatorial, Host, Moving, Progress};
use slewgate_simulator::SkywatcherModel;

/// Seconds of arc in a step of an EQ6, and what rounding both axes makes of it.
const STEP: f64 = 360.0 * 3600.0 / 9_024_000.0;

/// Seconds of arc that a goto may be off: the sky turns that far in half a second.
const NEAR: f64 = 8.0;

/// Degrees above which a mount goes anywhere.
const UP: f64 = 1.0;

fn off(bench: &Bench, ra: f64, dec: f64) -> f64 {
    let at = bench.state().position;
    let at = Equatorial {
        ra: at.ra,
        dec: at.dec,
    };
    bench.separation(at, Equatorial { ra, dec }) * 3600.0
}

fn params(ra: f64, dec: f64) -> String {
    json!({"ra": ra, "dec": dec, "frame": "JNow"}).to_string()
}

#[test]
fn a_goto_ends_at_its_target_and_stays_there_in_both_hemispheres_with_old_and_new_motors() {
    for model in SkywatcherModel::ALL {
        for (latitude, towards) in [(LONDON, 1.0), (SYDNEY, -1.0)] {
            let bench = Bench::with(latitude, model, "{}");
            for (hour_angle, dec) in [(-60.0, 20.0), (-30.0, 70.0), (40.0, -10.0), (2.0, 0.0)] {
                let (ra, dec) = (bench.ra(hour_angle), dec * towards);
                bench.do_whole("goto", &params(ra, dec));
                let there = off(&bench, ra, dec);
                assert!(
                    there < NEAR,
                    "{there} {model} {latitude} {hour_angle} {dec}"
                );
                assert_eq!(bench.sample().moving, Moving::Tracking);
                assert_eq!(bench.call("status", "{}")["tracking"], "sidereal");
                bench.pass(600.0);
                let later = off(&bench, ra, dec);
                assert!((later - there).abs() < 1.0, "{there} {later}");
            }
        }
    }
}

#[test]
fn what_the_handler_tells_is_where_the_telescope_truly_points_all_the_way() {
    let bench = Bench::new(LONDON);
    let ra = bench.ra(-50.0);
    bench.call("goto", &params(ra, 35.0));
    let over = bench.complete(|| {
        let before = bench.state();
        let told = bench.sample().position.unwrap();
        let after = bench.state();
        let true_at = |state: slewgate_simulator::SkywatcherState| Equatorial {
            ra: state.position.ra,
            dec: state.position.dec,
        };
        let moved = bench.separation(true_at(before), true_at(after));
        assert!(bench.separation(told, true_at(after)) <= moved + 1e-4);
    });
    assert_eq!(over, Progress::Done);
}

/// Numbers from 0 to 1, the same each time: a linear congruential generator with Knuth's constants.
fn throws() -> impl FnMut() -> f64 {
    let mut state = 7_u64;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[test]
fn ten_thousand_positions_of_the_axes_are_told_as_they_truly_are_to_a_step() {
    let mut throw = throws();
    for latitude in [LONDON, SYDNEY] {
        let bench = Bench::new(latitude);
        for _ in 0..5_000 {
            for axis in ['1', '2'] {
                // Within half a turn of home.
                let steps = (f64::from(0x80_0000) + (throw() - 0.5) * 9_024_000.0) as u32;
                let [low, middle, high, _] = steps.to_le_bytes();
                let order =
                    format!(":G{axis}00\r:S{axis}{low:02X}{middle:02X}{high:02X}\r:J{axis}\r");
                bench.mount.borrow_mut().receive(order.as_bytes());
            }
            bench.pass(120.0);
            let told = bench.sample();
            // The sky went on while it was asked.
            let seconds = off(
                &bench,
                told.position.unwrap().ra,
                told.position.unwrap().dec,
            );
            assert!(seconds < 2.0 * STEP + 15.1 * 0.05, "{seconds} {told:?}");
            let west = bench.state().west_of_pier;
            let side = bench.call("status", "{}")["pier_side"].clone();
            assert_eq!(side, if west { "west" } else { "east" }, "{told:?}");
        }
    }
}

#[test]
fn gotos_from_anywhere_to_anywhere_end_at_their_targets_and_never_lead_through_the_ground() {
    let mut throw = throws();
    for latitude in [LONDON, SYDNEY, 0.5] {
        let bench = Bench::new(latitude);
        for _ in 0..60 {
            let (ra, dec) = loop {
                let target = (throw() * 24.0, throw() * 180.0 - 90.0);
                let site = slewgate_sdk::Site {
                    latitude,
                    longitude: 0.0,
                    elevation: 0.0,
                };
                let at = Equatorial {
                    ra: target.0,
                    dec: target.1,
                };
                // The sky sinks while it is gone to.
                if bench.to_horizontal(at, bench.now(), site).altitude > UP {
                    break target;
                }
            };
            bench.call("goto", &params(ra, dec));
            let mut lowest = f64::INFINITY;
            let over = bench.complete(|| lowest = lowest.min(bench.altitude()));
            assert_eq!(over, Progress::Done);
            assert!(lowest > -0.5, "{lowest} {latitude} {ra} {dec}");
            let there = off(&bench, ra, dec);
            assert!(there < NEAR, "{there} {ra} {dec}");
            let axes = bench.state().axes;
            assert!(axes.0.abs() < 95.0 && axes.1.abs() <= 180.0, "{axes:?}");
        }
    }
}

#[test]
fn poles_are_gone_to_like_any_other_place() {
    for (latitude, pole) in [(LONDON, 90.0), (SYDNEY, -90.0)] {
        let bench = Bench::new(latitude);
        bench.do_whole("goto", &params(bench.ra(-40.0), pole / 3.0));
        bench.do_whole("goto", &params(3.0, pole));
        assert!(off(&bench, 3.0, pole) < NEAR);
    }
}

#[test]
fn a_goto_whose_answers_are_lost_now_and_then_ends_where_it_should() {
    let bench = Bench::new(LONDON);
    let ra = bench.ra(-50.0);
    for lost in [1, 2, 3] {
        bench.trouble.loses.set(lost);
        bench.call("goto", &params(ra, 35.0));
        let mut looks = 0;
        let over = bench.complete(|| {
            looks += 1;
            if looks % 7 == 0 {
                bench.trouble.loses.set(lost);
            }
        });
        assert_eq!(over, Progress::Done);
        assert!(
            off(&bench, ra, 35.0) < 2.0 * NEAR,
            "{}",
            off(&bench, ra, 35.0)
        );
        bench.do_whole("home", "{}");
    }
}

#[test]
fn a_stuck_axis_is_a_goto_that_failed_and_says_how_far_it_came() {
    let bench = Bench::new(LONDON);
    bench.call("goto", &params(bench.ra(-50.0), 35.0));
    // By hand, as another program would.
    bench.mount.borrow_mut().receive(b":L2\r");
    let mut stopped = 0;
    let over = bench.complete(|| {
        bench.mount.borrow_mut().receive(b":L2\r");
        stopped += 1;
    });
    assert!(stopped > 3);
    match over {
        Progress::Failed(why) => assert!(why.starts_with("the mount came to rest "), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn answers_that_are_cut_shifted_or_doubled_are_never_taken_for_others() {
    let bench = Bench::new(LONDON);
    bench.do_whole("goto", &params(bench.ra(-50.0), 35.0));
    let truly = bench.sample().position.unwrap();
    bench.trouble.damages.set(11);
    let mut told = 0;
    for _ in 0..2_000 {
        // Now and then four damaged ones follow each other.
        if let Ok(status) = bench.attempt("status", "{}") {
            let at = Equatorial {
                ra: status["ra"].as_f64().unwrap(),
                dec: status["dec"].as_f64().unwrap(),
            };
            let off = bench.separation(at, truly) * 3600.0;
            assert!(off < 60.0, "{off} {status}");
            assert_eq!(status["tracking"], "sidereal");
            told += 1;
        }
    }
    assert!(told > 1_500, "{told}");
}
