//! What is seen while the mount moves or tracks: whether it has to be stopped now, and when to look again.
//!
//! Between two looks a mount that moves may speed up, and a stop takes its time to arrive and to brake. So from each sighting
//! the telescope is taken on as far as it can come before a stop at the *next* look has ended it; where that meets a limit,
//! the stop is due now. What only follows the sky cannot speed up by itself, and is stopped at the limit.

use std::time::{Duration, Instant};

use super::breach::{Breach, Limit, Subject};
use super::fence::Fence;
use super::pose::Pose;
use super::scene::{Measure, Scene};
use super::settings::Drive;
use super::sighting::{Sighting, State};

/// No look is asked for sooner than this after another.
pub const SHORTEST_LOOK: Duration = Duration::from_millis(100);

/// Seconds until the next look, for what moves, and for what rests or follows the sky.
const LOOKS: [f64; 4] = [1.0, 0.5, 0.25, 0.1];
const RESTING_LOOKS: [f64; 6] = [5.0, 2.0, 1.0, 0.5, 0.25, 0.1];

/// What rests is looked at no more often than this (seconds) for fear that it begins to move: who begins a motion says so.
const RESTING: f64 = 1.0;

/// Sightings that are nearer to each other than this say nothing of a speed.
const SHORTEST_BASE: Duration = Duration::from_millis(20);

/// An axis slower than this (degrees a second) follows the sky, or is guided; mounts tell right ascension in steps of 15",
/// which look like as much.
const SLOW: f64 = 0.05;

/// Who is faster than this (degrees a second) in two looks in a row neither stands nor follows the sky, whatever it says.
const FAST: f64 = 0.3;

/// Nothing turns so many times faster than the fastest axis: it was synced, or passes close by the pole.
const IMPLAUSIBLE: f64 = 2.0;

/// A goal that was let through may come as near a limit as it likes, and sightings are not exact (degrees).
const GOAL_SLACK: f64 = 0.5;

/// What the host knows of the motion under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// Nothing, or a jog: it ends when it is stopped.
    Free,
    /// On the way to a target that [`Fence::goal`] let through: the mount brakes by itself, and may end beside a limit. It is
    /// stopped where it cannot brake any more.
    ToGoal,
}

/// What a look says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outlook {
    /// Nothing can be passed until then.
    Fine {
        /// The next sighting is due within this time after the one before.
        look_again_within: Duration,
    },
    /// A limit would be passed: stop now.
    Ahead(Breach),
}

/// Keeps what the next sighting is compared with. One for each mount.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    last: Option<Seen>,
    /// When a motion began that was not seen yet.
    begun: Option<Instant>,
}

/// The sighting before, and what was made of it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    sighting: Sighting,
    motion: Option<Motion>,
    /// An axis was [`FAST`].
    fast: bool,
    outlook: Outlook,
}

/// How the axes turned between two sightings, over so many seconds.
#[derive(Clone, Copy, Debug)]
struct Motion {
    /// Degrees a second of the first and the second axis.
    speeds: [f64; 2],
    /// The same of the axes as the mount counts them.
    axes: Option<[f64; 2]>,
    seconds: f64,
}

impl Watch {
    /// A motion begins or changes. What stood or tracked did so until now. The next look is due within [`SHORTEST_LOOK`].
    pub fn begun(&mut self, at: Instant) {
        self.begun = Some(at);
    }

    /// What was seen before says nothing of what comes: the mount was synced, or its line was opened anew.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether a jog may begin, as [`Fence::jog`] has it, also where the other axis is under way: the two lead further together.
    /// Ask before [`Watch::begun`].
    ///
    /// # Errors
    /// The limit ahead.
    pub fn jog(
        &self,
        fence: &Fence,
        from: &Sighting,
        label: &str,
        at_ms: f64,
        sun_permitted: bool,
    ) -> Result<(), Breach> {
        fence.jog(from, label, at_ms, sun_permitted)?;
        let Some((first, second)) = fence.towards(label, from.pier) else {
            return Ok(());
        };
        let scene = Scene::new(fence, at_ms, sun_permitted);
        let pose = fence.scene_of(from, at_ms).seen(from);
        let along = second == 0.0;
        let aside = self.reaches(fence, from, usize::from(along)).into_iter();
        let turned = aside.map(|aside| {
            if along {
                (first, aside)
            } else {
                (aside, second)
            }
        });
        let measure = turned
            .into_iter()
            .find_map(|(first, second)| scene.rectangle(pose, first, second));
        measure.map_or(Ok(()), |measure| Err(measure.breach(Subject::Telescope)))
    }

    /// How far an axis may come by what was seen of it, and by what began and was not seen.
    fn reaches(&self, fence: &Fence, from: &Sighting, axis: usize) -> Vec<f64> {
        let mut reaches = Vec::new();
        if self.begun.is_some() {
            reaches.extend([fence.room_to_begin(), -fence.room_to_begin()]);
        }
        if let Some((last, motion)) = self.last.and_then(|last| Some((last, last.motion?)))
            && motion.speeds[axis].abs() >= SLOW
        {
            let since = from.taken.saturating_duration_since(last.sighting.taken);
            let measured = motion.seconds + 2.0 * since.as_secs_f64();
            let look = 2.0 * SHORTEST_LOOK.as_secs_f64();
            let drive = &fence.limits().drive;
            reaches.push(drive.reach(motion.speeds[axis], measured, look));
        }
        reaches
    }

    /// Judges a sighting. `sun_permitted`: who moves the telescope, or did last, may point at the Sun.
    pub fn look(
        &mut self,
        fence: &Fence,
        sighting: &Sighting,
        course: Course,
        sun_permitted: bool,
    ) -> Outlook {
        if let Some(last) = self.last
            && sighting.taken < last.sighting.taken + SHORTEST_BASE
        {
            return last.outlook;
        }
        let scene = Scene::new(fence, sighting.at_ms, sun_permitted);
        let motion = self.motion(fence, sighting, &scene);
        let fast = motion.is_some_and(|motion| motion.speeds.iter().any(|v| v.abs() > FAST));
        let disbelieved = fast && self.last.is_some_and(|last| last.fast);
        let look = Look {
            fence,
            scene,
            sighting,
            pose: scene.seen(sighting),
            motion,
        };
        let outlook = match sighting.state {
            State::Still if !disbelieved => look.resting(RESTING_LOOKS[0]),
            State::Tracking if !disbelieved => {
                look.tracking(self.clock_rate(sighting), sun_permitted)
            }
            _ => match course {
                Course::Free => look.free(),
                Course::ToGoal => look.to_goal(),
            },
        };
        self.begun = None;
        self.last = Some(Seen {
            sighting: *sighting,
            motion,
            fast,
            outlook,
        });
        outlook
    }

    /// How it moved since the last sighting.
    fn motion(&self, fence: &Fence, sighting: &Sighting, scene: &Scene<'_>) -> Option<Motion> {
        let before = self.last?.sighting;
        let rested = matches!(before.state, State::Still | State::Tracking);
        let since = match self.begun {
            Some(begun) if rested => begun.max(before.taken),
            _ => before.taken,
        };
        let passed = sighting.taken.saturating_duration_since(since);
        let seconds = passed.max(SHORTEST_BASE).as_secs_f64();
        // What followed the sky is still there among the stars.
        let pose = if before.state == State::Tracking {
            scene.seen(&before)
        } else {
            Scene::new(fence, before.at_ms, false).seen(&before)
        };
        let now = scene.seen(sighting);
        let (first, second) = now.since(pose);
        let polar = now.place().is_polar() || pose.place().is_polar();
        let first = if polar { 0.0 } else { first };
        let most = IMPLAUSIBLE * fence.limits().drive.fastest;
        let speed = |turned: f64| {
            let speed = turned / seconds;
            if speed.abs() < most { speed } else { 0.0 }
        };
        let axes = before.axes.zip(sighting.axes);
        Some(Motion {
            speeds: [speed(first), speed(second)],
            axes: axes.map(|(before, now)| [speed(now.0 - before.0), speed(now.1 - before.1)]),
            seconds,
        })
    }

    /// Seconds of the wall clock for each that passes: a pretended clock may run faster, and the sky with it.
    fn clock_rate(&self, sighting: &Sighting) -> f64 {
        let rate = self.last.map_or(1.0, |last| {
            let passed = sighting.taken - last.sighting.taken;
            (sighting.at_ms - last.sighting.at_ms) / (passed.as_secs_f64() * 1e3)
        });
        if (0.0..=1_000.0).contains(&rate) {
            rate.max(1.0)
        } else {
            1.0
        }
    }
}

/// One sighting with all that it is judged by.
struct Look<'a> {
    fence: &'a Fence,
    scene: Scene<'a>,
    sighting: &'a Sighting,
    pose: Pose,
    motion: Option<Motion>,
}

impl Look<'_> {
    fn drive(&self) -> &Drive {
        &self.fence.limits().drive
    }

    fn reaction(&self) -> f64 {
        self.drive().reaction.as_secs_f64()
    }

    /// Nothing moves: look again soon enough to see it begin, at most after `longest` seconds.
    fn resting(&self, longest: f64) -> Outlook {
        fine(longest.min(self.before_anything_begins().max(RESTING)))
    }

    /// What follows the sky is at the limit when it is there. Outside it may follow the sky back, but for the Sun.
    fn tracking(&self, rate: f64, sun_permitted: bool) -> Outlook {
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
    fn free(&self) -> Outlook {
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
    fn to_goal(&self) -> Outlook {
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
