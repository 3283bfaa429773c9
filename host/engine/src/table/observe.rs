//! Samples: one reading serves all who watch, the policies and the host itself.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use slewgate_rpc::{Code, Refusal};
use slewgate_safety::limits::{PierSide, State};
use slewgate_safety::{Missed, Sample};

use super::{Attached, Table};
use crate::bindings::types::{self, Observation};
use crate::handler::Handler;

/// How often hardware is looked at that stands and that nobody watches: something may move it.
const STILL: Duration = Duration::from_secs(10);
/// The same while it does anything else: a limit may be ahead.
const ASTIR: Duration = Duration::from_secs(5);

/// A sample and when it was taken.
#[derive(Clone, Debug)]
pub struct Reading {
    pub(crate) observation: Observation,
    /// When it was taken.
    pub taken: Instant,
    /// How long that took, waits for the line included.
    took: Duration,
    /// How often it can be taken: see [`Sample::every`].
    every: Duration,
    /// The same by the host's clock, in milliseconds since 1970, UTC.
    pub at: f64,
}

impl Reading {
    /// One of hardware that is only supposed to be there: what it is about, at what time by the wall clock.
    pub(crate) fn supposed(state: State, at: f64) -> Reading {
        let moving = match state {
            State::Still => types::Moving::Still,
            State::Tracking => types::Moving::Tracking,
            State::Moving => types::Moving::Moving,
            State::Unknown => types::Moving::Unknown,
        };
        Reading {
            observation: Observation {
                moving,
                position: None,
                axes: None,
                data: "{}".to_owned(),
            },
            taken: Instant::now(),
            took: Duration::ZERO,
            every: Duration::ZERO,
            at,
        }
    }

    /// What clients get, as JSON text.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.observation.data
    }

    /// Whether the hardware is on its way somewhere.
    #[must_use]
    pub fn moving(&self) -> bool {
        self.observation.moving == types::Moving::Moving
    }

    fn is_still(&self) -> bool {
        self.observation.moving == types::Moving::Still
    }

    /// As the host itself goes by it. Where the telescope is and what the mount takes the sidereal time for are in what clients get.
    fn sample(&self) -> Sample {
        let told: Told = serde_json::from_str(self.data()).unwrap_or_default();
        Sample {
            state: match self.observation.moving {
                types::Moving::Still => State::Still,
                types::Moving::Tracking => State::Tracking,
                types::Moving::Moving => State::Moving,
                types::Moving::Unknown => State::Unknown,
            },
            position: self.observation.position.map(Into::into),
            axes: self.observation.axes,
            pier_side: told.pier_side.map(|side| match side {
                Side::East => PierSide::East,
                Side::West => PierSide::West,
            }),
            sidereal_time: told.sidereal_time,
            every: self.every,
            took: self.took,
            taken: self.taken,
            at: self.at,
        }
    }

    fn younger_than(&self, age: Duration) -> bool {
        self.taken.elapsed() <= age
    }
}

/// What `NAME.status` tells that the host itself goes by.
#[derive(Default, Deserialize)]
struct Told {
    #[serde(default)]
    pier_side: Option<Side>,
    #[serde(default)]
    sidereal_time: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Side {
    East,
    West,
}

/// Attempts that are made one at a time, each for all who asked before it ended.
#[derive(Debug)]
pub(super) struct Attempts<T> {
    ended: AtomicU64,
    newest: tokio::sync::Mutex<Option<T>>,
}

impl<T> Default for Attempts<T> {
    fn default() -> Attempts<T> {
        Attempts {
            ended: AtomicU64::new(0),
            newest: tokio::sync::Mutex::new(None),
        }
    }
}

impl<T: Clone> Attempts<T> {
    /// What came of the attempt that was under way, good or bad, or of a new one. One that is given up counts for nothing.
    async fn share(&self, attempt: impl Future<Output = T>) -> T {
        let before = self.ended.load(Ordering::Relaxed);
        let mut newest = self.newest.lock().await;
        if let Some(outcome) = newest.as_ref()
            && self.ended.load(Ordering::Relaxed) != before
        {
            return outcome.clone();
        }
        let outcome = attempt.await;
        *newest = Some(outcome.clone());
        self.ended.fetch_add(1, Ordering::Relaxed);
        outcome
    }
}

impl Table {
    /// A reading of at most this age: the newest one, or a new one. Those who ask at the same time share it, or its failure:
    /// where the hardware is silent, nobody waits for another's attempt and then for one more.
    pub(crate) async fn observe(
        &self,
        handler: &Handler,
        age: Duration,
    ) -> Result<Reading, Refusal> {
        if let Some(reading) = self.newest_within(age) {
            return Ok(reading);
        }
        self.sampling.share(self.sample(handler)).await
    }

    /// The age that clients may ask for: what a sample took of the line is left free before the next, however many ask.
    pub(crate) fn sparing(&self, age: Duration) -> Duration {
        let newest = self.newest.borrow();
        newest.as_ref().map_or(age, |newest| age.max(newest.took))
    }

    async fn sample(&self, handler: &Handler) -> Result<Reading, Refusal> {
        let began = Instant::now();
        let missed = self.missed.load(Ordering::Relaxed);
        self.desk().safety.looks();
        let observation = handler.sample().await.inspect_err(|refusal| {
            let missed = Missed {
                why: refusal.sentence.clone(),
                silent: self.missed.load(Ordering::Relaxed) > missed,
                refused: refusal.code == Code::Refused,
            };
            self.change(|safety, now| {
                safety.unseen(missed, now);
                Vec::new()
            });
        })?;
        let took = began.elapsed();
        let reading = Reading {
            observation,
            taken: Instant::now(),
            took,
            every: handler.sample_every().unwrap_or_default().max(took * 2),
            at: self.surroundings.clock.now(),
        };
        self.newest.send_replace(Some(reading.clone()));
        let sample = reading.sample();
        self.change(|safety, now| safety.sighted(&sample, now));
        Ok(reading)
    }

    /// Whether there is something to look at.
    pub(super) fn is_attached(&self) -> bool {
        matches!(&*self.attached.borrow(), Attached::To(_))
    }

    /// Whether a look comes before what others may want of the line.
    pub(super) fn is_urgent(&self) -> bool {
        self.desk().safety.is_urgent()
    }

    /// How long after a look the next is due, where the plugin is to be asked this often while somebody watches or something moves.
    pub(super) fn look_again_within(&self, period: Duration) -> Duration {
        let (restless, limits) = {
            let desk = self.desk();
            (desk.safety.is_restless(), desk.safety.look_within())
        };
        let usual = match restless || self.watched() || self.missed.load(Ordering::Relaxed) > 0 {
            true => period,
            false => {
                let still = self.newest.borrow().as_ref().is_some_and(Reading::is_still);
                period.max(if still { STILL } else { ASTIR })
            }
        };
        limits.map_or(usual, |limits| limits.min(usual))
    }

    /// What was seen counts no more.
    pub(crate) fn forget_newest(&self) {
        self.newest.send_replace(None);
    }

    /// The newest reading, however old.
    #[must_use]
    pub fn newest(&self) -> Option<Reading> {
        self.newest.borrow().clone()
    }

    /// Somebody watches.
    pub(crate) fn watched(&self) -> bool {
        self.newest.receiver_count() > 0
    }

    fn newest_within(&self, age: Duration) -> Option<Reading> {
        self.newest
            .borrow()
            .clone()
            .filter(|reading| reading.younger_than(age))
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn those_who_wait_for_an_attempt_share_its_failure() {
        let attempts = Attempts::default();
        let (fail, failed) = oneshot::channel::<()>();
        let first = attempts.share(async { failed.await.map_err(|_| 1) });
        let second = attempts.share(async { Err(2) });
        let third = attempts.share(async { Err(3) });
        let fail = async { drop(fail) };
        let outcomes = tokio::join!(first, second, third, fail);
        assert_eq!(
            (outcomes.0, outcomes.1, outcomes.2),
            (Err(1), Err(1), Err(1))
        );
        assert_eq!(attempts.share(async { Ok(()) }).await, Ok(()));
    }

    #[tokio::test]
    async fn who_waits_for_an_attempt_that_is_given_up_makes_one() {
        let attempts = Attempts::default();
        tokio::select! {
            biased;
            _ = attempts.share(std::future::pending::<u8>()) => {}
            () = std::future::ready(()) => {}
        }
        assert_eq!(attempts.share(async { 7 }).await, 7);
    }
}
