//! A goto, as a client sees it: from the request to the star.

use serde_json::{Value, json};
use slewgate_sky::{Equatorial, Frame, Sky, separation};
use slewgate_tests::{Client, Setup};

/// Vega stands 60 degrees high over Greenwich then.
const EVENING: &str = "[clock]\nstart = 2026-11-23T17:00:00Z";
const EVENING_MS: f64 = 1_795_453_200e3;

/// Vega in J2000: as a client writes it, and in hours and degrees.
const VEGA: [&str; 2] = ["18:36:56.34", "+38:47:01.3"];
const VEGA_J2000: Equatorial = Equatorial {
    ra: 18.0 + 36.0 / 60.0 + 56.34 / 3600.0,
    dec: 38.0 + 47.0 / 60.0 + 1.3 / 3600.0,
};

/// What the mount resolves: seconds of right ascension, rounded on the way there and back.
const ARCSECONDS: f64 = 12.0;

fn position(status: &Value) -> Equatorial {
    assert_eq!(status["frame"], "JNow");
    Equatorial {
        ra: status["ra"].as_f64().unwrap(),
        dec: status["dec"].as_f64().unwrap(),
    }
}

/// Waits until the mount was seen to slew and then not to: the first status after that.
async fn arrival(client: &mut Client) -> Value {
    let mut slewing = false;
    loop {
        let mut event = client.event("mount.status").await;
        match event["data"]["slewing"].as_bool() {
            Some(true) => slewing = true,
            Some(false) if slewing => return event["data"].take(),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_goto_to_vega_is_seen_to_slew_and_ends_at_its_apparent_place() {
    let observatory = Setup::default().config(EVENING).start();
    let mut client = observatory.client("telescope").await;
    client
        .call("events.subscribe", json!({ "topics": ["mount.status"] }))
        .await
        .unwrap();
    let [ra, dec] = VEGA;
    let begun = client
        .call("mount.goto", json!({ "ra": ra, "dec": dec }))
        .await
        .unwrap();
    assert!(begun["motion"].is_u64(), "{begun}");
    let status = arrival(&mut client).await;
    let apparent = Sky::new(0.0).convert(VEGA_J2000, Frame::J2000, Frame::JNow, EVENING_MS);
    let off = separation(position(&status), apparent) * 3600.0;
    println!("{off:.1}\" from Vega's apparent place");
    assert!(off < ARCSECONDS, "{off}\": {status}");
    assert_eq!(status["tracking"], "sidereal");
}
