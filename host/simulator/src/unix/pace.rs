//! How fast bytes pass over a serial line.

use std::time::{Duration, Instant};

/// One direction of a line. What is written to it while a byte is under way waits in the transmitter.
#[derive(Debug)]
pub(super) struct Pace {
    /// How long a byte takes; None: no time at all.
    byte: Option<Duration>,
    /// Since when a byte is under way. None: the line is at rest.
    since: Option<Instant>,
}

/// A start bit, eight of the byte, and a stop bit.
const BITS: u32 = 10;

impl Pace {
    /// Of so many bits a second; None: bytes take no time.
    pub(super) fn new(baud: Option<u32>) -> Self {
        Self {
            byte: baud.map(|baud| Duration::from_secs(1) * BITS / baud.max(1)),
            since: None,
        }
    }

    /// Whether bytes take time.
    pub(super) fn limited(&self) -> bool {
        self.byte.is_some()
    }

    /// How many bytes have passed by now, if there were so many. The first of them begins now if the line was at rest.
    pub(super) fn through(&mut self, now: Instant) -> usize {
        let Some(byte) = self.byte else {
            return usize::MAX;
        };
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since).as_nanos() / byte.as_nanos().max(1);
        usize::try_from(passed).unwrap_or(usize::MAX)
    }

    /// There were so many bytes of those that could pass. Where there were fewer, the line is at rest.
    pub(super) fn passed(&mut self, bytes: usize, through: usize) {
        if bytes < through {
            self.rest();
        } else if let (Some(since), Some(byte)) = (&mut self.since, self.byte) {
            *since += byte.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
        }
    }

    /// No byte is under way.
    pub(super) fn rest(&mut self) {
        self.since = None;
    }

    /// When the byte that is under way has passed.
    pub(super) fn next(&self) -> Option<Instant> {
        Some(self.since? + self.byte?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long a byte takes at 9,600 baud.
    const BYTE: Duration = Duration::from_nanos(1_041_666);

    #[test]
    fn a_byte_takes_ten_bits() {
        let (mut pace, now) = (Pace::new(Some(9600)), Instant::now());
        assert_eq!(pace.through(now), 0);
        assert_eq!(pace.next(), Some(now + BYTE));
        assert_eq!(pace.through(now + BYTE / 2), 0);
        assert_eq!(pace.through(now + BYTE * 7 / 2), 3);
    }

    #[test]
    fn bytes_that_wait_follow_each_other_without_a_gap_and_none_is_ahead_of_its_time() {
        let (mut pace, now) = (Pace::new(Some(9600)), Instant::now());
        pace.through(now);
        let through = pace.through(now + BYTE * 5 / 2);
        pace.passed(through, through);
        assert_eq!(pace.next(), Some(now + BYTE * 3));
    }

    #[test]
    fn a_line_at_rest_saves_nothing_up() {
        let (mut pace, now) = (Pace::new(Some(9600)), Instant::now());
        pace.through(now);
        let through = pace.through(now + BYTE * 4);
        pace.passed(1, through);
        assert_eq!(pace.next(), None);
        assert_eq!(pace.through(now + BYTE * 100), 0);
    }

    #[test]
    fn without_a_rate_everything_passes_at_once() {
        let mut pace = Pace::new(None);
        assert_eq!(pace.through(Instant::now()), usize::MAX);
        pace.passed(3, usize::MAX);
        assert_eq!(pace.next(), None);
    }
}
