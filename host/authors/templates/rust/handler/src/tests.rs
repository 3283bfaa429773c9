//! The handler against a script: what it sends, in which order, and what it makes of the answers.

use super::*;
use slewgate_sdk::{LineError, Script};

fn heater(settings: &str) -> Heater {
    Heater::configure(settings).unwrap()
}

fn call(host: &Script, settings: &str, verb: &str, params: &str) -> Result<String, Failure> {
    let client = Client {
        session: "1".into(),
        id: "test".into(),
        client_type: "telescope".into(),
        name: "Test".into(),
    };
    let request = Request {
        verb: verb.into(),
        params: params.into(),
    };
    heater(settings).handle(host, &client, &request)
}

#[test]
fn the_power_is_sent_as_it_was_asked_for() {
    let host = Script::new().line("P40\n", "OK\n");
    let answer = call(&host, "{}", "set", r#"{"percent":40}"#).unwrap();
    assert_eq!(answer, r#"{"percent":40}"#);
}

#[test]
fn the_status_is_what_the_heater_says() {
    let host = Script::new().line("P?\n", "P15\n");
    assert_eq!(
        call(&host, "{}", "status", "{}").unwrap(),
        r#"{"percent":15}"#
    );
}

#[test]
fn more_than_the_settings_allow_is_refused_and_not_sent() {
    let host = Script::new();
    let failure = call(&host, r#"{"max_percent":60}"#, "set", r#"{"percent":61}"#).unwrap_err();
    let why = "percent: 61 is not within 0 to 60";
    assert_eq!(failure, Failure::InvalidParams(why.into()));
}

#[test]
fn a_heater_without_power_refuses() {
    let host = Script::new().line("P40\n", "LOW\n");
    let failure = call(&host, "{}", "set", r#"{"percent":40}"#).unwrap_err();
    assert!(matches!(failure, Failure::Refused(_)), "{failure:?}");
}

#[test]
fn an_answer_that_is_none_is_told_as_it_came() {
    for said in ["P\n", "P101\n", "P4O\n", "OK\n", "\u{0}\n"] {
        let host = Script::new().line("P?\n", said);
        let failure = heater("{}").sample(&host).unwrap_err();
        let Failure::Hardware(why) = failure else {
            panic!("{failure:?}")
        };
        assert_eq!(
            why,
            format!("the heater said {}", said.escape_default()).replace("\\u{0}", "\\x00")
        );
    }
}

#[test]
fn silence_is_passed_on() {
    let host = Script::new().line_fails("P?\n", LineError::Timeout(vec![]));
    let failure = heater("{}").attach(&host).unwrap_err();
    assert_eq!(failure, Failure::Line(LineError::Timeout(vec![])));
}

#[test]
fn settings_that_nobody_knows_are_refused() {
    let why = Heater::configure(r#"{"max":60}"#).err().unwrap();
    assert!(why.contains("max"), "{why}");
}
