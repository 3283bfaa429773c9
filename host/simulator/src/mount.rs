//! A fork mount on a polar axis: two driven axes and a motor that follows the sky. It knows no protocol and no clock.

use crate::axis::Axis;

/// Degrees a second that the sky turns: 360.98564736629 degrees a day.
const SIDEREAL: f64 = 360.985_647_366_29 / 86_400.0;

/// The frequencies (hertz) of a Classic's motor, by which its tracking rates are known.
const SIDEREAL_HZ: f64 = 60.164;

/// What the motor follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tracking {
    Sidereal,
    Solar,
    Lunar,
}

/// Where a hand would push the telescope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    North,
    South,
    East,
    West,
}

/// What the mount as a whole is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// Nothing: it stands, tracks, or is jogged.
    Free,
    /// On the way to a target.
    Goto,
    /// On the way to where it parks.
    Parking,
    /// Parked: nothing turns and nothing moves it until it is woken.
    Parked,
    /// Looking for its home marks.
    Homing,
}

/// How the last search for the home marks went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// Never found, or the search was broken off.
    Unknown,
    Found,
}

/// The two axes in degrees: hour angle (west of the meridian positive) and declination.
#[derive(Clone, Debug)]
pub(crate) struct Mount {
    hour_angle: Axis,
    declination: Axis,
    /// None: the motor is off.
    tracking: Option<Tracking>,
    course: Course,
    home: Home,
    /// Hour angle and declination where it parks.
    park: (f64, f64),
}

impl Tracking {
    /// The frequency (hertz) by which `:GT#` tells it.
    pub(crate) fn hertz(self) -> f64 {
        match self {
            Self::Sidereal => SIDEREAL_HZ,
            Self::Solar => 60.0,
            Self::Lunar => 57.9,
        }
    }

    /// Degrees a second.
    fn rate(self) -> f64 {
        SIDEREAL * self.hertz() / SIDEREAL_HZ
    }
}

impl Mount {
    /// Standing at an hour angle and a declination, and following the stars.
    pub(crate) fn tracking_at((hour_angle, declination): (f64, f64), park: (f64, f64)) -> Self {
        Self {
            hour_angle: Axis::at(hour_angle),
            declination: Axis::at(declination),
            tracking: Some(Tracking::Sidereal),
            course: Course::Free,
            home: Home::Unknown,
            park,
        }
    }

    /// Hour angle (-180 to 180) and declination in degrees.
    pub(crate) fn position(&self) -> (f64, f64) {
        (
            half_turn(self.hour_angle.position()),
            self.declination.position(),
        )
    }

    pub(crate) fn course(&self) -> Course {
        self.course
    }

    pub(crate) fn home(&self) -> Home {
        self.home
    }

    /// Whether a drive turns; following the sky is not moving.
    pub(crate) fn moving(&self) -> bool {
        self.hour_angle.moving() || self.declination.moving()
    }

    /// Degrees of the longer way still to go to a target.
    pub(crate) fn distance(&self) -> f64 {
        self.hour_angle.distance().max(self.declination.distance())
    }

    /// What the motor follows now; None while it stands still.
    pub(crate) fn tracking(&self) -> Option<Tracking> {
        match self.course {
            Course::Free | Course::Goto => self.tracking,
            Course::Parking | Course::Parked | Course::Homing => None,
        }
    }

    pub(crate) fn track(&mut self, tracking: Option<Tracking>) {
        self.tracking = tracking;
    }

    /// Lets seconds pass.
    pub(crate) fn advance(&mut self, seconds: f64) {
        let before = self.drift();
        let left = self
            .hour_angle
            .advance(seconds)
            .min(self.declination.advance(seconds));
        self.declination.confine(-90.0, 90.0);
        if !self.moving() {
            self.arrive();
        }
        // What was left after arriving passes by the rule that holds since.
        self.hour_angle
            .carry(before * (seconds - left) + self.drift() * left);
    }

    /// Sends both axes to an hour angle and a declination, the short way round. A parked or homing mount does not go.
    pub(crate) fn go_to(&mut self, place: (f64, f64)) {
        self.set_out(Course::Goto, place);
    }

    /// Sends it to where it parks.
    pub(crate) fn park(&mut self) {
        self.set_out(Course::Parking, self.park);
    }

    /// Sends it to look for its home marks, which are at hour angle and declination 0.
    pub(crate) fn find_home(&mut self) {
        self.home = Home::Unknown;
        self.set_out(Course::Homing, (0.0, 0.0));
    }

    /// Wakes a parked mount.
    pub(crate) fn wake(&mut self) {
        if self.course == Course::Parked {
            self.course = Course::Free;
        }
    }

    /// Runs one axis at a rate (degrees a second) until it is stopped. It takes the place of a goto.
    pub(crate) fn jog(&mut self, direction: Direction, rate: f64) {
        match self.course {
            Course::Parked | Course::Homing => return,
            Course::Goto | Course::Parking => self.stop(),
            Course::Free => {}
        }
        let (axis, sign) = self.axis(direction);
        axis.run(sign * rate);
    }

    /// Ends a jog in one direction; the other axis, and a jog the other way, go on.
    pub(crate) fn stop_jog(&mut self, direction: Direction) {
        let (axis, sign) = self.axis(direction);
        if axis.ordered_rate() * sign > 0.0 {
            axis.run(0.0);
        }
    }

    /// Ends every motion but following the sky.
    pub(crate) fn stop(&mut self) {
        self.hour_angle.run(0.0);
        self.declination.run(0.0);
        if self.course != Course::Parked {
            self.course = Course::Free;
        }
    }

    fn set_out(&mut self, course: Course, (hour_angle, declination): (f64, f64)) {
        if matches!(self.course, Course::Parked | Course::Homing) {
            return;
        }
        let from = self.hour_angle.position();
        self.hour_angle.go_to(from + half_turn(hour_angle - from));
        self.declination.go_to(declination.clamp(-90.0, 90.0));
        self.course = course;
    }

    fn arrive(&mut self) {
        self.course = match self.course {
            Course::Parking | Course::Parked => Course::Parked,
            Course::Homing => {
                self.home = Home::Found;
                Course::Free
            }
            Course::Free | Course::Goto => Course::Free,
        };
    }

    /// Degrees a second by which the motor carries the hour angle along.
    fn drift(&self) -> f64 {
        self.tracking().map_or(0.0, Tracking::rate)
    }

    /// The axis that a direction is on, and the sign of that direction there.
    fn axis(&mut self, direction: Direction) -> (&mut Axis, f64) {
        match direction {
            Direction::North => (&mut self.declination, 1.0),
            Direction::South => (&mut self.declination, -1.0),
            Direction::West => (&mut self.hour_angle, 1.0),
            Direction::East => (&mut self.hour_angle, -1.0),
        }
    }
}

/// An angle in degrees brought into -180 to 180.
fn half_turn(degrees: f64) -> f64 {
    (degrees + 180.0).rem_euclid(360.0) - 180.0
}
