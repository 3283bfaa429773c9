//! The stars: what `data/stars.csv` says of them (its README says where it comes from), and where they stand now.

use super::light::{Light, light};
use super::projection::{Direction, direction};
use slewgate_sky::{Equatorial, Frame, Sky};

/// A star of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Star {
    /// Its number in the Hipparcos catalogue.
    pub hip: u32,
    /// In J2000, without proper motion.
    pub position: Equatorial,
    /// Apparent magnitude: the lower, the brighter.
    pub magnitude: f64,
    /// Colour index B-V: blue is below 0, red above 1. None: not known.
    pub colour: Option<f64>,
}

const STARS: &str = include_str!("../../data/stars.csv");

/// Milliseconds for which apparent places are kept. In an hour they move by 0.02" (aberration most of all).
const KEPT: f64 = 3_600e3;

/// All stars of the catalogue, down to magnitude 6, brightest first.
pub fn stars() -> impl Iterator<Item = Star> {
    STARS.lines().skip(1).filter_map(star)
}

/// `hip,ra,dec,mag,bv`, angles in degrees. None: not of that form.
fn star(line: &str) -> Option<Star> {
    let mut fields = line.split(',');
    let hip = fields.next()?.parse().ok()?;
    let [ra, dec, magnitude] =
        [fields.next()?, fields.next()?, fields.next()?].map(str::parse::<f64>);
    Some(Star {
        hip,
        position: Equatorial {
            ra: ra.ok()? / 15.0,
            dec: dec.ok()?,
        },
        magnitude: magnitude.ok()?,
        colour: match fields.next()? {
            "" => None,
            known => Some(known.parse().ok()?),
        },
    })
}

/// The stars where they stand at the equator and equinox of date.
pub(super) struct Apparent {
    stars: Vec<(Equatorial, Light)>,
    /// Where each of them stands, and the instant that this is for.
    directions: Vec<Direction>,
    as_of: Option<f64>,
}

impl Apparent {
    pub(super) fn of(stars: impl Iterator<Item = Star>) -> Self {
        Self {
            stars: stars
                .map(|star| (star.position, light(star.magnitude, star.colour)))
                .collect(),
            directions: Vec::new(),
            as_of: None,
        }
    }

    /// Each with its light, at an instant. 5,000 conversions take milliseconds, so they are made once in an hour.
    pub(super) fn at(&mut self, sky: &Sky, at: f64) -> impl Iterator<Item = (Direction, Light)> {
        if self.as_of.is_none_or(|as_of| (at - as_of).abs() > KEPT) {
            let apparent = |(position, _): &(Equatorial, Light)| {
                direction(sky.convert(*position, Frame::J2000, Frame::JNow, at))
            };
            self.directions = self.stars.iter().map(apparent).collect();
            self.as_of = Some(at);
        }
        let lights = self.stars.iter().map(|(_, light)| *light);
        self.directions.iter().copied().zip(lights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_line_of_the_catalogue_is_a_star_of_the_naked_eye() {
        let stars: Vec<Star> = stars().collect();
        assert_eq!(stars.len(), STARS.lines().count() - 1);
        assert_eq!(stars.len(), 5_044);
        for star in &stars {
            let Equatorial { ra, dec } = star.position;
            assert!(
                (0.0..24.0).contains(&ra) && (-90.0..=90.0).contains(&dec),
                "{star:?}"
            );
            assert!((-1.5..=6.0).contains(&star.magnitude), "{star:?}");
            assert!(
                star.colour.is_none_or(|bv| (-0.5..4.0).contains(&bv)),
                "{star:?}"
            );
        }
        let numbers: BTreeSet<u32> = stars.iter().map(|star| star.hip).collect();
        assert_eq!(numbers.len(), stars.len());
    }

    #[test]
    fn the_brightest_star_comes_first_and_is_sirius() {
        let stars: Vec<Star> = stars().collect();
        assert!(stars.is_sorted_by_key(|star| star.magnitude));
        assert_eq!((stars[0].hip, stars[0].magnitude), (32_349, -1.44));
    }

    #[test]
    fn a_line_that_is_no_star_is_none() {
        for line in ["", "1,2,3", "x,1,2,3,4", "1,2,3,4,red", "1,2,3,4"] {
            assert_eq!(star(line), None, "{line:?}");
        }
    }
}
