//! Who looks after a motion dies: the client that jogs, or the handler.
//!
//! A client whose socket closes, or whose connection breaks, is in `jog.rs`; the host itself in `killed.rs`.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use slewgate_tests::{Builds, Client, Observatory, PATIENCE, Setup, orders, test_component};

const MOTION: &str = "mount.motion";
const STATUS: &str = "mount.status";

/// Hears of motions from now on.
async fn listening(mut client: Client) -> Client {
    let topics = json!({ "topics": [MOTION, STATUS, "plugins"] });
    client.call("events.subscribe", topics).await.unwrap();
    let first = client.event(MOTION).await;
    assert_eq!(first["data"]["active"], json!([]), "{first}");
    let first = client.event("plugins").await;
    assert!(first["data"]["plugins"].is_array(), "{first}");
    client
}

/// What must come, though other news come all the time.
async fn in_time<T>(what: &str, comes: impl Future<Output = T>) -> T {
    let came = tokio::time::timeout(PATIENCE * 2, comes).await;
    came.unwrap_or_else(|_| panic!("no {what} within {:?}", PATIENCE * 2))
}

/// The next news of a motion of which this happened.
async fn news(client: &mut Client, happening: &str) -> Value {
    let news = async {
        loop {
            let news = client.event(MOTION).await["data"].take();
            if news["happening"] == happening {
                return news;
            }
        }
    };
    in_time(happening, news).await
}

/// That the newest file of the mount's handler was taken up so. One that failed may have been taken back before.
async fn taken_up(client: &mut Client, what: &str) {
    let mut news = in_time(what, client.swap()).await;
    if news["what"] == "rolled_back" {
        news = in_time(what, client.swap()).await;
    }
    assert_eq!(news["plugin"]["name"], "mount", "{news}");
    assert_eq!(news["what"], what, "{news}");
}

/// These orders, and no others but stops: one that no sample shows to have worked is repeated.
fn ordered(observatory: &Observatory, expected: &[&str]) {
    let wire = observatory.mount().wire();
    observatory.wait("such orders", || {
        (orders(&wire).len() >= expected.len()).then_some(())
    });
    let orders = orders(&wire);
    let (first, then) = orders.split_at(expected.len());
    assert_eq!(first, expected);
    assert!(then.iter().all(|order| order == ":Q#"), "{orders:?}");
}

/// A pulse to the west, after these orders.
fn guided(observatory: &Observatory, before: &[String]) {
    let wire = observatory.mount().wire();
    observatory.wait("pulse", || {
        orders(&wire).contains(&":Qw#".to_owned()).then_some(())
    });
    let orders = orders(&wire);
    let (first, then) = orders.split_at(before.len());
    assert_eq!(first, before);
    assert_eq!(then, [":Mw#", ":Qw#"], "{orders:?}");
}

/// Nothing of the mount is left to the motion, and it follows the sky.
fn tracks(observatory: &Observatory) {
    observatory.wait("rest", || {
        (!observatory.mount().state().moving).then_some(())
    });
    assert!(observatory.mount().state().tracking);
}

async fn guides(client: &mut Client) {
    let pulse = json!({ "direction": "west", "duration_ms": 200 });
    client.call("mount.guide", pulse).await.unwrap();
}

fn moves(observatory: &Observatory) {
    observatory.wait("motion", || {
        observatory.mount().state().moving.then_some(())
    });
}

/// A host with its own mount, whose clients may ask often.
fn setup() -> Setup {
    Setup::default()
        .variable("REQUEST_LIMIT_PER_MINUTE", "100000")
        .own_mount()
}

/// A host, a client that listens, and another that moves the mount so: the motion's number.
async fn moving(method: &str, params: Value) -> (Observatory, Client, Client, Value) {
    let observatory = setup().start();
    let other = listening(observatory.client("telescope").await).await;
    let mut client = observatory.client("telescope").await;
    let begun = client.call(method, params).await.unwrap();
    moves(&observatory);
    (observatory, other, client, begun["motion"].clone())
}

fn jog() -> Value {
    json!({ "direction": "north", "rate": "find", "lease_ms": 10_000 })
}

/// Jogs on and on until it is told to stop: one motion all the time.
async fn holds(mut client: Client, motion: Value, let_go: Arc<AtomicBool>) {
    while !let_go.load(Ordering::SeqCst) {
        let renewed = client.call("mount.jog", jog()).await.unwrap();
        assert_eq!(renewed["motion"], motion);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    client.close().await;
}

#[tokio::test]
async fn a_jog_goes_on_while_its_handler_is_replaced_and_ends_with_its_client() {
    let (observatory, mut other, client, motion) = moving("mount.jog", jog()).await;
    let let_go = Arc::<AtomicBool>::default();
    let held = tokio::spawn(holds(client, motion.clone(), Arc::clone(&let_go)));
    let mut builds = Builds::of(&observatory);
    for _ in 0..3 {
        builds.swap();
        taken_up(&mut other, "published").await;
    }
    other.forget(STATUS);
    assert_eq!(other.event(STATUS).await["data"]["slewing"], true);
    let_go.store(true, Ordering::SeqCst);
    held.await.unwrap();
    let ended = news(&mut other, "ended").await;
    assert_eq!(ended["motion"], motion, "{ended}");
    assert_eq!(ended["why"], "session_closed", "{ended}");
    tracks(&observatory);
    guides(&mut other).await;
    let wire = observatory.mount().wire();
    observatory.wait("pulse", || {
        orders(&wire).contains(&":Qw#".to_owned()).then_some(())
    });
    let mut orders = orders(&wire);
    // After a swap the policy is asked again, and the same order is written again.
    orders.dedup();
    assert_eq!(orders, [":Mn#", ":Qn#", ":Mw#", ":Qw#"]);
}

#[tokio::test]
async fn a_goto_whose_client_and_handler_are_gone_is_completed_by_the_next_handler() {
    let goto = json!({ "altitude": 40, "azimuth": 90 });
    let (observatory, mut other, client, motion) = moving("mount.goto", goto).await;
    client.close().await;
    Builds::of(&observatory).swap();
    taken_up(&mut other, "published").await;
    assert!(observatory.mount().state().moving);
    let ended = news(&mut other, "ended").await;
    assert_eq!(ended["motion"], motion, "{ended}");
    assert_eq!(ended["why"], "done", "{ended}");
    guides(&mut other).await;
    ordered(&observatory, &[":MS#", ":Mw#", ":Qw#"]);
    tracks(&observatory);
}

/// The mount's handler comes back.
async fn comes_back(observatory: &Observatory, other: &mut Client) {
    tracks(observatory);
    Builds::of(observatory).swap();
    taken_up(other, "published").await;
    let attached = async {
        // Published is not yet attached.
        while other.call("mount.info", json!({})).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    in_time("handler", attached).await;
}

/// Another client guides, with a handler that is there again.
async fn guides_again(observatory: &Observatory, other: &mut Client) {
    let before = orders(&observatory.mount().wire());
    guides(other).await;
    guided(observatory, &before);
    tracks(observatory);
}

/// The handler comes back, and looks whether the mount does what it was told: until it was seen to stand, a stop may end what
/// begins.
async fn sees_it_stand_and_guides_again(observatory: &Observatory, other: &mut Client) {
    comes_back(observatory, other).await;
    news(other, "at_rest").await;
    guides_again(observatory, other).await;
}

#[tokio::test]
async fn what_moves_is_stopped_when_its_handler_is_unloaded() {
    let goto = json!({ "altitude": 40, "azimuth": 90 });
    for (method, params, stop) in [("mount.jog", jog(), ":Qn#"), ("mount.goto", goto, ":Q#")] {
        let (observatory, mut other, mut client, motion) = moving(method, params).await;
        Builds::of(&observatory).remove();
        taken_up(&mut other, "removed").await;
        let ended = news(&mut other, "ended").await;
        assert_eq!(ended["motion"], motion, "{ended}");
        assert_eq!(ended["why"], "orphaned", "{ended}");
        let begin = if method == "mount.jog" {
            ":Mn#"
        } else {
            ":MS#"
        };
        ordered(&observatory, &[begin, stop]);
        // How the line is stopped is known without a handler.
        let stopped = client.call("mount.stop", json!({})).await;
        assert_eq!(stopped.unwrap(), json!({ "stopped": true }));
        ordered(&observatory, &[begin, stop, ":Q#"]);
        // Who has no handler sees nothing: the next one looks.
        sees_it_stand_and_guides_again(&observatory, &mut other).await;
    }
}

#[tokio::test]
async fn a_stop_that_was_lost_when_a_handler_was_unloaded_is_repeated_though_nobody_sees_the_mount()
{
    let goto = json!({ "altitude": 40, "azimuth": 90 });
    let (observatory, mut other, _client, _) = moving("mount.goto", goto).await;
    let lost = "drop,what=request,match=:Q#,next=1".parse().unwrap();
    let lost = observatory.mount().faults().add(lost);
    Builds::of(&observatory).remove();
    taken_up(&mut other, "removed").await;
    let is_hit = || (lost.hits() == 1).then_some(());
    observatory.wait("a stop that is lost", is_hit);
    let marker = observatory.data().join("state/lines/east.moving");
    assert!(marker.exists());
    let wire = observatory.mount().wire();
    let stopped = wire.wait_for(|frame| frame.request == ":Q#", PATIENCE);
    assert!(stopped.is_some(), "{:?}", orders(&wire));
    tracks(&observatory);
    comes_back(&observatory, &mut other).await;
    news(&mut other, "at_rest").await;
    observatory.wait("rest on disk", || (!marker.exists()).then_some(()));
}

/// A handler that only traps takes the place of the mount's.
async fn falls_to_one_that_traps(observatory: &Observatory, other: &mut Client) {
    let unruly = fs::read(test_component("unruly")).unwrap();
    Builds::of(observatory).put(&unruly);
    taken_up(other, "published").await;
}

#[tokio::test]
async fn a_jog_is_stopped_when_its_handler_traps_in_anybodys_call() {
    let (observatory, mut other, _client, motion) = moving("mount.jog", jog()).await;
    falls_to_one_that_traps(&observatory, &mut other).await;
    other.call("mount.counts", json!({})).await.unwrap();
    ordered(&observatory, &[":Mn#"]);
    let trapped = other.call("mount.traps", json!({})).await.unwrap_err();
    assert_eq!(trapped["code"], -32603, "{trapped}");
    let ended = news(&mut other, "ended").await;
    assert_eq!(ended["motion"], motion, "{ended}");
    assert_eq!(ended["why"], "orphaned", "{ended}");
    ordered(&observatory, &[":Mn#", ":Qn#"]);
    sees_it_stand_and_guides_again(&observatory, &mut other).await;
}

#[tokio::test]
async fn a_goto_is_stopped_when_its_handler_traps_looking_after_it() {
    let goto = json!({ "altitude": 40, "azimuth": 90 });
    let (observatory, mut other, _client, motion) = moving("mount.goto", goto).await;
    falls_to_one_that_traps(&observatory, &mut other).await;
    let ended = news(&mut other, "ended").await;
    assert_eq!(ended["motion"], motion, "{ended}");
    assert_eq!(ended["why"], "failed", "{ended}");
    ordered(&observatory, &[":MS#", ":Q#"]);
    sees_it_stand_and_guides_again(&observatory, &mut other).await;
}

/// Clients that are programs of their own: Python with `websockets`, on this machine or beyond a network's link.
#[cfg(feature = "tools")]
mod programs {
    use std::fs::{self, File};
    use std::net::Ipv4Addr;
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command};
    use std::time::{Duration, Instant};

    use rustix::process::{Pid, Signal, kill_process};
    use serde_json::Value;
    use slewgate_tests::{Client, Observatory, orders, python};

    use super::{STATUS, guides, in_time, listening, news, setup, tracks};

    const LEASE: Duration = Duration::from_millis(3_000);

    /// So many renewals take longer than the lease.
    const RENEWALS: usize = 14;

    /// A program that jogs north, ended when this is dropped.
    struct Jogger {
        child: Child,
        answers: PathBuf,
    }

    impl Jogger {
        /// In a network namespace, or in the test's. `hangs`: after its last renewal.
        fn start(
            observatory: &Observatory,
            token: &str,
            namespace: Option<&str>,
            hangs: bool,
        ) -> Jogger {
            let answers = observatory.data().join("answers");
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/jogger.py");
            let python = python("websockets");
            let mut command = match namespace {
                None => Command::new(python),
                Some(name) => {
                    let mut command = Command::new("ip");
                    command.args(["netns", "exec", name]).arg(python);
                    command
                }
            };
            command
                .arg(script)
                .arg(observatory.address().to_string())
                .arg(token)
                .arg(LEASE.as_millis().to_string())
                .args(hangs.then(|| RENEWALS.to_string()))
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .stdout(File::create(&answers).unwrap());
            Jogger {
                child: command.spawn().unwrap(),
                answers,
            }
        }

        /// Waits until the jog has lived by its renewals for longer than the lease. The last renewal comes after the moment that
        /// is answered: one that is not told of yet may have been read already, the one after it not.
        async fn has_renewed(&self, other: &mut Client) -> Instant {
            let mut before = Instant::now();
            let renewed = async {
                loop {
                    let now = Instant::now();
                    match fs::read_to_string(&self.answers).unwrap().lines().count() {
                        told if told > RENEWALS => return before,
                        told if told < RENEWALS => before = now,
                        _ => {}
                    }
                    other.event(STATUS).await;
                }
            };
            in_time("renewals", renewed).await
        }

        fn freeze(&self) {
            kill_process(Pid::from_child(&self.child), Signal::STOP).unwrap();
        }

        fn runs(&mut self) -> bool {
            self.child.try_wait().unwrap().is_none()
        }
    }

    impl Drop for Jogger {
        fn drop(&mut self) {
            // It ends what is frozen too.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    /// Looks with each sample: meanwhile the client reads, and so answers pings.
    async fn until(other: &mut Client, what: &str, holds: impl Fn() -> bool) {
        let held = async {
            while !holds() {
                other.event(STATUS).await;
            }
        };
        in_time(what, held).await;
    }

    /// A client jogs north, dies so, and never lets go. Its jog ends with the lease, and with nothing else: not before the lease
    /// is over since the last renewal. The mount tracks, and another client guides.
    async fn jogs_and_dies(
        observatory: &Observatory,
        namespace: Option<&str>,
        hangs: bool,
        die: impl FnOnce(&Jogger),
    ) {
        // Before anybody has pings to answer.
        let token = observatory.token("telescope");
        let mut other = listening(observatory.client("telescope").await).await;
        let mut jogger = Jogger::start(observatory, &token, namespace, hangs);
        let motion = news(&mut other, "began").await["motion"].take();
        let renewed_after = jogger.has_renewed(&mut other).await;
        assert_eq!(orders(&observatory.mount().wire()), [":Mn#"]);
        die(&jogger);

        let ended = news(&mut other, "ended").await;
        assert_eq!(ended["motion"], motion, "{ended}");
        assert_eq!(ended["why"], "lease", "{ended}");
        assert!(jogger.runs(), "it did not go, it died");
        let wire = observatory.mount().wire();
        until(&mut other, "end of the jog", || orders(&wire).len() > 1).await;
        assert_eq!(orders(&wire), [":Mn#", ":Qn#"]);
        let frames = wire.frames();
        let stop = frames.iter().find(|frame| frame.request == ":Qn#").unwrap();
        let went_on = stop.at.duration_since(renewed_after);
        assert!(went_on > LEASE, "{went_on:?}");
        println!(
            "a lease of {LEASE:?}: stopped {went_on:?} after a moment before the last renewal"
        );

        guides(&mut other).await;
        until(&mut other, "pulse", || orders(&wire).len() == 4).await;
        assert_eq!(orders(&wire), [":Mn#", ":Qn#", ":Mw#", ":Qw#"]);
        tracks(observatory);
        assert_eq!(sessions(&mut other).await, 2, "the dead client's is open");
    }

    async fn sessions(client: &mut Client) -> Value {
        let info = client.call("host.info", Value::Object(Default::default()));
        info.await.unwrap()["clients"].take()
    }

    #[tokio::test]
    async fn the_mount_stands_when_the_process_of_the_jogging_client_is_frozen() {
        let observatory = setup().start();
        jogs_and_dies(&observatory, None, false, Jogger::freeze).await;
    }

    /// A peer that answers no pings is dropped within three of them, which is before the lease ends: who is there when it ends
    /// has answered.
    #[tokio::test]
    async fn the_mount_stands_when_the_jogging_client_hangs_and_its_thread_answers_pings() {
        let pings = "[command]\nping_ms = 500";
        let observatory = setup().config(pings).start();
        jogs_and_dies(&observatory, None, true, |_| ()).await;
    }

    /// A link between this machine and a network namespace, which goes when this is dropped.
    struct Link {
        namespace: String,
        here: Ipv4Addr,
    }

    impl Link {
        /// Addresses from the network for benchmarks (RFC 2544), four for each process.
        fn up() -> Link {
            let number = std::process::id();
            let network = u32::from(Ipv4Addr::new(198, 18, 0, 0)) + 4 * (number % (1 << 15));
            let [here, there] = [1, 2].map(|host| Ipv4Addr::from(network + host));
            let link = Link {
                namespace: format!("slewgate-{number}"),
                here,
            };
            let (name, near) = (&link.namespace, near(number));
            ip(&format!("netns add {name}"));
            ip(&format!(
                "link add {near} type veth peer name far netns {name}"
            ));
            ip(&format!("address add {here}/30 dev {near}"));
            ip(&format!("link set {near} up"));
            ip(&format!("-n {name} address add {there}/30 dev far"));
            ip(&format!("-n {name} link set far up"));
            link
        }

        fn down(&self) {
            ip(&format!("-n {} link set far down", self.namespace));
        }
    }

    impl Drop for Link {
        fn drop(&mut self) {
            // The namespace outlives its name for as long as a connection that nobody closed waits for its peer.
            let near = ["link", "delete", &near(std::process::id())];
            let _ = Command::new("ip").args(near).status();
            let delete = ["netns", "delete", &self.namespace];
            let _ = Command::new("ip").args(delete).status();
        }
    }

    /// The link's end on this side.
    fn near(number: u32) -> String {
        format!("slg{number}")
    }

    fn ip(arguments: &str) {
        let made = Command::new("ip").args(arguments.split(' ')).output();
        let made = made.expect("ip of iproute2: apt-get install iproute2");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(
            made.status.success(),
            "ip {arguments}: {said}only root makes network namespaces; `cargo xtask test --all` leaves out what it may not"
        );
    }

    #[tokio::test]
    async fn the_mount_stands_when_the_link_to_the_network_namespace_of_the_jogging_client_is_down()
    {
        let link = Link::up();
        let observatory = setup().variable("WS_IP", &link.here.to_string()).start();
        let name = Some(link.namespace.as_str());
        jogs_and_dies(&observatory, name, false, |_| link.down()).await;
    }
}
