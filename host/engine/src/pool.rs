//! Warm instances of one plugin, bounded. An instance is taken out for a call and put back only by a call that ended well:
//! a store that trapped, ran out of time or was cancelled is dropped with its call. The one that was put back last is taken first, so
//! that those at the bottom are those that nobody needs: they are dropped when the pool is looked at.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::Limits;

/// See the module.
pub(crate) struct Pool<I, T = Free> {
    idle: Mutex<Idle<I>>,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    instances: usize,
    queue: usize,
    turns: PhantomData<fn() -> T>,
}

/// What is done before each look at what other threads change, and before each change that they look at.
pub(crate) trait Turns {
    fn turn();
}

/// Nothing: threads run as they like. A test has them go on in every order instead.
pub(crate) struct Free;

impl Turns for Free {
    fn turn() {}
}

/// Instances that wait for a call.
struct Idle<I> {
    warm: VecDeque<I>,
    /// How few there were at least since the pool was looked at last: so many nobody needed since then. A count costs a call nothing,
    /// where a clock would.
    fewest: usize,
}

/// The right to one instance.
pub(crate) struct Place(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// All instances are busy, and as many calls wait for one as may.
#[derive(Debug)]
pub(crate) struct Full;

impl<I> Default for Idle<I> {
    fn default() -> Idle<I> {
        Idle {
            warm: VecDeque::new(),
            fewest: 0,
        }
    }
}

impl<I> Pool<I> {
    pub(crate) fn new(limits: &Limits) -> Pool<I> {
        Pool::with_turns(limits)
    }
}

impl<I, T: Turns> Pool<I, T> {
    pub(crate) fn with_turns(limits: &Limits) -> Pool<I, T> {
        Pool {
            idle: Mutex::default(),
            places: Arc::new(Semaphore::new(limits.instances)),
            waiting: AtomicUsize::new(0),
            instances: limits.instances,
            queue: limits.queue,
            turns: PhantomData,
        }
    }

    /// A place, and an instance if one is warm.
    pub(crate) async fn take(&self) -> Result<(Place, Option<I>), Full> {
        match self.try_take() {
            Some(taken) => Ok(taken),
            None => Ok(self.taken(self.wait().await?)),
        }
    }

    /// The same, where nobody has to wait for it.
    pub(crate) fn try_take(&self) -> Option<(Place, Option<I>)> {
        T::turn();
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(self.taken(place))
    }

    fn taken(&self, place: OwnedSemaphorePermit) -> (Place, Option<I>) {
        let mut idle = self.lock();
        let warm = idle.warm.pop_back();
        idle.fewest = idle.fewest.min(idle.warm.len());
        (Place(place), warm)
    }

    /// How many calls have a place, or wait for one. Between the two a call has both for a moment: it is counted twice then, and never
    /// not at all, because those that wait are looked at first.
    pub(crate) fn calls(&self) -> usize {
        T::turn();
        let waiting = self.waiting.load(Ordering::SeqCst);
        T::turn();
        let taken = self
            .instances
            .saturating_sub(self.places.available_permits());
        taken + waiting
    }

    /// For the next call.
    pub(crate) fn put_back(&self, instance: I) {
        self.lock().warm.push_back(instance);
    }

    /// Drops what nobody needed since the last time, all but one: after a burst of calls no memory is held for the next one.
    pub(crate) fn drop_unneeded(&self) {
        let unneeded: Vec<_> = {
            let mut idle = self.lock();
            let spare = idle.warm.len().saturating_sub(1);
            let unneeded = idle.fewest.min(spare);
            let unneeded = idle.warm.drain(..unneeded).collect();
            idle.fewest = idle.warm.len();
            unneeded
        };
        // Large, so that no call waits for it.
        drop(unneeded);
    }

    async fn wait(&self) -> Result<OwnedSemaphorePermit, Full> {
        T::turn();
        let waiting = Waiting::enter(&self.waiting);
        if waiting.before >= self.queue {
            return Err(Full);
        }
        T::turn();
        let place = Arc::clone(&self.places).acquire_owned().await;
        T::turn();
        drop(waiting);
        place.map_err(|_| Full)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Idle<I>> {
        T::turn();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that waits, counted until it does no more.
struct Waiting<'a> {
    counter: &'a AtomicUsize,
    before: usize,
}

impl Waiting<'_> {
    fn enter(counter: &AtomicUsize) -> Waiting<'_> {
        Waiting {
            counter,
            before: counter.fetch_add(1, Ordering::SeqCst),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.counter.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod interleavings;

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(instances: usize, queue: usize) -> Limits {
        Limits {
            instances,
            queue,
            ..Limits::handler()
        }
    }

    #[tokio::test]
    async fn an_instance_that_is_put_back_serves_again() {
        let pool = Pool::new(&limits(2, 0));
        let (place, instance) = pool.take().await.unwrap();
        assert_eq!(instance, None::<u8>);
        pool.put_back(7);
        drop(place);
        assert_eq!(pool.take().await.unwrap().1, Some(7));
    }

    #[tokio::test]
    async fn what_nobody_needed_between_two_looks_is_dropped_but_for_one() {
        let pool = Pool::new(&limits(4, 0));
        (1..=4).for_each(|instance| pool.put_back(instance));
        pool.drop_unneeded();
        assert_eq!(pool.lock().warm, [1, 2, 3, 4], "they came since the last");
        let (one, two) = (pool.take().await.unwrap(), pool.take().await.unwrap());
        for (_, instance) in [two, one] {
            pool.put_back(instance.unwrap());
        }
        pool.drop_unneeded();
        assert_eq!(pool.lock().warm, [3, 4], "two were needed at once");
        pool.drop_unneeded();
        assert_eq!(pool.lock().warm, [4], "one stays warm");
        pool.drop_unneeded();
        assert_eq!(pool.lock().warm, [4]);
    }

    #[tokio::test]
    async fn more_calls_than_instances_wait_and_more_than_the_queue_are_refused() {
        let pool = Arc::new(Pool::<u8>::new(&limits(1, 1)));
        let (place, _) = pool.take().await.unwrap();
        let other = Arc::clone(&pool);
        let waiting = tokio::spawn(async move { other.take().await.is_ok() });
        while pool.waiting.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        assert!(pool.take().await.is_err());
        assert_eq!(pool.calls(), 2, "one has a place, one waits");
        drop(place);
        assert!(waiting.await.unwrap());
        assert_eq!(pool.calls(), 0);
    }
}
