//! Parking and home.

use super::super::Lx200;
use super::Fault;
use crate::mount::Course;

impl Lx200 {
    /// `:hP#`. A parked mount is parked.
    pub(super) fn park_if_possible(&mut self) -> Result<(), Fault> {
        match self.mount.course() {
            Course::Parked => return Ok(()),
            Course::Parking => return Err(Fault::ParkFailed),
            Course::Goto | Course::Homing => return Err(Fault::InMotion),
            Course::Free => self.ready()?,
        }
        self.go_park();
        Ok(())
    }

    /// `:hR#`: it follows the stars again.
    pub(super) fn unpark(&mut self) -> Result<(), Fault> {
        if self.mount.course() != Course::Parked {
            return Err(Fault::NotParked);
        }
        self.mount.wake();
        self.follow_the_stars();
        self.mount.track(Some(self.rate));
        Ok(())
    }

    /// `:hQ#`: from now on, it parks where it is.
    pub(super) fn park_here(&mut self) -> Result<(), Fault> {
        if self.mount.course() == Course::Parked {
            return Err(Fault::Parked);
        }
        if self.slewing() || self.mount.moving() {
            return Err(Fault::InMotion);
        }
        self.park = self.mount.axes();
        Ok(())
    }

    /// `:hC#`: it goes home, and stops tracking there.
    pub(super) fn go_home(&mut self) -> Result<(), Fault> {
        self.stand_still()?;
        if self.mount.course() == Course::Parked {
            return Err(Fault::InPark);
        }
        self.onstep.standby = false;
        self.mount.go_home(self.home);
        Ok(())
    }

    /// `:hF#`: it is at home, wherever it is. Nothing moves, and nothing will until it tracks again; if it is not where
    /// it takes itself to be, it points elsewhere from now on.
    pub(super) fn be_home(&mut self) -> Result<(), Fault> {
        self.stand_still()?;
        self.mount.wake();
        self.follow_the_stars();
        self.mount.track(None);
        self.mount.sync(self.home);
        self.onstep.standby = true;
        Ok(())
    }

    fn stand_still(&self) -> Result<(), Fault> {
        if self.slewing() || self.mount.moving() {
            return Err(Fault::InMotion);
        }
        Ok(())
    }
}
