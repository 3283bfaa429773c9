//! What is refused before it gets to the mount, and a mount that is not spoken to.

use serde_json::json;
use slewgate_simulator::Dialect;
use slewgate_tests::{PATIENCE, Setup};

use crate::session::Session;

#[tokio::test]
async fn bad_input_names_the_field_and_the_range_and_nothing_is_on_the_line() {
    let bad = [
        ("goto", json!({}), "params", "either ra and dec"),
        (
            "goto",
            json!({ "ra": 1, "dec": 2, "altitude": 3, "azimuth": 4 }),
            "params",
            "either ra and dec",
        ),
        ("goto", json!({ "ra": 24, "dec": 2 }), "ra", "24"),
        ("goto", json!({ "ra": 1, "dec": -90.5 }), "dec", "-90"),
        (
            "goto",
            json!({ "altitude": 91, "azimuth": 0 }),
            "altitude",
            "90",
        ),
        (
            "goto",
            json!({ "ra": 1, "dec": 2, "frame": "B1950" }),
            "frame",
            "J2000",
        ),
        ("sync", json!({ "ra": 1 }), "dec", "dec"),
        (
            "sync",
            json!({ "ra": 1, "dec": 2, "force": "yes" }),
            "force",
            "boolean",
        ),
        (
            "jog",
            json!({ "direction": "north", "rate": "warp" }),
            "rate",
            "slew",
        ),
        ("jog", json!({ "direction": "up" }), "direction", "west"),
        (
            "guide",
            json!({ "direction": "north", "duration_ms": 0 }),
            "duration_ms",
            "1",
        ),
        (
            "guide",
            json!({ "direction": "north", "duration_ms": 5 }),
            "duration_ms",
            "20 to 60000",
        ),
        (
            "guide",
            json!({ "direction": "north", "duration_ms": 60_001 }),
            "duration_ms",
            "60000",
        ),
        ("track", json!({ "mode": "king" }), "mode", "sidereal"),
        (
            "set_site",
            json!({ "latitude": 91, "longitude": 0 }),
            "latitude",
            "90",
        ),
        (
            "set_site",
            json!({ "latitude": 0, "longitude": 181 }),
            "longitude",
            "180",
        ),
        (
            "set_site",
            json!({ "latitude": 0 }),
            "longitude",
            "required",
        ),
        (
            "set_time",
            json!({ "time": "2020-01-01T00:00:00Z" }),
            "time",
            "2099-12-31T23:59:59Z",
        ),
        (
            "set_time",
            json!({ "time": "2120-01-01T00:00:00Z" }),
            "time",
            "2099-12-31T23:59:59Z",
        ),
        (
            "set_time",
            json!({ "time": "2027-02-30T00:00:00Z" }),
            "time",
            "no time",
        ),
        ("set_time", json!({ "time": "noon" }), "time", "noon"),
        ("park", json!({ "now": true }), "now", "now"),
    ];
    for dialect in Dialect::ALL {
        let mut session = Session::start(dialect).await;
        session.does("info", json!({})).await;
        session.told(&[]);
        for (verb, params, field, said) in &bad {
            let error = session.call(verb, params.clone()).await.unwrap_err();
            assert_eq!(error["code"], -32602, "{verb} {params}: {error}");
            assert_eq!(error["data"]["field"], *field, "{verb} {params}: {error}");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(said), "{verb} {params}: {message}");
        }
        assert_eq!(
            session.told(&[":M", ":S", ":T", ":h", ":C"]),
            Vec::<String>::new()
        );
    }
}

#[tokio::test]
async fn a_mount_of_an_unknown_dialect_is_named_with_the_setting_that_helps() {
    let observatory = Setup::default()
        .config("[plugins.mount]\nsettings = { dialect = \"onstep\" }")
        .own_mount()
        .start();
    let mut client = observatory.client("telescope").await;
    let error = client.call("mount.info", json!({})).await.unwrap_err();
    assert_eq!(error["code"], -32003, "{error}");
    assert_eq!(error["data"]["outcome"], "not_started");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains(":GU#") && message.contains("dialect"),
        "{message}"
    );
    let wire = observatory.mount().wire();
    assert!(
        wire.wait_for(|frame| frame.request == ":GU#", PATIENCE)
            .is_some()
    );
}
