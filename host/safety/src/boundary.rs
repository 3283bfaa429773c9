//! The limits of the site as one table keeps them: what may begin is held to them, and what is seen is watched.

use std::time::{Duration, Instant};

use slewgate_sky::{Site, Sky};

use crate::action::MotionView;
use crate::limits::{Breach, Course, Fence, Limits, Outlook, SHORTEST_LOOK, Sighting, Watch};
use crate::plan::{Caller, Denied, Kind, Plan};
use crate::sample::Sample;

/// What is known of the site of a table's hardware.
#[derive(Clone, Debug)]
pub enum OfTheSite {
    /// Its limits.
    Fence(Box<Fence>),
    /// Nobody said where it stands: nothing that points at the sky is moved.
    Unknown,
    /// The configuration says that there are none.
    Off,
}

/// After a stop for a limit the telescope is given so long to obey before the next.
const OBEYS_WITHIN: Duration = Duration::from_secs(3);

/// See the module.
#[derive(Debug)]
pub(crate) struct Boundary {
    site: OfTheSite,
    /// Where the site is not known, or has no limits, how fast the axes turn is seen over this place: it is the same over any.
    anywhere: Fence,
    watch: Watch,
    newest: Option<Sample>,
    /// Until when the next look is due, counted from the one before.
    look_within: Option<Duration>,
    /// Who moved the hardware last may point it at the Sun.
    sun_permitted: bool,
    stopped: Option<Instant>,
}

impl Boundary {
    pub(crate) fn new(site: OfTheSite) -> Boundary {
        Boundary {
            site,
            anywhere: anywhere(),
            watch: Watch::default(),
            newest: None,
            look_within: None,
            sun_permitted: false,
            stopped: None,
        }
    }

    /// Whether a motion may begin.
    pub(crate) fn check(&self, plan: &Plan, caller: &Caller, at: f64) -> Result<(), Denied> {
        let seen = self.newest.as_ref().and_then(Sample::sighting);
        // A focuser and its like point nowhere; a pulse moves by seconds of arc.
        if plan.kind == Kind::Pulse || (seen.is_none() && plan.target.is_none()) {
            return Ok(());
        }
        match &self.site {
            OfTheSite::Off => Ok(()),
            OfTheSite::Unknown => Err(Denied::Limit(
                "nobody said where the telescope stands, so that its limits cannot be kept: set [site] in the \
                 configuration, or limits = \"off\" for this plugin"
                    .to_owned(),
            )),
            OfTheSite::Fence(fence) => {
                // Where it is to point depends on the clock; the way back from a limit, and to the park, does not.
                if plan.target.is_some() {
                    self.check_clock(fence)?;
                }
                self.judge(fence, plan, seen.as_ref(), caller.sun_permitted, at)
                    .map_err(Denied::Beyond)
            }
        }
    }

    /// A motion begins.
    pub(crate) fn begun(&mut self, plan: &Plan, caller: &Caller, now: Instant) {
        if plan.kind != Kind::Pulse {
            self.sun_permitted = caller.sun_permitted;
            self.watch.begun(now);
            self.look_within = Some(SHORTEST_LOOK);
            self.stopped = None;
        }
    }

    /// What was seen of the position tells nothing of what comes.
    pub(crate) fn forget(&mut self) {
        self.watch.forget();
        self.newest = None;
        self.stopped = None;
    }

    /// The position may jump: the mount is told where it points, or when.
    pub(crate) fn jumps(&mut self) {
        self.watch.forget();
    }

    /// Looks ahead: the limit for which what moves or tracks is to be stopped now.
    pub(crate) fn look(
        &mut self,
        sample: &Sample,
        active: &[MotionView],
        now: Instant,
    ) -> Option<Breach> {
        self.newest = Some(sample.clone());
        let Some(sighting) = sample.sighting() else {
            self.look_within = None;
            return None;
        };
        let OfTheSite::Fence(fence) = &self.site else {
            self.look_within = None;
            self.watch
                .look(&self.anywhere, &sighting, Course::Free, true);
            return None;
        };
        // A mount brakes by itself before a target, its park or its home; where those are it alone knows.
        let slew = active.iter().find(|motion| motion.kind == Kind::Slew);
        let course = slew.map_or(Course::Free, |slew| Course::ToGoal(slew.target));
        match self
            .watch
            .look(fence, &sighting, course, self.sun_permitted)
        {
            Outlook::Fine { look_again_within } => {
                self.look_within = Some(look_again_within);
                None
            }
            Outlook::Ahead(breach) => {
                self.look_within = Some(SHORTEST_LOOK);
                let obeying = |stopped: Instant| now < stopped + OBEYS_WITHIN;
                if self.stopped.is_some_and(obeying) {
                    return None;
                }
                self.stopped = Some(now);
                Some(breach)
            }
        }
    }

    /// Whether it was seen twice in a row to be faster than anything that follows the sky.
    pub(crate) fn is_fast(&self) -> bool {
        self.watch.is_fast()
    }

    /// How soon the telescope is to be looked at after it was; none: whenever.
    pub(crate) fn look_within(&self) -> Option<Duration> {
        self.look_within
    }

    fn judge(
        &self,
        fence: &Fence,
        plan: &Plan,
        seen: Option<&Sighting>,
        sun_permitted: bool,
        at: f64,
    ) -> Result<(), Breach> {
        match (plan.kind, plan.target, seen) {
            (_, Some(target), seen) => fence.goal(seen, target, at, sun_permitted),
            (Kind::Jog, None, Some(seen)) => {
                self.watch.jog(fence, seen, &plan.label, at, sun_permitted)
            }
            _ => Ok(()),
        }
    }

    /// A mount that has another time or place in mind turns elsewhere than it is sent.
    fn check_clock(&self, fence: &Fence) -> Result<(), Denied> {
        let Some((sample, told)) = self
            .newest
            .as_ref()
            .and_then(|s| Some((s, s.sidereal_time?)))
        else {
            return Ok(());
        };
        let Some(seconds) = fence.clock_is_off(told, sample.at) else {
            return Ok(());
        };
        let ours = (told - seconds / 3600.0).rem_euclid(24.0);
        Err(Denied::Limit(format!(
            "the mount takes the sidereal time for {}, and it is {}: set its clock and its site (set_time and set_site, or \
             set_clock = true for this plugin)",
            clock(told),
            clock(ours)
        )))
    }
}

/// A fence of which nothing but the speed of the axes is asked.
fn anywhere() -> Fence {
    let place = Site {
        latitude: 0.0,
        longitude: 0.0,
        elevation: 0.0,
    };
    Fence::new(Limits::default(), Sky::new(0.0), place)
}

/// Hours as `18h 36m 56s`.
fn clock(hours: f64) -> String {
    let seconds = (hours * 3600.0).round();
    let (minutes, seconds) = ((seconds / 60.0).floor(), seconds % 60.0);
    let hours = (minutes / 60.0).floor() % 24.0;
    format!("{hours:02.0}h {:02.0}m {seconds:02.0}s", minutes % 60.0)
}
