//! TLS on the three ports: who speaks it, whose certificate it is, and what becomes of those who come to none.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use slewgate_tests::{
    Identity, Observatory, PATIENCE, Setup, ask, get, number, picture, secured, secured_over,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// With which a client begins TLS (RFC 8446, 5.1), cut after its first bytes.
const CUT: [u8; 7] = [22, 3, 1, 2, 0, 1, 0];

/// A host with it.
fn started_with(identity: &Identity) -> Observatory {
    Setup::default().config(&identity.table()).start()
}

/// A session over a stream of any sort.
async fn enter<S>(stream: S, token: &str) -> WebSocketStream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut socket, _) = client_async("ws://127.0.0.1/", stream).await.unwrap();
    let shown = json!({ "token": token, "client_id": "secured" });
    say(&mut socket, &shown).await;
    let answer = hear(&mut socket).await;
    assert_eq!(answer["type"], "auth_ok", "{answer}");
    socket
}

async fn say<S>(socket: &mut WebSocketStream<S>, message: &Value)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    socket
        .send(Message::text(message.to_string()))
        .await
        .unwrap();
}

async fn next<S>(socket: &mut WebSocketStream<S>) -> Message
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let next = timeout(PATIENCE, socket.next()).await;
    next.unwrap().unwrap().unwrap()
}

async fn hear<S>(socket: &mut WebSocketStream<S>) -> Value
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    serde_json::from_str(next(socket).await.to_text().unwrap()).unwrap()
}

async fn answers<S>(socket: &mut WebSocketStream<S>) -> bool
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": "host.info" });
    say(socket, &asked).await;
    hear(socket).await["result"].is_object()
}

fn closed(observatory: &Observatory, reason: &str) {
    observatory.wait_for_security_event(|event| {
        event["event"] == "closed"
            && event["reason"]
                .as_str()
                .is_some_and(|found| found.contains(reason))
    });
}

#[tokio::test]
async fn a_page_that_came_in_clear_is_not_ours_where_there_is_tls() {
    let identity = Identity::make();
    let observatory = started_with(&identity);
    let web = observatory.web();
    for (address, path) in [
        (observatory.address(), "/"),
        (observatory.liveview(), "/"),
        (web, "/command"),
    ] {
        for (scheme, expected) in [("https", 101), ("http", 403)] {
            let stream = secured(address, &identity.certificate()).await.unwrap();
            let url = format!("ws://{address}{path}");
            let mut request = url.into_client_request().unwrap();
            let origin = format!("{scheme}://{web}").parse().unwrap();
            request.headers_mut().insert("Origin", origin);
            let status = match client_async(request, stream).await {
                Ok((_, response)) => response.status(),
                Err(Error::Http(response)) => response.status(),
                Err(error) => panic!("{error}"),
            };
            assert_eq!(status, expected, "{address}{path} {scheme}");
        }
    }
}

#[tokio::test]
async fn commands_and_the_page_go_through_tls() {
    let identity = Identity::make();
    let observatory = started_with(&identity);
    let token = observatory.token("telescope");
    let stream = secured(observatory.address(), &identity.certificate()).await;
    let mut client = enter(stream.unwrap(), &token).await;
    assert!(answers(&mut client).await);
    let stream = secured(observatory.web(), &identity.certificate()).await;
    let mut stream = stream.unwrap();
    let asked = get(observatory.web(), "/healthz", "");
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut answer = String::new();
    // It ends with the answer, with a word of TLS or without.
    let _ = timeout(PATIENCE, stream.read_to_string(&mut answer))
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn pictures_go_through_tls_to_their_last_byte() {
    let identity = Identity::make();
    let observatory = started_with(&identity);
    let enter_as = async |client_type: &str| {
        let stream = secured(observatory.liveview(), &identity.certificate()).await;
        enter(stream.unwrap(), &observatory.token(client_type)).await
    };
    let mut camera = enter_as("telescope").await;
    say(&mut camera, &json!({ "publish": "main" })).await;
    hear(&mut camera).await;
    let mut viewer = enter_as("observer").await;
    say(&mut viewer, &json!({ "watch": "main" })).await;
    hear(&mut viewer).await;
    for (count, bytes) in [(1, 24), (2, 65_536), (3, 2_000_000), (4, 24)] {
        let frame = Message::binary(picture(count, bytes));
        camera.send(frame).await.unwrap();
        let seen = next(&mut viewer).await.into_data();
        assert_eq!((number(&seen), seen.len()), (count, bytes));
    }
}

/// What waits for it within TLS is little: what it takes shows.
#[tokio::test]
async fn a_viewer_that_takes_four_kilobytes_a_second_goes_on() {
    let identity = Identity::make();
    let observatory = Setup::default()
        .config(&identity.table())
        .config("[liveview]\nstall_ms = 4000")
        .start();
    let certificate = identity.certificate();
    let stream = secured(observatory.liveview(), &certificate).await;
    let mut camera = enter(stream.unwrap(), &observatory.token("telescope")).await;
    say(&mut camera, &json!({ "publish": "main" })).await;
    hear(&mut camera).await;
    let socket = TcpSocket::new_v4().unwrap();
    // Otherwise the system reads ahead for it.
    socket.set_recv_buffer_size(4_096).unwrap();
    let stream = socket.connect(observatory.liveview()).await.unwrap();
    let stream = secured_over(stream, &certificate).await.unwrap();
    let mut viewer = enter(stream, &observatory.token("observer")).await;
    say(&mut viewer, &json!({ "watch": "main" })).await;
    hear(&mut viewer).await;
    let showing = tokio::spawn(async move {
        for count in 1.. {
            let frame = Message::binary(picture(count, 200_000));
            if camera.send(frame).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let mut stream = viewer.into_inner();
    let mut some = [0; 2_048];
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let read = timeout(PATIENCE, stream.read_exact(&mut some))
            .await
            .unwrap();
        let ended = observatory.security_log().pop();
        assert!(read.is_ok(), "{read:?}: {ended:?}");
    }
    showing.abort();
}

#[tokio::test]
async fn the_program_itself_calls_through_tls_and_only_the_host_it_knows() {
    let (identity, other) = (Identity::make(), Identity::make());
    let observatory = started_with(&identity);
    let token = observatory.token("telescope");
    let call = |certificate: &Path| {
        let url = format!("wss://{}", observatory.address());
        let asked = ["call", "host.info", "--url", &url, "--certificate"];
        let asked = [&asked[..], &[certificate.to_str().unwrap()]].concat();
        let mut call = Setup::default().verb(observatory.data(), &asked);
        call.env("SLEWGATE_TOKEN", &token).output().unwrap()
    };
    let known = call(&identity.certificate());
    assert!(known.status.success(), "{known:?}");
    let unknown = call(&other.certificate());
    assert_eq!(unknown.status.code(), Some(1));
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert!(
        said.contains("it is not the host that --certificate"),
        "{said}"
    );
    let said = |url: &str, more: &[&str]| {
        let asked = [&["call", "host.info", "--url", url], more].concat();
        let mut call = Setup::default().verb(observatory.data(), &asked);
        let told = call.env("SLEWGATE_TOKEN", &token).output().unwrap();
        assert!(!told.status.success(), "{told:?}");
        String::from_utf8(told.stderr).unwrap()
    };
    let plain = format!("ws://{}", observatory.address());
    let known = identity.certificate();
    let clear = said(&plain, &["--certificate", known.to_str().unwrap()]);
    assert!(clear.contains("goes in clear"), "{clear}");
    let told = said(&plain, &[]);
    assert!(told.contains("this port speaks TLS"), "{told}");
}

#[tokio::test]
async fn who_speaks_http_to_a_port_with_tls_is_told_what_to_speak() {
    let identity = Identity::make();
    let observatory = started_with(&identity);
    for address in [observatory.address(), observatory.web()] {
        let answer = ask(address, get(address, "/", "")).await;
        assert_eq!(answer.status, Some(400), "{answer:?}");
        assert!(answer.body.contains("wss://"), "{answer:?}");
    }
    closed(&observatory, "it speaks no TLS");
}

#[tokio::test]
async fn tls_to_a_port_without_is_ended_and_logged() {
    let observatory = Observatory::start();
    let identity = Identity::make();
    secured(observatory.address(), &identity.certificate())
        .await
        .unwrap_err();
    closed(&observatory, "no websocket upgrade");
}

#[tokio::test]
async fn who_does_not_shake_hands_in_time_is_gone_and_holds_nobody_up() {
    let identity = Identity::make();
    let observatory = Setup::default()
        .config(&identity.table())
        .config("[admission]\ntls_ms = 500")
        .start();
    let mut silent = TcpStream::connect(observatory.address()).await.unwrap();
    let mut cut = TcpStream::connect(observatory.address()).await.unwrap();
    cut.write_all(&CUT).await.unwrap();
    let token = observatory.token("telescope");
    let stream = secured(observatory.address(), &identity.certificate()).await;
    let mut client = enter(stream.unwrap(), &token).await;
    assert!(answers(&mut client).await);
    for stream in [&mut silent, &mut cut] {
        let ended = timeout(PATIENCE, stream.read(&mut [0; 64])).await.unwrap();
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    }
    closed(&observatory, "no TLS in time");
    assert!(answers(&mut client).await);
}

#[tokio::test]
async fn what_is_no_handshake_is_ended_at_once() {
    let identity = Identity::make();
    let observatory = started_with(&identity);
    let mut stream = TcpStream::connect(observatory.address()).await.unwrap();
    let garbage = [&CUT[..], &[0xff; 600]].concat();
    stream.write_all(&garbage).await.unwrap();
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .unwrap();
    assert!(rest.len() < 64, "{ended:?} {rest:?}");
    closed(&observatory, "no TLS: ");
}

/// Whether a host has this certificate.
async fn has(address: SocketAddr, certificate: &Path) -> io::Result<()> {
    secured(address, certificate).await.map(drop)
}

#[tokio::test]
async fn a_certificate_is_replaced_under_sessions_that_go_on_and_a_bad_one_is_not() {
    let identity = Identity::make();
    let observatory = started_with(&identity);
    let token = observatory.token("telescope");
    let stream = secured(observatory.address(), &identity.certificate()).await;
    let mut client = enter(stream.unwrap(), &token).await;
    let before = identity.certificate().with_file_name("before.pem");
    fs::copy(identity.certificate(), &before).unwrap();
    let made = identity.generate(&["--force"]);
    assert!(made.status.success(), "{made:?}");
    observatory.told(&["another certificate is in force"]);
    has(observatory.address(), &identity.certificate())
        .await
        .unwrap();
    has(observatory.address(), &before).await.unwrap_err();
    assert!(answers(&mut client).await);

    let good = identity.certificate().with_file_name("good.pem");
    fs::copy(identity.certificate(), &good).unwrap();
    fs::write(identity.certificate(), "no certificate").unwrap();
    let alarm = observatory.wait_for_security_event(|event| event["event"] == "alarm");
    let why = alarm["reason"].as_str().unwrap();
    assert!(
        why.contains("the certificate stays as it was") && why.contains("BEGIN CERTIFICATE"),
        "{why}"
    );
    has(observatory.address(), &good).await.unwrap();
    assert!(answers(&mut client).await);
}

/// The exit code of a host with this table, and what it says.
fn refuses(table: &str) -> (Option<i32>, String) {
    Setup::default().config(table).end()
}

#[test]
fn a_host_does_not_start_without_the_tls_that_it_was_told_of() {
    let (identity, other) = (Identity::make(), Identity::make());
    let mixed = format!(
        "[tls]\ncertificate = {:?}\nkey = {:?}\n",
        identity.certificate(),
        other.key()
    );
    let (code, said) = refuses(&mixed);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is not that of"), "{said}");
    let (code, said) = refuses("[tls]\ncertificate = \"no/such.pem\"\nkey = \"no/such.key\"\n");
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("cannot read") && said.contains("no/such"),
        "{said}"
    );
    let (code, said) = refuses("[tls]\ncertificate = \"only.pem\"\n");
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("[tls] key is missing"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_key_that_everybody_can_read_is_refused_and_one_that_is_made_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let identity = Identity::make();
    let mode = fs::metadata(identity.key()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::set_permissions(identity.key(), fs::Permissions::from_mode(0o644)).unwrap();
    let (code, said) = refuses(&identity.table());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("chmod 600"), "{said}");
}

#[test]
fn a_certificate_takes_the_place_of_none_unless_it_is_told_to() {
    let identity = Identity::make();
    let before = fs::read(identity.certificate()).unwrap();
    let again = identity.generate(&[]);
    assert_eq!(again.status.code(), Some(2), "{again:?}");
    assert!(String::from_utf8(again.stderr).unwrap().contains("--force"));
    assert_eq!(fs::read(identity.certificate()).unwrap(), before);
    let named = identity.generate(&["--force", "--name", "scope.example"]);
    let named: Value = serde_json::from_slice(&named.stdout).unwrap();
    let names = named["names"].as_array().unwrap();
    for name in ["scope.example", "localhost", "127.0.0.1", "::1"] {
        assert!(names.contains(&json!(name)), "{named}");
    }
    assert!(named["pin"].as_str().unwrap().starts_with("sha256/"));
    assert_ne!(fs::read(identity.certificate()).unwrap(), before);
}
