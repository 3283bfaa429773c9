//! What holds for any position and instant.

use proptest::prelude::*;
use slewgate_sky::{Equatorial, Frame, Horizontal, Site, Sky, separation};

const ARCSECOND: f64 = 1.0 / 3600.0;
const MINUTE_MS: f64 = 60e3;
/// 2026-11-23T22:00:00Z.
const NIGHT: f64 = 1_795_471_200e3;
const LONDON: Site = Site {
    latitude: 51.5,
    longitude: -0.1667,
    elevation: 50.0,
};

prop_compose! {
    fn position()(ra in 0.0..24.0, dec in -90.0..=90.0) -> Equatorial {
        Equatorial { ra, dec }
    }
}

prop_compose! {
    fn site()(latitude in -90.0..=90.0, longitude in -180.0..=180.0, elevation in 0.0..5000.0) -> Site {
        Site { latitude, longitude, elevation }
    }
}

/// Milliseconds since 1970 of any instant from 1900 to 2100.
fn instant() -> impl Strategy<Value = f64> {
    -2.2e12..4.1e12
}

fn is_equatorial(position: Equatorial) -> bool {
    (0.0..24.0).contains(&position.ra) && (-90.0..=90.0).contains(&position.dec)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn frames_lead_back_to_where_they_began(place in position(), at in instant()) {
        let sky = Sky::new(0.0);
        let jnow = sky.convert(place, Frame::J2000, Frame::JNow, at);
        let back = sky.convert(jnow, Frame::JNow, Frame::J2000, at);
        prop_assert!(is_equatorial(jnow) && is_equatorial(back));
        // Within half a degree of the Sun its gravity bends the light by more than the inverse follows.
        prop_assert!(separation(back, place) < 0.01 * ARCSECOND || separation(sky.sun(at), jnow) < 0.5);
    }

    #[test]
    fn the_horizon_leads_back_to_where_it_began(place in position(), at in instant(), site in site()) {
        let sky = Sky::new(0.0);
        let horizontal = sky.to_horizontal(place, at, &site);
        prop_assert!((0.0..360.0).contains(&horizontal.azimuth) && (-90.0..=90.0).contains(&horizontal.altitude));
        let back = sky.from_horizontal(horizontal, at, &site);
        prop_assert!(is_equatorial(back) && separation(back, place) < 0.001 * ARCSECOND);
    }

    #[test]
    fn an_answer_does_not_depend_on_what_was_asked_before(place in position(), at in instant(), before in instant()) {
        let asked = Sky::new(0.0);
        asked.sun(before);
        let of = |sky: &Sky| sky.convert(place, Frame::J2000, Frame::JNow, at);
        prop_assert_eq!(of(&asked), of(&Sky::new(0.0)));
    }

    #[test]
    fn nothing_jumps_where_a_minute_ends(place in position(), minute in -36_000_000_i64..68_000_000) {
        let sky = Sky::new(0.0);
        let end = minute as f64 * MINUTE_MS;
        let of = |at| sky.convert(place, Frame::J2000, Frame::JNow, at);
        prop_assert!(separation(of(end - 1.0), of(end)) < 0.002 * ARCSECOND);
        prop_assert!(separation(sky.sun(end - 1.0), sky.sun(end)) < 0.002 * ARCSECOND);
    }
}

#[test]
fn nothing_jumps_beside_the_sun_where_its_gravity_bends_the_light() {
    let sky = Sky::new(0.0);
    let end = (NIGHT / MINUTE_MS).floor() * MINUTE_MS;
    let sun = sky.convert(sky.sun(end), Frame::JNow, Frame::J2000, end);
    for away in [0.05, 0.1, 0.2, 0.27, 0.3, 0.5] {
        let place = Equatorial {
            dec: sun.dec + away,
            ..sun
        };
        let of = |at| sky.convert(place, Frame::J2000, Frame::JNow, at);
        assert!(
            separation(of(end - 1.0), of(end)) < 0.002 * ARCSECOND,
            "{away} degrees away"
        );
    }
}

#[test]
fn the_same_frame_changes_nothing_but_the_turn() {
    let sky = Sky::new(0.0);
    let round = sky.convert(
        Equatorial {
            ra: -1.0,
            dec: 12.5,
        },
        Frame::JNow,
        Frame::JNow,
        NIGHT,
    );
    assert!((round.ra - 23.0).abs() < 1e-12 && (round.dec - 12.5).abs() < 1e-12);
    assert_eq!(
        sky.convert(
            Equatorial { ra: 24.0, dec: 0.0 },
            Frame::J2000,
            Frame::J2000,
            NIGHT
        )
        .ra,
        0.0
    );
}

#[test]
fn a_right_ascension_just_below_zero_is_still_below_24() {
    let tiny = Equatorial {
        ra: -1e-18,
        dec: 0.0,
    };
    assert_eq!(
        Sky::new(0.0)
            .convert(tiny, Frame::JNow, Frame::JNow, NIGHT)
            .ra,
        0.0
    );
}

#[test]
fn the_pole_stands_at_the_sites_latitude_in_the_north() {
    let pole = Sky::new(0.0).to_horizontal(Equatorial { ra: 5.0, dec: 90.0 }, NIGHT, &LONDON);
    assert!((pole.altitude - LONDON.latitude).abs() < 1e-9);
    assert!(pole.azimuth.min(360.0 - pole.azimuth) < 1e-9);
}

#[test]
fn what_stands_on_the_meridian_has_the_sidereal_time_as_right_ascension() {
    let sky = Sky::new(0.0);
    let south = sky.from_horizontal(
        Horizontal {
            altitude: 30.0,
            azimuth: 180.0,
        },
        NIGHT,
        &LONDON,
    );
    assert!((south.ra - sky.sidereal_time(NIGHT, &LONDON)).abs() < 1e-9);
    assert!((south.dec - (30.0 + LONDON.latitude - 90.0)).abs() < 1e-9);
}

#[test]
fn what_stands_east_of_the_meridian_rises() {
    let sky = Sky::new(0.0);
    let place = sky.from_horizontal(
        Horizontal {
            altitude: 30.0,
            azimuth: 90.0,
        },
        NIGHT,
        &LONDON,
    );
    assert!(
        sky.to_horizontal(place, NIGHT + MINUTE_MS, &LONDON)
            .altitude
            > 30.1
    );
}

#[test]
fn ut1_shifts_sidereal_time_by_as_much() {
    let of = |dut1| Sky::new(dut1).sidereal_time(NIGHT, &LONDON) * 3600.0;
    assert!((of(0.5) - of(0.0) - 0.5 * 1.002_738).abs() < 1e-4);
}

#[test]
fn separations_hold_at_the_poles_and_across_zero_hours() {
    let at = |ra, dec| Equatorial { ra, dec };
    assert!((separation(at(0.0, 90.0), at(12.0, -90.0)) - 180.0).abs() < 1e-12);
    assert!(separation(at(3.0, 90.0), at(17.0, 90.0)) < 1e-12);
    assert!((separation(at(23.9, 0.0), at(0.1, 0.0)) - 3.0).abs() < 1e-12);
    assert!((separation(at(6.0, -0.0), at(6.0, ARCSECOND)) - ARCSECOND).abs() < 1e-15);
}

#[test]
fn instants_beyond_the_tables_still_get_finite_answers() {
    let sky = Sky::new(0.0);
    for at in [-1e15, -2.3e12, 4.2e12, 1e15, f64::MIN, f64::MAX] {
        let jnow = sky.convert(
            Equatorial { ra: 6.0, dec: 20.0 },
            Frame::J2000,
            Frame::JNow,
            at,
        );
        assert!(is_equatorial(jnow), "{at}: {jnow:?}");
        assert!(is_equatorial(sky.sun(at)), "{at}");
    }
}
