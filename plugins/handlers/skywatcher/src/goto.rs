//! To a position of the sky, and after it. The motors know angles alone: the telescope is sent a little ahead of the sky, waits there
//! until the sky has come after, and follows.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{Begun, Goto, PierSide, Tracking};
use slewgate_sdk::{Equatorial, Failure, Host, Plan, Progress, json};

use crate::Note;
use crate::geometry::{Axes, TooSoon, half_turn};
use crate::motor::SIDEREAL;
use crate::mount::Placed;
use crate::settings::Settings;
use crate::track;
use crate::way::{self, AT_MOST, LOOK_EVERY, Stage, Way};

/// A slew on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Slew {
    /// In JNow.
    ra: f64,
    dec: f64,
    side: PierSide,
    /// None: it waits for the sky at the angle of the first axis that it has.
    way: Option<Way>,
    first: f64,
    /// How often it was late.
    late: u8,
}

/// Degrees a second that a mount is thought to turn at least, and the seconds that it speeds up, brakes and is looked at.
const RATE: f64 = 3.0;
const BESIDES: f64 = 4.0;

/// Seconds that it may be behind the sky, which is 8 seconds of arc, and before it.
const LATE: f64 = 0.5;
const EARLY: f64 = 10.0;
/// Seconds that need no waiting.
const NOW: f64 = 0.1;

const LATE_LOOKS: u8 = 4;

pub(crate) fn goto(host: &dyn Host, settings: Settings, params: &Goto) -> Result<String, Failure> {
    let meant = params.target()?;
    let placed = Placed::awake(host, settings)?;
    let target = meant.jnow(host, Some(placed.site))?;
    let from = placed.mount.axes()?;
    let place = placed.place(target);
    let side = placed.german.side(from);
    let chosen = placed.german.choose(place, side).map_err(too_soon)?;
    let side = placed
        .german
        .side(chosen)
        .or(side)
        .unwrap_or(PierSide::East);
    let slew = Slew::towards(&placed, target, side, from, chosen);
    let placed = placed.held()?;
    let motion = host.begin(&slew.plan()?)?;
    if placed.mount.follows().is_none() {
        placed.mount.keep_follows(Tracking::Sidereal)?;
    }
    slew.set_out(&placed)?;
    json(&Begun { motion })
}

fn too_soon(TooSoon { left }: TooSoon) -> Failure {
    let minutes = (left.max(0.0) * 4.0).ceil();
    Failure::Refused(format!(
        "in {minutes} minutes the target passes the meridian, where the telescope has to change sides and is not followed on: \
         go there afterwards"
    ))
}

impl Slew {
    /// By what is thought to be where the sky is when the mount is there. `to`: the angles that the target has now.
    fn towards(placed: &Placed, target: Equatorial, side: PierSide, from: Axes, to: Axes) -> Self {
        let legs = placed.german.way(from, to);
        let starts = [from].into_iter().chain(legs.iter().copied());
        let seconds: f64 = starts.zip(&legs).map(|(from, to)| seconds(from, *to)).sum();
        let ahead = Axes {
            first: to.first + placed.german.sense() * seconds * SIDEREAL,
            ..to
        };
        Self {
            ra: target.ra,
            dec: target.dec,
            side,
            way: Some(Way::to(placed, from, ahead)),
            first: ahead.first,
            late: 0,
        }
    }

    fn plan(&self) -> Result<Plan, Failure> {
        let note = Note::Goto(self.clone());
        Ok(Plan {
            target: Some(self.target()),
            ..way::plan("goto", AT_MOST, &note)?
        })
    }

    fn target(&self) -> Equatorial {
        Equatorial {
            ra: self.ra,
            dec: self.dec,
        }
    }

    fn set_out(&self, placed: &Placed) -> Result<(), Failure> {
        self.way.iter().try_for_each(|way| way.set_out(placed))
    }

    pub(crate) fn look(self, host: &dyn Host, settings: Settings) -> Result<Progress, Failure> {
        let placed = Placed::open(host, settings)?.held()?;
        match self.way.clone() {
            None => self.wait(&placed),
            Some(way) => match way.look(&placed)? {
                Stage::Going(way) => self.again(Some(way)),
                Stage::Failed(why) => Ok(Progress::Failed(why)),
                Stage::There => self.wait(&placed),
            },
        }
    }

    /// Until the sky is where the telescope points.
    fn wait(self, placed: &Placed) -> Result<Progress, Failure> {
        let now = placed.german.axes(placed.place(self.target()), self.side);
        let ahead = half_turn(self.first - now.first) * placed.german.sense() / SIDEREAL;
        if self.late < LATE_LOOKS && !(-LATE..=EARLY).contains(&ahead) {
            return self.anew(placed, now);
        }
        if ahead > NOW && ahead <= EARLY {
            // At most 10,000.
            let millis = (ahead * 1000.0) as u32;
            return way::again(&Note::Goto(Self { way: None, ..self }), millis);
        }
        track::follow(placed, placed.mount.follows().unwrap_or(Tracking::Sidereal))?;
        Ok(Progress::Done)
    }

    /// It took longer than was thought, or not as long.
    fn anew(self, placed: &Placed, to: Axes) -> Result<Progress, Failure> {
        let from = placed.mount.axes()?;
        let to = Axes {
            first: from.first + half_turn(to.first - from.first),
            ..to
        };
        let slew = Self {
            late: self.late + 1,
            ..Self::towards(placed, self.target(), self.side, from, to)
        };
        slew.set_out(placed)?;
        way::again(&Note::Goto(slew), LOOK_EVERY)
    }

    fn again(self, way: Option<Way>) -> Result<Progress, Failure> {
        way::again(&Note::Goto(Self { way, ..self }), LOOK_EVERY)
    }
}

/// That the axes take.
fn seconds(from: Axes, to: Axes) -> f64 {
    let first = (to.first - from.first).abs();
    let second = (to.second - from.second).abs();
    first.max(second) / RATE + BESIDES
}
