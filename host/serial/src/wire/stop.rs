//! Stops on the wire.

use std::time::{Duration, Instant};

use super::{Cut, Stage, WRITE_TIMEOUT, Wire};
use crate::LineError;
use crate::exchange::Exchange;
use crate::queue::WaitingStop;
use crate::waiter::after;

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
        let deadline = after(timeout);
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.write_some(rest)? {
                0 if deadline <= Instant::now() => return Err(Cut::Late),
                0 => self.wait_for_room(Some(deadline))?,
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
