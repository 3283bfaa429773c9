//! The mount does not do what it is told, does what it is not told, or says what is not so.

use serde_json::json;
use slewgate_tests::orders;

use crate::scene::{STATUS, Scene, everywhere};

/// Looks at the mount, twice a second, in which a goto between the two places of a scene ends.
const LOOKS: usize = 12;

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
        scene.is_watched().await;
        let fault = scene.suffers(kind);
        let begun = scene.goto().await.unwrap();
        assert!(fault.hits() > 0, "{dialect}, {kind}");
        // Twice a second: as long as it would take, and longer.
        for _ in 0..LOOKS {
            scene.client.event(STATUS).await;
        }
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
