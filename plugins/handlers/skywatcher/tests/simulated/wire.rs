//! The line between the two: as slow as a real one, and lossy where a test wants that.

use slewgate_sdk::{Exchange, Framing, Held, Line, LineError, Millis};
use slewgate_simulator::Skywatcher;
use slewgate_sky::Clock;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Whole microseconds since 1970.
pub(crate) struct HandClock(pub(crate) AtomicU64);

impl HandClock {
    pub(crate) fn pass(&self, millis: f64) {
        self.0.fetch_add((millis * 1e3) as u64, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> f64 {
        self.0.load(Ordering::Relaxed) as f64 / 1e3
    }

    fn rate(&self) -> f64 {
        0.0
    }
}

/// A byte takes so long at 9,600 baud.
const BYTE: f64 = 1000.0 / 960.0;

pub(crate) type Mount = Rc<RefCell<Skywatcher>>;

pub(crate) struct Wire {
    pub(crate) clock: Arc<HandClock>,
    pub(crate) mount: Mount,
    pub(crate) trouble: Rc<Trouble>,
}

/// What becomes of answers.
#[derive(Default)]
pub(crate) struct Trouble {
    /// How many of the next are lost.
    pub(crate) loses: Cell<u32>,
    /// From what those that are damaged are thrown; 0: none is.
    pub(crate) damages: Cell<u64>,
}

impl Trouble {
    /// What comes of an answer; an end that is missing is waited for in vain.
    fn meets(&self, reply: Vec<u8>) -> Result<Vec<u8>, LineError> {
        if self.loses.get() > 0 {
            self.loses.set(self.loses.get() - 1);
            return Err(LineError::Timeout(Vec::new()));
        }
        let mut came = match self.throw(8) {
            0 => reply[..self.throw(reply.len())].to_vec(),
            1 => reply[self.throw(reply.len())..].to_vec(),
            2 => [&reply[..self.throw(reply.len())], &reply].concat(),
            3 => [&reply[..], &reply].concat(),
            _ => reply,
        };
        match came.iter().position(|byte| *byte == b'\r') {
            Some(end) => {
                // The line discards what comes after.
                came.truncate(end + 1);
                Ok(came)
            }
            None => Err(LineError::Timeout(came)),
        }
    }

    /// Below a bound, by a linear congruential generator with Knuth's constants; where nothing is damaged the greatest.
    fn throw(&self, below: usize) -> usize {
        let state = self.damages.get();
        if state == 0 {
            return below - 1;
        }
        let next = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.damages.set(next);
        (next >> 33) as usize % below
    }
}

impl Wire {
    pub(crate) fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        self.clock.pass(BYTE * exchange.request.len() as f64);
        let reply = self.mount.borrow_mut().receive(&exchange.request);
        assert_eq!(exchange.reply, Framing::Until(b'\r'));
        self.clock.pass(BYTE * reply.len() as f64);
        let met = self.trouble.meets(reply);
        if met.is_err() {
            self.clock.pass(f64::from(exchange.timeout));
        }
        met
    }
}

impl Line for Wire {
    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        Wire::exchange(self, exchange)
    }

    fn hold(&self, _: Millis) -> Result<Box<dyn Held>, LineError> {
        Ok(Box::new(Wire {
            clock: Arc::clone(&self.clock),
            mount: Rc::clone(&self.mount),
            trouble: Rc::clone(&self.trouble),
        }))
    }
}

impl Held for Wire {
    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        Wire::exchange(self, exchange)
    }

    fn write(&self, _: &[u8]) -> Result<(), LineError> {
        panic!("every request of this language is answered")
    }

    fn read(&self, _: Framing, _: Millis) -> Result<Vec<u8>, LineError> {
        panic!("every answer is read with its request")
    }
}
