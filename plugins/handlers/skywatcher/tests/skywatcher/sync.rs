use super::{AT_REST, FOLLOWING, WEST, call, lines, refusal, tracking};
use serde_json::json;
use slewgate_sdk::Host;

fn params(ra: f64, dec: f64, force: bool) -> String {
    json!({"ra": ra, "dec": dec, "frame": "JNow", "force": force}).to_string()
}

#[test]
fn a_sync_is_kept_beside_the_motors_which_go_on() {
    let script = lines(lines(tracking(), &FOLLOWING), &WEST);
    // A degree to the west and one to the north.
    let answer = call(&script, "sync", &params(4.0 - 1.0 / 15.0, 21.0, false)).unwrap();
    let distance = answer["distance"].as_f64().unwrap();
    assert!((distance - 1.37).abs() < 0.01, "{distance}");
    let index: serde_json::Value =
        serde_json::from_slice(&script.recall("index").unwrap()).unwrap();
    let near = |name: &str| (index[name].as_f64().unwrap() - 1.0).abs() < 1e-4;
    assert!(near("first") && near("second"), "{index}");
    let script = lines(lines(script, &AT_REST), &WEST);
    let told = call(&script, "status", "{}").unwrap();
    assert_eq!(
        (&told["ra"], &told["dec"]),
        (&json!(3.933_333), &json!(21.0))
    );
}

#[test]
fn a_sync_far_from_the_reading_needs_force() {
    let script = lines(lines(tracking(), &FOLLOWING), &WEST);
    let reason = refusal(call(&script, "sync", &params(4.0, 26.0, false)));
    assert!(
        reason.starts_with("the target is 6.0 degrees from"),
        "{reason}"
    );
    let script = lines(lines(tracking(), &FOLLOWING), &WEST);
    call(&script, "sync", &params(4.0, 26.0, true)).unwrap();
}

#[test]
fn a_mount_on_its_way_is_not_synced() {
    let script = lines(tracking(), &[":f1 =111", ":f2 =201", ":i1 =0A0000"]);
    assert_eq!(
        refusal(call(&script, "sync", &params(4.0, 20.0, false))),
        "the mount is on its way: sync when it is there"
    );
}
