//! What a peer may send: a fixed allowance before authentication, a rate after it.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

use super::limits::Limits;

/// How a peer sent more than it may. The stream ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exceeded {
    /// The upgrade's request.
    #[error("over the bytes that an upgrade may have")]
    Headers,
    /// Bytes before authentication.
    #[error("over the bytes that may come before authentication")]
    Bytes,
    /// Frames before authentication.
    #[error("over the frames that may come before authentication")]
    Frames,
    /// Frames or bytes after it.
    #[error("over the frames or bytes that may come within a second")]
    Rate,
}

/// What is left of a fixed budget.
#[derive(Debug)]
pub(crate) struct Allowance {
    bytes: usize,
    frames: u32,
}

impl Allowance {
    /// The budget of a connection that has not said who it is.
    pub(crate) fn unknown(limits: &Limits) -> Allowance {
        Allowance {
            bytes: limits.authentication_bytes,
            frames: limits.authentication_frames,
        }
    }

    /// How much of `wanted` may be read.
    pub(crate) fn readable(&self, wanted: u64) -> Result<usize, Exceeded> {
        match usize::try_from(wanted)
            .unwrap_or(usize::MAX)
            .min(self.bytes)
        {
            0 => Err(Exceeded::Bytes),
            readable => Ok(readable),
        }
    }

    /// Charges what came. A payload that is `announced` and cannot fit is refused with its header:
    /// the library would reserve memory for it.
    pub(crate) fn spend(
        &mut self,
        bytes: usize,
        frames: u32,
        announced: u64,
    ) -> Result<(), Exceeded> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Exceeded::Bytes)?;
        self.frames = self.frames.checked_sub(frames).ok_or(Exceeded::Frames)?;
        if announced > self.bytes as u64 {
            return Err(Exceeded::Bytes);
        }
        Ok(())
    }
}

/// Frames and bytes within a time, by two token buckets.
#[derive(Debug)]
pub(crate) struct Rate {
    frames: Bucket,
    bytes: Bucket,
}

impl Rate {
    /// The rate of an authenticated client.
    pub(crate) fn known(limits: &Limits) -> Rate {
        Rate {
            frames: Bucket::full(limits.frames_per_second),
            bytes: Bucket::full(limits.bytes_per_second),
        }
    }

    /// Charges what came.
    pub(crate) fn spend(&mut self, bytes: usize, frames: u32) -> Result<(), Exceeded> {
        let now = Instant::now();
        let fits = self.frames.take(u64::from(frames), now) && self.bytes.take(bytes as u64, now);
        if fits { Ok(()) } else { Err(Exceeded::Rate) }
    }
}

/// Fills at `per_second` up to what a second brings.
#[derive(Debug)]
struct Bucket {
    per_second: NonZeroU32,
    /// The time that what is left took to flow in.
    credit: Duration,
    refilled: Instant,
}

impl Bucket {
    fn full(per_second: NonZeroU32) -> Bucket {
        Bucket {
            per_second,
            credit: Duration::from_secs(1),
            refilled: Instant::now(),
        }
    }

    fn take(&mut self, amount: u64, now: Instant) -> bool {
        let flowed = now.duration_since(self.refilled);
        self.refilled = now;
        self.credit = (self.credit + flowed).min(Duration::from_secs(1));
        let cost = Duration::from_nanos(amount * 1_000_000_000 / u64::from(self.per_second.get()));
        match self.credit.checked_sub(cost) {
            Some(left) => self.credit = left,
            None => return false,
        }
        true
    }
}
