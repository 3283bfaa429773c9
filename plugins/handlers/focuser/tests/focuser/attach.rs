use super::{attached, call, call_of, found, handler, hardware};
use focuser::Focuser;
use serde_json::json;
use slewgate_sdk::{Failure, Framing, Handler, LineError, Script};

/// A focuser that answers everything.
fn whole(version: &str) -> Script {
    Script::new()
        .line(":GP#", "7530#")
        .line(":GV#", version)
        .line(":GD#", "02#")
        .line(":GH#", "00#")
        .line(":GC#", "02#")
        .line(":GT#", "0018#")
        .line(":C#", "")
}

#[test]
fn the_version_is_part_of_the_model_and_the_stop_is_a_halt() {
    let script = whole("10#");
    let attachment = handler().attach(&script).unwrap();
    assert_eq!(attachment.model, "Moonlite focuser 1.0");
    assert!(attachment.lacks.is_empty());
    let [stop] = &attachment.stops[..] else {
        panic!("{:?}", attachment.stops)
    };
    assert_eq!((stop.role.as_str(), stop.patience), ("port", 0));
    assert_eq!(stop.exchanges[0].request, b":FQ#");
    assert_eq!(stop.exchanges[0].reply, Framing::None);
}

#[test]
fn a_version_without_its_end_or_of_another_form_is_told_as_far_as_it_came() {
    for (version, model) in [
        ("21", "Moonlite focuser 2.1"),
        ("2.1 b#", "Moonlite focuser 2.1 b"),
        ("", "Moonlite focuser"),
    ] {
        assert_eq!(
            handler().attach(&whole(version)).unwrap().model,
            model,
            "{version}"
        );
    }
}

#[test]
fn what_a_focuser_is_silent_to_it_lacks() {
    let script = Script::new()
        .line(":GP#", "0000#")
        .line(":GV#", "10#")
        .line(":GD#", "")
        .line(":GH#", "")
        .line(":GC#", "")
        .line(":GT#", "");
    let attachment = handler().attach(&script).unwrap();
    assert_eq!(
        attachment.lacks,
        ["set_speed", "set_step_mode", "compensate"]
    );
    assert_eq!(
        call(&script, "info", "{}").unwrap(),
        json!({
            "model": "Moonlite focuser", "firmware": "1.0", "protocol": "Moonlite", "maximum": 50_000,
            "limited": true, "maximum_mode": "full", "thermometer": false, "capabilities": ["info", "status", "move_to", "move_by", "sync"],
        })
    );
}

#[test]
fn what_an_earlier_program_left_on_the_line_is_passed_over_once() {
    let script = Script::new()
        .line(":GP#", "10#")
        .line(":GP#", "7530#")
        .line(":GV#", "10#")
        .line(":GD#", "02#")
        .line(":GH#", "00#")
        .line(":GC#", "02#")
        .line(":GT#", "0018#")
        .line(":C#", "");
    assert!(handler().attach(&script).is_ok());
    let script = Script::new()
        .line(":GP#", "06:30:00#")
        .line(":GP#", "06:30:00#");
    assert_eq!(
        hardware(handler().attach(&script)),
        "the focuser answered `06:30:00#` to :GP#"
    );
}

#[test]
fn a_silent_line_is_the_lines_error() {
    let script = Script::new().line(":GP#", "");
    assert_eq!(
        handler().attach(&script).unwrap_err(),
        Failure::Line(LineError::Timeout(vec![]))
    );
}

#[test]
fn info_says_where_nothing_limits_the_travel() {
    let unlimited = Focuser::configure("{}").unwrap();
    let info = call_of(&unlimited, &attached(), "info", "{}").unwrap();
    assert_eq!(
        (&info["maximum"], &info["limited"], &info["maximum_mode"]),
        (&json!(65_535), &json!(false), &json!(null))
    );
}

#[test]
fn what_was_found_is_told_without_a_word_on_the_line() {
    let script = Script::new().remembering("found", found(r#"["compensate"]"#, true));
    let info = call(&script, "info", "{}").unwrap();
    assert_eq!(info["firmware"], "1.0");
    let commands = info["capabilities"].as_array().unwrap();
    assert!(!commands.contains(&json!("compensate")));
    assert_eq!(
        call(&attached(), "info", "{}").unwrap()["thermometer"],
        true
    );
}
