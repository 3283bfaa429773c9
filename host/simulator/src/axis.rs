//! One driven axis: it speeds up and slows down at a constant acceleration.

/// What an axis was told to do.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    /// Reach this velocity and keep it (degrees a second). 0: stop and stand.
    Rate(f64),
    /// Come to rest at this position (degrees) as fast as the axis can.
    Position(f64),
}

/// What keeps an axis from its order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Defect {
    /// It does not turn.
    Stuck,
    /// It turns at this velocity (degrees a second).
    Driven(f64),
}

/// Position in degrees, without bounds or wrap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    position: f64,
    /// Of the drive, degrees a second; what carries the axis along besides is not in it.
    velocity: f64,
    order: Order,
    /// Degrees a second of the way to a position.
    top: f64,
    /// Seconds until an ordered velocity ends by itself; None: it lasts.
    lasts: Option<f64>,
    /// None: it follows its order.
    defect: Option<Defect>,
}

/// Degrees a second: how fast a slew goes. A Classic's manual says 4 to 8, by its size.
pub(crate) const SLEW_RATE: f64 = 6.0;

/// Degrees a second in each second: a slew stops within 0.75 s.
const ACCELERATION: f64 = 8.0;

/// Closer than this an axis has arrived (degrees).
const ARRIVED: f64 = 1e-9;

/// Speeding up, the way at full rate and braking, and before them braking from the wrong direction: a plan has no more
/// phases, and what rounding leaves is one more.
const PHASES: usize = 6;

impl Axis {
    /// Standing at a position.
    pub(crate) fn at(position: f64) -> Self {
        Self {
            position,
            velocity: 0.0,
            order: Order::Rate(0.0),
            top: SLEW_RATE,
            lasts: None,
            defect: None,
        }
    }

    /// From now on it is kept from its order by this, or by nothing. The order stays.
    pub(crate) fn suffer(&mut self, defect: Option<Defect>) {
        self.defect = defect;
        if defect == Some(Defect::Stuck) {
            self.velocity = 0.0;
        }
    }

    pub(crate) fn position(&self) -> f64 {
        self.position
    }

    /// Whether the drive turns, or is about to, or was told to and cannot.
    pub(crate) fn moving(&self) -> bool {
        self.velocity != 0.0 || self.order != Order::Rate(0.0) || self.driven()
    }

    /// Whether the drive turns, or is about to.
    pub(crate) fn turning(&self) -> bool {
        self.moving() && self.defect != Some(Defect::Stuck)
    }

    /// Whether it was told to stand, be it that it still slows down.
    pub(crate) fn is_told_to_rest(&self) -> bool {
        self.order == Order::Rate(0.0)
    }

    /// The sign of the way that it turns, or was told to; 0 while it stands or is on the way to a position.
    pub(crate) fn way(&self) -> f64 {
        match (self.defect, self.order) {
            (Some(Defect::Driven(rate)), _) | (_, Order::Rate(rate)) if rate != 0.0 => {
                rate.signum()
            }
            _ => 0.0,
        }
    }

    /// Degrees still to go to the ordered position.
    pub(crate) fn distance(&self) -> f64 {
        match self.order {
            Order::Position(target) => (target - self.position).abs(),
            Order::Rate(_) => 0.0,
        }
    }

    /// Whether it runs for a while that was ordered.
    pub(crate) fn pulsing(&self) -> bool {
        self.lasts.is_some()
    }

    pub(crate) fn run(&mut self, rate: f64) {
        self.order = Order::Rate(rate);
        self.lasts = None;
    }

    /// Runs for so many seconds: braking takes it as far as speeding up kept it back, so it comes `rate` times as far.
    pub(crate) fn run_for(&mut self, rate: f64, seconds: f64) {
        self.order = Order::Rate(rate);
        self.lasts = Some(seconds);
    }

    pub(crate) fn go_to(&mut self, position: f64) {
        self.go_to_at(position, SLEW_RATE);
    }

    /// No faster than so many degrees a second.
    pub(crate) fn go_to_at(&mut self, position: f64, top: f64) {
        self.order = Order::Position(position);
        self.top = top;
        self.lasts = None;
    }

    /// Stands at once, without slowing down.
    pub(crate) fn halt(&mut self) {
        self.rest_at(self.position);
    }

    /// Moves the axis and where it is going by as much, as tracking does.
    pub(crate) fn carry(&mut self, degrees: f64) {
        if self.defect.is_none() {
            self.position += degrees;
        }
        if let Order::Position(target) = &mut self.order {
            *target += degrees;
        }
    }

    /// Holds the axis between two ends; at an end it stands.
    pub(crate) fn confine(&mut self, lowest: f64, highest: f64) {
        if !(lowest..=highest).contains(&self.position) {
            self.rest_at(self.position.clamp(lowest, highest));
        }
    }

    /// Lets seconds pass. Returns those that were left when it stood at the ordered position or velocity.
    pub(crate) fn advance(&mut self, seconds: f64) -> f64 {
        match self.lasts {
            Some(lasts) if seconds < lasts => {
                self.lasts = Some(lasts - seconds);
                self.follow(seconds)
            }
            Some(lasts) => {
                self.follow(lasts);
                self.run(0.0);
                self.follow(seconds - lasts)
            }
            None => self.follow(seconds),
        }
    }

    fn rest_at(&mut self, position: f64) {
        *self = Self {
            defect: self.defect,
            ..Self::at(position)
        };
    }

    fn driven(&self) -> bool {
        matches!(self.defect, Some(Defect::Driven(_)))
    }

    /// Lets seconds pass under one order, as far as it is followed.
    fn follow(&mut self, seconds: f64) -> f64 {
        match self.defect {
            Some(Defect::Driven(rate)) => self.approach(rate, seconds),
            Some(Defect::Stuck) if self.moving() => 0.0,
            Some(Defect::Stuck) => seconds,
            None => self.obey(seconds),
        }
    }

    fn obey(&mut self, seconds: f64) -> f64 {
        let mut left = seconds;
        for _ in 0..PHASES {
            match self.order {
                Order::Rate(rate) => return self.approach(rate, left),
                Order::Position(target) => left = self.phase(target, left),
            }
            if left <= 0.0 {
                return 0.0;
            }
        }
        left
    }

    /// Changes to a velocity, then keeps it. Returns the seconds left at a standstill.
    fn approach(&mut self, rate: f64, seconds: f64) -> f64 {
        let left = self.accelerate(rate, seconds);
        self.position += self.velocity * left;
        if rate == 0.0 { left } else { 0.0 }
    }

    /// Changes to a velocity. Returns the seconds left when it is reached.
    fn accelerate(&mut self, rate: f64, seconds: f64) -> f64 {
        let needed = (rate - self.velocity).abs() / ACCELERATION;
        let before = self.velocity;
        let passed = needed.min(seconds);
        self.velocity = if seconds < needed {
            before + ACCELERATION.copysign(rate - before) * passed
        } else {
            rate
        };
        self.position += (before + self.velocity) / 2.0 * passed;
        seconds - passed
    }

    /// The next phase of the way to a position. Returns the seconds left after it.
    fn phase(&mut self, target: f64, seconds: f64) -> f64 {
        let distance = target - self.position;
        if distance.abs() < ARRIVED && self.velocity.abs() < ARRIVED {
            self.rest_at(target);
            return seconds;
        }
        // Where it would come to rest if it braked now says which way to push.
        let overrun = distance - self.velocity * self.velocity.abs() / (2.0 * ACCELERATION);
        if overrun.abs() < ARRIVED {
            return self.brake_onto(target, seconds);
        }
        let way = 1f64.copysign(overrun);
        let peak = (ACCELERATION * distance * way + self.velocity.powi(2) / 2.0)
            .max(0.0)
            .sqrt()
            .min(self.top);
        if self.velocity == way * peak {
            return self.cruise(overrun.abs(), seconds);
        }
        self.accelerate(way * peak, seconds)
    }

    /// Full rate until it is time to brake.
    fn cruise(&mut self, distance: f64, seconds: f64) -> f64 {
        let passed = (distance / self.velocity.abs()).min(seconds);
        self.position += self.velocity * passed;
        seconds - passed
    }

    /// The last phase, which ends exactly on the target.
    fn brake_onto(&mut self, target: f64, seconds: f64) -> f64 {
        let left = self.accelerate(0.0, seconds);
        if self.velocity == 0.0 {
            self.rest_at(target);
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sent from 0 to a position and left alone for some seconds.
    fn sent(to: f64, seconds: f64) -> Axis {
        let mut axis = Axis::at(0.0);
        axis.go_to(to);
        axis.advance(seconds);
        axis
    }

    #[test]
    fn it_speeds_up_evenly() {
        let axis = sent(100.0, 0.5);
        assert!((axis.velocity - 4.0).abs() < 1e-12 && (axis.position() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn it_goes_no_faster_than_a_slew() {
        let axis = sent(100.0, 10.0);
        assert_eq!(axis.velocity, SLEW_RATE);
        // Speeding up cost 0.375 s of the way.
        assert!((axis.position() - 6.0 * (10.0 - 0.375)).abs() < 1e-9);
    }

    #[test]
    fn it_goes_no_faster_than_it_may() {
        let mut axis = Axis::at(0.0);
        axis.go_to_at(10.0, 0.5);
        axis.advance(10.0);
        assert_eq!(axis.velocity, 0.5);
        assert!(axis.advance(60.0) > 0.0);
        assert_eq!(axis.position(), 10.0);
    }

    #[test]
    fn it_halts_where_it_is() {
        let mut axis = sent(100.0, 5.0);
        let from = axis.position();
        axis.halt();
        assert!(axis.advance(1.0) == 1.0 && axis.position() == from && !axis.moving());
    }

    #[test]
    fn it_says_how_long_it_has_stood_at_its_target() {
        let mut axis = Axis::at(10.0);
        axis.go_to(-20.0);
        let left = axis.advance(60.0);
        assert!((left - (60.0 - 30.0 / 6.0 - 0.75)).abs() < 1e-9);
        assert!(axis.position() == -20.0 && !axis.moving() && axis.distance() == 0.0);
    }

    #[test]
    fn it_turns_round_for_a_target_behind_it() {
        let mut axis = sent(100.0, 5.0);
        axis.go_to(0.0);
        axis.advance(0.5);
        assert!(axis.velocity > 0.0);
        assert!(axis.advance(60.0) > 0.0);
        assert_eq!(axis.position(), 0.0);
    }

    #[test]
    fn it_stops_within_the_distance_that_braking_takes() {
        let mut axis = sent(100.0, 5.0);
        let from = axis.position();
        axis.run(0.0);
        assert!((axis.advance(1.0) - 0.25).abs() < 1e-12);
        assert!((axis.position() - from - 2.25).abs() < 1e-9 && !axis.moving());
    }

    #[test]
    fn a_pulse_comes_as_far_as_its_rate_and_time_say() {
        let mut axis = Axis::at(0.0);
        axis.run_for(0.5, 2.0);
        axis.advance(1.5);
        assert!(axis.pulsing() && axis.moving());
        axis.advance(10.0);
        assert!((axis.position() - 1.0).abs() < 1e-12 && !axis.moving() && !axis.pulsing());
    }

    #[test]
    fn a_stuck_axis_keeps_its_order_and_follows_it_once_it_is_free() {
        let mut axis = sent(100.0, 5.0);
        let stuck_at = axis.position();
        axis.suffer(Some(Defect::Stuck));
        axis.advance(60.0);
        axis.carry(1.0);
        assert!(axis.position() == stuck_at && axis.moving() && !axis.turning());
        axis.suffer(None);
        axis.advance(60.0);
        assert_eq!(axis.position(), 101.0);
    }

    #[test]
    fn a_driven_axis_turns_whatever_it_is_told_and_then_does_that() {
        let mut axis = Axis::at(0.0);
        axis.suffer(Some(Defect::Driven(2.0)));
        assert!(axis.moving());
        axis.go_to(-5.0);
        axis.advance(1.25);
        // Speeding up to 2 degrees a second took a quarter of a second.
        assert!((axis.position() - 2.25).abs() < 1e-12);
        axis.suffer(None);
        axis.advance(60.0);
        assert_eq!(axis.position(), -5.0);
    }

    proptest! {
        #[test]
        fn where_it_is_does_not_depend_on_how_often_it_is_asked(
            orders in prop::collection::vec((-200.0..200.0, any::<bool>(), prop::collection::vec(0.0..2.0, 1..20)), 1..5),
        ) {
            let (mut once, mut often) = (Axis::at(0.0), Axis::at(0.0));
            for (value, position, steps) in orders {
                for axis in [&mut once, &mut often] {
                    if position { axis.go_to(value) } else { axis.run(value / 200.0 * SLEW_RATE) }
                }
                once.advance(steps.iter().sum());
                for step in steps {
                    often.advance(step);
                }
                prop_assert!((once.position() - often.position()).abs() < 1e-6, "{once:?} {often:?}");
            }
        }

        #[test]
        fn it_arrives_from_any_motion(speed in -6.0..6.0, to in -360.0..360.0) {
            let mut axis = Axis::at(0.0);
            axis.run(speed);
            axis.advance(2.0);
            axis.go_to(to);
            prop_assert!(axis.advance(120.0) > 0.0);
            prop_assert_eq!(axis.position(), to);
        }
    }
}
