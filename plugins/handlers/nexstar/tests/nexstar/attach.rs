use super::{ECHO, ECHOED, STOP_FIRST, STOP_SECOND, call, ending, handler, hardware};
use serde_json::json;
use slewgate_sdk::{Attachment, Failure, Handler, LineError, Script};

const MOTOR_VERSION: &[u8] = b"P\x01\x10\xfe\x00\x00\x00\x02";
const IS_PULSING: &[u8] = b"P\x01\x10\x27\x00\x00\x00\x01";
const SWITCH_FOUND: &[u8] = b"P\x01\x10\x12\x00\x00\x00\x01";

/// 51°35'35" N, 2°35'35" W: as many `#` as there can be in one.
const SITE: &[u8] = b"\x33##\x00\x02##\x01#";

/// Its site, its clock, and the motors that have all.
fn rest(script: Script) -> Script {
    motors(
        script
            .line("w", SITE)
            .line("h", b"\x00\x00\x00\x01\x01\x1a\x00\x00#"),
    )
}

fn motors(script: Script) -> Script {
    script
        .line(MOTOR_VERSION, b"\x07\x10#")
        .line(IS_PULSING, b"\x00#")
        .line(SWITCH_FOUND, b"\x00#")
}

fn cgx() -> Script {
    rest(
        Script::new()
            .line("V", b"\x05\x1f#")
            .line("v", b"\x11#")
            .line("m", b"\x17#"),
    )
}

fn failed(outcome: Result<Attachment, Failure>) -> String {
    match outcome {
        Err(Failure::Hardware(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hand_control_tells_what_it_is_and_where_it_stands() {
    let script = cgx();
    let attachment = handler().attach(&script).unwrap();
    assert_eq!(attachment.model, "Celestron CGX, NexStar hand control 5.31");
    assert!(attachment.lacks.is_empty());
    let info = call(&script, "info", "{}").unwrap();
    let capabilities = [
        "info", "status", "goto", "sync", "jog", "guide", "track", "park", "unpark", "home",
        "set_site", "set_time",
    ];
    assert_eq!(
        info,
        json!({"model": "Celestron CGX", "firmware": "5.31", "protocol": "NexStar", "dialect": "nexstar",
            "site": {"latitude": 51.59306, "longitude": -2.59306, "elevation": null}, "capabilities": capabilities})
    );
}

#[test]
fn a_stop_is_rate_0_on_both_axes_and_a_cancel_each_after_the_answer_before() {
    let attachment = handler().attach(&cgx()).unwrap();
    let [stop] = &attachment.stops[..] else {
        panic!("{:?}", attachment.stops)
    };
    assert_eq!((stop.role.as_str(), stop.patience), ("port", 3_500));
    assert_eq!(
        stop.exchanges,
        [ending(STOP_FIRST), ending(STOP_SECOND), ending(b"M")]
    );
}

#[test]
fn a_version_may_carry_the_end_sign() {
    let script = Script::new().line("V", b"\x04##").line("m", b"##");
    let script = rest(script);
    let attachment = handler().attach(&script).unwrap();
    assert_eq!(
        attachment.model,
        "NexStar mount (model 35), NexStar hand control 4.35"
    );
}

#[test]
fn a_starsense_counts_its_versions_anew() {
    for version in [b"\x01\x14#", b"\x05\x1f#"] {
        let script = Script::new()
            .line("V", version)
            .line("v", b"\x13#")
            .line("m", b"\x14#");
        let script = rest(script);
        let attachment = handler().attach(&script).unwrap();
        assert!(attachment.model.contains("StarSense hand control"));
        assert!(attachment.lacks.is_empty());
        assert_eq!(call(&script, "info", "{}").unwrap()["dialect"], "starsense");
    }
}

#[test]
fn one_that_does_not_know_its_make_is_a_nexstar() {
    // What was silent may answer late: an echo is asked for before what follows.
    let script = Script::new()
        .line("V", b"\x05\x1c#")
        .line("v", b"")
        .line(ECHO, ECHOED)
        .line("m", b"\x14#");
    let attachment = handler().attach(&rest(script)).unwrap();
    assert_eq!(
        attachment.model,
        "Celestron Advanced VX, NexStar hand control 5.28"
    );
}

#[test]
fn a_synscan_tells_its_version_in_digits() {
    let script = rest(Script::new().line("V", b"042507#").line("m", b"\x01#"));
    let attachment = handler().attach(&script).unwrap();
    assert_eq!(attachment.model, "SynScan mount, SynScan hand control 4.37");
    let info = call(&script, "info", "{}").unwrap();
    assert_eq!(info["dialect"], "synscan");
}

#[test]
fn what_the_motors_do_not_take_is_lacking() {
    // A failure has a byte more than was asked for, be it the end sign.
    for failure in [&b"\x00\x00#"[..], b"###"] {
        let script = Script::new().line("V", b"\x05\x1b#").line("m", b"\x14#");
        let script = script
            .line("w", SITE)
            .line("h", b"\x00\x00\x00\x01\x01\x1a\x00\x00#")
            .line(MOTOR_VERSION, b"#\x23#")
            .line(IS_PULSING, failure)
            .line(SWITCH_FOUND, failure);
        let attachment = handler().attach(&script).unwrap();
        assert_eq!(attachment.lacks, ["guide", "home"]);
        assert_eq!(
            super::refusal(call(&script, "home", "{}")),
            "NexStar hand control 5.27 has no home: its axes have no switches"
        );
    }
}

#[test]
fn without_motors_that_answer_it_goes_and_syncs() {
    let script = Script::new().line("V", b"\x04\x0f#").line("m", b"\x0b#");
    let script = script
        .line("w", SITE)
        .line("h", b"\x00\x00\x00\x01\x01\x1a\x00\x00#")
        .line(MOTOR_VERSION, b"\x00\x00\x00#");
    let attachment = handler().attach(&script).unwrap();
    assert_eq!(attachment.lacks, ["guide", "home", "jog"]);
}

#[test]
fn a_silent_line_is_the_lines_error() {
    let script = Script::new()
        .line("V", "")
        .line(b"\x06", "")
        .line(b":e1\r", "");
    assert_eq!(
        handler().attach(&script).unwrap_err(),
        Failure::Line(LineError::Timeout(vec![]))
    );
}

#[test]
fn a_mount_of_another_family_is_named_with_its_handler() {
    let lx200 = Script::new().line("V", "").line(b"\x06", "P");
    assert_eq!(
        failed(handler().attach(&lx200)),
        "what answers is no NexStar hand control but a mount that speaks LX200: name its handler in the table of this plugin: component = \"lx200.wasm\""
    );
    let motor = Script::new()
        .line("V", "")
        .line(b"\x06", "")
        .line(b":e1\r", "=020304\r");
    assert!(failed(handler().attach(&motor)).ends_with("component = \"skywatcher.wasm\""));
}

#[test]
fn a_version_that_is_none_is_told_as_it_came() {
    let script = Script::new()
        .line("V", "HELLO!\r")
        .line(ECHO, ECHOED)
        .line("V", "HELLO!\r");
    assert_eq!(
        failed(handler().attach(&script)),
        r"the hand control answered `HELLO!` to V"
    );
}

#[test]
fn a_first_reply_of_an_earlier_program_is_passed_over() {
    let script = Script::new()
        .line_and_more("V", b"34AB,12CE#\x05\x1b#")
        .line(ECHO, ECHOED)
        .line("V", b"\x05\x1b#")
        .line("m", b"\x17#");
    let attachment = handler().attach(&rest(script)).unwrap();
    assert_eq!(attachment.model, "Celestron CGX, NexStar hand control 5.27");
}

#[test]
fn nothing_is_asked_of_a_mount_that_was_never_there() {
    let outcome = call(&Script::new(), "status", "{}");
    assert_eq!(outcome.unwrap_err(), Failure::Line(LineError::Disconnected));
    let wrong = Script::new().remembering("found", "of another version");
    assert!(call(&wrong, "info", "{}").is_err());
    let nothing = super::attached().line("e", "#");
    assert_eq!(
        hardware(call(&nothing, "status", "{}")),
        "the hand control has nothing to say to e"
    );
}
