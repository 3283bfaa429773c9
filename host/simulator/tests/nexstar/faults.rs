//! What is wrong with the axes, and with what is said of them.

use crate::bench::Bench;

const WEST: &[u8] = b"P\x02\x10\x24\x07\x00\x00\x00";
const STOP: &[u8] = b"P\x02\x10\x24\x00\x00\x00\x00";

#[test]
fn a_stuck_axis_does_not_turn() {
    let mut bench = Bench::faulty(&["stuck=second"]);
    let from = bench.place();
    bench.say(b"P\x02\x11\x24\x07\x00\x00\x00");
    bench.pass(5.0);
    assert_eq!(bench.place().dec, from.dec);
    assert!(!bench.mount.state().moving);
}

#[test]
fn a_runaway_obeys_the_stop_after_those_that_it_ignores() {
    let mut bench = Bench::faulty(&["runaway=first,ignores=2"]);
    bench.say(WEST);
    for moving in [true, true, false] {
        bench.pass(1.0);
        bench.say(STOP);
        bench.pass(1.0);
        assert_eq!(bench.mount.state().moving, moving);
    }
}

#[test]
fn a_lie_is_told_and_not_believed() {
    let mut bench = Bench::faulty(&["lie=-1.5,axis=first"]);
    let (told, place) = (bench.told(), bench.place());
    assert!(((told.ra - place.ra) * 15.0 - 1.5).abs() < 1e-4);
}

#[test]
fn a_frozen_position_is_told_until_it_thaws() {
    let mut bench = Bench::faulty(&["lie=frozen,for=30s"]);
    let before = bench.say("e");
    bench.say(WEST);
    bench.pass(20.0);
    assert_eq!(bench.say("e"), before);
    bench.pass(20.0);
    assert_ne!(bench.say("e"), before);
}
