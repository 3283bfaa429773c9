//! What a mount costs while nothing happens. Alone in its file, since the whole process is measured.

#![cfg(unix)]

use rustix::time::{ClockId, clock_gettime};
use slewgate_simulator::{Lx200Settings, Simulator};
use slewgate_sky::{Site, SystemClock};
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

/// Processor time of this process.
fn spent() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

#[test]
fn an_idle_simulator_costs_next_to_nothing() {
    let site = Site {
        latitude: 51.5,
        longitude: -0.1667,
        elevation: 50.0,
    };
    let simulator =
        Simulator::start_lx200(Lx200Settings::new(site, Arc::new(SystemClock))).unwrap();
    let path = simulator.path();
    let mut port = serialport::new(path.to_str().unwrap(), 9600)
        .timeout(Duration::from_millis(300))
        .open()
        .unwrap();
    let before = spent();
    // Nobody answers: the time that passes is what is measured.
    assert!(port.read(&mut [0]).is_err());
    let cost = spent() - before;
    assert!(cost < Duration::from_millis(30), "{cost:?} in 300 ms");
}
