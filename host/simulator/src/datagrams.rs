//! A mount that answers at a UDP port, as behind a WiFi adapter.

use crate::faults::Faults;
use crate::instrument::Instrument;
use crate::line::{Line, WireFaults};
use crate::simulator::{SimulatorError, locked};
use crate::skywatcher::{Skywatcher, SkywatcherSettings, SkywatcherState};
use crate::terminal::Datagrams;
use crate::wire::Wire;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// A mount that runs until this is dropped. Each datagram is a request, and its answer another one, to whoever sent it.
pub struct UdpSimulator {
    mount: Arc<Mutex<Skywatcher>>,
    wire: Wire,
    faults: Faults,
    port: Datagrams,
}

impl UdpSimulator {
    /// Starts a mount whose motors are spoken to, at an address; port 0 is one that is free. Neither link nor baud mean anything here.
    pub fn start_skywatcher(
        settings: &SkywatcherSettings,
        address: SocketAddr,
    ) -> Result<Self, SimulatorError> {
        let mount = Skywatcher::new(settings);
        let wire = mount.wire();
        let mount = Arc::new(Mutex::new(mount));
        let of_wire = Arc::new(WireFaults::new(&settings.faults, Instant::now()));
        let port = open(address, Arc::clone(&mount), Arc::clone(&of_wire))?;
        let ailing = Arc::clone(&mount);
        Ok(Self {
            faults: Faults::new(ailing, of_wire, port.waker()),
            mount,
            wire,
            port,
        })
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// What is true of the mount now, whatever it says.
    pub fn state(&self) -> SkywatcherState {
        locked(&self.mount, Skywatcher::state)
    }

    /// What is wrong with it; more can be, and nothing again, while it runs.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// What the mount received and answered.
    pub fn wire(&self) -> Wire {
        self.wire.clone()
    }
}

fn open<I: Instrument>(
    address: SocketAddr,
    instrument: Arc<Mutex<I>>,
    faults: Arc<WireFaults>,
) -> Result<Datagrams, SimulatorError> {
    let line = move || Line::new(Arc::clone(&instrument), Arc::clone(&faults));
    Datagrams::start(address, line).map_err(|source| SimulatorError::Port { address, source })
}
