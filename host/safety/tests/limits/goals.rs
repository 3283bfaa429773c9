//! Which goals are refused, and with which words.

use slewgate_safety::limits::{Fence, Horizon, Limit, Limits, PierSide, Subject};
use slewgate_sky::{Equatorial, Horizontal};

use crate::places::{GREENWICH, NIGHT, NOON, SKY, SYDNEY, at, fence, limits, seen};

/// An hour angle and a declination over Greenwich, at night.
fn sky(hour_angle: f64, dec: f64) -> Equatorial {
    at(hour_angle, dec, GREENWICH, NIGHT)
}

/// Why a goal is refused, from a place if one is known; `fine` where it is not.
fn said(fence: &Fence, from: Option<(f64, f64)>, side: Option<PierSide>, to: (f64, f64)) -> String {
    let from = from.map(|(hour_angle, dec)| seen(sky(hour_angle, dec), side, NIGHT));
    match fence.goal(from.as_ref(), sky(to.0, to.1), NIGHT, false) {
        Ok(()) => "fine".to_owned(),
        Err(breach) => breach.to_string(),
    }
}

#[test]
fn a_target_below_the_horizon_is_refused_with_its_altitude_and_the_least() {
    let flat = fence(limits(), GREENWICH);
    assert_eq!(
        said(&flat, None, None, (0.0, -40.0)),
        "the target is below the horizon: altitude -1.5 degrees, at least 0.0"
    );
    assert_eq!(said(&flat, None, None, (0.0, -38.0)), "fine");
}

#[test]
fn a_target_behind_the_trees_is_refused_with_the_azimuth() {
    let trees = Limits {
        horizon: Some(Horizon::parse("trees", "0 5\n170 5\n180 20\n190 5\n").unwrap()),
        ..limits()
    };
    let trees = fence(trees, GREENWICH);
    assert_eq!(
        said(&trees, None, None, (0.0, -20.0)),
        "the target is below the horizon: altitude 18.5 degrees, at least 20.0 there (azimuth 180.0)"
    );
    assert_eq!(said(&trees, None, None, (20.0, -20.0)), "fine");
}

#[test]
fn a_way_behind_a_mast_is_refused_though_both_its_ends_are_free() {
    let mast = Limits {
        horizon: Some(Horizon::parse("mast", "0 0\n179.9 0\n179.9 40\n180.1 40\n180.1 0").unwrap()),
        ..limits()
    };
    let mast = fence(mast, GREENWICH);
    let refusal = said(&mast, Some((-20.0, -5.0)), None, (20.0, -5.0));
    assert!(
        refusal.starts_with("the way leads below the horizon: altitude 33.5"),
        "{refusal}"
    );
    assert_eq!(said(&mast, Some((-20.0, 5.0)), None, (20.0, 5.0)), "fine");
}

#[test]
fn what_is_too_high_is_refused() {
    let low = fence(
        Limits {
            highest: 85.0,
            ..limits()
        },
        GREENWICH,
    );
    assert_eq!(
        said(&low, None, None, (0.0, 51.4779)),
        "the target is too high: altitude 90.0 degrees, at most 85.0"
    );
    assert!(
        said(&low, Some((-30.0, 51.0)), None, (30.0, 51.0)).starts_with("the way leads too high")
    );
    assert_eq!(said(&low, Some((-30.0, 60.0)), None, (-30.0, 40.0)), "fine");
}

#[test]
fn an_hour_angle_beyond_its_limits_is_refused() {
    let wall = fence(
        Limits {
            hour_angle: Some((-60.0, 75.0)),
            ..limits()
        },
        GREENWICH,
    );
    assert_eq!(
        said(&wall, None, None, (-65.0, 50.0)),
        "the target is beyond the limit of the hour angle: -65.0 degrees, at least -60.0"
    );
    assert_eq!(
        said(&wall, None, None, (80.0, 50.0)),
        "the target is beyond the limit of the hour angle: 80.0 degrees, at most 75.0"
    );
    assert_eq!(said(&wall, Some((-55.0, 50.0)), None, (70.0, 50.0)), "fine");
}

#[test]
fn the_long_way_round_below_the_pole_is_looked_at_too() {
    // From one side of the lower meridian to the other: a German mount comes over the top, near the zenith.
    let low = Limits {
        highest: 80.0,
        ..limits()
    };
    let low = fence(low, GREENWICH);
    assert!(
        said(&low, Some((170.0, 55.0)), None, (-170.0, 55.0)).starts_with("the way leads too high")
    );
    assert_eq!(said(&low, Some((140.0, 55.0)), None, (120.0, 55.0)), "fine");
}

#[test]
fn a_german_mount_may_change_sides_and_its_way_over_the_pole_is_looked_at() {
    // The pole stands 51.5 degrees high.
    let beam = Limits {
        horizon: Some(Horizon::parse("beam", "0 53\n20 0\n340 0").unwrap()),
        ..limits()
    };
    let beam = fence(beam, GREENWICH);
    let (from, to) = ((-30.0, 20.0), (30.0, 20.0));
    assert_eq!(said(&beam, Some(from), None, to), "fine");
    assert_eq!(said(&beam, Some(from), Some(PierSide::East), to), "fine");
    assert!(
        said(&beam, Some(from), Some(PierSide::West), to)
            .starts_with("the way leads below the horizon")
    );
}

#[test]
fn limits_of_the_meridian_and_the_hour_angle_let_a_mount_change_sides() {
    let tight = Limits {
        meridian: Some(5.0),
        hour_angle: Some((-60.0, 60.0)),
        ..limits()
    };
    for site in [GREENWICH, SYDNEY] {
        let dec = 20f64.copysign(site.latitude);
        let fence = fence(tight.clone(), site);
        let from = seen(at(-40.0, dec, site, NIGHT), Some(PierSide::West), NIGHT);
        let to = at(40.0, dec, site, NIGHT);
        assert_eq!(fence.goal(Some(&from), to, NIGHT, false), Ok(()));
    }
}

#[test]
fn the_sun_is_kept_away_from_by_day_and_on_the_way() {
    let fence = fence(Limits::default(), GREENWICH);
    let sun = SKY.sun(NOON);
    let beside = |hours: f64| Equatorial {
        ra: (sun.ra + hours).rem_euclid(24.0),
        dec: sun.dec,
    };
    let target = fence.goal(None, beside(1.0), NOON, false).unwrap_err();
    assert_eq!(
        target.to_string(),
        "the target is too near the Sun: 13.8 degrees from it, at least 30.0"
    );
    assert_eq!(
        (target.limit, target.subject),
        (Limit::Sun, Subject::Target)
    );
    let from = seen(beside(-4.0), None, NOON);
    let way = fence
        .goal(Some(&from), beside(4.0), NOON, false)
        .unwrap_err();
    assert_eq!((way.limit, way.subject), (Limit::Sun, Subject::Way));
    assert_eq!(fence.goal(Some(&from), beside(-3.0), NOON, false), Ok(()));
}

#[test]
fn the_sun_counts_until_it_is_ten_degrees_below_the_horizon() {
    let fence = fence(Limits::default(), GREENWICH);
    let sky = &*SKY;
    let beside_when_the_sun_is_at = |altitude: f64| {
        // The evening of the solstice, minute by minute.
        let instant = (0..720).map(|minute| NOON + f64::from(minute) * 60e3);
        let sun_at = |at| sky.to_horizontal(sky.sun(at), at, &GREENWICH);
        let dusk = instant
            .clone()
            .find(|at| sun_at(*at).altitude < altitude)
            .unwrap();
        let place = Horizontal {
            altitude: 5.0,
            azimuth: sun_at(dusk).azimuth,
        };
        fence.goal(
            None,
            sky.from_horizontal(place, dusk, &GREENWICH),
            dusk,
            false,
        )
    };
    assert_eq!(
        beside_when_the_sun_is_at(-9.8).unwrap_err().limit,
        Limit::Sun
    );
    assert_eq!(beside_when_the_sun_is_at(-10.0), Ok(()));
}

#[test]
fn a_filter_lifts_the_sun_only_for_those_who_may() {
    let sun = SKY.sun(NOON);
    for (filter, permitted, fine) in [
        (true, true, true),
        (true, false, false),
        (false, true, false),
    ] {
        let limits = Limits {
            solar_filter: filter,
            ..Limits::default()
        };
        let fence = fence(limits, GREENWICH);
        assert_eq!(fence.goal(None, sun, NOON, permitted).is_ok(), fine);
    }
}

#[test]
fn who_is_outside_may_come_back_but_not_by_going_further_out() {
    let high = Limits {
        lowest: 20.0,
        ..limits()
    };
    let high = fence(high, GREENWICH);
    // Due south at 5 degrees.
    let low = Some((0.0, -33.5));
    assert_eq!(said(&high, low, None, (0.0, 20.0)), "fine");
    assert_eq!(said(&high, low, None, (-10.0, 40.0)), "fine");
    // In the east, going south lowers it before going west has raised it.
    let refusal = said(&high, Some((-90.0, 5.0)), None, (-30.0, -10.0));
    assert!(
        refusal.starts_with("the way leads below the horizon: altitude 3."),
        "{refusal}"
    );
}

#[test]
fn right_ascension_goes_round_without_a_gap() {
    let fence = fence(limits(), GREENWICH);
    let sidereal = SKY.sidereal_time(NIGHT, &GREENWICH);
    // Just east of the meridian, the right ascension passes 24 hours during the day; take that instant.
    let at_wrap = NIGHT + (24.0 - sidereal) * 3_590e3;
    let from = seen(
        Equatorial {
            ra: 23.9,
            dec: 10.0,
        },
        None,
        at_wrap,
    );
    let to = Equatorial { ra: 0.2, dec: 10.0 };
    assert_eq!(fence.goal(Some(&from), to, at_wrap, false), Ok(()));
}

#[test]
fn at_the_poles_of_the_earth_the_whole_sky_above_is_free() {
    for latitude in [90.0, -90.0] {
        let site = slewgate_sky::Site {
            latitude,
            ..GREENWICH
        };
        let fence = fence(limits(), site);
        let dec = |height: f64| height * latitude.signum();
        let from = seen(at(10.0, dec(5.0), site, NIGHT), None, NIGHT);
        for hour_angle in [-170.0, -20.0, 160.0] {
            let to = at(hour_angle, dec(80.0), site, NIGHT);
            assert_eq!(fence.goal(Some(&from), to, NIGHT, false), Ok(()));
        }
        let below = at(0.0, dec(-1.0), site, NIGHT);
        assert!(fence.goal(Some(&from), below, NIGHT, false).is_err());
    }
}

#[test]
fn what_is_no_number_is_no_target() {
    let fence = fence(Limits::default(), GREENWICH);
    let from = seen(sky(0.0, 10.0), Some(PierSide::East), NIGHT);
    for target in [
        Equatorial {
            ra: f64::NAN,
            dec: 10.0,
        },
        Equatorial {
            ra: 1.0,
            dec: f64::INFINITY,
        },
    ] {
        assert!(fence.goal(Some(&from), target, NIGHT, false).is_err());
    }
    let nowhere = seen(
        Equatorial {
            ra: 1.0,
            dec: f64::NAN,
        },
        None,
        NIGHT,
    );
    assert!(
        fence
            .goal(Some(&nowhere), sky(0.0, 10.0), NIGHT, false)
            .is_err()
    );
}
