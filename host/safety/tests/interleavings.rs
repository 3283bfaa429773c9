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

use common::{caller, endings, halt, ms, stops};
use proptest::prelude::*;
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
    Fail,
    Orphan,
    Unload,
    Adopt,
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
        1 => Just(Op::Fail),
        1 => Just(Op::Orphan),
        1 => Just(Op::Unload),
        2 => Just(Op::Adopt),
    ]
}

/// The machine, what drives it, and all that it ever said.
struct World {
    motions: Motions,
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
            motions: Motions::new(),
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
                self.motions
                    .renew(session, None, LABELS[label], Some(ms(lease)), now);
            }
            Op::Stop { role } => {
                let actions = self.stop_line(ROLES[role]);
                self.carry_out(actions);
            }
            Op::StopLabel { label } => {
                let actions = self.motions.stop_label(LABELS[label], now);
                self.carry_out(actions);
            }
            Op::Close { session } => {
                let actions = self.motions.session_closed(session, now);
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
                let actions = self.motions.progress(id, progress, now);
                self.carry_out(actions);
            }
            Op::Pass { time, late } => self.pass(ms(time), late),
            Op::Fail => {
                let actions = self.motions.plugin_failed(now);
                self.carry_out(actions);
            }
            Op::Orphan => {
                self.asked.clear();
                let actions = self.motions.orphan_all(now);
                assert!(
                    !actions
                        .iter()
                        .any(|action| matches!(action, Action::Advance { .. }))
                );
                self.carry_out(actions);
            }
            Op::Unload => {
                self.asked.clear();
                let actions = self.motions.unloaded(now);
                self.carry_out(actions);
                assert!(self.active.is_empty(), "a motion outlived its plugin");
            }
            Op::Adopt => {
                let actions = self.motions.adopted(now);
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
        match self.motions.begin(plan, client, stops(current), self.now) {
            Ok((id, actions)) => {
                assert!(
                    may,
                    "a request from before a stop, or of a closed session, began a motion"
                );
                self.carry_out(actions);
                assert!(self.active.contains(&id));
            }
            Err(denied) => assert!(!may || matches!(denied, Denied::Limit(_)), "{denied}"),
        }
    }

    fn stop_line(&mut self, role: &str) -> Vec<Action> {
        let count = self.counts.get_mut(role).unwrap();
        *count += 1;
        let actions = self.motions.stopped(role, stops(*count), self.now);
        assert!(
            self.motions
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
            .motions
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
        let actions = self.motions.tick(now);
        self.carry_out(actions);
        assert!(
            self.motions
                .active()
                .iter()
                .all(|motion| motion.deadline > now),
            "a motion is overdue"
        );
        assert!(
            self.motions.next_deadline().is_none_or(|at| at > now),
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
                    cause: Cause::Superseded,
                    ..
                } => {}
                Action::StopLine { role, .. } => queue.extend(self.stop_line(&role)),
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
        let views = self.motions.active();
        let ids: BTreeSet<_> = views.iter().map(|motion| motion.motion).collect();
        assert_eq!(ids, self.active, "the events tell another story");
        for motion in &views {
            let next = self
                .motions
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
        while let Some(at) = self.motions.next_deadline() {
            self.now = self.now.max(at);
            self.tick();
            steps += 1;
            assert!(steps < 1_000, "it never comes to rest");
        }
        assert!(self.active.is_empty());
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
