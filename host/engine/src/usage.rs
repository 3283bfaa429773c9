//! Figures of a plugin that serves: its calls, how many failed, how long they took, and what its instances hold. Every call adds
//! to them on its way, so that they are counters which nobody waits for, and not a histogram behind a lock.

use std::array;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde::{Serialize, Serializer};

/// Buckets of durations for each doubling are 2 to this power: a figure is off by 6 % at most.
const FINENESS: u32 = 3;
const BUCKETS_A_DOUBLING: usize = 1 << FINENESS;

/// Durations are told apart up to 2 to this power of nanoseconds, 18 minutes: no call may take longer.
const DOUBLINGS: u32 = 40;
const BUCKETS: usize = (DOUBLINGS - FINENESS + 1) as usize * BUCKETS_A_DOUBLING;

/// Figures of one generation of a plugin, since it serves.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Usage {
    /// Calls that ended, well or not. Those that were refused because all instances were busy, or because the plugin is
    /// quarantined, are none.
    pub calls: u64,
    /// Those that trapped or ran out of their time or memory. A refusal of the plugin is none.
    pub failures: u64,
    /// Half of the calls took no longer, waits for the hardware included; none without calls.
    #[serde(rename = "p50_us", serialize_with = "microseconds")]
    pub p50: Option<Duration>,
    /// All but one call in a hundred took no longer.
    #[serde(rename = "p99_us", serialize_with = "microseconds")]
    pub p99: Option<Duration>,
    /// Linear memories of all of its instances, in bytes.
    pub memory: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Figures {
    /// How many calls took how long.
    took: [AtomicU64; BUCKETS],
    failures: AtomicU64,
    memory: AtomicUsize,
}

impl Figures {
    pub(crate) fn new() -> Figures {
        Figures {
            took: array::from_fn(|_| AtomicU64::new(0)),
            failures: AtomicU64::new(0),
            memory: AtomicUsize::new(0),
        }
    }

    /// A call ended after this long.
    pub(crate) fn called(&self, took: Duration) {
        // The index is below the number of buckets by its own making.
        if let Some(bucket) = self.took.get(bucket(took)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// And it failed.
    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// An instance that held this much holds that much.
    pub(crate) fn memory(&self, before: usize, now: usize) {
        if now >= before {
            self.memory.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.memory.fetch_sub(before - now, Ordering::Relaxed);
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        let took = self
            .took
            .each_ref()
            .map(|bucket| bucket.load(Ordering::Relaxed));
        let calls = took.iter().sum();
        Usage {
            calls,
            failures: self.failures.load(Ordering::Relaxed),
            p50: quantile(&took, calls, 50),
            p99: quantile(&took, calls, 99),
            memory: self.memory.load(Ordering::Relaxed) as u64,
        }
    }
}

/// The bucket of a duration: its doubling, and the bits that follow the highest.
fn bucket(took: Duration) -> usize {
    let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
    let nanos = nanos.min((1 << DOUBLINGS) - 1);
    let doubling = nanos.max(1).ilog2();
    let index = match doubling.checked_sub(FINENESS) {
        None => nanos,
        Some(shift) => (u64::from(shift) << FINENESS) + (nanos >> shift),
    };
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// The middle of a bucket.
fn middle(bucket: usize) -> Duration {
    let bucket = bucket as u64;
    let shift = (bucket >> FINENESS).saturating_sub(1);
    let least = (bucket - (shift << FINENESS)) << shift;
    Duration::from_nanos(least + (1 << shift) / 2)
}

/// What this many in a hundred calls did not exceed.
fn quantile(took: &[u64; BUCKETS], calls: u64, percent: u64) -> Option<Duration> {
    let rank = (calls * percent).div_ceil(100);
    let mut counted = 0;
    let reached = |count: &u64| {
        counted += count;
        counted >= rank && calls > 0
    };
    took.iter().position(reached).map(middle)
}

/// Microseconds, with a tenth: a warm call takes less than one.
fn microseconds<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    time.map(|time| (time.as_secs_f64() * 1e7).round() / 10.0)
        .serialize(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(calls: &[(u64, Duration)]) -> Usage {
        let figures = Figures::new();
        for (count, took) in calls {
            (0..*count).for_each(|_| figures.called(*took));
        }
        figures.usage()
    }

    fn is_about(figure: Option<Duration>, wanted: Duration) {
        let (figure, wanted) = (figure.unwrap().as_secs_f64(), wanted.as_secs_f64());
        assert!(
            (figure / wanted - 1.0).abs() < 0.065,
            "{figure} for {wanted}"
        );
    }

    #[test]
    fn durations_from_nanoseconds_to_minutes_are_told_within_some_percent() {
        for took in [
            Duration::from_nanos(20),
            Duration::from_nanos(777),
            Duration::from_micros(44),
            Duration::from_millis(50),
            Duration::from_secs(15),
            Duration::from_secs(900),
        ] {
            is_about(after(&[(1, took)]).p50, took);
        }
    }

    #[test]
    fn one_slow_call_in_a_hundred_is_beyond_p99_and_two_are_not() {
        let (fast, slow) = (Duration::from_micros(1), Duration::from_millis(50));
        let usage = after(&[(99, fast), (1, slow)]);
        assert_eq!(usage.calls, 100);
        is_about(usage.p50, fast);
        is_about(usage.p99, fast);
        is_about(after(&[(98, fast), (2, slow)]).p99, slow);
    }

    #[test]
    fn what_takes_no_time_and_what_never_ends_have_buckets() {
        let usage = after(&[(1, Duration::ZERO), (1, Duration::MAX)]);
        assert_eq!((usage.calls, usage.p50), (2, Some(Duration::ZERO)));
        assert!(usage.p99.unwrap() > Duration::from_secs(600));
    }

    #[test]
    fn without_calls_there_are_no_durations() {
        let usage = after(&[]);
        assert_eq!(usage, Usage::default());
        let told = serde_json::to_value(&usage).unwrap();
        assert_eq!(told["p50_us"], serde_json::Value::Null);
    }

    #[test]
    fn durations_are_written_in_microseconds() {
        let usage = Usage {
            p50: Some(Duration::from_nanos(840)),
            ..Usage::default()
        };
        assert_eq!(serde_json::to_value(&usage).unwrap()["p50_us"], 0.8);
    }
}
