//! What a plugin may use: settings with the defaults to ship, and the limiter that sums memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::{Error, ResourceLimiter, Result};

use crate::standing::Standing;

/// Largest JSON text in either direction (`types.wit`), in bytes.
pub const MAX_JSON: usize = 64 * 1024;

/// Memories, tables and core instances of one component instance.
const MAX_PARTS: usize = 64;

/// What one call of a plugin, and one instance of it, may use; and what becomes of one that keeps failing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// All linear memories of an instance together, in bytes.
    pub memory: usize,
    /// Processor time of a call.
    pub computing: Duration,
    /// Processor time that a new instance may take to start, its `configure` included.
    pub starting: Duration,
    /// Wall-clock time of a call, waits in the host included.
    pub waiting: Duration,
    /// Wall-clock time that calls may go on when another version has taken the place of theirs.
    pub drain: Duration,
    /// Instances of a plugin that exist at once.
    pub instances: usize,
    /// Calls that wait for an instance; more are answered `busy`.
    pub queue: usize,
    /// Bytes that the host takes from an instance in one call of either by the other: arguments, or a result.
    pub hostcall: usize,
    /// Things of the host that an instance may hold at a time: lines, holds, WASI's streams and pollables.
    pub handles: usize,
    /// Elements that all tables of an instance together may hold.
    pub table_elements: usize,
    /// Longest JSON text that a call may answer, in bytes.
    pub result: usize,
    /// Lines that all instances of a plugin together may write to the log in a second.
    pub log_lines: u32,
    /// Calls after which an instance is replaced by a new one; 1: each call has a new one.
    pub recycle: u64,
    /// When a plugin that keeps failing is not called any more, and for how long.
    pub quarantine: QuarantineSettings,
}

/// When a plugin that keeps failing is not called any more, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineSettings {
    /// Calls that failed, less those that went well since: so many are too many.
    pub failures: u32,
    /// Failures that are closer together count as one: a client that begins asks a policy several things at once.
    pub apart: Duration,
    /// How long it is not called the first time; then twice as long as the time before.
    pub first: Duration,
    /// The longest. What was well for this long begins with the first again.
    pub longest: Duration,
}

impl Default for QuarantineSettings {
    fn default() -> QuarantineSettings {
        QuarantineSettings {
            failures: 5,
            apart: Duration::from_millis(100),
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
        }
    }
}

impl Limits {
    /// Defaults of a command handler.
    #[must_use]
    pub fn handler() -> Limits {
        Limits {
            memory: 64 << 20,
            computing: Duration::from_millis(50),
            starting: Duration::from_secs(1),
            waiting: Duration::from_secs(15),
            drain: Duration::from_secs(20),
            instances: 16,
            queue: 64,
            hostcall: 1 << 20,
            handles: 256,
            table_elements: 100_000,
            result: MAX_JSON,
            log_lines: 20,
            recycle: 10_000,
            quarantine: QuarantineSettings::default(),
        }
    }

    /// Defaults of a policy: it computes and never waits, so that its wall clock is a margin for a busy machine.
    #[must_use]
    pub fn policy() -> Limits {
        Limits {
            computing: Duration::from_millis(10),
            waiting: Duration::from_secs(2),
            ..Limits::handler()
        }
    }
}

/// What policies may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLimits {
    /// Those of each that has none of its own.
    pub usual: Limits,
    /// By client type.
    pub own: BTreeMap<String, Limits>,
}

impl Default for PolicyLimits {
    fn default() -> PolicyLimits {
        PolicyLimits {
            usual: Limits::policy(),
            own: BTreeMap::new(),
        }
    }
}

impl PolicyLimits {
    pub(crate) fn of(&self, client_type: &str) -> &Limits {
        self.own.get(client_type).unwrap_or(&self.usual)
    }
}

/// Sums the memories of one instance, because wasmtime's own limiter counts each by itself, and its tables.
pub(crate) struct Memory {
    used: usize,
    elements: usize,
    /// Of its plugin, whose instances are summed.
    standing: Arc<Standing>,
}

impl Memory {
    pub(crate) fn new(standing: Arc<Standing>) -> Memory {
        Memory {
            used: 0,
            elements: 0,
            standing,
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.standing.figures.memory(self.used, 0);
    }
}

/// Why an instance was refused more memory, or a larger table; found in the chain of a failed call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutOfMemory {
    #[error("out of memory: more than {0} bytes")]
    Bytes(usize),
    #[error("out of memory: tables of more than {0} elements")]
    Elements(usize),
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let used = self.used.saturating_sub(current).saturating_add(desired);
        let most = self.standing.limits.memory;
        if used > most {
            return Err(Error::new(OutOfMemory::Bytes(most)));
        }
        self.standing.figures.memory(self.used, used);
        self.standing.peaks.note_memory(used);
        self.used = used;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let others = self.elements.saturating_sub(current);
        let elements = others.saturating_add(desired);
        let most = self.standing.limits.table_elements;
        if elements > most {
            return Err(Error::new(OutOfMemory::Elements(most)));
        }
        self.elements = elements;
        Ok(true)
    }

    fn instances(&self) -> usize {
        MAX_PARTS
    }

    fn tables(&self) -> usize {
        MAX_PARTS
    }

    fn memories(&self) -> usize {
        MAX_PARTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(limits: Limits) -> Arc<Standing> {
        Arc::new(Standing::new(limits))
    }

    #[test]
    fn memories_of_one_instance_are_summed() {
        let mut memory = Memory::new(standing(Limits {
            memory: 100,
            ..Limits::handler()
        }));
        assert!(memory.memory_growing(0, 60, None).unwrap());
        let refused = memory.memory_growing(0, 60, None).unwrap_err();
        assert!(refused.downcast_ref::<OutOfMemory>().is_some());
        assert!(memory.memory_growing(60, 100, None).unwrap());
    }

    #[test]
    fn what_the_instances_of_a_plugin_hold_is_summed_until_they_are_dropped() {
        let standing = standing(Limits::handler());
        let [mut one, mut other] = [0; 2].map(|_| Memory::new(Arc::clone(&standing)));
        one.memory_growing(0, 60, None).unwrap();
        other.memory_growing(0, 30, None).unwrap();
        other.memory_growing(30, 50, None).unwrap();
        assert_eq!(standing.figures.usage().memory, 110);
        drop(other);
        assert_eq!(standing.figures.usage().memory, 60);
    }

    #[test]
    fn tables_are_summed_and_one_that_was_refused_takes_nothing_from_the_others() {
        let mut memory = Memory::new(standing(Limits {
            table_elements: 100,
            ..Limits::handler()
        }));
        assert!(memory.table_growing(0, 60, None).unwrap());
        let refused = memory.table_growing(0, 60, None).unwrap_err();
        assert!(refused.downcast_ref::<OutOfMemory>().is_some());
        assert!(memory.table_growing(0, 40, None).unwrap());
    }
}
