//! What is seen while the mount moves or tracks: whether it has to be stopped now, and when to look again.
//!
//! Between two looks a mount that moves may speed up, and a stop takes its time to arrive and to brake. So from each sighting
//! the telescope is taken on as far as it can come before a stop at the *next* look has ended it; where that meets a limit,
//! the stop is due now. What only follows the sky cannot speed up by itself, and is stopped at the limit.

use std::time::{Duration, Instant};

use slewgate_sky::Equatorial;

use super::breach::{Breach, Subject};
use super::fence::Fence;
use super::look::Look;
use super::scene::Scene;
use super::sighting::{Sighting, State};

/// No look is asked for sooner than this after another.
pub const SHORTEST_LOOK: Duration = Duration::from_millis(100);

/// Sightings that are nearer to each other than this say nothing of a speed.
const SHORTEST_BASE: Duration = Duration::from_millis(20);

/// An axis slower than this (degrees a second) follows the sky, or is guided; mounts tell right ascension in steps of 15",
/// which look like as much.
pub(crate) const SLOW: f64 = 0.05;

/// Who is faster than this (degrees a second) in two looks in a row neither stands nor follows the sky, whatever it says.
const FAST: f64 = 0.3;

/// Nothing turns so many times faster than the fastest axis: it was synced, or passes close by the pole.
const IMPLAUSIBLE: f64 = 2.0;

/// What the host knows of the motion under way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Course {
    /// Nothing, or a jog: it ends when it is stopped.
    Free,
    /// On the way to a target (JNow) that [`Fence::goal`] let through, or to a park or home that the mount alone knows: it
    /// brakes by itself, and may end beside a limit. It is stopped where it cannot brake any more. What goes away from its
    /// target is not on its way there, and judged like what is free.
    ToGoal(Option<Equatorial>),
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
    /// An axis was [`FAST`]; and so it was at the look before.
    fast: bool,
    twice: bool,
    outlook: Outlook,
}

/// How the axes turned between two sightings, over so many seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Motion {
    /// Degrees a second of the first and the second axis.
    pub(crate) speeds: [f64; 2],
    /// The same of the axes as the mount counts them.
    pub(crate) axes: Option<[f64; 2]>,
    pub(crate) seconds: f64,
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

    /// Whether the last two looks in a row showed an axis that neither stands nor follows the sky.
    pub fn is_fast(&self) -> bool {
        self.last.is_some_and(|last| last.twice)
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
            State::Still if !disbelieved => look.still(),
            State::Tracking if !disbelieved => {
                look.tracking(self.clock_rate(sighting), sun_permitted)
            }
            _ => match course {
                Course::ToGoal(target) if !target.is_some_and(|target| look.strays(target)) => {
                    look.to_goal()
                }
                Course::Free | Course::ToGoal(_) => look.free(),
            },
        };
        self.begun = None;
        self.last = Some(Seen {
            sighting: *sighting,
            motion,
            fast,
            twice: disbelieved,
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
