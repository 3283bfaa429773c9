//! Warm instances of one plugin, bounded. An instance is taken out for a call and put back only by a call that ended well:
//! a store that trapped, ran out of time or was cancelled is dropped with its call.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::Limits;

/// See the module.
pub(crate) struct Pool<I> {
    idle: Mutex<VecDeque<I>>,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    instances: usize,
    queue: usize,
}

/// The right to one instance.
pub(crate) struct Place(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// All instances are busy, and as many calls wait for one as may.
#[derive(Debug)]
pub(crate) struct Full;

impl<I> Pool<I> {
    pub(crate) fn new(limits: &Limits) -> Pool<I> {
        Pool {
            idle: Mutex::default(),
            places: Arc::new(Semaphore::new(limits.instances)),
            waiting: AtomicUsize::new(0),
            instances: limits.instances,
            queue: limits.queue,
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
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(self.taken(place))
    }

    fn taken(&self, place: OwnedSemaphorePermit) -> (Place, Option<I>) {
        (Place(place), self.lock().pop_back())
    }

    /// How many calls have a place, or wait for one.
    pub(crate) fn calls(&self) -> usize {
        let taken = self
            .instances
            .saturating_sub(self.places.available_permits());
        taken + self.waiting.load(Ordering::Relaxed)
    }

    /// For the next call.
    pub(crate) fn put_back(&self, instance: I) {
        self.lock().push_back(instance);
    }

    async fn wait(&self) -> Result<OwnedSemaphorePermit, Full> {
        let waiting = Waiting::enter(&self.waiting);
        if waiting.before >= self.queue {
            return Err(Full);
        }
        Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| Full)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<I>> {
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
            before: counter.fetch_add(1, Ordering::Relaxed),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.counter.fetch_sub(1, Ordering::Relaxed);
    }
}

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
