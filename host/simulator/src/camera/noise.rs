//! What a picture shows where there is no star: sky or ground, and the camera's noise.

use super::image::{CHANNELS, Pixels};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// Levels of a dark sky and of dark ground, 0 to 255.
const SKY: [u8; CHANNELS] = [11, 13, 20];
const GROUND: [u8; CHANNELS] = [24, 19, 14];

/// Noise is the sum of so many throws, each adding 0 or 1: a standard deviation of 1.7 levels.
const THROWS: u32 = 12;

/// Rows take their noise from one strip, each from a place of its own within so many pixels.
const PLACES: usize = 1021;

/// Noise that is thrown once: to throw it anew for each frame would take longer than all the rest.
pub(super) struct Background {
    sky: Vec<u8>,
    ground: Vec<u8>,
}

impl Background {
    /// For pictures of a width.
    pub(super) fn new(width: usize) -> Self {
        Self {
            sky: strip(SKY, width),
            ground: strip(GROUND, width),
        }
    }

    /// Fills pixels of a row with sky.
    pub(super) fn sky(&self, row: &mut Pixels, random: &mut SmallRng) {
        fill(row, &self.sky, random);
    }

    /// Fills pixels of a row with ground.
    pub(super) fn ground(&self, row: &mut Pixels, random: &mut SmallRng) {
        fill(row, &self.ground, random);
    }
}

fn strip(levels: [u8; CHANNELS], width: usize) -> Vec<u8> {
    let mut random = SmallRng::seed_from_u64(0);
    let mut pixel = move || {
        let noise = random.random_range(0..1u32 << THROWS).count_ones() as u8;
        levels.map(|level| level + noise - THROWS as u8 / 2)
    };
    (0..width + PLACES).flat_map(|_| pixel()).collect()
}

fn fill(row: &mut Pixels, strip: &Pixels, random: &mut SmallRng) {
    let from = random.random_range(0..PLACES) * CHANNELS;
    row.copy_from_slice(&strip[from..from + row.len()]);
}
