//! How bright a star is on the picture, and of what colour.

/// Light of a star in red, green and blue, where 1 fills a pixel.
pub(super) type Light = [f64; 3];

/// What the faintest star of the catalogue leaves in the pixel in its middle, and its magnitude.
const FAINTEST: (f64, f64) = (0.06, 6.0);

/// Standard deviation of a star's disc: pixels on a picture that is so many pixels wide. Below the least, discs would be
/// lost between pixels.
const DISC: (f64, f64) = (1.15, 640.0);
const LEAST_DISC: f64 = 0.9;

/// Where the channels lie: micrometres.
const CHANNELS: [f64; 3] = [0.61, 0.55, 0.465];

/// Second constant of radiation: micrometres times kelvins.
const RADIATION: f64 = 14_387.77;

/// Colour index of a star that the camera shows white, and of those whose colour is not known: the Sun's.
const WHITE: f64 = 0.65;

/// The light in the middle of the disc of a star. Red and blue stars of one magnitude have the same in sum.
pub(super) fn light(magnitude: f64, colour: Option<f64>) -> Light {
    let (faintest, limit) = FAINTEST;
    let middle = faintest * 10f64.powf(0.4 * (limit - magnitude));
    let tint = tint(colour.unwrap_or(WHITE));
    let sum: f64 = tint.iter().sum();
    tint.map(|channel| middle * channel * 3.0 / sum)
}

/// Standard deviation of a star's disc in pixels.
pub(super) fn width_of_a_star(picture_width: u16) -> f64 {
    let (pixels, width) = DISC;
    (pixels * f64::from(picture_width) / width).max(LEAST_DISC)
}

/// What of a black body's light each channel gets, where a white star gives each the same.
fn tint(colour: f64) -> [f64; 3] {
    let (star, white) = (temperature(colour), temperature(WHITE));
    CHANNELS.map(|channel| planck(channel, star) / planck(channel, white))
}

/// Kelvins of a star with a colour index B-V: Ballesteros 2012, EPL 97, 34008. Beyond what black bodies reach, the nearest.
fn temperature(colour: f64) -> f64 {
    let scaled = 0.92 * colour.clamp(-0.4, 2.0);
    4600.0 * ((scaled + 1.7).recip() + (scaled + 0.62).recip())
}

/// Planck's law, but for a factor that is the same at each temperature.
fn planck(micrometres: f64, kelvins: f64) -> f64 {
    (RADIATION / (micrometres * kelvins)).exp_m1().recip()
}
