//! The meridian flip of a German mount.

use crate::host::{Bench, LONDON, SYDNEY};
use serde_json::json;
use slewgate_sdk::{Failure, Progress};
use slewgate_simulator::SkywatcherModel;

fn goto(bench: &Bench, ra: f64, dec: f64) -> Result<serde_json::Value, Failure> {
    let params = json!({"ra": ra, "dec": dec, "frame": "JNow"}).to_string();
    bench.attempt("goto", &params)
}

fn side(bench: &Bench) -> serde_json::Value {
    bench.call("status", "{}")["pier_side"].clone()
}

#[test]
fn a_goto_past_the_meridian_changes_sides_over_the_pole_and_never_through_the_ground() {
    for (latitude, towards) in [(LONDON, 1.0), (SYDNEY, -1.0)] {
        for dec in [-35.0, 0.0, 40.0, 80.0] {
            let bench = Bench::new(latitude);
            let ra = bench.ra(-10.0);
            let dec = dec * towards;
            goto(&bench, ra, dec).unwrap();
            assert_eq!(bench.complete(|| ()), Progress::Done);
            assert_eq!(side(&bench), "west");
            assert!(bench.state().west_of_pier);
            // It is followed past the meridian on the same side.
            bench.pass(3600.0);
            assert_eq!(side(&bench), "west");
            let lowest = bench.altitude();
            goto(&bench, ra, dec).unwrap();
            let (mut lower, mut near_pole) = (lowest, f64::INFINITY);
            let over = bench.complete(|| {
                lower = lower.min(bench.altitude());
                near_pole = near_pole.min(90.0 - bench.state().position.dec * towards);
            });
            assert_eq!(over, Progress::Done);
            assert_eq!(side(&bench), "east");
            assert!(!bench.state().west_of_pier);
            assert!(lower > 0.0, "{lower} {latitude} {dec}");
            // A slew shows it every quarter of a second.
            assert!(near_pole < 2.0, "{near_pole} {latitude} {dec}");
            let at = bench.state().position;
            assert!(
                (at.ra - ra).abs() < 0.001 && (at.dec - dec).abs() < 0.003,
                "{at:?} {ra}"
            );
        }
    }
}

#[test]
fn a_goto_to_what_is_followed_already_stays_on_its_side_where_that_lasts() {
    let bench = Bench::new(LONDON);
    let ra = bench.ra(-10.0);
    goto(&bench, ra, 20.0).unwrap();
    bench.complete(|| ());
    bench.pass(600.0);
    goto(&bench, ra, 20.0).unwrap();
    bench.complete(|| ());
    assert_eq!(side(&bench), "west");
}

#[test]
fn while_a_flip_would_come_too_soon_and_staying_would_end_soon_a_goto_is_refused() {
    let exact = r#"{"past_meridian":0}"#;
    let bench = Bench::with(LONDON, SkywatcherModel::Eq6, exact);
    let ra = bench.ra(-1.0);
    match goto(&bench, ra, 20.0) {
        Err(Failure::Refused(why)) => assert_eq!(
            why,
            "in 4 minutes the target passes the meridian, where the telescope has to change sides and is not followed on: go \
             there afterwards"
        ),
        other => panic!("{other:?}"),
    }
    assert!(!bench.state().moving);
    // Four minutes later it has passed.
    bench.pass(241.0);
    goto(&bench, ra, 20.0).unwrap();
    assert_eq!(bench.complete(|| ()), Progress::Done);
    assert_eq!(side(&bench), "east");
}

#[test]
fn past_its_end_the_sky_is_not_followed_and_the_refusal_says_what_to_do() {
    let bench = Bench::new(LONDON);
    goto(&bench, bench.ra(0.0 - 10.0), 20.0).unwrap();
    bench.complete(|| ());
    // An hour and a quarter: nearly 9 degrees past the meridian.
    bench.pass(75.0 * 60.0);
    bench.call("track", r#"{"mode":"off"}"#);
    match bench.attempt("track", r#"{"mode":"sidereal"}"#) {
        Err(Failure::Refused(why)) => assert!(
            why.starts_with("the telescope is 8.9 degrees past the meridian on its side, and may be 5: go to the target"),
            "{why}"
        ),
        other => panic!("{other:?}"),
    }
    // Back it is jogged all the same.
    bench.call("jog", r#"{"direction":"east","rate":"find"}"#);
}
