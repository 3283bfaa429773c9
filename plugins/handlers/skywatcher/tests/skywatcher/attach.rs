use super::{call, handler, lines, nowhere};
use serde_json::json;
use skywatcher::Skywatcher;
use slewgate_sdk::{Attachment, Failure, Framing, Handler, LineError, Script};

const EQ6: [&str; 7] = [
    ":e1 =020900",
    ":a1 =00B289",
    ":b1 =A7FD00",
    ":g1 =10",
    ":a2 =00B289",
    ":b2 =A7FD00",
    ":g2 =10",
];

fn eq6() -> Script {
    lines(Script::new(), &EQ6)
}

fn failed(outcome: Result<Attachment, Failure>) -> String {
    match outcome {
        Err(Failure::Hardware(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_just_switched_on_is_initialised() {
    let script = lines(eq6(), &[":f1 =101", ":f2 =100", ":F1 =", ":F2 ="]);
    handler().attach(&script).unwrap();
    let script = lines(eq6(), &[":f1 =100", ":F1 =", ":F2 ="]);
    let attachment = handler().attach(&script).unwrap();
    assert_eq!(attachment.model, "Sky-Watcher EQ6 2.9");
    assert!(attachment.lacks.is_empty());
    let info = call(&script, "info", "{}").unwrap();
    let capabilities = [
        "info", "status", "goto", "sync", "jog", "guide", "track", "park", "unpark", "home",
        "set_site", "set_time",
    ];
    assert_eq!(
        info,
        json!({"model": "Sky-Watcher EQ6", "firmware": "2.9", "protocol": "Sky-Watcher", "dialect": null, "site": null,
            "capabilities": capabilities})
    );
}

#[test]
fn what_is_initialised_is_let_be() {
    handler()
        .attach(&lines(eq6(), &[":f1 =111", ":f2 =101"]))
        .unwrap();
}

#[test]
fn both_axes_stop_at_once_whatever_is_under_way() {
    let script = lines(eq6(), &[":f1 =101", ":f2 =101"]);
    let stops = handler().attach(&script).unwrap().stops;
    let [stop] = stops.as_slice() else {
        panic!("{stops:?}")
    };
    assert_eq!((stop.role.as_str(), stop.patience), ("port", 0));
    let bytes: Vec<_> = stop
        .exchanges
        .iter()
        .map(|exchange| exchange.request.as_slice())
        .collect();
    assert_eq!(bytes, [b":L1\r", b":L2\r"]);
    for exchange in &stop.exchanges {
        assert_eq!(
            (exchange.reply, exchange.timeout),
            (Framing::Until(b'\r'), 300)
        );
    }
}

#[test]
fn each_mount_has_its_name_and_what_nobody_knows_its_code() {
    for (code, name) in [
        ("01", "HEQ5"),
        ("05", "AZ-EQ6"),
        ("0A", "Star Adventurer"),
        ("20", "EQ8-R"),
        ("45", "Wave 150i"),
        ("7F", "7F"),
    ] {
        let version = format!(":e1 =0327{code}");
        let script = lines(Script::new(), &[version.as_str()]);
        let script = lines(lines(script, &EQ6[1..]), &[":f1 =101", ":f2 =101"]);
        let model = handler().attach(&script).unwrap().model;
        assert_eq!(model, format!("Sky-Watcher {name} 3.39"));
    }
}

#[test]
fn a_mount_for_altitude_and_azimuth_is_taken_on_a_wedge_alone() {
    let version = ":e1 =0327A5";
    let told = failed(handler().attach(&lines(Script::new(), &[version])));
    assert_eq!(
        told,
        "the Sky-Watcher AZ-GTi turns in altitude and azimuth, which this handler does not; where it stands on a wedge, say so in \
         its table of the configuration: settings = { on_wedge = true }"
    );
    let on_wedge = Skywatcher::configure(r#"{"on_wedge":true}"#).unwrap();
    let script = lines(lines(Script::new(), &[version]), &EQ6[1..]);
    on_wedge
        .attach(&lines(script, &[":f1 =101", ":f2 =101"]))
        .unwrap();
}

#[test]
fn motors_of_two_kinds_are_known_each_for_itself() {
    let script = lines(
        Script::new(),
        &[
            ":e1 =032705",
            ":a1 =00A08C",
            ":b1 =0024F4",
            ":g1 =01",
            ":a2 =00B289",
            ":b2 =A7FD00",
            ":g2 =10",
            ":f1 =101",
            ":f2 =101",
        ],
    );
    handler().attach(&script).unwrap();
    let found: serde_json::Value =
        serde_json::from_slice(&slewgate_sdk::Host::recall(&script, "found").unwrap()).unwrap();
    assert_eq!(
        found["gears"],
        json!([{"steps": 9_216_000, "timer": 16_000_000, "ratio": 1}, {"steps": 9_024_000, "timer": 64_935, "ratio": 16}])
    );
}

#[test]
fn a_motor_without_a_gear_is_none() {
    let script = lines(
        Script::new(),
        &[
            EQ6[0],
            ":a1 =000000",
            EQ6[2],
            EQ6[3],
            EQ6[4],
            EQ6[5],
            EQ6[6],
        ],
    );
    assert_eq!(
        failed(handler().attach(&script)),
        "the motor of the first axis says that it has no gear: 0 steps in a turn, 64935 ticks in a second"
    );
}

/// Four times nothing.
fn silent() -> Script {
    lines(Script::new(), &[":e1 ", ":e1 ", ":e1 ", ":e1 "])
}

#[test]
fn a_mount_of_another_family_is_named_with_what_to_set() {
    let lx200 = silent().line("V", "").line("#:GD#", "+41*16:09#");
    let synscan = silent().line("V", "042507#");
    let nexstar = silent().line("V", b"\x05\x1f#");
    // It answers to the `e` in `:e1`.
    let newer = lines_of_nexstar();
    for (script, language, component) in [
        (lx200, "LX200", "lx200.wasm"),
        (synscan, "NexStar", "nexstar.wasm"),
        (nexstar, "NexStar", "nexstar.wasm"),
        (newer, "NexStar", "nexstar.wasm"),
    ] {
        let told = format!(
            "what is on this line speaks {language}, and its motors are not spoken to: set component = \"{component}\" in its table \
             of the configuration"
        );
        assert_eq!(failed(handler().attach(&script)), told);
    }
}

fn lines_of_nexstar() -> Script {
    (0..4).fold(Script::new(), |script, _| {
        script.line(":e1\r", "34AB0500,12CE0500#")
    })
}

#[test]
fn what_answers_nothing_is_silent() {
    let script = silent().line("V", "").line("#:GD#", "");
    assert_eq!(
        handler().attach(&script).unwrap_err(),
        Failure::Line(LineError::Timeout(vec![]))
    );
}

#[test]
fn what_answers_nonsense_is_told_as_it_came() {
    let script = (0..4).fold(Script::new(), |script, _| script.line(":e1\r", "=02090\r"));
    let script = script.line("V", "").line("#:GD#", "");
    assert_eq!(
        failed(handler().attach(&script)),
        r"the mount answered `=02090\r` to :e1"
    );
}

#[test]
fn a_line_that_is_gone_is_not_asked_for_another_family() {
    let script = Script::new().line_fails(":e1\r", LineError::Disconnected);
    assert_eq!(
        handler().attach(&script).unwrap_err(),
        Failure::Line(LineError::Disconnected)
    );
}

#[test]
fn without_an_attach_there_is_no_mount() {
    assert_eq!(
        call(&Script::new(), "info", "{}").unwrap_err(),
        Failure::Line(LineError::Disconnected)
    );
}

#[test]
fn nothing_moves_and_nothing_is_told_before_the_site_is() {
    for (verb, params) in [
        ("status", "{}"),
        ("goto", r#"{"ra":1,"dec":2}"#),
        ("sync", r#"{"ra":1,"dec":2}"#),
        ("jog", r#"{"direction":"north"}"#),
        ("guide", r#"{"direction":"north","duration_ms":100}"#),
        ("track", r#"{"mode":"sidereal"}"#),
        ("park", "{}"),
        ("unpark", "{}"),
        ("home", "{}"),
    ] {
        let reason = super::refusal(call(&nowhere(), verb, params));
        assert!(
            reason.starts_with("nobody told where the mount stands") && reason.contains("set_site"),
            "{verb}: {reason}"
        );
    }
}
