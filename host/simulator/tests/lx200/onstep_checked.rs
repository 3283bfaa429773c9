//! Frames with a checksum: `;`, a command, two digits, a sequence character, `#`.

use crate::bench::{Bench, LONDON};
use proptest::prelude::*;
use slewgate_simulator::Dialect;

fn onstep() -> Bench {
    Bench::of(Dialect::OnStep, LONDON)
}

/// The sum of the bytes in two digits.
fn sum(text: &str) -> String {
    let sum = text.bytes().fold(0u8, u8::wrapping_add);
    format!("{sum:02X}")
}

#[test]
fn an_answer_has_a_checksum_and_the_sequence_character_of_its_request() {
    let text = "02:10:53";
    onstep().hold(&[
        (";GR99A#", &format!("{text}{}A#", sum(text))),
        (";GR99z#", &format!("{text}{}z#", sum(text))),
    ]);
}

#[test]
fn what_has_no_answer_or_no_hash_has_both_in_a_frame() {
    onstep().hold(&[
        (&format!(";Q{}1#", sum("Q")), "001#"),
        (&format!(";Te{}2#", sum("Te")), "1312#"),
        (&format!(";U{}3#", sum("U")), "0303#"),
        (&format!(";MS{}4#", sum("MS")), "0304#"),
    ]);
}

#[test]
fn a_wrong_checksum_is_said_and_nothing_is_done() {
    let mut bench = onstep();
    let reply = format!("CK_FAIL{}#", sum("CK_FAIL"));
    for frame in [";Mn00A#", ";Mn#", ";#", ";GR99#", ";\u{ff}\u{ff}\u{ff}#"] {
        assert_eq!(bench.say(frame), reply, "{frame}");
    }
    assert!(!bench.mount.state().moving);
}

#[test]
fn a_value_with_colons_is_a_value_in_a_frame_too() {
    let set = "Sr05:35:17";
    onstep().hold(&[
        (&format!(";{set}{}A#", sum(set)), "131A#"),
        (":Gr#", "05:35:17#"),
    ]);
}

proptest! {
    #[test]
    fn no_bytes_panic_and_none_stop_it_from_answering(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bench = onstep();
        bench.mount.receive(&bytes);
        bench.say("#");
        prop_assert_eq!(bench.say("\u{6}"), "P");
    }

    #[test]
    fn no_commands_panic(commands in prop::collection::vec("[GSMQRTAhUPCD][a-zA-Z?]?[-+0-9a-z:*./]{0,9}", 0..30)) {
        let mut bench = onstep();
        for command in commands {
            bench.say(&format!(":{command}#"));
            bench.pass(1.0);
            bench.say(":GU#");
        }
        let position = bench.place();
        prop_assert!((0.0..24.0).contains(&position.ra) && (-90.0..=90.0).contains(&position.dec));
    }
}
