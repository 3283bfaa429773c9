//! Jobs and stops in every order: nothing that moves comes after a stop that it was asked before, and no reply goes to
//! another's request.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use slewgate_serial::{Guard, Held, Line, LineError, StopCount};

use crate::mount::{Begun, Mount, ask_briefly, begun, connected, stop, tell, within, write};

type Reply<'a> = Begun<'a, Result<Vec<u8>, LineError>>;

/// What a caller does next.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Asks for a motion that names the count of stops at this moment.
    Move,
    /// Asks for a motion on behalf of the first request that was read.
    MoveLate,
    Ask(Mood),
    /// Stops, with a sequence that names the count.
    Stop {
        patience_ms: u8,
    },
    HoldAndMove,
    /// Forgets the oldest question.
    Forget,
    /// Awaits the oldest question.
    Await,
}

/// How the mount answers a question.
#[derive(Clone, Copy, Debug)]
enum Mood {
    Prompt,
    Late,
    Silent,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => Just(Act::Move),
        2 => Just(Act::MoveLate),
        4 => Just(Act::Ask(Mood::Prompt)),
        1 => Just(Act::Ask(Mood::Late)),
        1 => Just(Act::Ask(Mood::Silent)),
        3 => (0..40_u8).prop_map(|patience_ms| Act::Stop { patience_ms: patience_ms.saturating_sub(20) }),
        1 => Just(Act::HoldAndMove),
        1 => Just(Act::Forget),
        2 => Just(Act::Await),
    ];
    prop::collection::vec(act, 1..40)
}

/// Each case takes a second or so of real time, and so does each try at making a failing one shorter.
fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 12,
        failure_persistence: None,
        max_shrink_time: 20_000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nothing_older_than_a_stop_comes_after_it_and_no_reply_goes_astray(acts in acts()) {
        let (_place, mut mount, line) = connected();
        let over = AtomicBool::new(false);
        let frames = thread::scope(|scope| {
            let frames = scope.spawn(|| play(&mut mount, &over));
            live(&line, &acts);
            over.store(true, Ordering::SeqCst);
            frames.join().unwrap()
        });
        check(&frames);
    }
}

/// Does what a caller does, one after the other, and waits for all of it.
fn live(line: &Line, acts: &[Act]) {
    let first = line.stop_count();
    let mut asked: Vec<(usize, Reply<'_>)> = Vec::new();
    let mut moves = Vec::new();
    let mut holds = Vec::new();
    let mut stops = Vec::new();
    for (number, act) in acts.iter().enumerate() {
        match act {
            Act::Move => moves.push(begun(line.exchange(motion(line.stop_count()), write(line)))),
            Act::MoveLate => moves.push(begun(line.exchange(motion(first), Guard::Write(first)))),
            Act::Ask(mood) => asked.push((
                number,
                begun(line.exchange(question(number, *mood), Guard::Read)),
            )),
            Act::Stop { patience_ms } => {
                let patience = Duration::from_millis((*patience_ms).into());
                stops.push(line.stop(&stop(&format!("S{}#", line.stop_count().0 + 1), patience)));
            }
            Act::HoldAndMove => {
                let count = line.stop_count();
                holds.push((
                    count,
                    begun(line.hold(Duration::from_secs(1), Guard::Write(count))),
                ));
            }
            Act::Forget if !asked.is_empty() => drop(asked.remove(0)),
            Act::Await if !asked.is_empty() => answer(asked.remove(0)),
            Act::Forget | Act::Await => {}
        }
    }
    for (count, hold) in holds {
        // Every other caller waits for this one, so it is served first.
        let _ = within(async { move_held(count, hold.await?).await });
    }
    asked.into_iter().for_each(answer);
    moves.into_iter().for_each(|done| drop(within(done)));
    // A line takes so many different stops at once and no more.
    stops
        .into_iter()
        .for_each(|sent| assert!(matches!(within(sent), Ok(_) | Err(LineError::Busy))));
}

async fn move_held(count: StopCount, held: Held) -> Result<(), LineError> {
    held.write(motion(count).request).await
}

fn motion(count: StopCount) -> slewgate_serial::Exchange {
    tell(&format!("M{}#", count.0))
}

fn question(number: usize, mood: Mood) -> slewgate_serial::Exchange {
    let mood = match mood {
        Mood::Prompt => 'P',
        Mood::Late => 'L',
        Mood::Silent => 'N',
    };
    ask_briefly(&format!("{mood}{number}#"))
}

/// A question is answered with its own number, if at all.
fn answer((number, reply): (usize, Reply<'_>)) {
    match within(reply) {
        Ok(reply) => assert_eq!(String::from_utf8_lossy(&reply), format!("{number}#")),
        Err(error) => assert!(matches!(error, LineError::Timeout(_)), "{error:?}"),
    }
}

/// Answers questions until it is over; what it heard, frame by frame.
fn play(mount: &mut Mount, over: &AtomicBool) -> Vec<String> {
    let mut heard = String::new();
    let mut answered = 0;
    let mut late: Option<(Instant, String)> = None;
    while !over.load(Ordering::SeqCst) {
        let wait = if late.is_some() { 5 } else { 20 };
        mount.listen(Instant::now() + Duration::from_millis(wait));
        heard.push_str(&String::from_utf8(mount.take_heard()).unwrap());
        let last = heard
            .split_inclusive('#')
            .rfind(|frame| frame.ends_with('#'))
            .unwrap_or_default();
        // Only what was asked last: a mount that was held up itself must not answer what nobody waits for any longer.
        if heard.len() > answered && heard.ends_with('#') {
            answered = heard.len();
            match last.split_at(1) {
                ("P", reply) => mount.says(reply),
                ("L", reply) => {
                    late = Some((Instant::now() + Duration::from_millis(40), reply.to_owned()));
                }
                _ => {}
            }
        }
        if let Some((_, reply)) = late.take_if(|(due, _)| *due <= Instant::now()) {
            mount.says(&reply);
        }
    }
    heard.split_inclusive('#').map(str::to_owned).collect()
}

/// No motion follows a stop that is newer than the count that it was asked with.
fn check(frames: &[String]) {
    let mut newest = 0;
    for frame in frames {
        let number = || frame[1..frame.len() - 1].parse::<u64>().unwrap();
        match &frame[..1] {
            "S" => newest = newest.max(number()),
            "M" => assert!(number() >= newest, "{frame} after S{newest} in {frames:?}"),
            _ => {}
        }
    }
}

/// What the mount would need to hear for the check to fail.
#[test]
#[should_panic(expected = "M0# after S1")]
fn the_check_sees_an_old_motion_behind_a_stop() {
    check(&[
        "M0#".to_owned(),
        "S1#".to_owned(),
        "M1#".to_owned(),
        "M0#".to_owned(),
    ]);
}
