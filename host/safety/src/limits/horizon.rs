//! The horizon mask: how high trees, walls and hills stand in each direction.

/// Most points of a mask: one for each twentieth of a degree.
const MAX_POINTS: usize = 7_200;

/// The lowest altitude for each azimuth, straight between the points that are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Horizon {
    /// Azimuth (0 to 360) and altitude in degrees, by azimuth. Never empty. Two of one azimuth are a wall.
    points: Vec<(f64, f64)>,
}

/// Why a text is no horizon. `name` is that of its file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HorizonError {
    /// A line that is not two numbers.
    #[error(
        "{name}:{line}: {text:?} is not an azimuth and an altitude in degrees, such as `180 12.5`"
    )]
    Unreadable {
        /// The file.
        name: String,
        /// Counted from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// An azimuth or an altitude that there is not.
    #[error("{name}:{line}: the {what} {found} is not from {least} to {most} degrees")]
    OutOfRange {
        /// The file.
        name: String,
        /// Counted from 1.
        line: usize,
        /// `azimuth` or `altitude`.
        what: &'static str,
        /// What stands there.
        found: f64,
        /// The least that it may be.
        least: f64,
        /// The most that it may be.
        most: f64,
    },
    /// A text without a point.
    #[error("{name}: there is no line with an azimuth and an altitude")]
    Empty {
        /// The file.
        name: String,
    },
    /// More points than a mask may have.
    #[error("{name}: a horizon has at most {MAX_POINTS} points, and this one more")]
    TooLong {
        /// The file.
        name: String,
    },
}

impl Horizon {
    /// Reads the text that N.I.N.A., Stellarium and KStars exchange: a line for each point, azimuth (from north through
    /// east) and altitude in degrees, with a comma or white space between them; `#` begins a comment. Errors call the file
    /// `name`.
    pub fn parse(name: &str, text: &str) -> Result<Self, HorizonError> {
        let mut points = Vec::new();
        for (line, text) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let said = text.split('#').next().unwrap_or_default().trim();
            if !said.is_empty() {
                points.push(point(name, line + 1, said)?);
            }
        }
        let name = || name.to_owned();
        match points.len() {
            0 => return Err(HorizonError::Empty { name: name() }),
            1..=MAX_POINTS => {}
            _ => return Err(HorizonError::TooLong { name: name() }),
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(Self { points })
    }

    /// The lowest altitude at an azimuth, in degrees.
    pub(crate) fn lowest(&self, azimuth: f64) -> f64 {
        let azimuth = azimuth.rem_euclid(360.0);
        let next = self.points.partition_point(|point| point.0 <= azimuth);
        let (left, right) = match (self.points.first(), self.points.last()) {
            (Some(first), Some(last)) => (
                next.checked_sub(1)
                    .map_or((last.0 - 360.0, last.1), |before| self.points[before]),
                self.points
                    .get(next)
                    .map_or((first.0 + 360.0, first.1), |point| *point),
            ),
            _ => return -90.0,
        };
        let width = right.0 - left.0;
        if width <= 0.0 {
            return left.1.max(right.1);
        }
        left.1 + (right.1 - left.1) * (azimuth - left.0) / width
    }

    /// The highest that the mask stands anywhere from `azimuth - half_width` to `azimuth + half_width`, in degrees.
    pub(crate) fn highest(&self, azimuth: f64, half_width: f64) -> f64 {
        let ends = [azimuth - half_width, azimuth + half_width];
        // The window may reach past north on either side.
        let between = [-360.0, 0.0, 360.0].map(|turn| self.between(ends.map(|end| end + turn)));
        let between = between.into_iter().flatten().map(|point| point.1);
        between
            .chain(ends.map(|end| self.lowest(end)))
            .fold(-90.0, f64::max)
    }

    /// The points from one azimuth to another.
    fn between(&self, [from, to]: [f64; 2]) -> &[(f64, f64)] {
        let first = self.points.partition_point(|point| point.0 < from);
        let end = self.points.partition_point(|point| point.0 <= to);
        self.points.get(first..end).unwrap_or_default()
    }
}

fn point(name: &str, line: usize, text: &str) -> Result<(f64, f64), HorizonError> {
    let separates = |c: char| c == ',' || c.is_whitespace();
    let mut fields = text.split(separates).filter(|field| !field.is_empty());
    let numbers = [fields.next(), fields.next()].map(|field| field?.parse::<f64>().ok());
    let ([Some(azimuth), Some(altitude)], None) = (numbers, fields.next()) else {
        return Err(HorizonError::Unreadable {
            name: name.to_owned(),
            line,
            text: text.chars().take(40).collect(),
        });
    };
    for (what, found, least, most) in [
        ("azimuth", azimuth, -180.0, 360.0),
        ("altitude", altitude, -90.0, 90.0),
    ] {
        if !(least..=most).contains(&found) {
            let name = name.to_owned();
            return Err(HorizonError::OutOfRange {
                name,
                line,
                what,
                found,
                least,
                most,
            });
        }
    }
    // 360 stays behind all others: the end of the circle need not be as high as its beginning.
    let around = if azimuth < 0.0 { 360.0 } else { 0.0 };
    Ok((azimuth + around, altitude))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Horizon {
        Horizon::parse("trees.hrz", text).unwrap()
    }

    fn wrong(text: &str) -> String {
        Horizon::parse("trees.hrz", text).unwrap_err().to_string()
    }

    #[test]
    fn it_is_straight_between_its_points_and_goes_round_through_north() {
        let horizon = read("# from the roof\n90 10\n180, 20\n\n270\t30 # the house\n");
        for (azimuth, lowest) in [
            (90.0, 10.0),
            (135.0, 15.0),
            (225.0, 25.0),
            (270.0, 30.0),
            (0.0, 20.0),
            (360.0, 20.0),
            (45.0, 15.0),
            (-45.0, 25.0),
        ] {
            assert!((horizon.lowest(azimuth) - lowest).abs() < 1e-9, "{azimuth}");
        }
    }

    #[test]
    fn one_point_is_the_same_all_round() {
        assert_eq!(read("10 5").lowest(200.0), 5.0);
    }

    #[test]
    fn lines_in_any_order_and_azimuths_below_zero_are_fine() {
        assert_eq!(read("180 20\n-90 30\n90 10"), read("90 10\n180 20\n270 30"));
        assert_eq!(read("\u{feff}0 1\r\n180 2\r\n"), read("0 1\n180 2"));
    }

    #[test]
    fn a_wall_is_two_points_of_one_azimuth() {
        let horizon = read("0 0\n100 0\n100 40\n120 40\n120 0\n");
        assert_eq!(
            (horizon.lowest(99.999), horizon.lowest(100.001)),
            (0.0, 40.0)
        );
        assert_eq!(horizon.highest(99.0, 0.9), 0.0);
        assert_eq!(horizon.highest(99.0, 1.1), 40.0);
    }

    #[test]
    fn the_highest_of_a_window_is_found_across_north() {
        let horizon = read("0 0\n5 30\n10 0\n350 0\n");
        assert_eq!(horizon.highest(355.0, 10.0), 30.0);
        assert_eq!(horizon.highest(355.0, 5.0), 0.0);
        assert_eq!(horizon.highest(200.0, 180.0), 30.0);
    }

    #[test]
    fn what_is_no_horizon_is_said_with_file_and_line() {
        assert_eq!(
            wrong("0 10\nnorth 12"),
            "trees.hrz:2: \"north 12\" is not an azimuth and an altitude in degrees, such as `180 12.5`"
        );
        assert_eq!(
            wrong("12,5 3,5"),
            "trees.hrz:1: \"12,5 3,5\" is not an azimuth and an altitude in degrees, such as `180 12.5`"
        );
        assert_eq!(
            wrong("0 10\n\n400 10"),
            "trees.hrz:3: the azimuth 400 is not from -180 to 360 degrees"
        );
        assert_eq!(
            wrong("0 nan"),
            "trees.hrz:1: the altitude NaN is not from -90 to 90 degrees"
        );
        assert_eq!(
            wrong("# nothing\n"),
            "trees.hrz: there is no line with an azimuth and an altitude"
        );
        assert_eq!(
            wrong(&"1 1\n".repeat(MAX_POINTS + 1)),
            "trees.hrz: a horizon has at most 7200 points, and this one more"
        );
    }
}
