//! What the host does for a guest: the imports of `wit/`, one file an interface. Everything that waits is bounded by the
//! call's own clocks; serial bytes are written by the line's owner, never here (an invariant of docs/architecture.md).

pub(crate) mod clock;
pub(crate) mod motion;
pub(crate) mod news;
pub(crate) mod output;
pub(crate) mod printed;
pub(crate) mod serial;
pub(crate) mod situation;
pub(crate) mod sky;
pub(crate) mod state;

use std::borrow::Cow;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use slewgate_rpc::Refusal;
use slewgate_safety::{Caller, Denied, MotionId};
use slewgate_serial::Warrant;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::bindings::types;
use crate::limits::Memory;
use crate::powers::printed::Printed;
use crate::standing::Standing;
use crate::table::{self, StopCounts, Table};

/// The data of a guest's store: what limits it, and its powers.
pub(crate) struct Guest<P> {
    pub(crate) memory: Memory,
    pub(crate) handles: ResourceTable,
    wasi: WasiCtx,
    /// By its call under way.
    pub(crate) printed: Printed,
    /// Of its plugin.
    pub(crate) standing: Arc<Standing>,
    pub(crate) powers: P,
}

/// The powers of world `command-handler`.
pub(crate) struct HandlerPowers {
    pub(crate) table: Arc<Table>,
    /// What the call under way may do; none in `configure` and `describe`, which may do nothing.
    pub(crate) duty: Option<Duty>,
}

/// What a call under way may do to the hardware.
#[derive(Clone, Debug)]
pub(crate) struct Duty {
    /// Who asked; none where the host did (`attach`, `sample`, `advance`).
    pub(crate) caller: Option<Caller>,
    /// The counts of stops that its writes must not be older than; none for a call that only reads.
    pub(crate) writes: Option<StopCounts>,
    /// Set when a motion that this call began was ended: its writes come too late.
    pub(crate) warrant: Warrant,
    /// What the call did, for what its client is told.
    pub(crate) deeds: Arc<Deeds>,
    /// Which call it is, for who listens in on a line: `handle goto`.
    pub(crate) call: Cow<'static, str>,
}

/// What a call did to the hardware.
#[derive(Debug, Default)]
pub(crate) struct Deeds {
    /// Bytes were handed to a device.
    pub(crate) wrote: AtomicBool,
    /// Motions that it began.
    pub(crate) began: Mutex<Vec<MotionId>>,
    /// Why the host did not let it begin one.
    denied: Mutex<Option<Denied>>,
}

impl Deeds {
    /// The host did not let it begin a motion.
    pub(crate) fn note_denied(&self, denied: &Denied) {
        *self.denied.lock().unwrap_or_else(PoisonError::into_inner) = Some(denied.clone());
    }

    /// What the client of a call that failed is told, whatever the plugin made of it that it might not move the hardware.
    pub(crate) fn denial(&self) -> Option<Refusal> {
        let denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        denied.as_ref().and_then(table::denial)
    }
}

impl Duty {
    /// The host's own call.
    pub(crate) fn of_host(call: impl Into<Cow<'static, str>>, writes: Option<StopCounts>) -> Duty {
        Duty {
            caller: None,
            writes,
            warrant: Warrant::default(),
            deeds: Arc::default(),
            call: call.into(),
        }
    }
}

impl<P> Guest<P> {
    pub(crate) fn new(
        standing: &Arc<Standing>,
        wasi: WasiCtx,
        printed: Printed,
        powers: P,
    ) -> Guest<P> {
        let mut handles = ResourceTable::new();
        handles.set_max_capacity(standing.limits.handles);
        Guest {
            memory: Memory::new(Arc::clone(standing)),
            handles,
            wasi,
            printed,
            standing: Arc::clone(standing),
            powers,
        }
    }
}

impl<P: Send> WasiView for Guest<P> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.handles,
        }
    }
}

impl<P> types::Host for Guest<P> {}
