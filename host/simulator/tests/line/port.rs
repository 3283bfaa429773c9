//! A mount, and a client that has its device open.

use serialport::{SerialPort, TTYPort};
use slewgate_simulator::{ActiveFault, Lx200Settings, Simulator};
use slewgate_sky::{ScaledClock, Site};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// 2026-11-23T22:00:00Z.
const NIGHT: f64 = 1_795_471_200e3;
const LONDON: Site = Site {
    latitude: 51.5,
    longitude: -0.1667,
    elevation: 50.0,
};
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What a mount at rest says.
pub(crate) const RA: &str = "02:10.9#";
pub(crate) const DATE: &str = "11/23/26#";

pub(crate) fn settings() -> Lx200Settings {
    Lx200Settings::new(LONDON, Arc::new(ScaledClock::new(NIGHT, 1.0)))
}

pub(crate) fn simulator() -> Simulator {
    Simulator::start_lx200(settings()).unwrap()
}

pub(crate) fn add(simulator: &Simulator, fault: &str) -> ActiveFault {
    simulator.faults().add(fault.parse().unwrap())
}

/// A client.
pub(crate) struct Port(pub(crate) TTYPort);

impl Port {
    pub(crate) fn open(path: &Path) -> Self {
        let port = serialport::new(path.to_str().unwrap(), 9600);
        Self(port.timeout(PATIENCE).open_native().unwrap())
    }

    pub(crate) fn of(simulator: &Simulator) -> Self {
        Self::open(&simulator.path())
    }

    pub(crate) fn write(&mut self, request: &[u8]) {
        self.0.write_all(request).unwrap();
    }

    /// So many bytes, each as the character of its number.
    pub(crate) fn read(&mut self, count: usize) -> String {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).unwrap();
        bytes.into_iter().map(char::from).collect()
    }

    /// Writes requests and reads as much as an answer has; that it is no more, the next one shows.
    #[track_caller]
    pub(crate) fn hold(&mut self, requests: &str, answer: &str) {
        self.write(requests.as_bytes());
        assert_eq!(self.read(answer.chars().count()), answer, "to {requests}");
    }

    /// How many bytes can be read now.
    pub(crate) fn waiting(&self) -> usize {
        self.0.bytes_to_read().unwrap() as usize
    }

    /// Waits until its device is gone.
    pub(crate) fn sees_it_gone(&mut self) -> bool {
        matches!(self.0.read(&mut [0]), Ok(0))
            || matches!(self.0.read(&mut [0]), Err(error) if error.kind() != std::io::ErrorKind::TimedOut)
    }
}
