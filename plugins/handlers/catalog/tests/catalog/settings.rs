//! What the configuration may say.

use catalog::Catalog;
use serde_json::json;
use slewgate_sdk::{Handler, Script};

use crate::ask_of;

#[test]
fn a_setting_that_is_wrong_keeps_it_from_loading_and_is_named() {
    for (settings, why) in [
        (
            r#"{"site":{"latitude":91,"longitude":0}}"#,
            "site.latitude: 91 is not within -90 to 90",
        ),
        (
            r#"{"site":{"latitude":0,"longitude":400}}"#,
            "site.longitude: 400 is not within -360 to 360",
        ),
        (r#"{"site":{"latitude":0}}"#, "missing field `longitude`"),
        (r#"{"sight":{}}"#, "unknown field `sight`, expected `site`"),
    ] {
        assert_eq!(Catalog::configure(settings).unwrap_err(), why);
    }
}

#[test]
fn with_a_site_it_tells_how_high_an_object_stands() {
    // At 6 h of sidereal time what has this right ascension is in the meridian.
    let script = Script::new().sidereal(6.0);
    let settings = r#"{"site":{"latitude":50,"longitude":8}}"#;
    let sirius = ask_of(&script, settings, "find", json!({"name": "Betelgeuse"})).unwrap();
    let altitude = sirius["altitude"].as_f64().unwrap();
    assert!((altitude - (90.0 - 50.0 + 7.5)).abs() < 0.1, "{sirius}");
    let azimuth = sirius["azimuth"].as_f64().unwrap();
    assert!((azimuth - 180.0).abs() < 3.0, "{sirius}");
    assert_eq!(sirius["seen_from"], serde_json::Value::Null);
}
