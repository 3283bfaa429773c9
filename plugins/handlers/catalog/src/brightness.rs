//! How bright the bodies of the solar system are.
//!
//! Sources: A. Mallama, J. Hilton, *Computing apparent planetary magnitudes for The Astronomical Almanac*, Astronomy and Computing 25
//! (2018), 10, without what Mars' rotation and seasons change (0.1); C. Willmer, ApJS 236 (2018), 47, for the Sun; C. Allen,
//! *Astrophysical Quantities*, 3rd edition, § 66, for the Moon.

use sofars::vm::{pm, sepp};

use crate::body::{Body, Seen};

/// The poles of Saturn and Uranus in the axes of J2000 (IAU 2015).
const POLE_OF_SATURN: [f64; 3] = [0.085_478_83, 0.073_235_76, 0.993_644_75];
const POLE_OF_URANUS: [f64; 3] = [-0.211_999_58, -0.941_559_16, -0.261_768_09];

/// The Moon's mean distance in au.
const MOON_AWAY: f64 = 0.002_569_555;

/// Visual magnitude.
pub(crate) fn magnitude(body: Body, seen: &Seen) -> f64 {
    let (from_sun, away) = (pm(seen.from_sun), seen.distance());
    // The angle at the body between the Sun and who looks, in degrees.
    let phase = sepp(&seen.from_observer, &seen.from_sun).to_degrees();
    match body {
        Body::Sun => -26.76 + 5.0 * away.log10(),
        Body::Moon => full_moon(phase) + 5.0 * (away / MOON_AWAY * from_sun).log10(),
        _ => at_unit_distance(body, phase, seen) + 5.0 * (from_sun * away).log10(),
    }
}

fn full_moon(phase: f64) -> f64 {
    -12.73 + polynomial(phase, &[0.0, 0.026, 0.0, 0.0, 4e-9])
}

/// One au from the Sun and from who looks.
fn at_unit_distance(planet: Body, phase: f64, seen: &Seen) -> f64 {
    match planet {
        Body::Mercury => polynomial(
            phase,
            &[
                -0.613,
                6.328e-2,
                -1.6336e-3,
                3.3644e-5,
                -3.4265e-7,
                1.6893e-9,
                -3.0334e-12,
            ],
        ),
        Body::Venus if phase < 163.7 => {
            polynomial(phase, &[-4.384, -1.044e-3, 3.687e-4, -2.814e-6, 8.938e-9])
        }
        Body::Venus => polynomial(phase, &[236.058_28, -2.819_14, 8.390_34e-3]),
        Body::Mars => polynomial(phase, &[-1.601, 2.267e-2, -1.302e-4]),
        Body::Jupiter => polynomial(phase, &[-9.395, -3.7e-4, 6.16e-4]),
        Body::Saturn => saturn(phase, seen),
        Body::Uranus => {
            let [sun, earth] = latitudes(&POLE_OF_URANUS, seen);
            -7.110 - 8.4e-4 * f64::midpoint(sun.abs(), earth.abs())
        }
        // Since 2000.
        _ => -7.00,
    }
}

/// With its rings, which are the brighter the wider they are open.
fn saturn(phase: f64, seen: &Seen) -> f64 {
    let [sun, earth] = latitudes(&POLE_OF_SATURN, seen);
    // Where the Sun shines on the other side they are dark.
    let open = (sun * earth).max(0.0).sqrt().to_radians().sin();
    -8.914 - 1.825 * open + 0.026 * phase - 0.378 * open * (-2.25 * phase).exp()
}

/// Above which latitudes of a planet the Sun and the Earth stand, in degrees.
fn latitudes(pole: &[f64; 3], seen: &Seen) -> [f64; 2] {
    [seen.from_sun, seen.from_observer].map(|way| sepp(pole, &way).to_degrees() - 90.0)
}

fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients
        .iter()
        .rev()
        .fold(0.0, |sum, next| sum * x + next)
}
