//! What configures the focuser, and its own settings.

use super::{attached, call, call_of, hardware, refusal};
use focuser::Focuser;
use serde_json::json;
use slewgate_sdk::{Failure, Handler};

#[test]
fn a_plugin_with_a_wrong_setting_is_not_loaded() {
    let wrong = Focuser::configure(r#"{"max":50000}"#).unwrap_err();
    assert!(
        wrong.contains("max") && wrong.contains("maximum"),
        "{wrong}"
    );
}

#[test]
fn a_sync_is_read_back() {
    let script = attached()
        .line(":GI#", "00#")
        .line(":GH#", "00#")
        .line(":SP07D0#", "")
        .line(":GP#", "07D0#");
    let synced = call(&script, "sync", r#"{"position":2000}"#).unwrap();
    assert_eq!(synced, json!({"position": 2000}));
    let script = attached()
        .line(":GI#", "00#")
        .line(":GH#", "00#")
        .line(":SP07D0#", "")
        .line(":GP#", "04D2#");
    assert_eq!(
        hardware(call(&script, "sync", r#"{"position":2000}"#)),
        "the focuser says that it stands at 1234, and was told 2000"
    );
}

#[test]
fn a_sync_beyond_the_travel_or_on_the_way_is_refused() {
    assert_eq!(
        refusal(call(&attached(), "sync", r#"{"position":60000}"#)),
        "position 60000 is not on the travel of the focuser, 0 to 50000 steps"
    );
    let script = attached().line(":GI#", "01#");
    assert_eq!(
        refusal(call(&script, "sync", r#"{"position":2000}"#)),
        "the focuser is on its way: wait until it stands, or stop it"
    );
}

#[test]
fn a_speed_is_set_by_the_delay_that_the_manual_has_for_it() {
    for (speed, order, delay) in [
        (250, ":SD02#", "02#"),
        (125, ":SD04#", "04#"),
        (63, ":SD08#", "08#"),
        (32, ":SD10#", "10#"),
        (16, ":SD20#", "20#"),
    ] {
        let params = json!({ "steps_per_second": speed });
        let script = attached().line(order, "").line(":GD#", delay);
        let set = call(&script, "set_speed", &params.to_string()).unwrap();
        assert_eq!(set, params);
    }
}

#[test]
fn a_speed_that_there_is_not_or_that_the_focuser_does_not_take_is_told() {
    let outcome = call(&attached(), "set_speed", r#"{"steps_per_second":100}"#);
    let wrong = "steps_per_second: 100 is none of 16, 32, 63, 125 and 250";
    assert_eq!(
        outcome.unwrap_err(),
        Failure::InvalidParams(wrong.to_owned())
    );
    for kept in ["20#", "01#"] {
        let script = attached().line(":SD02#", "").line(":GD#", kept);
        assert_eq!(
            refusal(call(&script, "set_speed", r#"{"steps_per_second":250}"#)),
            "the focuser kept its own speed"
        );
    }
}

#[test]
fn steps_are_full_or_half_and_that_is_read_back() {
    let unlimited = Focuser::configure("{}").unwrap();
    for (mode, order, told) in [("full", ":SF#", "00#"), ("half", ":SH#", "FF#")] {
        let params = json!({ "mode": mode });
        let script = attached()
            .line(":GI#", "00#")
            .line(order, "")
            .line(":GH#", told);
        let set = call_of(&unlimited, &script, "set_step_mode", &params.to_string()).unwrap();
        assert_eq!(set, params);
    }
    let script = attached()
        .line(":GI#", "00#")
        .line(":SH#", "")
        .line(":GH#", "00#");
    assert_eq!(
        refusal(call_of(
            &unlimited,
            &script,
            "set_step_mode",
            r#"{"mode":"half"}"#
        )),
        "the focuser kept its full steps"
    );
}
