use super::{call, handler};
use serde_json::json;
use slewgate_sdk::{Failure, Framing, Handler, LineError, Script};

fn found(script: &Script) -> serde_json::Value {
    use slewgate_sdk::Host;
    serde_json::from_slice(&script.recall("found").unwrap()).unwrap()
}

#[test]
fn a_classic_is_asked_for_seconds_once() {
    let script = Script::new()
        .line(":GR#", "05:35.2#")
        .line(":U#", "")
        .line(":GR#", "05:35:17#")
        .line(":GD#", b"-05\xdf23:28#")
        .line(":Gt#", b"+51\xdf30#")
        .line(":Gg#", b"000\xdf10#");
    let attachment = handler().attach(&script).unwrap();
    assert_eq!(attachment.model, "LX200 Classic");
    assert!(attachment.lacks.is_empty());
    let found = found(&script);
    assert_eq!(found["high"], true);
    assert_eq!(found["mark"], 0xdf);
    assert_eq!(found["latitude"], 51.5);
    assert!((found["longitude"].as_f64().unwrap() + 10.0 / 60.0).abs() < 1e-9);
    let info = call(&script, "info", "{}").unwrap();
    let capabilities = ["info", "status", "goto", "jog", "track", "park", "unpark"];
    assert_eq!(
        info,
        json!({"model": "LX200 Classic", "firmware": null, "protocol": "LX200", "capabilities": capabilities})
    );
}

#[test]
fn a_mount_that_shows_seconds_is_not_toggled() {
    let script = Script::new()
        .line(":GR#", "05:35:17#")
        .line(":GD#", b"+41\xdf16:09#")
        .line(":Gt#", b"-33\xdf52#")
        .line(":Gg#", b"208\xdf48#");
    handler().attach(&script).unwrap();
    assert!((found(&script)["longitude"].as_f64().unwrap() - 151.2).abs() < 1e-9);
}

#[test]
fn a_mount_that_stays_in_low_precision_is_taken_as_it_is() {
    let script = Script::new()
        .line(":GR#", "05:35.2#")
        .line(":U#", "")
        .line(":GR#", "05:35.2#")
        .line(":GD#", b"+41\xdf16#")
        .line_fails(":Gt#", LineError::Timeout(vec![]))
        .line_fails(":Gg#", LineError::Timeout(vec![]));
    handler().attach(&script).unwrap();
    assert_eq!(found(&script)["high"], false);
    assert_eq!(found(&script)["latitude"], serde_json::Value::Null);
}

#[test]
fn a_later_mount_tells_its_name_and_keeps_what_differs_back() {
    let script = Script::new()
        .line(":GR#", "05:35:17#")
        .line(":GD#", "+41*16:09#")
        .line(":GVP#", "On-Step#")
        .line(":GVN#", "10.24#")
        .line(":Gt#", "+51*30#")
        .line(":Gg#", "-010*00#");
    let attachment = handler().attach(&script).unwrap();
    assert_eq!(attachment.model, "On-Step");
    assert_eq!(attachment.lacks, ["track", "park", "unpark"]);
    let info = call(&script, "info", "{}").unwrap();
    assert_eq!(info["firmware"], "10.24");
    assert_eq!(
        info["capabilities"],
        json!(["info", "status", "goto", "jog"])
    );
}

#[test]
fn the_stop_is_one_exchange_that_waits_for_nothing() {
    let script = Script::new()
        .line(":GR#", "05:35:17#")
        .line(":GD#", b"+41\xdf16:09#")
        .line(":Gt#", b"+51\xdf30#")
        .line(":Gg#", b"000\xdf10#");
    let stops = handler().attach(&script).unwrap().stops;
    assert_eq!(stops.len(), 1);
    assert_eq!((stops[0].role.as_str(), stops[0].patience), ("port", 0));
    assert_eq!(stops[0].exchanges.len(), 1);
    assert_eq!(stops[0].exchanges[0].request, b":Q#");
    assert_eq!(stops[0].exchanges[0].reply, Framing::None);
}

#[test]
fn garbage_is_reported_with_the_question_and_the_answer() {
    let script = Script::new()
        .line(":GR#", "hello#")
        .line(":GR#", b"\xffhello#");
    match handler().attach(&script) {
        Err(Failure::Hardware(what)) => assert_eq!(what, r"the mount answered `\xffhello` to :GR#"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rest_of_somebody_elses_reply_is_passed_over() {
    let script = Script::new()
        .line(":GR#", b"\xdf15:30#")
        .line(":GR#", "05:35:17#")
        .line(":GD#", b"+41\xdf16:09#")
        .line(":Gt#", b"+51\xdf30#")
        .line(":Gg#", b"000\xdf10#");
    handler().attach(&script).unwrap();
}

#[test]
fn a_silent_mount_is_the_lines_error() {
    let script = Script::new().line(":GR#", "");
    assert_eq!(
        handler().attach(&script).unwrap_err(),
        Failure::Line(LineError::Timeout(vec![]))
    );
}

#[test]
fn before_a_mount_was_found_nothing_is_sent() {
    let script = Script::new();
    for (verb, params) in [
        ("status", "{}"),
        ("info", "{}"),
        ("goto", r#"{"ra":1,"dec":2}"#),
    ] {
        assert_eq!(
            call(&script, verb, params).unwrap_err(),
            Failure::Line(LineError::Disconnected),
            "{verb}"
        );
    }
}
