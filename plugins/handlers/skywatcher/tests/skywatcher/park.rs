use super::{AT_HOME, AT_REST, FOLLOWING, WEST, call, lines, look, note, refusal, tracking};
use serde_json::json;
use slewgate_sdk::{Host, Kind, Progress, Script};

/// From 30 degrees forward and 70 back, to where both count from.
const ORDERS: [&str; 8] = [
    ":G101 =",
    ":S1000080 =",
    ":M1800C00 =",
    ":J1 =",
    ":G200 =",
    ":S2000080 =",
    ":M2800C00 =",
    ":J2 =",
];

fn send(verb: &str) -> (Script, Vec<u8>) {
    let script = lines(tracking(), &WEST).begins(Ok(4));
    let script = lines(lines(script, &AT_REST), &[WEST[0]]);
    let script = lines(lines(script, &ORDERS[..4]), &[WEST[1]]);
    let script = lines(script, &ORDERS[4..]);
    assert_eq!(call(&script, verb, "{}").unwrap(), json!({"motion": 4}));
    let plan = script.plans().remove(0);
    assert_eq!((plan.label.as_str(), plan.kind), (verb, Kind::Slew));
    assert_eq!(script.recall("follows"), Some(b"\"off\"".to_vec()));
    (script, plan.note)
}

#[test]
fn a_parked_mount_is_known_to_be_when_it_is_there() {
    let (script, going) = send("park");
    let script = lines(script, &[":f1 =411", ":f2 =411"]);
    let going = note(look(&script, &going).unwrap());
    assert_eq!(script.recall("parked"), None);
    let script = lines(lines(script, &AT_REST), &AT_HOME);
    assert_eq!(look(&script, &going).unwrap(), Progress::Done);
    assert_eq!(script.recall("parked"), Some(b"true".to_vec()));
    assert_eq!(
        refusal(call(&script, "jog", r#"{"direction":"north"}"#)),
        "the mount is parked: unpark it first"
    );
}

#[test]
fn at_home_it_is_awake() {
    let (script, going) = send("home");
    let script = lines(lines(script, &AT_REST), &AT_HOME);
    assert_eq!(look(&script, &going).unwrap(), Progress::Done);
    assert_eq!(script.recall("parked"), None);
}

#[test]
fn a_mount_is_awake_as_soon_as_it_is_unparked() {
    let script = lines(tracking().remembering("parked", "true"), &AT_REST).begins(Ok(5));
    call(&script, "unpark", "{}").unwrap();
    let note = script.plans().remove(0).note;
    assert_eq!(look(&script, &note).unwrap(), Progress::Done);
    assert_eq!(script.recall("parked"), Some(b"false".to_vec()));
    let script = lines(tracking(), &[":f1 =411", ":f2 =101"]);
    assert_eq!(
        refusal(call(&script, "unpark", "{}")),
        "the mount is on its way: unpark it when it is parked"
    );
}

#[test]
fn a_mount_that_is_there_is_sent_nothing() {
    let script = lines(tracking(), &AT_HOME).begins(Ok(4));
    let script = lines(lines(script, &AT_REST), &AT_HOME);
    call(&script, "park", "{}").unwrap();
    let script = lines(tracking(), &AT_HOME).begins(Ok(4));
    let rest = [FOLLOWING[0], ":K1 =", ":f1 =101", ":f2 =101"];
    let script = lines(lines(script, &rest), &AT_HOME);
    call(&script, "park", "{}").unwrap();
}
