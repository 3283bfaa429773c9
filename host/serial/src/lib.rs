//! The lines to the hardware: one owner per line, a bounded queue in front of it, and a stop that goes first.
//!
//! In reading order: `exchange`, `error`, `address` and `state` say what is asked and answered, `tap` who listens in; `line` and
//! `held` are the handles; `queue` decides what is next, and `shared` locks it between handles and owner; `owner` is the thread, which
//! waits in `waiter` while `opening` opens; `wire` is the traffic on the open device; `device` is whatever is open, `tcp`, `udp`
//! and the platform's module are the devices themselves.
//!
//! What holds here:
//! - Nobody but a line's thread touches its device, and that thread never waits for anything but device and queue at once.
//! - A line ends only when it is closed: a fault of its thread is a device that was lost, and is opened again.
//! - A stop passes the queue; what was asked before it never reaches the wire after it.
//! - A reply belongs to the request before it: what came unasked is discarded, and after a timeout the line is let go quiet.
//! - A stop that may not have reached its device is owed to it, and goes first when it is back.
//! - Every queue here is bounded by a constant; nothing here runs on the async runtime, knows a protocol, or repeats what moves.

mod address;
mod device;
mod error;
mod exchange;
mod held;
mod line;
mod opening;
mod owner;
mod queue;
mod shared;
mod state;
mod tap;
mod tcp;
mod udp;
#[cfg(unix)]
mod unix;
mod waiter;
#[cfg(windows)]
mod windows;
mod wire;

pub use address::{Address, AddressError};
pub use error::{LineError, Outcome};
pub use exchange::{
    Exchange, Framing, Guard, LONGEST_REPLY, LONGEST_STOP_WAIT, MAX_REPLY, MAX_REQUEST,
    MAX_STOP_EXCHANGES, StopCount, StopSequence, Warrant,
};
pub use held::Held;
pub use line::{Line, StopHandle};
pub use queue::QUEUE_CAPACITY;
pub use state::{LineSettings, LineState};
pub use tap::{BY_ENDING, BY_STOP, LineOptions, Tap};
#[cfg(unix)]
pub use unix::obstacle;
#[cfg(windows)]
pub use windows::obstacle;
