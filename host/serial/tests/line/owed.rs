//! Replies that nobody waits for any longer, and that are not to be taken for others.

use std::time::Duration;

use slewgate_serial::{Exchange, Framing, Guard, LONGEST_REPLY, Line, LineError, StopSequence};

use crate::mount::{Mount, ask, begun, connected, soon, stop, tell, within, write};

const PATIENT: Duration = Duration::from_secs(60);
const AT_ONCE: Duration = Duration::ZERO;

/// A stop without a reply, in the middle of whatever is under way.
fn stopped(line: &Line, mount: &mut Mount) {
    assert!(within(line.stop(&stop(":Q#", AT_ONCE))).is_ok());
    mount.hears(":Q#");
}

fn is_answered_at_once(line: &Line, mount: &mut Mount, question: &str) {
    let reply = begun(line.exchange(ask(question), Guard::Read));
    mount.hears(question);
    mount.says("1#");
    assert!(within(reply).is_ok());
}

/// `M`, and its reply.
fn answered_stop(reply: Framing) -> StopSequence {
    StopSequence {
        exchanges: vec![Exchange { reply, ..ask("M") }],
        patience: AT_ONCE,
    }
}

/// Hardware that takes its time answers after the stop what it was asked before.
#[test]
fn a_reply_that_comes_late_after_a_stop_is_not_taken_for_the_next_one() {
    let (_place, mut mount, line) = connected();
    let mut reply = begun(line.exchange(ask(":GR#"), Guard::Read));
    mount.hears(":GR#");
    stopped(&line, &mut mount);
    // Longer than a line is quiet before it is used again.
    assert!(soon(Duration::from_millis(600), &mut reply).is_none());
    mount.says("late#");
    mount.hears(":GR#");
    mount.says("new#");
    assert_eq!(within(reply), Ok(b"new#".to_vec()));
}

#[test]
fn a_reply_that_never_comes_after_a_stop_holds_the_line_up_for_a_moment_only() {
    let (_place, mut mount, line) = connected();
    is_answered_at_once(&line, &mut mount, ":GD#");
    let patient = Exchange {
        timeout: LONGEST_REPLY,
        ..ask(":GR#")
    };
    let lost = begun(line.exchange(patient, Guard::Read));
    mount.hears(":GR#");
    drop(lost);
    stopped(&line, &mut mount);
    assert!(within(line.exchange(tell("next"), Guard::Read)).is_ok());
    mount.hears("next");
}

#[test]
fn a_late_reply_that_comes_in_pieces_is_not_taken_for_the_next_one_in_part() {
    let (_place, mut mount, line) = connected();
    let mut slow = begun(line.exchange(ask(":GD#"), Guard::Read));
    mount.hears(":GD#");
    assert!(soon(Duration::from_millis(1_500), &mut slow).is_none());
    mount.says("+12#");
    assert!(within(slow).is_ok());
    let mut reply = begun(line.exchange(ask(":GR#"), Guard::Read));
    mount.hears(":GR#");
    stopped(&line, &mut mount);
    // Longer than a line that does not go quiet is waited for.
    assert!(soon(Duration::from_millis(2_300), &mut reply).is_none());
    mount.says("1");
    mount.hears_nothing_for(Duration::from_millis(50));
    mount.says("2:00:00#");
    mount.hears(":GR#");
    mount.says("18:36:56#");
    assert_eq!(within(reply), Ok(b"18:36:56#".to_vec()));
}

/// It thinks about a goto, however fast it tells where it is.
#[test]
fn the_late_reply_of_an_order_is_waited_for_also_where_questions_are_answered_fast() {
    let (_place, mut mount, line) = connected();
    is_answered_at_once(&line, &mut mount, ":GR#");
    let goto = begun(line.exchange(ask(":MS#"), write(&line)));
    mount.hears(":MS#");
    stopped(&line, &mut mount);
    assert_eq!(within(goto), Err(LineError::Stopped));
    let mut next = begun(line.exchange(ask(":GR#"), Guard::Read));
    assert!(soon(Duration::from_millis(600), &mut next).is_none());
    mount.says("0#");
    mount.hears(":GR#");
    mount.says("2#");
    assert_eq!(within(next), Ok(b"2#".to_vec()));
}

#[test]
fn the_reply_of_a_stop_that_comes_after_the_late_one_of_what_it_cut_is_not_taken_for_the_next_one()
{
    for (framing, done) in [(Framing::Until(b'#'), "#"), (Framing::Count(1), "!")] {
        let (_place, mut mount, line) = connected();
        is_answered_at_once(&line, &mut mount, "E");
        let mut reply = begun(line.exchange(ask("E"), Guard::Read));
        mount.hears("E");
        let answered = answered_stop(framing);
        assert!(within(line.stop(&answered)).is_ok());
        mount.hears("M");
        mount.says("AAAA,BBBB#");
        assert!(soon(Duration::from_millis(600), &mut reply).is_none());
        mount.says(done);
        mount.hears("E");
        mount.says("CCCC,DDDD#");
        assert_eq!(within(reply), Ok(b"CCCC,DDDD#".to_vec()), "{framing:?}");
    }
}

#[test]
fn a_reply_whose_hold_ended_after_a_stop_is_not_taken_for_the_next_one() {
    let (_place, mut mount, line) = connected();
    let held = within(line.hold(PATIENT, Guard::Read)).unwrap();
    within(held.write(b":GR#".to_vec())).unwrap();
    mount.hears(":GR#");
    stopped(&line, &mut mount);
    drop(held);
    let next = begun(line.exchange(ask(":GD#"), Guard::Read));
    mount.says("late#");
    mount.hears(":GD#");
    mount.says("new#");
    assert_eq!(within(next), Ok(b"new#".to_vec()));
}

/// Whose reply came is told from the next stop on.
#[test]
fn stops_that_are_answered_hold_the_line_up_but_once_where_the_question_that_they_cut_was_dropped()
{
    let (_place, mut mount, line) = connected();
    is_answered_at_once(&line, &mut mount, "E");
    let mut reply = begun(line.exchange(ask("E"), Guard::Read));
    mount.hears("E");
    let answered = answered_stop(Framing::Until(b'#'));
    for _ in 0..3 {
        assert!(within(line.stop(&answered)).is_ok());
        mount.hears("M");
        mount.says("#");
        assert!(soon(Duration::from_millis(500), &mut reply).is_none());
    }
    // Where each of them began the doubt anew, it would still be waited for when the next goes out.
    assert!(soon(Duration::from_millis(700), &mut reply).is_none());
    assert!(within(line.stop(&answered)).is_ok());
    mount.hears("EM");
}

#[test]
fn a_reply_that_a_hold_did_not_read_yet_is_not_taken_for_that_of_the_stop() {
    let (_place, mut mount, line) = connected();
    let held = within(line.hold(PATIENT, Guard::Read)).unwrap();
    within(held.write(b"E".to_vec())).unwrap();
    mount.hears("E");
    let answered = answered_stop(Framing::Until(b'#'));
    assert!(within(line.stop(&answered)).is_ok());
    mount.hears("M");
    mount.says("AAAA#");
    drop(held);
    let mut next = begun(line.exchange(ask("F"), Guard::Read));
    assert!(soon(Duration::from_millis(600), &mut next).is_none());
    mount.says("#");
    mount.hears("F");
    mount.says("BBBB#");
    assert_eq!(within(next), Ok(b"BBBB#".to_vec()));
}

/// A refusal is a letter, and words behind it.
#[test]
fn the_rest_of_a_reply_that_a_hold_reads_in_parts_is_not_taken_for_the_next_one() {
    for reads_on in [false, true] {
        let (_place, mut mount, line) = connected();
        let held = within(line.hold(PATIENT, write(&line))).unwrap();
        within(held.write(b":MS#".to_vec())).unwrap();
        mount.hears(":MS#");
        mount.says("1");
        assert_eq!(
            within(held.read(Framing::Count(1), PATIENT)),
            Ok(b"1".to_vec())
        );
        stopped(&line, &mut mount);
        if reads_on {
            let words = within(held.read(Framing::Until(b'#'), PATIENT));
            assert_eq!(words, Err(LineError::Stopped));
        }
        drop(held);
        let mut next = begun(line.exchange(ask(":GR#"), Guard::Read));
        if reads_on {
            assert!(soon(Duration::from_millis(600), &mut next).is_none());
        }
        mount.says("Below horizon#");
        mount.hears(":GR#");
        mount.says("new#");
        assert_eq!(within(next), Ok(b"new#".to_vec()));
    }
}

#[test]
fn a_reply_of_a_hold_that_came_before_the_stop_is_not_waited_for() {
    let (_place, mut mount, line) = connected();
    let held = within(line.hold(PATIENT, Guard::Read)).unwrap();
    within(held.write(b":GR#".to_vec())).unwrap();
    mount.hears(":GR#");
    mount.says("18:36#");
    // The line reads it while it waits for what is next.
    mount.hears_nothing_for(Duration::from_millis(200));
    stopped(&line, &mut mount);
    let reply = within(held.read(Framing::Until(b'#'), LONGEST_REPLY));
    assert_eq!(reply, Err(LineError::Stopped));
    drop(held);
    assert!(within(line.exchange(tell("next"), Guard::Read)).is_ok());
    mount.hears("next");
}
