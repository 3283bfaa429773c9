//! What holds whatever happens in whatever order: the crate's invariants.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use common::{caller, endings, halt, ms, owner, safety, sample, stops};
use proptest::prelude::*;
use slewgate_safety::limits::State;
use slewgate_safety::*;

const ROLES: [&str; 2] = ["port", "focuser"];
const LABELS: [&str; 3] = ["north", "goto", "park"];

#[derive(Clone, Debug)]
enum Op {
    Begin {
        plan: Plan,
        session: Session,
        behind: u64,
        lease: u64,
    },
    Renew {
        session: Session,
        label: usize,
        lease: u64,
    },
    Stop {
        role: usize,
    },
    StopLabel {
        label: usize,
    },
    Close {
        session: Session,
    },
    Answer {
        which: usize,
        progress: Progress,
    },
    Pass {
        time: u64,
        late: bool,
    },
    See {
        state: State,
    },
    Configure {
        client: Session,
    },
    Take {
        client: Session,
        force: bool,
    },
    Release {
        client: Session,
    },
    Lose {
        role: usize,
    },
    Fail,
    Unload,
    Adopt {
        sampled: bool,
    },
    Reach,
}

fn plans() -> impl Strategy<Value = Plan> {
    let kind = prop_oneof![Just(Kind::Jog), Just(Kind::Pulse), Just(Kind::Slew)];
    let orphan = prop_oneof![Just(Orphan::Stop), Just(Orphan::Complete)];
    let times = (0u64..120_000, 0u64..5_000);
    (
        0..ROLES.len(),
        0..LABELS.len(),
        kind,
        orphan,
        times,
        any::<bool>(),
    )
        .prop_map(
            |(role, label, kind, orphan, (at_most, first_look), own_ending)| Plan {
                role: ROLES[role].to_owned(),
                label: LABELS[label].to_owned(),
                kind,
                orphan,
                at_most: ms(at_most),
                target: None,
                ending: if own_ending { halt() } else { Vec::new() },
                first_look: ms(first_look),
                note: Vec::new(),
            },
        )
}

fn ops() -> impl Strategy<Value = Op> {
    let progress = prop_oneof![
        3 => (0u64..3_000).prop_map(|after| Progress::Again { after: ms(after), note: vec![1] }),
        1 => Just(Progress::Again { after: ms(1), note: vec![0; MAX_NOTE + 1] }),
        1 => Just(Progress::Done),
        1 => Just(Progress::Failed("stalled".to_owned())),
        1 => Just(Progress::Fell("a trap".to_owned())),
    ];
    prop_oneof![
        8 => (plans(), 0u64..4, 0u64..2, 0u64..12_000)
            .prop_map(|(plan, session, behind, lease)| Op::Begin { plan, session, behind, lease }),
        4 => (0u64..4, 0..LABELS.len(), 0u64..12_000)
            .prop_map(|(session, label, lease)| Op::Renew { session, label, lease }),
        2 => (0..ROLES.len()).prop_map(|role| Op::Stop { role }),
        1 => (0..LABELS.len()).prop_map(|label| Op::StopLabel { label }),
        1 => (0u64..4).prop_map(|session| Op::Close { session }),
        8 => (any::<usize>(), progress).prop_map(|(which, progress)| Op::Answer { which, progress }),
        8 => (0u64..20_000, any::<bool>()).prop_map(|(time, late)| Op::Pass { time, late }),
        8 => seen().prop_map(|state| Op::See { state }),
        1 => (0u64..4).prop_map(|client| Op::Configure { client }),
        1 => (0u64..4, any::<bool>()).prop_map(|(client, force)| Op::Take { client, force }),
        1 => (0u64..4).prop_map(|client| Op::Release { client }),
        1 => (0..ROLES.len()).prop_map(|role| Op::Lose { role }),
        1 => Just(Op::Fail),
        1 => Just(Op::Unload),
        2 => any::<bool>().prop_map(|sampled| Op::Adopt { sampled }),
        2 => Just(Op::Reach),
    ]
}

fn seen() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Still),
        Just(State::Tracking),
        Just(State::Moving),
        Just(State::Unknown)
    ]
}

/// The machine, what drives it, and all that it ever said.
struct World {
    safety: Safety,
    /// Who is in control, as the events tell it.
    holder: Option<Owner>,
    now: Instant,
    counts: BTreeMap<String, u64>,
    /// Began and not ended, as the events tell it.
    active: BTreeSet<MotionId>,
    ended: BTreeSet<MotionId>,
    /// Calls of `advance` under way, and when they were made.
    asked: BTreeMap<MotionId, Instant>,
    closed: BTreeSet<Session>,
}

impl World {
    fn new() -> World {
        World {
            safety: safety(&ROLES),
            holder: None,
            now: Instant::now(),
            counts: ROLES.iter().map(|role| ((*role).to_owned(), 0)).collect(),
            active: BTreeSet::new(),
            ended: BTreeSet::new(),
            asked: BTreeMap::new(),
            closed: BTreeSet::new(),
        }
    }

    fn apply(&mut self, op: Op) {
        let now = self.now;
        match op {
            Op::Begin {
                plan,
                session,
                behind,
                lease,
            } => self.begin(plan, session, behind, lease),
            Op::Renew {
                session,
                label,
                lease,
            } => {
                self.safety
                    .renew(session, LABELS[label], Some(ms(lease)), now);
            }
            Op::Stop { role } => {
                let actions = self.stop_line(ROLES[role], Stopper::Client);
                self.carry_out(actions);
            }
            Op::StopLabel { label } => {
                let actions = self.safety.stop_label(LABELS[label], now);
                self.carry_out(actions);
            }
            Op::Close { session } => {
                let actions = self.safety.session_closed(session, now);
                self.closed.insert(session);
                self.carry_out(actions);
            }
            Op::Answer { which, progress } => {
                let Some(id) = self
                    .asked
                    .keys()
                    .nth(which % self.asked.len().max(1))
                    .copied()
                else {
                    return;
                };
                self.asked.remove(&id);
                let actions = self.safety.progress(id, progress, now);
                self.carry_out(actions);
            }
            Op::Pass { time, late } => self.pass(ms(time), late),
            Op::Fail => {
                let actions = self.safety.plugin_failed(now);
                self.carry_out(actions);
            }
            Op::See { state } => self.see(state),
            Op::Configure { client } => {
                let may = self.may_control(client);
                let configured = self.safety.configure(&owner(client), now);
                assert_eq!(configured.is_ok(), may);
                self.carry_out(configured.unwrap_or_default());
            }
            Op::Take { client, force } => {
                let may = self.may_control(client);
                let taken = self.safety.take_control(&owner(client), force, now);
                assert_eq!(taken.is_ok(), may || force);
                let took = taken.is_ok();
                self.carry_out(taken.unwrap_or_default());
                if took {
                    let jogs = self.safety.active();
                    let mut jogs = jogs.iter().filter(|motion| motion.kind == Kind::Jog);
                    assert!(jogs.all(|jog| jog.client == owner(client).name));
                }
            }
            Op::Release { client } => {
                let actions = self.safety.release_control(&owner(client));
                self.carry_out(actions);
                assert_ne!(self.holder, Some(owner(client)));
            }
            Op::Lose { role } => {
                let actions = self.safety.line_lost(ROLES[role], "pulled", now);
                self.carry_out(actions);
            }
            Op::Unload => {
                self.asked.clear();
                let actions = self.safety.unloaded(now);
                self.carry_out(actions);
                assert!(self.active.is_empty(), "a motion outlived its plugin");
            }
            Op::Reach => self.safety.reached(now),
            Op::Adopt { sampled } => {
                let actions = self.safety.adopted(sampled, now);
                self.carry_out(actions);
            }
        }
        self.check();
    }

    fn begin(&mut self, plan: Plan, session: Session, behind: u64, lease: u64) {
        let current = self.counts[&plan.role];
        let read_at = current.saturating_sub(behind);
        let client = Caller {
            stop_count: stops(read_at),
            lease: Some(ms(lease)),
            ..caller(session)
        };
        let may = read_at == current && !self.closed.contains(&session);
        let pulse = plan.kind == Kind::Pulse;
        let controls = pulse || self.may_control(session);
        match self.safety.begin(
            plan,
            client,
            stops(current),
            Moment {
                now: self.now,
                at: 0.0,
            },
        ) {
            Ok((id, actions)) => {
                assert!(
                    may,
                    "a request from before a stop, or of a closed session, began a motion"
                );
                assert!(controls, "somebody moved what another controls");
                self.carry_out(actions);
                assert!(self.active.contains(&id));
                assert!(pulse || self.holder == Some(owner(session)));
            }
            Err(Denied::ControlledBy(holder)) => {
                assert!(!controls);
                assert_eq!(self.holder, Some(holder));
            }
            Err(denied) => assert!(!may || matches!(denied, Denied::Limit(_)), "{denied}"),
        }
    }

    /// That it stands is told once, and only where it was told to.
    fn see(&mut self, state: State) {
        let awaited = self.safety.is_to_stand();
        let actions = self.safety.sighted(&sample(state, self.now), self.now);
        let told = actions.iter().filter(|a| matches!(a, Action::AtRest));
        let stood = awaited && !self.safety.is_to_stand();
        assert_eq!(told.count(), usize::from(stood), "{state:?}");
        self.carry_out(actions);
    }

    /// Whether nobody else is in control. One whose time is over is, until the next tick.
    fn may_control(&mut self, client: Session) -> bool {
        let actions = self.safety.tick(self.now);
        self.carry_out(actions);
        self.holder
            .as_ref()
            .is_none_or(|holder| *holder == owner(client))
    }

    fn stop_line(&mut self, role: &str, by: Stopper) -> Vec<Action> {
        let count = self.counts.get_mut(role).unwrap();
        *count += 1;
        let actions = self.safety.stopped(role, stops(*count), by, self.now);
        assert!(
            self.safety
                .active()
                .iter()
                .all(|motion| motion.role != role),
            "a motion outlived a stop"
        );
        actions
    }

    /// `late`: the task that ticks was held up, and missed the deadlines on the way.
    fn pass(&mut self, time: Duration, late: bool) {
        let until = self.now + time;
        while let Some(at) = self
            .safety
            .next_deadline()
            .filter(|at| *at <= until && !late)
        {
            self.now = self.now.max(at);
            self.tick();
        }
        self.now = until;
        self.tick();
    }

    fn tick(&mut self) {
        let now = self.now;
        self.asked.retain(|_, since| now < *since + LOOK_PATIENCE);
        let actions = self.safety.tick(now);
        self.carry_out(actions);
        assert!(
            self.safety
                .active()
                .iter()
                .all(|motion| motion.deadline > now),
            "a motion is overdue"
        );
        assert!(
            self.safety.next_deadline().is_none_or(|at| at > now),
            "a tick left something undone"
        );
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        let gone: Vec<_> = endings(&actions);
        for (id, cause) in &gone {
            let by_the_host = !matches!(cause, Cause::Done | Cause::Superseded | Cause::Stop);
            assert!(
                !by_the_host || has_bytes(&actions, *id),
                "{id} ended without a byte: {cause}"
            );
        }
        let mut queue = VecDeque::from(actions);
        while let Some(action) = queue.pop_front() {
            match action {
                Action::Send { motion, .. } => {
                    assert!(
                        gone.iter().any(|(id, _)| *id == motion),
                        "bytes for {motion}, which does not end"
                    );
                    assert!(
                        self.active.contains(&motion),
                        "bytes for {motion} after its end"
                    );
                }
                Action::StopLine {
                    cause: Cause::Superseded | Cause::LineLost(_),
                    ..
                } => {}
                Action::StopLine { role, .. } => {
                    queue.extend(self.stop_line(&role, Stopper::Other));
                }
                Action::Advance {
                    motion, occasion, ..
                } => {
                    let right = match occasion {
                        Occasion::Look => &self.active,
                        Occasion::Ended => &self.ended,
                    };
                    assert!(
                        right.contains(&motion),
                        "{occasion:?} for {motion} at the wrong time"
                    );
                    assert!(
                        self.asked.insert(motion, self.now).is_none(),
                        "two calls at once for {motion}"
                    );
                }
                Action::Event(event) => self.hear(event.motion, &event.happening),
                Action::Control(event) => {
                    assert_eq!(event.before, self.holder, "control that nobody had");
                    assert_ne!(event.before, event.holder);
                    self.holder = event.holder;
                }
                Action::AtRest | Action::StopTracking | Action::Alarm(_) => {}
            }
        }
    }

    fn hear(&mut self, id: MotionId, happening: &Happening) {
        match happening {
            Happening::Began => assert!(
                self.active.insert(id) && !self.ended.contains(&id),
                "{id} began twice"
            ),
            Happening::Renewed => {
                assert!(self.active.contains(&id), "{id} was renewed after its end");
            }
            Happening::Ended(_) => {
                assert!(
                    self.active.remove(&id) && self.ended.insert(id),
                    "{id} ended twice"
                );
            }
        }
    }

    fn check(&self) {
        assert_eq!(
            self.safety.holder(),
            self.holder.as_ref(),
            "the events tell of another"
        );
        let views = self.safety.active();
        let ids: BTreeSet<_> = views.iter().map(|motion| motion.motion).collect();
        assert_eq!(ids, self.active, "the events tell another story");
        for motion in &views {
            let next = self
                .safety
                .next_deadline()
                .expect("a motion that nothing ends");
            assert!(next <= motion.deadline);
            let longest = if motion.kind == Kind::Jog {
                MAX_JOG
            } else {
                MAX_MOTION
            };
            assert!(motion.deadline <= motion.began + longest);
            if motion.kind == Kind::Jog {
                assert!(motion.deadline <= self.now + MAX_LEASE);
                let session = motion.session.expect("a jog without a client");
                assert!(
                    !self.closed.contains(&session),
                    "a jog outlived its session"
                );
            }
        }
    }

    /// Nobody does or answers anything any more.
    fn abandon(&mut self) {
        let mut steps = 0;
        while let Some(at) = self.safety.next_deadline() {
            self.now = self.now.max(at);
            self.tick();
            steps += 1;
            assert!(steps < 1_000, "it never comes to rest");
        }
        assert!(self.active.is_empty());
        assert_eq!(self.holder, None, "control that never lapses");
    }
}

fn has_bytes(actions: &[Action], id: MotionId) -> bool {
    let role = actions.iter().find_map(|action| match action {
        Action::Event(event) if event.motion == id => Some(event.role.clone()),
        _ => None,
    });
    actions.iter().any(|action| match action {
        Action::Send { motion, .. } => *motion == id,
        Action::StopLine { role: line, .. } => Some(line) == role.as_ref(),
        _ => false,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn whatever_happens_every_motion_has_an_end_and_ends_once(ops in prop::collection::vec(ops(), 1..60)) {
        let mut world = World::new();
        for op in ops {
            world.apply(op);
        }
        world.abandon();
    }
}
