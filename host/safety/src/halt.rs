//! A stop for a limit, until what it was for is seen to be over.

use std::time::{Duration, Instant};

/// The hardware is given so long to obey before it is told again, and twice as long each time after.
const FIRST_PAUSE: Duration = Duration::from_secs(3);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// What moves was away from the limit for so long before that is believed: a speed is known from the second look only.
const OVER_AFTER: Duration = Duration::from_secs(3);

/// See the module.
#[derive(Debug)]
pub(crate) struct Halt {
    /// When it is told again.
    next: Instant,
    pause: Duration,
    /// Since when no limit is ahead.
    fine_since: Option<Instant>,
    /// People were called.
    called: bool,
    /// Somebody moves it since, which may only lead back.
    led_back: bool,
}

impl Halt {
    pub(crate) fn new(now: Instant) -> Halt {
        Halt {
            next: now,
            pause: FIRST_PAUSE,
            fine_since: None,
            called: false,
            led_back: false,
        }
    }

    /// A motion begins: it was let through because it leads back. What does not is stopped at once.
    pub(crate) fn begun(&mut self, now: Instant) {
        self.led_back = true;
        self.next = self.next.min(now);
    }

    /// Whether somebody moves it since.
    pub(crate) fn is_led_back(&self) -> bool {
        self.led_back
    }

    /// The limit is ahead, for something that is to be `hit` for it or spared. Whether it is told now.
    pub(crate) fn ahead(&mut self, hit: bool, now: Instant) -> bool {
        self.fine_since = None;
        let due = hit && now >= self.next;
        if due {
            self.next = now + self.pause;
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        }
        due
    }

    /// Whether people are to be called: once.
    pub(crate) fn calls(&mut self) -> bool {
        !std::mem::replace(&mut self.called, true)
    }

    /// No limit is ahead. Whether it is over: at once for what stands or follows the sky.
    pub(crate) fn is_over(&mut self, rests: bool, now: Instant) -> bool {
        let since = *self.fine_since.get_or_insert(now);
        rests || now >= since + OVER_AFTER
    }
}
