use super::{attached, call, hardware, onstep, refusal};
use serde_json::json;
use slewgate_sdk::{Host, LineError, Script};

const SYDNEY: &str = r#"{"latitude":-33.8688,"longitude":151.2093,"elevation":58}"#;

fn told(script: Script, latitude: &[u8], longitude: &[u8]) -> Script {
    script.line(":Gt#", latitude).line(":Gg#", longitude)
}

#[test]
fn a_classic_counts_to_the_west_in_minutes_and_keeps_no_elevation() {
    let script = attached().line(":St-33*52#", "1").line(":Sg208*47#", "1");
    let script = told(script, b"-33\xdf52#", b"208\xdf47#");
    assert_eq!(
        call(&script, "set_site", SYDNEY).unwrap(),
        json!({"latitude": -33.86667, "longitude": 151.21667, "elevation": null})
    );
    let info = call(&script, "info", "{}").unwrap();
    assert_eq!(info["site"]["longitude"], 151.21667);
}

#[test]
fn an_onstep_takes_seconds_and_an_elevation() {
    let script = onstep()
        .line(":St-33*52:08#", "1")
        .line(":Sg-151*12:33#", "1")
        .line(":Sv+58.0#", "1");
    let script = told(script, b"-33*52#", b"-151*12#");
    assert_eq!(
        call(&script, "set_site", SYDNEY).unwrap(),
        json!({"latitude": -33.86667, "longitude": 151.2, "elevation": 58.0})
    );
}

#[test]
fn an_elevation_that_is_not_given_stays_what_it_was() {
    let moved = |script: Script| {
        let script = script
            .line(":St-33*52:08#", "1")
            .line(":Sg-151*12:33#", "1");
        told(script.line(":Sv+58.0#", "1"), b"-33*52#", b"-151*12#")
    };
    let script = moved(onstep())
        .line(":St-33*52:08#", "1")
        .line(":Sg-151*12:33#", "1");
    let script = told(script, b"-33*52#", b"-151*12#");
    call(&script, "set_site", SYDNEY).unwrap();
    let without = r#"{"latitude":-33.8688,"longitude":151.2093}"#;
    let site = call(&script, "set_site", without).unwrap();
    assert_eq!(site["elevation"], 58.0);
}

#[test]
fn an_older_onstep_takes_minutes_and_no_elevation() {
    let script = onstep()
        .line(":St-33*52:08#", "0")
        .line(":St-33*52#", "1")
        .line(":Sg-151*12:33#", "0")
        .line(":Sg-151*13#", "1")
        .line(":Sv+58.0#", "0");
    let script = told(script, b"-33*52#", b"-151*13#");
    let site = call(&script, "set_site", SYDNEY).unwrap();
    assert_eq!(site["elevation"], serde_json::Value::Null);
}

#[test]
fn half_a_degree_south_and_east_keeps_its_signs() {
    let near = r#"{"latitude":-0.5,"longitude":0.5}"#;
    let script = onstep()
        .line(":St-00*30:00#", "1")
        .line(":Sg-000*30:00#", "1");
    let site = call(&told(script, b"-00*30#", b"-000*30#"), "set_site", near).unwrap();
    assert_eq!(
        (&site["latitude"], &site["longitude"]),
        (&json!(-0.5), &json!(0.5))
    );
    let script = attached().line(":St-00*30#", "1").line(":Sg359*30#", "1");
    let site = call(
        &told(script, b"-00\xdf30#", b"359\xdf30#"),
        "set_site",
        near,
    )
    .unwrap();
    assert_eq!(
        (&site["latitude"], &site["longitude"]),
        (&json!(-0.5), &json!(0.5))
    );
}

#[test]
fn the_ok_of_the_manual_is_a_yes_too() {
    let script = attached().line(":St+51*30#", "Ok").line(":Sg000*10#", "Ok");
    let script = told(script, b"+51\xdf30#", b"000\xdf10#");
    let london = r#"{"latitude":51.5,"longitude":-0.1667}"#;
    call(&script, "set_site", london).unwrap();
}

#[test]
fn a_mount_that_counts_to_the_east_is_found_out() {
    let script = onstep()
        .line(":St-33*52:08#", "1")
        .line(":Sg-151*12:33#", "1")
        .line(":Sv+58.0#", "1");
    let script = told(script, b"-33*52#", b"+151*13#");
    assert_eq!(
        hardware(call(&script, "set_site", SYDNEY)),
        "the mount was told latitude -33.8688 and longitude 151.2093, and tells -33.86667 and -151.21667"
    );
}

#[test]
fn a_site_that_is_refused_is_named() {
    let script = attached().line(":St-33*52#", "0");
    assert_eq!(
        refusal(call(&script, "set_site", SYDNEY)),
        "the mount refused the latitude -33*52"
    );
    let script = attached().line(":St-33*52#", "1").line(":Sg208*47#", "0");
    assert_eq!(
        refusal(call(&script, "set_site", SYDNEY)),
        "the mount refused the longitude 208*47"
    );
}

#[test]
fn a_mount_that_does_not_tell_its_site_is_said_to() {
    let script = attached()
        .line(":St-33*52#", "1")
        .line(":Sg208*47#", "1")
        .line_fails(":Gt#", LineError::Timeout(vec![]))
        .line_fails(":Gg#", LineError::Timeout(vec![]));
    assert_eq!(
        hardware(call(&script, "set_site", SYDNEY)),
        "the mount took its site, and does not tell it"
    );
}

#[test]
fn a_jump_by_another_site_is_not_taken_for_motion() {
    let script = attached().remembering("anchor", "seen elsewhere");
    let script = script.line(":St-33*52#", "1").line(":Sg208*47#", "1");
    let script = told(script, b"-33\xdf52#", b"208\xdf47#");
    call(&script, "set_site", SYDNEY).unwrap();
    assert_eq!(script.recall("anchor"), Some(Vec::new()));
}
