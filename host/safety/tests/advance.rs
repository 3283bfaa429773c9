//! When a plugin is called to look after a motion, and what its answers do.

mod common;

use std::time::{Duration, Instant};

use common::{SECOND, advances, begin, bytes, caller, endings, ms, plan, refusal, stops};
use slewgate_safety::*;

/// A goto whose plugin is called after half a second.
fn watched() -> Plan {
    Plan {
        first_look: ms(500),
        note: vec![1],
        ..plan(Kind::Slew, "goto")
    }
}

fn again(after: Duration, note: u8) -> Progress {
    Progress::Again {
        after,
        note: vec![note],
    }
}

#[test]
fn a_plugin_is_called_when_it_asked_to_be_with_its_newest_note() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(&mut motions, watched(), 1, now);
    assert_eq!(motions.next_deadline(), Some(now + ms(500)));
    assert_eq!(
        advances(&motions.tick(now + ms(500))),
        [(Occasion::Look, vec![1])]
    );
    assert!(
        motions.tick(now + SECOND).is_empty(),
        "the first call is still under way"
    );
    assert!(
        motions
            .progress(goto, again(ms(200), 2), now + SECOND)
            .is_empty()
    );
    assert_eq!(
        advances(&motions.tick(now + ms(1200))),
        [(Occasion::Look, vec![2])]
    );
    let over = motions.progress(goto, Progress::Done, now + ms(1200));
    assert_eq!(endings(&over), [(goto, Cause::Done)]);
    assert_eq!((bytes(&over), motions.next_deadline()), ((0, 0), None));
}

#[test]
fn a_pulse_begins_beside_other_pulses_and_beside_nothing_else() {
    for kind in [Kind::Jog, Kind::Slew] {
        let (mut motions, now) = (Motions::new(), Instant::now());
        let first = begin(&mut motions, plan(Kind::Pulse, "north"), 1, now);
        begin(&mut motions, plan(Kind::Pulse, "west"), 1, now);
        let moving = begin(&mut motions, plan(kind, "elsewhere"), 2, now);
        let pulse = || plan(Kind::Pulse, "south");
        assert_eq!(
            refusal(&mut motions, pulse(), caller(1), 0, now),
            Denied::Limit("the mount moves (`elsewhere`); guide when it has come to rest".into())
        );
        let elsewhere = Plan {
            role: "another".into(),
            ..pulse()
        };
        begin(&mut motions, elsewhere, 1, now);
        motions.progress(first, Progress::Done, now);
        motions.refused(moving, "it does not move".into());
        begin(&mut motions, pulse(), 1, now);
    }
}

#[test]
fn a_plugin_that_asks_to_be_called_at_once_does_not_loop() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(
        &mut motions,
        Plan {
            first_look: Duration::ZERO,
            ..watched()
        },
        1,
        now,
    );
    assert_eq!(motions.next_deadline(), Some(now + MIN_LOOK));
    motions.tick(now + MIN_LOOK);
    motions.progress(goto, again(Duration::ZERO, 2), now + MIN_LOOK);
    assert_eq!(motions.next_deadline(), Some(now + MIN_LOOK * 2));
}

#[test]
fn a_motion_that_failed_is_ended_on_the_wire_too() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(&mut motions, watched(), 1, now);
    motions.tick(now + ms(500));
    let actions = motions.progress(goto, Progress::Failed("stalled".to_owned()), now + ms(600));
    assert_eq!(
        endings(&actions),
        [(goto, Cause::Failed("stalled".to_owned()))]
    );
    assert_eq!(bytes(&actions), (1, 0));
}

#[test]
fn a_note_over_its_bound_fails_its_motion() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(&mut motions, watched(), 1, now);
    motions.tick(now + ms(500));
    let heavy = Progress::Again {
        after: SECOND,
        note: vec![0; MAX_NOTE + 1],
    };
    let ended = endings(&motions.progress(goto, heavy, now + ms(600)));
    assert!(
        matches!(&ended[..], [(id, Cause::Failed(why))] if *id == goto && why.contains("note"))
    );
}

#[test]
fn a_plugin_that_never_answers_ends_its_motion() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(&mut motions, watched(), 1, now);
    motions.tick(now + ms(500));
    let late = now + ms(500) + LOOK_PATIENCE;
    assert_eq!(motions.next_deadline(), Some(late));
    let ended = endings(&motions.tick(late));
    assert!(matches!(&ended[..], [(id, Cause::Failed(_))] if *id == goto));
}

#[test]
fn an_answer_that_nobody_asked_for_changes_nothing() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(&mut motions, watched(), 1, now);
    assert!(motions.progress(goto, Progress::Done, now).is_empty());
    assert_eq!(motions.active().len(), 1);
}

#[test]
fn an_answer_from_before_the_end_is_not_believed_but_its_note_is_kept() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(&mut motions, watched(), 1, now);
    motions.tick(now + ms(500));
    let told = motions.stopped("port", stops(1), now + SECOND);
    assert!(advances(&told).is_empty(), "one call at a time");
    let answer = motions.progress(goto, again(SECOND * 9, 7), now + SECOND);
    assert_eq!(advances(&answer), [(Occasion::Ended, vec![7])]);
    assert!(
        motions
            .progress(goto, Progress::Done, now + SECOND)
            .is_empty()
    );
    assert_eq!(motions.next_deadline(), None);
}

#[test]
fn a_plugin_may_take_several_steps_to_put_the_hardware_in_order() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(&mut motions, watched(), 1, now);
    motions.stopped("port", stops(1), now);
    motions.progress(goto, again(SECOND, 3), now);
    assert_eq!(
        advances(&motions.tick(now + SECOND)),
        [(Occasion::Ended, vec![3])]
    );
    assert!(
        motions
            .progress(goto, Progress::Failed("gone".to_owned()), now + SECOND)
            .is_empty()
    );
    assert_eq!(motions.next_deadline(), None);
}

#[test]
fn a_second_stop_lets_the_plugin_put_the_hardware_in_order_again() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(&mut motions, watched(), 1, now);
    motions.stopped("port", stops(1), now);
    assert!(motions.stopped("port", stops(2), now).is_empty());
    let cut_off = motions.progress(goto, Progress::Failed("stopped".to_owned()), now);
    assert!(cut_off.is_empty(), "no busy loop");
    assert_eq!(
        advances(&motions.tick(now + MIN_LOOK)),
        [(Occasion::Ended, vec![1])]
    );
}

#[test]
fn a_stop_that_is_told_again_takes_nothing_along_again() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(&mut motions, watched(), 1, now);
    let told = motions.stopped("port", stops(1), now);
    assert_eq!(advances(&told), [(Occasion::Ended, vec![1])]);
    for passed in 1..5 {
        let now = now + SECOND * passed;
        assert!(motions.stopped("port", stops(1), now).is_empty());
        assert!(motions.tick(now).is_empty());
    }
    assert_eq!(motions.next_deadline(), Some(now + LOOK_PATIENCE));
    assert!(
        motions
            .progress(goto, Progress::Done, now + SECOND * 5)
            .is_empty()
    );
    assert_eq!(motions.next_deadline(), None, "settled");
}

#[test]
fn putting_in_order_comes_to_an_end() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let goto = begin(&mut motions, watched(), 1, now);
    motions.stopped("port", stops(1), now);
    motions.progress(goto, again(Duration::MAX, 2), now);
    assert_eq!(motions.next_deadline(), Some(now + SETTLING));
    assert!(motions.tick(now + SETTLING).is_empty());
    assert_eq!(motions.next_deadline(), None);
}

#[test]
fn a_look_at_a_slew_that_brought_nothing_clear_is_made_again_a_few_times() {
    let (mut motions, mut now) = (Motions::new(), Instant::now() + SECOND);
    let goto = begin(&mut motions, watched(), 1, now);
    let garbled = || Progress::Unclear("garbled".to_owned());
    now += ms(500);
    for last in [again(ms(500), 1), garbled()] {
        for _ in 1..MAX_UNCLEAR {
            assert_eq!(advances(&motions.tick(now)), [(Occasion::Look, vec![1])]);
            assert!(motions.progress(goto, garbled(), now).is_empty());
            assert!(motions.tick(now).is_empty(), "not at once");
            assert_eq!(motions.next_deadline(), Some(now + UNCLEAR_LOOK));
            now += UNCLEAR_LOOK;
        }
        assert_eq!(advances(&motions.tick(now)), [(Occasion::Look, vec![1])]);
        let ended = endings(&motions.progress(goto, last.clone(), now));
        let failed = (goto, Cause::Failed("garbled".to_owned()));
        let expected = if last == garbled() {
            vec![failed]
        } else {
            vec![]
        };
        assert_eq!(ended, expected, "a clear answer begins the count anew");
        now += ms(500);
    }
}

#[test]
fn a_pulse_is_not_looked_at_again_as_a_part_of_it_may_have_been_sent() {
    let (mut motions, now) = (Motions::new(), Instant::now());
    let pulse = Plan {
        first_look: ms(500),
        ..plan(Kind::Pulse, "north")
    };
    let pulse = begin(&mut motions, pulse, 1, now);
    motions.tick(now + ms(500));
    let silent = Progress::Unclear("silent".to_owned());
    let ended = endings(&motions.progress(pulse, silent, now + ms(500)));
    assert_eq!(ended, [(pulse, Cause::Failed("silent".to_owned()))]);
}
