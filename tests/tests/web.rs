//! Port 5000: the page, the health, who may ask for them, what a connection may cost, and the WebSockets of the other ports.

use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};
use slewgate_tests::{
    Client, Observatory, PATIENCE, Setup, ask, get, number, picture, read_answer,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// Lines that ask for a WebSocket.
const UPGRADE: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// RFC 6455, 1.3: what is answered to that key.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

// ---- The page and the health ---------------------------------------------------------------------------------------

#[tokio::test]
async fn the_page_comes_with_a_policy_that_names_its_own_script_and_nothing_else() {
    let observatory = Observatory::start();
    let web = observatory.web();
    let page = ask(web, get(web, "/", "")).await;
    assert_eq!(page.status, Some(200));
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap();
    for (directive, opening, closing) in [
        ("script-src", "<script>", "</script>"),
        ("style-src", "<style>", "</style>"),
    ] {
        let (_, after) = page.body.split_once(opening).unwrap();
        let (text, _) = after.split_once(closing).unwrap();
        let hash = BASE64_STANDARD.encode(Sha256::digest(text));
        let wanted = format!("{directive} 'sha256-{hash}';");
        assert!(policy.contains(&wanted), "{wanted} in {policy}");
    }
    for wanted in [
        "default-src 'none'",
        "img-src 'self' blob:;",
        &format!("connect-src 'self' ws://{web} wss://{web};"),
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(wanted), "{wanted} in {policy}");
    }
    for unwanted in ["unsafe", "*", "https:", "data:"] {
        assert!(!policy.contains(unwanted), "{unwanted} in {policy}");
    }
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_browsers_from_guessing_keeping_and_framing() {
    let observatory = Observatory::start();
    let web = observatory.web();
    for path in [
        "/",
        "/icon.svg",
        "/healthz",
        "/nothing",
        "/command",
        "/liveview/main",
    ] {
        let answer = ask(web, get(web, path, "")).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
            ("connection", "close"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}: {name}");
        }
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
    }
}

#[tokio::test]
async fn health_needs_no_token_and_tells_that_the_host_serves_and_nothing_else() {
    let observatory = Observatory::start();
    let web = observatory.web();
    let health = ask(web, get(web, "/healthz", "")).await;
    assert_eq!(
        (health.status, &*health.body),
        (Some(200), r#"{"status": "ok"}"#)
    );
    assert_eq!(health.header("content-type"), Some("application/json"));
    // Whoever watches by the second fills no log.
    assert!(
        observatory
            .security_log()
            .iter()
            .all(|event| event["event"] != "connection")
    );
}

#[tokio::test]
async fn head_is_answered_as_get_without_a_body() {
    let observatory = Observatory::start();
    let web = observatory.web();
    let page = ask(web, get(web, "/", "")).await;
    let head = ask(web, format!("HEAD / HTTP/1.1\r\nHost: {web}\r\n\r\n")).await;
    assert_eq!((head.status, &*head.body), (Some(200), ""));
    assert_eq!(
        head.header("content-length"),
        Some(&*page.body.len().to_string())
    );
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_so_is_answered_with_a_sentence() {
    let observatory = Observatory::start();
    let web = observatory.web();
    let nothing = ask(web, get(web, "/index.php?a=b", "")).await;
    assert_eq!(nothing.status, Some(404));
    assert!(nothing.body.contains("the page is at /"), "{nothing:?}");
    for path in ["/", "/healthz", "/command", "/liveview/main"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "SPY"] {
            let request =
                format!("{method} {path} HTTP/1.1\r\nHost: {web}\r\nContent-Length: 0\r\n\r\n");
            let answer = ask(web, request).await;
            assert_eq!(answer.status, Some(405), "{method} {path}");
            assert_eq!(
                answer
                    .header("allow")
                    .map(|allow| allow.replace(' ', ""))
                    .as_deref(),
                Some("GET,HEAD"),
                "{method} {path}"
            );
            assert!(answer.body.contains("answers GET and HEAD"), "{answer:?}");
        }
    }
}

// ---- Names and pages -----------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_name_that_is_not_ours_is_refused_and_the_refusal_names_the_setting() {
    let observatory = Setup::default()
        .config(
            "[server]\nnames = [\"Dome\"]\n[web]\npublic_urls = [\"https://scope.example:8443\"]",
        )
        .start();
    let web = observatory.web();
    let named = async |host: &str| {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n");
        ask(web, request).await
    };
    for ours in [
        "localhost",
        "127.0.0.1",
        "[::1]:5000",
        "192.168.7.9",
        "dome:5000",
        "scope.example",
    ] {
        assert_eq!(named(ours).await.status, Some(200), "{ours}");
    }
    for foreign in [
        "evil.example",
        "127.0.0.1.evil.example",
        "user@localhost",
        "scope.example.evil:5000",
    ] {
        let refused = named(foreign).await;
        assert_eq!(refused.status, Some(421), "{foreign}");
        assert!(refused.body.contains("[server] names"), "{refused:?}");
    }
    let event = observatory.wait_for_security_event(|event| event["event"] == "closed");
    assert!(
        event["reason"].as_str().unwrap().contains("evil.example"),
        "{event}"
    );
}

#[tokio::test]
async fn the_name_in_the_requests_own_line_counts_and_http_1_1_has_one() {
    let observatory = Observatory::start();
    let web = observatory.web();
    for (request, status) in [
        (
            format!("GET http://evil.example/healthz HTTP/1.1\r\nHost: {web}\r\n\r\n"),
            421,
        ),
        (
            format!("GET http://{web}/healthz HTTP/1.1\r\nHost: {web}\r\n\r\n"),
            200,
        ),
        (
            format!("GET /healthz HTTP/1.1\r\nHost: {web}\r\nHost: evil.example\r\n\r\n"),
            421,
        ),
        ("GET /healthz HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET /healthz HTTP/1.0\r\n\r\n".to_owned(), 200),
    ] {
        assert_eq!(ask(web, &request).await.status, Some(status), "{request}");
    }
}

#[tokio::test]
async fn only_our_own_page_and_those_listed_open_a_websocket() {
    let observatory = Setup::default()
        .config("[web]\npublic_urls = [\"https://scope.example\"]")
        .start();
    let web = observatory.web();
    for path in ["/command", "/liveview"] {
        for (origin, status) in [
            (format!("http://{web}"), 101),
            ("https://scope.example".to_owned(), 101),
            ("http://evil.example".to_owned(), 403),
            (
                format!("http://127.0.0.1:{}", observatory.address().port()),
                403,
            ),
            ("null".to_owned(), 403),
        ] {
            let lines = format!("{UPGRADE}Origin: {origin}\r\n");
            let mut stream = TcpStream::connect(web).await.unwrap();
            stream
                .write_all(get(web, path, &lines).as_bytes())
                .await
                .unwrap();
            let head = head(&mut stream).await;
            assert!(
                head.starts_with(&format!("HTTP/1.1 {status} ")),
                "{origin} {head}"
            );
        }
    }
}

#[tokio::test]
async fn our_own_page_may_use_the_other_ports_too() {
    let observatory = Observatory::start();
    let web = observatory.web();
    for port in [observatory.address(), observatory.liveview()] {
        for (origin, status) in [
            (format!("http://{web}"), 101),
            (format!("http://localhost:{}", web.port()), 403),
        ] {
            let mut stream = TcpStream::connect(port).await.unwrap();
            let lines = format!("{UPGRADE}Origin: {origin}\r\n");
            stream
                .write_all(get(port, "/", &lines).as_bytes())
                .await
                .unwrap();
            let head = head(&mut stream).await;
            assert!(
                head.starts_with(&format!("HTTP/1.1 {status} ")),
                "{origin} {head}"
            );
        }
    }
}

// ---- WebSockets ----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn commands_are_spoken_at_command_as_on_their_own_port() {
    let observatory = Observatory::start();
    let token = observatory.token("telescope");
    let mut client = Client::connect_at(observatory.web(), "/command").await;
    client.authenticate(&token, "page").await;
    let goto = json!({ "altitude": 60, "azimuth": 120 });
    let begun = client.call("mount.goto", goto).await.unwrap();
    assert!(begun["motion"].is_u64(), "{begun}");
    let info = client.call("host.info", json!({})).await.unwrap();
    assert_eq!(
        (&info["clients"], &info["you"]["client_id"]),
        (&json!(1), &json!("page"))
    );
    // It is the same door: the same client may not come in by both ports.
    let mut second = Client::connect(observatory.address()).await;
    let hello = json!({ "token": token, "client_id": "page" }).to_string();
    second.send(&hello).await;
    let closed = tokio::select! {
        closed = second.closed() => closed,
        // It reads, and so answers when it is asked for a sign of life.
        closed = client.closed() => panic!("the first one gave way: {closed:?}"),
    };
    assert_eq!(closed.code, Some(4009));
    client.close().await;
    let closed = observatory.wait_for_security_event(|event| {
        event["event"] == "closed" && event["client_id"] == "page"
    });
    assert_eq!(closed["reason"], "closed by the client");
}

#[tokio::test]
async fn pictures_are_published_and_watched_at_liveview() {
    let observatory = Observatory::start();
    let (camera, viewer) = (
        observatory.token("telescope"),
        observatory.token("observer"),
    );
    let mut publisher = Client::connect_at(observatory.web(), "/liveview").await;
    publisher.authenticate(&camera, "camera").await;
    publisher.send(r#"{"publish": "main"}"#).await;
    assert_eq!(publisher.next().await, json!({ "publishing": "main" }));
    let mut watcher = Client::connect_at(observatory.web(), "/liveview").await;
    watcher.authenticate(&viewer, "page").await;
    watcher.send(r#"{"watch": "main"}"#).await;
    assert_eq!(watcher.next().await, json!({ "watching": "main" }));
    for round in 0..3 {
        let frame = picture(round, 1_500_000);
        publisher.send_message(Message::binary(frame)).await;
        assert_eq!(number(&watcher.picture().await), round);
    }
}

#[tokio::test]
async fn a_page_is_one_client_with_both() {
    let observatory = Observatory::start();
    let token = observatory.token("observer");
    let mut both = Vec::new();
    for path in ["/command", "/liveview"] {
        let mut client = Client::connect_at(observatory.web(), path).await;
        client.authenticate(&token, "page").await;
        both.push(client);
    }
}

#[tokio::test]
async fn the_key_is_answered_and_what_was_sent_behind_the_request_is_not_lost() {
    let observatory = Observatory::start();
    let (web, token) = (observatory.web(), observatory.token("observer"));
    let hello = json!({ "token": token, "client_id": "hasty" }).to_string();
    let mut request = get(web, "/command", UPGRADE).into_bytes();
    // A final text frame, masked with zeros.
    request.extend([0x81, 0x80 | 126]);
    request.extend(u16::try_from(hello.len()).unwrap().to_be_bytes());
    request.extend([0; 4]);
    request.extend(hello.as_bytes());
    let mut stream = TcpStream::connect(web).await.unwrap();
    stream.write_all(&request).await.unwrap();
    let head = head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(
        head.to_lowercase()
            .contains(&format!("sec-websocket-accept: {ACCEPT}").to_lowercase()),
        "{head}"
    );
    let mut answer = [0; 80];
    timeout(PATIENCE, stream.read_exact(&mut answer))
        .await
        .unwrap()
        .unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.contains("auth_ok") && answer.contains("hasty"),
        "{answer}"
    );
}

#[tokio::test]
async fn who_asks_for_a_websocket_wrongly_hears_what_was_wrong() {
    let observatory = Observatory::start();
    let web = observatory.web();
    let without = |line: &str| {
        UPGRADE
            .split_inclusive("\r\n")
            .filter(|found| !found.starts_with(line))
            .collect::<String>()
    };
    let key = "Sec-WebSocket-Key: ";
    for (lines, status, words) in [
        (String::new(), 426, "here is a websocket"),
        (without("Connection"), 426, "Connection: Upgrade"),
        (without("Upgrade"), 426, "Upgrade: websocket"),
        (without("Sec-WebSocket-Version"), 426, "must be 13"),
        (UPGRADE.replace(": 13", ": 8"), 426, "must be 13"),
        (without("Sec-WebSocket-Key"), 400, "16 bytes in base64"),
        (
            UPGRADE.replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="),
            400,
            "16 bytes in base64",
        ),
        (
            format!("{UPGRADE}{key}dGhlIHNhbXBsZSBub25jZQ==\r\n"),
            400,
            "16 bytes in base64",
        ),
    ] {
        let answer = ask(web, get(web, "/command", &lines)).await;
        assert_eq!(answer.status, Some(status), "{lines}");
        assert!(answer.body.contains(words), "{answer:?}");
        if words == "must be 13" {
            assert_eq!(answer.header("sec-websocket-version"), Some("13"));
        }
    }
    let old = get(web, "/command", UPGRADE).replace("HTTP/1.1", "HTTP/1.0");
    assert_eq!(ask(web, old).await.status, Some(426));
}

#[tokio::test]
async fn after_the_upgrade_the_budget_before_authentication_is_that_of_the_other_ports() {
    let observatory = Setup::default()
        .config("[admission]\nauthentication_ms = 300\nauthentication_bytes = 1_000")
        .start();
    let web = observatory.web();
    let mut silent = Client::connect_at(web, "/command").await;
    assert_eq!(silent.closed().await.code, Some(4003));
    let mut wordy = Client::connect_at(web, "/liveview").await;
    wordy.send(&"x".repeat(2_000)).await;
    assert_eq!(wordy.closed().await.code, Some(1009));
    let mut restless = Client::connect_at(web, "/command").await;
    for _ in 0..9 {
        // It may be closed while it is sending.
        let ping = Message::Ping(Vec::new().into());
        let _ = futures_util::SinkExt::send(restless.socket(), ping).await;
    }
    assert_eq!(restless.closed().await.code, Some(4008));
}

// ---- Budgets -------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_head_over_its_bytes_or_lines_is_refused() {
    let observatory = Observatory::start();
    let web = observatory.web();
    let long = format!("X-Long: {}\r\n", "a".repeat(9_000));
    assert_eq!(ask(web, get(web, "/", &long)).await.status, Some(431));
    let many = "X: y\r\n".repeat(100);
    assert_eq!(ask(web, get(web, "/", &many)).await.status, Some(431));
    let endless = [b'a'; 64 * 1024];
    let refused = ask(web, endless).await.status;
    assert!(
        matches!(refused, None | Some(400 | 414 | 431)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_is_no_http_is_closed_and_put_on_record() {
    let observatory = Observatory::start();
    let web = observatory.web();
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"hello\r\n\r\n",
    ] {
        let status = ask(web, garbage).await.status;
        assert!(matches!(status, None | Some(400 | 505)), "{status:?}");
    }
    let event = observatory.wait_for_security_event(|event| event["event"] == "closed");
    assert!(
        event["reason"].as_str().unwrap().contains("no request"),
        "{event}"
    );
}

#[tokio::test]
async fn who_says_nothing_or_too_slowly_is_closed_in_time_and_gives_its_place_back() {
    let observatory = Setup::default()
        .config("[admission]\nexempt = []\nunauthenticated_per_source = 2\nupgrade_ms = 400\ntotal_ms = 2_000")
        .start();
    let web = observatory.web();
    let began = Instant::now();
    let mut silent = TcpStream::connect(web).await.unwrap();
    let mut slow = TcpStream::connect(web).await.unwrap();
    slow.write_all(b"GET / HT").await.unwrap();
    // The host takes connections in their order, so both have their places now.
    let third = ask(web, get(web, "/healthz", "")).await;
    assert_eq!(third.status, Some(503), "{third:?}");
    assert_eq!(third.header("retry-after"), Some("10"));
    assert_eq!(read_answer(&mut silent).await.status, None);
    let cut = read_answer(&mut slow).await.status;
    assert!(matches!(cut, None | Some(408)), "{cut:?}");
    println!("cut after {:?}", began.elapsed());
    let freed = async { while ask(web, get(web, "/healthz", "")).await.status != Some(200) {} };
    timeout(PATIENCE, freed)
        .await
        .expect("the places come back");
}

#[tokio::test]
async fn a_request_that_is_not_made_within_the_whole_time_is_cut_and_put_on_record() {
    let observatory = Setup::default()
        .config("[admission]\nupgrade_ms = 60_000\ntotal_ms = 300")
        .start();
    let mut slow = TcpStream::connect(observatory.web()).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    assert_eq!(read_answer(&mut slow).await.status, None);
    let late = observatory.wait_for_security_event(|event| event["event"] == "closed");
    let reason = late["reason"].as_str().unwrap();
    assert!(reason.contains("not made and answered in time"), "{late}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_its_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (code, said) = Setup::default()
        .variable("SLEWGATE_WEB__PORT", &port.to_string())
        .end();
    assert_eq!(code, Some(1));
    let words = format!(
        "port {port} on 127.0.0.1 is in use; choose another with [web] port or SLEWGATE_WEB__PORT"
    );
    assert!(said.contains(&words), "{said}");
}

/// The head of an answer on a connection that goes on.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = timeout(PATIENCE, stream.read_u8()).await.expect("in time");
        head.push(byte.expect("an answer"));
    }
    String::from_utf8(head).expect("text")
}
