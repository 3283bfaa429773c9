//! Live view: who publishes, who watches, and what becomes of pictures that nobody can take.

use std::fs;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use slewgate_tests::{
    Client, Closed, Observatory, PATIENCE, Setup, number, picture, plugins, test_component,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Bytes of a picture where its size does not matter.
const SMALL: usize = 2_000;

async fn enter(observatory: &Observatory, client_type: &str, id: &str) -> Client {
    let token = observatory.token(client_type);
    Client::authenticated(observatory.liveview(), &token, id).await
}

/// A telescope that publishes, and was told that it does.
async fn publisher(observatory: &Observatory, stream: &str) -> Client {
    let mut client = enter(observatory, "telescope", "camera").await;
    say(&mut client, "publish", stream).await;
    assert_eq!(client.next().await, json!({ "publishing": stream }));
    client
}

/// An observer that watches a stream that there is.
async fn viewer(observatory: &Observatory, stream: &str) -> Client {
    let mut client = enter(observatory, "observer", "viewer").await;
    say(&mut client, "watch", stream).await;
    assert_eq!(client.next().await, json!({ "watching": stream }));
    client
}

async fn say(client: &mut Client, word: &str, stream: &str) {
    client.send(&json!({ word: stream }).to_string()).await;
}

async fn show(client: &mut Client, frame: Vec<u8>) {
    client.send_message(Message::binary(frame)).await;
}

fn closed(code: u16, reason: &str) -> Closed {
    Closed {
        code: Some(code),
        reason: reason.to_owned(),
    }
}

fn error(message: &Value) -> &str {
    message["error"]
        .as_str()
        .unwrap_or_else(|| panic!("no error: {message}"))
}

#[tokio::test]
async fn a_viewer_gets_what_a_publisher_sends_to_the_last_byte() {
    let observatory = Observatory::start();
    let mut camera = publisher(&observatory, "main").await;
    let mut viewer = viewer(&observatory, "main").await;
    for (count, bytes) in [24, 125, 126, 65_535, 65_536, 2_000_000]
        .into_iter()
        .enumerate()
    {
        show(&mut camera, picture(count as u64, bytes)).await;
        let seen = viewer.picture().await;
        assert_eq!((number(&seen), seen.len()), (count as u64, bytes));
    }
}

#[tokio::test]
async fn one_who_comes_late_sees_the_newest_picture_at_once() {
    let observatory = Observatory::start();
    let mut camera = publisher(&observatory, "main").await;
    let mut early = viewer(&observatory, "main").await;
    show(&mut camera, picture(1, SMALL)).await;
    assert_eq!(number(&early.picture().await), 1);
    let mut late = viewer(&observatory, "main").await;
    assert_eq!(number(&late.picture().await), 1);
}

#[tokio::test]
async fn a_frame_without_a_word_publishes_main_and_silence_watches_it() {
    let observatory = Observatory::start();
    let mut silent = enter(&observatory, "observer", "silent").await;
    assert_eq!(
        silent.next().await,
        json!({ "waiting": "main", "streams": [] })
    );
    let mut camera = enter(&observatory, "telescope", "camera").await;
    show(&mut camera, picture(7, SMALL)).await;
    assert_eq!(camera.next().await, json!({ "publishing": "main" }));
    assert_eq!(silent.next().await, json!({ "watching": "main" }));
    assert_eq!(number(&silent.picture().await), 7);
}

#[tokio::test]
async fn who_watches_a_stream_that_is_not_there_hears_which_are_and_waits_for_it() {
    let observatory = Observatory::start();
    let _main = publisher(&observatory, "main").await;
    let mut viewer = enter(&observatory, "observer", "viewer").await;
    say(&mut viewer, "watch", "guide").await;
    let waiting = json!({ "waiting": "guide", "streams": ["main"] });
    assert_eq!(viewer.next().await, waiting);
    for round in 0..2 {
        let mut guide = publisher(&observatory, "guide").await;
        assert_eq!(viewer.next().await, json!({ "watching": "guide" }));
        show(&mut guide, picture(round, SMALL)).await;
        assert_eq!(number(&viewer.picture().await), round);
        guide.close().await;
        assert_eq!(viewer.next().await, waiting);
    }
}

#[tokio::test]
async fn a_frame_of_5_mb_closes_with_1009_and_the_largest_allowed_one_is_shown() {
    let observatory = Observatory::start();
    let mut camera = publisher(&observatory, "main").await;
    let mut viewer = viewer(&observatory, "main").await;
    show(&mut camera, picture(1, 2 * 1024 * 1024)).await;
    assert_eq!(number(&viewer.picture().await), 1);
    // It may be closed while it is sending.
    let frame = Message::binary(picture(2, 5_000_000));
    let _ = timeout(PATIENCE, camera.socket().send(frame))
        .await
        .unwrap();
    assert_eq!(
        camera.closed().await,
        closed(1009, "message over its limit")
    );
    let waiting = json!({ "waiting": "main", "streams": [] });
    assert_eq!(viewer.next().await, waiting);
}

#[tokio::test]
async fn what_is_no_jpeg_is_dropped_and_said_once() {
    let observatory = Observatory::start();
    let mut camera = publisher(&observatory, "main").await;
    let mut viewer = viewer(&observatory, "main").await;
    let whole = picture(1, SMALL);
    for bad in [b"GIF89a".to_vec(), whole[..1_000].to_vec(), Vec::new()] {
        show(&mut camera, bad).await;
    }
    show(&mut camera, whole).await;
    assert_eq!(number(&viewer.picture().await), 1);
    let told = camera.next().await;
    let expected = "dropped a frame that is no JPEG: it does not begin with ff d8";
    assert_eq!(error(&told), expected);
    // What is said next is the answer to this, so nothing was said of the others.
    say(&mut camera, "watch", "main").await;
    assert!(error(&camera.next().await).starts_with("this connection publishes main"));
    camera.close().await;
    observatory.told(&["no JPEG", "\"count\":3"]);
}

#[tokio::test]
async fn a_second_publisher_hears_who_holds_the_stream_and_the_first_goes_on() {
    let observatory = Observatory::start();
    let mut first = publisher(&observatory, "main").await;
    let mut viewer = viewer(&observatory, "main").await;
    let mut second = enter(&observatory, "telescope", "another").await;
    say(&mut second, "publish", "main").await;
    // The holder is asked for a sign of life, which it gives by reading.
    let refused = tokio::select! {
        refused = second.next() => refused,
        said = first.next() => panic!("{said}"),
    };
    let expected = "the stream is published by the telescope (camera); take another name, or end that one first";
    assert_eq!(error(&refused), expected);
    assert_eq!(
        second.closed().await,
        closed(4010, "Stream already published")
    );
    show(&mut first, picture(3, SMALL)).await;
    assert_eq!(number(&viewer.picture().await), 3);
}

#[tokio::test]
async fn a_dead_publisher_gives_way() {
    let setup = Setup::default().config("[command]\nprobe_ms = 200");
    let observatory = setup.start();
    let mut dead = publisher(&observatory, "main").await;
    let mut viewer = viewer(&observatory, "main").await;
    // A client that is not polled answers no ping.
    let mut camera = enter(&observatory, "telescope", "another").await;
    say(&mut camera, "publish", "main").await;
    assert_eq!(camera.next().await, json!({ "publishing": "main" }));
    show(&mut camera, picture(5, SMALL)).await;
    assert_eq!(number(&viewer.picture().await), 5);
    assert_eq!(
        dead.closed().await,
        closed(4010, "Stream already published")
    );
}

#[tokio::test]
async fn an_observer_may_watch_and_not_publish() {
    let observatory = Observatory::start();
    for word in ["{\"publish\": \"main\"}", ""] {
        let mut observer = enter(&observatory, "observer", "observer").await;
        match word {
            "" => show(&mut observer, picture(1, SMALL)).await,
            word => observer.send(word).await,
        }
        let reason = "an observer may look, not change settings";
        let denied = json!({ "error": "permission denied", "reason": reason });
        assert_eq!(observer.next().await, denied);
        assert_eq!(observer.closed().await, closed(1008, "permission denied"));
    }
    let event = observatory.wait_for_security_event(|event| event["event"] == "denied");
    assert_eq!(event["subject"], "liveview.publish", "{event}");

    let _camera = publisher(&observatory, "main").await;
    viewer(&observatory, "main").await;
}

#[tokio::test]
async fn a_telescope_may_publish_and_watch() {
    let observatory = Observatory::start();
    let mut camera = publisher(&observatory, "main").await;
    let mut viewer = enter(&observatory, "telescope", "viewer").await;
    say(&mut viewer, "watch", "main").await;
    show(&mut camera, picture(1, SMALL)).await;
    assert_eq!(number(&viewer.picture().await), 1);
}

#[tokio::test]
async fn a_revoked_token_closes_its_viewer_and_its_publisher() {
    let observatory = Observatory::start();
    let token = observatory.token("telescope");
    let mut camera = Client::authenticated(observatory.liveview(), &token, "camera").await;
    let mut viewer = Client::authenticated(observatory.liveview(), &token, "viewer").await;
    say(&mut camera, "publish", "main").await;
    say(&mut viewer, "watch", "main").await;
    show(&mut camera, picture(1, SMALL)).await;
    viewer.picture().await;
    assert!(
        observatory
            .run(&["token", "revoke", &token])
            .status
            .success()
    );
    for client in [&mut camera, &mut viewer] {
        assert_eq!(client.closed().await, closed(4001, "Authentication failed"));
    }
}

#[tokio::test]
async fn a_swap_that_denies_ends_the_watching_and_one_that_allows_does_not() {
    let observatory = Setup::default().cold().start();
    let mut camera = publisher(&observatory, "main").await;
    let mut viewer = viewer(&observatory, "main").await;
    let policy = observatory.data().join("policies/observer.wasm");
    let swapped = |what: &str| {
        observatory.wait_for_security_event(|event| {
            let reason = event["reason"].as_str().unwrap_or_default();
            event["event"] == "plugin_swap" && reason.starts_with(what)
        });
    };
    fs::copy(test_component("observer-parks"), &policy).unwrap();
    swapped("published");
    show(&mut camera, picture(1, SMALL)).await;
    assert_eq!(number(&viewer.picture().await), 1);

    fs::remove_file(&policy).unwrap();
    let denied = viewer.next().await;
    assert_eq!(error(&denied), "permission denied");
    assert_eq!(
        denied["reason"],
        "there is no policy for clients of type observer"
    );
    assert_eq!(viewer.closed().await, closed(1008, "permission denied"));
    show(&mut camera, picture(2, SMALL)).await;

    fs::remove_file(plugins_of(&observatory, "telescope")).unwrap();
    assert_eq!(error(&camera.next().await), "permission denied");
    assert_eq!(camera.closed().await, closed(1008, "permission denied"));
}

fn plugins_of(observatory: &Observatory, policy: &str) -> std::path::PathBuf {
    assert!(plugins().exists());
    observatory
        .data()
        .join("policies")
        .join(policy)
        .with_added_extension("wasm")
}

#[tokio::test]
async fn what_is_no_word_is_answered_and_said_better_it_counts() {
    let observatory = Observatory::start();
    let _camera = publisher(&observatory, "main").await;
    let mut client = enter(&observatory, "observer", "viewer").await;
    for bad in [
        "main",
        "{\"watch\": \"../main\"}",
        "{\"look\": \"main\"}",
        "[]",
    ] {
        client.send(bad).await;
        let expected = "say {\"publish\": NAME} or {\"watch\": NAME}; a stream's name is 1 to 32 of a-z, 0-9 and -";
        assert_eq!(error(&client.next().await), expected, "{bad}");
    }
    say(&mut client, "watch", "main").await;
    assert_eq!(client.next().await, json!({ "watching": "main" }));
    say(&mut client, "publish", "main").await;
    let expected = "this connection watches main; open another for anything else";
    assert_eq!(error(&client.next().await), expected);
    show(&mut client, picture(1, SMALL)).await;
    assert_eq!(
        client.closed().await,
        closed(1003, "binary messages are not taken here")
    );

    let mut client = enter(&observatory, "observer", "writer").await;
    client.send(&" ".repeat(64 * 1024 + 1)).await;
    assert_eq!(
        client.closed().await,
        closed(1009, "message over its limit")
    );
}

#[tokio::test]
async fn streams_are_bounded() {
    let observatory = Setup::default().config("[liveview]\nstreams = 1").start();
    let _main = publisher(&observatory, "main").await;
    let mut second = enter(&observatory, "telescope", "second").await;
    say(&mut second, "publish", "guide").await;
    let expected = "there are 1 streams already, which is [liveview] streams";
    assert_eq!(error(&second.next().await), expected);
    assert_eq!(
        second.closed().await,
        closed(1013, "no room now; try again later")
    );
}

#[tokio::test]
async fn a_client_id_is_taken_for_each_port_by_itself() {
    let observatory = Observatory::start();
    let token = observatory.token("telescope");
    let mut command = Client::authenticated(observatory.address(), &token, "same").await;
    let mut holder = Client::authenticated(observatory.liveview(), &token, "same").await;
    let mut second = Client::connect(observatory.liveview()).await;
    let first = json!({ "token": token, "client_id": "same" });
    second.send(&first.to_string()).await;
    let ended = tokio::select! {
        ended = second.closed() => ended,
        ended = holder.closed() => panic!("{ended:?}"),
    };
    assert_eq!(ended, closed(4009, "Client ID already connected"));
    command.call("host.info", json!({})).await.unwrap();
}

#[tokio::test]
async fn frames_before_authentication_are_budgeted() {
    let observatory = Observatory::start();
    let mut stranger = Client::connect(observatory.liveview()).await;
    show(&mut stranger, picture(1, SMALL)).await;
    let told = json!({ "type": "auth_failed", "error": "Authentication failed" });
    assert_eq!(stranger.next().await, told);
    assert_eq!(stranger.closed().await, closed(4004, "Invalid JSON"));

    let mut stranger = Client::connect(observatory.liveview()).await;
    let frame = Message::binary(picture(1, 100_000));
    let _ = timeout(PATIENCE, stranger.socket().send(frame))
        .await
        .unwrap();
    assert_eq!(stranger.next().await, told);
    assert_eq!(
        stranger.closed().await,
        closed(1009, "message over its limit")
    );
}

#[tokio::test]
async fn live_view_is_at_two_paths() {
    let observatory = Observatory::start();
    let address = observatory.liveview();
    for (path, there) in [("/", true), ("/liveview", true), ("/command", false)] {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let upgraded = client_async(format!("ws://{address}{path}"), stream).await;
        assert_eq!(upgraded.is_ok(), there, "{path}");
    }
}

#[tokio::test]
async fn the_end_of_the_host_closes_with_1001() {
    let mut observatory = Observatory::start();
    let mut camera = publisher(&observatory, "main").await;
    let mut viewer = viewer(&observatory, "main").await;
    observatory.terminate();
    for client in [&mut camera, &mut viewer] {
        assert_eq!(
            client.closed().await,
            closed(1001, "the host is shutting down")
        );
    }
    assert_eq!(observatory.exit_code(), Some(0));
}

#[tokio::test]
async fn a_viewer_that_takes_not_a_byte_is_closed_and_nobody_else_notices() {
    let observatory = Setup::default()
        .config("[liveview]\nstall_ms = 500")
        .start();
    let mut camera = publisher(&observatory, "main").await;
    let mut other = viewer(&observatory, "main").await;
    let token = observatory.token("observer");
    let mut stuck = Client::with_receive_buffer(observatory.liveview(), 4_096).await;
    stuck.authenticate(&token, "stuck").await;
    say(&mut stuck, "watch", "main").await;
    let stuck_is_closed = || {
        let log = observatory.security_log();
        log.into_iter()
            .find(|event| event["event"] == "closed" && event["client_id"] == "stuck")
    };
    let mut count = 0;
    let event = loop {
        show(&mut camera, picture(count, 500_000)).await;
        assert_eq!(number(&other.picture().await), count);
        count += 1;
        if let Some(event) = stuck_is_closed() {
            break event;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(count < 1_000, "it is not closed");
    };
    assert_eq!(event["code"], 1013, "{event}");
}

#[tokio::test]
async fn a_ping_is_answered_between_pictures_and_not_within_one() {
    let observatory = Observatory::start();
    let mut camera = publisher(&observatory, "main").await;
    let mut viewer = viewer(&observatory, "main").await;
    for count in 0..20 {
        show(&mut camera, picture(count, 300_000)).await;
        for ping in 0..5_u8 {
            let ping = Message::Ping(Bytes::from(vec![ping; 100]));
            viewer.send_message(ping).await;
        }
        assert_eq!(number(&viewer.picture().await), count);
    }
}

/// Viewers of the show, one of them slow.
const VIEWERS: usize = 50;
const FRAMES_PER_SECOND: u32 = 30;
/// What a slow viewer reads in a second.
const TRICKLE: usize = 1_024;
/// Of the frames, what viewers may lose that read as they can.
const LOSS: f64 = 0.02;
/// By what the host may grow once everybody is there, in KiB.
const GROWTH: u64 = 32 * 1024;

/// Length of the show, and bytes of its pictures. The slow viewer gets some of them in any case.
fn extent() -> (Duration, usize) {
    match std::env::var_os("SLEWGATE_LONG") {
        None => (Duration::from_secs(10), 3_000),
        Some(_) => (Duration::from_secs(120), 40_000),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_fifty_viewers_and_one_of_them_slow() {
    let observatory = Observatory::start();
    let (length, bytes) = extent();
    let mut camera = publisher(&observatory, "main").await;
    let token = observatory.token("observer");
    let slow = slow_viewer(&observatory, &token).await;
    let slow = tokio::spawn(trickle(slow));
    let mut watching = JoinSet::new();
    for count in 1..VIEWERS {
        let id = format!("viewer-{count}");
        let mut client = Client::authenticated(observatory.liveview(), &token, &id).await;
        say(&mut client, "watch", "main").await;
        assert_eq!(client.next().await, json!({ "watching": "main" }));
        watching.spawn(see_all(client));
    }

    let frames = length.as_secs() * u64::from(FRAMES_PER_SECOND);
    let mut ticks = interval(Duration::from_secs(1) / FRAMES_PER_SECOND);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let began = Instant::now();
    let mut before = 0;
    for count in 1..=frames {
        ticks.tick().await;
        show(&mut camera, picture(count, bytes)).await;
        if count == frames / 4 {
            before = observatory.holdings().memory_kib;
        }
    }
    let (took, after) = (began.elapsed(), observatory.holdings().memory_kib);
    camera.close().await;

    let seen = watching.join_all().await;
    let lost: Vec<f64> = seen
        .iter()
        .map(|seen| 1.0 - *seen as f64 / frames as f64)
        .collect();
    let worst = lost.iter().copied().fold(0.0, f64::max);
    let mean = lost.iter().sum::<f64>() / lost.len() as f64;
    let slow = slow.await.unwrap();
    println!(
        "{frames} frames of {bytes} bytes in {took:.1?} to {VIEWERS} viewers: lost {:.2} % on average, {:.2} % at worst; \
         at {TRICKLE} bytes a second {slow} seen; the host had {before} KiB, and {after} KiB at the end",
        mean * 100.0,
        worst * 100.0
    );
    assert!(worst < LOSS, "{lost:?}");
    assert!(slow > 0);
    assert!(after < before + GROWTH, "{before} KiB, then {after} KiB");
}

/// Frames that a viewer saw until the stream ended, each whole and in order.
async fn see_all(mut client: Client) -> u64 {
    let (mut seen, mut newest) = (0, 0);
    loop {
        let message = timeout(PATIENCE, client.socket().next()).await;
        match message.expect("in time") {
            Some(Ok(Message::Binary(frame))) => {
                newest = in_order(&frame, newest);
                seen += 1;
            }
            Some(Ok(Message::Text(text))) if text.contains("waiting") => return seen,
            Some(Ok(Message::Text(_) | Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn in_order(frame: &[u8], newest: u64) -> u64 {
    let number = number(frame);
    assert!(number > newest, "{number} after {newest}");
    number
}

/// A stream that is read at [`TRICKLE`] bytes a second.
struct Trickle {
    stream: TcpStream,
    seconds: Interval,
    left: usize,
}

impl AsyncRead for Trickle {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.left == 0 {
            ready!(self.seconds.poll_tick(context));
            self.left = TRICKLE;
        }
        let room = self.left.min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(room));
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut part))?;
        let read = part.filled().len();
        buffer.advance(read);
        self.left -= read;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Trickle {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

async fn slow_viewer(observatory: &Observatory, token: &str) -> WebSocketStream<Trickle> {
    let address = observatory.liveview();
    let socket = TcpSocket::new_v4().unwrap();
    // Otherwise the system reads ahead for it, for minutes.
    socket.set_recv_buffer_size(4_096).unwrap();
    let trickle = Trickle {
        stream: socket.connect(address).await.unwrap(),
        seconds: interval(Duration::from_secs(1)),
        left: 0,
    };
    let (mut slow, _) = client_async(format!("ws://{address}/"), trickle)
        .await
        .unwrap();
    let first = json!({ "token": token, "client_id": "slow" });
    slow.send(Message::text(first.to_string())).await.unwrap();
    slow.send(Message::text("{\"watch\": \"main\"}"))
        .await
        .unwrap();
    slow
}

/// Frames that the slow viewer saw until the stream ended: it stays to the end, and hears what it misses.
async fn trickle(mut slow: WebSocketStream<Trickle>) -> u64 {
    let (mut seen, mut newest, mut missed) = (0, 0, 0);
    loop {
        match slow.next().await {
            Some(Ok(Message::Binary(frame))) => {
                newest = in_order(&frame, newest);
                seen += 1;
            }
            Some(Ok(Message::Text(text))) => {
                let said: Value = serde_json::from_str(&text).unwrap();
                missed += said["dropped"].as_u64().unwrap_or(0);
                if said["waiting"] == "main" && newest > 0 {
                    break;
                }
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(
        seen + missed <= newest && missed > 0,
        "{seen} seen, {missed} missed of {newest}"
    );
    seen
}
