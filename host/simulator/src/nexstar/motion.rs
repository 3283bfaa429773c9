//! Pointing, targets, syncing, following the sky.

use super::Nexstar;
use super::format::{self, Angles};
use crate::mount::{Course, Geometry, PierSide, Tracking, half_turn};
use slewgate_sky::{Equatorial, Horizontal};

/// What it tells that it follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Off,
    AltAzimuth,
    North,
    South,
}

impl Mode {
    const USUAL: [Self; 4] = [Self::Off, Self::AltAzimuth, Self::North, Self::South];
    const FROM_NORTH: [Self; 3] = [Self::Off, Self::North, Self::South];
}

impl Nexstar {
    /// Where it says that it points.
    pub(super) fn position(&self) -> Equatorial {
        self.lies.note_told();
        if let Some(frozen) = self.lies.frozen() {
            return frozen;
        }
        let (hour_angle, dec) = self.mount.place_off_by(self.lies.off());
        Equatorial {
            ra: (self.sidereal_time() - hour_angle / 15.0).rem_euclid(24.0),
            dec,
        }
    }

    /// Where it says that it points, over the site that it knows.
    pub(super) fn horizontal(&self) -> Horizontal {
        self.sky
            .to_horizontal(self.position(), self.utc(), &self.belief.site)
    }

    /// `R`, `r`: if it is aligned and the target within its limits; else nothing happens.
    pub(super) fn go_to_stars(&mut self, angles: Option<Angles>) {
        let Some(target) = angles.and_then(equatorial) else {
            return;
        };
        let place = self
            .sky
            .to_horizontal(target, self.utc(), &self.belief.site);
        self.go_to(target, place);
    }

    /// `B`, `b`.
    pub(super) fn go_to_direction(&mut self, angles: Option<Angles>) {
        let Some((azimuth, altitude)) = angles else {
            return;
        };
        let place = Horizontal {
            altitude: format::signed(altitude),
            azimuth,
        };
        let target = self
            .sky
            .from_horizontal(place, self.utc(), &self.belief.site);
        self.go_to(target, place);
    }

    fn go_to(&mut self, target: Equatorial, place: Horizontal) {
        let (lowest, highest) = self.slew_limits;
        if !self.aligned || self.asleep || !(lowest..=highest).contains(&place.altitude) {
            return;
        }
        self.motors.hand_over();
        self.mount
            .track((self.mode != Mode::Off).then_some(Tracking::Sidereal));
        let place = self.place_of(target);
        let geometry = self.mount.geometry();
        let side = geometry.side_for(place.0, self.side());
        self.mount.go_to(geometry.axes(place, side));
    }

    /// `M`: it cancels a goto, and ends no slew by rate.
    pub(super) fn cancel(&mut self) {
        if self.mount.course() == Course::Goto {
            self.mount.stop();
        }
    }

    /// `S`, `s`: from now on, where it points is the target.
    pub(super) fn sync(&mut self, angles: Option<Angles>) {
        let Some(target) = angles.and_then(equatorial).filter(|_| self.aligned) else {
            return;
        };
        let axes = self
            .mount
            .geometry()
            .axes(self.place_of(target), self.side());
        let before = self.mount.axes();
        self.mount.sync(axes);
        self.synced = (axes.0 - before.0, axes.1 - before.1);
    }

    /// `u`.
    pub(super) fn undo_sync(&mut self) {
        let (first, second) = self.mount.axes();
        self.mount
            .sync((first - self.synced.0, second - self.synced.1));
        self.synced = (0.0, 0.0);
    }

    /// `T`: a number that stands for nothing changes nothing.
    pub(super) fn follow(&mut self, code: u8) {
        if let Some(mode) = self.modes().get(usize::from(code)) {
            self.mode = *mode;
            let follows = *mode != Mode::Off && !self.asleep;
            self.mount.track(follows.then_some(Tracking::Sidereal));
        }
    }

    /// `t`: what it was told last, whether it does that or not.
    pub(super) fn mode_told(&self) -> u8 {
        let modes = self.modes();
        let at = modes.iter().position(|mode| *mode == self.mode);
        at.and_then(|at| u8::try_from(at).ok()).unwrap_or_default()
    }

    /// `x`, `y`.
    pub(super) fn sleep(&mut self, asleep: bool) {
        self.asleep = asleep;
        if asleep {
            self.mount.stop();
            self.mount.track(None);
        } else {
            self.follow(self.mode_told());
        }
    }

    /// Whether it is on the way to a target; of home it does not tell.
    pub(super) fn slewing(&self) -> bool {
        self.mount.course() == Course::Goto
    }

    /// `p`: where it looks, which is away from the side that its telescope is on. None: it has no sides.
    pub(super) fn looks(&self) -> Option<u8> {
        let side = self.mount.geometry().side(self.mount.axes())?;
        Some(match side {
            PierSide::East => b'W',
            PierSide::West => b'E',
        })
    }

    /// Hour angle and declination of a target, by its own clock.
    fn place_of(&self, target: Equatorial) -> (f64, f64) {
        (
            half_turn((self.sidereal_time() - target.ra) * 15.0),
            target.dec,
        )
    }

    /// The side of the pier that it takes its telescope to be on; East for a fork, whose angles are those.
    fn side(&self) -> PierSide {
        let side = self.mount.geometry().side(self.mount.axes());
        side.unwrap_or(PierSide::East)
    }

    fn modes(&self) -> &'static [Mode] {
        match self.hand.counts_modes_from_north() {
            true => &Mode::FROM_NORTH,
            false => &Mode::USUAL,
        }
    }

    pub(super) fn is_fork(&self) -> bool {
        self.mount.geometry() == Geometry::Fork
    }
}

/// None: that is no declination.
fn equatorial((ra, dec): Angles) -> Option<Equatorial> {
    let dec = format::signed(dec);
    (dec.abs() <= 90.0).then_some(Equatorial { ra: ra / 15.0, dec })
}
