//! A line's handle.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::exchange::{Exchange, Guard, StopCount, StopSequence};
use crate::owner::Owner;
use crate::queue::{Errand, Step, StopOutcome, Work};
use crate::shared::Shared;
use crate::state::{LineSettings, LineState};
use crate::tap::LineOptions;
use crate::waiter::Waiter;
use crate::{Held, LineError};

/// A line. Clones are the same line; it is closed when the last of them is dropped.
#[derive(Clone)]
pub struct Line {
    handle: Arc<Handle>,
    by: Option<Arc<str>>,
}

/// Closes the line with its last handle.
struct Handle {
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl Line {
    /// Starts a line's thread, which opens the device and keeps trying while that fails: watch [`Line::state`].
    /// An error means that the system gave no thread or no poll.
    pub fn start(settings: LineSettings) -> io::Result<Line> {
        Line::start_with(settings, LineOptions::default())
    }

    /// The same, with somebody who listens in, or beside another program.
    pub fn start_with(settings: LineSettings, options: LineOptions) -> io::Result<Line> {
        let waiter = Waiter::new()?;
        let shared = Shared::new(settings.name.clone(), waiter.registry(), options.tap)?;
        let shared = Arc::new(shared);
        let owner = Owner::new(shared.clone(), settings, options.beside, waiter);
        thread::Builder::new()
            .name(format!("line {}", shared.name()))
            .spawn(move || owner.run())?;
        Ok(Line {
            handle: Arc::new(Handle { shared }),
            by: None,
        })
    }

    /// The same line, in the hands of one whose bytes a [`Tap`](crate::Tap) can tell from others'.
    #[must_use]
    pub fn on_behalf_of(&self, by: impl Into<Arc<str>>) -> Line {
        Line {
            handle: Arc::clone(&self.handle),
            by: Some(by.into()),
        }
    }

    /// The configuration's name for the line.
    pub fn name(&self) -> &str {
        self.shared().name()
    }

    /// How many stops the line was asked for by now. A request takes its count when it is read.
    pub fn stop_count(&self) -> StopCount {
        self.shared().stop_count()
    }

    /// Writes, then reads one reply; what came unasked before is discarded.
    ///
    /// Dropping the future takes an exchange that did not begin out of the queue; one that began is finished by the
    /// line's owner and its reply discarded.
    pub async fn exchange(&self, exchange: Exchange, guard: Guard) -> Result<Vec<u8>, LineError> {
        self.shared()
            .step(self.errand(guard), Step::Exchange(exchange))
            .await
    }

    /// Stops the hardware: counts up before it returns, goes before everything queued, and fails what is guarded by an
    /// older count. Stops that wait together and are equal share one sequence on the wire.
    ///
    /// The line sends the sequence whether or not the handle is awaited. While the device is gone the handle fails with
    /// [`LineError::Disconnected`] at once, and the line sends the sequence first thing when it opens the device again.
    pub fn stop(&self, sequence: &StopSequence) -> StopHandle {
        StopHandle::new(self.shared().stop(sequence))
    }

    /// Ends one motion: the bytes go out like those of a stop, but clear nothing that others wrote, and what waits fails only
    /// where its warrant was revoked, which is to be done first. A write of another's that waits for its reply when the
    /// ending's patience is over fails with [`LineError::Stopped`], because its reply may be cut; it is not sent again.
    pub fn end(&self, ending: &StopSequence) -> StopHandle {
        StopHandle::new(self.shared().end_motion(ending))
    }

    /// Keeps every other caller off the line until the hold is released, dropped, or `at_most` has passed; the others wait
    /// in the queue. A stop still goes first. Everything done in the hold is guarded by `guard`.
    pub async fn hold(&self, at_most: Duration, guard: Guard) -> Result<Held, LineError> {
        self.shared()
            .submit(self.errand(guard), |answer| Work::Hold { at_most, answer })
            .await
    }

    /// How the line is, and a watch of its changes.
    pub fn state(&self) -> watch::Receiver<LineState> {
        self.shared().state()
    }

    /// Whether a stop or an ending that was asked for has not been handed to the device yet, and a watch of that. A device that is
    /// gone is owed it. True from before [`Line::stop`] returns until the bytes were taken.
    pub fn owing(&self) -> watch::Receiver<bool> {
        self.shared().owing()
    }

    /// Sends the stops that wait, without much patience for the replies to them, fails everything else, and ends the line's
    /// thread: within seconds, whatever the device does.
    pub fn close(&self) {
        self.shared().close();
    }

    fn errand(&self, guard: Guard) -> Errand {
        Errand {
            hold: None,
            guard,
            by: self.by.clone(),
        }
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// A stop that was asked for: resolves to the moment at which the last byte of its sequence was handed to the device.
/// Dropping it takes nothing back.
pub struct StopHandle(Pin<Box<dyn Future<Output = Result<Instant, LineError>> + Send>>);

impl StopHandle {
    fn new(mut outcome: watch::Receiver<Option<StopOutcome>>) -> StopHandle {
        StopHandle(Box::pin(async move {
            let settled = outcome.wait_for(Option::is_some).await;
            settled
                .ok()
                .and_then(|outcome| outcome.clone())
                .unwrap_or(Err(LineError::Disconnected))
        }))
    }
}

impl Future for StopHandle {
    type Output = Result<Instant, LineError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl fmt::Debug for StopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopHandle").finish_non_exhaustive()
    }
}
