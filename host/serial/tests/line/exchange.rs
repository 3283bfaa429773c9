//! Exchanges and the queue.

use std::time::{Duration, Instant};

use slewgate_serial::{
    Exchange, Framing, Guard, LineError, MAX_REPLY, MAX_REQUEST, Outcome, QUEUE_CAPACITY,
};

use crate::mount::{DEADLINE, ask, ask_briefly, begun, connected, soon, tell, within, write};

#[test]
fn a_reply_ends_where_its_framing_says() {
    let (_place, mut mount, line) = connected();
    let counted = Exchange {
        reply: Framing::Count(3),
        ..ask("V")
    };

    let version = begun(line.exchange(counted, Guard::Read));
    mount.hears("V");
    mount.says("#");
    mount.says("\u{1}#");
    assert_eq!(within(version), Ok(b"#\x01#".to_vec()));

    let ascension = begun(line.exchange(ask(":GR#"), Guard::Read));
    mount.hears(":GR#");
    mount.says("18:36:");
    mount.says("56#");
    assert_eq!(within(ascension), Ok(b"18:36:56#".to_vec()));

    assert_eq!(within(line.exchange(tell(":U#"), write(&line))), Ok(vec![]));
    mount.hears(":U#");
}

#[test]
fn what_came_unasked_is_discarded_before_an_exchange() {
    let (_place, mut mount, line) = connected();
    mount.says("chatter#");

    let reply = begun(line.exchange(ask(":GR#"), Guard::Read));
    mount.hears(":GR#");
    mount.says("1#");
    assert_eq!(within(reply), Ok(b"1#".to_vec()));
}

#[test]
fn what_comes_after_a_reply_does_not_belong_to_the_next_one() {
    let (_place, mut mount, line) = connected();
    let first = begun(line.exchange(ask(":GR#"), Guard::Read));
    let second = begun(line.exchange(ask(":GD#"), Guard::Read));
    mount.hears(":GR#");
    mount.says("1#too much#");
    mount.hears(":GD#");
    mount.says("2#");
    assert_eq!(
        (within(first), within(second)),
        (Ok(b"1#".to_vec()), Ok(b"2#".to_vec()))
    );
}

#[test]
fn a_reply_that_does_not_end_in_time_is_a_timeout_with_the_bytes_that_came() {
    let (_place, mut mount, line) = connected();
    let exchange = Exchange {
        timeout: Duration::from_millis(300),
        ..ask(":GR#")
    };
    let reply = begun(line.exchange(exchange, Guard::Read));
    mount.hears(":GR#");
    mount.says("18:3");

    let error = within(reply).unwrap_err();
    assert_eq!(error, LineError::Timeout(b"18:3".to_vec()));
    assert_eq!(error.outcome(), Outcome::Indeterminate);
}

#[test]
fn a_late_reply_is_waited_out_and_not_taken_for_the_next_one() {
    let (_place, mut mount, line) = connected();
    let late = line.exchange(ask_briefly(":GR#"), Guard::Read);
    assert_eq!(within(late), Err(LineError::Timeout(vec![])));
    mount.hears(":GR#");

    let spoken = Instant::now();
    mount.says("late#");
    let next = begun(line.exchange(ask(":GD#"), Guard::Read));
    mount.hears(":GD#");
    assert!(
        spoken.elapsed() >= Duration::from_millis(190),
        "quiet for {:?} only",
        spoken.elapsed()
    );
    mount.says("in time#");
    assert_eq!(within(next), Ok(b"in time#".to_vec()));
}

#[test]
fn a_line_that_does_not_go_quiet_is_used_all_the_same() {
    let (_place, mut mount, line) = connected();
    let late = line.exchange(ask_briefly(":GR#"), Guard::Read);
    assert_eq!(within(late), Err(LineError::Timeout(vec![])));
    mount.hears(":GR#");

    let next = begun(line.exchange(ask(":GD#"), Guard::Read));
    let deadline = Instant::now() + DEADLINE;
    while !mount.listen(Instant::now() + Duration::from_millis(10)) {
        assert!(Instant::now() < deadline, "the line waits for ever");
        mount.says("and ");
    }
    mount.hears(":GD#");
    mount.says("on#");
    assert!(within(next).unwrap().ends_with(b"on#"));
}

#[test]
fn a_reply_without_end_is_cut_at_its_bound() {
    let (_place, mut mount, line) = connected();
    let reply = begun(line.exchange(ask(":GR#"), Guard::Read));
    mount.hears(":GR#");
    mount.says(&"x".repeat(MAX_REPLY + 100));
    assert_eq!(
        within(reply),
        Err(LineError::Timeout(vec![b'x'; MAX_REPLY]))
    );
}

#[test]
fn a_request_longer_than_its_bound_is_refused() {
    let (_place, _mount, line) = connected();
    let error = within(line.exchange(tell(&"x".repeat(MAX_REQUEST + 1)), Guard::Read)).unwrap_err();
    assert_eq!(error, LineError::TooLong(MAX_REQUEST + 1));
    assert_eq!(error.outcome(), Outcome::NotStarted);
}

#[test]
fn an_exchange_that_did_not_begin_goes_with_its_future() {
    let (_place, mut mount, line) = connected();
    let first = begun(line.exchange(ask("1"), Guard::Read));
    let second = begun(line.exchange(ask("2"), Guard::Read));
    let third = begun(line.exchange(ask("3"), Guard::Read));
    mount.hears("1");
    drop(second);
    mount.says("one#");
    mount.hears("3");
    mount.says("three#");
    assert_eq!(
        (within(first), within(third)),
        (Ok(b"one#".to_vec()), Ok(b"three#".to_vec()))
    );
}

#[test]
fn an_exchange_that_began_is_finished_without_its_future() {
    let (_place, mut mount, line) = connected();
    let first = begun(line.exchange(ask("1"), Guard::Read));
    let second = begun(line.exchange(ask("2"), Guard::Read));
    mount.hears("1");
    drop(first);
    mount.hears_nothing_for(Duration::from_millis(20));
    mount.says("one#");
    mount.hears("2");
    mount.says("two#");
    assert_eq!(within(second), Ok(b"two#".to_vec()));
}

#[test]
fn a_full_queue_answers_busy() {
    let (_place, mut mount, line) = connected();
    let under_way = begun(line.exchange(ask("1"), Guard::Read));
    mount.hears("1");
    let mut waiting: Vec<_> = (0..QUEUE_CAPACITY)
        .map(|_| begun(line.exchange(tell("2"), Guard::Read)))
        .collect();
    assert_eq!(
        within(line.exchange(tell("3"), Guard::Read)),
        Err(LineError::Busy)
    );

    waiting.pop();
    let in_its_place = begun(line.exchange(tell("4"), Guard::Read));
    mount.says("#");
    assert!(within(under_way).is_ok() && within(in_its_place).is_ok());
}

#[test]
fn a_device_that_takes_no_bytes_costs_an_exchange_its_time_and_no_more() {
    let (_place, mut mount, line) = connected();
    let flood = || line.exchange(tell(&"x".repeat(MAX_REQUEST)), Guard::Read);
    let refused = (0..10_000).find_map(|_| within(flood()).err());
    assert_eq!(refused, Some(LineError::Timeout(vec![])));

    let reply = begun(line.exchange(ask(":GR#"), Guard::Read));
    mount.hears_until(":GR#");
    mount.says("1#");
    assert_eq!(within(reply), Ok(b"1#".to_vec()));
    assert!(soon(DEADLINE, flood()).is_some());
}

/// What a busy line loses between one exchange and the next; the bound is for a machine that has much else to do.
#[test]
fn the_next_request_follows_the_reply_before_it_at_once_and_in_order() {
    let (_place, mut mount, line) = connected();
    let requests: Vec<_> = (10..60).map(|n| format!(":{n}#")).collect();
    let exchanges = requests.iter().map(|request| ask(request));
    let waiting: Vec<_> = exchanges
        .map(|exchange| begun(line.exchange(exchange, Guard::Read)))
        .collect();
    mount.hears(&requests[0]);
    let mut gaps: Vec<_> = requests[1..]
        .iter()
        .map(|request| {
            let replied = Instant::now();
            mount.says("#");
            mount.hears(request);
            replied.elapsed()
        })
        .collect();
    mount.says("#");
    for reply in waiting {
        assert_eq!(within(reply), Ok(b"#".to_vec()));
    }
    gaps.sort();
    let median = gaps[gaps.len() / 2];
    println!("from a reply's last byte to the next request: median {median:?}");
    assert!(median < Duration::from_millis(20), "median {median:?}");
}
