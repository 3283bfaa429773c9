//! A limit that is not kept, in words for people and in numbers for programs.

use std::fmt;

/// Which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// The horizon, flat or by its mask.
    Horizon,
    /// The highest altitude.
    Highest,
    /// How far past the meridian on one side of the pier.
    Meridian,
    /// The least and the greatest hour angle.
    HourAngle,
    /// The first axis, as the mount counts it.
    FirstAxis,
    /// The second axis, as the mount counts it.
    SecondAxis,
    /// The distance from the Sun.
    Sun,
}

/// What does not keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The goal.
    Target,
    /// A way that the mount may take to it.
    Way,
    /// The telescope, as it moves or would move by a jog.
    Telescope,
}

/// A limit that is not kept: which, by what, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breach {
    /// Which limit.
    pub limit: Limit,
    /// What does not keep it.
    pub subject: Subject,
    /// The limit's value at that place, degrees.
    pub allowed: f64,
    /// What was found there, degrees.
    pub found: f64,
    /// The azimuth of that place, where the limit depends on it.
    pub azimuth: Option<f64>,
}

impl Limit {
    /// The word for it in data, as its key is called in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Limit::Horizon => "horizon",
            Limit::Highest => "highest",
            Limit::Meridian => "meridian",
            Limit::HourAngle => "hour_angle",
            Limit::FirstAxis => "first_axis",
            Limit::SecondAxis => "second_axis",
            Limit::Sun => "sun",
        }
    }

    /// What it means not to keep it, for each subject.
    fn words(self, subject: Subject) -> &'static str {
        use Subject::{Target, Telescope, Way};
        match (self, subject) {
            (Limit::Horizon, Target) => "the target is below the horizon",
            (Limit::Horizon, Way) => "the way leads below the horizon",
            (Limit::Horizon, Telescope) => "the telescope would go below the horizon",
            (Limit::Highest, Target) => "the target is too high",
            (Limit::Highest, Way) => "the way leads too high",
            (Limit::Highest, Telescope) => "the telescope would go too high",
            (Limit::Meridian, Target) => "the target is too far past the meridian",
            (Limit::Meridian, Way) => "the way leads too far past the meridian",
            (Limit::Meridian, Telescope) => "the telescope would go too far past the meridian",
            (Limit::HourAngle, Target) => "the target is beyond the limit of the hour angle",
            (Limit::HourAngle, Way) => "the way leads beyond the limit of the hour angle",
            (Limit::HourAngle, Telescope) => {
                "the telescope would go beyond the limit of the hour angle"
            }
            (Limit::FirstAxis, _) => "the first axis would turn too far",
            (Limit::SecondAxis, _) => "the second axis would turn too far",
            (Limit::Sun, Target) => "the target is too near the Sun",
            (Limit::Sun, Way) => "the way passes the Sun",
            (Limit::Sun, Telescope) => "the telescope would come too near the Sun",
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = if self.found < self.allowed {
            "at least"
        } else {
            "at most"
        };
        // Two values that differ are not to look the same.
        let digits = if (self.found - self.allowed).abs() < 0.1 {
            4
        } else {
            1
        };
        let (found, allowed) = (
            format!("{:.digits$}", self.found),
            format!("{:.digits$}", self.allowed),
        );
        write!(f, "{}: ", self.limit.words(self.subject))?;
        match (self.limit, self.azimuth) {
            (Limit::Horizon, Some(azimuth)) => write!(
                f,
                "altitude {found} degrees, {bound} {allowed} there (azimuth {azimuth:.1})"
            ),
            (Limit::Horizon | Limit::Highest, _) => {
                write!(f, "altitude {found} degrees, {bound} {allowed}")
            }
            (Limit::Meridian, _) => write!(
                f,
                "{found} degrees, {bound} {allowed} on this side of the pier"
            ),
            (Limit::Sun, _) => write!(f, "{found} degrees from it, {bound} {allowed}"),
            (Limit::HourAngle | Limit::FirstAxis | Limit::SecondAxis, _) => {
                write!(f, "{found} degrees, {bound} {allowed}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(limit: Limit, subject: Subject, found: f64, allowed: f64) -> String {
        Breach {
            limit,
            subject,
            allowed,
            found,
            azimuth: (limit == Limit::Horizon).then_some(182.1),
        }
        .to_string()
    }

    #[test]
    fn a_breach_names_the_limit_its_value_and_what_was_found() {
        assert_eq!(
            said(Limit::Horizon, Subject::Target, 3.2, 10.0),
            "the target is below the horizon: altitude 3.2 degrees, at least 10.0 there (azimuth 182.1)"
        );
        assert_eq!(
            said(Limit::Sun, Subject::Way, 12.3, 30.0),
            "the way passes the Sun: 12.3 degrees from it, at least 30.0"
        );
        assert_eq!(
            said(Limit::Highest, Subject::Telescope, 87.0, 85.0),
            "the telescope would go too high: altitude 87.0 degrees, at most 85.0"
        );
        assert_eq!(
            said(Limit::Meridian, Subject::Telescope, 6.5, 5.0),
            "the telescope would go too far past the meridian: 6.5 degrees, at most 5.0 on this side of the pier"
        );
        assert_eq!(
            said(Limit::HourAngle, Subject::Target, -95.0, -90.0),
            "the target is beyond the limit of the hour angle: -95.0 degrees, at least -90.0"
        );
        assert_eq!(
            said(Limit::FirstAxis, Subject::Telescope, 181.0, 180.0),
            "the first axis would turn too far: 181.0 degrees, at most 180.0"
        );
    }

    #[test]
    fn what_differs_by_little_still_reads_as_different() {
        assert_eq!(
            said(Limit::Horizon, Subject::Way, 9.998, 10.0),
            "the way leads below the horizon: altitude 9.9980 degrees, at least 10.0000 there (azimuth 182.1)"
        );
    }
}
