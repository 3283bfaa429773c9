//! Bytes in and out, without ever waiting for one direction alone.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use super::{Cut, Wire};
use crate::device::in_words;
use crate::exchange::MAX_REPLY;
use crate::waiter::{after, earliest};

/// How often a device that keeps talking is read before the queue is looked at again.
const READS_AT_ONCE: usize = 4;

/// A full device is tried again after this long: a pseudo-terminal does not tell of all the room that it makes.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl Wire<'_> {
    /// Waits for the device, the queue or the moment, and reads what came.
    pub(super) fn wait(&mut self, until: Option<Instant>) -> Result<(), Cut> {
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

    pub(super) fn wait_for_room(&mut self, until: Option<Instant>) -> Result<(), Cut> {
        self.wait(earliest(until, Some(after(LOOK_AGAIN))))
    }

    pub(super) fn fill(&mut self) -> Result<(), Cut> {
        let mut chunk = [0; 1024];
        for _ in 0..READS_AT_ONCE {
            if !self.readable {
                break;
            }
            match self.device.read(&mut chunk) {
                Ok(0) => return Err(self.gone("it hung up")),
                Ok(count) => {
                    if let Some(tap) = self.shared.tap() {
                        tap.received(&chunk[..count]);
                    }
                    self.keep(&chunk[..count]);
                }
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
    pub(super) fn write_some(&mut self, bytes: &[u8]) -> Result<usize, Cut> {
        loop {
            match self.device.write(bytes) {
                Ok(written) => {
                    if let Some(tap) = self.shared.tap() {
                        tap.sent(&bytes[..written.min(bytes.len())], self.by());
                    }
                    return Ok(written);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.gone(&in_words(&error))),
            }
        }
    }

    pub(super) fn clear_output(&self) {
        if let Err(error) = self.device.clear_output() {
            tracing::warn!(
                line = self.shared.name(),
                "cannot clear the output: {}",
                in_words(&error)
            );
        }
    }

    pub(super) fn unsettle(&mut self) {
        self.unsettled = Some(Instant::now());
    }

    pub(super) fn gone(&mut self, how: &str) -> Cut {
        self.lost.get_or_insert_with(|| how.to_owned());
        Cut::Gone
    }
}
