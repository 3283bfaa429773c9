//! Pixels.

use super::light::Light;
use jpeg_encoder::{ColorType, Encoder, EncodingError};

/// Red, green and blue.
pub(super) const CHANNELS: usize = 3;

/// Pixels of a row, one byte for each channel.
pub(super) type Pixels = [u8];

/// Light below this, in the middle of a sky that is not quite dark, changes no level.
const UNSEEN: f64 = 0.000_3;

/// A picture. Its levels are the square roots of light: the camera's gamma is 2.
pub(super) struct Image {
    width: u16,
    height: u16,
    pixels: Vec<u8>,
}

impl Image {
    /// Black.
    pub(super) fn new(width: u16, height: u16) -> Self {
        Self {
            width,
            height,
            pixels: vec![0; usize::from(width) * usize::from(height) * CHANNELS],
        }
    }

    /// Calls `fill` with each row and its number, from the top.
    pub(super) fn fill_rows(&mut self, mut fill: impl FnMut(&mut Pixels, usize)) {
        let rows = self
            .pixels
            .chunks_exact_mut(usize::from(self.width).max(1) * CHANNELS);
        rows.enumerate().for_each(|(number, row)| fill(row, number));
    }

    /// Adds the light of a star whose disc has this standard deviation, as far as it lies on the picture.
    pub(super) fn light(&mut self, (x, y): (f64, f64), light: Light, deviation: f64) {
        let brightest = light.into_iter().fold(0.0, f64::max);
        let narrow = -0.5 / (deviation * deviation);
        let reach = ((UNSEEN / brightest).ln() / narrow).max(0.0).sqrt();
        for row in pixels_within(y, reach, self.height) {
            let across = (row as f64 - y).powi(2);
            for column in pixels_within(x, reach, self.width) {
                let share = (narrow * (across + (column as f64 - x).powi(2))).exp();
                let at = (row * usize::from(self.width) + column) * CHANNELS;
                for (level, light) in self.pixels[at..].iter_mut().zip(light) {
                    *level = lit(*level, light * share);
                }
            }
        }
    }

    /// The picture as a JPEG.
    pub(super) fn jpeg(&self, quality: u8) -> Result<Vec<u8>, EncodingError> {
        let mut jpeg = Vec::new();
        let encoder = Encoder::new(&mut jpeg, quality);
        encoder.encode(&self.pixels, self.width, self.height, ColorType::Rgb)?;
        Ok(jpeg)
    }
}

/// The rows or columns of so many that lie no further from a place than this. A cast of a float saturates.
fn pixels_within(place: f64, reach: f64, count: u16) -> std::ops::Range<usize> {
    let end = (place + reach + 1.0).floor() as usize;
    (place - reach).ceil() as usize..end.min(usize::from(count))
}

/// A level with light added to it.
fn lit(level: u8, light: f64) -> u8 {
    let full = f64::from(u8::MAX);
    let level = f64::from(level);
    (level * level + light * full * full).sqrt().round() as u8
}
