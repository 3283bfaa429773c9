//! What may begin, and what ends it.

mod common;

use std::time::{Duration, Instant};

use common::{SECOND, advances, begin, bytes, caller, endings, halt, ms, plan, refusal, stops};
use slewgate_safety::*;

/// A jog of what a slew of the mount leaves alone.
fn focus() -> Plan {
    Plan {
        role: "focuser".to_owned(),
        ..plan(Kind::Jog, "in")
    }
}

#[test]
fn a_motion_without_an_ending_of_its_own_ends_with_its_line() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let bare = |label| Plan {
        ending: Vec::new(),
        ..plan(Kind::Jog, label)
    };
    begin(&mut motions, bare("north"), 1, now);
    begin(&mut motions, bare("east"), 1, now);
    let actions = motions.tick(now + SECOND);
    assert_eq!(bytes(&actions), (0, 1));
    assert!(
        matches!(&actions[0], Action::StopLine { role, cause: Cause::Lease } if role == "port")
    );
    assert_eq!(endings(&actions).len(), 2);
    assert!(advances(&actions).is_empty(), "the stop comes first");
    let after = motions.stopped("port", stops(1), now + SECOND);
    assert_eq!(advances(&after).len(), 2);
}

#[test]
fn a_stop_ends_what_began_before_it_and_spares_what_began_after() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let old = begin(&mut motions, plan(Kind::Jog, "east"), 1, now);
    let read_after = Caller {
        stop_count: stops(1),
        ..caller(2)
    };
    let (new, _) = motions
        .begin(plan(Kind::Jog, "north"), read_after, stops(1), now)
        .unwrap();
    let actions = motions.stopped("port", stops(1), now);
    assert_eq!(endings(&actions), [(old, Cause::Stop)]);
    assert_eq!(bytes(&actions), (0, 0));
    assert_eq!(advances(&actions), [(Occasion::Ended, vec![])]);
    assert_eq!(motions.active()[0].motion, new);
}

#[test]
fn a_line_that_is_lost_ends_its_motions_and_is_owed_what_ends_them() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let bare = Plan {
        ending: Vec::new(),
        ..plan(Kind::Jog, "east")
    };
    let bare = begin(&mut motions, bare, 1, now);
    let jog = begin(&mut motions, plan(Kind::Jog, "north"), 1, now);
    assert!(motions.line_lost("focuser", "unplugged", now).is_empty());
    let actions = motions.line_lost("port", "unplugged", now);
    let lost = Cause::LineLost("unplugged".to_owned());
    assert_eq!(endings(&actions), [(bare, lost.clone()), (jog, lost)]);
    assert_eq!(bytes(&actions), (0, 1), "the line's stop ends both");
    assert!(motions.active().is_empty());
    let again = motions.line_lost("port", "unplugged", now);
    assert_eq!((endings(&again), bytes(&again)), (vec![], (0, 0)));
}

#[test]
fn a_stop_of_one_line_leaves_the_others() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    begin(&mut motions, plan(Kind::Slew, "goto"), 1, now);
    assert!(motions.stopped("focuser", stops(1), now).is_empty());
    assert_eq!(motions.active().len(), 1);
}

#[test]
fn a_request_older_than_a_stop_begins_nothing() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    assert_eq!(
        refusal(&mut motions, plan(Kind::Jog, "north"), caller(1), 1, now),
        Denied::Stopped
    );
    assert_eq!(motions.next_deadline(), None);
}

#[test]
fn a_command_that_is_not_of_effect_move_begins_nothing() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let looks_only = Caller {
        moves: false,
        ..caller(1)
    };
    assert_eq!(
        refusal(&mut motions, plan(Kind::Jog, "north"), looks_only, 0, now),
        Denied::NotAMove
    );
    assert_eq!(motions.next_deadline(), None);
}

#[test]
fn a_closed_session_begins_nothing_any_more() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    motions.session_closed(1, now);
    assert_eq!(
        refusal(&mut motions, plan(Kind::Slew, "goto"), caller(1), 0, now),
        Denied::Stopped
    );
    begin(&mut motions, plan(Kind::Slew, "goto"), 2, now);
}

#[test]
fn a_stop_of_one_direction_ends_that_motion_alone() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let north = begin(&mut motions, plan(Kind::Jog, "north"), 1, now);
    let east = begin(&mut motions, plan(Kind::Jog, "east"), 1, now);
    let actions = motions.stop_label("north", now);
    assert_eq!(endings(&actions), [(north, Cause::Stop)]);
    assert_eq!(bytes(&actions), (1, 0));
    assert_eq!(motions.active()[0].motion, east);
}

#[test]
fn a_slew_whose_client_left_completes_or_stops_as_its_plan_says() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    begin(&mut motions, plan(Kind::Slew, "goto"), 1, now);
    assert!(motions.session_closed(1, now).is_empty());
    assert_eq!(motions.active()[0].session, None);

    let mut motions = Motions::new();
    let stops_with_client = Plan {
        orphan: Orphan::Stop,
        ..plan(Kind::Slew, "goto")
    };
    let goto = begin(&mut motions, stops_with_client, 1, now);
    assert_eq!(
        endings(&motions.session_closed(1, now)),
        [(goto, Cause::SessionClosed)]
    );
}

#[test]
fn a_motion_that_takes_longer_than_it_may_is_ended() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let brief = Plan {
        at_most: SECOND * 3,
        ..plan(Kind::Slew, "goto")
    };
    let goto = begin(&mut motions, brief, 1, now);
    let actions = motions.tick(now + SECOND * 3);
    assert_eq!(endings(&actions), [(goto, Cause::AtMost)]);
    assert_eq!(bytes(&actions), (1, 0));
}

#[test]
fn no_plan_lasts_for_ever() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let endless = Plan {
        at_most: Duration::MAX,
        first_look: Duration::MAX,
        ..plan(Kind::Slew, "goto")
    };
    begin(&mut motions, endless, 1, now);
    assert_eq!(motions.next_deadline(), Some(now + MAX_MOTION));
}

#[test]
fn a_newer_slew_takes_the_place_of_an_older_one_without_a_byte() {
    for label in ["goto", "park"] {
        let (mut motions, now) = (Motions::new(), Instant::now());
        let old = begin(&mut motions, plan(Kind::Slew, "goto"), 1, now);
        let (new, actions) = motions
            .begin(plan(Kind::Slew, label), caller(2), stops(0), now)
            .unwrap();
        assert_eq!(endings(&actions), [(old, Cause::Superseded)]);
        assert_eq!((bytes(&actions), advances(&actions).len()), ((0, 0), 0));
        assert_eq!(motions.active()[0].motion, new);
    }
}

#[test]
fn a_slew_ends_the_jogs_of_its_line_before_it_begins() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let jog = begin(&mut motions, plan(Kind::Jog, "north"), 1, now);
    let elsewhere = begin(&mut motions, focus(), 1, now);
    let (goto, actions) = motions
        .begin(plan(Kind::Slew, "goto"), caller(2), stops(0), now)
        .unwrap();
    assert_eq!(endings(&actions), [(jog, Cause::Superseded)]);
    assert!(matches!(&actions[0], Action::Send { motion, .. } if *motion == jog));
    let left: Vec<_> = motions
        .active()
        .iter()
        .map(|motion| motion.motion)
        .collect();
    assert_eq!(left, [elsewhere, goto]);
}

#[test]
fn a_jog_that_only_a_stop_can_end_keeps_its_lease_beside_a_slew() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let bare = Plan {
        ending: Vec::new(),
        ..plan(Kind::Jog, "north")
    };
    let jog = begin(&mut motions, bare, 1, now);
    begin(&mut motions, plan(Kind::Slew, "goto"), 1, now);
    let actions = motions.tick(now + SECOND);
    assert_eq!(endings(&actions), [(jog, Cause::Lease)]);
    assert_eq!(bytes(&actions), (0, 1));
}

#[test]
fn without_its_plugin_everything_ends_and_the_next_puts_it_in_order() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(&mut motions, plan(Kind::Slew, "goto"), 1, now);
    let jog = begin(&mut motions, focus(), 1, now);
    let ends = endings(&motions.unloaded(now));
    assert_eq!(ends, [(goto, Cause::Orphaned), (jog, Cause::Orphaned)]);
    assert!(
        motions.tick(now + SECOND).is_empty(),
        "there is nobody to call"
    );
    let put_off = advances(&motions.adopted(now + SECOND));
    assert_eq!(
        put_off,
        [(Occasion::Ended, vec![]), (Occasion::Ended, vec![])]
    );
}

#[test]
fn a_plugin_that_failed_in_any_call_loses_all_that_it_moves() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(&mut motions, plan(Kind::Slew, "goto"), 1, now);
    let jog = begin(&mut motions, focus(), 1, now);
    let actions = motions.plugin_failed(now + ms(600));
    let over = [(goto, Cause::Orphaned), (jog, Cause::Orphaned)];
    assert_eq!(endings(&actions), over);
    assert_eq!(advances(&actions), vec![(Occasion::Ended, vec![]); 2]);
    assert!(endings(&motions.plugin_failed(now + SECOND)).is_empty());
}

#[test]
fn a_plugin_that_failed_looking_after_one_motion_loses_all_the_others() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let watched = Plan {
        first_look: ms(500),
        ..plan(Kind::Slew, "goto")
    };
    let goto = begin(&mut motions, watched, 1, now);
    let jog = begin(&mut motions, focus(), 1, now);
    motions.tick(now + ms(500));
    let fell = Progress::Fell("a trap".to_owned());
    let actions = motions.progress(goto, fell, now + ms(600));
    let failed = Cause::Failed("a trap".to_owned());
    assert_eq!(endings(&actions), [(goto, failed), (jog, Cause::Orphaned)]);
    assert_eq!(bytes(&actions), (2, 0));
}

#[test]
fn an_unloaded_plugin_takes_its_motions_along() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(&mut motions, plan(Kind::Slew, "goto"), 1, now);
    let actions = motions.unloaded(now);
    assert_eq!(endings(&actions), [(goto, Cause::Orphaned)]);
    assert_eq!((bytes(&actions), advances(&actions).len()), ((1, 0), 0));
}

#[test]
fn a_plan_larger_than_its_bounds_is_refused_by_name() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let slew = plan(Kind::Slew, "goto");
    let large = [
        (
            "note",
            Plan {
                note: vec![0; MAX_NOTE + 1],
                ..slew.clone()
            },
        ),
        (
            "label",
            Plan {
                label: "n".repeat(MAX_LABEL + 1),
                ..slew.clone()
            },
        ),
        (
            "ending",
            Plan {
                ending: vec![halt()[0].clone(); MAX_ENDING + 1],
                ..slew
            },
        ),
    ];
    for (what, plan) in large {
        let denied = refusal(&mut motions, plan, caller(1), 0, now).to_string();
        assert!(denied.contains(what), "{denied}");
    }
}

#[test]
fn a_table_holds_a_bounded_number_of_motions() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    for label in 0..MAX_MOTIONS {
        begin(&mut motions, plan(Kind::Jog, &label.to_string()), 1, now);
    }
    let one_more = refusal(&mut motions, plan(Kind::Jog, "more"), caller(1), 0, now);
    assert!(matches!(one_more, Denied::Limit(_)));
    begin(&mut motions, plan(Kind::Jog, "0"), 1, now);
    begin(&mut motions, plan(Kind::Slew, "goto"), 1, now);
    assert_eq!(
        motions.active().len(),
        1,
        "a slew makes room by ending the jogs"
    );
}

#[test]
fn a_refused_order_is_over_at_once_and_takes_nobody_along() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let jog = begin(&mut motions, plan(Kind::Jog, "north"), 1, now);
    let bare = Plan {
        role: "dome".to_owned(),
        ending: Vec::new(),
        ..plan(Kind::Slew, "goto")
    };
    let goto = begin(&mut motions, bare, 2, now);
    let actions = motions.refused(goto, "below the horizon".to_owned());
    let refused = Cause::Failed("below the horizon".to_owned());
    assert_eq!(endings(&actions), [(goto, refused)]);
    assert_eq!(bytes(&actions), (0, 0));
    assert_eq!(motions.active()[0].motion, jog);
    assert!(
        motions.refused(goto, String::new()).is_empty(),
        "it is over"
    );
}

#[test]
fn a_refused_order_stops_what_it_took_the_place_of() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let slew = |label| Plan {
        ending: Vec::new(),
        ..plan(Kind::Slew, label)
    };
    begin(&mut motions, slew("goto"), 1, now);
    let park = begin(&mut motions, slew("park"), 2, now);
    let actions = motions.refused(park, "no park position".to_owned());
    assert_eq!(bytes(&actions), (0, 1), "nobody looks after the goto");
    let refused = Cause::Failed("no park position".to_owned());
    assert_eq!(endings(&actions), [(park, refused)]);
}

#[test]
fn a_jog_that_is_refused_at_another_rate_ends_at_the_old_one_too() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let jog = begin(&mut motions, plan(Kind::Jog, "north"), 1, now);
    assert_eq!(begin(&mut motions, plan(Kind::Jog, "north"), 1, now), jog);
    assert_eq!(
        bytes(&motions.refused(jog, "no such rate".to_owned())),
        (1, 0)
    );
    assert!(motions.active().is_empty());
}
