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
    pub(crate) loses: Rc<Cell<u32>>,
}

impl Wire {
    pub(crate) fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        self.clock.pass(BYTE * exchange.request.len() as f64);
        let reply = self.mount.borrow_mut().receive(&exchange.request);
        assert_eq!(exchange.reply, Framing::Until(b'\r'));
        if self.loses.get() > 0 {
            self.loses.set(self.loses.get() - 1);
            self.clock.pass(f64::from(exchange.timeout));
            return Err(LineError::Timeout(Vec::new()));
        }
        self.clock.pass(BYTE * reply.len() as f64);
        Ok(reply)
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
            loses: Rc::clone(&self.loses),
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
