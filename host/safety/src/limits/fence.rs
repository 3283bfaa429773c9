//! What may begin: a goal with the ways there, and a jog.

use slewgate_sky::{Equatorial, Horizontal, Site, Sky};

use super::breach::{Breach, Subject};
use super::pose::Place;
use super::scene::Scene;
use super::settings::{Limits, Sun};
use super::sighting::{PierSide, Sighting, State};
use super::watch::SHORTEST_LOOK;
use super::ways::Journey;

/// A jog towards a limit that is nearer than this (degrees) does not begin, however well the mount brakes.
const NEAR: f64 = 0.5;

/// The limits over a site.
#[derive(Clone, Debug)]
pub struct Fence {
    limits: Limits,
    sky: Sky,
    site: Site,
}

impl Fence {
    /// The limits over a site. `sky` has UT1-UTC.
    pub fn new(limits: Limits, sky: Sky, site: Site) -> Self {
        Self { limits, sky, site }
    }

    /// What the administrator decided.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether the mount may be sent to a target: to the target, and every way that it may take there from where it was
    /// seen. Where that is unknown, the target alone is looked at. Who is outside a limit may come back by a way that leads
    /// no further out. `sun_permitted`: its client may point at the Sun, where there is a solar filter.
    ///
    /// # Errors
    /// The first limit that is not kept, where it is not.
    pub fn goal(
        &self,
        from: Option<&Sighting>,
        target: Equatorial,
        at_ms: f64,
        sun_permitted: bool,
    ) -> Result<(), Breach> {
        let scene = Scene::new(self, at_ms, sun_permitted);
        let measures = scene.measures(scene.pose(target, None));
        if let Some(measure) = measures.iter().flatten().find(|m| m.is_breached(0.0)) {
            return Err(measure.breach(Subject::Target));
        }
        let Some(from) = from else { return Ok(()) };
        let place = self.scene_of(from, at_ms).place(from.position);
        for way in self.journey(place, from.pier, scene.place(target)).ways() {
            let scene = if way.over_the_pole {
                scene.over_the_pole()
            } else {
                scene
            };
            if let Some(measure) = scene.walk(&way.corners, 0.0) {
                return Err(measure.breach(Subject::Way));
            }
        }
        Ok(())
    }

    /// Whether a jog of a mount that stands or tracks may begin; for one that moves see [`super::Watch::jog`]. One that leads into a limit near by may not: it would have to be stopped at once. Nor may one
    /// that leads further out. `label` is `north`, `south`, `east` or `west` in the sky; others may begin, and are watched.
    ///
    /// # Errors
    /// The limit ahead.
    pub fn jog(
        &self,
        from: &Sighting,
        label: &str,
        at_ms: f64,
        sun_permitted: bool,
    ) -> Result<(), Breach> {
        let Some((first, second)) = self.towards(label, from.pier) else {
            return Ok(());
        };
        let start = self.scene_of(from, at_ms).seen(from);
        let scene = Scene::new(self, at_ms, sun_permitted);
        match scene.walk(&[start, start.turned(first, second)], 0.0) {
            Some(measure) => Err(measure.breach(Subject::Telescope)),
            None => Ok(()),
        }
    }

    /// The ways that a mount may take from one place to another.
    pub(crate) fn journey(&self, from: Place, side: Option<PierSide>, to: Place) -> Journey {
        Journey {
            from,
            side,
            to,
            pole: self.pole(),
            meridian: self.limits.meridian,
        }
    }

    /// How far the axes may come in a direction before a stop has ended a jog that nobody saw begin; none for a direction
    /// that is not known.
    pub(crate) fn towards(&self, label: &str, side: Option<PierSide>) -> Option<(f64, f64)> {
        let reach = self.room_to_begin();
        // West of the pier the declination axis turns the other way.
        let north = match side {
            Some(PierSide::West) => -reach,
            _ => reach,
        };
        match label {
            "north" => Some((0.0, north)),
            "south" => Some((0.0, -north)),
            "east" => Some((-reach, 0.0)),
            "west" => Some((reach, 0.0)),
            _ => None,
        }
    }

    /// Degrees that a motion needs before it so that [`super::Watch`] sees it in time: nobody knows of it before the second look.
    pub(crate) fn room_to_begin(&self) -> f64 {
        let drive = &self.limits.drive;
        let unseen = (2 * SHORTEST_LOOK + drive.reaction).as_secs_f64();
        drive.stopping(0.0, unseen).max(NEAR)
    }

    /// What stands still is where it was seen above the ground; what follows the sky is where it was among the stars.
    pub(crate) fn scene_of(&self, sighting: &Sighting, at_ms: f64) -> Scene<'_> {
        let at = if sighting.state == State::Still {
            sighting.at_ms
        } else {
            at_ms
        };
        Scene::new(self, at, false)
    }

    pub(crate) fn sidereal_degrees(&self, at_ms: f64) -> f64 {
        self.sky.sidereal_time(at_ms, &self.site) * 15.0
    }

    pub(crate) fn horizontal(&self, position: Equatorial, at_ms: f64) -> Horizontal {
        self.sky.to_horizontal(position, at_ms, &self.site)
    }

    /// Where the Sun is, if it counts now.
    pub(crate) fn sun_that_counts(&self, at_ms: f64, permitted: bool) -> Option<(Equatorial, Sun)> {
        let sun = self.limits.sun?;
        let place = self.sky.sun(at_ms);
        let lifted = self.limits.solar_filter && permitted;
        let is_up = self.horizontal(place, at_ms).altitude > sun.above;
        (is_up && !lifted).then_some((place, sun))
    }

    /// The declination of the pole that stands above the site.
    pub(crate) fn pole(&self) -> f64 {
        90f64.copysign(self.site.latitude)
    }
}
