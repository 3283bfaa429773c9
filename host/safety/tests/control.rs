//! One client at a time moves the hardware.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::time::Instant;

use common::{SECOND, caller, ms, owner, plan, safety, stops};
use slewgate_safety::*;

fn begin(
    safety: &mut Safety,
    kind: Kind,
    client: Session,
    now: Instant,
) -> Result<MotionId, Denied> {
    let begun = safety.begin(
        plan(kind, "north"),
        caller(client),
        stops(0),
        Moment { now, at: 0.0 },
    );
    begun.map(|(motion, _)| motion)
}

fn changes(actions: &[Action]) -> Vec<ControlChange> {
    let change = |action: &Action| match action {
        Action::Control(event) => Some(event.change),
        _ => None,
    };
    actions.iter().filter_map(change).collect()
}

#[test]
fn who_moves_first_is_in_control_and_others_are_told_who_is() {
    let (mut safety, now) = (safety(&["port"]), Instant::now());
    begin(&mut safety, Kind::Slew, 1, now).unwrap();
    let refused = begin(&mut safety, Kind::Slew, 2, now).unwrap_err();
    assert_eq!(refused, Denied::ControlledBy(owner(1)));
    assert_eq!(safety.configure(&owner(2), now).unwrap_err(), refused);
    begin(&mut safety, Kind::Slew, 1, now).unwrap();
}

#[test]
fn what_was_refused_takes_no_control() {
    let (mut safety, now) = (safety(&["port"]), Instant::now());
    let fixed = Caller {
        moves: false,
        ..caller(1)
    };
    let refused = safety.begin(
        plan(Kind::Slew, "goto"),
        fixed,
        stops(0),
        Moment { now, at: 0.0 },
    );
    assert_eq!(refused.unwrap_err(), Denied::NotAMove);
    assert_eq!(safety.holder(), None);
}

#[test]
fn a_guide_pulse_neither_takes_nor_needs_control() {
    let (mut safety, now) = (safety(&["port"]), Instant::now());
    begin(&mut safety, Kind::Pulse, 2, now).unwrap();
    assert_eq!(safety.holder(), None);
    safety.configure(&owner(1), now).unwrap();
    begin(&mut safety, Kind::Pulse, 2, now).unwrap();
    assert_eq!(safety.holder(), Some(&owner(1)));
}

#[test]
fn control_lapses_a_minute_after_the_last_motion_ended() {
    let (mut safety, mut now) = (safety(&["port"]), Instant::now());
    let motion = begin(&mut safety, Kind::Slew, 1, now).unwrap();
    now += 200 * SECOND;
    assert_eq!(changes(&safety.tick(now)), []);
    safety.progress(motion, Progress::Done, now);
    now += 100 * SECOND;
    // `at_most` ended the motion at 300 s.
    safety.tick(now);
    assert_eq!(safety.active().len(), 0);
    now += CONTROL_LAPSE - ms(1);
    assert_eq!(changes(&safety.tick(now)), []);
    now += ms(1);
    assert_eq!(safety.next_deadline(), Some(now));
    assert_eq!(changes(&safety.tick(now)), [ControlChange::Lapsed]);
    begin(&mut safety, Kind::Slew, 2, now).unwrap();
}

#[test]
fn who_comes_back_in_another_session_is_still_in_control() {
    let (mut safety, now) = (safety(&["port"]), Instant::now());
    begin(&mut safety, Kind::Slew, 1, now).unwrap();
    safety.session_closed(1, now);
    let back = Caller {
        session: 7,
        ..caller(1)
    };
    safety
        .begin(
            plan(Kind::Slew, "goto"),
            back,
            stops(0),
            Moment { now, at: 0.0 },
        )
        .unwrap();
}

#[test]
fn control_that_is_released_is_free_and_what_moves_goes_on() {
    let (mut safety, now) = (safety(&["port"]), Instant::now());
    begin(&mut safety, Kind::Slew, 1, now).unwrap();
    assert_eq!(
        changes(&safety.release_control(&owner(2))),
        [],
        "it is not theirs"
    );
    assert_eq!(
        changes(&safety.release_control(&owner(1))),
        [ControlChange::Released]
    );
    assert_eq!(safety.active().len(), 1);
    begin(&mut safety, Kind::Slew, 2, now).unwrap();
}

#[test]
fn control_is_taken_over_by_force_alone_and_jogs_of_the_former_holder_end() {
    let (mut safety, now) = (safety(&["port"]), Instant::now());
    begin(&mut safety, Kind::Jog, 1, now).unwrap();
    safety.take_control(&owner(2), false, now).unwrap_err();
    let taken = safety.take_control(&owner(2), true, now).unwrap();
    assert_eq!(changes(&taken), [ControlChange::TakenOver]);
    let ended = common::endings(&taken);
    assert!(matches!(&ended[..], [(_, Cause::ControlLost)]), "{ended:?}");
    begin(&mut safety, Kind::Jog, 1, now).unwrap_err();
}

#[test]
fn another_client_of_the_same_token_takes_control_without_force_when_it_asks_for_it() {
    let (mut safety, now) = (safety(&["port"]), Instant::now());
    begin(&mut safety, Kind::Slew, 1, now).unwrap();
    let page = Owner {
        id: "page".into(),
        ..owner(1)
    };
    let order = safety.configure(&page, now);
    assert!(
        matches!(order, Err(Denied::ControlledBy(_))),
        "an order does not ask"
    );
    let taken = safety.take_control(&page, false, now).unwrap();
    assert_eq!(changes(&taken), [ControlChange::TakenOver]);
}
