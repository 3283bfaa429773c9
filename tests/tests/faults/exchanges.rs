//! What is said between the host and the mount is lost, late or garbled, or the device goes.

use std::time::{Duration, Instant};

use serde_json::json;
use slewgate_simulator::Dialect;
use slewgate_tests::{PATIENCE, Setup, orders};

use crate::scene::{Scene, everywhere, failed};

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

/// Each of its exchanges ends in time, and so do the looks at the goto; nothing else would end it where no limits have to be kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_goto_whose_samples_never_end_in_time_is_ended() {
    everywhere(&[()], async |dialect, ()| {
        let setup = Setup::default()
            .variable("SLEWGATE_PLUGINS__MOUNT__LIMITS", "off")
            .variable("SLEWGATE_PLUGINS__MOUNT__WAIT_MS", "2500");
        let mut scene = Scene::on(dialect, setup).await;
        let begun = scene.far_goto().await.unwrap();
        scene.suffers("delay=1800ms,match=:GR");
        scene.suffers("delay=1800ms,match=:GD");
        let ended = scene.end_of(&begun["motion"]).await;
        assert_eq!(ended["why"], "orphaned", "{dialect}: {ended}");
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
