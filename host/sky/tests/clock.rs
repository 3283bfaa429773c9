//! Clocks.

use slewgate_sky::{Clock, ScaledClock, SharedClock, SystemClock};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

#[test]
fn the_system_clock_counts_milliseconds_since_1970() {
    let before = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as f64;
    let now = SystemClock.now();
    assert!((before - 1.0..before + 10_000.0).contains(&now));
    assert_eq!(SystemClock.rate(), 1.0);
}

#[test]
fn a_scaled_clock_runs_at_its_rate_from_its_start() {
    let began = Instant::now();
    let clock: SharedClock = Arc::new(ScaledClock::new(1e12, 60.0));
    while began.elapsed() < Duration::from_millis(20) {
        std::thread::yield_now();
    }
    let shown = clock.now() - 1e12;
    let passed = began.elapsed().as_secs_f64() * 1e3;
    assert!(
        shown > 15.0 * 60.0 && shown <= passed * 60.0,
        "{shown} after {passed} ms"
    );
    assert_eq!(clock.rate(), 60.0);
}
