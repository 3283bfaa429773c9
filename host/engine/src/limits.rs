//! What a plugin may use: settings with the defaults to ship, and the limiter that sums memory.

use std::time::Duration;

use wasmtime::{Error, ResourceLimiter, Result};

/// Largest JSON text in either direction (`types.wit`), in bytes.
pub const MAX_JSON: usize = 64 * 1024;

/// Elements that all tables of an instance together may hold.
const MAX_TABLE_ELEMENTS: usize = 100_000;

/// Memories, tables and core instances of one component instance.
const MAX_PARTS: usize = 64;

/// What one call of a plugin, and one instance of it, may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// All linear memories of an instance together, in bytes.
    pub memory: usize,
    /// Processor time of a call.
    pub computing: Duration,
    /// Wall-clock time of a call, waits in the host included.
    pub waiting: Duration,
    /// Instances of a plugin that exist at once.
    pub instances: usize,
    /// Calls that wait for an instance; more are answered `busy`.
    pub queue: usize,
}

impl Limits {
    /// Defaults of a command handler.
    #[must_use]
    pub fn handler() -> Limits {
        Limits {
            memory: 64 << 20,
            computing: Duration::from_millis(50),
            waiting: Duration::from_secs(15),
            instances: 16,
            queue: 64,
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

/// Sums the memories of one instance, because wasmtime's own limiter counts each by itself.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: usize,
    used: usize,
    table_elements: usize,
}

impl Memory {
    pub(crate) fn new(limit: usize) -> Memory {
        Memory {
            limit,
            used: 0,
            table_elements: 0,
        }
    }
}

/// Why a store was refused more memory; found in the chain of a failed call.
#[derive(Debug, thiserror::Error)]
#[error("out of memory: more than {limit} bytes")]
pub(crate) struct OutOfMemory {
    limit: usize,
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let used = self.used.saturating_sub(current).saturating_add(desired);
        if used > self.limit {
            return Err(Error::new(OutOfMemory { limit: self.limit }));
        }
        self.used = used;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.table_elements = self
            .table_elements
            .saturating_sub(current)
            .saturating_add(desired);
        Ok(self.table_elements <= MAX_TABLE_ELEMENTS)
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

    #[test]
    fn memories_of_one_instance_are_summed() {
        let mut memory = Memory::new(100);
        assert!(memory.memory_growing(0, 60, None).unwrap());
        let refused = memory.memory_growing(0, 60, None).unwrap_err();
        assert!(refused.downcast_ref::<OutOfMemory>().is_some());
        assert!(memory.memory_growing(60, 100, None).unwrap());
    }

    #[test]
    fn tables_are_bounded() {
        let mut memory = Memory::new(100);
        assert!(memory.table_growing(0, MAX_TABLE_ELEMENTS, None).unwrap());
        assert!(!memory.table_growing(0, 1, None).unwrap());
    }
}
