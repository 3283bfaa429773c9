//! Along a way, in steps that nothing fits between; and all over a rectangle, in parts that nothing fits into.
//!
//! At each place the room to the nearest limit is known, and no shorter step can meet one; so the steps are long far from
//! the limits and short near them. The shortest is [`FINEST`]: a way that grazes a limit may pass it by half of that.

use super::pose::Pose;
use super::scene::{Measure, Measures, Scene};

/// The shortest step in degrees.
pub(crate) const FINEST: f64 = 0.02;

/// The step outside a limit, on the way back.
const OUTSIDE: f64 = 0.1;

/// A breach that grows by less than this (degrees) only seems to, by rounding.
const ROUNDING: f64 = 1e-6;

impl Scene<'_> {
    /// The first limit that is not kept on the straight stretches from corner to corner. One that is not kept at the
    /// beginning counts only where the way leads further out. `slack`: by how much each may be passed.
    pub(crate) fn walk(&self, corners: &[Pose], slack: f64) -> Option<Measure> {
        let begin = self.measures(*corners.first()?);
        let mut outside = begin.map(|measure| measure.filter(|m| m.is_breached(slack)));
        let stretches = corners.windows(2);
        let mut breach = begin.into_iter().flatten().find(|m| m.room.is_nan());
        for stretch in stretches {
            if let [from, to] = stretch {
                breach = breach.or_else(|| self.stretch(*from, *to, slack, &mut outside));
            }
        }
        breach
    }

    /// A limit that is not kept anywhere between a pose and one that is turned by so much, whichever axis turns first. Those
    /// that are not kept at the pose itself are left out: [`Scene::walk`] tells whether it gets worse.
    pub(crate) fn rectangle(&self, pose: Pose, first: f64, second: f64) -> Option<Measure> {
        let outside = self
            .measures(pose)
            .map(|measure| measure.filter(|measure| measure.is_breached(0.0)));
        let (first, second) = (first / 2.0, second / 2.0);
        self.part(pose.turned(first, second), first, second, &outside)
    }

    /// The same of a rectangle by its middle and half of its sides.
    fn part(&self, middle: Pose, first: f64, second: f64, outside: &Measures) -> Option<Measure> {
        let measures = self.measures(middle).into_iter().zip(outside);
        let held = measures.filter_map(|(now, outside)| now.filter(|_| outside.is_none()));
        let least = held.min_by(|a, b| a.room.total_cmp(&b.room))?;
        if least.is_breached(0.0) {
            return Some(least);
        }
        if first.hypot(second) <= least.room.max(FINEST) {
            return None;
        }
        let halves = if first.abs() > second.abs() {
            (first / 2.0, second, (first / 2.0, 0.0))
        } else {
            (first, second / 2.0, (0.0, second / 2.0))
        };
        let (first, second, aside) = halves;
        [-1.0, 1.0].into_iter().find_map(|sign| {
            let middle = middle.turned(sign * aside.0, sign * aside.1);
            self.part(middle, first, second, outside)
        })
    }

    fn stretch(&self, from: Pose, to: Pose, slack: f64, outside: &mut Measures) -> Option<Measure> {
        let (first, second) = (to.first - from.first, to.second - from.second);
        let length = first.hypot(second);
        let mut gone = 0.0;
        loop {
            let part = if length > 0.0 { gone / length } else { 1.0 };
            let measures = self.measures(from.turned(first * part, second * part));
            if let Some(breach) = worse(&measures, slack, outside) {
                return Some(breach);
            }
            if gone >= length || length.is_nan() {
                return None;
            }
            gone = (gone + step(&measures, slack)).min(length);
        }
    }
}

/// How far nothing can happen.
fn step(measures: &Measures, slack: f64) -> f64 {
    let rooms = measures.iter().flatten().map(|measure| {
        if measure.is_breached(slack) {
            OUTSIDE
        } else {
            measure.room + slack
        }
    });
    rooms.fold(360.0, f64::min).max(FINEST)
}

/// The limit that is passed here, or further than before.
fn worse(measures: &Measures, slack: f64, outside: &mut Measures) -> Option<Measure> {
    let mut found = None;
    for (measure, before) in measures.iter().zip(outside) {
        let Some(measure) = measure else { continue };
        let shrinks = before.is_some_and(|before| measure.room >= before.room - ROUNDING);
        *before = measure.is_breached(slack).then_some(*measure);
        if measure.is_breached(slack) && !shrinks {
            found = found.or(Some(*measure));
        }
    }
    found
}
