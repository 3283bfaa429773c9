//! Requests a minute. The burst is as large as the limit, which then flows back evenly: with 60 a
//! minute, 60 may come at once and then one each second (the generic cell rate algorithm, from the
//! crate `governor`).

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock, Reference as _};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use thiserror::Error;

use super::source::{SourceKey, source_key};

/// Sources and tokens that are remembered at a time.
pub const MAX_KEYS: usize = 65_536;
/// How many make room when the table is full: enough that doing so is rare.
const MAKE_ROOM: usize = MAX_KEYS / 8;
/// A bucket that nobody took from for this long is full again, whatever its limit.
const REFILLED: Duration = Duration::from_secs(60);

/// What requests are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LimitBy {
    /// Their source.
    #[default]
    Address,
    /// Their token.
    Token,
    /// Each token at each source.
    Both,
}

/// A request too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("over {limit} requests a minute; the next one is due in {} ms", retry_after.as_millis())]
pub struct Limited {
    /// After this wait, in whole milliseconds, the next request succeeds if none came between.
    pub retry_after: Duration,
    /// The limit, in requests a minute.
    pub limit: u32,
}

/// Counts requests by source, token or both.
///
/// At most [`MAX_KEYS`] are remembered. When one more comes, those go first whose bucket is full
/// again, which changes nothing for them, and then those longest unused: to have its own bucket
/// forgotten, a client would need more requests from other sources than it gains.
pub struct RequestLimiter<C: Clock + Clone = DefaultClock> {
    clock: C,
    table: Mutex<Table<C>>,
}

struct Table<C: Clock> {
    limit: NonZeroU32,
    by: LimitBy,
    buckets: HashMap<(Key, NonZeroU32), Bucket<C>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Source(SourceKey),
    Token(String),
    Both(SourceKey, String),
}

struct Bucket<C: Clock> {
    rate: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
    used: C::Instant,
}

impl RequestLimiter {
    /// A limiter that counts by the machine's monotonic clock.
    #[must_use]
    pub fn new(limit: NonZeroU32, by: LimitBy) -> Self {
        Self::with_clock(limit, by, DefaultClock::default())
    }
}

impl<C: Clock + Clone> RequestLimiter<C> {
    /// A limiter that counts by `clock`.
    pub fn with_clock(limit: NonZeroU32, by: LimitBy, clock: C) -> Self {
        let table = Table {
            limit,
            by,
            buckets: HashMap::new(),
        };
        Self {
            clock,
            table: Mutex::new(table),
        }
    }

    /// Another limit from now on. Buckets of the old one are no longer asked.
    pub fn set(&self, limit: NonZeroU32, by: LimitBy) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        (table.limit, table.by) = (limit, by);
    }

    /// Counts one request. A token with a limit of its own is counted by that token alone.
    ///
    /// # Errors
    /// When it is one too many; then it does not count.
    pub fn check(
        &self,
        address: IpAddr,
        token_id: &str,
        own_limit: Option<NonZeroU32>,
    ) -> Result<(), Limited> {
        let now = self.clock.now();
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = own_limit.unwrap_or(table.limit);
        let by = own_limit.map_or(table.by, |_| LimitBy::Token);
        table
            .bucket((Key::new(by, address, token_id), limit), &self.clock, now)
            .take(limit, now)
    }

    /// How many sources and tokens are remembered.
    pub fn keys(&self) -> usize {
        self.table
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .buckets
            .len()
    }
}

impl Key {
    fn new(by: LimitBy, address: IpAddr, token_id: &str) -> Self {
        match by {
            LimitBy::Address => Self::Source(source_key(address)),
            LimitBy::Token => Self::Token(token_id.to_owned()),
            LimitBy::Both => Self::Both(source_key(address), token_id.to_owned()),
        }
    }
}

impl<C: Clock + Clone> Table<C> {
    fn bucket(&mut self, key: (Key, NonZeroU32), clock: &C, now: C::Instant) -> &mut Bucket<C> {
        if self.buckets.len() >= MAX_KEYS && !self.buckets.contains_key(&key) {
            self.make_room(now);
        }
        let quota = Quota::per_minute(key.1);
        self.buckets.entry(key).or_insert_with(|| Bucket {
            rate: RateLimiter::direct_with_clock(quota, clock.clone()),
            used: now,
        })
    }

    fn make_room(&mut self, now: C::Instant) {
        let refilled = |used: C::Instant| Duration::from(now.duration_since(used)) >= REFILLED;
        self.buckets.retain(|_, bucket| !refilled(bucket.used));
        let room = MAX_KEYS - self.buckets.len();
        if room >= MAKE_ROOM {
            return;
        }
        let mut ages: Vec<C::Instant> = self.buckets.values().map(|bucket| bucket.used).collect();
        let (_, &mut newest_to_go, _) = ages.select_nth_unstable(MAKE_ROOM - room - 1);
        let mut left = MAKE_ROOM - room;
        self.buckets.retain(|_, bucket| {
            let goes = left > 0 && bucket.used <= newest_to_go;
            left -= usize::from(goes);
            !goes
        });
    }
}

impl<C: Clock> Bucket<C> {
    fn take(&mut self, limit: NonZeroU32, now: C::Instant) -> Result<(), Limited> {
        self.used = now;
        let later = match self.rate.check() {
            Ok(()) => return Ok(()),
            Err(later) => later.wait_time_from(now),
        };
        // Rounded up: a client that waits as long as it was told must not come too early.
        let whole = Duration::from_millis(
            u64::try_from(later.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX),
        );
        Err(Limited {
            retry_after: whole,
            limit: limit.get(),
        })
    }
}
