//! Sky and ground.

use crate::shot::{NOW, SETTINGS, SKY, Shot, apparent};
use slewgate_sky::{Equatorial, Horizontal, Site};

const GREENWICH: Site = Site {
    latitude: 51.4779,
    longitude: 0.0,
    elevation: 46.0,
};

fn towards(altitude: f64, azimuth: f64) -> Equatorial {
    SKY.from_horizontal(Horizontal { altitude, azimuth }, NOW, &GREENWICH)
}

fn shot(altitude: f64, azimuth: f64) -> Shot {
    Shot::from(GREENWICH, SETTINGS, towards(altitude, azimuth))
}

/// Most pixels of a square are browner than the sky; an orange star fills none.
fn is_ground(shot: &Shot, column: usize, row: usize) -> bool {
    let square =
        (row..row + 16).flat_map(|row| (column..column + 16).map(move |column| (row, column)));
    let brown = square.filter(|(row, column)| {
        let at = (row * 640 + column) * 3;
        shot.pixels[at] > shot.pixels[at + 2]
    });
    brown.count() > 128
}

#[test]
fn straight_down_is_nothing_but_ground() {
    let nadir = shot(-90.0, 0.0);
    assert!((0..464).step_by(20).all(|row| {
        (0..624)
            .step_by(20)
            .all(|column| is_ground(&nadir, column, row))
    }));
    assert!((0..480).all(|row| (0..640).all(|column| nadir.light(column, row) < 0.06)));
}

#[test]
fn high_up_is_no_ground() {
    let zenith = shot(70.0, 200.0);
    assert!((0..464).step_by(20).all(|row| {
        (0..624)
            .step_by(20)
            .all(|column| !is_ground(&zenith, column, row))
    }));
}

#[test]
fn towards_the_horizon_in_the_south_the_lower_half_is_ground() {
    let south = shot(0.0, 180.0);
    for column in (0..624).step_by(20) {
        assert!(
            !is_ground(&south, column, 220) && is_ground(&south, column, 250),
            "{column}"
        );
    }
}

#[test]
fn in_every_direction_stars_that_are_up_are_seen_and_those_that_are_down_are_not() {
    let (mut up, mut down) = (0, 0);
    for azimuth in (0..360).step_by(15) {
        let shot = shot(0.0, azimuth.into());
        for (star, place) in shot.expected() {
            let altitude = SKY.to_horizontal(apparent(&star), NOW, &GREENWICH).altitude;
            let (light, _) = shot.disc(place);
            if altitude > 0.5 && star.magnitude < 4.5 {
                up += 1;
                assert!(light > 0.0, "{azimuth}: {star:?} at {altitude}");
            } else if altitude < -0.5 {
                down += 1;
                assert!(light == 0.0, "{azimuth}: {star:?} at {altitude}");
            }
        }
    }
    println!("{up} up, {down} down");
    assert!(up > 50 && down > 200);
}
