//! One sighting judged: what may come of it before a stop at the next one, and when that has to be.

use std::time::Duration;

use slewgate_sky::Equatorial;

use super::breach::{Breach, Limit, Subject};
use super::fence::Fence;
use super::pose::Pose;
use super::scene::{Measure, Scene};
use super::settings::Drive;
use super::sighting::Sighting;
use super::watch::{Motion, Outlook, SHORTEST_LOOK, SLOW};

/// Seconds until the next look, for what moves, and for what rests or follows the sky.
const LOOKS: [f64; 4] = [1.0, 0.5, 0.25, 0.1];
const RESTING_LOOKS: [f64; 6] = [5.0, 2.0, 1.0, 0.5, 0.25, 0.1];

/// What rests is looked at no more often than this (seconds) for fear that it begins to move: who begins a motion says so.
const RESTING: f64 = 1.0;

/// A goal that was let through may come as near a limit as it likes, and sightings are not exact (degrees).
const GOAL_SLACK: f64 = 0.5;

/// Mounts go so far beyond a target (degrees), to come back to it from the side on which their gears have no play.
const OVERSHOOT: f64 = 2.0;

/// One sighting with all that it is judged by.
pub(crate) struct Look<'a> {
    pub(crate) fence: &'a Fence,
    pub(crate) scene: Scene<'a>,
    pub(crate) sighting: &'a Sighting,
    pub(crate) pose: Pose,
    pub(crate) motion: Option<Motion>,
}

impl Look<'_> {
    fn drive(&self) -> &Drive {
        &self.fence.limits().drive
    }

    fn reaction(&self) -> f64 {
        self.drive().reaction.as_secs_f64()
    }

    /// What stands is not stopped.
    pub(crate) fn still(&self) -> Outlook {
        self.resting(RESTING_LOOKS[0])
    }

    /// Nothing begins by itself: look again soon enough to see it, at most after `longest` seconds.
    fn resting(&self, longest: f64) -> Outlook {
        fine(longest.min(self.before_anything_begins().max(RESTING)))
    }

    /// What follows the sky is at the limit when it is there. Outside it may follow the sky back, but for the Sun.
    pub(crate) fn tracking(&self, rate: f64, sun_permitted: bool) -> Outlook {
        let now = self.scene.measures(self.pose);
        let mut ahead = None;
        for look in RESTING_LOOKS {
            let later = self.sighting.at_ms + (look + self.reaction()) * 1e3 * rate;
            let later = Scene::new(self.fence, later, sun_permitted);
            let measures = later.measures(later.seen(self.sighting));
            let worse = |(now, later): (&Option<Measure>, Option<Measure>)| {
                let later = later.filter(|later| later.is_breached(0.0))?;
                let shrinks = now.is_some_and(|now| now.room <= later.room);
                (!shrinks || later.limit == Limit::Sun).then_some(later)
            };
            let breach = now.iter().zip(measures).find_map(worse);
            let breach = breach.map(|measure| measure.breach(Subject::Telescope));
            ahead = breach.or_else(|| {
                let seconds = (look + self.reaction()) * rate;
                self.axes_ahead(|speed, _| speed.clamp(-SLOW, SLOW) * seconds)
            });
            if ahead.is_none() {
                return self.resting(look);
            }
        }
        ahead.map_or(self.resting(RESTING), Outlook::Ahead)
    }

    /// A jog, or nobody knows: the next look has to come before the last moment for a stop.
    pub(crate) fn free(&self) -> Outlook {
        let mut ahead = None;
        for look in LOOKS {
            ahead = self
                .ahead(look)
                .or_else(|| self.axes_ahead(|speed, measured| self.reach(speed, measured, look)));
            if ahead.is_none() {
                return fine(look.min(self.before_anything_begins()));
            }
        }
        ahead.map_or(fine(0.0), Outlook::Ahead)
    }

    /// What a stop at a look in so many seconds would come too late for: both axes going on, or one of them alone.
    fn ahead(&self, look: f64) -> Option<Breach> {
        let motion = self.motion?;
        let [first, second] = motion
            .speeds
            .map(|speed| self.reach(speed, motion.seconds, look));
        let scene = if self.turns_over() {
            self.scene.over_the_pole()
        } else {
            self.scene
        };
        let ends = [(first, second), (first, 0.0), (0.0, second)];
        let measure = ends.into_iter().find_map(|(first, second)| {
            scene.walk(&[self.pose, self.pose.turned(first, second)], 0.0)
        });
        // One may end while the other goes on.
        let measure = measure.or_else(|| scene.rectangle(self.pose, first, second));
        measure.map(|measure| measure.breach(Subject::Telescope))
    }

    /// Degrees that an axis can come until a stop at the next look has ended it, with their sign.
    fn reach(&self, speed: f64, measured: f64, look: f64) -> f64 {
        if speed.abs() < SLOW {
            return speed * (look + self.reaction());
        }
        self.drive().reach(speed, measured, look)
    }

    /// Whether it is at a pole, or a German mount is on its way over it. Then its hour angle says nothing of its axes.
    fn turns_over(&self) -> bool {
        let turns = self.motion.map_or(0.0, |motion| motion.speeds[1]);
        let to_the_pole = self.fence.pole() - self.pose.second;
        let turns_over = self.pose.sided && turns.abs() > SLOW && turns * to_the_pole > 0.0;
        turns_over || self.pose.place().is_polar()
    }

    /// The mount brakes by itself where it should, later than any limit would have it stopped. It does not where no mount
    /// could any more.
    pub(crate) fn to_goal(&self) -> Outlook {
        let look = LOOKS[0].min(self.before_anything_begins());
        let Some(motion) = self.motion else {
            return fine(look);
        };
        let [first, second] = motion
            .speeds
            .map(|speed| self.shortest_stop(speed, motion.seconds));
        let end = self.pose.turned(first, second);
        let scene = self.scene.over_the_pole();
        let measure = scene.walk(&[self.pose, end], GOAL_SLACK);
        let breach = measure.map(|measure| measure.breach(Subject::Telescope));
        let axes = |speed, measured| {
            let stop: f64 = self.shortest_stop(speed, measured);
            stop - GOAL_SLACK.copysign(speed)
        };
        breach
            .or_else(|| self.axes_ahead(axes))
            .map_or(fine(look), Outlook::Ahead)
    }

    /// Whether it goes away from its target by every way that it may take there: an axis turns the other way, and is not just
    /// about to come back from beyond it.
    pub(crate) fn strays(&self, target: Equatorial) -> bool {
        let Some(motion) = self.motion else {
            return false;
        };
        let (from, to) = (self.pose.place(), self.scene.place(target));
        let away =
            |speed: f64, left: f64| speed.abs() > SLOW && left.copysign(left * speed) < -OVERSHOOT;
        let ways = self.fence.journey(from, self.sighting.pier, to).ways();
        ways.iter().all(|way| {
            let [start, _, end] = way.corners;
            let left = [end.first - start.first, end.second - start.second];
            away(motion.speeds[0], left[0]) || away(motion.speeds[1], left[1])
        })
    }

    /// Degrees that an axis comes at least, with their sign. It may have slowed down while it was measured.
    fn shortest_stop(&self, speed: f64, measured: f64) -> f64 {
        let drive = self.drive();
        let least = (speed.abs() - drive.acceleration * measured / 2.0).max(0.0);
        drive.shortest_stop(least).copysign(speed)
    }

    /// The same for the axes as the mount counts them, which say nothing of the sky. `reach`: how far one
    /// comes by a speed that was measured over so many seconds.
    fn axes_ahead(&self, reach: impl Fn(f64, f64) -> f64) -> Option<Breach> {
        let (axes, motion) = (self.sighting.axes?, self.motion?);
        let speeds = motion.axes?;
        let axes = [
            (
                Limit::FirstAxis,
                axes.0,
                speeds[0],
                self.fence.limits().axes[0],
            ),
            (
                Limit::SecondAxis,
                axes.1,
                speeds[1],
                self.fence.limits().axes[1],
            ),
        ];
        axes.into_iter().find_map(|(limit, angle, speed, range)| {
            let (least, most) = range?;
            let found = angle + reach(speed, motion.seconds);
            let allowed = if speed > 0.0 { most } else { least };
            let passed = (speed > 0.0 && found > most) || (speed < 0.0 && found < least);
            passed.then_some(Breach {
                limit,
                subject: Subject::Telescope,
                allowed,
                found,
                azimuth: None,
            })
        })
    }

    /// Seconds until the next look that leave a motion which is not seen yet the room to be stopped in.
    fn before_anything_begins(&self) -> f64 {
        let room = self.scene.room(self.pose).unwrap_or(0.0);
        let fits = |look: &f64| {
            let way = self.drive().stopping(0.0, look + self.reaction());
            way * std::f64::consts::SQRT_2 <= room
        };
        RESTING_LOOKS.into_iter().find(fits).unwrap_or(0.0)
    }
}

fn fine(seconds: f64) -> Outlook {
    Outlook::Fine {
        look_again_within: Duration::from_secs_f64(seconds).max(SHORTEST_LOOK),
    }
}
