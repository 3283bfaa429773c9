//! The traffic on an open device: writing, reading by framing, going quiet, and the stops in between.

use std::io::{self, ErrorKind};
use std::mem;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Registry, Token};

use crate::LineError;
use crate::device::{Device, in_words};
use crate::exchange::{Exchange, Framing, Guard, MAX_REPLY};
use crate::queue::{Step, WaitingStop};
use crate::shared::Shared;

/// How long the device may take to accept one request: a hundred times what an adapter needs.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// After a timeout or a cut the line must be quiet for this long before the next exchange.
const QUIET: Duration = Duration::from_millis(200);

/// A line that does not go quiet is used all the same after this long.
const SETTLE_LIMIT: Duration = Duration::from_secs(2);

/// How often a device that keeps talking is read before the queue is looked at again.
const READS_AT_ONCE: usize = 4;

const DEVICE: Token = Token(1);
const EVENTS_AT_ONCE: usize = 8;

/// The owner's one place to wait, for the device and for the queue.
#[derive(Debug)]
pub(crate) struct Waiter {
    poll: Poll,
    events: Events,
}

impl Waiter {
    pub(crate) fn new() -> io::Result<Waiter> {
        Ok(Waiter {
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS_AT_ONCE),
        })
    }

    pub(crate) fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// Waits for anything to happen; says whether it happened to the device.
    pub(crate) fn wait(&mut self, until: Option<Instant>) -> io::Result<bool> {
        let timeout = until.map(|until| until.saturating_duration_since(Instant::now()));
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(false),
            outcome => outcome.map(|()| self.events.iter().any(|event| event.token() == DEVICE)),
        }
    }
}

/// Why work on the wire ended before it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// A stop is due: it goes out now, whatever is under way.
    StopDue,
    /// A stop came after this was asked for.
    Stopped,
    /// The device did not take the request, or the reply did not end, in time.
    Late,
    /// The hold ran out.
    Expired,
    Closed,
    /// The device is gone; [`Wire::lost`] says how.
    Gone,
}

/// How far the step is that is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing of it was written.
    Before,
    Writing,
    Reading,
    /// The step is an exchange of a stop, which closing the line does not cut.
    Stop,
}

/// An open device and what is known about the bytes on their way.
pub(crate) struct Wire<'a> {
    shared: &'a Shared,
    waiter: &'a mut Waiter,
    device: Box<dyn Device>,
    lost: Option<String>,
    stage: Stage,
    /// What came and nobody took yet: at most [`MAX_REPLY`] bytes, the rest is dropped.
    input: Vec<u8>,
    /// There may be more to read: the poll tells of new bytes only.
    readable: bool,
    /// Bytes of an earlier exchange may still come; since when none did.
    unsettled: Option<Instant>,
    /// The last bytes written were a stop's, which another stop must not clear from the output.
    stop_written: bool,
    /// A stop went out after the request of the hold that is being read on.
    reply_cut: bool,
}

impl<'a> Wire<'a> {
    pub(crate) fn new(
        shared: &'a Shared,
        waiter: &'a mut Waiter,
        device: Box<dyn Device>,
    ) -> io::Result<Wire<'a>> {
        device.register(waiter.registry(), DEVICE)?;
        Ok(Wire {
            shared,
            waiter,
            device,
            lost: None,
            stage: Stage::Before,
            input: Vec::new(),
            readable: true,
            unsettled: None,
            stop_written: false,
            reply_cut: false,
        })
    }

    /// How the device was lost. A wire without its device does nothing more.
    pub(crate) fn lost(&mut self) -> Option<String> {
        self.lost.take()
    }

    /// Waits for something to do.
    pub(crate) fn idle(&mut self, until: Option<Instant>) {
        // A loss is found in `lost`.
        let _ = self.wait(until);
    }

    /// Does one step; a stop that is due meanwhile goes out in the middle of it. `until` is the end of the step's hold.
    pub(crate) fn perform(
        &mut self,
        step: &Step,
        guard: Guard,
        until: Option<Instant>,
        abandoned: impl Fn() -> bool,
    ) -> Result<Vec<u8>, LineError> {
        let mut begun = false;
        loop {
            let cut = match self.attempt(step, guard, until) {
                Ok(reply) => {
                    self.stage = Stage::Before;
                    return Ok(reply);
                }
                Err(cut) => cut,
            };
            begun |= self.stage != Stage::Before;
            if cut != Cut::StopDue {
                return Err(self.failure(cut, begun));
            }
            self.send_waiting_stops();
            if guard.is_stale(self.shared.stop_count())
                || abandoned()
                || (begun && !matches!(step, Step::Exchange(_)))
            {
                return Err(LineError::Stopped);
            }
            if self.lost.is_some() {
                return Err(self.failure(Cut::Gone, begun));
            }
        }
    }

    fn attempt(
        &mut self,
        step: &Step,
        guard: Guard,
        until: Option<Instant>,
    ) -> Result<Vec<u8>, Cut> {
        self.stage = Stage::Before;
        match step {
            Step::Exchange(exchange) => {
                self.settle(until)?;
                self.write(&exchange.request, guard, until)?;
                self.read(exchange.reply, exchange.timeout, until)
            }
            Step::Settle => self.settle(until).map(|()| Vec::new()),
            Step::Write(bytes) => {
                if self.unsettled.is_some() {
                    self.settle(until)?;
                }
                self.write(bytes, guard, until).map(|()| Vec::new())
            }
            Step::Read(..) if self.reply_cut => Err(Cut::Stopped),
            Step::Read(reply, timeout) => self.read(*reply, *timeout, until),
        }
    }

    /// What the caller is told, and what the line has to do about it before the next exchange.
    fn failure(&mut self, cut: Cut, begun: bool) -> LineError {
        if begun {
            self.unsettle();
        }
        if mem::replace(&mut self.stage, Stage::Before) == Stage::Writing {
            self.clear_output();
        }
        match cut {
            Cut::Late => LineError::Timeout(mem::take(&mut self.input)),
            Cut::StopDue | Cut::Stopped => LineError::Stopped,
            Cut::Expired => LineError::Expired,
            Cut::Closed if begun => LineError::Interrupted("the line was closed".to_owned()),
            Cut::Gone if begun => LineError::Interrupted(self.lost.clone().unwrap_or_default()),
            Cut::Closed | Cut::Gone => LineError::Disconnected,
        }
    }

    /// Waits until no byte of an earlier exchange comes any longer, then discards what came.
    fn settle(&mut self, until: Option<Instant>) -> Result<(), Cut> {
        self.readable = true;
        self.fill()?;
        let limit = Instant::now() + SETTLE_LIMIT;
        while let Some(since) = self.unsettled {
            let now = Instant::now();
            let quiet = limit.min(since + QUIET);
            if quiet <= now {
                break;
            }
            let due = self.interruption(now, until)?;
            self.wait(earliest(Some(quiet), due))?;
        }
        self.unsettled = None;
        self.reply_cut = false;
        self.input.clear();
        Ok(())
    }

    /// Writes a request. This is where what is older than a stop ends: nothing of it is begun after the stop was asked for,
    /// and what was begun is finished only within the stop's patience, because hardware that needs patience would take the
    /// bytes of the stop for the rest of the request.
    fn write(&mut self, bytes: &[u8], guard: Guard, until: Option<Instant>) -> Result<(), Cut> {
        let deadline = Instant::now() + WRITE_TIMEOUT;
        let mut rest = bytes;
        while !rest.is_empty() {
            let now = Instant::now();
            // A hold that runs out cuts no request.
            let due = self.interruption(now, until.filter(|_| self.stage == Stage::Before))?;
            if self.stage == Stage::Before && guard.is_stale(self.shared.stop_count()) {
                return Err(Cut::Stopped);
            }
            match self.write_some(rest)? {
                0 if deadline <= now => return Err(Cut::Late),
                0 => self.wait(earliest(Some(deadline), due))?,
                written => {
                    rest = &rest[written..];
                    self.stage = Stage::Writing;
                    self.stop_written = false;
                    self.reply_cut = false;
                }
            }
        }
        Ok(())
    }

    fn read(
        &mut self,
        reply: Framing,
        timeout: Duration,
        until: Option<Instant>,
    ) -> Result<Vec<u8>, Cut> {
        if self.stage != Stage::Stop {
            self.stage = Stage::Reading;
        }
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(reply) = reply.take_from(&mut self.input) {
                return Ok(reply);
            }
            let now = Instant::now();
            let due = self.interruption(now, until)?;
            if deadline <= now || self.input.len() >= MAX_REPLY {
                return Err(Cut::Late);
            }
            self.wait(earliest(Some(deadline), due))?;
        }
    }

    /// Whether something ends what is under way, and when something will.
    fn interruption(&self, now: Instant, until: Option<Instant>) -> Result<Option<Instant>, Cut> {
        let stop = self.shared.stop_due(self.stage != Stage::Before);
        let is_over = |end: Option<Instant>| end.is_some_and(|end| end <= now);
        if is_over(stop) {
            return Err(Cut::StopDue);
        }
        if is_over(until) {
            return Err(Cut::Expired);
        }
        if self.stage != Stage::Stop && self.shared.is_closed() {
            return Err(Cut::Closed);
        }
        Ok(earliest(stop, until))
    }
}

/// Stops.
impl Wire<'_> {
    fn send_waiting_stops(&mut self) {
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
        if !self.stop_written && (stop.sequence.patience.is_zero() || self.stage == Stage::Writing)
        {
            self.clear_output();
        }
        if cuts {
            self.unsettle();
        }
        self.reply_cut = true;
        self.stage = Stage::Stop;
        if self.send_sequence(&stop).is_err() && stop.outcome.borrow().is_none() {
            stop.outcome
                .send_replace(Some(Err(LineError::Disconnected)));
            self.shared.owe(stop.sequence);
        }
        self.stage = Stage::Before;
    }

    /// A device that takes no more has too much before the stop: that goes, and the sequence begins again.
    fn send_sequence(&mut self, stop: &WaitingStop) -> Result<(), Cut> {
        match self.try_sequence(stop, Duration::ZERO) {
            Err(Cut::Late) => {
                self.clear_output();
                self.try_sequence(stop, WRITE_TIMEOUT)
                    .map_err(|_| self.gone("it takes no bytes"))
            }
            sent => sent,
        }
    }

    fn try_sequence(&mut self, stop: &WaitingStop, write_timeout: Duration) -> Result<(), Cut> {
        let handed_over = || stop.outcome.send_replace(Some(Ok(Instant::now())));
        let Some((last, before)) = stop.sequence.exchanges.split_last() else {
            handed_over();
            return Ok(());
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
        self.input.clear();
        let deadline = Instant::now() + timeout;
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.write_some(rest)? {
                0 if deadline <= Instant::now() => return Err(Cut::Late),
                0 => self.wait(Some(deadline))?,
                written => rest = &rest[written..],
            }
            self.stop_written = true;
        }
        Ok(())
    }

    /// Gives the hardware the time that it asks for between two requests. No reply, and another stop that is due, end the
    /// wait and not the sequence.
    fn await_reply(&mut self, exchange: &Exchange) -> Result<(), Cut> {
        match self.read(exchange.reply, exchange.timeout, None) {
            Err(Cut::Gone) => Err(Cut::Gone),
            Err(_) => {
                self.unsettle();
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }
}

/// Bytes.
impl Wire<'_> {
    /// Waits for the device, the queue or the moment, and reads what came.
    fn wait(&mut self, until: Option<Instant>) -> Result<(), Cut> {
        let now = Instant::now();
        let look = if self.readable {
            Some(now)
        } else {
            self.device.pace().map(|pace| now + pace)
        };
        let device = self
            .waiter
            .wait(earliest(until, look))
            .map_err(|error| self.gone(&in_words(&error)))?;
        self.readable |= device || self.device.pace().is_some();
        self.fill()
    }

    fn fill(&mut self) -> Result<(), Cut> {
        let mut chunk = [0; 1024];
        for _ in 0..READS_AT_ONCE {
            if !self.readable {
                break;
            }
            match self.device.read(&mut chunk) {
                Ok(0) => return Err(self.gone("it hung up")),
                Ok(count) => self.keep(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.gone(&in_words(&error))),
            }
        }
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MAX_REPLY - self.input.len();
        self.input
            .extend_from_slice(&bytes[..room.min(bytes.len())]);
        if self.unsettled.is_some() {
            self.unsettle();
        }
    }

    /// How many bytes the device takes now.
    fn write_some(&mut self, bytes: &[u8]) -> Result<usize, Cut> {
        loop {
            match self.device.write(bytes) {
                Ok(written) => return Ok(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.gone(&in_words(&error))),
            }
        }
    }

    fn clear_output(&self) {
        if let Err(error) = self.device.clear_output() {
            tracing::warn!(
                line = self.shared.name(),
                "cannot clear the output: {}",
                in_words(&error)
            );
        }
    }

    fn unsettle(&mut self) {
        self.unsettled = Some(Instant::now());
    }

    fn gone(&mut self, how: &str) -> Cut {
        self.lost.get_or_insert_with(|| how.to_owned());
        Cut::Gone
    }
}

impl Drop for Wire<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.device.deregister(self.waiter.registry()) {
            tracing::debug!(
                line = self.shared.name(),
                "cannot deregister the device: {}",
                in_words(&error)
            );
        }
    }
}

fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
