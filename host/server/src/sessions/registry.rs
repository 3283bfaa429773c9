//! Who is here, under one lock that nobody keeps while he waits. Of those with one identity there is one at a time.
//!
//! It knows neither sockets nor tokens, and takes its lock as a parameter: a test gives it one whose threads take their turns in
//! every order (`interleavings`).

use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// One who is here. Clones are the same one.
pub(super) trait Occupant: Clone + Send {
    /// One who asks for a place.
    type Newcomer: Send;

    /// What becomes of a newcomer.
    fn new(number: u64, newcomer: Self::Newcomer) -> Self;

    /// Its own, never used again.
    fn number(&self) -> u64;

    /// Whether there is room for one of both only.
    fn is(&self, newcomer: &Self::Newcomer) -> bool;

    /// Whether it gives a sign of life within `patience`.
    fn answers(&self, patience: Duration) -> impl Future<Output = bool> + Send;

    /// It is told that another has its place.
    fn make_way(&self);
}

/// What one thread at a time may touch.
pub(super) trait Lock<T> {
    fn of(value: T) -> Self;

    /// Waits until nobody else does.
    fn with<R>(&self, touch: impl FnOnce(&mut T) -> R) -> R;
}

impl<T> Lock<T> for Mutex<T> {
    fn of(value: T) -> Self {
        Mutex::new(value)
    }

    fn with<R>(&self, touch: impl FnOnce(&mut T) -> R) -> R {
        // Each change is one insertion or removal, so a poisoned map is still a whole one.
        touch(&mut self.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Why a newcomer gets no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPlace {
    /// Its token and id are here for the same purpose, and alive.
    #[error("the same token and client id are connected already")]
    AlreadyConnected,
    /// The host is shutting down.
    #[error("the host is shutting down")]
    Closing,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Registry<O, L = Mutex<Live<O>>> {
    live: L,
    occupants: PhantomData<O>,
}

#[derive(Debug)]
pub(super) struct Live<O> {
    newest: u64,
    closing: bool,
    occupants: BTreeMap<u64, O>,
}

impl<O: Occupant, L: Lock<Live<O>>> Default for Registry<O, L> {
    fn default() -> Self {
        let live = Live {
            newest: 0,
            closing: false,
            occupants: BTreeMap::new(),
        };
        Self {
            live: L::of(live),
            occupants: PhantomData,
        }
    }
}

impl<O: Occupant, L: Lock<Live<O>>> Registry<O, L> {
    pub(super) fn count(&self) -> usize {
        self.live.with(|live| live.occupants.len())
    }

    /// All of them, oldest first.
    pub(super) fn list(&self) -> Vec<O> {
        self.live
            .with(|live| live.occupants.values().cloned().collect())
    }

    pub(super) fn get(&self, number: u64) -> Option<O> {
        self.live.with(|live| live.occupants.get(&number).cloned())
    }

    /// Lets nobody in any more, and answers who is here.
    pub(super) fn shut(&self) -> Vec<O> {
        self.live.with(|live| live.closing = true);
        self.list()
    }

    /// A place for `newcomer`. Who has it is asked for a sign of life first, and gives way when there is none within `patience`.
    pub(super) async fn enter(
        &self,
        newcomer: O::Newcomer,
        patience: Duration,
    ) -> Result<O, NoPlace> {
        let holder = self.live.with(|live| live.holder(&newcomer).cloned());
        if let Some(holder) = &holder
            && holder.answers(patience).await
        {
            return Err(NoPlace::AlreadyConnected);
        }
        self.live.with(|live| {
            if let Some(holder) = holder {
                live.occupants.remove(&holder.number());
                holder.make_way();
            }
            live.add(newcomer)
        })
    }

    /// The place is free from here on, whoever has it by then.
    pub(super) fn leave(&self, number: u64) {
        self.live.with(|live| live.occupants.remove(&number));
    }
}

impl<O: Occupant> Live<O> {
    fn holder(&self, newcomer: &O::Newcomer) -> Option<&O> {
        self.occupants
            .values()
            .find(|occupant| occupant.is(newcomer))
    }

    fn add(&mut self, newcomer: O::Newcomer) -> Result<O, NoPlace> {
        if self.closing {
            return Err(NoPlace::Closing);
        }
        if self.holder(&newcomer).is_some() {
            // Another newcomer was faster.
            return Err(NoPlace::AlreadyConnected);
        }
        self.newest += 1;
        let occupant = O::new(self.newest, newcomer);
        self.occupants.insert(self.newest, occupant.clone());
        Ok(occupant)
    }
}
