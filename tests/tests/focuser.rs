//! A focuser, which is no mount: it is moved and watched as a mount is, and nothing asks where it points.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use slewgate_simulator::{Moonlite, MoonliteSettings, Simulator};
use slewgate_sky::SystemClock;
use slewgate_tests::{Builds, Client, Observatory, Setup};
use tempfile::TempDir;

const MOTION: &str = "focuser.motion";
const LINE: &str = "focuser.line";
const STATUS: &str = "focuser.status";

/// So many samples tell of what was before them: one may have been under way, and a temperature is measured from one to the next.
const SAMPLES: usize = 6;

/// Its travel ends at 50,000 of the steps that the simulated one takes.
const MEASURED: &str = r#"settings = { maximum = 50000, maximum_mode = "full" }"#;

/// Its line is there once the test has a focuser; nobody says where it stands.
fn setup(device: &Path, settings: &str) -> Setup {
    let device = device.display();
    Setup::default()
        .variable("REQUEST_LIMIT_PER_MINUTE", "100000")
        .config(&format!("[lines.focus]\ndevice = \"{device}\""))
        .config("[plugins.focuser]\ncomponent = \"focuser.wasm\"\nlines = { port = \"focus\" }")
        .config(settings)
}

/// A focuser that the test simulates, and a host with nothing else.
struct Scene {
    _directory: TempDir,
    focuser: Simulator<Moonlite>,
    observatory: Observatory,
    client: Client,
}

impl Scene {
    /// At 30,000 steps of its travel, attached, and a client that hears of its line and its motions.
    async fn new() -> Scene {
        Scene::with(MEASURED).await
    }

    async fn with(settings: &str) -> Scene {
        let directory = TempDir::new().unwrap();
        let link = directory.path().join("focuser");
        let focuser = Simulator::start_moonlite(MoonliteSettings {
            link: Some(link.clone()),
            ..MoonliteSettings::new(Arc::new(SystemClock))
        });
        let observatory = setup(&link, settings).start();
        let client = observatory.client("telescope").await;
        let mut scene = Scene {
            _directory: directory,
            focuser: focuser.unwrap(),
            observatory,
            client,
        };
        scene
            .call(
                "events.subscribe",
                json!({ "topics": [LINE, MOTION, STATUS] }),
            )
            .await;
        scene.client.event(MOTION).await;
        scene.hears_of_the_line(is_attached(1)).await;
        scene
    }

    async fn call(&mut self, method: &str, params: Value) -> Value {
        let called = self.client.call(method, params).await;
        called.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    async fn refused(&mut self, method: &str, params: Value) -> Value {
        let called = self.client.call(method, params).await;
        called.expect_err(method)
    }

    /// The next news of the line that is wanted.
    async fn hears_of_the_line(&mut self, wanted: impl Fn(&Value) -> bool) {
        loop {
            if wanted(&self.client.event(LINE).await["data"]) {
                return;
            }
        }
    }

    /// How the motion that goes on ends.
    async fn ending(&mut self) -> Value {
        self.motion_news(|news| news["happening"] == "ended").await
    }

    async fn motion_news(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let news = self.client.event(MOTION).await["data"].take();
            if wanted(&news) {
                return news;
            }
        }
    }

    /// Waits for a sample to have this.
    async fn sees(&mut self, key: &str, value: Value) {
        self.client.forget(STATUS);
        let mut seen = Value::Null;
        for _ in 0..SAMPLES {
            seen = self.client.event(STATUS).await["data"].take();
            if seen[key] == value {
                return;
            }
        }
        panic!("{key} is not {value}: {seen}");
    }

    fn wait_until_it_moves(&self) {
        self.observatory
            .wait("motion", || self.focuser.state().moving.then_some(()));
    }

    fn wait_until_it_stands(&self) {
        self.observatory
            .wait("rest", || (!self.focuser.state().moving).then_some(()));
    }

    /// What it was told that sends or halts it, oldest first.
    fn orders(&self) -> Vec<String> {
        let requests = self.focuser.wire().frames().into_iter();
        requests
            .map(|frame| frame.request)
            .filter(|request| request.starts_with(":SN") || request.starts_with(":F"))
            .collect()
    }
}

/// Open for the so manieth time, with a focuser that was asked what it is.
fn is_attached(opened: u64) -> impl Fn(&Value) -> bool {
    move |news| {
        let line = json!({ "line": "focus", "state": "open", "opened": opened });
        news["lines"]["port"] == line && news["hardware"]["state"] == "attached"
    }
}

#[tokio::test]
async fn a_focuser_says_what_it_is_and_where_it_stands() {
    let mut scene = Scene::new().await;
    let info = scene.call("focuser.info", json!({})).await;
    assert_eq!(info["model"], "Moonlite focuser");
    assert_eq!(info["firmware"], "1.0");
    assert_eq!(info["maximum"], 50_000);
    let host = scene.call("host.info", json!({})).await;
    let hardware = &host["plugins"]["focuser"]["hardware"];
    assert_eq!(hardware["model"], "Moonlite focuser 1.0");
    let status = scene.call("focuser.status", json!({})).await;
    assert_eq!(status["position"], 30_000, "{status}");
    assert_eq!(status["moving"], false, "{status}");
    assert_eq!(status["steps_per_second"], 250, "{status}");
    assert_eq!(status["step_mode"], "full", "{status}");
    assert!(status.get("ra").is_none(), "{status}");
    scene.sees("temperature", json!(12.0)).await;
}

#[tokio::test]
async fn a_move_ends_at_its_position_without_a_site_and_by_steps_from_there() {
    let mut scene = Scene::new().await;
    let begun = scene
        .call("focuser.move_to", json!({ "position": 30_300 }))
        .await;
    let ended = scene.ending().await;
    assert_eq!(ended["motion"], begun["motion"]);
    assert_eq!(
        (&ended["why"], &ended["kind"]),
        (&json!("done"), &json!("slew"))
    );
    assert_eq!(scene.focuser.state().position, 30_300);
    scene.call("focuser.move_by", json!({ "steps": -50 })).await;
    assert_eq!(scene.ending().await["why"], "done");
    assert_eq!(scene.focuser.state().position, 30_250);
    scene.sees("moving", json!(false)).await;
}

#[tokio::test]
async fn what_is_set_is_what_the_focuser_then_says() {
    let mut scene = Scene::with("settings = {}").await;
    for (method, params, key, told) in [
        (
            "focuser.sync",
            json!({ "position": 1000 }),
            "position",
            json!(1000),
        ),
        (
            "focuser.set_speed",
            json!({ "steps_per_second": 63 }),
            "steps_per_second",
            json!(63),
        ),
        (
            "focuser.set_step_mode",
            json!({ "mode": "half" }),
            "step_mode",
            json!("half"),
        ),
        (
            "focuser.compensate",
            json!({ "on": true, "coefficient": -12 }),
            "compensating",
            json!(true),
        ),
    ] {
        scene.call(method, params).await;
        scene.sees(key, told).await;
    }
}

#[tokio::test]
async fn a_stop_on_the_way_ends_the_move_where_it_is() {
    let mut scene = Scene::new().await;
    scene
        .call("focuser.move_to", json!({ "position": 50_000 }))
        .await;
    scene.wait_until_it_moves();
    let stopped = scene.call("focuser.stop", json!({})).await;
    assert_eq!(stopped["stopped"], true);
    assert_eq!(scene.ending().await["why"], "stop");
    scene
        .motion_news(|news| news["happening"] == "at_rest")
        .await;
    let state = scene.focuser.state();
    assert!(!state.moving && state.position < 50_000, "{state:?}");
    assert_eq!(scene.orders(), [":SNC350#", ":FG#", ":FQ#"]);
}

#[tokio::test]
async fn what_is_beyond_its_travel_is_refused_with_value_and_limit_and_moves_nothing() {
    let mut scene = Scene::new().await;
    let error = scene
        .refused("focuser.move_to", json!({ "position": 50_001 }))
        .await;
    assert_eq!(error["code"], -32004, "{error}");
    let reason = "position 50001 is not on the travel of the focuser, 0 to 50000 steps";
    assert_eq!(error["data"]["reason"], reason);
    let error = scene
        .refused("focuser.move_by", json!({ "steps": -30_001 }))
        .await;
    assert_eq!(error["code"], -32004, "{error}");
    let error = scene
        .refused("focuser.move_to", json!({ "position": 65_536 }))
        .await;
    assert_eq!(error["code"], -32602, "{error}");
    assert_eq!(scene.orders(), [""; 0]);
}

#[tokio::test]
async fn a_focuser_that_is_pulled_out_on_the_way_is_halted_when_it_is_back() {
    let mut scene = Scene::new().await;
    scene
        .call("focuser.move_to", json!({ "position": 50_000 }))
        .await;
    scene.wait_until_it_moves();
    scene.focuser.faults().add("disconnect=1s".parse().unwrap());
    let ended = scene.ending().await;
    assert_eq!(ended["why"], "line_lost", "{ended}");
    scene.hears_of_the_line(is_attached(2)).await;
    scene.wait_until_it_stands();
    let orders = scene.orders();
    assert_eq!(&orders[..3], [":SNC350#", ":FG#", ":FQ#"]);
    assert!(
        orders[3..].iter().all(|order| order == ":FQ#"),
        "{orders:?}"
    );
    let here = scene.focuser.state().position;
    scene
        .call("focuser.move_to", json!({ "position": here - 100 }))
        .await;
    assert_eq!(scene.ending().await["why"], "done");
}

#[tokio::test]
async fn a_focuser_that_moves_and_was_not_asked_to_is_halted_with_an_alarm() {
    let mut scene = Scene::new().await;
    scene
        .call("events.subscribe", json!({ "topics": ["alarms"] }))
        .await;
    scene.client.event("alarms").await;
    let fault = "runaway=first,rate=10,ignores=0";
    scene.focuser.faults().add(fault.parse().unwrap());
    let alarm = scene.client.event("alarms").await;
    assert_eq!(alarm["data"]["plugin"], "focuser", "{alarm}");
    assert_eq!(alarm["data"]["alarm"], "runaway", "{alarm}");
    scene.wait_until_it_stands();
    assert!(scene.orders().iter().all(|order| order == ":FQ#"));
}

#[tokio::test]
async fn a_move_goes_on_while_its_plugin_is_replaced() {
    let mut scene = Scene::new().await;
    scene
        .call("events.subscribe", json!({ "topics": ["plugins"] }))
        .await;
    scene.client.event("plugins").await;
    scene
        .call("focuser.move_to", json!({ "position": 31_000 }))
        .await;
    scene.wait_until_it_moves();
    Builds::of_handler(&scene.observatory, "focuser").swap();
    let news = scene.client.swap().await;
    assert_eq!(news["plugin"]["name"], "focuser", "{news}");
    assert_eq!(scene.ending().await["why"], "done");
    assert_eq!(scene.focuser.state().position, 31_000);
    assert_eq!(scene.orders(), [":SN7918#", ":FG#"]);
}

/// Both simulated by the host.
fn beside_a_mount() -> Observatory {
    setup(Path::new("simulator:moonlite"), MEASURED)
        .config("[lines.east]\n[plugins.mount]")
        .start()
        .attached()
}

#[tokio::test]
async fn an_observer_sees_a_focuser_and_moves_none() {
    let observatory = beside_a_mount();
    let mut observer = observatory.client("observer").await;
    let status = observer.call("focuser.status", json!({})).await.unwrap();
    assert_eq!(status["position"], 30_000, "{status}");
    for (method, params) in [
        ("focuser.move_to", json!({ "position": 1 })),
        ("focuser.sync", json!({ "position": 1 })),
        ("focuser.stop", json!({})),
    ] {
        let error = observer.call(method, params).await.unwrap_err();
        assert_eq!(error["code"], -32001, "{method}: {error}");
    }
}

#[tokio::test]
async fn who_controls_the_mount_does_not_control_the_focuser() {
    let observatory = beside_a_mount();
    let client = async |name| {
        let token = observatory.token("telescope");
        Client::authenticated(observatory.address(), &token, name).await
    };
    let (mut dome, mut desk) = (client("dome").await, client("desk").await);
    let goto = json!({ "altitude": 50, "azimuth": 90 });
    dome.call("mount.goto", goto.clone()).await.unwrap();
    let move_by = json!({ "steps": 5 });
    desk.call("focuser.move_by", move_by.clone()).await.unwrap();
    let error = desk.call("mount.goto", goto).await.unwrap_err();
    assert_eq!(
        (&error["code"], &error["data"]["client_id"]),
        (&json!(-32005), &json!("dome"))
    );
    let error = dome.call("focuser.move_by", move_by).await.unwrap_err();
    assert_eq!(
        (&error["code"], &error["data"]["client_id"]),
        (&json!(-32005), &json!("desk"))
    );
}
