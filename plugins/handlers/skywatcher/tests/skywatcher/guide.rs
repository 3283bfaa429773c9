use super::{FOLLOWING, WEST, attached, call, lines, look, tracking};
use serde_json::json;
use slewgate_sdk::{Failure, Kind, Orphan, Progress};

fn params(direction: &str, millis: u32) -> String {
    json!({"direction": direction, "duration_ms": millis}).to_string()
}

#[test]
fn along_the_sky_a_pulse_is_another_period_for_a_while() {
    for (direction, faster) in [("west", ":I19D0100"), ("east", ":I1D80400")] {
        let order = format!("{faster} =");
        let script = lines(lines(tracking(), &FOLLOWING).begins(Ok(3)), &[&order]);
        let answer = call(&script, "guide", &params(direction, 500)).unwrap();
        assert_eq!(answer, json!({"motion": 3}));
        let plan = script.plans().remove(0);
        assert_eq!((plan.kind, plan.orphan), (Kind::Pulse, Orphan::Complete));
        assert_eq!((plan.label.as_str(), plan.first_look), (direction, 500));
        // Should this plugin be late, the host ends it.
        assert_eq!(plan.at_most, 750);
        assert_eq!(plan.ending[0].request, b":I16C0200\r");
        let over = look(&lines(tracking(), &[":I16C0200 ="]), &plan.note);
        assert_eq!(over.unwrap(), Progress::Done);
    }
}

#[test]
fn a_pulse_of_the_moons_speed_goes_back_to_it() {
    let following = [":f1 =111", ":f2 =101", ":i1 =840200"];
    let script = lines(
        lines(tracking(), &following).begins(Ok(3)),
        &[":I1A80100 ="],
    );
    call(&script, "guide", &params("west", 500)).unwrap();
    assert_eq!(script.plans()[0].ending[0].request, b":I1840200\r");
}

#[test]
fn across_it_a_pulse_is_a_motor_that_turns_for_a_while() {
    for (second, direction, way) in [(WEST[1], "north", '0'), (":j2 =2BC69A", "north", '1')] {
        let script = lines(tracking(), &[WEST[0], second]).begins(Ok(3));
        let mode = format!(":G21{way} =");
        let script = lines(script, &[":f2 =101", &mode, ":I2D80400 =", ":J2 ="]);
        call(&script, "guide", &params(direction, 20)).unwrap();
        let plan = script.plans().remove(0);
        assert_eq!(plan.ending[0].request, b":L2\r");
        let over = look(&lines(tracking(), &[":L2 ="]), &plan.note);
        assert_eq!(over.unwrap(), Progress::Done);
    }
}

#[test]
fn without_tracking_the_first_motor_turns_for_a_while_too() {
    let script = lines(attached(), &[":f1 =101", ":f2 =101"]).begins(Ok(3));
    let script = lines(script, &[":f1 =101", ":G111 =", ":I1D80400 =", ":J1 ="]);
    call(&script, "guide", &params("east", 100)).unwrap();
    assert_eq!(script.plans()[0].ending[0].request, b":L1\r");
}

#[test]
fn a_pulse_that_is_too_short_is_refused_with_the_range() {
    assert_eq!(
        call(&tracking(), "guide", &params("north", 19)).unwrap_err(),
        Failure::InvalidParams(
            "duration_ms: 19 is not within 20 to 60000, which is what this mount can".into()
        )
    );
}
