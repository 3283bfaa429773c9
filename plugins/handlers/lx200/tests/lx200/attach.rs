use super::{call, handler};
use serde_json::json;
use slewgate_sdk::{Failure, Framing, Handler, LineError, Script};

fn found(script: &Script) -> serde_json::Value {
    use slewgate_sdk::Host;
    serde_json::from_slice(&script.recall("found").unwrap()).unwrap()
}

/// What a Classic is asked once it is known where it points: what it calls itself, whether it can home, its site.
fn rest_of_classic(script: Script) -> Script {
    site(script.line(":GVP#", "").line(":h?#", "0"))
}

fn site(script: Script) -> Script {
    script
        .line(":Gt#", b"+51\xdf30#")
        .line(":Gg#", b"000\xdf10#")
}

/// The first questions to an OnStep.
fn pointing(script: Script) -> Script {
    script.line(":GR#", "05:35:17#").line(":GD#", "+41*16:09#")
}

fn onstep(version: &str) -> Script {
    pointing(Script::new())
        .line(":GVP#", "On-Step#")
        .line(":GVN#", version)
        .line(":GU#", "nNpHzE250#")
        .line(":Gt#", "+51*30#")
        .line(":Gg#", "-010*00#")
}

fn set_to(dialect: &str) -> lx200::Lx200 {
    lx200::Lx200::configure(&format!(r#"{{"dialect":"{dialect}"}}"#)).unwrap()
}

fn failed(outcome: Result<slewgate_sdk::Attachment, Failure>) -> String {
    match outcome {
        Err(Failure::Hardware(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_classic_is_asked_for_seconds_once() {
    let script = Script::new()
        .line(":GR#", "05:35.2#")
        .line(":GD#", b"-05\xdf23#")
        .line(":GVP#", "")
        .line(":U#", "")
        .line(":GR#", "05:35:17#")
        .line(":GD#", b"-05\xdf23:28#")
        .line(":h?#", "0");
    let script = site(script);
    let attachment = handler().attach(&script).unwrap();
    assert_eq!(attachment.model, "LX200 Classic");
    assert!(attachment.lacks.is_empty());
    let found = found(&script);
    assert_eq!(found["high"], true);
    assert_eq!(found["mark"], 0xdf);
    assert_eq!(found["latitude"], 51.5);
    assert!((found["longitude"].as_f64().unwrap() + 10.0 / 60.0).abs() < 1e-9);
    let info = call(&script, "info", "{}").unwrap();
    let capabilities = [
        "info", "status", "goto", "sync", "jog", "guide", "track", "park", "unpark", "home",
        "set_site", "set_time",
    ];
    assert_eq!(
        info,
        json!({"model": "LX200 Classic", "firmware": null, "protocol": "LX200", "dialect": "classic",
            "site": {"latitude": 51.5, "longitude": -0.16667, "elevation": null}, "capabilities": capabilities})
    );
}

#[test]
fn a_mount_that_was_asked_for_seconds_is_not_seen_to_move_by_them() {
    let script = Script::new()
        .line(":GR#", "05:35.2#")
        .line(":GD#", b"-05\xdf23#")
        .line(":GVP#", "")
        .line(":U#", "")
        .line(":GR#", "05:35:17#")
        .line(":GD#", b"-05\xdf23:28#")
        .line(":h?#", "0");
    let script = site(script);
    handler().attach(&script).unwrap();
    let script = script
        .line(":GR#", "05:35:17#")
        .line(":GD#", b"-05\xdf23:28#")
        .line(":D#", "#")
        .line("\x06", "P")
        .line(":GT#", "60.1#")
        .line(":GS#", "02:10:53#");
    assert_eq!(call(&script, "status", "{}").unwrap()["slewing"], false);
}

#[test]
fn a_mount_that_shows_seconds_is_not_toggled() {
    let script = Script::new()
        .line(":GR#", "05:35:17#")
        .line(":GD#", b"+41\xdf16:09#")
        .line(":GVP#", "")
        .line(":h?#", "0")
        .line(":Gt#", b"-33\xdf52#")
        .line(":Gg#", b"208\xdf48#");
    handler().attach(&script).unwrap();
    assert!((found(&script)["longitude"].as_f64().unwrap() - 151.2).abs() < 1e-9);
}

#[test]
fn a_mount_that_stays_in_low_precision_is_taken_as_it_is() {
    let script = Script::new()
        .line(":GR#", "05:35.2#")
        .line(":GD#", b"+41\xdf16#")
        .line(":GVP#", "")
        .line(":U#", "")
        .line(":GR#", "05:35.2#")
        .line(":GD#", b"+41\xdf16#")
        .line(":h?#", "0")
        .line_fails(":Gt#", LineError::Timeout(vec![]))
        .line_fails(":Gg#", LineError::Timeout(vec![]));
    handler().attach(&script).unwrap();
    assert_eq!(found(&script)["high"], false);
    assert_eq!(found(&script)["latitude"], serde_json::Value::Null);
}

#[test]
fn a_mount_that_knows_no_home_has_none_and_does_not_park() {
    let script = Script::new()
        .line(":GR#", "05:35:17#")
        .line(":GD#", b"+41\xdf16:09#")
        .line(":GVP#", "")
        .line(":h?#", "");
    let script = site(script);
    let attachment = handler().attach(&script).unwrap();
    assert_eq!(attachment.lacks, ["park", "unpark", "home"]);
    let info = call(&script, "info", "{}").unwrap();
    let capabilities = info["capabilities"].as_array().unwrap();
    assert!(!capabilities.contains(&json!("home")), "{info}");
}

#[test]
fn an_onstep_is_known_by_its_name_and_never_toggled() {
    for (version, model) in [
        ("10.24i#", "OnStepX 10.24i"),
        ("4.24#", "OnStep 4.24"),
        ("beta#", "OnStep beta"),
    ] {
        let script = onstep(version);
        let attachment = handler().attach(&script).unwrap();
        assert_eq!(attachment.model, model);
        assert!(attachment.lacks.is_empty());
        let info = call(&script, "info", "{}").unwrap();
        assert_eq!(info["dialect"], "onstep");
        assert_eq!(info["site"]["longitude"], 10.0);
    }
    // Even one in low precision.
    let script = Script::new()
        .line(":GR#", "05:35.2#")
        .line(":GD#", "+41*16#")
        .line(":GVP#", "On-Step#")
        .line(":GVN#", "4.24#")
        .line(":GU#", "nNpHzE250#")
        .line(":Gt#", "+51*30#")
        .line(":Gg#", "-010*00#");
    handler().attach(&script).unwrap();
    assert_eq!(found(&script)["high"], false);
}

#[test]
fn a_mount_of_no_known_dialect_is_named_with_the_setting_that_helps() {
    for (name, version, called) in [
        ("Autostar#", "43Eg#", "Autostar 43Eg"),
        ("LX2001#", "", "LX2001"),
        ("0", "0", "0 0"),
        ("", "1.1#", "1.1"),
    ] {
        let script = pointing(Script::new())
            .line(":GVP#", name)
            .line(":GVN#", version);
        assert_eq!(
            failed(handler().attach(&script)),
            format!(
                "the mount calls itself `{called}`, and that is none of the dialects known; name the one to speak in its \
                 table of the configuration: settings = {{ dialect = \"classic\" }} or \"onstep\""
            )
        );
    }
}

#[test]
fn a_named_dialect_is_spoken_to_a_mount_of_any_name() {
    let script = pointing(Script::new()).line(":h?#", "0");
    let attachment = set_to("classic").attach(&site(script)).unwrap();
    assert_eq!(attachment.model, "LX200 Classic");
    let script = pointing(Script::new())
        .line(":GVP#", "NYX-101#")
        .line(":GVN#", "1.2#")
        .line(":GU#", "nNpHzE250#");
    let attachment = set_to("onstep").attach(&site(script)).unwrap();
    assert_eq!(attachment.model, "NYX-101 1.2");
}

#[test]
fn a_named_onstep_that_is_none_is_found_out() {
    for (reply, said) in [("", ""), ("0", "0"), ("hello#", "hello")] {
        let script = pointing(Script::new())
            .line(":GVP#", "")
            .line(":GVN#", "")
            .line(":GU#", reply);
        assert_eq!(
            failed(set_to("onstep").attach(&script)),
            format!(
                "the mount answered `{said}` to :GU#, which no OnStep does: see settings = {{ dialect = … }} of this plugin"
            )
        );
    }
}

#[test]
fn a_silent_mount_that_writes_no_classics_mark_is_asked_twice_before_it_is_taken_for_one() {
    let script = pointing(Script::new())
        .line(":GVP#", "")
        .line(":GVN#", "")
        .line(":h?#", "0");
    handler().attach(&site(script)).unwrap();
}

#[test]
fn a_classic_is_not_asked_for_its_name_again_and_what_was_another_is() {
    let classic = super::attached()
        .line(":GR#", "05:35:17#")
        .line(":GD#", b"+41\xdf16:09#")
        .line(":h?#", "0");
    handler().attach(&site(classic)).unwrap();
    let exchanged = pointing(super::attached())
        .line(":GVP#", "On-Step#")
        .line(":GVN#", "10.24#")
        .line(":GU#", "nNpHzE250#");
    let attachment = handler().attach(&site(exchanged)).unwrap();
    assert_eq!(attachment.model, "OnStepX 10.24");
}

#[test]
fn what_an_older_version_kept_is_found_anew() {
    let old = r#"{"model":"LX200 Classic","firmware":null,"classic":true}"#;
    let script = Script::new().remembering("found", old);
    assert_eq!(
        call(&script, "status", "{}").unwrap_err(),
        Failure::Line(LineError::Disconnected)
    );
    let script = script
        .line(":GR#", "05:35:17#")
        .line(":GD#", b"+41\xdf16:09#");
    handler().attach(&rest_of_classic(script)).unwrap();
}

#[test]
fn the_stop_is_one_exchange_that_waits_for_nothing() {
    let classic = Script::new()
        .line(":GR#", "05:35:17#")
        .line(":GD#", b"+41\xdf16:09#");
    for script in [rest_of_classic(classic), onstep("10.24#")] {
        let stops = handler().attach(&script).unwrap().stops;
        assert_eq!(stops.len(), 1);
        assert_eq!((stops[0].role.as_str(), stops[0].patience), ("port", 0));
        assert_eq!(stops[0].exchanges.len(), 1);
        assert_eq!(stops[0].exchanges[0].request, b":Q#");
        assert_eq!(stops[0].exchanges[0].reply, Framing::None);
    }
}

#[test]
fn garbage_is_reported_with_the_question_and_the_answer() {
    let script = Script::new()
        .line(":GR#", "hello#")
        .line(":GR#", b"\xffhello#");
    let what = failed(handler().attach(&script));
    assert_eq!(what, r"the mount answered `\xffhello` to :GR#");
}

#[test]
fn a_rest_of_somebody_elses_reply_is_passed_over() {
    let script = Script::new()
        .line(":GR#", b"\xdf15:30#")
        .line(":GR#", "05:35:17#")
        .line(":GD#", b"+41\xdf16:09#");
    handler().attach(&rest_of_classic(script)).unwrap();
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
        ("sync", r#"{"ra":1,"dec":2}"#),
        ("jog", r#"{"direction":"north"}"#),
        ("guide", r#"{"direction":"north","duration_ms":100}"#),
        ("track", r#"{"mode":"off"}"#),
        ("park", "{}"),
        ("unpark", "{}"),
        ("home", "{}"),
        ("set_site", r#"{"latitude":1,"longitude":2}"#),
        ("set_time", "{}"),
    ] {
        assert_eq!(
            call(&script, verb, params).unwrap_err(),
            Failure::Line(LineError::Disconnected),
            "{verb}"
        );
    }
}
