//! What the motor follows, and how fast that is.

/// Degrees a second that the sky turns: 360.98564736629 degrees a day.
pub(crate) const SIDEREAL: f64 = 360.985_647_366_29 / 86_400.0;

/// The frequency (hertz) of the motor that follows the stars where 60 follows the Sun, as tracking rates are known by.
const SIDEREAL_HZ: f64 = 60.164_274_56;

/// What the motor follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tracking {
    Sidereal,
    Solar,
    Lunar,
    /// The stars with the refraction near the meridian.
    King,
}

impl Tracking {
    /// The frequency (hertz) by which it is told.
    pub(crate) fn hertz(self) -> f64 {
        match self {
            Self::Sidereal => SIDEREAL_HZ,
            Self::Solar => 60.0,
            Self::Lunar => 57.9,
            Self::King => 60.136,
        }
    }

    /// Degrees a second.
    pub(crate) fn rate(self) -> f64 {
        SIDEREAL * self.hertz() / SIDEREAL_HZ
    }
}
