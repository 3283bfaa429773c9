//! Attack 27: frames of no length that continue a message which never ends. They surface from no library, so that one who only reads messages would
//! go on reading them; from as many connections as the host has threads for its sockets, nobody else would be served.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use slewgate_tests::{Identity, Observatory, PATIENCE, Setup, long, secured_over};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Threads that the host has for its sockets.
const THREADS: usize = 2;

/// What the victim asks in a measurement, in so many rounds: here and elsewhere in turn, so that what else the machine does is in both.
const QUESTIONS: usize = 6_000;
const ROUNDS: usize = 5;

/// Between two questions.
const PACE: Duration = Duration::from_millis(2);

/// The victim's p99 may be so many times as long as where the flood goes elsewhere, or this long.
const RATIO: u32 = 5;
const LEAST: Duration = Duration::from_millis(5);

/// Measurements of which one has to hold: the machine has other things to do as well.
const TRIES: usize = 5;

/// What a heap may keep.
const SLACK_KIB: u64 = 16 << 10;

/// The beginning of a text message with nothing in it, masked with zeros; and frames that continue it, by the thousand.
const BEGINNING: [u8; 6] = [0x01, 0x80, 0, 0, 0, 0];
const CONTINUATION: [u8; 6] = [0x00, 0x80, 0, 0, 0, 0];
const AT_ONCE: usize = 1_000;

/// What is read of a flood that goes elsewhere, as the host does of those that it closes.
const READ_ELSEWHERE: u64 = 256 * 1024;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// How one gets to the host.
#[derive(Clone)]
struct Way {
    address: SocketAddr,
    /// With TLS, where there is one.
    certificate: Option<PathBuf>,
}

impl Way {
    /// From this address of the machine.
    async fn open(&self, source: Ipv4Addr) -> anyhow::Result<WebSocketStream<Box<dyn Stream>>> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((source, 0).into())?;
        let stream = socket.connect(self.address).await?;
        stream.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &self.certificate {
            Some(certificate) => Box::new(secured_over(stream, certificate).await?),
            None => Box::new(stream),
        };
        Ok(client_async("ws://127.0.0.1/", stream).await?.0)
    }

    /// The same, with a token that was accepted.
    async fn enter(
        &self,
        source: Ipv4Addr,
        token: &str,
        name: &str,
    ) -> anyhow::Result<WebSocketStream<Box<dyn Stream>>> {
        let mut socket = self.open(source).await?;
        let first = json!({ "token": token, "client_id": name });
        socket.send(Message::text(first.to_string())).await?;
        let answer = socket.next().await.transpose()?;
        let answer = answer.unwrap_or(Message::Close(None)).into_data();
        let answer: Value = serde_json::from_slice(&answer)?;
        anyhow::ensure!(answer["type"] == "auth_ok", "{answer}");
        Ok(socket)
    }
}

/// Where a flood goes.
#[derive(Clone)]
enum Aim {
    Elsewhere(SocketAddr),
    Unknown(Way),
    /// With this token.
    Known(Way, Arc<str>),
}

impl Aim {
    async fn open(&self, source: Ipv4Addr, name: &str) -> anyhow::Result<Box<dyn Stream>> {
        let mut socket = match self {
            Aim::Elsewhere(address) => {
                let socket = TcpSocket::new_v4()?;
                socket.bind((source, 0).into())?;
                return Ok(Box::new(socket.connect(*address).await?));
            }
            Aim::Unknown(way) => way.open(source).await?,
            Aim::Known(way, token) => way.enter(source, token, name).await?,
        };
        // The library wrote all that it had to write.
        socket.flush().await?;
        Ok(socket.into_inner())
    }
}

/// Those who flood, on threads of their own; they end with it.
struct Flood {
    runtime: Option<Runtime>,
    /// Connections that were flooded.
    floods: Arc<AtomicU64>,
}

impl Flood {
    /// From so many connections at any time: one that is cut comes again.
    fn begin(aim: &Aim, connections: usize) -> Flood {
        let runtime = runtime();
        let floods = Arc::<AtomicU64>::default();
        for number in 0..connections {
            let (aim, floods) = (aim.clone(), Arc::clone(&floods));
            let source = Ipv4Addr::new(127, 0, 27, number as u8 + 1);
            runtime.spawn(async move {
                for visit in 0_u64.. {
                    let name = format!("attacker-{number}-{visit}");
                    if let Ok(stream) = aim.open(source, &name).await {
                        floods.fetch_add(1, Ordering::Relaxed);
                        pour(stream).await;
                    }
                }
            });
        }
        Flood {
            runtime: Some(runtime),
            floods,
        }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    let built = builder.worker_threads(THREADS).enable_all().build();
    built.unwrap()
}

/// Until the connection is cut.
async fn pour(mut stream: impl Stream) {
    let frames = CONTINUATION.repeat(AT_ONCE);
    let mut sent = stream.write_all(&BEGINNING).await;
    while sent.is_ok() {
        sent = stream.write_all(&frames).await;
    }
}

/// Takes what comes, and makes nothing of it.
async fn discard(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut some = stream.take(READ_ELSEWHERE);
            let _ = tokio::io::copy(&mut some, &mut tokio::io::sink()).await;
        });
    }
}

/// Who has nothing to do with it.
struct Victim {
    socket: WebSocketStream<Box<dyn Stream>>,
    asked: u64,
}

impl Victim {
    /// How long the answers took.
    async fn asks(&mut self, questions: usize) -> Vec<Duration> {
        let mut took = Vec::with_capacity(questions);
        for _ in 0..questions {
            sleep(PACE).await;
            let began = Instant::now();
            timeout(PATIENCE, self.ask()).await.expect("in time");
            took.push(began.elapsed());
        }
        took
    }

    async fn ask(&mut self) {
        self.asked += 1;
        let question = json!({ "jsonrpc": "2.0", "id": self.asked, "method": "host.info" });
        let sent = self.socket.send(Message::text(question.to_string())).await;
        sent.expect("it is not disconnected");
        loop {
            let answer = self.socket.next().await.expect("it is not disconnected");
            // The host pings it.
            if let Message::Text(text) = answer.expect("it is not disconnected") {
                let answer: Value = serde_json::from_str(&text).unwrap();
                assert!(answer["result"].is_object(), "{answer}");
                assert_eq!(answer["id"], self.asked);
                return;
            }
        }
    }
}

fn p99(mut took: Vec<Duration>) -> Duration {
    took.sort();
    took[took.len() * 99 / 100]
}

/// A host, who is served by it, and whom nobody is.
struct Scene {
    observatory: Observatory,
    way: Way,
    token: Arc<str>,
    victim: Victim,
    elsewhere: SocketAddr,
    /// Before anybody floods.
    descriptors: usize,
}

impl Scene {
    async fn set(identity: Option<&Identity>) -> Scene {
        let setup = Setup::default()
            .config(&identity.map(Identity::table).unwrap_or_default())
            .variable("SLEWGATE_LOG", "info")
            .variable("REQUEST_LIMIT_PER_MINUTE", "1000000");
        let observatory = setup.start().attached();
        let way = Way {
            address: observatory.address(),
            certificate: identity.map(Identity::certificate),
        };
        let token: Arc<str> = observatory.token("observer").into();
        let source = Ipv4Addr::new(127, 0, 0, 7);
        let socket = way.enter(source, &token, "victim").await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let elsewhere = listener.local_addr().unwrap();
        thread::spawn(|| runtime().block_on(discard(listener)));
        let descriptors = observatory.holdings().descriptors;
        Scene {
            observatory,
            way,
            token,
            victim: Victim { socket, asked: 0 },
            elsewhere,
            descriptors,
        }
    }

    /// Nothing is left of who flooded.
    fn settle(&self) {
        self.observatory.wait("end of the floods", || {
            let descriptors = self.observatory.holdings().descriptors;
            (descriptors <= self.descriptors).then_some(())
        });
    }

    /// The victim is hardly slower than while the same flood goes elsewhere: at least in one of some tries.
    async fn withstands(&mut self, aim: &Aim, connections: usize, what: &str) {
        let mut tries = 0..TRIES;
        while tries.next().is_some() {
            if self.hardly_feels(aim, connections, what).await {
                return;
            }
        }
        panic!("{what}, {connections} connections: the victim is slow");
    }

    async fn hardly_feels(&mut self, aim: &Aim, connections: usize, what: &str) -> bool {
        let elsewhere = Aim::Elsewhere(self.elsewhere);
        let questions = long(QUESTIONS) / ROUNDS;
        let (mut flooded, mut quiet, mut floods) = (Vec::new(), Vec::new(), 0);
        for _ in 0..ROUNDS {
            self.settle();
            let flood = Flood::begin(&elsewhere, connections);
            quiet.extend(self.victim.asks(questions).await);
            drop(flood);
            let flood = Flood::begin(aim, connections);
            flooded.extend(self.victim.asks(questions).await);
            floods += flood.floods.load(Ordering::Relaxed);
        }
        assert!(floods >= connections as u64, "nobody floods: {floods}");
        let (flooded, quiet) = (p99(flooded), p99(quiet));
        let ratio = flooded.as_secs_f64() / quiet.as_secs_f64();
        println!(
            "{what}, {connections} connections, {floods} floods: p99 {flooded:?}, {quiet:?} while they go elsewhere: {ratio:.1} times"
        );
        flooded <= LEAST.max(quiet * RATIO)
    }

    /// The log has what this was ended for.
    fn tells(&self, reason: &str) {
        self.observatory.wait_for_security_event(|event| {
            let found = event["reason"].as_str();
            event["code"] == 4008 && found.is_some_and(|found| found.contains(reason))
        });
    }
}

async fn attack(identity: Option<&Identity>) {
    let mut scene = Scene::set(identity).await;
    let over = identity.map_or("plain", |_| "TLS");
    let (way, token) = (scene.way.clone(), Arc::clone(&scene.token));
    let aims = [
        (Aim::Unknown(way.clone()), "before"),
        (Aim::Known(way, token), "after"),
    ];
    // What the host takes for its first crowd it keeps.
    for (aim, _) in &aims {
        let _flood = Flood::begin(aim, 2 * THREADS);
        scene.victim.asks(100).await;
    }
    scene.settle();
    let before = scene.observatory.holdings().memory_kib;
    for (aim, when) in &aims {
        for connections in [THREADS, 2 * THREADS] {
            let what = format!("{over}, {when} authentication");
            scene.withstands(aim, connections, &what).await;
        }
    }
    scene.tells("over the frames that may come before authentication");
    scene.tells("over the frames or bytes that may come within a second");
    let log = std::fs::read_to_string(scene.observatory.data().join("security/logs/security.log"));
    let log = log.unwrap();
    assert!(!log.contains(&*scene.token), "a token is in the log");
    scene.settle();
    let after = scene.observatory.holdings().memory_kib;
    println!("{over}: {before} KiB before, {after} KiB after");
    assert!(after <= before + SLACK_KIB, "{before} became {after} KiB");
    scene.victim.asks(10).await;
}

#[tokio::test]
async fn attack_27_zero_length_continuation() {
    attack(None).await;
    attack(Some(&Identity::make())).await;
}
