//! What blocks, hangs up or fails ends in an outcome, and never in a line that is stuck.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use slewgate_serial::{
    Exchange, Guard, Line, LineError, LineOptions, LineState, Outcome, StopSequence, Tap,
};

use crate::mount::{DEADLINE, Place, ask, begun, connected, reaches, stop, tell, within, write};
use crate::stop::stuff;

/// Longer than anybody waits.
const FOR_EVER: Duration = Duration::from_secs(100_000);

/// A stop whose reply is waited for without end.
fn endless(request: &str) -> StopSequence {
    StopSequence {
        exchanges: vec![Exchange {
            timeout: FOR_EVER,
            ..ask(request)
        }],
        patience: Duration::ZERO,
    }
}

#[test]
fn a_line_whose_device_takes_nothing_is_closed_within_seconds() {
    let (_place, _mount, line) = connected();
    let stuck = stuff(&line);
    let since = Instant::now();
    line.close();
    reaches(&line, |state| *state == LineState::Closed);
    assert!(since.elapsed() < DEADLINE, "after {:?}", since.elapsed());
    assert!(within(stuck).is_err());
}

#[test]
fn a_line_is_closed_within_seconds_whatever_its_stops_wait_for() {
    let (_place, mut mount, line) = connected();
    let stops: Vec<_> = (0..10)
        .map(|n| line.stop(&endless(&format!("S{n}#"))))
        .collect();
    line.close();
    reaches(&line, |state| *state == LineState::Closed);
    for sent in stops {
        assert!(within(sent).is_ok(), "each was handed over");
    }
    mount.hears("S0#S1#");
}

#[test]
fn a_stop_that_is_never_answered_keeps_the_others_off_for_seconds_only() {
    let (_place, mut mount, line) = connected();
    assert!(within(line.stop(&endless(":Q#"))).is_ok());
    let next = begun(line.exchange(tell("next"), write(&line)));
    mount.hears(":Q#next");
    assert!(within(next).is_ok());
}

#[test]
fn a_line_owes_a_stop_from_before_it_is_asked_until_the_device_has_it() {
    let (place, mount, line) = connected();
    assert!(!*line.owing().borrow());
    drop(mount);
    reaches(&line, |state| matches!(state, LineState::Connecting { .. }));
    drop(line.stop(&stop(":Q#", Duration::ZERO)));
    let mut owing = line.owing();
    assert!(*owing.borrow());
    let mut mount = place.connect();
    mount.hears(":Q#");
    assert!(within(owing.wait_for(|owing| !owing)).is_ok());
}

/// Fails once, with the first bytes that are sent.
#[derive(Debug, Default)]
struct Fragile(AtomicBool);

impl Tap for Fragile {
    fn sent(&self, bytes: &[u8], _by: &str) {
        let before = self.0.swap(true, Ordering::SeqCst);
        assert!(before, "the first bytes: {bytes:?}");
    }

    fn received(&self, _bytes: &[u8]) {}

    fn opened(&self) {}

    fn lost(&self, _how: &str) {}
}

/// A line whose thread fails with the first bytes.
fn fragile(place: &Place) -> Line {
    let options = LineOptions {
        tap: Some(Arc::<Fragile>::default()),
        ..LineOptions::default()
    };
    let line = Line::start_with(place.settings(), options).unwrap();
    reaches(&line, |state| matches!(state, LineState::Open { .. }));
    line
}

#[test]
fn a_line_outlives_a_fault_of_its_own_thread_and_says_that_bytes_may_have_gone_out() {
    let place = Place::new();
    let mut mount = place.connect();
    let line = fragile(&place);
    let error = within(line.exchange(ask("1"), write(&line))).unwrap_err();
    assert!(matches!(error, LineError::Interrupted(_)), "{error}");
    assert_eq!(error.outcome(), Outcome::Indeterminate);
    reaches(&line, |state| *state == LineState::Open { opened: 2 });
    assert!(within(line.exchange(tell("2"), write(&line))).is_ok());
    mount.hears_until("2");
}

#[test]
fn a_stop_that_a_fault_of_the_lines_thread_cut_is_sent_when_it_has_recovered() {
    let place = Place::new();
    let mut mount = place.connect();
    let line = fragile(&place);
    assert!(within(line.stop(&stop(":Q#", Duration::ZERO))).is_err());
    let opened = |state: &LineState| *state == LineState::Open { opened: 2 };
    reaches(&line, opened);
    let mut owing = line.owing();
    assert!(within(owing.wait_for(|owing| !owing)).is_ok());
    assert!(within(line.exchange(tell("after"), Guard::Read)).is_ok());
    mount.hears_until(":Q#after");
}
