//! A mount of two axes and the host that watches it: the worst of both that the settings allow.

use std::time::{Duration, Instant};

use slewgate_safety::limits::{Course, Drive, Fence, Outlook, Sighting, State, Watch};
use slewgate_sky::Site;

use crate::places::{NIGHT, at};

/// How finely time passes, seconds.
const TICK: f64 = 0.005;

/// An axis of hour angle or declination.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    pub(crate) position: f64,
    pub(crate) velocity: f64,
    pub(crate) wanted: f64,
}

/// What the mount is really like; no worse than what the watch was told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traits {
    pub(crate) acceleration: f64,
    pub(crate) braking: f64,
}

impl Axis {
    pub(crate) fn at(position: f64) -> Self {
        Self {
            position,
            velocity: 0.0,
            wanted: 0.0,
        }
    }

    fn pass(&mut self, traits: Traits) {
        let before = self.velocity;
        let brakes = before * self.wanted < 0.0 || before.abs() > self.wanted.abs();
        let (goal, rate) = if brakes {
            let through = before * self.wanted < 0.0;
            (if through { 0.0 } else { self.wanted }, traits.braking)
        } else {
            (self.wanted, traits.acceleration)
        };
        let change = goal - before;
        self.velocity += change.abs().min(rate * TICK).copysign(change);
        self.position += (before + self.velocity) / 2.0 * TICK;
    }
}

/// One run of time.
pub(crate) struct Scene {
    pub(crate) fence: Fence,
    pub(crate) site: Site,
    pub(crate) axes: [Axis; 2],
    pub(crate) traits: Traits,
    pub(crate) course: Course,
    pub(crate) watch: Watch,
    /// A stop was decided on: what and when.
    pub(crate) stopped: Option<(f64, Outlook)>,
    begun_ms: f64,
    started: Instant,
    now: f64,
    next_look: f64,
    stop_arrives: Option<f64>,
}

impl Scene {
    /// Standing at an hour angle and a declination.
    pub(crate) fn at(fence: Fence, site: Site, place: (f64, f64), traits: Traits) -> Self {
        Self::begun(NIGHT, fence, site, place, traits)
    }

    /// The same from an instant on.
    pub(crate) fn begun(
        begun_ms: f64,
        fence: Fence,
        site: Site,
        place: (f64, f64),
        traits: Traits,
    ) -> Self {
        let mut scene = Self {
            fence,
            site,
            axes: [Axis::at(place.0), Axis::at(place.1)],
            traits,
            course: Course::Free,
            watch: Watch::default(),
            stopped: None,
            begun_ms,
            started: Instant::now(),
            now: 0.0,
            next_look: 0.0,
            stop_arrives: None,
        };
        scene.look();
        scene
    }

    /// The seconds that passed.
    pub(crate) fn now(&self) -> f64 {
        self.now
    }

    fn at_ms(&self) -> f64 {
        self.begun_ms + self.now * 1e3
    }

    pub(crate) fn sighting(&self) -> Sighting {
        let moves = self
            .axes
            .iter()
            .any(|axis| axis.velocity != 0.0 || axis.wanted != 0.0);
        let at_ms = self.at_ms();
        Sighting {
            position: at(
                self.axes[0].position,
                self.axes[1].position,
                self.site,
                at_ms,
            ),
            axes: None,
            pier: None,
            state: if moves { State::Moving } else { State::Still },
            taken: self.started + Duration::from_secs_f64(self.now),
            at_ms,
        }
    }

    /// A jog is asked for. Whether it began.
    pub(crate) fn jog(&mut self, label: &str, rate: f64) -> bool {
        if self.stopped.is_some()
            || self
                .watch
                .jog(&self.fence, &self.sighting(), label, self.at_ms(), false)
                .is_err()
        {
            return false;
        }
        let (axis, sign) = match label {
            "north" => (1, 1.0),
            "south" => (1, -1.0),
            "west" => (0, 1.0),
            _ => (0, -1.0),
        };
        self.axes[axis].wanted = sign * rate;
        self.tell();
        true
    }

    pub(crate) fn let_go(&mut self, axis: usize) {
        self.axes[axis].wanted = 0.0;
        self.tell();
    }

    fn tell(&mut self) {
        self.watch
            .begun(self.started + Duration::from_secs_f64(self.now));
        self.next_look = self.next_look.min(self.now + 0.1);
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, seconds: f64, mut see: impl FnMut(&Scene)) {
        let until = self.now + seconds;
        while self.now < until {
            self.now += TICK;
            self.axes.iter_mut().for_each(|axis| axis.pass(self.traits));
            if self.stop_arrives.is_some_and(|arrives| self.now >= arrives) {
                self.stop_arrives = None;
                self.axes.iter_mut().for_each(|axis| axis.wanted = 0.0);
            }
            if self.now >= self.next_look - TICK / 2.0 {
                self.look();
            }
            see(self);
        }
    }

    fn look(&mut self) {
        let sighting = self.sighting();
        match self.watch.look(&self.fence, &sighting, self.course, false) {
            Outlook::Fine { look_again_within } => {
                self.next_look = self.now + look_again_within.as_secs_f64();
            }
            ahead @ Outlook::Ahead(_) => {
                self.next_look = self.now + 0.1;
                if self.stopped.is_none() {
                    self.stopped = Some((self.now, ahead));
                    let Drive { reaction, .. } = self.fence.limits().drive;
                    self.stop_arrives = Some(self.now + reaction.as_secs_f64());
                }
            }
        }
    }
}
