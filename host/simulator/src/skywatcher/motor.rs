//! One of the two motors with its controller: what it was told, and the axis that it turns.

use super::model::Gear;
use crate::axis::Axis;
use crate::fault::{ActiveFault, AxisKind};
use crate::mount::{Drive, SIDEREAL, Troubles};

/// See the module. The axis is in degrees from where it was switched on.
#[derive(Clone, Debug)]
pub(super) struct Motor {
    drive: Drive,
    gear: Gear,
    axis: Axis,
    troubles: Troubles,
    /// Steps that it counts more than it turned since it was switched on.
    index: f64,
    pub(super) initialised: bool,
    mode: Mode,
    /// Ticks from step to step.
    pub(super) period: u32,
    /// Where a goto leads, in steps.
    pub(super) target: u32,
}

/// What it does when it is started.
#[derive(Clone, Copy, Debug)]
struct Mode {
    /// Turns at a speed; else goes to the target.
    speed: bool,
    fast: bool,
    back: bool,
}

/// Where it counts from.
pub(super) const ZERO: u32 = 0x80_0000;
/// What 24 bits hold.
const MOST: i64 = 0xff_ffff;

/// Ticks that it needs from step to step.
const SHORTEST: u32 = 6;

/// Degrees a second that it turns at most, and of a goto that is not fast.
const FASTEST: f64 = 800.0 * SIDEREAL;
const SLOW_GOTO: f64 = 64.0 * SIDEREAL;

impl Motor {
    /// Switched on, and told nothing yet.
    pub(super) fn new(drive: Drive, gear: Gear) -> Self {
        Self {
            drive,
            gear,
            axis: Axis::at(0.0),
            troubles: Troubles::default(),
            index: 0.0,
            initialised: false,
            mode: Mode {
                speed: true,
                fast: false,
                back: false,
            },
            period: 0,
            target: ZERO,
        }
    }

    /// Degrees that the axis truly turned since it was switched on.
    pub(super) fn degrees(&self) -> f64 {
        self.axis.position()
    }

    /// What it counts, `off` degrees beside what is so.
    pub(super) fn position(&self, off: f64) -> u32 {
        let steps = (self.degrees() + off) / 360.0 * f64::from(self.gear.steps);
        // A cast of a float saturates.
        let counted = (f64::from(ZERO) + self.index + steps).round() as i64;
        u32::try_from(counted.clamp(0, MOST)).unwrap_or_default()
    }

    /// From now on it counts from here.
    pub(super) fn set_position(&mut self, position: u32) {
        self.index += f64::from(position) - f64::from(self.position(0.0));
    }

    /// Whether it turns, or was told to and cannot.
    pub(super) fn runs(&self) -> bool {
        self.axis.moving()
    }

    /// Whether it turns.
    pub(super) fn turns(&self) -> bool {
        self.axis.turning()
    }

    /// Whether it is on its way to a place.
    pub(super) fn goes(&self) -> bool {
        self.runs() && !self.mode.speed
    }

    /// Whether it turns slowly, at a speed.
    pub(super) fn tracks(&self) -> bool {
        self.turns() && self.mode.speed && !self.mode.fast
    }

    /// Ticks from step to step of the stars' speed.
    pub(super) fn sidereal_period(&self) -> u32 {
        let steps = SIDEREAL / 360.0 * f64::from(self.gear.steps);
        // A cast of a float saturates.
        (f64::from(self.gear.timer) / steps).round() as u32
    }

    /// The sign of the way round that it turns at a speed.
    pub(super) fn way(&self) -> f64 {
        self.axis.way()
    }

    /// The three digits of `:f`.
    pub(super) fn status(&self) -> String {
        let Mode { speed, fast, back } = self.mode;
        let what = u8::from(speed) | u8::from(back) << 1 | u8::from(fast) << 2;
        let how = u8::from(self.runs()) | u8::from(self.runs() && !self.turns()) << 1;
        format!("{what:X}{how:X}{:X}", u8::from(self.initialised))
    }

    /// `:G`: 0 fast goto, 1 slow speed, 2 slow goto, 3 fast speed; forward or back. False: there is none such.
    pub(super) fn set_mode(&mut self, mode: char, way: char) -> bool {
        let (speed, fast) = match mode {
            '0' => (false, true),
            '1' => (true, false),
            '2' => (false, false),
            '3' => (true, true),
            _ => return false,
        };
        let Some(way) = way.to_digit(16) else {
            return false;
        };
        let back = way & 1 != 0;
        self.mode = Mode { speed, fast, back };
        self.target = self.position(0.0);
        true
    }

    /// `:H`: the target is so many steps ahead.
    pub(super) fn set_increment(&mut self, steps: u32) {
        let here = i64::from(self.position(0.0));
        let there = if self.mode.back {
            here - i64::from(steps)
        } else {
            here + i64::from(steps)
        };
        self.target = u32::try_from(there.clamp(0, MOST)).unwrap_or_default();
    }

    /// `:I`: also while it turns at a speed.
    pub(super) fn set_period(&mut self, period: u32) {
        self.period = period;
        if self.mode.speed && self.axis.way() != 0.0 {
            self.axis.run(self.speed());
        }
    }

    pub(super) fn start(&mut self) {
        self.troubles.note_order(self.drive);
        if self.mode.speed {
            self.axis.run(self.speed());
            return;
        }
        let steps = f64::from(self.target) - f64::from(ZERO) - self.index;
        let degrees = steps * 360.0 / f64::from(self.gear.steps);
        let top = if self.mode.fast { FASTEST } else { SLOW_GOTO };
        self.axis.go_to_at(degrees, top);
    }

    /// Slows down to rest, as far as it obeys.
    pub(super) fn slow_down(&mut self) {
        if self.obeys() {
            self.axis.run(0.0);
        }
    }

    /// Rests at once, as far as it obeys.
    pub(super) fn halt(&mut self) {
        if self.obeys() {
            self.axis.halt();
        }
    }

    fn obeys(&mut self) -> bool {
        let obeys = self.troubles.obeys_stop(self.drive);
        if obeys {
            self.weigh();
        }
        obeys
    }

    /// Degrees a second at the period that it has.
    fn speed(&self) -> f64 {
        let at_once = if self.mode.fast { self.gear.ratio } else { 1 };
        let ticks = f64::from(self.period.max(SHORTEST));
        let steps = f64::from(self.gear.timer) * f64::from(at_once) / ticks;
        let rate = (steps * 360.0 / f64::from(self.gear.steps)).min(FASTEST);
        if self.mode.back { -rate } else { rate }
    }

    pub(super) fn suffer(&mut self, kind: AxisKind, lasts: Option<f64>, fault: ActiveFault) {
        self.troubles.add(kind, lasts, fault);
        self.weigh();
    }

    /// Returns how many troubles that ended.
    pub(super) fn cure(&mut self) -> usize {
        let ended = self.troubles.clear();
        self.weigh();
        ended
    }

    pub(super) fn faults(&self) -> Vec<ActiveFault> {
        self.troubles.faults()
    }

    fn weigh(&mut self) {
        self.axis.suffer(self.troubles.defect(self.drive));
    }

    /// Lets seconds pass, from the end of one trouble to that of the next. A goto that ends by itself leaves it as at a speed.
    pub(super) fn advance(&mut self, mut seconds: f64) {
        while let Some(until) = self.troubles.next_end().filter(|until| *until <= seconds) {
            self.turn(until);
            seconds -= until;
            self.weigh();
        }
        self.turn(seconds);
    }

    fn turn(&mut self, seconds: f64) {
        let went = self.goes() && !self.axis.is_told_to_rest();
        self.axis.advance(seconds);
        if went && !self.runs() {
            self.mode = Mode {
                speed: true,
                fast: false,
                back: self.mode.back,
            };
        }
        self.troubles.pass(seconds);
    }
}
