//! Whatever is asked, seen and not seen in whatever order: nothing goes on unseen, and nothing goes on outside.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use slewgate_safety::limits::State;
use slewgate_safety::*;

use crate::common::{ms, plan};
use crate::night::{LOWEST, Night, focus, garbled};

/// A stop for a limit is repeated at least so often.
const REPEATED: Duration = Duration::from_secs(30);
/// Faster than this (degrees a second) is no measure of the place, nor what follows the sky.
const SINKS: f64 = 0.5;

#[derive(Clone, Copy, Debug)]
enum Op {
    Jog(&'static str),
    Goto(f64),
    Park,
    Focus(Kind),
    Pulse,
    StopLabel,
    Close,
    Configure,
    /// A sample comes that shows this; what moves sank by so many degrees a second since the one before.
    See(State, f64),
    Blind,
    Pass(u64),
    Lose,
    Swap,
}

fn ops() -> impl Strategy<Value = Op> {
    let label = prop_oneof![Just("north"), Just("south"), Just("east")];
    let kind = prop_oneof![Just(Kind::Jog), Just(Kind::Slew)];
    let state = prop_oneof![
        1 => Just(State::Still),
        2 => Just(State::Tracking),
        4 => Just(State::Moving),
    ];
    prop_oneof![
        3 => label.prop_map(Op::Jog),
        3 => (45.0..80.0).prop_map(Op::Goto),
        1 => Just(Op::Park),
        1 => kind.prop_map(Op::Focus),
        1 => Just(Op::Pulse),
        1 => Just(Op::StopLabel),
        1 => Just(Op::Close),
        1 => Just(Op::Configure),
        12 => (state, -2.0..4.0).prop_map(|(state, sinks)| Op::See(state, sinks)),
        6 => Just(Op::Blind),
        12 => (100u64..3_000).prop_map(Op::Pass),
        1 => Just(Op::Lose),
        1 => Just(Op::Swap),
    ]
}

/// What the host could know, told a second time.
struct World {
    night: Night,
    /// Nobody who holds a session uses its number again.
    session: Session,
    /// When it was seen last, and as what. None: it is not known to be there.
    seen: Option<(Instant, State)>,
    /// Samples in a row that show it sink outside, with nothing between them that would shift the sky.
    sinking: u32,
    /// A stop that nobody saw work, or an order that shifts the sky, is in between.
    told: bool,
}

impl World {
    fn new() -> World {
        let mut night = Night::new();
        (night.altitude, night.hour_angle) = (LOWEST + 10.0, 5.0);
        night.see(State::Still);
        World {
            seen: Some((night.now, State::Still)),
            night,
            session: 1,
            sinking: 0,
            told: false,
        }
    }

    fn apply(&mut self, op: Op) {
        let night = &mut self.night;
        match op {
            Op::Jog(label) => drop(night.begin_for(self.session, plan(Kind::Jog, label))),
            Op::Goto(altitude) => {
                let target = Some(night.place(altitude));
                let goto = Plan {
                    target,
                    ..plan(Kind::Slew, "goto")
                };
                drop(night.begin_for(self.session, goto));
            }
            Op::Park => drop(night.begin_for(self.session, plan(Kind::Slew, "park"))),
            Op::Focus(kind) => drop(night.begin_for(self.session, focus(kind))),
            Op::Pulse => drop(night.begin_for(self.session, plan(Kind::Pulse, "north"))),
            Op::StopLabel => {
                let actions = night.safety.stop_label("north", night.now);
                night.carry_out(actions);
            }
            Op::Close => {
                let actions = night.safety.session_closed(self.session, night.now);
                night.carry_out(actions);
                self.session += 1;
            }
            Op::Configure => {
                night.safety.configured();
                (self.told, self.sinking) = (true, 0);
            }
            Op::See(state, sinks) => self.see(state, sinks),
            Op::Blind => night.safety.unseen(garbled(), night.now),
            Op::Pass(time) => self.pass(ms(time)),
            Op::Lose => {
                let actions = night.safety.line_lost("port", "pulled", night.now);
                night.carry_out(actions);
                (self.seen, self.sinking) = (None, 0);
            }
            Op::Swap => {
                let actions = night.safety.unloaded(night.now);
                night.carry_out(actions);
                // The next one is looked at before anything may begin.
                let actions = night.safety.adopted(true, night.now);
                night.carry_out(actions);
                night.safety.unseen(garbled(), night.now);
                (self.seen, self.sinking) = (None, 0);
            }
        }
        // Who begins something else is measured anew.
        if matches!(op, Op::Jog(_) | Op::Goto(_) | Op::Park | Op::Focus(_)) {
            self.sinking = 0;
        }
    }

    fn see(&mut self, state: State, sinks: f64) {
        self.pass(ms(100));
        let night = &mut self.night;
        let since = self.seen.map_or(0.0, |(seen, _)| {
            night.now.duration_since(seen).as_secs_f64()
        });
        let moves = state == State::Moving;
        if moves {
            night.altitude = (night.altitude - sinks * since.min(3.0)).clamp(5.0, 80.0);
        }
        let sank = moves && sinks > SINKS && since <= 3.0 && night.altitude > 5.0;
        self.sinking = match sank && night.altitude < LOWEST - 1.0 {
            true => self.sinking + 1,
            false => 0,
        };
        night.see(state);
        self.seen = Some((night.now, state));
        self.told = false;
        self.check_outside(state);
    }

    /// What goes further out, or follows the sky there, was told within the time that a stop is repeated in.
    fn check_outside(&self, state: State) {
        let night = &self.night;
        let active = night.safety.active();
        let turns = |motion: &MotionView| motion.kind != Kind::Pulse;
        let sets = state == State::Tracking && night.altitude < LOWEST - 0.5;
        let led = active.iter().any(turns);
        let parks = active.iter().any(|motion| motion.label == "park");
        if (sets && !led) || (self.sinking >= 2 && !parks) {
            let told = night.told_of_limits();
            let recent = told.is_some_and(|told| night.since() <= told + REPEATED);
            assert!(recent, "{state:?} at {}, told {told:?}", night.altitude);
        }
    }

    fn pass(&mut self, time: Duration) {
        let until = self.night.now + time;
        while let Some(at) = self.night.safety.next_deadline().filter(|at| *at <= until) {
            self.night.now = self.night.now.max(at);
            self.tick();
        }
        self.night.now = until;
        self.tick();
    }

    fn tick(&mut self) {
        let night = &mut self.night;
        let before = night.alarms.len();
        let actions = night.safety.tick(night.now);
        night.carry_out(actions);
        let unseen = |(_, kind): &(Duration, AlarmKind)| *kind == AlarmKind::Unseen;
        if night.alarms[before..].iter().any(unseen) {
            self.told = true;
        }
        assert!(
            night.safety.next_deadline().is_none_or(|at| at > night.now),
            "a tick left something undone"
        );
        self.check_seen();
    }

    /// What moves was seen, or begun, a moment ago; what tracks, a minute ago.
    fn check_seen(&self) {
        let night = &self.night;
        let Some((seen, state)) = self.seen else {
            return;
        };
        for motion in night.safety.active() {
            let turns = motion.kind != Kind::Pulse && motion.role == "port";
            let since = seen.max(motion.began);
            assert!(
                !turns || night.now < since + UNSEEN_AT_LEAST,
                "{} goes on unseen",
                motion.label
            );
        }
        let tracks = state == State::Tracking && !self.told;
        assert!(
            !tracks || night.now < seen + UNSEEN_TRACKING,
            "it follows the sky unseen"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn what_goes_on_unseen_or_outside_ends_in_a_stop(ops in prop::collection::vec(ops(), 1..120)) {
        let mut world = World::new();
        for op in ops {
            world.apply(op);
        }
    }
}
