//! The crate against 400 positions computed with ERFA (see `README.md` beside this file).

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use slewgate_sky::{Equatorial, Frame, Horizontal, Site, Sky, separation};

const CSV: &str = include_str!("coordinates.csv");
const ARCSECOND: f64 = 1.0 / 3600.0;

/// One line of the file.
struct Row {
    at: f64,
    sky: Sky,
    site: Site,
    j2000: Equatorial,
    jnow: Equatorial,
    last: f64,
    horizontal: Horizontal,
    sun: Equatorial,
    sun_altitude: f64,
    sun_separation: f64,
}

impl Row {
    fn read(line: &str) -> Self {
        let (utc, rest) = line.split_once(',').unwrap();
        let v: Vec<f64> = rest
            .split(',')
            .map(|field| field.parse().unwrap())
            .collect();
        assert_eq!(v.len(), 15, "{line}");
        Self {
            at: milliseconds(utc),
            sky: Sky::new(v[0]),
            site: Site {
                latitude: v[1],
                longitude: v[2],
                elevation: v[3],
            },
            j2000: Equatorial {
                ra: v[4],
                dec: v[5],
            },
            jnow: Equatorial {
                ra: v[6],
                dec: v[7],
            },
            last: v[8],
            horizontal: Horizontal {
                altitude: v[9],
                azimuth: v[10],
            },
            sun: Equatorial {
                ra: v[11],
                dec: v[12],
            },
            sun_altitude: v[13],
            sun_separation: v[14],
        }
    }
}

/// `2035-01-16T05:53:03Z` as milliseconds since 1970.
fn milliseconds(utc: &str) -> f64 {
    let n: Vec<i32> = utc
        .trim_end_matches('Z')
        .split(['-', 'T', ':'])
        .map(|n| n.parse().unwrap())
        .collect();
    let (_, mjd) = sofars::cal::cal2jd(n[0], n[1], n[2]).unwrap();
    ((mjd - 40_587.0) * 86_400.0 + f64::from(n[3] * 3600 + n[4] * 60 + n[5])) * 1e3
}

fn rows() -> Vec<Row> {
    let rows: Vec<Row> = CSV.lines().skip(1).map(Row::read).collect();
    assert_eq!(rows.len(), 400);
    rows
}

/// Fails if the largest error over all rows is above the bound, and names the row.
fn hold(bound: f64, error: impl Fn(&Row) -> f64) {
    let worst = rows()
        .iter()
        .enumerate()
        .map(|(i, row)| (error(row), i + 2))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap();
    println!("largest error {} on line {}", worst.0, worst.1);
    assert!(
        worst.0 < bound,
        "{} on line {} of coordinates.csv; at most {bound}",
        worst.0,
        worst.1
    );
}

/// The shorter way round a circle.
fn around(a: f64, b: f64, turn: f64) -> f64 {
    let apart = (a - b).rem_euclid(turn);
    apart.min(turn - apart)
}

#[test]
fn apparent_place_is_within_one_arcsecond() {
    hold(ARCSECOND, |row| {
        separation(
            row.sky
                .convert(row.j2000, Frame::J2000, Frame::JNow, row.at),
            row.jnow,
        )
    });
}

#[test]
fn apparent_place_leads_back_to_the_catalogue_place() {
    hold(0.01 * ARCSECOND, |row| {
        let jnow = row
            .sky
            .convert(row.j2000, Frame::J2000, Frame::JNow, row.at);
        separation(
            row.sky.convert(jnow, Frame::JNow, Frame::J2000, row.at),
            row.j2000,
        )
    });
}

#[test]
fn altitude_is_within_two_arcseconds() {
    hold(2.0 * ARCSECOND, |row| {
        (row.sky.to_horizontal(row.jnow, row.at, &row.site).altitude - row.horizontal.altitude)
            .abs()
    });
}

#[test]
fn azimuth_is_within_two_arcseconds_on_the_sky() {
    hold(2.0 * ARCSECOND, |row| {
        let azimuth = row.sky.to_horizontal(row.jnow, row.at, &row.site).azimuth;
        around(azimuth, row.horizontal.azimuth, 360.0) * row.horizontal.altitude.to_radians().cos()
    });
}

#[test]
fn horizontal_leads_back_to_the_apparent_place() {
    hold(0.01 * ARCSECOND, |row| {
        let horizontal = row.sky.to_horizontal(row.jnow, row.at, &row.site);
        separation(
            row.sky.from_horizontal(horizontal, row.at, &row.site),
            row.jnow,
        )
    });
    hold(2.0 * ARCSECOND, |row| {
        separation(
            row.sky.from_horizontal(row.horizontal, row.at, &row.site),
            row.jnow,
        )
    });
}

#[test]
fn sidereal_time_is_within_a_twentieth_of_a_second() {
    hold(0.05, |row| {
        around(row.sky.sidereal_time(row.at, &row.site), row.last, 24.0) * 3600.0
    });
}

#[test]
fn the_sun_is_within_ten_arcseconds() {
    hold(10.0 * ARCSECOND, |row| {
        separation(row.sky.sun(row.at), row.sun)
    });
    hold(10.0 * ARCSECOND, |row| {
        let sun = row
            .sky
            .to_horizontal(row.sky.sun(row.at), row.at, &row.site);
        (sun.altitude - row.sun_altitude).abs()
    });
}

#[test]
fn the_separation_from_the_sun_is_within_ten_arcseconds() {
    hold(10.0 * ARCSECOND, |row| {
        let jnow = row
            .sky
            .convert(row.j2000, Frame::J2000, Frame::JNow, row.at);
        (separation(jnow, row.sky.sun(row.at)) - row.sun_separation).abs()
    });
}
