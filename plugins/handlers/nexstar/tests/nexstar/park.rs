use super::{attached, call, ended, look, note, parked, refusal};
use nexstar::Nexstar;
use slewgate_sdk::{Client, Equatorial, Handler, Host, Kind, Progress, Request, Script};

/// At the pole, six hours west of the meridian.
const ORDER: &str = "rC0000000,40000000";
const THERE: &str = "C0000000,40000000#";

fn set_out(script: Script) -> Script {
    script
        .line("t", b"\x02#")
        .line("J", b"\x01#")
        .begins(Ok(7))
        .line("L", "0#")
}

fn begun() -> Vec<u8> {
    let script = set_out(attached()).line(ORDER, "#");
    call(&script, "park", "{}").unwrap();
    script.plans().remove(0).note
}

#[test]
fn it_parks_at_the_pole_with_the_counterweight_down() {
    let script = set_out(attached()).line(ORDER, "#");
    call(&script, "park", "{}").unwrap();
    let plan = script.plans().remove(0);
    assert_eq!((plan.kind, plan.label.as_str()), (Kind::Slew, "park"));
    assert_eq!(
        plan.target,
        Some(Equatorial {
            ra: 18.0,
            dec: 90.0
        })
    );
    let south = super::found(5, 31, "23", "{}").replace("51.5", "-33.9");
    let script = set_out(Script::new().remembering("found", south)).line("rC0000000,C0000000", "#");
    call(&script, "park", "{}").unwrap();
}

#[test]
fn there_it_stands_and_is_parked() {
    let script = attached()
        .line("L", "1#")
        .line("L", "0#")
        .line("e", THERE)
        .line(b"T\x00", "#");
    let second = note(look(&script, &begun()).unwrap());
    assert_eq!(look(&script, &second).unwrap(), Progress::Done);
    assert_eq!(script.recall("parked"), Some(b"1".to_vec()));
}

#[test]
fn a_stop_on_the_way_leaves_it_awake_and_following() {
    let script = attached().line(b"T\x02", "#");
    ended(&script, &begun()).unwrap();
    assert_eq!(script.recall("parked"), None);
}

#[test]
fn one_that_does_not_come_there_is_not_parked() {
    let mut noted = begun();
    let ending = loop {
        let script = attached().line("L", "0#").line("e", "00000000,00000000#");
        match look(&script, &noted).unwrap() {
            Progress::Again(step) => noted = step.note,
            other => break other,
        }
    };
    assert!(matches!(ending, Progress::Failed(why) if why.contains("90.00 degrees")));
}

#[test]
fn one_that_is_parked_stays_so() {
    let script = parked().line("t", b"\x00#").begins(Ok(7));
    call(&script, "park", "{}").unwrap();
    assert_eq!(
        look(&parked(), &script.plans().remove(0).note).unwrap(),
        Progress::Done
    );
}

#[test]
fn awake_it_follows_the_sky_again() {
    let script = parked()
        .line("L", "0#")
        .line("t", b"\x00#")
        .begins(Ok(7))
        .line(b"T\x02", "#");
    call(&script, "unpark", "{}").unwrap();
    assert_eq!(script.recall("parked"), Some(Vec::new()));
    let note = script.plans().remove(0).note;
    assert_eq!(look(&script, &note).unwrap(), Progress::Done);
    assert_eq!(ended(&script, &note).unwrap(), Progress::Done);
}

#[test]
fn one_on_its_way_is_not_woken() {
    let script = attached().line("L", "1#");
    assert_eq!(
        refusal(call(&script, "unpark", "{}")),
        "the mount is on its way: unpark it when it is parked"
    );
}

#[test]
fn the_settings_may_have_another_place() {
    // Due south at the height of the equator: with the equinox in the meridian that is right ascension and declination 0.
    let handler = Nexstar::configure(r#"{"park":{"azimuth":180,"altitude":38.5}}"#).unwrap();
    let script = set_out(attached()).line("r00000000,00000000", "#");
    let client = Client {
        session: "1".into(),
        id: "test".into(),
        client_type: "telescope".into(),
        name: "Test".into(),
    };
    let request = Request {
        verb: "park".into(),
        params: "{}".into(),
    };
    handler.handle(&script, &client, &request).unwrap();
}
