//! Where stars are.

use crate::shot::{NOW, SETTINGS, SKY, Shot, apparent, below, north_of, star};
use slewgate_simulator::camera::{Camera, CameraSettings, Star, stars};
use slewgate_sky::{Equatorial, separation};

const SIRIUS: u32 = 32_349;
const POLARIS: u32 = 11_767;
/// Alnitak, Alnilam and Mintaka.
const BELT: [u32; 3] = [26_727, 26_311, 25_930];

#[test]
fn the_star_that_the_mount_points_at_is_in_the_middle() {
    let shot = Shot::of(apparent(&star(SIRIUS)));
    shot.assert_disc("Sirius", (319.5, 239.5));
}

#[test]
fn north_is_up_and_east_is_left() {
    let sirius = apparent(&star(SIRIUS));
    let degrees = |shot: &Shot, degrees: f64| shot.scale() * degrees.to_radians().tan();
    let shot = Shot::of(north_of(sirius, -3.0));
    shot.assert_disc(
        "Sirius, to the north,",
        (319.5, 239.5 - degrees(&shot, 3.0)),
    );
    let shot = Shot::of(north_of(sirius, 3.0));
    shot.assert_disc(
        "Sirius, to the south,",
        (319.5, 239.5 + degrees(&shot, 3.0)),
    );
    // Three degrees on the equator, where hours of right ascension are 15 degrees.
    let mintaka = apparent(&star(BELT[2]));
    let west = Equatorial {
        ra: mintaka.ra - 3.0 / 15.0,
        ..mintaka
    };
    let shot = Shot::of(west);
    let (_, (x, _)) = shot.disc(shot.place(mintaka).unwrap());
    let wanted = 319.5 - degrees(&shot, 3.0);
    assert!(
        (x - wanted).abs() < 0.5,
        "Mintaka, to the east, is at {x} and not at {wanted}"
    );
}

#[test]
fn half_a_field_from_the_middle_is_the_edge() {
    let sirius = apparent(&star(SIRIUS));
    let settings = CameraSettings {
        width: 480,
        height: 480,
        ..SETTINGS
    };
    let seen = |from_the_middle: f64| {
        let shot = Shot::with(settings, north_of(sirius, -from_the_middle));
        (0..settings.width.into()).any(|column| shot.light(column, 0) > 1.0)
    };
    assert!(seen(settings.field / 2.0));
    assert!(!seen(settings.field / 2.0 + 0.5));
    assert!(!seen(settings.field / 2.0 - 0.5));
}

#[test]
fn orions_belt_is_three_stars_as_far_from_each_other_as_in_the_sky() {
    let settings = CameraSettings {
        field: 5.0,
        ..SETTINGS
    };
    let shot = Shot::with(settings, apparent(&star(BELT[1])));
    let found = brightest(&shot, 3);
    // From east, which is left, to west.
    let degrees = |a: (f64, f64), b: (f64, f64)| {
        ((a.0 - b.0).hypot(a.1 - b.1) / shot.scale())
            .atan()
            .to_degrees()
    };
    let (alnitak_alnilam, alnilam_mintaka) =
        (degrees(found[0], found[1]), degrees(found[1], found[2]));
    println!("{alnitak_alnilam:.3} and {alnilam_mintaka:.3} degrees");
    assert!((alnitak_alnilam - 1.356).abs() < 0.01, "{alnitak_alnilam}");
    assert!((alnilam_mintaka - 1.386).abs() < 0.01, "{alnilam_mintaka}");
    assert!(
        found[0].1 > found[1].1 && found[1].1 > found[2].1,
        "Alnitak is the southernmost: {found:?}"
    );
}

/// The middles of the brightest discs, from left to right.
fn brightest(shot: &Shot, count: usize) -> Vec<(f64, f64)> {
    let mut left: Vec<(usize, usize)> = (0..480)
        .flat_map(|row| (0..640).map(move |column| (column, row)))
        .collect();
    let mut found = Vec::new();
    while found.len() < count {
        let brighter = |a: &&(usize, usize), b: &&(usize, usize)| {
            shot.light(a.0, a.1).total_cmp(&shot.light(b.0, b.1))
        };
        let peak = left
            .iter()
            .max_by(brighter)
            .map(|(column, row)| (*column as f64, *row as f64));
        let (_, middle) = shot.disc(peak.unwrap());
        left.retain(|(column, row)| {
            (*column as f64 - middle.0).hypot(*row as f64 - middle.1) > 12.0
        });
        found.push(middle);
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found
}

#[test]
fn the_picture_moves_by_the_pixels_of_a_degree_when_the_mount_does() {
    let alnilam = apparent(&star(BELT[1]));
    let at = |towards: Equatorial| {
        let shot = Shot::of(towards);
        shot.disc(shot.place(alnilam).unwrap()).1
    };
    let (before, after) = (at(alnilam), at(north_of(alnilam, 1.0)));
    let pixels = Shot::of(alnilam).scale() * 1f64.to_radians().tan();
    assert!(
        (after.1 - before.1 - pixels).abs() < 0.3,
        "{before:?}, {after:?}: {pixels} pixels"
    );
    assert!((after.0 - before.0).abs() < 0.3, "{before:?}, {after:?}");
}

#[test]
fn wherever_the_mount_points_bright_stars_are_where_the_catalogue_says() {
    let bright = |star: &Star| star.magnitude < 3.0;
    let mut checked = 0;
    for dec in [-90.0, -89.0, -45.0, 0.0, 30.0, 60.0, 89.9, 90.0] {
        for ra in [0.0, 0.01, 5.5, 12.0, 18.6, 23.99] {
            let shot = Shot::of(Equatorial { ra, dec });
            for (star, place) in shot.expected().into_iter().filter(|(star, _)| bright(star)) {
                let alone = stars().all(|other| {
                    other.hip == star.hip || separation(other.position, star.position) > 0.6
                });
                if alone {
                    shot.assert_disc(&format!("towards {ra} {dec}: {star:?}"), place);
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 30, "{checked}");
}

#[test]
fn at_the_pole_polaris_stands_a_little_beside_the_middle() {
    let settings = CameraSettings {
        field: 5.0,
        ..SETTINGS
    };
    let polaris = apparent(&star(POLARIS));
    for ra in [0.0, 6.0, polaris.ra] {
        let shot = Shot::with(settings, Equatorial { ra, dec: 90.0 });
        shot.assert_disc("Polaris", shot.place(polaris).unwrap());
        let (_, (x, y)) = shot.disc(shot.place(polaris).unwrap());
        let away = ((x - 319.5).hypot(y - 239.5) / shot.scale())
            .atan()
            .to_degrees();
        assert!((away - (90.0 - polaris.dec)).abs() < 0.01, "{away} degrees");
    }
}

#[test]
fn zero_and_24_hours_are_one_picture() {
    let at = |ra: f64| {
        Shot::from(
            below(Equatorial { ra: 0.0, dec: 20.0 }),
            SETTINGS,
            Equatorial { ra, dec: 20.0 },
        )
    };
    assert!(at(0.0).pixels == at(24.0).pixels);
}

#[test]
fn almost_every_field_shows_several_stars() {
    let mut fields: Vec<usize> = Vec::new();
    for dec in (-90..=90).step_by(6) {
        let steps = (f64::from(dec).to_radians().cos() * 60.0).ceil().max(1.0) as u32;
        for step in 0..steps {
            let ra = 24.0 * f64::from(step) / f64::from(steps);
            let shot = Shot {
                settings: SETTINGS,
                towards: Equatorial {
                    ra,
                    dec: dec.into(),
                },
                pixels: Vec::new(),
            };
            fields.push(shot.expected().len());
        }
    }
    fields.sort_unstable();
    let (fewest, median) = (fields[0], fields[fields.len() / 2]);
    println!(
        "{} fields: {fewest} stars or more, {median} in the median",
        fields.len()
    );
    assert!(fewest >= 5, "{fewest}");
}

#[test]
fn a_picture_follows_from_its_seed() {
    let towards = apparent(&star(SIRIUS));
    let mut camera = Camera::new(SETTINGS, below(towards), SKY.clone());
    let first = camera.jpeg(towards, NOW, 1).unwrap();
    assert!(first != camera.jpeg(towards, NOW, 2).unwrap());
    assert!(first == camera.jpeg(towards, NOW, 1).unwrap());
    let mut another = Camera::new(SETTINGS, below(towards), SKY.clone());
    assert!(first == another.jpeg(towards, NOW, 1).unwrap());
}

#[test]
fn a_camera_that_ran_for_years_shows_stars_where_they_stand_then() {
    const YEARS: f64 = 20.0 * 365.25 * 86_400e3;
    let sirius = star(SIRIUS);
    let place = |at: f64| {
        SKY.convert(
            sirius.position,
            slewgate_sky::Frame::J2000,
            slewgate_sky::Frame::JNow,
            at,
        )
    };
    let settings = CameraSettings {
        field: 2.0,
        ..SETTINGS
    };
    // Over a pole every northern or southern star is up at any time.
    let site = slewgate_sky::Site {
        latitude: -90.0,
        longitude: 0.0,
        elevation: 0.0,
    };
    let mut camera = Camera::new(settings, site, SKY.clone());
    for at in [NOW, NOW + YEARS, NOW] {
        let jpeg = camera.jpeg(place(at), at, 1).unwrap();
        Shot::decode(settings, place(at), &jpeg).assert_disc("Sirius", (319.5, 239.5));
    }
    assert!(separation(place(NOW), place(NOW + YEARS)) > 0.2);
}
