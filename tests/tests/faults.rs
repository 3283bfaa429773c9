//! Whatever goes wrong between the host and a mount, and with the mount itself: noticed, told as it is, never repeated, and over
//! when its cause is.

use std::future::Future;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use slewgate_simulator::{ActiveFault, Dialect, Wire};
use slewgate_tests::{Client, Observatory, PATIENCE, Setup, orders};
use tokio::task::JoinSet;

const LINE: &str = "mount.line";
const MOTION: &str = "mount.motion";
const STATUS: &str = "mount.status";
const ALARMS: &str = "alarms";

/// Nowhere near the limits, and some 8 degrees apart.
const PLACES: [(f64, f64); 2] = [(60.0, 170.0), (56.0, 182.0)];

/// A host on a mount of its own, and a client that hears of everything but samples.
struct Scene {
    observatory: Observatory,
    client: Client,
    gotos: usize,
}

impl Scene {
    async fn of(dialect: Dialect) -> Scene {
        let observatory = Setup::default()
            .variable("REQUEST_LIMIT_PER_MINUTE", "100000")
            .below_the_horizon_too()
            .own_mount_that_speaks(dialect)
            .start()
            .attached();
        let mut client = observatory.client("telescope").await;
        let topics = json!({ "topics": [LINE, MOTION, ALARMS] });
        client.call("events.subscribe", topics).await.unwrap();
        assert_eq!(client.event(ALARMS).await["data"], json!({ "alarms": [] }));
        client.event(MOTION).await;
        client.event(LINE).await;
        Scene {
            observatory,
            client,
            gotos: 0,
        }
    }

    fn wire(&self) -> Wire {
        self.observatory.mount().wire()
    }

    fn suffers(&self, fault: &str) -> ActiveFault {
        let fault = fault.parse().unwrap_or_else(|error| panic!("{error}"));
        self.observatory.mount().faults().add(fault)
    }

    fn recovers(&self) {
        self.observatory.mount().faults().clear();
    }

    /// Somebody watches from now on, so that samples come every half second.
    async fn is_watched(&mut self) {
        let topics = json!({ "topics": [STATUS] });
        self.client.call("events.subscribe", topics).await.unwrap();
        self.client.event(STATUS).await;
    }

    /// Sets out for the other place.
    /// So far that a stop which comes late still finds it on its way.
    async fn far_goto(&mut self) -> Result<Value, Value> {
        let place = json!({ "altitude": 35, "azimuth": 290 });
        self.client.call("mount.goto", place).await
    }

    async fn goto(&mut self) -> Result<Value, Value> {
        self.gotos += 1;
        let (altitude, azimuth) = PLACES[self.gotos % PLACES.len()];
        let place = json!({ "altitude": altitude, "azimuth": azimuth });
        self.client.call("mount.goto", place).await
    }

    async fn jog(&mut self, lease_ms: u64) -> Value {
        let jog = json!({ "direction": "north", "rate": "find", "lease_ms": lease_ms });
        let begun = self.client.call("mount.jog", jog).await.unwrap();
        self.observatory.wait("motion", || {
            self.observatory.mount().state().moving.then_some(())
        });
        begun["motion"].clone()
    }

    /// What becomes of the newest motion. Others' news are passed over.
    async fn end_of(&mut self, motion: &Value) -> Value {
        loop {
            let news = self.client.event(MOTION).await["data"].take();
            if news["happening"] == "ended" && news["motion"] == *motion {
                return news;
            }
        }
    }

    /// The number of the motion that begins next.
    async fn began(&mut self) -> Value {
        loop {
            let mut news = self.client.event(MOTION).await["data"].take();
            if news["happening"] == "began" {
                return news["motion"].take();
            }
        }
    }

    /// The mount stands, or follows the sky, within a deadline for one that has to be told several times.
    async fn rests(&self) {
        let deadline = Instant::now() + 2 * PATIENCE;
        while self.observatory.mount().state().moving {
            assert!(
                Instant::now() < deadline,
                "it moves: {:?}",
                orders(&self.wire())
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The next reading that is younger than now is right. What comes before it may be a failure, of the hardware alone.
    async fn is_read_anew(&mut self) {
        let since = Instant::now();
        loop {
            match self.client.call("mount.status", json!({})).await {
                Ok(status) => {
                    let age = Duration::from_millis(status["age_ms"].as_u64().unwrap());
                    if age <= since.elapsed() {
                        return self.shows_where_it_is(&status);
                    }
                }
                Err(error) => assert_eq!(error["code"], -32003, "{error}"),
            }
            assert!(since.elapsed() < 2 * PATIENCE, "no fresh status");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn shows_where_it_is(&self, status: &Value) {
        let truly = self.observatory.mount().pointing();
        let told = ["ra", "dec"].map(|name| status[name].as_f64().unwrap());
        let turn = (told[0] - truly.ra).rem_euclid(24.0) * 15.0;
        let off = turn.min(360.0 - turn).max((told[1] - truly.dec).abs());
        assert!(off < 0.5, "{status} instead of {truly:?}");
    }

    /// Nothing is left of the fault: what is asked for next is done, and done once.
    async fn works(&mut self) {
        self.recovers();
        self.is_read_anew().await;
        self.rests().await;
        self.client.forget(MOTION);
        let before = self.set_out();
        let begun = self.goto().await.unwrap();
        let ended = self.end_of(&begun["motion"]).await;
        assert_eq!(ended["why"], "done", "{ended}");
        assert_eq!(self.set_out(), before + 1);
        self.rests().await;
        self.is_read_anew().await;
    }

    /// How often the mount heard that it is to set out.
    fn set_out(&self) -> usize {
        let frames = self.wire().frames().into_iter();
        frames.filter(|frame| frame.request == ":MS#").count()
    }

    /// The next alarm, also in the security log.
    async fn alarm(&mut self, kind: &str) -> Value {
        let deadline = Instant::now() + 3 * PATIENCE;
        let alarm = tokio::time::timeout_at(deadline.into(), self.client.event(ALARMS));
        let alarm = alarm.await.expect("an alarm in time")["data"].take();
        assert_eq!(alarm["alarm"], kind, "{alarm}");
        assert_eq!(alarm["plugin"], "mount", "{alarm}");
        self.observatory.wait_for_security_event(|event| {
            event["event"] == "alarm" && event["subject"] == "mount"
        });
        alarm
    }

    /// No alarm was raised so far.
    fn nobody_was_called(&self) {
        let log = self.observatory.security_log();
        let alarms: Vec<_> = log.iter().filter(|e| e["event"] == "alarm").collect();
        assert!(alarms.is_empty(), "{alarms:?}");
    }
}

/// A failure of the hardware, with what is known of it.
fn failed(error: &Value, outcome: &str, case: &str) {
    assert_eq!(error["code"], -32003, "{case}: {error}");
    assert_eq!(error["data"]["outcome"], outcome, "{case}: {error}");
}

/// The same with both controllers, and each of these, at once.
async fn everywhere<T, F>(cases: &[T], play: impl Fn(Dialect, T) -> F)
where
    T: Copy,
    F: Future<Output = ()> + Send + 'static,
{
    let mut plays = JoinSet::new();
    for dialect in Dialect::ALL {
        for case in cases {
            plays.spawn(play(dialect, *case));
        }
    }
    while let Some(played) = plays.join_next().await {
        if let Err(failed) = played {
            std::panic::resume_unwind(failed.into_panic());
        }
    }
}

/// What happens to one exchange: its request or reply is lost, late, or not what it was, or the device goes.
const OF_AN_EXCHANGE: [&str; 6] = [
    "drop",
    "drop,what=request",
    "cut=0",
    "garble=1",
    "delay=3s",
    "disconnect=1s",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_goto_that_fails_while_it_is_set_up_is_told_and_nothing_moves_by_it() {
    everywhere(&[":Sr", ":Sd"], async |dialect, phase| {
        let mut scene = Scene::of(dialect).await;
        for kind in OF_AN_EXCHANGE {
            let case = format!("{dialect}, {kind} at {phase}");
            let fault = scene.suffers(&format!("{kind},match={phase},next=1"));
            failed(&scene.goto().await.unwrap_err(), "indeterminate", &case);
            assert_eq!(fault.hits(), 1, "{case}");
            scene.is_read_anew().await;
            assert!(!scene.observatory.mount().state().moving, "{case}");
            assert_eq!(scene.set_out(), 0, "{case}");
        }
        scene.works().await;
        scene.nobody_was_called();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_goto_whose_setting_out_fails_is_told_and_looked_after_and_never_repeated() {
    everywhere(&OF_AN_EXCHANGE, async |dialect, kind| {
        let mut scene = Scene::of(dialect).await;
        let case = format!("{dialect}, {kind}");
        scene.suffers(&format!("{kind},match=:MS,next=1"));
        failed(&scene.goto().await.unwrap_err(), "indeterminate", &case);
        let motion = scene.began().await;
        let ended = scene.end_of(&motion).await;
        let (why, heard) = match kind {
            "drop,what=request" => ("failed", 0),
            "disconnect=1s" => ("line_lost", 1),
            _ => ("done", 1),
        };
        assert_eq!(ended["why"], why, "{case}: {ended}");
        scene.rests().await;
        assert_eq!(scene.set_out(), heard, "{case}");
        let stopped = || orders(&scene.wire()).iter().any(|order| order == ":Q#");
        match why {
            "done" => assert!(!stopped(), "{case}"),
            _ => scene.observatory.wait("a stop", || stopped().then_some(())),
        }
        scene.works().await;
        scene.nobody_was_called();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_status_that_fails_is_told_and_the_next_one_is_right() {
    everywhere(&[":GR", ":GD"], async |dialect, phase| {
        let mut scene = Scene::of(dialect).await;
        for kind in [
            "drop",
            "drop,what=request",
            "cut",
            "garble=8",
            "delay=3s",
            "disconnect=1s",
        ] {
            let case = format!("{dialect}, {kind} at {phase}");
            scene.suffers(&format!("{kind},match={phase}"));
            let deadline = Instant::now() + PATIENCE;
            let error = loop {
                // The newest sample serves until it is too old.
                match scene.client.call("mount.status", json!({})).await {
                    Ok(status) => scene.shows_where_it_is(&status),
                    Err(error) => break error,
                }
                assert!(Instant::now() < deadline, "{case}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            };
            failed(&error, "indeterminate", &case);
            scene.recovers();
            scene.is_read_anew().await;
        }
        let orders = orders(&scene.wire());
        assert!(
            orders.iter().all(|order| order.starts_with(":Q")),
            "{orders:?}"
        );
        scene.works().await;
        scene.nobody_was_called();
    })
    .await;
}

/// What the handler asks a mount that is on its way, of each controller.
fn look(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Classic => ":D",
        Dialect::OnStep => ":GU",
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_goto_on_its_way_outlives_what_happens_to_a_look_at_it_and_is_not_repeated() {
    let kinds = [
        "drop,what=request,next=2",
        "cut=0,next=2",
        "garble=2,next=2",
        "delay=1s,next=2",
        "babble=8,every=1s",
    ];
    everywhere(&kinds, async |dialect, kind| {
        let mut scene = Scene::of(dialect).await;
        let begun = scene.goto().await.unwrap();
        let looks = match kind.starts_with("babble") {
            true => String::new(),
            false => format!(",match={}", look(dialect)),
        };
        let fault = scene.suffers(&format!("{kind}{looks}"));
        let ended = scene.end_of(&begun["motion"]).await;
        let case = format!("{dialect}, {kind}: {ended}, struck {} times", fault.hits());
        assert_eq!(ended["why"], "done", "{case}");
        assert!(fault.hits() > 0, "{case}");
        assert_eq!(orders(&scene.wire()), [":MS#"], "{case}");
        scene.works().await;
        scene.nobody_was_called();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_moves_when_the_device_goes_or_falls_silent_is_ended_and_stopped_first_of_all() {
    let cases = [
        ("goto", "disconnect=1s"),
        ("goto", "silence"),
        ("jog", "disconnect=1s"),
        ("jog", "silence"),
    ];
    everywhere(&cases, async |dialect, (method, kind)| {
        let mut scene = Scene::of(dialect).await;
        let case = format!("{dialect}, {kind} in a {method}");
        let motion = match method {
            "goto" => scene.goto().await.unwrap()["motion"].take(),
            _ => scene.jog(10_000).await,
        };
        let before = scene.wire().received();
        let set_out = scene.set_out();
        scene.suffers(kind);
        let ended = scene.end_of(&motion).await;
        assert_eq!(ended["why"], "line_lost", "{case}: {ended}");
        if kind == "silence" {
            let failure = scene.client.call("mount.status", json!({})).await;
            failed(&failure.unwrap_err(), "not_started", &case);
            scene.recovers();
        }
        scene.rests().await;
        scene.is_read_anew().await;
        let since: Vec<_> = scene.wire().frames().into_iter().collect();
        let mut since = since.iter().filter(|frame| frame.number > before);
        assert!(
            since.any(|frame| frame.request.starts_with(":Q")),
            "{case}: no stop"
        );
        let orders = orders(&scene.wire());
        let begun = orders.iter().filter(|order| order.starts_with(":M"));
        assert_eq!(begun.count(), 1, "{case}: {orders:?}");
        assert_eq!(scene.set_out(), set_out, "{case}");
        scene.works().await;
        scene.nobody_was_called();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stop_that_is_not_obeyed_at_once_is_repeated_until_it_is() {
    let cases = [
        ("jog", "runaway=second,ignores=2"),
        ("goto", "runaway=first,rate=1,ignores=2"),
        ("jog", "drop,what=request,match=:Q,next=2"),
        ("goto", "drop,what=request,match=:Q,next=2"),
        ("jog", "disconnect=1s,match=:Q"),
        ("jog", "silence,for=3s"),
    ];
    everywhere(&cases, async |dialect, (method, kind)| {
        let mut scene = Scene::of(dialect).await;
        let case = format!("{dialect}, {kind} at the stop of a {method}");
        scene.is_watched().await;
        let motion = match method {
            "goto" => scene.far_goto().await.unwrap()["motion"].take(),
            _ => scene.jog(10_000).await,
        };
        let set_out = scene.set_out();
        scene.suffers(kind);
        let stopped = scene.client.call("mount.stop", json!({})).await;
        assert_eq!(stopped.unwrap(), json!({ "stopped": true }), "{case}");
        let ended = scene.end_of(&motion).await;
        assert_eq!(ended["why"], "stop", "{case}: {ended}");
        scene.rests().await;
        assert_eq!(scene.set_out(), set_out, "{case}");
        let heard = orders(&scene.wire());
        let stops = heard.iter().filter(|order| *order == ":Q#").count();
        let least = if kind.starts_with("runaway") { 3 } else { 1 };
        assert!(stops >= least, "{case}: {heard:?}");
        scene.works().await;
        scene.nobody_was_called();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_end_of_a_jog_that_the_mount_did_not_hear_is_seen_and_followed_by_stops() {
    everywhere(&["drop,what=request,match=:Qn"], async |dialect, kind| {
        let mut scene = Scene::of(dialect).await;
        scene.suffers(kind);
        let motion = scene.jog(1_000).await;
        let ended = scene.end_of(&motion).await;
        assert_eq!(ended["why"], "lease", "{dialect}: {ended}");
        scene.rests().await;
        let heard = orders(&scene.wire());
        assert_eq!(heard[..2], [":Mn#", ":Q#"], "{dialect}: {heard:?}");
        scene.works().await;
        scene.nobody_was_called();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_mount_that_obeys_no_stop_people_are_told_and_it_is_told_on_and_on() {
    everywhere(&["jog", "goto"], async |dialect, method| {
        let mut scene = Scene::of(dialect).await;
        scene.is_watched().await;
        let kind = match method {
            "goto" => "runaway=first,rate=0.5",
            _ => "runaway=second",
        };
        let motion = match method {
            "goto" => scene.goto().await.unwrap()["motion"].take(),
            _ => scene.jog(10_000).await,
        };
        scene.suffers(kind);
        scene.client.call("mount.stop", json!({})).await.unwrap();
        scene.end_of(&motion).await;
        scene.alarm("does_not_stop").await;
        assert!(scene.observatory.mount().state().moving, "{dialect}");
        let stops = || {
            let heard = orders(&scene.wire());
            heard.iter().filter(|order| *order == ":Q#").count()
        };
        let before = stops();
        assert!(before >= 5, "{dialect}: {before} stops");
        scene
            .observatory
            .wait("another stop", || (stops() > before).then_some(()));
        scene.works().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_mount_that_moves_and_was_not_asked_to_is_stopped_and_people_are_told() {
    everywhere(
        &[
            "runaway=first,rate=1,ignores=0",
            "runaway=second,rate=-1,ignores=2",
        ],
        async |dialect, kind| {
            let mut scene = Scene::of(dialect).await;
            scene.is_watched().await;
            scene.suffers(kind);
            scene.alarm("runaway").await;
            scene.rests().await;
            let heard = orders(&scene.wire());
            assert!(!heard.is_empty(), "{dialect}, {kind}");
            assert!(
                heard.iter().all(|order| order == ":Q#"),
                "{dialect}, {kind}: {heard:?}"
            );
            scene.works().await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_goto_to_where_the_mount_is_not_or_does_not_get_is_never_called_done() {
    let lies = ["lie=5", "lie=-3,axis=first", "lie=frozen"];
    everywhere(&lies, async |dialect, kind| {
        let mut scene = Scene::of(dialect).await;
        let begun = scene.goto().await.unwrap();
        scene.suffers(kind);
        let ended = scene.end_of(&begun["motion"]).await;
        assert_eq!(ended["why"], "failed", "{dialect}, {kind}: {ended}");
        let error = ended["error"].as_str().unwrap();
        assert!(error.contains("degrees from its target"), "{error}");
        scene.works().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_axis_that_is_stuck_ends_no_goto_and_a_stop_does() {
    everywhere(&["stuck=first", "stuck=second"], async |dialect, kind| {
        let mut scene = Scene::of(dialect).await;
        let fault = scene.suffers(kind);
        let begun = scene.goto().await.unwrap();
        assert!(fault.hits() > 0, "{dialect}, {kind}");
        // As long as it would take, and longer.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let info = scene.client.call("host.info", json!({})).await.unwrap();
        let motions = &info["plugins"]["mount"]["motions"];
        let goes_on = motions[0]["motion"] == begun["motion"];
        scene.client.call("mount.stop", json!({})).await.unwrap();
        let ended = scene.end_of(&begun["motion"]).await;
        let why = if goes_on { "stop" } else { "failed" };
        assert_eq!(ended["why"], why, "{dialect}, {kind}: {ended}");
        scene.rests().await;
        scene.works().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_host_whose_mount_is_silent_or_away_takes_next_to_nothing_of_the_processor() {
    everywhere(&["silence", "disconnect=1m"], async |dialect, kind| {
        let mut scene = Scene::of(dialect).await;
        scene.is_watched().await;
        let motion = scene.goto().await.unwrap()["motion"].take();
        scene.suffers(kind);
        scene.end_of(&motion).await;
        let before = scene.observatory.processor_time();
        let since = Instant::now();
        tokio::time::sleep(Duration::from_secs(6)).await;
        let spent = scene.observatory.processor_time() - before;
        let watched = since.elapsed();
        println!("{dialect}, {kind}: {spent:?} of processor time in {watched:?}");
        assert!(
            spent < watched / 20,
            "{dialect}, {kind}: {spent:?} of {watched:?}"
        );
        scene.works().await;
    })
    .await;
}
