//! A mount on a polar axis: two driven axes and a motor that follows the sky. It knows no protocol and no clock.
//!
//! `tracking` is what the motor follows, `geometry` how the axes lie, `trouble` what is wrong with them.

mod geometry;
mod tracking;
mod trouble;

pub(crate) use geometry::{Geometry, Hemisphere, PAST_MERIDIAN, PierSide, half_turn};
pub(crate) use tracking::{SIDEREAL, Tracking};
pub(crate) use trouble::Troubles;

use crate::axis::Axis;
use crate::fault::{ActiveFault, AxisKind};

/// One of the two axes: the polar one, which follows the sky, and the one across it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drive {
    First,
    Second,
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
    /// Looking for its home, or on the way there.
    Homing,
}

/// How the last search for home went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// Never found, or the search was broken off.
    Unknown,
    Found,
}

/// The two axes in degrees. What it is told, and all it knows, is what it counts; where it points is what is true.
#[derive(Clone, Debug)]
pub(crate) struct Mount {
    geometry: Geometry,
    first: Axis,
    second: Axis,
    /// Degrees that it counts more than is true, since it was synced.
    index: (f64, f64),
    /// None: the motor is off.
    tracking: Option<Tracking>,
    course: Course,
    home: Home,
    /// Whether the motor is off once home is found.
    rests_at_home: bool,
    troubles: Troubles,
}

impl Drive {
    pub(crate) const BOTH: [Self; 2] = [Self::First, Self::Second];
}

impl Mount {
    /// Standing with its axes at two angles, and following the stars.
    pub(crate) fn tracking_at(
        geometry: Geometry,
        (first, second): (f64, f64),
        rests_at_home: bool,
    ) -> Self {
        Self {
            geometry,
            first: Axis::at(first),
            second: Axis::at(second),
            index: (0.0, 0.0),
            tracking: Some(Tracking::Sidereal),
            course: Course::Free,
            home: Home::Unknown,
            rests_at_home,
            troubles: Troubles::default(),
        }
    }

    /// From now on something is wrong with an axis; for so many seconds, or until it is cured.
    pub(crate) fn suffer(&mut self, kind: AxisKind, lasts: Option<f64>, fault: ActiveFault) {
        self.troubles.add(kind, lasts, fault);
        self.weigh_troubles();
    }

    /// Nothing is wrong any more. Returns how many troubles that ended.
    pub(crate) fn cure(&mut self) -> usize {
        let ended = self.troubles.clear();
        self.weigh_troubles();
        ended
    }

    /// What is wrong.
    pub(crate) fn faults(&self) -> Vec<ActiveFault> {
        self.troubles.faults()
    }

    pub(crate) fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// The angles that it takes its axes to be at.
    pub(crate) fn axes(&self) -> (f64, f64) {
        (
            self.first.position() + self.index.0,
            self.second.position() + self.index.1,
        )
    }

    /// Where it takes itself to point: hour angle (-180 to 180) and declination in degrees.
    pub(crate) fn place(&self) -> (f64, f64) {
        self.geometry.place(self.axes())
    }

    /// Where it would take itself to point if its axes were so many degrees further.
    pub(crate) fn place_off_by(&self, off: (f64, f64)) -> (f64, f64) {
        let (first, second) = self.axes();
        self.geometry.place((first + off.0, second + off.1))
    }

    /// Where it points, whatever it takes itself to.
    pub(crate) fn true_place(&self) -> (f64, f64) {
        let axes = (self.first.position(), self.second.position());
        self.geometry.place(axes)
    }

    /// From now on its axes are at these angles, whatever they were.
    pub(crate) fn sync(&mut self, (first, second): (f64, f64)) {
        self.index = (
            half_turn(first - self.first.position()),
            second - self.second.position(),
        );
    }

    pub(crate) fn course(&self) -> Course {
        self.course
    }

    pub(crate) fn home(&self) -> Home {
        self.home
    }

    /// Whether a drive turns or should; following the sky is not moving.
    pub(crate) fn moving(&self) -> bool {
        self.first.moving() || self.second.moving()
    }

    /// Whether a drive turns, whatever it should.
    pub(crate) fn turning(&self) -> bool {
        self.first.turning() || self.second.turning()
    }

    /// Whether a pulse is under way.
    pub(crate) fn pulsing(&self) -> bool {
        self.first.pulsing() || self.second.pulsing()
    }

    /// Degrees of the longer way still to go to a target.
    pub(crate) fn distance(&self) -> f64 {
        self.first.distance().max(self.second.distance())
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

    /// What it follows as soon as it follows anything.
    pub(crate) fn set_rate(&mut self, rate: Tracking) {
        self.tracking = self.tracking.and(Some(rate));
    }

    /// Lets seconds pass.
    pub(crate) fn advance(&mut self, seconds: f64) {
        let mut left = seconds;
        while let Some(until) = self.troubles.next_end().filter(|until| *until <= left) {
            self.pass(until);
            left -= until;
            self.weigh_troubles();
        }
        self.pass(left);
    }

    /// Lets seconds pass in which no trouble ends.
    fn pass(&mut self, seconds: f64) {
        self.troubles.pass(seconds);
        let (before, reach) = (self.drift(), self.reach());
        let left = self
            .first
            .advance(seconds)
            .min(self.second.advance(seconds));
        if !self.moving() {
            self.arrive();
        }
        let reach = reach.or_else(|| self.reach());
        // What was left after arriving passes by the rule that holds since.
        self.first
            .carry(before * (seconds - left) + self.drift() * left);
        if let Some(reach) = reach {
            self.confine(reach);
        }
    }

    /// Sends both axes to their angles. A parked or homing mount does not go.
    pub(crate) fn go_to(&mut self, axes: (f64, f64)) {
        self.set_out(Course::Goto, axes);
    }

    /// Sends it to where it parks.
    pub(crate) fn park(&mut self, axes: (f64, f64)) {
        self.set_out(Course::Parking, axes);
    }

    /// Sends it home, which is at these angles.
    pub(crate) fn go_home(&mut self, axes: (f64, f64)) {
        self.home = Home::Unknown;
        self.set_out(Course::Homing, axes);
    }

    /// Sends it to look for the marks of its home, which are truly at these angles.
    pub(crate) fn find_marks(&mut self, (first, second): (f64, f64)) {
        self.go_home((first + self.index.0, second + self.index.1));
    }

    /// Wakes a parked mount.
    pub(crate) fn wake(&mut self) {
        if self.course == Course::Parked {
            self.course = Course::Free;
        }
    }

    /// Runs one axis at a rate (degrees a second) until it is stopped. It takes the place of a goto.
    pub(crate) fn jog(&mut self, direction: Direction, rate: f64) {
        if self.hand_over() {
            let (drive, sign) = self.drive(direction);
            self.troubles.note_order(drive);
            self.axis(drive).run(sign * rate);
        }
    }

    /// Runs one axis at a rate (degrees a second) for so many seconds. It takes the place of a goto.
    pub(crate) fn pulse(&mut self, direction: Direction, rate: f64, seconds: f64) {
        if self.hand_over() {
            let (drive, sign) = self.drive(direction);
            self.troubles.note_order(drive);
            self.axis(drive).run_for(sign * rate, seconds);
        }
    }

    /// Ends a jog in one direction; the other axis, and a jog the other way, go on.
    pub(crate) fn stop_jog(&mut self, direction: Direction) {
        let (drive, sign) = self.drive(direction);
        if self.axis(drive).way() == sign {
            self.stop_axis(drive);
        }
    }

    /// Ends every motion but following the sky, as far as the axes obey: one that does not keeps the mount on its course.
    pub(crate) fn stop(&mut self) {
        // Both are told, whatever the first does.
        let obeyed = Drive::BOTH.map(|drive| self.stop_axis(drive));
        if obeyed == [true, true] && self.course != Course::Parked {
            self.course = Course::Free;
        }
    }

    /// False: it does not obey.
    fn stop_axis(&mut self, drive: Drive) -> bool {
        let obeys = self.troubles.obeys_stop(drive);
        if obeys {
            self.weigh_troubles();
            self.axis(drive).run(0.0);
        }
        obeys
    }

    /// Gives up what it was about, for something else.
    fn give_up(&mut self) {
        self.first.run(0.0);
        self.second.run(0.0);
        self.course = Course::Free;
    }

    /// Lets the axes feel what is wrong with them now.
    fn weigh_troubles(&mut self) {
        for drive in Drive::BOTH {
            let defect = self.troubles.defect(drive);
            self.axis(drive).suffer(defect);
        }
    }

    fn set_out(&mut self, course: Course, (first, second): (f64, f64)) {
        if matches!(self.course, Course::Parked | Course::Homing) {
            return;
        }
        for drive in Drive::BOTH {
            self.troubles.note_order(drive);
        }
        let first = self.geometry.way(self.axes().0, first);
        self.first.go_to(first - self.index.0);
        self.second.go_to(second - self.index.1);
        self.course = course;
    }

    /// Gives way to a motion by hand. False: it does not.
    fn hand_over(&mut self) -> bool {
        match self.course {
            Course::Parked | Course::Homing => return false,
            Course::Goto | Course::Parking => self.give_up(),
            Course::Free => {}
        }
        true
    }

    fn arrive(&mut self) {
        self.course = match self.course {
            Course::Parking | Course::Parked => Course::Parked,
            Course::Homing => {
                self.home = Home::Found;
                if self.rests_at_home {
                    self.tracking = None;
                }
                Course::Free
            }
            Course::Free | Course::Goto => Course::Free,
        };
    }

    /// How far the axes can go now. None: it is on its way over the pole to the other side.
    fn reach(&self) -> Option<geometry::Reach> {
        (self.geometry == Geometry::Fork || self.course == Course::Free)
            .then(|| self.geometry.reach(self.axes()))
    }

    /// Holds the axes to what they can reach. Where following the sky brought it to an end, it follows no more.
    fn confine(&mut self, reach: geometry::Reach) {
        let (lowest, highest) = reach.first;
        if self.axes().0 > highest {
            self.tracking = None;
        }
        self.first
            .confine(lowest - self.index.0, highest - self.index.0);
        let (lowest, highest) = reach.second;
        self.second
            .confine(lowest - self.index.1, highest - self.index.1);
    }

    /// Degrees a second by which the motor carries the first axis along.
    fn drift(&self) -> f64 {
        self.tracking().map_or(0.0, Tracking::rate)
    }

    fn axis(&mut self, drive: Drive) -> &mut Axis {
        match drive {
            Drive::First => &mut self.first,
            Drive::Second => &mut self.second,
        }
    }

    /// The axis that a direction is on, and the sign of that direction there: west of the pier, the telescope's
    /// declination axis turns the other way.
    fn drive(&self, direction: Direction) -> (Drive, f64) {
        let north = match self.geometry.side(self.axes()) {
            Some(PierSide::West) => -1.0,
            Some(PierSide::East) | None => 1.0,
        };
        match direction {
            Direction::North => (Drive::Second, north),
            Direction::South => (Drive::Second, -north),
            Direction::West => (Drive::First, 1.0),
            Direction::East => (Drive::First, -1.0),
        }
    }
}
