//! For a long time, whatever can go wrong goes wrong at random while clients ask at random: afterwards all is as it was.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use slewgate_simulator::Dialect;
use slewgate_tests::{Client, Holdings, Observatory, PATIENCE, Setup, plugins};
use tokio::task::JoinSet;

/// What is thrown with it comes again when it is given as `SLEWGATE_SEED`, but for what the system's scheduler adds.
const SEED: u64 = 20_261_127;

const CLIENTS: u64 = 3;
const TOPICS: [&str; 3] = ["mount.status", "mount.motion", "mount.line"];
const DIRECTIONS: [&str; 4] = ["north", "south", "east", "west"];
const RATES: [&str; 4] = ["guide", "center", "find", "slew"];
const MODES: [&str; 3] = ["sidereal", "lunar", "off"];

/// What hardware that fails, its bounds, and other clients make of a request: the hardware failed, refused by its state, another is
/// in control, busy, stopped.
const EXPECTED: [i64; 5] = [-32003, -32004, -32005, -32006, -32008];

/// Each ends by itself, at the latest when all are cleared.
const FAULTS: [&str; 17] = [
    "drop,next=2",
    "drop,chance=0.2,for=2s",
    "drop,what=request,next=2",
    "drop,what=request,match=:Q,next=2",
    "delay=300ms,next=5",
    "delay=3s,next=1",
    "garble=1,next=3",
    "garble=3,chance=0.2,for=2s",
    "cut,next=3",
    "cut=0,chance=0.1,for=3s",
    "silence,for=2s",
    "silence,for=6s",
    "disconnect=500ms",
    "disconnect=2s,match=:M",
    "babble=8,every=300ms,for=3s",
    "stuck=first,for=2s",
    "lie=frozen,for=3s",
];

/// These leave motion behind that nobody asked for.
const OF_THE_AXES: [&str; 3] = [
    "runaway=first,ignores=2,for=4s",
    "runaway=second,ignores=5,for=8s",
    "runaway=first,rate=1,for=4s",
];

/// splitmix64 (Steele, Lea, Flood 2014): the same throws from the same seed.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn choose<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.throw(of.len() as u64)).unwrap()]
    }

    fn pause(&mut self, most: u64) -> Duration {
        Duration::from_millis(self.throw(most))
    }
}

/// What was done, for the figures.
#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    failures: AtomicU64,
    connections: AtomicU64,
    faults: AtomicU64,
    swaps: AtomicU64,
}

impl Counts {
    fn one(count: &AtomicU64) -> u64 {
        count.fetch_add(1, Ordering::Relaxed)
    }

    fn of(count: &AtomicU64) -> u64 {
        count.load(Ordering::Relaxed)
    }
}

/// One who asks at random, and leaves at random.
struct Guest {
    observatory: Arc<Observatory>,
    counts: Arc<Counts>,
    token: String,
    dice: Dice,
    client: Client,
}

impl Guest {
    async fn arrives(
        observatory: &Arc<Observatory>,
        counts: &Arc<Counts>,
        token: &str,
        dice: Dice,
    ) -> Guest {
        Guest {
            observatory: Arc::clone(observatory),
            counts: Arc::clone(counts),
            token: token.to_owned(),
            dice,
            client: connected(observatory, counts, token).await,
        }
    }

    async fn asks_until(mut self, end: Instant) {
        while Instant::now() < end {
            self.does_something().await;
            TOPICS.iter().for_each(|topic| self.client.forget(topic));
            tokio::time::sleep(self.dice.pause(300)).await;
        }
    }

    async fn does_something(&mut self) {
        let direction = self.dice.choose(&DIRECTIONS);
        match self.dice.throw(16) {
            0..3 => {
                let place = self.place();
                self.call("mount.goto", place).await;
            }
            3..6 => self.jogs(direction).await,
            6 | 7 => {
                let duration = 20 + self.dice.throw(500);
                let pulse = json!({ "direction": direction, "duration_ms": duration });
                self.call("mount.guide", pulse).await;
            }
            8 => self.call("mount.stop", json!({})).await,
            9 => {
                let one = json!({ "direction": direction });
                self.call("mount.stop", one).await;
            }
            10 => {
                let mode = self.dice.choose(&MODES);
                self.call("mount.track", json!({ "mode": mode })).await;
            }
            11 | 12 => self.call("mount.status", json!({})).await,
            13 => {
                let force = self.dice.throw(2) == 0;
                self.call("control.take", json!({ "force": force })).await;
            }
            14 => {
                let topics = json!({ "topics": TOPICS });
                self.call("events.subscribe", topics).await;
            }
            _ => self.leaves_and_comes_back().await,
        }
    }

    fn place(&mut self) -> Value {
        let (altitude, azimuth) = (35 + self.dice.throw(50), self.dice.throw(360));
        json!({ "altitude": altitude, "azimuth": azimuth })
    }

    /// Repeated so many times that it may end in each way: by its lease, by a stop, or with its client.
    async fn jogs(&mut self, direction: &str) {
        let lease = 250 + self.dice.throw(1500);
        let rate = self.dice.choose(&RATES);
        let jog = json!({ "direction": direction, "rate": rate, "lease_ms": lease });
        for _ in 0..=self.dice.throw(5) {
            self.call("mount.jog", jog.clone()).await;
            tokio::time::sleep(Duration::from_millis(lease / 3)).await;
        }
        if self.dice.throw(3) == 0 {
            let one = json!({ "direction": direction });
            self.call("mount.stop", one).await;
        }
    }

    /// With a request under way, and not always as one should.
    async fn leaves_and_comes_back(&mut self) {
        let jog = json!({ "direction": "east", "rate": "find", "lease_ms": 5_000 });
        self.client.request("mount.jog", jog).await;
        tokio::time::sleep(self.dice.pause(50)).await;
        let new = connected(&self.observatory, &self.counts, &self.token).await;
        let old = std::mem::replace(&mut self.client, new);
        match self.dice.throw(3) {
            0 => old.close().await,
            1 => old.abort(),
            _ => drop(old),
        }
    }

    /// What the log says of an incident.
    fn tells(&self, incident: &Value) -> String {
        let log = self.observatory.log();
        let is_of_it = |line: &&str| incident.as_str().is_some_and(|it| line.contains(it));
        log.lines().filter(is_of_it).collect()
    }

    async fn call(&mut self, method: &str, params: Value) {
        Counts::one(&self.counts.requests);
        let asked = format!("{method} {params}");
        if let Err(error) = self.client.call(method, params).await {
            Counts::one(&self.counts.failures);
            let code = error["code"].as_i64().unwrap();
            assert!(
                EXPECTED.contains(&code),
                "{asked}: {error}, {}",
                self.tells(&error["data"]["incident"])
            );
        }
    }
}

/// A client that nobody was before.
async fn connected(observatory: &Observatory, counts: &Counts, token: &str) -> Client {
    let name = format!("guest-{}", Counts::one(&counts.connections));
    // A command under a fault may take all of its 15 s, behind another's.
    let client = Client::authenticated(observatory.address(), token, &name).await;
    client.with_patience(4 * PATIENCE)
}

/// Adds a fault now and then, ends all of them now and then, and swaps the handler now and then.
async fn misfortune(observatory: Arc<Observatory>, counts: Arc<Counts>, end: Instant) {
    let mut dice = Dice(seed() ^ 1);
    while Instant::now() < end {
        tokio::time::sleep(dice.pause(2_500)).await;
        match dice.throw(12) {
            0 | 1 => _ = observatory.mount().faults().clear(),
            2 => swap(&observatory, Counts::one(&counts.swaps)),
            3 => suffer(&observatory, &counts, dice.choose(&OF_THE_AXES)),
            _ => suffer(&observatory, &counts, dice.choose(&FAULTS)),
        }
    }
}

fn suffer(observatory: &Observatory, counts: &Counts, fault: &str) {
    Counts::one(&counts.faults);
    observatory
        .mount()
        .faults()
        .add(fault.parse().unwrap_or_else(|error| panic!("{error}")));
}

/// The same handler, with a custom section that tells two versions apart.
fn swap(observatory: &Observatory, number: u64) {
    let mut handler = fs::read(plugins().join("handlers/lx200.wasm")).unwrap();
    let version = b'a' + u8::try_from(number % 2).unwrap();
    // Of a component binary too: section 0, its size, the size of its name, its name.
    handler.extend([0, 2, 1, version]);
    let new = observatory.data().join("handlers/new");
    fs::write(&new, handler).unwrap();
    fs::rename(new, observatory.data().join("handlers/lx200.wasm")).unwrap();
}

/// About as much as before. Threads that wait for work in a pool come and go; a heap keeps some of what it had.
fn is_like(after: Holdings, before: Holdings) -> bool {
    after.descriptors <= before.descriptors + 2
        && after.threads <= before.threads + 4
        && after.memory_kib <= before.memory_kib * 5 / 4 + 16 * 1024
}

/// Everybody asks, and everything goes wrong, for so long.
async fn trouble(
    observatory: &Arc<Observatory>,
    counts: &Arc<Counts>,
    token: &str,
    lasts: Duration,
) {
    let end = Instant::now() + lasts;
    let mut tasks = JoinSet::new();
    for number in 0..CLIENTS {
        let dice = Dice(seed() ^ (number + 2));
        let guest = Guest::arrives(observatory, counts, token, dice).await;
        tasks.spawn(guest.asks_until(end));
    }
    tasks.spawn(misfortune(Arc::clone(observatory), Arc::clone(counts), end));
    while let Some(ended) = tasks.join_next().await {
        if let Err(failed) = ended {
            std::panic::resume_unwind(failed.into_panic());
        }
    }
    observatory.mount().faults().clear();
}

/// Nothing is wrong any more: within a while, and without a restart, the mount obeys, and then rests, and nothing goes on.
async fn is_well(observatory: &Observatory, counts: &Counts, token: &str) {
    let mut client = connected(observatory, counts, token).await;
    let topics = json!({ "topics": TOPICS });
    client.call("events.subscribe", topics).await.unwrap();
    let until = Instant::now() + 3 * PATIENCE;
    for (method, params) in [
        ("mount.status", json!({})),
        ("control.take", json!({ "force": true })),
        ("mount.stop", json!({})),
        ("mount.track", json!({ "mode": "sidereal" })),
    ] {
        while let Err(error) = client.call(method, params.clone()).await {
            // It was silent, and is asked what it is every few seconds; or a stop from before came in between.
            assert!(Instant::now() < until, "{method}: {error}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    loop {
        let info = client.call("host.info", json!({})).await.unwrap();
        let moves = observatory.mount().state().moving;
        let table = &info["plugins"]["mount"];
        if table["motions"] == json!([]) && !moves {
            assert_eq!(table["lines"]["port"]["state"], "open", "{info}");
            break;
        }
        assert!(Instant::now() < until, "{info}; it moves: {moves}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let goto = json!({ "altitude": 60, "azimuth": 170 });
    let begun = client.call("mount.goto", goto).await.unwrap();
    let ended = loop {
        let news = client.event("mount.motion").await["data"].take();
        client.forget("mount.status");
        if news["motion"] == begun["motion"] && news["happening"] == "ended" {
            break news;
        }
    };
    assert_eq!(ended["why"], "done", "{ended}");
    let state = observatory.mount().state();
    assert!(!state.moving && state.tracking, "{state:?}");
    client.close().await;
}

/// Each motion that began, as the program's own log has it, ended once: how many there were of each end. None: one did not end yet.
fn accounts(log: &str) -> Option<BTreeMap<String, usize>> {
    let (mut open, mut ends) = (BTreeMap::new(), BTreeMap::new());
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).expect("the log is JSON");
        let Some(happening) = line["happening"].as_str() else {
            continue;
        };
        if happening == "at_rest" {
            continue;
        }
        let motion = line["motion"].as_str().unwrap().to_owned();
        match happening {
            "began" => assert!(!open.contains_key(&motion), "began twice: {line}"),
            "ended" => {
                assert_eq!(open.get(&motion), Some(&false), "{line}");
                *ends
                    .entry(line["why"].as_str().unwrap().to_owned())
                    .or_default() += 1;
            }
            other => panic!("{other}: {line}"),
        }
        open.insert(motion, happening == "ended");
    }
    open.values().all(|ended| *ended).then_some(ends)
}

fn seed() -> u64 {
    let given = std::env::var("SLEWGATE_SEED").ok();
    given.map_or(SEED, |seed| seed.parse().expect("a whole number"))
}

fn lasts() -> Duration {
    match std::env::var_os("SLEWGATE_LONG") {
        Some(_) => Duration::from_secs(30 * 60),
        None => Duration::from_secs(30),
    }
}

async fn soak(dialect: Dialect) {
    println!("{dialect}: SLEWGATE_SEED={}", seed());
    let settings = format!("[plugins.mount]\nsettings = {{ dialect = \"{dialect}\" }}");
    let mut observatory = Setup::default()
        .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
        .variable("SLEWGATE_LOG", "info")
        .config(&settings)
        .config("[policies.telescope]\nsettings = { take_over = true }")
        .config("[limits]\nlowest = 10")
        .own_mount_that_speaks(dialect)
        .start()
        .attached();
    let (process, token) = (observatory.child().id(), observatory.token("telescope"));
    let (observatory, counts) = (Arc::new(observatory), Arc::new(Counts::default()));
    // Both versions of the handler are compiled, and all that is made once is made.
    (0..2).for_each(|_| swap(&observatory, Counts::one(&counts.swaps)));
    trouble(&observatory, &counts, &token, lasts() / 6).await;
    is_well(&observatory, &counts, &token).await;
    let before = Holdings::of(process);

    trouble(&observatory, &counts, &token, lasts()).await;
    is_well(&observatory, &counts, &token).await;
    let mut after = Holdings::of(process);
    let until = Instant::now() + 2 * PATIENCE;
    while !is_like(after, before) && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(200)).await;
        after = Holdings::of(process);
    }
    assert!(is_like(after, before), "{before:?} became {after:?}");
    let ends = observatory.wait("the end of each motion in the log", || {
        accounts(&observatory.log())
    });
    println!(
        "{dialect}, {:?}: {} faults, {} swaps, {} connections, {} requests of which {} failed, {} motions {ends:?}; descriptors {} then {}, \
         threads {} then {}, resident {} then {} KiB",
        lasts(),
        Counts::of(&counts.faults),
        Counts::of(&counts.swaps),
        Counts::of(&counts.connections),
        Counts::of(&counts.requests),
        Counts::of(&counts.failures),
        ends.values().sum::<usize>(),
        before.descriptors,
        after.descriptors,
        before.threads,
        after.threads,
        before.memory_kib,
        after.memory_kib,
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_random_faults_and_requests_a_classic_obeys_and_nothing_is_left_of_them() {
    soak(Dialect::Classic).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_random_faults_and_requests_an_onstep_obeys_and_nothing_is_left_of_them() {
    soak(Dialect::OnStep).await;
}
