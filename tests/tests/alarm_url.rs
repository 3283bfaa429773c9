//! `[alarms] url` hears of what somebody should look at, by HTTP.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use slewgate_tests::{Identity, Observatory, PATIENCE, Setup};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

const TAKEN: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// A server that takes what is posted to it, and answers always the same.
struct Inbox {
    address: SocketAddr,
    posts: mpsc::UnboundedReceiver<Post>,
}

#[derive(Debug)]
struct Post {
    head: String,
    body: Value,
}

impl Inbox {
    async fn open(answer: String) -> Inbox {
        Inbox::with(answer, None).await
    }

    async fn with(answer: String, tls: Option<TlsAcceptor>) -> Inbox {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (took, posts) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let post = match &tls {
                    None => take(stream, &answer).await,
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => take(stream, &answer).await,
                        Err(_) => continue,
                    },
                };
                let _ = took.send(post);
            }
        });
        Inbox { address, posts }
    }

    async fn next(&mut self) -> Post {
        let post = timeout(PATIENCE, self.posts.recv()).await;
        post.expect("a post in time").unwrap()
    }
}

/// Reads one request, and answers it.
async fn take(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) -> Post {
    let mut read = String::new();
    loop {
        let mut piece = [0; 1_024];
        let length = stream.read(&mut piece).await.unwrap();
        assert_ne!(length, 0, "the request is whole: {read}");
        read.push_str(str::from_utf8(&piece[..length]).unwrap());
        let Some((head, body)) = read.split_once("\r\n\r\n") else {
            continue;
        };
        let head = format!("{}\r\n", head.to_ascii_lowercase());
        if head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())) {
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            let body = serde_json::from_str(body).unwrap();
            return Post { head, body };
        }
    }
}

/// A host whose alarms are posted there.
fn posting_to(url: &str) -> Observatory {
    posting(Setup::default(), url)
}

fn posting(setup: Setup, url: &str) -> Observatory {
    let observatory = setup.config(&format!("[alarms]\nurl = \"{url}\"")).start();
    observatory.token("telescope");
    observatory
}

/// Which is an alarm of another kind.
fn spoil(identity: &Identity) {
    fs::write(identity.certificate(), "no certificate").unwrap();
}

/// Which is an alarm.
fn spoil_tokens(data: &Path, text: &str) {
    let (file, new) = (data.join("api_tokens.json"), data.join("api_tokens.new"));
    fs::write(&new, text).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(new, file).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alarm_is_posted_once_a_minute_and_one_of_another_kind_at_once() {
    let identity = Identity::make();
    let mut inbox = Inbox::open(TAKEN.to_owned()).await;
    let setup = Setup::default().config(&identity.table());
    let url = format!("http://{}/secret/path?topic=dome", inbox.address);
    let observatory = posting(setup, &url);
    spoil_tokens(observatory.data(), "{");
    let Post { head, body } = inbox.next().await;
    assert!(
        head.starts_with("post /secret/path?topic=dome http/1.1\r\n"),
        "{head}"
    );
    let host = format!("\r\nhost: {}\r\n", inbox.address);
    assert!(head.contains(&host), "{head}");
    assert!(
        head.contains("\r\ncontent-type: application/json\r\n"),
        "{head}"
    );
    let in_the_log = observatory.wait_for_security_event(|event| event["event"] == "alarm");
    for key in ["event", "time", "reason"] {
        assert_eq!(body[key], in_the_log[key], "{body}");
    }
    // The same again, and then something else.
    fs::remove_file(observatory.data().join("api_tokens.json")).unwrap();
    observatory.token("telescope");
    spoil_tokens(observatory.data(), "{");
    observatory.wait("the same once more in the log", || {
        let events = observatory.security_log();
        let same = events
            .iter()
            .filter(|event| event["reason"] == body["reason"]);
        (same.count() == 2).then_some(())
    });
    spoil(&identity);
    assert_ne!(inbox.next().await.body["reason"], body["reason"]);
    // What stands in the address is told nobody.
    assert!(!observatory.log().contains("secret/path"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_sends_elsewhere_is_not_followed_and_failures_are_said_once_a_minute() {
    let mut other = Inbox::open(TAKEN.to_owned()).await;
    let elsewhere = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{}/\r\nContent-Length: 0\r\n\r\n",
        other.address
    );
    let mut inbox = Inbox::open(elsewhere).await;
    let identity = Identity::make();
    let setup = Setup::default().config(&identity.table());
    let observatory = posting(setup, &format!("http://{}", inbox.address));
    spoil_tokens(observatory.data(), "{");
    inbox.next().await;
    observatory.told(&[
        "[alarms] url: http://127.0.0.1:",
        "it answered 307",
        "not followed",
    ]);
    spoil(&identity);
    inbox.next().await;
    let asked = observatory.run(&["plugin", "list"]);
    assert!(asked.status.success(), "{asked:?}");
    assert!(other.posts.try_recv().is_err());
    assert_eq!(observatory.log().matches("[alarms] url: ").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_or_says_nothing_keeps_nobody() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut observatory = posting_to(&format!("http://{}", silent.local_addr().unwrap()));
    let mut client = observatory.client("telescope").await;
    spoil_tokens(observatory.data(), "{");
    let held = timeout(PATIENCE, silent.accept()).await.unwrap();
    client.call("host.info", json!({})).await.unwrap();
    observatory.terminate();
    assert_eq!(observatory.exit_code(), Some(0));
    drop((held, silent));

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let observatory = posting_to(&format!("http://{address}"));
    spoil_tokens(observatory.data(), "{");
    observatory.told(&["[alarms] url: http://127.0.0.1:", "no connection"]);
}

/// A server's side of TLS, with a certificate as `slewgate tls generate` makes them.
fn secured(place: &Path) -> TlsAcceptor {
    let mut generate = Setup::default().verb(place, &["tls", "generate", "--json"]);
    let made = generate.output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let certificate = CertificateDer::from_pem_file(place.join("tls/certificate.pem"));
    let key = PrivateKeyDer::from_pem_file(place.join("tls/key.pem"));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.unwrap()], key.unwrap())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_a_server_is_told_that_the_machine_trusts_and_no_other() {
    let place = TempDir::new().unwrap();
    let mut inbox = Inbox::with(TAKEN.to_owned(), Some(secured(place.path()))).await;
    let config = format!("[alarms]\nurl = \"https://{}/\"", inbox.address);
    // Whom a machine trusts is in a file, which this variable names.
    let certificate = place.path().join("tls/certificate.pem");
    let observatory = Setup::default()
        .config(&config)
        .variable("SSL_CERT_FILE", certificate.to_str().unwrap())
        .start();
    observatory.token("telescope");
    spoil_tokens(observatory.data(), "{");
    assert_eq!(inbox.next().await.body["event"], "alarm");

    let observatory = posting_to(&format!("https://{}/", inbox.address));
    spoil_tokens(observatory.data(), "{");
    observatory.told(&["[alarms] url: https://127.0.0.1:", "no TLS"]);
    assert!(inbox.posts.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_a_command_too_hears_of_an_alarm_both_ways() {
    let mut inbox = Inbox::open(TAKEN.to_owned()).await;
    let config = format!(
        "[alarms]\nurl = \"http://{}\"\ncommand = [\"sh\", \"-c\", \"cat >> told.jsonl\"]",
        inbox.address
    );
    let observatory = Setup::default().config(&config).start();
    observatory.token("telescope");
    spoil_tokens(observatory.data(), "{");
    let posted = inbox.next().await.body;
    let told = observatory.wait("alarm", || {
        let text = fs::read_to_string(observatory.data().join("told.jsonl")).ok()?;
        serde_json::from_str::<Value>(text.strip_suffix('\n')?).ok()
    });
    assert_eq!(told, posted);
}
