//! A line that is as slow as a real one.

use crate::port::{DATE, PATIENCE, Port, settings};
use slewgate_simulator::{Lx200Settings, Simulator};
use std::time::{Duration, Instant};

fn of_rate(baud: u32) -> Simulator {
    Simulator::start_lx200(Lx200Settings {
        baud: Some(baud),
        ..settings()
    })
    .unwrap()
}

/// How long so many bytes take.
fn on_the_line(bytes: usize, baud: u32) -> Duration {
    Duration::from_secs(10) * u32::try_from(bytes).unwrap() / baud
}

#[test]
fn an_exchange_takes_as_long_as_its_bytes() {
    let simulator = of_rate(9600);
    let mut port = Port::of(&simulator);
    let began = Instant::now();
    for _ in 0..10 {
        port.hold(":GC#", DATE);
    }
    let bytes = 10 * (":GC#".len() + DATE.len());
    assert!(
        began.elapsed() >= on_the_line(bytes, 9600),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_client_cannot_push_more_than_the_line_carries() {
    let simulator = of_rate(9600);
    let mut port = Port::of(&simulator);
    let began = Instant::now();
    // It fits into the buffer, and the client is done at once.
    port.write(&b":Mn#".repeat(100));
    let last = simulator
        .wire()
        .wait_for(|frame| frame.number == 100, PATIENCE)
        .unwrap();
    assert!(
        last.at - began >= on_the_line(400, 9600),
        "{:?}",
        last.at - began
    );
}

#[test]
fn replies_come_while_nobody_reads_them_and_hold_up_no_request() {
    let simulator = of_rate(115_200);
    let mut port = Port::of(&simulator);
    for _ in 0..100 {
        port.write(b":GC#");
    }
    port.write(b":Q#");
    let stop = simulator
        .wire()
        .wait_for(|frame| frame.request == ":Q#", PATIENCE);
    assert!(stop.is_some());
    let deadline = Instant::now() + PATIENCE;
    while port.waiting() < 100 * DATE.len() {
        assert!(Instant::now() < deadline, "{} bytes came", port.waiting());
        std::thread::yield_now();
    }
    assert_eq!(port.read(100 * DATE.len()), DATE.repeat(100));
}
