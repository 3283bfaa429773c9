//! The limits of the site as one table keeps them: what may begin is held to them, and what is seen is watched.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use slewgate_sky::{Site, Sky};

use crate::action::MotionView;
use crate::halt::Halt;
use crate::limits::{
    Breach, Course, Fence, Limits, Outlook, SHORTEST_LOOK, Sighting, State, Watch,
};
use crate::plan::{Caller, Denied, Kind, Plan};
use crate::safety::Moment;
use crate::sample::Sample;
use crate::sight::{Missed, Sight};

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

/// A limit is ahead: what is to be done.
#[derive(Debug)]
pub(crate) struct Stop {
    /// Which.
    pub(crate) breach: Breach,
    /// The lines are stopped. What does nothing but follow the sky is stopped so once: no line's stop ends that.
    pub(crate) lines: bool,
    /// It is to follow the sky no more.
    pub(crate) tracking: bool,
    /// People are called.
    pub(crate) call: bool,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Boundary {
    site: OfTheSite,
    /// Where the site is not known, or has no limits, how fast the axes turn is seen over this place: it is the same over any.
    anywhere: Fence,
    watch: Watch,
    sight: Sight,
    /// Until when the next look is due, counted from the one before.
    look_within: Option<Duration>,
    /// Who moved the hardware last may point it at the Sun.
    sun_permitted: bool,
    halt: Option<Halt>,
    /// The table has one role only.
    alone: bool,
    /// The roles that turn the telescope, as far as their motions showed it.
    turning: BTreeSet<String>,
}

impl Boundary {
    /// The limits of a table with these roles.
    pub(crate) fn new(site: OfTheSite, roles: &[String]) -> Boundary {
        Boundary {
            alone: roles.len() == 1,
            site,
            anywhere: anywhere(),
            watch: Watch::default(),
            sight: Sight::default(),
            look_within: None,
            sun_permitted: false,
            halt: None,
            turning: BTreeSet::new(),
        }
    }

    /// Whether a motion may begin.
    pub(crate) fn check(
        &self,
        plan: &Plan,
        caller: &Caller,
        Moment { now, at }: Moment,
    ) -> Result<(), Denied> {
        // A focuser and its like point nowhere; a pulse moves by seconds of arc.
        let points_nowhere = plan.target.is_none() && self.sight.points_nowhere();
        if plan.kind == Kind::Pulse || points_nowhere {
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
                let seen = self.sight.clear(now).map_err(|why| {
                    Denied::Limit(format!(
                        "the host cannot see where the telescope points ({why}), so that its limits cannot be kept: try \
                         again once its status is there"
                    ))
                })?;
                // Where it is to point depends on the clock; the way back from a limit, and to the park, does not.
                if plan.target.is_some() {
                    self.check_clock(fence)?;
                }
                self.judge(fence, plan, &seen, caller.sun_permitted, at)
                    .map_err(Denied::Beyond)
            }
        }
    }

    /// A motion begins. `active`: what moved until now.
    pub(crate) fn begun(
        &mut self,
        plan: &Plan,
        caller: &Caller,
        active: &[MotionView],
        now: Instant,
    ) {
        if plan.kind == Kind::Pulse {
            return;
        }
        if plan.target.is_some() || self.anywhere.towards(&plan.label, None).is_some() {
            self.turning.insert(plan.role.clone());
        }
        self.sun_permitted = caller.sun_permitted;
        self.watch.begun(now);
        if self.turns(plan.kind, &plan.role) {
            let moves = self.any_turns(active);
            self.sight.begun(moves, now);
        }
        self.look_within = Some(SHORTEST_LOOK);
        if let Some(halt) = &mut self.halt {
            halt.begun(now);
        }
    }

    /// What was seen of the position tells nothing of what comes.
    pub(crate) fn forget(&mut self) {
        self.watch.forget();
        self.sight.forget();
    }

    /// The hardware is gone, or silent.
    pub(crate) fn lost(&mut self) {
        self.watch.forget();
        self.sight.lost();
        self.halt = None;
    }

    /// Nobody looks any more.
    pub(crate) fn unloaded(&mut self) {
        self.lost();
        self.sight.unloaded();
        self.turning.clear();
    }

    /// The position may jump: the mount is told where it points, or when.
    pub(crate) fn jumps(&mut self) {
        self.watch.forget();
    }

    /// A look failed.
    pub(crate) fn unseen(&mut self, missed: Missed, active: &[MotionView], now: Instant) {
        match missed.refused && self.ends_by_itself(active) {
            true => self.sight.excused(now),
            false => self.sight.failed(missed, now),
        }
    }

    /// A look begins.
    pub(crate) fn looks(&mut self) {
        self.sight.looks();
    }

    /// All that turns the telescope is on its way to a place that the mount alone knows, such as its home.
    fn ends_by_itself(&self, active: &[MotionView]) -> bool {
        let mut turning = active
            .iter()
            .filter(|motion| self.turns(motion.kind, &motion.role))
            .peekable();
        turning.peek().is_some()
            && turning.all(|motion| motion.kind == Kind::Slew && motion.target.is_none())
    }

    /// Looks ahead: the limit for which what moves or tracks is to be stopped now.
    pub(crate) fn look(
        &mut self,
        sample: &Sample,
        active: &[MotionView],
        now: Instant,
    ) -> Option<Stop> {
        self.sight.sighted(sample);
        let Some(sighting) = sample.sighting() else {
            self.look_within = None;
            return None;
        };
        let course = self.course(active);
        let OfTheSite::Fence(fence) = &self.site else {
            self.look_within = None;
            self.watch
                .look(&self.anywhere, &sighting, Course::Free, true);
            return None;
        };
        match self
            .watch
            .look(fence, &sighting, course, self.sun_permitted)
        {
            Outlook::Fine { look_again_within } => {
                self.look_within = Some(look_again_within);
                let rests = self.seems(sample, &[State::Still, State::Tracking]);
                self.halt.take_if(|halt| halt.is_over(rests, now));
                None
            }
            Outlook::Ahead(breach) => {
                self.look_within = Some(SHORTEST_LOOK);
                self.stop(breach, sample, active, now)
            }
        }
    }

    /// Why what moves or tracks is to be stopped because nobody sees where it points. It is said once.
    pub(crate) fn look_out(&mut self, active: &[MotionView], now: Instant) -> Option<String> {
        if self
            .unseen_deadline(active)
            .is_none_or(|deadline| now < deadline)
        {
            return None;
        }
        let why = self.sight.why();
        self.sight.lost();
        self.watch.forget();
        Some(why)
    }

    /// When what moves or tracks has gone unseen for too long.
    pub(crate) fn unseen_deadline(&self, active: &[MotionView]) -> Option<Instant> {
        let OfTheSite::Fence(_) = &self.site else {
            return None;
        };
        self.sight.deadline(self.any_turns(active))
    }

    /// Whether the newest look failed.
    pub(crate) fn is_blind(&self) -> bool {
        self.sight.is_blind()
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
        seen: &Sighting,
        sun_permitted: bool,
        at: f64,
    ) -> Result<(), Breach> {
        match (plan.kind, plan.target) {
            (_, Some(target)) => fence.goal(Some(seen), target, at, sun_permitted),
            (Kind::Jog, None) => self.watch.jog(fence, seen, &plan.label, at, sun_permitted),
            (Kind::Slew | Kind::Pulse, None) => Ok(()),
        }
    }

    /// A mount brakes by itself before a target, its park or its home; where those are it alone knows. What may be a focuser's
    /// slew says nothing of the mount.
    fn course(&self, active: &[MotionView]) -> Course {
        let turns = |role: &String| self.alone || self.turning.contains(role);
        let slew = active
            .iter()
            .find(|motion| motion.kind == Kind::Slew && turns(&motion.role));
        slew.map_or(Course::Free, |slew| Course::ToGoal(slew.target))
    }

    /// Whether a motion turns the telescope. Where none showed that it does yet, any may.
    fn turns(&self, kind: Kind, role: &str) -> bool {
        kind != Kind::Pulse && (self.turning.is_empty() || self.turning.contains(role))
    }

    fn any_turns(&self, active: &[MotionView]) -> bool {
        active
            .iter()
            .any(|motion| self.turns(motion.kind, &motion.role))
    }

    /// Whether it is what it says to be: what is seen to be fast is not.
    fn seems(&self, sample: &Sample, states: &[State]) -> bool {
        states.contains(&sample.state) && !self.watch.is_fast()
    }

    fn stop(
        &mut self,
        breach: Breach,
        sample: &Sample,
        active: &[MotionView],
        now: Instant,
    ) -> Option<Stop> {
        let tracks = self.seems(sample, &[State::Tracking]);
        let led = self.any_turns(active);
        let first = self.halt.is_none();
        let halt = self.halt.get_or_insert_with(|| Halt::new(now));
        // Who leads it back is not hit for what it does by itself meanwhile.
        let hits = !(tracks && led && halt.is_led_back());
        if !halt.ahead(hits, now) {
            return None;
        }
        let tracking = tracks || active.is_empty();
        Some(Stop {
            breach,
            lines: first || !tracks,
            tracking,
            call: tracking && halt.calls(),
        })
    }

    /// A mount that has another time or place in mind turns elsewhere than it is sent.
    fn check_clock(&self, fence: &Fence) -> Result<(), Denied> {
        let Some((sample, told)) = self
            .sight
            .newest()
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
