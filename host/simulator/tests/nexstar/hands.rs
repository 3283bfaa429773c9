//! Hand controls of different age: what came later is not there.

use crate::bench::Bench;
use slewgate_simulator::{Hand, HandKind};

/// A command of each kind, and since when there is one.
const COMMANDS: &[(&[u8], (u8, u8))] = &[
    (b"E", (1, 2)),
    (b"Z", (1, 2)),
    (b"R34AB,12CE", (1, 2)),
    (b"B34AB,12CE", (1, 2)),
    (b"V", (1, 2)),
    (b"J", (1, 2)),
    (b"L", (1, 2)),
    (b"M", (1, 2)),
    (b"Kx", (1, 2)),
    (b"e", (1, 6)),
    (b"r34AB0500,12CE0500", (1, 6)),
    (b"T\x02", (1, 6)),
    (b"P\x01\x10\xfe\x00\x00\x00\x02", (1, 6)),
    (b"z", (2, 2)),
    (b"b34AB0500,12CE0500", (2, 2)),
    (b"m", (2, 2)),
    (b"t", (2, 3)),
    (b"w", (2, 3)),
    (b"h", (2, 3)),
    (b"i", (2, 3)),
    (b"s34AB0500,12CE0500", (4, 10)),
    (b"S34AB,12CE", (4, 10)),
    (b"u", (4, 10)),
    (b"p", (4, 15)),
    (b"x", (4, 22)),
    (b"y", (4, 22)),
    (b"v", (5, 28)),
];

const VERSIONS: [(u8, u8); 12] = [
    (1, 2),
    (1, 5),
    (1, 6),
    (2, 1),
    (2, 2),
    (2, 3),
    (4, 9),
    (4, 10),
    (4, 21),
    (4, 22),
    (5, 27),
    (5, 28),
];

#[test]
fn a_command_that_came_later_is_answered_by_nothing_of_its_own() {
    for (major, minor) in VERSIONS {
        for (command, since) in COMMANDS {
            // The letter alone: what stands behind it would be taken for commands.
            let mut bench = Bench::of_version(major, minor);
            let known = (major, minor) >= *since;
            let sent = if known { command } else { &command[..1] };
            let answer = bench.say(sent);
            assert_eq!(
                answer.ends_with(b"#"),
                known,
                "{} to {major}.{minor}",
                command.escape_ascii()
            );
        }
    }
}

#[test]
fn an_old_one_takes_the_rest_of_a_later_command_for_others() {
    let mut bench = Bench::of_version(4, 9);
    // To it `s34AB,12CE` is `B,12CE` and four bytes that are not there yet.
    assert_eq!(bench.say("s34AB,12CE"), b"");
    assert_eq!(bench.say("LLLL"), b"#");
}

#[test]
fn a_starsense_knows_all_commands_whatever_its_version() {
    let mut bench = Bench::of(Hand {
        kind: HandKind::StarSense,
        ..Hand::of_version(1, 20)
    });
    for (command, _) in COMMANDS {
        assert!(
            bench.say(command).ends_with(b"#"),
            "{}",
            command.escape_ascii()
        );
    }
}
