use super::{attached, call, found, handler, hardware};
use serde_json::json;
use slewgate_sdk::{Failure, Handler, LineError, Moving, Script};

fn rest(script: Script, temperature: &str) -> Script {
    script
        .line(":GD#", "04#")
        .line(":GH#", "FF#")
        .line(":GT#", temperature)
        .line(":C#", "")
}

#[test]
fn a_status_has_all_that_the_focuser_tells_and_no_position_in_the_sky() {
    let script = attached()
        .line(":GP#", "04D2#")
        .line(":GN#", "07D0#")
        .line(":GI#", "01#");
    let script = rest(script, "FFF5#");
    let sample = handler().sample(&script).unwrap();
    assert_eq!(sample.moving, Moving::Moving);
    assert!(sample.position.is_none() && sample.axes.is_none());
    let data: serde_json::Value = serde_json::from_str(&sample.data).unwrap();
    assert_eq!(
        data,
        json!({
            "position": 1234, "target": 2000, "moving": true, "maximum": 50_000, "steps_per_second": 125,
            "step_mode": "half", "temperature": -5.5, "compensating": null,
        })
    );
}

#[test]
fn what_a_focuser_lacks_is_not_asked_and_null() {
    let lacks = r#"["set_speed","set_step_mode","compensate"]"#;
    let script = Script::new()
        .remembering("found", found(lacks, false))
        .remembering("compensating", "on")
        .line(":GP#", "04D2#")
        .line(":GN#", "04D2#")
        .line(":GI#", "0#");
    let status = call(&script, "status", "{}").unwrap();
    for key in [
        "steps_per_second",
        "step_mode",
        "temperature",
        "compensating",
    ] {
        assert!(status[key].is_null(), "{status}");
    }
    assert_eq!(status["moving"], false);
}

#[test]
fn a_temperature_is_read_when_its_measurement_is_over_and_kept_until_the_next() {
    let stand = |script: Script| {
        script
            .line(":GP#", "04D2#")
            .line(":GN#", "04D2#")
            .line(":GI#", "00#")
            .line(":GD#", "09#")
            .line(":GH#", "00#")
    };
    let script = stand(attached()).line(":GT#", "14#").line(":C#", "");
    let script = stand(stand(script)).line(":GT#", "15#").line(":C#", "");
    for (passes, temperature) in [(0, 10.0), (749, 10.0), (1, 10.5)] {
        script.pass(passes);
        let status = call(&script, "status", "{}").unwrap();
        assert_eq!(status["temperature"], temperature, "{passes}");
        assert!(
            status["steps_per_second"].is_null(),
            "no delay of the manual"
        );
    }
}

#[test]
fn an_answer_that_is_none_is_told_as_it_came() {
    for (replies, told) in [
        (&["4D2#"][..], "the focuser answered `4D2#` to :GP#"),
        (&["04D2#", "#"], "the focuser answered `#` to :GN#"),
        (
            &["04D2#", "04D2#", "02#"],
            "the focuser answered `02#` to :GI#",
        ),
        (
            &["04D2#", "04D2#", "00#", "\u{1}2#"],
            r"the focuser answered `\x012#` to :GD#",
        ),
        (
            &["04D2#", "04D2#", "00#", "02#", "0F#"],
            "the focuser answered `0F#` to :GH#",
        ),
        (
            &["04D2#", "04D2#", "00#", "02#", "00#", "cold#"],
            "the focuser answered `cold#` to :GT#",
        ),
    ] {
        let questions = [":GP#", ":GN#", ":GI#", ":GD#", ":GH#", ":GT#"];
        let lines = questions.iter().zip(replies);
        let script = lines.fold(attached(), |script, (question, reply)| {
            script.line(question, reply)
        });
        assert_eq!(hardware(call(&script, "status", "{}")), told);
    }
}

#[test]
fn a_reply_that_is_cut_is_the_lines_error() {
    let script = attached().line(":GP#", "04D");
    assert_eq!(
        call(&script, "status", "{}").unwrap_err(),
        Failure::Line(LineError::Timeout(b"04D".into()))
    );
}
