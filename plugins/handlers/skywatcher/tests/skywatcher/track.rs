use super::{AT_REST, FOLLOWING, WEST, attached, call, lines, refusal, tracking};
use serde_json::json;
use slewgate_sdk::Host;

fn params(mode: &str) -> String {
    json!({"mode": mode}).to_string()
}

#[test]
fn each_mode_is_a_period_of_the_first_motor() {
    for (mode, period) in [
        ("sidereal", "6C0200"),
        ("solar", "6E0200"),
        ("lunar", "840200"),
    ] {
        let order = format!(":I1{period} =");
        let script = lines(lines(attached(), &AT_REST), &WEST);
        let script = lines(script, &[":f1 =101", ":G110 =", &order, ":J1 ="]);
        assert_eq!(
            call(&script, "track", &params(mode)).unwrap(),
            json!({"tracking": mode})
        );
        assert_eq!(
            script.recall("follows"),
            Some(format!("\"{mode}\"").into_bytes())
        );
    }
}

#[test]
fn another_mode_is_another_period_of_a_motor_that_turns() {
    let script = lines(lines(tracking(), &FOLLOWING), &WEST);
    let script = lines(script, &[":f1 =111", ":I1840200 ="]);
    call(&script, "track", &params("lunar")).unwrap();
}

#[test]
fn in_the_south_it_turns_back() {
    let script = super::nowhere().remembering("site", "[-33.9,0.0,0.0]");
    let script = lines(lines(script, &AT_REST), &WEST);
    let script = lines(script, &[":f1 =101", ":G111 =", ":I16C0200 =", ":J1 ="]);
    call(&script, "track", &params("sidereal")).unwrap();
}

#[test]
fn what_follows_nothing_comes_to_rest() {
    let script = lines(tracking(), &FOLLOWING);
    let script = lines(script, &[":f1 =111", ":K1 =", ":f1 =101"]);
    assert_eq!(
        call(&script, "track", &params("off")).unwrap(),
        json!({"tracking": "off"})
    );
}

#[test]
fn a_mount_on_its_way_is_not_told_what_to_follow() {
    let script = lines(tracking(), &[":f1 =411", ":f2 =101"]);
    assert_eq!(
        refusal(call(&script, "track", &params("off"))),
        "the mount is on its way: choose what it follows when it is there"
    );
}
