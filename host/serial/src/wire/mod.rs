//! The traffic on an open device: writing, reading by framing, going quiet, and the stops in between.

mod bytes;
mod owed;
mod stop;

use std::io;
use std::mem;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use self::owed::{Asked, OwedReplies};
use crate::LineError;
use crate::device::{Device, in_words};
use crate::exchange::{Framing, Guard, LONGEST_REPLY, MAX_REPLY};
use crate::queue::{Errand, Scope, Step, WaitingStop};
use crate::shared::Shared;
use crate::tap::{BY_ENDING, BY_STOP};
use crate::waiter::{DEVICE, Waiter, after, earliest};

/// How long the device may take to accept one request: a hundred times what an adapter needs.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// After a timeout or a cut the line must be quiet for this long before the next exchange.
const QUIET: Duration = Duration::from_millis(200);

/// A line that does not go quiet is used all the same after this long.
const SETTLE_LIMIT: Duration = Duration::from_secs(2);

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
    Stop(Scope),
}

/// An open device and what is known about the bytes on their way.
pub(crate) struct Wire<'a> {
    shared: &'a Shared,
    waiter: &'a mut Waiter,
    device: Box<dyn Device>,
    lost: Option<String>,
    stage: Stage,
    /// Whose step it is that is being done, for a tap.
    by: Option<Arc<str>>,
    /// What came and nobody took yet: at most [`MAX_REPLY`] bytes, the rest is dropped.
    input: Vec<u8>,
    /// There may be more to read: the poll tells of new bytes only.
    readable: bool,
    /// Bytes of an earlier exchange may still come; since when none did.
    unsettled: Option<Instant>,
    /// Replies of exchanges that were cut.
    owed: OwedReplies,
    /// A stop came in the middle of a hold: what it discarded. The hold may still read on.
    cut_off: Option<Vec<u8>>,
    /// The hold that wrote and did not read yet.
    unread: Option<u64>,
    /// What is under way may move the hardware, which thinks about that for longer than about a question.
    is_order: bool,
    /// The last bytes written were a stop's, which another stop must not clear from the output.
    stop_written: bool,
    /// A stop went out after the request of the hold that is being read on.
    reply_cut: bool,
    /// An exchange got no byte at all, and none got a reply since: what was sent meanwhile may have gone nowhere.
    silent: bool,
    /// Stops that the device was handed and has not shown to have received: see [`Wire::lost`].
    unproven: Vec<WaitingStop>,
}

impl<'a> Wire<'a> {
    pub(crate) fn new(
        shared: &'a Shared,
        waiter: &'a mut Waiter,
        mut device: Box<dyn Device>,
    ) -> io::Result<Wire<'a>> {
        device.register(waiter.registry(), DEVICE)?;
        Ok(Wire {
            shared,
            waiter,
            device,
            lost: None,
            stage: Stage::Before,
            by: None,
            input: Vec::new(),
            readable: true,
            unsettled: None,
            owed: OwedReplies::default(),
            cut_off: None,
            unread: None,
            is_order: false,
            stop_written: false,
            reply_cut: false,
            silent: false,
            unproven: Vec::new(),
        })
    }

    /// A wire without its device does nothing more.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.is_some()
    }

    /// How the device was lost. Stops that it may not have received, because it was gone before anybody noticed, are owed to it.
    pub(crate) fn lost(&mut self) -> Option<String> {
        let how = self.lost.take()?;
        self.owe_unproven();
        Some(how)
    }

    /// The device is expected to say what nobody asked for: the first exchange waits for it to be quiet.
    pub(crate) fn expect_noise(&mut self) {
        self.unsettle();
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
        errand: &Errand,
        until: Option<Instant>,
        abandoned: impl Fn() -> bool,
    ) -> Result<Vec<u8>, LineError> {
        let guard = &errand.guard;
        self.by.clone_from(&errand.by);
        self.is_order = !matches!(guard, Guard::Read);
        let abandons = |hold: &mut u64| Some(*hold) != errand.hold;
        if self.unread.take_if(abandons).is_some() {
            self.unsettle();
        }
        let mut begun = false;
        loop {
            let cut = match self.attempt(step, guard, until) {
                Ok(reply) => {
                    self.stage = Stage::Before;
                    self.unread = errand.hold.filter(|_| matches!(step, Step::Write(_)));
                    if !reply.is_empty() {
                        self.prove_stops();
                    }
                    return Ok(reply);
                }
                Err(cut) => cut,
            };
            begun |= self.stage != Stage::Before;
            if cut != Cut::StopDue {
                return Err(self.failure(cut, begun));
            }
            self.send_waiting_stops();
            // What moves is never sent twice, also where the ending of another's motion cut it.
            let repeatable = matches!((step, guard), (Step::Exchange(_), Guard::Read));
            if guard.is_stale(self.shared.stop_count()) || abandoned() || (begun && !repeatable) {
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
        guard: &Guard,
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
            Step::Read(reply, timeout) if self.reply_cut => {
                // The rest of the reply may still come.
                self.unsettle();
                if let Some(mut before) = self.cut_off.take()
                    && reply.take_from(&mut before).is_none()
                {
                    self.owe(Instant::now(), reply.without(before.len()), *timeout);
                }
                Err(Cut::Stopped)
            }
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
            Cut::Late => {
                self.silent |= self.input.is_empty();
                LineError::Timeout(mem::take(&mut self.input))
            }
            Cut::StopDue | Cut::Stopped => LineError::Stopped,
            Cut::Expired => LineError::Expired,
            Cut::Closed if begun => LineError::Interrupted("the line was closed".to_owned()),
            Cut::Gone if begun => LineError::Interrupted(self.lost.clone().unwrap_or_default()),
            Cut::Closed | Cut::Gone => LineError::Disconnected,
        }
    }

    /// Waits until the replies that are owed have come or will not, and no byte of an earlier exchange comes any longer, then discards
    /// what came.
    fn settle(&mut self, until: Option<Instant>) -> Result<(), Cut> {
        self.readable = true;
        self.fill()?;
        let begun = Instant::now();
        let limit = self.owed.until().map_or(begun, |until| until.max(begun)) + SETTLE_LIMIT;
        while let Some(since) = self.unsettled {
            self.discard();
            let now = Instant::now();
            let silence = since + QUIET;
            let quiet = self
                .owed
                .until()
                .map_or(silence, |until| until.max(silence));
            if quiet.min(limit) <= now {
                break;
            }
            let due = self.interruption(now, until)?;
            self.wait(earliest(Some(quiet.min(limit)), due))?;
        }
        self.unsettled = None;
        self.owed.clear();
        self.cut_off = None;
        self.reply_cut = false;
        self.input.clear();
        Ok(())
    }

    /// The request of this reply was sent then, and its exchange is cut.
    fn owe(&mut self, since: Instant, reply: Framing, timeout: Duration) {
        self.owed.owe(self.asked(), since, reply, timeout);
    }

    /// What is under way.
    fn asked(&self) -> Asked {
        match self.is_order {
            _ if self.is_stop() => Asked::Stop,
            true => Asked::Order,
            false => Asked::Question,
        }
    }

    fn discard(&mut self) {
        self.owed.discard(&mut self.input);
    }

    /// Writes a request. This is where what is older than a stop ends: nothing of it is begun after the stop was asked for,
    /// and what was begun is finished only within the stop's patience, because hardware that needs patience would take the
    /// bytes of the stop for the rest of the request.
    fn write(&mut self, bytes: &[u8], guard: &Guard, until: Option<Instant>) -> Result<(), Cut> {
        let deadline = after(WRITE_TIMEOUT);
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
                0 => self.wait_for_room(earliest(Some(deadline), due))?,
                written => {
                    rest = &rest[written..];
                    self.stage = Stage::Writing;
                    self.stop_written = false;
                    self.reply_cut = false;
                    self.cut_off = None;
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
        if !self.is_stop() {
            self.stage = Stage::Reading;
        }
        let since = Instant::now();
        let deadline = since + timeout.min(LONGEST_REPLY);
        let mut ended = Ok(());
        loop {
            if let Some(bytes) = reply.take_from(&mut self.input) {
                if reply != Framing::None && self.owed.is_empty() {
                    self.owed.note(self.asked(), since.elapsed());
                }
                return Ok(bytes);
            }
            // What came before the device was gone may have been the reply.
            ended?;
            let now = Instant::now();
            let due = match self.interruption(now, until) {
                Ok(due) => due,
                Err(cut) => {
                    self.owe(since, reply, timeout);
                    return Err(cut);
                }
            };
            if deadline <= now || self.input.len() >= MAX_REPLY {
                return Err(Cut::Late);
            }
            ended = self.wait(earliest(Some(deadline), due));
        }
    }

    fn is_stop(&self) -> bool {
        matches!(self.stage, Stage::Stop(_))
    }

    /// Whose the bytes are that go out now.
    fn by(&self) -> &str {
        match self.stage {
            Stage::Stop(Scope::Line) => BY_STOP,
            Stage::Stop(Scope::Motion) => BY_ENDING,
            _ => self.by.as_deref().unwrap_or_default(),
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
        if !self.is_stop() && self.shared.is_closed() {
            return Err(Cut::Closed);
        }
        Ok(earliest(stop, until))
    }
}

impl Drop for Wire<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.owe_unproven();
        }
        if let Err(error) = self.device.deregister(self.waiter.registry()) {
            tracing::debug!(
                line = self.shared.name(),
                "cannot deregister the device: {}",
                in_words(&error)
            );
        }
    }
}
