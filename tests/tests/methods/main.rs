//! Every method of a mount, through the whole program, to a mount of each dialect: what clients get, and what is on the line.

mod refused;
mod session;

use serde_json::{Value, json};
use slewgate_simulator::Dialect;

use session::Session;

/// What the one or the other is told.
fn of<T>(dialect: Dialect, classic: T, onstep: T) -> T {
    match dialect {
        Dialect::Classic => classic,
        Dialect::OnStep => onstep,
    }
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is a number"))
}

#[tokio::test]
async fn the_dialect_is_found_and_every_method_is_there() {
    for dialect in Dialect::ALL {
        let mut session = Session::start(dialect).await;
        let info = session.does("info", json!({})).await;
        assert_eq!(info["protocol"], "LX200");
        assert_eq!(info["dialect"], of(dialect, "classic", "onstep"));
        let model = info["model"].as_str().unwrap();
        assert!(
            model.starts_with(of(dialect, "LX200 Classic", "OnStep")),
            "{info}"
        );
        let methods = [
            "info", "status", "goto", "sync", "jog", "guide", "track", "park", "unpark", "home",
            "set_site", "set_time",
        ];
        assert_eq!(info["capabilities"], json!(methods));
        assert!(
            (number(&info["site"]["latitude"]) - 51.4779).abs() < 0.02,
            "{info}"
        );
        let discovered = session
            .client
            .call("rpc.discover", json!({}))
            .await
            .unwrap();
        let described = discovered["methods"].as_array().unwrap();
        for method in methods {
            let name = json!(format!("mount.{method}"));
            assert!(
                described.iter().any(|method| method["name"] == name),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn a_goto_above_the_ground_arrives_and_one_below_it_is_refused_in_words() {
    for dialect in Dialect::ALL {
        let mut session = Session::start(dialect).await;
        session
            .completes("goto", json!({ "altitude": 60, "azimuth": 170 }))
            .await;
        let status = session.status(|status| status["slewing"] == false).await;
        assert!((number(&status["altitude"]) - 60.0).abs() < 0.1, "{status}");
        assert!((number(&status["azimuth"]) - 170.0).abs() < 0.2, "{status}");
        assert_eq!(status["tracking"], "sidereal");
        let (ra, dec) = (number(&status["ra"]), number(&status["dec"]));
        let near = json!({ "ra": ra, "dec": dec + 2.0, "frame": "JNow" });
        session.completes("goto", near).await;
        let reason = session
            .refuses("goto", json!({ "altitude": -20, "azimuth": 170 }))
            .await;
        assert!(reason.contains("horizon"), "{reason}");
        assert_eq!(session.told(&[":MS#"]).len(), 3);
    }
}

#[tokio::test]
async fn a_newer_goto_takes_the_place_of_an_older_one() {
    for dialect in Dialect::ALL {
        let mut session = Session::start(dialect).await;
        let far = json!({ "altitude": 40, "azimuth": 90 });
        let first = session.does("goto", far).await["motion"].clone();
        session.status(|status| status["slewing"] == true).await;
        let near = json!({ "altitude": 55, "azimuth": 175 });
        let second = session.does("goto", near).await["motion"].clone();
        assert_eq!(session.end_of(&first).await["why"], "superseded");
        assert_eq!(session.end_of(&second).await["why"], "done");
        let status = session.status(|status| status["slewing"] == false).await;
        assert!((number(&status["altitude"]) - 55.0).abs() < 0.1, "{status}");
    }
}

#[tokio::test]
async fn park_and_home_take_the_place_of_a_goto() {
    for dialect in Dialect::ALL {
        let mut session = Session::start(dialect).await;
        for verb in ["home", "park"] {
            let far = json!({ "altitude": 40, "azimuth": 90 });
            let goto = session.does("goto", far).await["motion"].clone();
            session.status(|status| status["slewing"] == true).await;
            let motion = session.does(verb, json!({})).await["motion"].clone();
            assert_eq!(session.end_of(&goto).await["why"], "superseded");
            let ended = session.end_of(&motion).await;
            assert_eq!(ended["why"], "done", "{dialect:?} {verb}: {ended}");
        }
    }
}

#[tokio::test]
async fn a_jog_takes_the_place_of_a_goto_and_of_a_park() {
    for dialect in Dialect::ALL {
        let mut session = Session::start(dialect).await;
        for (verb, params) in [
            ("goto", json!({ "altitude": 40, "azimuth": 90 })),
            ("park", json!({})),
        ] {
            let slew = session.does(verb, params).await["motion"].clone();
            session.status(|status| status["slewing"] == true).await;
            session.told(&[]);
            let jog = json!({ "direction": "north", "rate": "center", "lease_ms": 5000 });
            let jog = session.does("jog", jog).await["motion"].clone();
            assert_eq!(session.end_of(&slew).await["why"], "superseded");
            let info = session.client.call("host.info", json!({})).await.unwrap();
            let motions = &info["plugins"]["mount"]["motions"];
            assert_eq!(motions.as_array().unwrap().len(), 1, "{motions}");
            assert_eq!(session.end_of(&jog).await["why"], "lease");
            session.receives(":Qn#");
            let told = session.told(&[":M", ":Q", ":R"]);
            assert_eq!(told[0], ":Q#", "{dialect} {verb}: {told:?}");
            let end = [":RC#", ":Mn#", ":Qn#"];
            assert!(told.ends_with(&end.map(String::from)), "{told:?}");
            let status = session.status(|status| status["slewing"] == false).await;
            assert_eq!(status["parked"], false, "{dialect} {verb}: {status}");
        }
    }
}

#[tokio::test]
async fn a_classic_that_looks_for_its_home_once_more_is_deaf_once_more() {
    let mut session = Session::start(Dialect::Classic).await;
    let far = json!({ "altitude": 40, "azimuth": 90 });
    session.completes("goto", far).await;
    for _ in 0..3 {
        let home = loop {
            match session.call("home", json!({})).await {
                Ok(begun) => break begun["motion"].clone(),
                // The host has yet to tell the handler of the stop, or repeats it, as it sees nothing of a deaf mount.
                Err(error) => {
                    assert!(
                        [-32004, -32008].map(Value::from).contains(&error["code"]),
                        "{error}"
                    );
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            }
        };
        for _ in 0..5 {
            let track = json!({ "mode": "sidereal" });
            let reason = session.refuses("track", track).await;
            assert!(reason.contains("looking for its home"), "{reason}");
        }
        session.does("stop", json!({})).await;
        assert_eq!(session.end_of(&home).await["why"], "stop");
    }
}

#[tokio::test]
async fn a_goto_that_is_refused_leaves_no_older_one_going_on() {
    for dialect in Dialect::ALL {
        let mut session = Session::start(dialect).await;
        let far = json!({ "altitude": 40, "azimuth": 90 });
        session.does("goto", far).await;
        session.status(|status| status["slewing"] == true).await;
        let below = json!({ "altitude": -20, "azimuth": 170 });
        session.refuses("goto", below).await;
        session.receives(":Q#");
        let status = session.status(|status| status["slewing"] == false).await;
        let altitude = number(&status["altitude"]);
        assert!((altitude - 40.0).abs() > 1.0, "it arrived: {status}");
    }
}

#[tokio::test]
async fn a_sync_moves_the_reading_and_a_far_one_needs_force() {
    for dialect in Dialect::ALL {
        let mut session = Session::start(dialect).await;
        let before = session.does("status", json!({})).await;
        let (ra, dec) = (number(&before["ra"]), number(&before["dec"]));
        let at = |dec: f64| json!({ "ra": ra, "dec": dec, "frame": "JNow" });
        let synced = session.does("sync", at(dec + 0.3)).await;
        assert!((number(&synced["distance"]) - 0.3).abs() < 0.01, "{synced}");
        let there = |status: &Value| (number(&status["dec"]) - dec - 0.3).abs() < 0.01;
        for _ in 0..3 {
            let after = session.status(there).await;
            assert_eq!(after["slewing"], false, "a jump is no motion: {after}");
        }
        let reason = session.refuses("sync", at(dec + 8.3)).await;
        assert!(
            reason.contains("8.0 degrees") && reason.contains("force"),
            "{reason}"
        );
        assert_eq!(session.told(&[":CM#"]).len(), 1);
        let mut forced = at(dec + 8.3);
        forced["force"] = json!(true);
        session.does("sync", forced).await;
        assert_eq!(session.told(&[":CM#"]).len(), 1);
    }
}

#[tokio::test]
async fn a_jog_and_a_pulse_end_by_themselves_and_a_pulse_waits_for_no_jog() {
    for dialect in Dialect::ALL {
        let mut session = Session::start(dialect).await;
        let jog = json!({ "direction": "north", "rate": "center", "lease_ms": 1000 });
        let jogged = session.does("jog", jog).await;
        let pulse = json!({ "direction": "west", "duration_ms": 300 });
        let reason = session.refuses("guide", pulse.clone()).await;
        assert!(reason.contains("north"), "{reason}");
        let ended = session.end_of(&jogged["motion"]).await;
        assert_eq!(ended["why"], "lease");
        session.receives(":Qn#");
        let moves = [":M", ":Q", ":R"];
        assert_eq!(session.told(&moves), [":RC#", ":Mn#", ":Qn#"]);
        session.completes("guide", pulse).await;
        session.receives(of(dialect, ":Qw#", ":Mgw0300#"));
        let told = of(dialect, vec![":RG#", ":Mw#", ":Qw#"], vec![":Mgw0300#"]);
        assert_eq!(session.told(&moves), told);
        if dialect == Dialect::Classic {
            let frames = session.observatory.mount().wire().frames();
            let at = |request: &str| {
                let frame = frames.iter().find(|frame| frame.request == request);
                frame.unwrap().at
            };
            let took = at(":Qw#").duration_since(at(":Mw#"));
            println!("a pulse of 300 ms took {} ms on the wire", took.as_millis());
            assert!(took.as_millis() >= 290, "{took:?}");
        }
    }
}

#[tokio::test]
async fn what_the_mount_follows_is_set_and_told() {
    for dialect in Dialect::ALL {
        let mut session = Session::start(dialect).await;
        for mode in ["solar", "lunar", "off", "sidereal"] {
            let answer = session.does("track", json!({ "mode": mode })).await;
            assert_eq!(answer, json!({ "tracking": mode }));
            session.status(|status| status["tracking"] == mode).await;
            assert_eq!(session.observatory.mount().state().tracking, mode != "off");
        }
    }
}

#[tokio::test]
async fn a_mount_goes_home() {
    for dialect in Dialect::ALL {
        let mut session = Session::start(dialect).await;
        session.completes("home", json!({})).await;
        let told = session.told(&[":hF", ":hC"]);
        assert_eq!(told, [of(dialect, ":hF#", ":hC#")]);
        assert!(!session.observatory.mount().state().moving);
    }
}

#[tokio::test]
async fn a_parked_mount_sleeps_until_it_is_woken() {
    for dialect in Dialect::ALL {
        let mut session = Session::start(dialect).await;
        session.completes("park", json!({})).await;
        assert!(session.observatory.mount().state().parked);
        let status = session.status(|status| status["parked"] == true).await;
        assert_eq!(status["tracking"], "off", "{status}");
        for (verb, params) in [
            ("goto", json!({ "altitude": 60, "azimuth": 170 })),
            ("jog", json!({ "direction": "south" })),
            ("guide", json!({ "direction": "south", "duration_ms": 100 })),
            ("track", json!({ "mode": "sidereal" })),
            ("home", json!({})),
        ] {
            let reason = session.refuses(verb, params).await;
            assert_eq!(reason, "the mount is parked: unpark it first", "{verb}");
        }
        session.completes("unpark", json!({})).await;
        assert!(!session.observatory.mount().state().parked);
        let told = session.told(&[":hP", ":hW", ":hR"]);
        assert_eq!(told, [":hP#", of(dialect, ":hW#", ":hR#")]);
        session.status(|status| status["parked"] == false).await;
        session.does("jog", json!({ "direction": "south" })).await;
    }
}

#[tokio::test]
async fn site_and_time_are_told_with_the_signs_of_mounts() {
    for dialect in Dialect::ALL {
        let mut session = Session::start(dialect).await;
        session.does("info", json!({})).await;
        session.told(&[]);
        let sydney = json!({ "latitude": -33.8688, "longitude": 151.2093, "elevation": 58 });
        let site = session.does("set_site", sydney).await;
        assert!((number(&site["latitude"]) + 33.8688).abs() < 0.02, "{site}");
        assert!(
            (number(&site["longitude"]) - 151.2093).abs() < 0.02,
            "{site}"
        );
        assert_eq!(
            session.told(&[":St", ":Sg", ":Sv"]),
            of(
                dialect,
                vec![":St-33*52#", ":Sg208*47#"],
                vec![":St-33*52:08#", ":Sg-151*12:33#", ":Sv+58.0#"]
            )
        );
        let info = session.does("info", json!({})).await;
        assert_eq!(info["site"], site);
        let time = session
            .does("set_time", json!({ "time": "2030-02-03T04:05:06+02:00" }))
            .await;
        assert!(
            time["time"]
                .as_str()
                .unwrap()
                .starts_with("2030-02-03T02:05:"),
            "{time}"
        );
        let told = session.told(&[":SG", ":SL", ":SC"]);
        assert_eq!(told[0], ":SG-02#");
        assert!(told[1].starts_with(":SL04:05:0"), "{told:?}");
        assert_eq!(told[2..], [":SC02/03/30#"]);
        let own = session.does("set_time", json!({})).await;
        let told = session.told(&[":SG", ":SL", ":SC"]);
        assert_eq!(told[0], ":SG-02#", "the zone stays: {told:?}");
        println!("{dialect}: {own} as {told:?}");
        for _ in 0..3 {
            let status = session.status(|_| true).await;
            assert_eq!(status["slewing"], false, "a jump is no motion: {status}");
        }
    }
}
