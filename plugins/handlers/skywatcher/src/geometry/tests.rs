use super::*;

const SIDES: [PierSide; 2] = [PierSide::East, PierSide::West];

fn at(hour_angle: f64, dec: f64) -> Place {
    Place { hour_angle, dec }
}

fn axes(first: f64, second: f64) -> Axes {
    Axes { first, second }
}

fn near(a: f64, b: f64) -> bool {
    half_turn(a - b).abs() < 1e-9
}

/// Numbers from 0 to 1, the same each time: a linear congruential generator with Knuth's constants.
fn throws() -> impl FnMut() -> f64 {
    let mut state = 1_u64;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[test]
fn at_home_the_telescope_points_at_the_pole_that_is_up_and_is_on_no_side() {
    for (latitude, pole) in [(51.5, 90.0), (-33.9, -90.0)] {
        let german = German::new(latitude, 5.0);
        let home = axes(0.0, 0.0);
        assert_eq!(german.place(home).dec, pole);
        assert_eq!(german.side(home), None);
        assert!((german.altitude(home) - f64::abs(latitude)).abs() < 1e-9);
    }
}

/// Angles that were worked out with a mount in hand, not with these formulas.
#[test]
fn a_place_has_the_angles_that_a_mount_shows_for_it() {
    let (north, south) = (German::new(51.5, 5.0), German::new(-33.9, 5.0));
    for (german, place, side, angles) in [
        // On the celestial equator in the meridian, from either side: the counterweight is level.
        (north, at(0.0, 0.0), PierSide::East, axes(-90.0, 90.0)),
        (north, at(0.0, 0.0), PierSide::West, axes(90.0, -90.0)),
        // Due west and due east: the counterweight hangs down.
        (north, at(90.0, 0.0), PierSide::East, axes(0.0, 90.0)),
        (north, at(-90.0, 0.0), PierSide::West, axes(0.0, -90.0)),
        // The same in the south, where the same turn points to the other side.
        (south, at(90.0, 0.0), PierSide::East, axes(0.0, -90.0)),
        (south, at(-90.0, 0.0), PierSide::West, axes(0.0, 90.0)),
        (south, at(0.0, -60.0), PierSide::West, axes(-90.0, 30.0)),
        (north, at(-30.0, 60.0), PierSide::West, axes(60.0, -30.0)),
    ] {
        assert_eq!(german.axes(place, side), angles, "{place:?} {side:?}");
        assert_eq!(german.side(angles), Some(side), "{place:?}");
        let back = german.place(angles);
        assert!(near(back.hour_angle, place.hour_angle) && near(back.dec, place.dec));
    }
}

#[test]
fn ten_thousand_places_are_the_same_from_either_side_and_back_in_both_hemispheres() {
    let mut throw = throws();
    for _ in 0..10_000 {
        let place = at(throw() * 360.0 - 180.0, throw() * 179.99 - 89.995);
        let german = German::new(throw() * 178.0 - 89.0, 5.0);
        for side in SIDES {
            let angles = german.axes(place, side);
            assert_eq!(german.side(angles), Some(side), "{place:?} {german:?}");
            let back = german.place(angles);
            assert!(
                near(back.hour_angle, place.hour_angle) && (back.dec - place.dec).abs() < 1e-9,
                "{place:?} {back:?} {german:?}"
            );
        }
    }
}

#[test]
fn poles_and_wraps_are_places_like_others() {
    for latitude in [51.5, -33.9, 0.0] {
        let german = German::new(latitude, 5.0);
        for dec in [-90.0, 0.0, 90.0] {
            for hour_angle in [-180.0, -1e-9, 0.0, 179.999_999] {
                for side in SIDES {
                    let angles = german.axes(at(hour_angle, dec), side);
                    assert!((-180.0..180.0).contains(&angles.first));
                    assert!((german.place(angles).dec - dec).abs() < 1e-9, "{dec}");
                }
            }
        }
        // Whole turns of the cable change nothing.
        let angles = axes(30.0, -40.0);
        for turns in [-720.0, 360.0] {
            let turned = axes(30.0 + turns, -40.0 + turns);
            let (a, b) = (german.place(angles), german.place(turned));
            assert!(near(a.hour_angle, b.hour_angle) && near(a.dec, b.dec));
            assert_eq!(german.side(angles), german.side(turned));
        }
    }
}

#[test]
fn every_place_is_reached_from_a_side_with_the_counterweight_low_enough() {
    let mut throw = throws();
    for _ in 0..10_000 {
        let past = 1.0 + throw() * 29.0;
        let german = German::new(throw() * 178.0 - 89.0, past);
        let place = at(throw() * 360.0 - 180.0, throw() * 180.0 - 90.0);
        for from in [None, Some(PierSide::East), Some(PierSide::West)] {
            let angles = german.choose(place, from).unwrap();
            assert!(angles.first.abs() <= 90.0 + past && german.left(angles) >= LEAST);
        }
    }
}

#[test]
fn the_telescope_stays_on_its_side_while_it_can_follow_from_there() {
    for (latitude, towards) in [(51.5, 1.0), (-33.9, -1.0)] {
        let german = German::new(latitude, 5.0);
        for (hour_angle, from, to) in [
            (-60.0, PierSide::West, PierSide::West),
            (-60.0, PierSide::East, PierSide::West),
            (60.0, PierSide::West, PierSide::East),
            (3.0, PierSide::West, PierSide::West),
            (-4.0, PierSide::East, PierSide::East),
            (-6.0, PierSide::East, PierSide::West),
            // Too little would be left: it changes sides at once.
            (4.0, PierSide::West, PierSide::East),
            (6.0, PierSide::West, PierSide::East),
        ] {
            let place = at(hour_angle, 20.0 * towards);
            let angles = german.choose(place, Some(from)).unwrap();
            assert_eq!(german.side(angles), Some(to), "{hour_angle} {from:?}");
        }
        // From home it takes the side that it can follow from for longer.
        for (hour_angle, to) in [(-1.0, PierSide::East), (-90.0, PierSide::West)] {
            let angles = german.choose(at(hour_angle, 20.0 * towards), None).unwrap();
            assert_eq!(german.side(angles), Some(to), "{hour_angle}");
        }
    }
}

#[test]
fn a_place_that_no_side_follows_for_long_is_refused_until_the_meridian_is_passed() {
    let german = German::new(51.5, 0.0);
    let refused = german.choose(at(-1.0, 20.0), Some(PierSide::West));
    let left = refused.unwrap_err().left;
    assert!((left - 1.0).abs() < 1e-9, "{left}");
    let flipped = german
        .choose(at(0.001, 20.0), Some(PierSide::West))
        .unwrap();
    assert_eq!(german.side(flipped), Some(PierSide::East));
    assert!(german.choose(at(-1.3, 20.0), Some(PierSide::West)).is_ok());
}

#[test]
fn what_is_left_is_what_the_sky_turns_until_the_counterweight_is_too_high() {
    let (north, south) = (German::new(51.5, 5.0), German::new(-33.9, 5.0));
    for german in [north, south] {
        let before = german.axes(at(-10.0, 0.0), PierSide::West);
        assert!((german.left(before) - 15.0).abs() < 1e-9);
        let after = german.axes(at(7.0, 0.0), PierSide::West);
        assert!((german.left(after) + 2.0).abs() < 1e-9);
    }
}

/// Whichever axis is the faster, and by how much: between two legs each axis only goes on.
fn worst(german: German, from: Axes, legs: &[Axes], rates: (f64, f64)) -> f64 {
    let (mut now, mut lowest) = (from, german.altitude(from));
    for leg in legs {
        while now != *leg {
            let towards = |from: f64, to: f64, rate: f64| {
                if (to - from).abs() <= rate {
                    to
                } else {
                    from + rate.copysign(to - from)
                }
            };
            now = axes(
                towards(now.first, leg.first, rates.0),
                towards(now.second, leg.second, rates.1),
            );
            lowest = lowest.min(german.altitude(now));
        }
    }
    lowest
}

#[test]
fn no_way_between_two_places_above_the_ground_leads_under_it_however_fast_each_axis_is() {
    let (mut throw, mut flips, mut over_pole) = (throws(), 0, 0);
    for _ in 0..2_000 {
        let german = German::new(throw() * 140.0 - 70.0, 5.0);
        let mut place = || loop {
            let place = at(throw() * 360.0 - 180.0, throw() * 180.0 - 90.0);
            let angles = german
                .choose(place, Some(SIDES[usize::from(throw() < 0.5)]))
                .unwrap();
            if german.altitude(angles) > 0.0 {
                return angles;
            }
        };
        let (from, to) = (place(), place());
        let legs = german.way(from, to);
        assert_eq!(legs.last(), Some(&to));
        flips += u32::from(german.side(from) != german.side(to));
        over_pole += u32::from(legs.len() > 1);
        for rates in [(0.7, 0.7), (0.7, 0.2), (0.2, 0.7)] {
            let lowest = worst(german, from, &legs, rates);
            // Between two points of the grid it may be a little lower than at both.
            assert!(lowest > -0.5, "{lowest} {german:?} {from:?} {legs:?}");
        }
        for leg in &legs {
            assert!(leg.first.abs() <= 95.0 && leg.second.abs() <= 180.0);
        }
    }
    assert!(
        flips > 500 && over_pole > 100 && over_pole < 1_500,
        "{flips} {over_pole}"
    );
}
