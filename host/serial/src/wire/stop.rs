//! Stops on the wire.

use std::mem;
use std::time::{Duration, Instant};

use super::{Cut, Stage, WRITE_TIMEOUT, Wire};
use crate::LineError;
use crate::exchange::{Exchange, LONGEST_STOP_WAIT, MAX_REPLY};
use crate::queue::{Scope, WaitingStop};
use crate::waiter::after;

/// A device whose loss is noticed this long after it was handed a stop may not have received it: a peer over TCP can be gone
/// for as long before its system says so.
const UNPROVEN_FOR: Duration = Duration::from_secs(30);

/// How many stops are remembered for that.
const MAX_UNPROVEN: usize = 8;

/// How long a line that was closed waits for replies to its last stops, in all.
const CLOSING: Duration = Duration::from_secs(2);

/// Whether the device has shown that it received a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    None,
    Replied,
}

impl Wire<'_> {
    pub(super) fn send_waiting_stops(&mut self) {
        while self.lost.is_none()
            && let Some(stop) = self.shared.next_stop()
        {
            self.send_stop(stop);
        }
    }

    /// Hands a stop's bytes to the device, also into a reply that is being awaited. A device that is lost before it took
    /// them all is owed the stop.
    pub(crate) fn send_stop(&mut self, stop: WaitingStop) {
        let cuts = self.stage != Stage::Before;
        let at_once = stop.scope == Scope::Line && stop.sequence.patience.is_zero();
        if !self.stop_written && (at_once || self.stage == Stage::Writing) {
            self.clear_output();
        }
        let held = self.shared.is_held();
        if cuts || held {
            self.unsettle();
        }
        if held && !cuts {
            self.cut_off.get_or_insert_default();
        }
        self.reply_cut = true;
        self.stop_written = false;
        self.stage = Stage::Stop(stop.scope);
        let sent = self.send_sequence(&stop);
        if sent.is_err() && stop.outcome.borrow().is_none() {
            stop.outcome.send_replace(Some(Err(self.unfinished())));
            self.shared.owe(stop);
        } else if sent != Ok(Proof::Replied) {
            self.unproven
                .retain(|other| other.sequence != stop.sequence);
            if self.unproven.len() == MAX_UNPROVEN {
                self.unproven.remove(0);
            }
            self.unproven.push(stop);
        }
        self.shared.stop_left();
        self.stage = Stage::Before;
    }

    /// The device answered what came after the stops: it has received them. After a silence that proves nothing, as what it was
    /// sent may have been swallowed on the way: it gets them before anything else.
    pub(super) fn prove_stops(&mut self) {
        if mem::take(&mut self.silent) {
            while let Some(stop) = self.unproven.pop() {
                self.shared.owe(stop);
            }
        }
        self.unproven.clear();
    }

    /// The newest is owed first, so that the oldest of them is the first of all.
    pub(super) fn owe_unproven(&mut self) {
        while let Some(stop) = self.unproven.pop() {
            if stop.asked.elapsed() < UNPROVEN_FOR {
                self.shared.owe(stop);
            }
        }
    }

    /// What a stop ends with that the device did not take as a whole.
    fn unfinished(&self) -> LineError {
        match &self.lost {
            Some(how) if self.stop_written => LineError::Interrupted(how.clone()),
            _ => LineError::Disconnected,
        }
    }

    /// A device that takes no more has too much before the stop: that goes, and the sequence begins again.
    fn send_sequence(&mut self, stop: &WaitingStop) -> Result<Proof, Cut> {
        match self.try_sequence(stop, Duration::ZERO) {
            Err(Cut::Late) => {
                self.clear_output();
                self.try_sequence(stop, WRITE_TIMEOUT)
                    .map_err(|_| self.gone("it takes no bytes"))
            }
            sent => sent,
        }
    }

    fn try_sequence(&mut self, stop: &WaitingStop, write_timeout: Duration) -> Result<Proof, Cut> {
        let handed_over = || stop.outcome.send_replace(Some(Ok(Instant::now())));
        let Some((last, before)) = stop.sequence.exchanges.split_last() else {
            handed_over();
            return Ok(Proof::Replied);
        };
        for exchange in before {
            self.write_stop(&exchange.request, write_timeout)?;
            self.await_reply(exchange)?;
        }
        self.write_stop(&last.request, write_timeout)?;
        handed_over();
        self.await_reply(last)
    }

    fn write_stop(&mut self, bytes: &[u8], timeout: Duration) -> Result<(), Cut> {
        self.readable = true;
        self.fill()?;
        if let Some(cut_off) = &mut self.cut_off {
            let room = MAX_REPLY.saturating_sub(cut_off.len());
            cut_off.extend_from_slice(&self.input[..room.min(self.input.len())]);
        }
        self.discard();
        let deadline = after(timeout);
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.write_some(rest)? {
                0 if deadline <= Instant::now() => return Err(Cut::Late),
                0 => self.wait_for_room(Some(deadline))?,
                written => {
                    rest = &rest[written..];
                    self.stop_written = true;
                }
            }
        }
        Ok(())
    }

    /// A line that was closed has little left, however many stops wait.
    fn stop_patience(&self, exchange: &Exchange) -> Duration {
        let left = |closed: Instant| CLOSING.saturating_sub(closed.elapsed());
        let closing = self.shared.closed_at().map(left);
        exchange.timeout.min(closing.unwrap_or(LONGEST_STOP_WAIT))
    }

    /// Gives the hardware the time that it asks for between two requests. No reply, and another stop that is due, end the
    /// wait and not the sequence. Whatever comes ends it too: where a reply was owed before, or a hold was yet to read one, that may have been
    /// it, and proves nothing.
    fn await_reply(&mut self, exchange: &Exchange) -> Result<Proof, Cut> {
        let since = Instant::now();
        self.owed.expire();
        match self.read(exchange.reply, self.stop_patience(exchange), None) {
            Err(Cut::Gone) => Err(Cut::Gone),
            Err(_) => {
                self.unsettle();
                Ok(Proof::None)
            }
            Ok(reply) if reply.is_empty() => Ok(Proof::None),
            Ok(reply) if self.owed.any_but_of_stops() => {
                self.input.splice(0..0, reply);
                self.owe(since, exchange.reply, exchange.timeout);
                self.discard();
                self.unsettle();
                Ok(Proof::None)
            }
            Ok(reply) => match self.cut_off.as_mut().filter(|_| self.unread.is_some()) {
                Some(cut_off) => {
                    cut_off.extend(reply);
                    self.owe(since, exchange.reply, exchange.timeout);
                    self.unsettle();
                    Ok(Proof::None)
                }
                None => Ok(Proof::Replied),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};

    use mio::{Registry, Token};

    use super::*;
    use crate::device::Device;
    use crate::exchange::{Framing, StopSequence};
    use crate::shared::Shared;
    use crate::waiter::Waiter;

    /// A device in a state that a pseudo-terminal cannot be brought into reliably.
    #[derive(Clone, Default)]
    struct Scripted {
        /// Takes nothing until its output is cleared.
        full: Arc<AtomicBool>,
        /// Has more to say at every moment.
        talks: bool,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Device for Scripted {
        fn register(&mut self, _registry: &Registry, _token: Token) -> io::Result<()> {
            Ok(())
        }

        fn deregister(&mut self, _registry: &Registry) -> io::Result<()> {
            Ok(())
        }

        fn pace(&self) -> Option<Duration> {
            None
        }

        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.talks {
                Ok(buffer.len())
            } else {
                Err(ErrorKind::WouldBlock.into())
            }
        }

        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.full.load(Ordering::SeqCst) {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn clear_output(&self) -> io::Result<()> {
            self.full.store(false, Ordering::SeqCst);
            Ok(())
        }
    }

    /// Sends a stop that would wait a minute for an exchange under way; none is.
    fn send_stop_to(device: &Scripted) -> Vec<u8> {
        let mut waiter = Waiter::new().unwrap();
        let shared = Shared::new("east".to_owned(), waiter.registry(), None).unwrap();
        let request = b":Q#".to_vec();
        let exchanges = vec![Exchange {
            request,
            reply: Framing::None,
            timeout: Duration::ZERO,
        }];
        let sequence = StopSequence {
            exchanges,
            patience: Duration::from_secs(60),
        };
        shared.owe(WaitingStop::new(sequence, Scope::Line));
        let mut wire = Wire::new(&shared, &mut waiter, Box::new(device.clone())).unwrap();
        wire.send_waiting_stops();
        device.written.lock().unwrap().clone()
    }

    #[test]
    fn a_stop_clears_the_output_of_a_device_that_is_full() {
        let device = Scripted::default();
        device.full.store(true, Ordering::SeqCst);
        assert_eq!(send_stop_to(&device), b":Q#");
    }

    #[test]
    fn a_stop_is_written_to_a_device_that_always_has_more_to_say() {
        let device = Scripted {
            talks: true,
            ..Scripted::default()
        };
        assert_eq!(send_stop_to(&device), b":Q#");
    }
}
