//! What a jog lives by.

mod common;

use std::time::{Duration, Instant};

use common::{SECOND, advances, begin, bytes, caller, endings, ms, plan, refusal, stops};
use slewgate_safety::*;

#[test]
fn a_jog_ends_by_its_ending_when_its_lease_runs_out() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let jog = begin(&mut motions, plan(Kind::Jog, "north"), 1, now);
    assert_eq!(motions.next_deadline(), Some(now + SECOND));
    assert!(motions.tick(now + ms(999)).is_empty());
    let actions = motions.tick(now + SECOND);
    assert!(
        matches!(&actions[0], Action::Send { motion, role, exchanges }
        if *motion == jog && role == "port" && exchanges[0].request == b":Q#")
    );
    assert_eq!(endings(&actions), [(jog, Cause::Lease)]);
    assert_eq!(advances(&actions), [(Occasion::Ended, vec![])]);
    assert!(motions.active().is_empty());
}

#[test]
fn a_renewed_jog_goes_on_under_its_number() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let jog = begin(&mut motions, plan(Kind::Jog, "north"), 1, now);
    assert_eq!(
        begin(&mut motions, plan(Kind::Jog, "north"), 1, now + ms(900)),
        jog
    );
    assert!(motions.tick(now + ms(1800)).is_empty());
    assert_eq!(
        motions.renew(1, "north", Some(ms(500)), now + ms(1800)),
        Some((jog, ms(500)))
    );
    assert_eq!(
        endings(&motions.tick(now + ms(2300))),
        [(jog, Cause::Lease)]
    );
}

#[test]
fn a_lease_that_ran_out_is_not_renewed_nor_one_of_somebody_else() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    begin(&mut motions, plan(Kind::Jog, "north"), 1, now);
    assert_eq!(motions.renew(1, "north", None, now + SECOND), None);
    assert_eq!(motions.renew(2, "north", None, now), None);
    assert_eq!(motions.renew(1, "south", None, now), None);
}

#[test]
fn a_lease_stays_within_its_bounds() {
    for (asked, got) in [
        (ms(1), MIN_LEASE),
        (ms(700), ms(700)),
        (Duration::MAX, MAX_LEASE),
    ] {
        let (mut motions, now) = (Motions::new(), Instant::now());
        let client = Caller {
            lease: Some(asked),
            ..caller(1)
        };
        motions
            .begin(plan(Kind::Jog, "north"), client, stops(0), now)
            .unwrap();
        assert_eq!(motions.next_deadline(), Some(now + got));
        let renewed = motions.renew(1, "north", Some(asked), now);
        assert_eq!(renewed.map(|(_, lease)| lease), Some(got));
    }
}

#[test]
fn a_jog_ends_at_once_when_its_session_closes_and_others_go_on() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let theirs = begin(&mut motions, plan(Kind::Jog, "north"), 1, now);
    let other = begin(&mut motions, plan(Kind::Jog, "east"), 2, now);
    let actions = motions.session_closed(1, now);
    assert_eq!(endings(&actions), [(theirs, Cause::SessionClosed)]);
    assert_eq!(bytes(&actions), (1, 0));
    assert_eq!(motions.active()[0].motion, other);
}

#[test]
fn a_jog_ends_after_a_minute_however_often_it_is_renewed() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let jog = begin(&mut motions, plan(Kind::Jog, "north"), 1, now);
    for half_seconds in 1..120 {
        let at = now + ms(500) * half_seconds;
        assert!(motions.tick(at).is_empty());
        assert!(motions.renew(1, "north", None, at).is_some());
    }
    assert_eq!(
        endings(&motions.tick(now + MAX_JOG)),
        [(jog, Cause::AtMost)]
    );
}

#[test]
fn after_a_whole_minute_a_client_has_to_let_go_before_it_jogs_again() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let held = Caller {
        lease: Some(MAX_LEASE),
        ..caller(1)
    };
    let north = || plan(Kind::Jog, "north");
    for nines in 0..7 {
        motions
            .begin(north(), held.clone(), stops(0), now + SECOND * 9 * nines)
            .unwrap();
    }
    let over = now + MAX_JOG;
    let denied = |motions: &mut Motions, at| refusal(motions, north(), held.clone(), 0, at);
    assert!(
        matches!(denied(&mut motions, over), Denied::Limit(_)),
        "even before the tick"
    );
    motions.tick(over);
    assert!(matches!(
        denied(&mut motions, over + SECOND * 9),
        Denied::Limit(_)
    ));
    assert!(
        matches!(denied(&mut motions, over + SECOND * 18), Denied::Limit(_)),
        "it never let go"
    );
    assert!(
        motions
            .begin(plan(Kind::Jog, "south"), held.clone(), stops(0), over)
            .is_ok()
    );
    assert!(
        motions
            .begin(north(), held.clone(), stops(0), over + SECOND * 28)
            .is_ok()
    );
}

#[test]
fn a_jog_taken_over_by_another_client_lives_by_that_client() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let first = begin(&mut motions, plan(Kind::Jog, "north"), 1, now);
    let (second, actions) = motions
        .begin(plan(Kind::Jog, "north"), caller(2), stops(0), now)
        .unwrap();
    assert_eq!(endings(&actions), [(first, Cause::Superseded)]);
    assert_eq!(motions.renew(1, "north", None, now), None);
    assert!(motions.session_closed(1, now).is_empty());
    assert_eq!(motions.active()[0].motion, second);
}

#[test]
fn jogs_of_both_axes_go_on_side_by_side() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    begin(&mut motions, plan(Kind::Jog, "north"), 1, now);
    begin(&mut motions, plan(Kind::Jog, "east"), 1, now);
    assert_eq!(motions.active().len(), 2);
}

#[test]
fn a_jog_takes_the_place_of_a_slew_of_its_role() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let bare = |role: &str| Plan {
        role: role.to_owned(),
        ending: Vec::new(),
        ..plan(Kind::Slew, "goto")
    };
    let goto = begin(&mut motions, bare("port"), 1, now);
    let elsewhere = begin(&mut motions, bare("focuser"), 1, now);
    let (jog, actions) = motions
        .begin(plan(Kind::Jog, "north"), caller(2), stops(0), now)
        .unwrap();
    assert_eq!(endings(&actions), [(goto, Cause::Superseded)]);
    assert!(matches!(
        &actions[0],
        Action::StopLine {
            cause: Cause::Superseded,
            ..
        }
    ));
    let left = motions.active();
    assert_eq!(left[0].motion, elsewhere);
    assert_eq!(left[1].motion, jog);
}

#[test]
fn a_jog_sends_the_ending_of_a_slew_that_has_one() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(&mut motions, plan(Kind::Slew, "goto"), 1, now);
    let (_, actions) = motions
        .begin(plan(Kind::Jog, "north"), caller(2), stops(0), now)
        .unwrap();
    assert!(matches!(&actions[0], Action::Send { motion, .. } if *motion == goto));
    assert_eq!(endings(&actions), [(goto, Cause::Superseded)]);
}
