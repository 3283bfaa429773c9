//! Stops.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use slewgate_serial::{
    Exchange, Framing, Guard, Line, LineError, StopCount, StopSequence, Warrant,
};

use crate::mount::{
    Begun, Mount, ask, ask_briefly, begun, connected, soon, stop, tell, within, write,
};

const PATIENT: Duration = Duration::from_secs(60);
const IMPATIENT: Duration = Duration::from_millis(50);
const AT_ONCE: Duration = Duration::ZERO;

/// A length that a pseudo-terminal's room is no multiple of.
const STUFFING: usize = 251;

/// Writes until the device takes no more; the write that is stuck half way.
pub(crate) fn stuff(line: &Line) -> Begun<'_, Result<Vec<u8>, LineError>> {
    let stuck = (0..10_000).find_map(|_| {
        let mut moving = begun(line.exchange(tell(&"m".repeat(STUFFING)), write(line)));
        soon(Duration::from_millis(500), &mut moving)
            .is_none()
            .then_some(moving)
    });
    stuck.expect("the device takes everything")
}

#[test]
fn a_stop_is_counted_before_it_is_sent() {
    let (_place, _mount, line) = connected();
    assert_eq!(line.stop_count(), StopCount(0));
    let _sent = line.stop(&stop(":Q#", AT_ONCE));
    assert_eq!(line.stop_count(), StopCount(1));
}

#[test]
fn a_stop_is_sent_though_nobody_awaits_it() {
    let (_place, mut mount, line) = connected();
    drop(line.stop(&stop(":Q#", AT_ONCE)));
    mount.hears(":Q#");
}

#[test]
fn a_stop_goes_before_everything_queued() {
    let (_place, mut mount, line) = connected();
    let under_way = begun(line.exchange(ask("1"), Guard::Read));
    let queued = begun(line.exchange(ask("2"), Guard::Read));
    mount.hears("1");
    let sent = line.stop(&stop(":Q#", PATIENT));
    mount.says("#");
    mount.hears(":Q#2");
    mount.says("#");
    assert!(within(sent).is_ok() && within(under_way).is_ok() && within(queued).is_ok());
}

#[test]
fn what_was_asked_before_a_stop_never_reaches_the_wire_after_it() {
    let (_place, mut mount, line) = connected();
    let before = write(&line);
    let under_way = begun(line.exchange(ask("1"), Guard::Read));
    let queued = begun(line.exchange(tell("move"), before.clone()));
    mount.hears("1");
    let sent = line.stop(&stop(":Q#", PATIENT));
    let late = begun(line.exchange(tell("move"), before));
    let after = begun(line.exchange(tell("new"), write(&line)));

    assert_eq!(within(queued), Err(LineError::Stopped));
    mount.says("#");
    assert!(within(under_way).is_ok() && within(sent).is_ok());
    assert_eq!(within(late), Err(LineError::Stopped));
    assert!(within(after).is_ok());
    mount.hears(":Q#new");
}

#[test]
fn the_ending_of_a_motion_goes_first_and_is_no_stop_for_others() {
    let (_place, mut mount, line) = connected();
    let warrant = Warrant::default();
    let jog = || Guard::Warranted(line.stop_count(), warrant.clone());
    let under_way = begun(line.exchange(ask("1"), Guard::Read));
    let others = begun(line.exchange(tell("pulse"), write(&line)));
    let begins = begun(line.exchange(tell(":Mn#"), jog()));
    mount.hears("1");
    warrant.revoke();
    let ended = line.end(&stop(":Qn#", PATIENT));
    let late = begun(line.exchange(tell(":Mn#"), jog()));
    mount.says("#");

    assert!(within(under_way).is_ok() && within(ended).is_ok() && within(others).is_ok());
    assert_eq!(within(begins), Err(LineError::Stopped));
    assert_eq!(within(late), Err(LineError::Stopped));
    assert_eq!(line.stop_count(), StopCount(0));
    mount.hears(":Qn#pulse");
}

#[test]
fn a_write_that_the_ending_of_anothers_motion_cut_is_not_sent_again() {
    let (_place, mut mount, line) = connected();
    let others = begun(line.exchange(ask(":MS#"), write(&line)));
    mount.hears(":MS#");
    assert!(within(line.end(&stop(":Qn#", AT_ONCE))).is_ok());
    assert_eq!(within(others), Err(LineError::Stopped));
    mount.hears(":Qn#");
    mount.says("0#");
    assert!(within(line.exchange(tell("next"), write(&line))).is_ok());
    mount.hears("next");
}

#[test]
fn the_ending_of_a_motion_clears_nothing_that_others_wrote() {
    let (_place, mut mount, line) = connected();
    let (count, request) = (200, "x".repeat(100));
    for _ in 0..count {
        assert!(within(line.exchange(tell(&request), write(&line))).is_ok());
    }
    assert!(within(line.end(&stop(":Qn#", AT_ONCE))).is_ok());
    assert_eq!(mount.hears_until(":Qn#").len(), count * request.len() + 4);
}

#[test]
fn a_stop_finds_its_place_before_all_the_endings_of_motions() {
    let (_place, mut mount, line) = connected();
    let under_way = begun(line.exchange(ask("1"), Guard::Read));
    mount.hears("1");
    let endings: Vec<_> = (0..20)
        .map(|n| line.end(&stop(&format!("E{n}#"), PATIENT)))
        .collect();
    let sent = line.stop(&stop(":Q#", PATIENT));
    mount.says("#");
    mount.hears(":Q#E0#");
    assert!(within(under_way).is_ok() && within(sent).is_ok());
    assert!(
        endings
            .into_iter()
            .any(|refused| within(refused) == Err(LineError::Busy))
    );
}

#[test]
fn a_stop_lets_an_exchange_end_within_its_patience() {
    let (_place, mut mount, line) = connected();
    let moving = begun(line.exchange(ask("move"), write(&line)));
    mount.hears("move");
    let sent = begun(line.stop(&stop(":Q#", PATIENT)));
    mount.hears_nothing_for(Duration::from_millis(50));
    mount.says("0#");
    mount.hears(":Q#");
    assert_eq!(within(moving), Ok(b"0#".to_vec()));
    assert!(within(sent).is_ok());
}

#[test]
fn a_stop_goes_out_into_a_reply_when_its_patience_ends() {
    let (_place, mut mount, line) = connected();
    let moving = begun(line.exchange(ask("move"), write(&line)));
    mount.hears("move");
    let sent = line.stop(&stop(":Q#", IMPATIENT));
    mount.hears(":Q#");
    assert!(within(sent).is_ok());
    assert_eq!(within(moving), Err(LineError::Stopped));
}

#[test]
fn a_read_that_a_stop_cut_is_asked_again() {
    let (_place, mut mount, line) = connected();
    let reply = begun(line.exchange(ask(":GR#"), Guard::Read));
    mount.hears(":GR#");
    mount.says("18:");
    let sent = line.stop(&stop(":Q#", AT_ONCE));
    mount.hears(":Q#");
    mount.says("36#");
    mount.hears(":GR#");
    mount.says("18:37#");
    assert!(within(sent).is_ok());
    assert_eq!(within(reply), Ok(b"18:37#".to_vec()));
}

#[test]
fn a_cut_read_that_nobody_waits_for_is_not_asked_again() {
    let (_place, mut mount, line) = connected();
    let reply = begun(line.exchange(ask(":GR#"), Guard::Read));
    mount.hears(":GR#");
    drop(reply);
    assert!(within(line.stop(&stop(":Q#", AT_ONCE))).is_ok());
    mount.hears(":Q#");
    mount.says("18:36#");
    assert!(within(line.exchange(tell("next"), Guard::Read)).is_ok());
    mount.hears("next");
}

#[test]
fn what_a_silent_device_was_sent_to_end_motion_is_sent_again_when_it_answers() {
    let (_place, mut mount, line) = connected();
    assert!(within(line.end(&stop(":Qw#", AT_ONCE))).is_ok());
    let late = within(line.exchange(ask_briefly("1"), Guard::Read));
    assert_eq!(late, Err(LineError::Timeout(vec![])));
    assert!(within(line.stop(&stop(":Q#", AT_ONCE))).is_ok());
    mount.hears(":Qw#1:Q#");
    let first = begun(line.exchange(ask("2"), Guard::Read));
    let second = begun(line.exchange(ask("3"), Guard::Read));
    mount.hears("2");
    mount.says("#");
    assert!(within(first).is_ok());
    mount.hears(":Q#:Qw#3");
    mount.says("#");
    assert!(within(second).is_ok());
    let third = begun(line.exchange(ask("4"), Guard::Read));
    mount.hears("4");
    mount.says("#");
    assert!(within(third).is_ok(), "once is enough");
}

#[test]
fn a_stop_goes_on_without_the_reply_that_it_expects() {
    let (_place, mut mount, line) = connected();
    let silent = |request: &str| Exchange {
        timeout: Duration::from_millis(20),
        ..ask(request)
    };
    let exchanges = vec![silent("axis1"), silent("axis2"), tell("both")];
    assert!(
        within(line.stop(&StopSequence {
            exchanges,
            patience: AT_ONCE
        }))
        .is_ok()
    );
    mount.hears("axis1axis2both");
}

#[test]
fn a_stop_waits_for_the_reply_before_its_next_exchange() {
    let (_place, mut mount, line) = connected();
    let counted = Exchange {
        reply: Framing::Count(2),
        ..ask("axis1")
    };
    let sent = line.stop(&StopSequence {
        exchanges: vec![counted, tell("axis2")],
        patience: PATIENT,
    });
    mount.hears("axis1");
    mount.hears_nothing_for(Duration::from_millis(50));
    mount.says("##");
    mount.hears("axis2");
    assert!(within(sent).is_ok());
}

#[test]
fn another_stop_does_not_wait_for_the_replies_to_the_one_before() {
    let (_place, mut mount, line) = connected();
    let sequence = StopSequence {
        exchanges: vec![ask("axis1"), ask("axis2")],
        patience: AT_ONCE,
    };
    let first = line.stop(&sequence);
    mount.hears("axis1");
    let second = line.stop(&sequence);
    mount.hears("axis2axis1");
    mount.says("#");
    mount.hears("axis2");
    assert!(within(first).unwrap() < within(second).unwrap());
}

#[test]
fn stops_that_wait_together_share_one_sequence() {
    let (_place, mut mount, line) = connected();
    let under_way = begun(line.exchange(ask("1"), Guard::Read));
    mount.hears("1");
    let stops: Vec<_> = (0..100).map(|_| line.stop(&stop(":Q#", PATIENT))).collect();
    let other = line.stop(&stop(":other#", PATIENT));
    let queued = begun(line.exchange(tell("2"), Guard::Read));
    mount.says("#");
    mount.hears(":Q#:other#2");

    let sent: Vec<_> = stops
        .into_iter()
        .map(|stop| within(stop).unwrap())
        .collect();
    assert!(sent.iter().all(|moment| *moment == sent[0]));
    assert!(within(other).unwrap() > sent[0]);
    assert!(within(under_way).is_ok() && within(queued).is_ok());
}

#[test]
fn a_stop_asked_after_the_bytes_of_another_went_out_has_its_own() {
    let (_place, mut mount, line) = connected();
    let first = within(line.stop(&stop(":Q#", AT_ONCE))).unwrap();
    let second = within(line.stop(&stop(":Q#", AT_ONCE))).unwrap();
    assert!(first < second);
    mount.hears(":Q#:Q#");
}

#[test]
fn without_patience_what_was_not_transmitted_is_cleared() {
    let (_place, mut mount, line) = connected();
    let (count, request) = (200, "x".repeat(100));
    for _ in 0..count {
        assert!(within(line.exchange(tell(&request), write(&line))).is_ok());
    }
    assert!(within(line.stop(&stop(":Q#", AT_ONCE))).is_ok());
    let heard = mount.hears_until(":Q#");
    assert!(
        heard.len() < count * request.len(),
        "{} bytes came",
        heard.len()
    );
}

#[test]
fn with_patience_nothing_that_was_written_is_cleared() {
    let (_place, mut mount, line) = connected();
    let (count, request) = (200, "x".repeat(100));
    for _ in 0..count {
        assert!(within(line.exchange(tell(&request), write(&line))).is_ok());
    }
    assert!(within(line.stop(&stop(":Q#", PATIENT))).is_ok());
    assert_eq!(mount.hears_until(":Q#").len(), count * request.len() + 3);
}

#[test]
fn a_stop_gets_through_to_a_device_that_takes_no_bytes() {
    for patience in [AT_ONCE, IMPATIENT] {
        let (_place, mut mount, line) = connected();
        let stuck = stuff(&line);
        let queued = begun(line.exchange(tell("queued"), write(&line)));
        let sent = line.stop(&stop(":Q#", patience));
        assert!(soon(Duration::from_secs(1), sent).expect("at once").is_ok());
        assert_eq!(within(stuck), Err(LineError::Stopped));
        assert_eq!(within(queued), Err(LineError::Stopped));
        assert!(within(line.exchange(tell("after"), write(&line))).is_ok());
        mount.hears_until(":Q#");
        mount.hears("after");
    }
}

#[test]
fn a_request_that_is_half_way_is_finished_within_the_patience_of_a_stop() {
    let (_place, mut mount, line) = connected();
    let stuck = stuff(&line);
    let sent = line.stop(&stop(":Q#", PATIENT));
    let heard = mount.hears_until(":Q#");
    assert_eq!((heard.len() - 3) % STUFFING, 0, "the last request was cut");
    assert!(within(stuck).is_ok() && within(sent).is_ok());
}

#[test]
fn a_device_that_never_stops_talking_does_not_hold_up_a_stop() {
    let (_place, mut mount, line) = connected();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let heard = scope.spawn(|| chatter(&mut mount, &over));
        let reply = begun(line.exchange(
            Exchange {
                reply: Framing::Until(0),
                ..ask(":GR#")
            },
            Guard::Read,
        ));
        let sent = soon(Duration::from_secs(2), line.stop(&stop(":Q#", AT_ONCE)));
        over.store(true, Ordering::SeqCst);
        assert!(sent.expect("at once").is_ok());
        assert!(
            heard
                .join()
                .unwrap()
                .windows(3)
                .any(|heard| heard == b":Q#")
        );
        drop(reply);
    });
}

/// Talks without a pause until it is over, and then listens to what was said meanwhile.
fn chatter(mount: &mut Mount, over: &AtomicBool) -> Vec<u8> {
    while !over.load(Ordering::SeqCst) {
        mount.says(&"chatter".repeat(50));
    }
    mount.hears_until(":Q#")
}
