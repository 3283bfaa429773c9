//! However many watch and ask, a mount on a slow line is looked at once a period, and is there for who commands it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use slewgate_simulator::{Frame, Lx200Settings, Simulator};
use slewgate_sky::{Site, SystemClock};
use slewgate_tests::{Client, Observatory, PATIENCE, Setup, long};

const WATCHERS: usize = 200;

/// How often the plugin wants its mount to be looked at while somebody watches.
const PERIOD: Duration = Duration::from_millis(500);

/// A sample of a Classic, in its order.
const SAMPLE: [&str; 5] = [":GR#", ":GD#", ":D#", ":GT#", ":GS#"];

/// What the mount is asked first where it is told to track: how it is aligned.
const ALIGNMENT: &str = "\u{6}";

/// A start bit, eight of the byte, and a stop bit.
const BITS: u32 = 10;

/// A mount on a line of so many bits a second, its host, and a client that commands it.
async fn on_a_line(baud: u32) -> (Simulator, Observatory, Client) {
    let greenwich = Site {
        latitude: 51.4779,
        longitude: 0.0,
        elevation: 46.0,
    };
    let mount = Simulator::start_lx200(Lx200Settings {
        baud: Some(baud),
        ..Lx200Settings::new(greenwich, Arc::new(SystemClock))
    });
    let mount = mount.unwrap();
    let line = format!("[lines.east]\ndevice = \"{}\"", mount.path().display());
    let observatory = Setup::default()
        .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
        .variable("SLEWGATE_LOG", "info")
        .config(&line)
        .config("[site]\nlatitude = 51.4779\nlongitude = 0\nelevation = 46")
        .start()
        .attached();
    let client = observatory.client("telescope").await;
    (mount, observatory, client)
}

/// They hear of each sample, and ask for one in between as well.
async fn watch(observatory: &Observatory) {
    let token = observatory.token("telescope");
    for number in 0..WATCHERS {
        let name = format!("watcher-{number}");
        let mut watcher = Client::authenticated(observatory.address(), &token, &name).await;
        let topics = json!({ "topics": ["mount.status"] });
        watcher.call("events.subscribe", topics).await.unwrap();
        tokio::spawn(async move {
            loop {
                watcher.event("mount.status").await;
                watcher.call("mount.status", json!({})).await.unwrap();
            }
        });
    }
}

/// Asks for the status at any time, not only after an event, for twenty periods: what the mount was asked meanwhile, and how long
/// it took.
async fn asks(client: &mut Client, mount: &Simulator) -> (Vec<Frame>, Duration) {
    let (before, began) = (mount.wire().received(), Instant::now());
    let mut pause = tokio::time::interval(Duration::from_millis(7));
    while began.elapsed() < 20 * PERIOD {
        client.call("mount.status", json!({})).await.unwrap();
        pause.tick().await;
    }
    let time = began.elapsed();
    (since(mount, before), time)
}

fn since(mount: &Simulator, number: u64) -> Vec<Frame> {
    let frames = mount.wire().frames().into_iter();
    frames.filter(|frame| frame.number > number).collect()
}

fn is_of_a_sample(frame: &Frame) -> bool {
    SAMPLE.contains(&frame.request.as_str())
}

/// What of the time a line of so many bits a second was busy, from the beginning of the first sample to that of the last, with
/// requests and replies one after the other.
fn share(frames: &[Frame], baud: u32) -> f64 {
    let begins = |frame: &Frame| frame.request == SAMPLE[0];
    let first = frames.iter().position(begins).expect("a sample");
    let last = frames.iter().rposition(begins).expect("a sample");
    let time = frames[last].at - frames[first].at;
    let frames = frames[first..last].iter();
    let bytes = frames.map(|frame| frame.request.len() + frame.reply.len());
    let bits = bytes.sum::<usize>() as f64 * f64::from(BITS);
    bits / f64::from(baud) / time.as_secs_f64()
}

#[tokio::test]
async fn two_hundred_who_watch_and_ask_cost_a_slow_line_one_sample_a_period() {
    let (mount, observatory, mut client) = on_a_line(9_600).await;
    watch(&observatory).await;
    let (before, since_then) = (mount.wire().received(), Instant::now());
    // Whatever the events say: these ask at any time.
    let mut asked = 0;
    while since_then.elapsed() < 20 * PERIOD {
        client.call("mount.status", json!({})).await.unwrap();
        asked += 1;
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
    let (time, frames) = (since_then.elapsed(), since(&mount, before));
    let samples = frames.iter().filter(|frame| frame.request == SAMPLE[0]);
    let samples = samples.count();
    let periods = time.as_secs_f64() / PERIOD.as_secs_f64();
    let share = share(&frames, 9_600);
    println!(
        "{samples} samples in {periods:.1} periods, {asked} questions of one client and two of each of {WATCHERS} a second; {share:.3} of the line"
    );
    // The one under way at each end.
    assert!(samples as f64 <= periods + 2.0, "{samples} in {time:?}");
    assert!(samples > 5, "{samples} in {time:?}");
    assert!(share <= 0.5, "{share}");
}

#[tokio::test]
async fn a_command_waits_for_one_exchange_of_two_hundred_watchers_at_most() {
    let (mount, observatory, mut client) = on_a_line(9_600).await;
    watch(&observatory).await;
    let (rounds, mut more) = (long(600), Vec::new());
    for round in 0..rounds {
        // At another moment of a sample each time: this exchange is under way when the command is sent, and the last it waits for.
        let question = SAMPLE[round % SAMPLE.len()];
        let under_way = hears(&mount, question).await;
        let track = json!({ "mode": "sidereal" });
        client.call("mount.track", track).await.unwrap();
        let frames = since(&mount, under_way.number);
        let before = frames
            .iter()
            .position(|frame| frame.request == ALIGNMENT)
            .expect("the command");
        assert!(frames[..before].iter().all(is_of_a_sample), "{frames:?}");
        more.push(before);
    }
    more.sort_unstable();
    println!("exchanges between the one under way and the command: {more:?}");
    // The host has the 8 ms of a reply to read the command, decide and begin: a machine with much else to do is late at times.
    assert_eq!(more[rounds * 9 / 10 - 1], 0, "{more:?}");
}

async fn hears(mount: &Simulator, request: &'static str) -> Frame {
    let (wire, newest) = (mount.wire(), mount.wire().received());
    let seen = tokio::task::spawn_blocking(move || {
        let wanted = |frame: &Frame| frame.number > newest && frame.request == request;
        wire.wait_for(wanted, PATIENCE)
    });
    seen.await.unwrap().expect("a sample")
}

#[tokio::test]
async fn samples_take_at_most_half_of_a_line_that_is_too_slow_for_their_period() {
    let (mount, observatory, mut client) = on_a_line(1_200).await;
    client.call("mount.status", json!({})).await.unwrap();
    watch(&observatory).await;
    let (frames, _) = asks(&mut client, &mount).await;
    let share = share(&frames, 1_200);
    println!("{share:.3} of a line of 1,200 baud");
    // A machine with much else to do notes a frame late at either end: a fiftieth of these ten seconds.
    assert!(share <= 0.52, "{share}");
    assert!(share > 0.1, "{share}");
}
