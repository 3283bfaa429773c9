//! A camera on the mount: the stars of the naked-eye catalogue, where it points.
//!
//! It knows neither mount nor clock: a picture follows from where it points, from the instant and from a seed for its
//! noise. North is up and east is left, as one sees the sky. It is always night; no star is invented, so that a field with
//! none is empty. What lies below the horizon is ground.
//!
//! In the order of a picture: `catalogue` (the stars), `projection` (where they fall), `light` (how bright and of what
//! colour), `noise` (what is there without them), `image` (pixels, JPEG).

mod catalogue;
mod image;
mod light;
mod noise;
mod projection;

use catalogue::Apparent;
use image::{CHANNELS, Image};
use jpeg_encoder::EncodingError;
use noise::Background;
use projection::{Plane, direction};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use slewgate_sky::{Equatorial, Site, Sky};

pub use catalogue::{Star, stars};

/// What pictures a camera takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CameraSettings {
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// Degrees from the left edge to the right one through the middle, below 180.
    pub field: f64,
    /// Of the JPEG, 1 to 100.
    pub quality: u8,
}

/// Takes pictures of the sky over a site.
pub struct Camera {
    settings: CameraSettings,
    site: Site,
    sky: Sky,
    stars: Apparent,
    background: Background,
}

impl Camera {
    /// Over a site; positions are computed with `sky`.
    pub fn new(settings: CameraSettings, site: Site, sky: Sky) -> Self {
        Self {
            settings,
            site,
            stars: Apparent::of(stars()),
            sky,
            background: Background::new(usize::from(settings.width)),
        }
    }

    /// The JPEG of where the mount points, in JNow, at an instant in milliseconds since 1970. The seed is that of the noise.
    ///
    /// # Errors
    /// Settings that no JPEG can have, such as a width of 0.
    pub fn jpeg(
        &mut self,
        towards: Equatorial,
        at: f64,
        seed: u64,
    ) -> Result<Vec<u8>, EncodingError> {
        self.picture(towards, at, seed).jpeg(self.settings.quality)
    }

    fn picture(&mut self, towards: Equatorial, at: f64, seed: u64) -> Image {
        let CameraSettings {
            width,
            height,
            field,
            ..
        } = self.settings;
        let mut random = SmallRng::seed_from_u64(seed);
        let mut image = Image::new(width, height);
        image.fill_rows(|row, _| self.background.sky(row, &mut random));
        let plane = Plane::new(towards, field, (width, height));
        let reach = light::width_of_a_star(width);
        for (star, light) in self.stars.at(&self.sky, at) {
            if let Some(place) = plane.place(star) {
                image.light(place, light, reach);
            }
        }
        let zenith = Equatorial {
            ra: self.sky.sidereal_time(at, &self.site),
            dec: self.site.latitude,
        };
        let horizon = plane.horizon(direction(zenith));
        image.fill_rows(|pixels, row| {
            let below = horizon.below(row, usize::from(width));
            let below = below.start * CHANNELS..below.end * CHANNELS;
            self.background.ground(&mut pixels[below], &mut random);
        });
        image
    }
}
