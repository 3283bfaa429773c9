use super::{attached, call, nowhere};
use serde_json::json;
use slewgate_sdk::Failure;

#[test]
fn where_it_stands_is_kept_and_told() {
    let script = nowhere();
    let site = json!({"latitude": -33.8688, "longitude": 151.2093, "elevation": 46.0});
    assert_eq!(call(&script, "set_site", &site.to_string()).unwrap(), site);
    assert_eq!(call(&script, "info", "{}").unwrap()["site"], site);
    // The elevation stays where none is given.
    let moved = call(&script, "set_site", r#"{"latitude":1,"longitude":2}"#).unwrap();
    assert_eq!(
        moved,
        json!({"latitude": 1.0, "longitude": 2.0, "elevation": 46.0})
    );
}

#[test]
fn the_time_is_the_hosts_and_what_was_told_beside_it() {
    let script = attached();
    let told = call(&script, "set_time", "{}").unwrap();
    assert_eq!(told, json!({"time": "2026-01-01T00:00:00Z"}));
    let told = call(
        &script,
        "set_time",
        r#"{"time":"2026-01-01T02:00:05+01:00"}"#,
    )
    .unwrap();
    assert_eq!(told, json!({"time": "2026-01-01T01:00:05Z"}));
    script.pass(2000);
    assert_eq!(
        call(&script, "set_time", "{}").unwrap(),
        json!({"time": "2026-01-01T00:00:02Z"})
    );
}

#[test]
fn a_time_of_the_past_is_a_mistake() {
    let outcome = call(
        &attached(),
        "set_time",
        r#"{"time":"2025-01-01T00:00:00Z"}"#,
    );
    assert!(matches!(outcome, Err(Failure::InvalidParams(_))));
}
