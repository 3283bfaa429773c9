use super::{WEST, attached, call, ended, lines, look, tracking};
use serde_json::json;
use slewgate_sdk::{Kind, Orphan, Progress, Script, Step};

fn params(direction: &str, rate: &str) -> String {
    json!({"direction": direction, "rate": rate}).to_string()
}

#[test]
fn a_jog_is_a_speed_of_one_motor_beside_the_sky() {
    for (direction, rate, orders) in [
        // With the sky 17 times its speed, against it 15 times.
        (
            "west",
            "center",
            [":f1 =101", ":G110 =", ":I1240000 =", ":J1 ="],
        ),
        (
            "east",
            "center",
            [":f1 =101", ":G111 =", ":I1290000 =", ":J1 ="],
        ),
        (
            "west",
            "find",
            [":f1 =101", ":G110 =", ":I10A0000 =", ":J1 ="],
        ),
        (
            "west",
            "slew",
            [":f1 =101", ":G130 =", ":I10C0000 =", ":J1 ="],
        ),
        (
            "east",
            "slew",
            [":f1 =101", ":G131 =", ":I10C0000 =", ":J1 ="],
        ),
    ] {
        let script = lines(tracking().begins(Ok(3)), &orders);
        let answer = call(&script, "jog", &params(direction, rate)).unwrap();
        assert_eq!(answer, json!({"motion": 3, "lease_ms": 1000}));
        let plan = script.plans().remove(0);
        assert_eq!((plan.kind, plan.orphan), (Kind::Jog, Orphan::Stop));
        assert_eq!(plan.label, direction);
        assert_eq!(plan.ending[0].request, b":K1\r");
    }
}

#[test]
fn across_the_pole_the_way_depends_on_the_side_of_the_pier() {
    for (second, direction, way) in [
        (WEST[1], "north", '0'),
        (WEST[1], "south", '1'),
        (":j2 =2BC69A", "north", '1'),
        (":j2 =2BC69A", "south", '0'),
    ] {
        let script = lines(tracking(), &[WEST[0], second]).begins(Ok(3));
        let mode = format!(":G21{way} =");
        let script = lines(script, &[":f2 =101", &mode, ":I2270000 =", ":J2 ="]);
        call(&script, "jog", &params(direction, "center")).unwrap();
        assert_eq!(script.plans()[0].ending[0].request, b":K2\r");
    }
}

#[test]
fn without_tracking_a_jog_is_beside_the_ground() {
    for direction in ["east", "west"] {
        let way = if direction == "west" { '0' } else { '1' };
        let mode = format!(":G11{way} =");
        let orders = [":f1 =101", &mode, ":I1270000 =", ":J1 ="];
        let script = lines(attached().begins(Ok(3)), &orders);
        call(&script, "jog", &params(direction, "center")).unwrap();
    }
}

#[test]
fn a_motor_that_follows_the_sky_is_only_made_faster_where_it_stays_slow() {
    let script = lines(tracking().begins(Ok(3)), &[":f1 =111", ":I1240000 ="]);
    call(&script, "jog", &params("west", "center")).unwrap();
    // Fast, or the other way round, it has to rest first.
    let rest = [":f1 =111", ":f1 =111", ":K1 =", ":f1 =111", ":f1 =101"];
    let script = lines(tracking().begins(Ok(3)), &rest);
    let script = lines(script, &[":G111 =", ":I1290000 =", ":J1 ="]);
    call(&script, "jog", &params("east", "center")).unwrap();
}

#[test]
fn a_jog_has_nothing_to_be_looked_after_and_the_sky_is_followed_after_it() {
    let script = lines(tracking().begins(Ok(3)), &[":f1 =111", ":I1240000 ="]);
    call(&script, "jog", &params("west", "center")).unwrap();
    let note = script.plans().remove(0).note;
    let again = look(&Script::new(), &note).unwrap();
    assert!(matches!(again, Progress::Again(Step { after: 60_000, .. })));
    let script = lines(tracking(), &[":f1 =101", ":f2 =101", WEST[0], WEST[1]]);
    let script = lines(script, &[":f1 =101", ":G110 =", ":I16C0200 =", ":J1 ="]);
    assert_eq!(ended(&script, &note), Progress::Done);
}
