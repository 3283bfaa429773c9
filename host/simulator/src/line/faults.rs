//! The faults of the wire that are in effect, and at what they strike.

use super::damage::{cut, garble, noise};
use crate::fault::{ActiveFault, Fault, Kind, Part, Scope, WireKind};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// In the order in which they were added. Whoever adds one lets the line know.
#[derive(Debug, Default)]
pub(crate) struct WireFaults {
    entries: Mutex<Vec<Entry>>,
    /// Set when all were taken back, until the line knows.
    cleared: AtomicBool,
}

#[derive(Debug)]
struct Entry {
    kind: WireKind,
    scope: Scope,
    /// How often it still strikes; None: as long as it is there.
    left: Option<u32>,
    until: Option<Instant>,
    /// Until when it keeps the device away.
    away: Option<Instant>,
    /// When it babbles next.
    babbles: Instant,
    dice: SmallRng,
    fault: ActiveFault,
}

impl WireFaults {
    /// Those of the wire among some faults.
    pub(crate) fn new(faults: &[Fault], now: Instant) -> Self {
        let it = Self::default();
        for fault in faults {
            it.add(&ActiveFault::new(fault.clone()), now);
        }
        it
    }

    /// Takes a fault if it is one of the wire.
    pub(crate) fn add(&self, fault: &ActiveFault, now: Instant) {
        let Fault { kind, scope } = fault.fault();
        let Kind::Wire(kind) = *kind else { return };
        let mut entry = Entry::new(kind, scope.clone(), fault.clone(), now);
        if matches!(kind, WireKind::Disconnect(_)) && !scope.of_requests() {
            entry.strike();
            entry.disconnect(now);
        }
        self.entries(now).push(entry);
    }

    /// Returns how many there were. A device that was gone is back, and what was delayed is due.
    pub(crate) fn clear(&self, now: Instant) -> usize {
        let ended = std::mem::take(&mut *self.entries(now)).len();
        self.cleared.store(true, Ordering::SeqCst);
        ended
    }

    /// Whether all were taken back since this was asked last.
    pub(super) fn were_cleared(&self) -> bool {
        self.cleared.swap(false, Ordering::SeqCst)
    }

    pub(crate) fn list(&self, now: Instant) -> Vec<ActiveFault> {
        let entries = self.entries(now);
        entries.iter().map(|entry| entry.fault.clone()).collect()
    }

    /// Whether a half of an exchange is lost.
    pub(super) fn loses(&self, part: Part, request: &str, now: Instant) -> bool {
        let mut entries = self.entries(now);
        let mut drops = entries
            .iter_mut()
            .filter(|entry| entry.kind == WireKind::Drop(part));
        drops.any(|entry| entry.strikes(request))
    }

    /// Garbles and cuts a reply.
    pub(super) fn damage(&self, request: &str, reply: &mut Vec<u8>, now: Instant) {
        for entry in self.entries(now).iter_mut() {
            let kind = entry.kind;
            match kind {
                WireKind::Garble(count) if entry.strikes(request) => {
                    garble(reply, count, &mut entry.dice);
                }
                WireKind::Cut(left) if entry.strikes(request) => cut(reply, left),
                _ => {}
            }
        }
    }

    /// How late a reply is, by all of them together.
    pub(super) fn delay(&self, request: &str, now: Instant) -> Duration {
        let mut entries = self.entries(now);
        let delays = entries.iter_mut().filter_map(|entry| {
            let kind = entry.kind;
            match kind {
                WireKind::Delay(later) if entry.strikes(request) => Some(later),
                _ => None,
            }
        });
        delays.sum()
    }

    /// Takes the device away if a request is one to do so at.
    pub(super) fn disconnect(&self, request: &str, now: Instant) {
        for entry in self.entries(now).iter_mut() {
            if matches!(entry.kind, WireKind::Disconnect(_)) && entry.strikes(request) {
                entry.disconnect(now);
            }
        }
    }

    /// How long the device is still gone.
    pub(super) fn away(&self, now: Instant) -> Option<Duration> {
        let entries = self.entries(now);
        let until = entries.iter().filter_map(|entry| entry.away).max()?;
        until
            .checked_duration_since(now)
            .filter(|left| !left.is_zero())
    }

    /// Whether nothing is heard and nothing said.
    pub(super) fn silent(&self, now: Instant) -> bool {
        self.entries(now).iter().any(Entry::silences)
    }

    /// Something was said to a mount that does not hear it.
    pub(super) fn note_unheard(&self, now: Instant) {
        let entries = self.entries(now);
        let silence = entries.iter().filter(|entry| entry.silences());
        silence.for_each(|entry| entry.fault.hit());
    }

    /// What nobody asked for.
    pub(super) fn babble(&self, now: Instant) -> Vec<u8> {
        let mut entries = self.entries(now);
        entries
            .iter_mut()
            .flat_map(|entry| entry.babble(now))
            .collect()
    }

    /// When something is babbled next.
    pub(super) fn next_babble(&self) -> Option<Instant> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let babble = |entry: &&Entry| matches!(entry.kind, WireKind::Babble { .. });
        entries
            .iter()
            .filter(babble)
            .map(|entry| entry.babbles)
            .min()
    }

    /// Those that are still in effect.
    fn entries(&self, now: Instant) -> MutexGuard<'_, Vec<Entry>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.lasts(now));
        entries
    }
}

impl Entry {
    fn new(kind: WireKind, scope: Scope, fault: ActiveFault, now: Instant) -> Self {
        let once = matches!(kind, WireKind::Disconnect(_)).then_some(1);
        Self {
            kind,
            left: scope.next.or(once),
            until: scope.lasts.map(|lasts| now + lasts),
            away: None,
            babbles: now,
            dice: SmallRng::seed_from_u64(scope.seed),
            scope,
            fault,
        }
    }

    /// Whether it is in effect, or keeps the device away still.
    fn lasts(&self, now: Instant) -> bool {
        let spent = self.left == Some(0) || self.until.is_some_and(|until| until <= now);
        !spent || self.away.is_some_and(|until| until > now)
    }

    /// Whether it strikes at a request, or at its reply.
    fn strikes(&mut self, request: &str) -> bool {
        let meant = self.scope.matching.as_ref();
        let strikes = self.left != Some(0)
            && meant.is_none_or(|meant| request.starts_with(meant.as_str()))
            && self
                .scope
                .chance
                .is_none_or(|chance| self.dice.random_bool(chance));
        if strikes {
            self.strike();
        }
        strikes
    }

    fn strike(&mut self) {
        self.left = self.left.map(|left| left.saturating_sub(1));
        self.fault.hit();
    }

    fn disconnect(&mut self, now: Instant) {
        if let WireKind::Disconnect(away) = self.kind {
            self.away = Some(now + away);
        }
    }

    fn silences(&self) -> bool {
        self.kind == WireKind::Silence
    }

    fn babble(&mut self, now: Instant) -> Vec<u8> {
        let WireKind::Babble { bytes, every } = self.kind else {
            return Vec::new();
        };
        if now < self.babbles || self.left == Some(0) {
            return Vec::new();
        }
        self.babbles = now + every;
        self.strike();
        noise(bytes, &mut self.dice)
    }
}
