//! A device that is pulled, talks nonsense, or takes nothing.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use serde_json::{Value, json};
use slewgate_tests::PATIENCE;

use crate::authentication::heard;
use crate::scene::{Scene, each};
use crate::target::Target;
use crate::wire::{Peer, text};

/// Nobody asks in vain for longer than a call may take.
fn scene(number: u8, name: &'static str) -> Scene {
    let config = "[engine]\nwait_ms = 2_000";
    let scene = Scene::of(number, name).plain().config(config);
    scene.setup(|setup| setup.variable("REQUEST_LIMIT_PER_MINUTE", "1000000"))
}

async fn call(peer: &mut Peer, method: &str) -> Value {
    let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": method });
    peer.send(&text(&asked.to_string())).await.unwrap();
    heard(peer).await
}

/// Eight clients ask for the mount's state so often, whatever becomes of it; each is answered each time.
async fn asks(target: &Target, rounds: usize) {
    each(8, 8, async |number| {
        let mut peer = target.session(number).await.unwrap();
        for _ in 0..rounds {
            call(&mut peer, "mount.status").await;
        }
    })
    .await;
}

/// Asks until the mount answers.
async fn is_well_again(target: &Target) {
    let until = Instant::now() + PATIENCE * 3;
    let mut peer = target.session(1_000).await.unwrap();
    loop {
        let answer = call(&mut peer, "mount.status").await;
        if answer["result"].is_object() {
            return;
        }
        assert!(Instant::now() < until, "{answer}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn abuse_59_the_device_pulled_in_a_command() {
    scene(59, "device pulled in a command")
        .setup(slewgate_tests::Setup::own_mount)
        .suffered(async |stage| {
            stage.observatory.told(&[r#""message":"attached""#]);
            let faults = stage.observatory.mount().faults();
            // Gone after it heard a request and before it answers.
            let pulled = faults.add("disconnect=500ms,next=1".parse().unwrap());
            asks(&stage.target, 5).await;
            is_well_again(&stage.target).await;
            assert!(pulled.hits() > 0);
            stage.observatory.told(&["it hung up"]);
            json!({ "event": "log", "reason": "it hung up" })
        })
        .await;
}

#[tokio::test]
async fn abuse_60_garbage_and_answers_without_an_end() {
    scene(60, "garbage, a byte at a time, no terminator")
        .setup(slewgate_tests::Setup::own_mount)
        .suffered(async |stage| {
            stage.observatory.told(&[r#""message":"attached""#]);
            let faults = stage.observatory.mount().faults();
            for fault in ["babble=64,every=50ms", "garble=2", "cut", "delay=500ms"] {
                faults.add(fault.parse().unwrap());
                asks(&stage.target, 2).await;
                faults.clear();
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
            let told = call(&mut peer, "mount.status").await;
            let error = &told["error"];
            assert!(error.is_object(), "{told}");
            json!({ "event": "answered", "reason": error["message"] })
        })
        .await;
}
