//! A device that is pulled, talks nonsense, or takes nothing.

use std::io::Write as _;
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use serde_json::{Value, json};
use slewgate_simulator::Dialect;
use slewgate_tests::PATIENCE;
use tokio::time::timeout;

use crate::authentication::heard;
use crate::scene::{Scene, Stage, each};
use crate::target::Target;
use crate::wire::{Peer, text};

/// Nobody asks in vain for longer than a call may take.
fn scene(number: u8, name: &'static str) -> Scene {
    let config = "[engine]\nwait_ms = 2_000";
    let scene = Scene::of(number, name).plain().config(config);
    scene.setup(|setup| setup.variable("REQUEST_LIMIT_PER_MINUTE", "1000000"))
}

async fn send(peer: &mut Peer, method: &str, params: Value) {
    let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    peer.send(&text(&asked.to_string())).await.unwrap();
}

async fn status(peer: &mut Peer) -> Value {
    send(peer, "mount.status", json!({})).await;
    heard(peer).await
}

/// Eight clients ask for the mount's state so often, whatever becomes of it; each is answered each time.
async fn asks(target: &Target, rounds: usize) {
    each(8, 8, async |number| {
        let mut peer = target.session(number).await.unwrap();
        for _ in 0..rounds {
            status(&mut peer).await;
        }
    })
    .await;
}

/// Hears of the line and of the mount's state: while somebody does, the mount is asked each half second.
async fn watcher(target: &Target) -> Peer {
    let mut peer = target.session(1_000).await.unwrap();
    let topics = json!({ "topics": ["mount.line", "mount.status"] });
    send(&mut peer, "events.subscribe", topics).await;
    peer
}

/// Waits until the mount is attached, and tells its state.
async fn is_well_again(target: &Target) {
    let mut peer = watcher(target).await;
    let well = async {
        let (mut is_attached, mut told) = (false, 0);
        // What is told first may be from before.
        while told < 2 {
            let event = heard(&mut peer).await;
            let params = &event["params"];
            if params["topic"] == "mount.line" {
                is_attached = params["data"]["hardware"]["state"] == "attached";
            } else if params["topic"] == "mount.status" && is_attached {
                told += 1;
            }
        }
    };
    let well = timeout(PATIENCE * 3, well).await;
    well.expect("a mount that tells its state");
}

/// The mount, or its line, does this; clients ask before and afterwards.
async fn does(stage: &Stage, fault: &str) {
    let fault = stage
        .observatory
        .mount()
        .faults()
        .add(fault.parse().unwrap());
    asks(&stage.target, 1).await;
    let came = || (fault.hits() > 0).then_some(());
    stage.observatory.wait("fault", came);
    asks(&stage.target, 1).await;
}

#[tokio::test]
async fn abuse_59_the_device_pulled_in_a_command() {
    scene(59, "device pulled in a command")
        .with_mount(Dialect::Classic)
        .suffered(async |stage| {
            let _watcher = watcher(&stage.target).await;
            // Gone after it heard a request and before it answers.
            does(stage, "disconnect=500ms,next=1").await;
            stage.observatory.told(&["it hung up"]);
            is_well_again(&stage.target).await;
            json!({ "event": "log", "reason": "it hung up" })
        })
        .await;
}

#[tokio::test]
async fn abuse_60_garbage_and_answers_without_an_end() {
    scene(60, "garbage, a byte at a time, no terminator")
        .with_mount(Dialect::Classic)
        .suffered(async |stage| {
            let _watcher = watcher(&stage.target).await;
            for fault in ["babble=64,every=50ms", "garble=2", "cut", "delay=500ms"] {
                does(stage, fault).await;
                stage.observatory.mount().faults().clear();
            }
            is_well_again(&stage.target).await;
            json!({ "event": "answered", "reason": "each request, and well again" })
        })
        .await;
}

/// A terminal whose other end nobody reads, full already.
fn full() -> (impl Sized, PathBuf) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let device: PathBuf = ptsname(&master, Vec::new())
        .unwrap()
        .into_string()
        .unwrap()
        .into();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let slave = rustix::fs::open(&device, flags, Mode::empty()).unwrap();
    let mut modes = tcgetattr(&slave).unwrap();
    modes.make_raw();
    tcsetattr(&slave, OptionalActions::Now, &modes).unwrap();
    let mut line = std::fs::File::from(slave);
    while line.write(&[b'x'; 256]).is_ok() {}
    ((master, line), device)
}

#[tokio::test]
async fn abuse_61_a_write_that_never_ends() {
    let (_held, device) = full();
    let line = format!(
        "[lines.east]\ndevice = {device:?}\n[site]\nlatitude = 51.4779\nlongitude = 0\nelevation = 46"
    );
    scene(61, "blocked write")
        .config(&line)
        .suffered(async |stage| {
            asks(&stage.target, 2).await;
            let mut peer = stage.target.session(1_000).await.unwrap();
            let told = status(&mut peer).await;
            let error = &told["error"];
            assert!(error.is_object(), "{told}");
            json!({ "event": "answered", "reason": error["message"] })
        })
        .await;
}
