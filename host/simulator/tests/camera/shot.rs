//! A picture, decoded, and what a test asks of it.

use slewgate_simulator::camera::{Camera, CameraSettings, Star, stars};
use slewgate_sky::{Equatorial, Frame, Site, Sky};
use std::sync::LazyLock;
use zune_jpeg::JpegDecoder;

/// 2026-11-23T22:00:00Z.
pub(crate) const NOW: f64 = 1_795_471_200e3;

pub(crate) const SETTINGS: CameraSettings = CameraSettings {
    width: 640,
    height: 480,
    field: 20.0,
    quality: 90,
};

/// Half the side of the square in which a star's light is gathered, in pixels.
const AROUND: f64 = 7.0;

/// More light than the sky, the ground or their noise give a pixel.
const BACKGROUND: f64 = 0.06;

/// A picture that was taken towards a position in JNow.
pub(crate) struct Shot {
    pub(crate) settings: CameraSettings,
    pub(crate) towards: Equatorial,
    /// Red, green and blue of each pixel, row by row.
    pub(crate) pixels: Vec<u8>,
}

/// The star with a Hipparcos number.
pub(crate) fn star(hip: u32) -> Star {
    stars()
        .find(|star| star.hip == hip)
        .expect("a star of the catalogue")
}

/// Keeps the slow terms of the minute for all tests.
pub(crate) static SKY: LazyLock<Sky> = LazyLock::new(|| Sky::new(0.0));

/// The whole catalogue, with where each star stands now.
static APPARENT: LazyLock<Vec<(Star, Equatorial)>> =
    LazyLock::new(|| stars().map(|star| (star, apparent(&star))).collect());

/// Where a star stands now, in JNow.
pub(crate) fn apparent(star: &Star) -> Equatorial {
    SKY.convert(star.position, Frame::J2000, Frame::JNow, NOW)
}

/// A place where this position stands in the zenith now.
pub(crate) fn below(position: Equatorial) -> Site {
    let greenwich = Site {
        latitude: position.dec,
        longitude: 0.0,
        elevation: 0.0,
    };
    let hours = position.ra - SKY.sidereal_time(NOW, &greenwich);
    Site {
        longitude: (hours * 15.0 + 180.0).rem_euclid(360.0) - 180.0,
        ..greenwich
    }
}

/// North of a position by so many degrees.
pub(crate) fn north_of(position: Equatorial, degrees: f64) -> Equatorial {
    Equatorial {
        dec: position.dec + degrees,
        ..position
    }
}

impl Shot {
    /// Where the position stands in the zenith.
    pub(crate) fn of(towards: Equatorial) -> Shot {
        Shot::with(SETTINGS, towards)
    }

    pub(crate) fn with(settings: CameraSettings, towards: Equatorial) -> Shot {
        Shot::from(below(towards), settings, towards)
    }

    pub(crate) fn from(site: Site, settings: CameraSettings, towards: Equatorial) -> Shot {
        let mut camera = Camera::new(settings, site, SKY.clone());
        let jpeg = camera.jpeg(towards, NOW, 7).expect("a picture");
        Shot::decode(settings, towards, &jpeg)
    }

    pub(crate) fn decode(settings: CameraSettings, towards: Equatorial, jpeg: &[u8]) -> Shot {
        let mut decoder = JpegDecoder::new(std::io::Cursor::new(jpeg));
        let pixels = decoder.decode().expect("a JPEG");
        let wanted = (usize::from(settings.width), usize::from(settings.height));
        assert_eq!(decoder.dimensions(), Some(wanted));
        Shot {
            settings,
            towards,
            pixels,
        }
    }

    /// Pixels for a radian in the middle.
    pub(crate) fn scale(&self) -> f64 {
        f64::from(self.settings.width) / 2.0 / (self.settings.field / 2.0).to_radians().tan()
    }

    pub(crate) fn middle(&self) -> (f64, f64) {
        let CameraSettings { width, height, .. } = self.settings;
        (
            (f64::from(width) - 1.0) / 2.0,
            (f64::from(height) - 1.0) / 2.0,
        )
    }

    /// Where a position in JNow belongs: the gnomonic projection as textbooks have it. None: behind the camera.
    pub(crate) fn place(&self, position: Equatorial) -> Option<(f64, f64)> {
        let hours = (position.ra - self.towards.ra) * 15.0;
        let (sin, cos) = hours.to_radians().sin_cos();
        let (sin_dec, cos_dec) = position.dec.to_radians().sin_cos();
        let (sin_middle, cos_middle) = self.towards.dec.to_radians().sin_cos();
        let ahead = sin_middle * sin_dec + cos_middle * cos_dec * cos;
        let east = cos_dec * sin / ahead;
        let north = (cos_middle * sin_dec - sin_middle * cos_dec * cos) / ahead;
        let (x, y) = self.middle();
        (ahead > 0.0).then(|| (x - east * self.scale(), y - north * self.scale()))
    }

    /// Stars of the catalogue whose whole discs are on the picture, with where they belong.
    pub(crate) fn expected(&self) -> Vec<(Star, (f64, f64))> {
        let CameraSettings { width, height, .. } = self.settings;
        let whole = |(x, y): &(f64, f64)| {
            (AROUND..f64::from(width) - AROUND).contains(x)
                && (AROUND..f64::from(height) - AROUND).contains(y)
        };
        let placed = APPARENT
            .iter()
            .filter_map(|(star, now)| Some((*star, self.place(*now)?)));
        placed.filter(|(_, place)| whole(place)).collect()
    }

    /// The light of a pixel, all channels together, 3 at most: the camera's gamma is 2.
    pub(crate) fn light(&self, column: usize, row: usize) -> f64 {
        let at = (row * usize::from(self.settings.width) + column) * 3;
        let channels = &self.pixels[at..at + 3];
        channels
            .iter()
            .map(|level| (f64::from(*level) / 255.0).powi(2))
            .sum()
    }

    /// The light around a place beyond the sky's: how much, and where its middle is.
    pub(crate) fn disc(&self, (x, y): (f64, f64)) -> (f64, (f64, f64)) {
        let from = |place: f64| (place - AROUND).round().max(0.0) as usize;
        let to = |place: f64, count: u16| {
            ((place + AROUND).round() as usize).min(usize::from(count) - 1)
        };
        let (mut sum, mut right, mut down) = (0.0, 0.0, 0.0);
        for row in from(y)..=to(y, self.settings.height) {
            for column in from(x)..=to(x, self.settings.width) {
                let light = self.light(column, row);
                if light > BACKGROUND {
                    sum += light;
                    right += light * column as f64;
                    down += light * row as f64;
                }
            }
        }
        (sum, (right / sum, down / sum))
    }

    /// Fails unless there is a disc whose middle is at a place.
    pub(crate) fn assert_disc(&self, what: &str, place: (f64, f64)) {
        let (light, found) = self.disc(place);
        let off = (found.0 - place.0).hypot(found.1 - place.1);
        assert!(
            light > 0.0 && off < 0.5,
            "{what} belongs at {place:?}, and the light {light} is at {found:?}"
        );
    }
}
