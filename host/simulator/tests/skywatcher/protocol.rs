//! What is said and answered.

use crate::bench::Bench;
use slewgate_simulator::SkywatcherModel;

#[test]
fn numbers_are_written_with_their_lowest_byte_first() {
    let mut bench = Bench::ready();
    bench.hold(&[
        (":E1563412", "="),
        (":j1", "=563412"),
        (":I2A1B2C3", "="),
        (":i2", "=A1B2C3"),
    ]);
}

#[test]
fn an_eq6_tells_its_gear() {
    Bench::new().hold(&[
        (":e1", "=020900"),
        (":e2", "=020900"),
        (":a1", "=00B289"),
        (":a2", "=00B289"),
        (":b1", "=A7FD00"),
        (":g1", "=10"),
        (":s1", "=D5C300"),
        (":j1", "=000080"),
        (":j2", "=000080"),
        (":h1", "=000080"),
        (":i1", "=000000"),
        // 620 ticks follow the stars.
        (":D1", "=6C0200"),
        (":f1", "=100"),
        (":q1010000", "=000000"),
        (":d1", "=000080"),
    ]);
}

#[test]
fn a_newer_mount_has_a_faster_timer_and_takes_one_step_at_a_tick() {
    Bench::model(SkywatcherModel::AzEq6).hold(&[
        (":e1", "=032705"),
        (":a1", "=00A08C"),
        (":b1", "=0024F4"),
        (":g1", "=01"),
        (":s1", "=00C800"),
    ]);
}

#[test]
fn what_is_set_is_answered_without_digits() {
    Bench::ready().hold(&[
        (":E1000080", "="),
        (":G100", "="),
        (":H1E80300", "="),
        (":S1E80380", "="),
        (":M1800C00", "="),
        (":I16C0200", "="),
        (":K1", "="),
        (":L1", "="),
        (":P12", "="),
        (":O11", "="),
        (":V1FF", "="),
        (":W1060000", "="),
    ]);
}

#[test]
fn what_is_wrong_has_a_code() {
    Bench::new().hold(&[
        // Not known, another number of digits, and other digits.
        (":X1", "!0"),
        (":", "!0"),
        (":j", "!1"),
        (":j11", "!1"),
        (":E10000", "!1"),
        (":E100008", "!1"),
        (":E1000080A", "!1"),
        (":j4", "!3"),
        (":j0", "!3"),
        (":e3", "!3"),
        (":E100008g", "!3"),
        (":E100a080", "!3"),
        (":G140", "!3"),
        // Not initialised.
        (":J1", "!4"),
        (":F1", "="),
        (":J1", "="),
        (":J2", "!4"),
    ]);
}

#[test]
fn while_it_runs_a_motor_takes_neither_another_mode_nor_a_target_nor_a_position() {
    let mut bench = Bench::ready();
    bench.hold(&[(":G110", "="), (":I16C0200", "="), (":J1", "=")]);
    for request in [":G110", ":G100", ":S1000080", ":H1E80300", ":E1000080"] {
        bench.hold(&[(request, "!2")]);
    }
    // The other axis is at rest.
    bench.hold(&[(":G210", "="), (":E2000080", "=")]);
    // A period is taken.
    bench.hold(&[(":I1D80400", "="), (":i1", "=D80400")]);
    bench.hold(&[(":K1", "=")]);
    bench.pass(1.0);
    bench.hold(&[(":G100", "=")]);
}

#[test]
fn a_motor_that_slows_down_still_runs() {
    let mut bench = Bench::ready();
    // Fast, at 6 ticks.
    bench.hold(&[(":G130", "="), (":I1060000", "="), (":J1", "=")]);
    bench.pass(3.0);
    bench.hold(&[(":K1", "="), (":f1", "=511"), (":G100", "!2")]);
    bench.pass(2.0);
    bench.hold(&[(":f1", "=501"), (":G100", "=")]);
}

#[test]
fn each_bit_of_the_status_says_one_thing() {
    let mut bench = Bench::new();
    bench.hold(&[(":f1", "=100"), (":F1", "="), (":f1", "=101")]);
    for (mode, status) in [
        (":G100", "=401"),
        (":G101", "=601"),
        (":G110", "=101"),
        (":G111", "=301"),
        (":G120", "=001"),
        (":G121", "=201"),
        (":G130", "=501"),
        (":G131", "=701"),
    ] {
        bench.hold(&[(mode, "="), (":f1", status)]);
    }
    bench.hold(&[
        (":G110", "="),
        (":I16C0200", "="),
        (":J1", "="),
        (":f1", "=111"),
    ]);
    // The other motor is for itself.
    bench.hold(&[(":f2", "=100")]);
    let mut stuck = Bench::faulty(&["stuck=first"]);
    stuck.hold(&[
        (":G110", "="),
        (":I16C0200", "="),
        (":J1", "="),
        (":f1", "=131"),
    ]);
}

#[test]
fn both_motors_are_told_at_once_by_a_three() {
    let mut bench = Bench::new();
    bench.hold(&[(":F3", "="), (":f1", "=101"), (":f2", "=101")]);
    bench.hold(&[
        (":G110", "="),
        (":I16C0200", "="),
        (":G210", "="),
        (":I26C0200", "="),
    ]);
    bench.hold(&[(":J3", "="), (":f1", "=111"), (":f2", "=111")]);
    bench.hold(&[(":L3", "="), (":f1", "=101"), (":f2", "=101")]);
}

#[test]
fn a_colon_begins_anew_and_noise_means_nothing() {
    let mut bench = Bench::new();
    for bytes in [&b":\r"[..], b":"] {
        bench.mount.receive(bytes);
    }
    assert_eq!(bench.mount.receive(b"\r\n:j1:e1\r\n"), b"!0\r=020900\r");
    assert_eq!(bench.mount.receive(b":j1\r:f1\r"), b"=000080\r=100\r");
}
