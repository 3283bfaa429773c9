use super::{attached, call, handler, hardware, look, refusal};
use serde_json::json;
use slewgate_sdk::{Failure, Handler, LineError, Moving, Progress, Script};

/// One that follows the temperature with twelve steps a degree.
fn compensating() -> Script {
    attached().remembering("compensating", "on")
}

#[test]
fn it_is_switched_on_with_a_coefficient_that_is_read_back() {
    let script = attached()
        .line(":SCF4#", "")
        .line(":GC#", "F4#")
        .line(":+#", "");
    let params = r#"{"on":true,"coefficient":-12}"#;
    let told = call(&script, "compensate", params).unwrap();
    assert_eq!(told, json!({"on": true, "coefficient": -12}));
    let script = script.line(":GC#", "f4#").line(":-#", "");
    let told = call(&script, "compensate", r#"{"on":false}"#).unwrap();
    assert_eq!(told, json!({"on": false, "coefficient": -12}));
}

#[test]
fn a_coefficient_that_the_focuser_does_not_take_leaves_it_as_it_was() {
    let script = attached().line(":SC0C#", "").line(":GC#", "02#");
    let params = r#"{"on":true,"coefficient":12}"#;
    assert_eq!(
        refusal(call(&script, "compensate", params)),
        "the focuser took 2 for its coefficient, not 12"
    );
    let script = attached().line(":GC#", "#");
    assert_eq!(
        hardware(call(&script, "compensate", r#"{"on":true}"#)),
        "the focuser answered `#` to :GC#"
    );
}

#[test]
fn one_that_may_not_have_heard_that_it_is_off_is_taken_to_be_on() {
    let script = compensating()
        .line(":GC#", "0C#")
        .line_fails(":-#", LineError::Stopped);
    assert_eq!(
        call(&script, "compensate", r#"{"on":false}"#).unwrap_err(),
        Failure::Line(LineError::Stopped)
    );
    let script = sample(script, "04D8#", "04D2#").line(":GC#", "0C#");
    assert_eq!(handler().sample(&script).unwrap().moving, Moving::Tracking);
}

fn sample(script: Script, position: &str, target: &str) -> Script {
    script
        .line(":GP#", position)
        .line(":GN#", target)
        .line(":GI#", "01#")
        .line(":GD#", "02#")
        .line(":GH#", "00#")
        .line(":GT#", "0018#")
        .line(":C#", "")
}

#[test]
fn what_follows_the_temperature_is_no_motion_that_nobody_asked_for() {
    for (position, moving) in [
        ("04DE#", Moving::Tracking),
        ("04C6#", Moving::Tracking),
        ("04DF#", Moving::Moving),
    ] {
        let script = sample(compensating(), position, "04D2#").line(":GC#", "F4#");
        assert_eq!(handler().sample(&script).unwrap().moving, moving);
    }
    let script = sample(attached(), "04DE#", "04D2#");
    let without = handler().sample(&script).unwrap();
    assert_eq!(without.moving, Moving::Moving);
}

#[test]
fn a_move_is_done_where_the_temperature_changed_meanwhile() {
    let script = compensating()
        .line(":GI#", "00#")
        .line(":GP#", "07D6#")
        .line(":GC#", "F4#");
    assert_eq!(
        look(&script, br#"{"target":2000}"#).unwrap(),
        Progress::Done
    );
}
