//! Holding a line.

use std::time::Duration;

use slewgate_serial::{Exchange, Framing, Guard, LineError};

use crate::mount::{DEADLINE, ask, begun, connected, stop, tell, within, write};

#[test]
fn a_held_reply_is_read_in_as_many_steps_as_it_needs() {
    let (_place, mut mount, line) = connected();
    let held = within(line.hold(DEADLINE, Guard::Read)).unwrap();
    let length = begun(held.exchange(Exchange {
        reply: Framing::Count(1),
        ..ask("?")
    }));
    mount.hears("?");
    mount.says("5hello");
    assert_eq!(within(length), Ok(b"5".to_vec()));
    assert_eq!(
        within(held.read(Framing::Count(5), DEADLINE)),
        Ok(b"hello".to_vec())
    );
}

#[test]
fn a_hold_keeps_the_others_off_until_it_is_released() {
    let (_place, mut mount, line) = connected();
    let held = within(line.hold(DEADLINE, Guard::Read)).unwrap();
    let other = begun(line.exchange(ask("other"), Guard::Read));
    assert_eq!(within(held.write(b"1".to_vec())), Ok(()));
    assert_eq!(within(held.write(b"2".to_vec())), Ok(()));
    mount.hears("12");
    held.release();
    mount.hears("other");
    mount.says("#");
    assert_eq!(within(other), Ok(b"#".to_vec()));
}

#[test]
fn a_hold_that_runs_out_lets_the_others_go_on() {
    let (_place, mut mount, line) = connected();
    let held = within(line.hold(Duration::from_millis(100), Guard::Read)).unwrap();
    let reply = begun(held.exchange(ask("held")));
    let other = begun(line.exchange(ask("other"), Guard::Read));
    mount.hears("held");
    assert_eq!(within(reply), Err(LineError::Expired));
    mount.hears("other");
    mount.says("#");
    assert_eq!(within(other), Ok(b"#".to_vec()));
    assert_eq!(
        within(held.write(b"more".to_vec())),
        Err(LineError::Expired)
    );
}

#[test]
fn what_a_hold_was_to_read_and_did_not_is_not_taken_for_the_reply_of_the_next_one() {
    let (_place, mut mount, line) = connected();
    let held = within(line.hold(DEADLINE, Guard::Read)).unwrap();
    within(held.write(b"1".to_vec())).unwrap();
    mount.hears("1");
    drop(held);
    let next = begun(line.exchange(ask("2"), Guard::Read));
    mount.says("one#");
    mount.hears("2");
    mount.says("two#");
    assert_eq!(within(next), Ok(b"two#".to_vec()));
}

#[test]
fn a_hold_whose_future_was_dropped_holds_nothing() {
    let (_place, mut mount, line) = connected();
    let under_way = begun(line.exchange(ask("1"), Guard::Read));
    mount.hears("1");
    let waiting = begun(line.hold(DEADLINE, Guard::Read));
    mount.says("#");
    assert!(within(under_way).is_ok());
    // Granted by now or not: in both cases nobody is there to release it.
    drop(waiting);
    assert_eq!(within(line.exchange(tell("2"), Guard::Read)), Ok(vec![]));
    mount.hears("2");
}

#[test]
fn a_stop_goes_out_in_the_middle_of_a_hold() {
    let (_place, mut mount, line) = connected();
    let held = within(line.hold(DEADLINE, Guard::Read)).unwrap();
    assert!(within(line.stop(&stop(":Q#", Duration::ZERO))).is_ok());
    mount.hears(":Q#");
    assert_eq!(within(held.write(b"1".to_vec())), Ok(()));
    mount.hears("1");
}

#[test]
fn a_held_reply_that_a_stop_may_have_cut_is_not_read() {
    let (_place, mut mount, line) = connected();
    let held = within(line.hold(DEADLINE, Guard::Read)).unwrap();
    assert_eq!(within(held.write(b"?".to_vec())), Ok(()));
    assert!(within(line.stop(&stop(":Q#", Duration::ZERO))).is_ok());
    mount.hears_until(":Q#");
    assert_eq!(
        within(held.read(Framing::Count(1), DEADLINE)),
        Err(LineError::Stopped)
    );
}

#[test]
fn a_hold_for_writing_writes_nothing_after_a_stop() {
    let (_place, mut mount, line) = connected();
    let held = within(line.hold(DEADLINE, write(&line))).unwrap();
    assert_eq!(within(held.write(b"1".to_vec())), Ok(()));
    mount.hears("1");
    assert!(within(line.stop(&stop(":Q#", Duration::ZERO))).is_ok());
    assert_eq!(within(held.write(b"2".to_vec())), Err(LineError::Stopped));
    assert_eq!(within(held.exchange(ask("3"))), Err(LineError::Stopped));
    drop(held);
    assert!(within(line.exchange(tell("4"), write(&line))).is_ok());
    mount.hears(":Q#4");
}

#[test]
fn a_hold_for_writing_that_waited_through_a_stop_is_not_granted() {
    let (_place, mut mount, line) = connected();
    let first = within(line.hold(DEADLINE, Guard::Read)).unwrap();
    let second = begun(line.hold(DEADLINE, write(&line)));
    assert!(within(line.stop(&stop(":Q#", Duration::ZERO))).is_ok());
    assert_eq!(within(second).unwrap_err(), LineError::Stopped);
    drop(first);
    mount.hears(":Q#");
}

#[test]
fn the_holder_has_a_place_in_a_full_queue() {
    let (_place, mut mount, line) = connected();
    let held = within(line.hold(DEADLINE, Guard::Read)).unwrap();
    let waiting: Vec<_> = (0..slewgate_serial::QUEUE_CAPACITY)
        .map(|_| begun(line.exchange(tell("other"), Guard::Read)))
        .collect();
    assert_eq!(within(held.write(b"held".to_vec())), Ok(()));
    mount.hears("held");
    drop(waiting);
}
