//! Autobahn's fuzzing client, which tries how WebSocket is spoken by what it expects of RFC 6455, against an echo with the listener, the meter and
//! the WebSocket of the host, and the limits of its defaults.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use slewgate_server::echo::Echo;
use slewgate_server::net::limits::Limits;
use slewgate_server::net::listener::Configured;
use slewgate_server::tls::{Tls, TlsFiles};
use slewgate_tests::Identity;
use tempfile::TempDir;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// Framing, pings, reserved bits, opcodes, fragments, UTF-8, closing, and long messages in many frames. Left out are 9, megabytes that the
/// host takes from nobody, and 12 and 13, compression, which it does not offer.
const CHAPTERS: [&str; 8] = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"];

/// Cases in them.
const CASES: usize = 247;

/// Where a frame comes in pieces, text that is wrong already is found only when the frame is complete.
const NON_STRICT: [&str; 2] = ["6.4.3", "6.4.4"];

/// Who is tried, for the report.
const AGENT: &str = "slewgate";

/// How long all of it may take. Most waits for an answer that must not come.
const PATIENCE: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abuse_26_autobahn_finds_nothing_in_the_websocket() {
    passes(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abuse_26_autobahn_finds_nothing_in_the_websocket_over_tls() {
    let identity = Identity::make();
    let files = TlsFiles {
        certificate: identity.certificate(),
        key: identity.key(),
    };
    passes(Some(Tls::fixed(&files).unwrap())).await;
}

async fn passes(tls: Option<Tls>) {
    let scheme = if tls.is_some() { "wss" } else { "ws" };
    let stopping = CancellationToken::new();
    let address = serve(tls, stopping.clone()).await;
    let place = TempDir::new().unwrap();
    let spec = json!({
        "outdir": "report",
        "servers": [{ "agent": AGENT, "url": format!("{scheme}://{address}/") }],
        "cases": CHAPTERS,
        "exclude-cases": [],
        "exclude-agent-cases": {},
    });
    fs::write(place.path().join("spec.json"), spec.to_string()).unwrap();
    let began = Instant::now();
    let report = spawn_blocking(move || {
        run(place.path());
        report(place.path())
    });
    let report = report.await.unwrap();
    let strict = report
        .iter()
        .filter(|case| case.verdicts[0] == "OK")
        .count();
    println!(
        "{scheme}: {} cases in {:?}, {strict} of them strictly",
        report.len(),
        began.elapsed()
    );
    stopping.cancel();
    assert_eq!(report.len(), CASES);
    let failed = report.iter().filter(|case| !case.is_passed());
    let failed: Vec<_> = failed
        .inspect(|case| eprintln!("{}", case.report))
        .map(|case| (&case.id, &case.verdicts))
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
}

/// Where the echo is.
async fn serve(tls: Option<Tls>, stopping: CancellationToken) -> SocketAddr {
    let echo = Echo {
        limits: Limits::default(),
        tls,
    };
    let port = Configured {
        name: "command",
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 0,
    };
    let bound = port.bind().await.unwrap();
    let address = bound.address();
    tokio::spawn(bound.run(move |stream, _| Some(echo.clone().serve(stream)), stopping));
    address
}

/// Tries every case; returns when that is done.
fn run(place: &Path) {
    let wstest = std::env::var_os("SLEWGATE_AUTOBAHN").expect(
        "SLEWGATE_AUTOBAHN names no wstest; run `cargo xtask test --all`, which installs one",
    );
    let said = place.join("said.txt");
    let file = fs::File::create(&said).unwrap();
    let mut command = Command::new(wstest);
    command
        .args(["--mode", "fuzzingclient", "--spec", "spec.json"])
        .current_dir(place)
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file);
    let mut child = command.spawn().expect("wstest starts");
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() && Instant::now() < deadline {
        thread::park_timeout(Duration::from_millis(10));
    }
    let _ = child.kill();
    let ended = child.wait().unwrap();
    let said = fs::read_to_string(&said).unwrap();
    assert!(ended.success(), "{ended}: {said}");
}

/// What became of a case.
struct Case {
    id: String,
    /// Of what came back, and of how the connection ended.
    verdicts: [String; 2],
    /// All that is known of it, in JSON that not every parser takes: what was sent is in it.
    report: String,
}

impl Case {
    fn is_passed(&self) -> bool {
        let passed = |verdict: &String| match verdict.as_str() {
            "OK" | "INFORMATIONAL" => true,
            "NON-STRICT" => NON_STRICT.contains(&self.id.as_str()),
            _ => false,
        };
        self.verdicts.iter().all(passed)
    }
}

/// What became of each case.
fn report(place: &Path) -> Vec<Case> {
    let place = place.join("report");
    let read = |name: &str| fs::read_to_string(place.join(name)).expect("a report");
    let index: Value = serde_json::from_str(&read("index.json")).expect("the index is JSON");
    let cases = index[AGENT].as_object().expect("a report");
    let case = |(id, case): (&String, &Value)| {
        let text = |key: &str| case[key].as_str().expect("a text").to_owned();
        Case {
            id: id.clone(),
            verdicts: ["behavior", "behaviorClose"].map(text),
            report: read(&text("reportfile")),
        }
    };
    cases.iter().map(case).collect()
}
