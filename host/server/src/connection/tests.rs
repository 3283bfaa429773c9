use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use slewgate_security::admission::AdmissionSettings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::net::close::Close;
use crate::net::limits::Limits;
use crate::net::listener::Configured;
use crate::testing::{
    Client, EARLY, EXPIRED, Harness, Heard, OBSERVER, PEER, TELESCOPE, farewell, hear, say, soon,
};

/// Expects the words of a rejection, and its close frame.
async fn rejected(client: &mut Client, code: u16, reason: &str) {
    let (texts, found, words) = farewell(client).await;
    assert_eq!((found, words.as_str()), (code, reason));
    let [text] = &texts[..] else {
        panic!("expected one message before the close: {texts:?}")
    };
    let text: Value = serde_json::from_str(text).unwrap();
    assert_eq!(
        text,
        json!({"type": "auth_failed", "error": "Authentication failed"})
    );
}

/// Says `first` and expects the rejection.
async fn first_message_is_rejected(first: Message, code: u16, reason: &str) {
    let harness = Harness::new();
    let mut client = harness.connect().await;
    soon(client.send(first)).await.unwrap();
    rejected(&mut client, code, reason).await;
    let log = harness.log();
    assert_eq!(log[0]["event"], "connection");
    assert_eq!(log[0]["address"], "192.0.2.7");
    assert_eq!(log[1]["event"], "auth_failed", "{log:?}");
    assert_eq!(log[1]["code"], code);
}

async fn refused(request: &str, origin: Option<&str>) -> Option<(u16, String)> {
    let mut request = request.into_client_request().unwrap();
    if let Some(origin) = origin {
        request
            .headers_mut()
            .insert("origin", origin.parse().unwrap());
    }
    match Harness::new().ask(request).await {
        Ok(_) => None,
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            Some((response.status().as_u16(), String::from_utf8(body).unwrap()))
        }
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_with_a_good_token_is_told_who_it_is() {
    let mut harness = Harness::new();
    let (_client, answer) = harness.enter(TELESCOPE, "desk.1").await;
    let expected = json!({
        "type": "auth_ok",
        "client_id": "desk.1",
        "client_type": "telescope",
        "name": "Main Telescope Controller",
        "session": "1",
        "server": {"name": "slewgate", "version": env!("CARGO_PKG_VERSION")},
    });
    assert_eq!(answer, expected);
    let log = harness.log();
    assert_eq!(log[1]["event"], "auth_ok");
    assert_eq!(log[1]["session"], 1);
    assert_eq!(log[1]["client_id"], "desk.1");
    assert_eq!(log[1]["client_type"], "telescope");
}

#[tokio::test(start_paused = true)]
async fn auth_ok_has_its_fields_in_the_order_of_the_protocol() {
    let harness = Harness::new();
    let mut client = harness.introduce(OBSERVER, "a").await;
    let text = hear(&mut client).await;
    let names = [
        "type",
        "client_id",
        "client_type",
        "name",
        "session",
        "server",
        "version",
    ];
    let places: Vec<_> = names
        .map(|name| text.find(&format!("\"{name}\":")).unwrap())
        .into();
    assert!(places.is_sorted(), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_first_message_without_a_token_gets_4000() {
    let text = Message::text(r#"{"client_id": "a"}"#);
    first_message_is_rejected(text, 4000, "Authentication error").await;
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_no_text_gets_4000() {
    let text = Message::text(r#"{"token": 17, "client_id": "a"}"#);
    first_message_is_rejected(text, 4000, "Authentication error").await;
}

#[tokio::test(start_paused = true)]
async fn unknown_expired_and_early_tokens_get_4001_and_the_log_has_the_cause() {
    let harness = Harness::new();
    for token in ["nonsense", EXPIRED, EARLY] {
        let mut client = harness.introduce(token, "a").await;
        rejected(&mut client, 4001, "Authentication failed").await;
    }
    let log = harness.log();
    let reasons: Vec<_> = log
        .iter()
        .filter_map(|line| line["reason"].as_str())
        .collect();
    let causes = [
        "unknown or revoked token",
        "the token has expired",
        "the token is not valid yet",
    ];
    assert_eq!(reasons, causes);
}

#[tokio::test(start_paused = true)]
async fn missing_empty_long_and_odd_client_ids_get_4002() {
    let harness = Harness::new();
    let ids = [
        json!(null),
        json!(""),
        json!("a".repeat(65)),
        json!("a b"),
        json!("é"),
        json!(7),
    ];
    for id in ids {
        let mut client = harness.connect().await;
        say(
            &mut client,
            &json!({"token": TELESCOPE, "client_id": id}).to_string(),
        )
        .await;
        rejected(&mut client, 4002, "Client ID required").await;
    }
    let mut client = harness.connect().await;
    say(&mut client, &json!({"token": TELESCOPE}).to_string()).await;
    rejected(&mut client, 4002, "Client ID required").await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_gets_4003_after_ten_seconds() {
    let harness = Harness::new();
    let mut client = harness.connect().await;
    let began = Instant::now();
    rejected(&mut client, 4003, "Authentication timeout").await;
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn authentication_may_take_twenty_seconds_from_accept_whatever_else_is_set() {
    let limits = Limits {
        authentication: Duration::from_secs(60),
        ..Limits::default()
    };
    let harness = Harness::with(limits, AdmissionSettings::default());
    let (pipe, _) = harness.pipe();
    let began = Instant::now();
    tokio::time::sleep(Duration::from_secs(4)).await;
    let (mut client, _) = soon(client_async("ws://host/", pipe)).await.unwrap();
    rejected(&mut client, 4003, "Authentication timeout").await;
    assert_eq!(began.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_first_message_in_drops_gets_4003_after_ten_seconds() {
    let harness = Harness::new();
    let mut client = harness.connect().await;
    let began = Instant::now();
    // A message that is begun and never ended.
    let first = Frame::message("{", OpCode::Data(Data::Text), false);
    soon(client.send(Message::Frame(first))).await.unwrap();
    rejected(&mut client, 4003, "Authentication timeout").await;
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn text_that_is_no_json_gets_4004() {
    first_message_is_rejected(Message::text("hello"), 4004, "Invalid JSON").await;
}

#[tokio::test(start_paused = true)]
async fn json_that_is_no_object_gets_4004() {
    first_message_is_rejected(Message::text("[]"), 4004, "Invalid JSON").await;
}

#[tokio::test(start_paused = true)]
async fn deeply_nested_json_gets_4004() {
    first_message_is_rejected(Message::text("[".repeat(2_000)), 4004, "Invalid JSON").await;
}

#[tokio::test(start_paused = true)]
async fn a_binary_first_message_gets_4004() {
    let good = json!({"token": TELESCOPE, "client_id": "a"}).to_string();
    first_message_is_rejected(Message::binary(good), 4004, "Invalid JSON").await;
}

#[tokio::test(start_paused = true)]
async fn too_many_connections_of_one_source_get_4008() {
    let settings = AdmissionSettings {
        sessions_per_source: 1,
        ..AdmissionSettings::default()
    };
    let mut harness = Harness::with(Limits::default(), settings);
    let (first, _) = harness.enter(TELESCOPE, "a").await;
    let mut second = harness.introduce(TELESCOPE, "b").await;
    rejected(&mut second, 4008, "Rate limit exceeded").await;
    assert_eq!(harness.log()[3]["event"], "rate_limit");

    drop(first);
    assert_eq!(harness.heard().await, Heard::Ended(1));
    harness.enter(TELESCOPE, "b").await;
}

#[tokio::test(start_paused = true)]
async fn more_frames_than_the_budget_before_authentication_get_4008() {
    let harness = Harness::new();
    let mut client = harness.connect().await;
    for _ in 0..9 {
        soon(client.send(Message::Ping(Bytes::new())))
            .await
            .unwrap();
    }
    rejected(&mut client, 4008, "Rate limit exceeded").await;
}

#[tokio::test(start_paused = true)]
async fn a_first_message_over_its_budget_gets_1009() {
    let harness = Harness::new();
    let mut client = harness.connect().await;
    soon(client.send(Message::text("x".repeat(5_000))))
        .await
        .unwrap();
    let (_, code, _) = farewell(&mut client).await;
    assert_eq!(code, 1009);
}

#[tokio::test(start_paused = true)]
async fn pings_before_the_first_message_are_answered_and_not_taken_for_it() {
    let mut harness = Harness::new();
    let mut client = harness.connect().await;
    soon(client.send(Message::Ping(Bytes::new())))
        .await
        .unwrap();
    say(
        &mut client,
        &json!({"token": TELESCOPE, "client_id": "a"}).to_string(),
    )
    .await;
    assert!(hear(&mut client).await.contains("auth_ok"));
    assert_eq!(harness.heard().await, Heard::Opened(1));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_wait_for_auth_ok_is_charged_for_its_first_message_alone() {
    let mut harness = Harness::new();
    let mut client = harness.connect().await;
    let first = json!({"token": TELESCOPE, "client_id": "a"}).to_string();
    soon(client.feed(Message::text(first))).await.unwrap();
    for number in 0..20 {
        soon(client.feed(Message::text(number.to_string())))
            .await
            .unwrap();
    }
    soon(client.flush()).await.unwrap();
    assert_eq!(harness.heard().await, Heard::Opened(1));
    for number in 0..20 {
        assert_eq!(harness.heard().await, Heard::Text(1, number.to_string()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_an_upgrade_is_closed_after_five_seconds() {
    let harness = Harness::new();
    let (mut pipe, life) = harness.pipe();
    let began = Instant::now();
    soon(pipe.write_all(b"GET / HTTP/1.1\r\nHost:"))
        .await
        .unwrap();
    assert_eq!(soon(pipe.read(&mut [0; 64])).await.unwrap(), 0);
    assert_eq!(began.elapsed().as_secs(), 5);
    soon(life).await.unwrap();
    assert_eq!(harness.log()[1]["reason"], "no complete upgrade in time");
}

#[tokio::test(start_paused = true)]
async fn endless_headers_are_cut_at_their_budget() {
    let harness = Harness::new();
    let (mut pipe, life) = harness.pipe();
    let _ = soon(pipe.write_all(&[b'a'; 9 * 1024])).await;
    soon(life).await.unwrap();
    let reason = harness.log()[1]["reason"].as_str().unwrap().to_owned();
    assert!(
        reason.contains("over the bytes that an upgrade may have"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_http_is_closed_at_once() {
    let harness = Harness::new();
    let (mut pipe, life) = harness.pipe();
    soon(pipe.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"))
        .await
        .unwrap();
    let began = Instant::now();
    soon(life).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(harness.log()[1]["event"], "closed");
}

#[tokio::test(start_paused = true)]
async fn another_path_is_not_found() {
    let (status, _) = refused("ws://host/other", None).await.unwrap();
    assert_eq!(status, 404);
    assert_eq!(refused("ws://host/command", None).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_token_in_the_address_admits_nobody_and_is_not_logged() {
    let harness = Harness::new();
    let address = format!("ws://host/?token={TELESCOPE}&client_id=a");
    let mut client = harness
        .ask(address.into_client_request().unwrap())
        .await
        .unwrap();
    rejected(&mut client, 4003, "Authentication timeout").await;
    assert!(
        harness
            .log()
            .iter()
            .all(|line| !line.to_string().contains(TELESCOPE))
    );
}

#[tokio::test(start_paused = true)]
async fn a_foreign_origin_is_refused_and_the_setting_named() {
    for origin in ["https://evil.example", "null", "http://scope.example:8443"] {
        let (status, text) = refused("ws://localhost/", Some(origin)).await.unwrap();
        assert_eq!(status, 403);
        assert!(
            text.contains(origin) && text.contains("[web] public_urls"),
            "{text}"
        );
    }
    assert_eq!(
        refused("ws://localhost/", Some("https://scope.example:8443")).await,
        None
    );
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_connections_that_have_not_authenticated() {
    let harness = Harness::new();
    let mut client = harness.connect().await;
    let (mut pipe, _) = harness.pipe();
    harness.door.stopping.cancel();
    let (texts, code, _) = farewell(&mut client).await;
    assert_eq!((texts, code), (vec![], 1001));
    assert_eq!(soon(pipe.read(&mut [0; 64])).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn every_outcome_is_logged_with_its_address_and_without_a_token() {
    let mut harness = Harness::new();
    let (client, _) = harness.enter(TELESCOPE, "a").await;
    drop(client);
    assert_eq!(harness.heard().await, Heard::Ended(1));
    let mut wrong = harness
        .introduce("a-token-that-nobody-ever-issued-0000001", "b")
        .await;
    rejected(&mut wrong, 4001, "Authentication failed").await;
    let log = harness.log();
    let (address, port) = PEER.split_once(':').unwrap();
    for line in &log {
        assert_eq!(line["address"], address);
        assert_eq!(line["port"].to_string(), port);
        let text = line.to_string();
        assert!(
            !text.contains(TELESCOPE) && !text.contains("nobody-ever-issued"),
            "{text}"
        );
    }
    let mut events: Vec<_> = log
        .iter()
        .map(|line| line["event"].as_str().unwrap())
        .collect();
    events.sort_unstable();
    assert_eq!(
        events,
        [
            "auth_failed",
            "auth_ok",
            "closed",
            "connection",
            "connection"
        ]
    );
}

/// A port that leads to the harness's door.
async fn open(harness: &Harness) -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
    let configured = Configured {
        name: "command",
        address: std::net::Ipv4Addr::LOCALHOST.into(),
        port: 0,
    };
    let bound = configured.bind().await.unwrap();
    let address = bound.address();
    let door = Arc::clone(&harness.door);
    let stopping = harness.door.stopping.clone();
    let welcome = move |stream, peer| door.welcome(stream, peer);
    (address, tokio::spawn(bound.run(welcome, stopping)))
}

/// An authenticated client by the port.
async fn enter_by(address: std::net::SocketAddr) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, _) = soon(client_async("ws://host/", stream)).await.unwrap();
    let first = json!({"token": TELESCOPE, "client_id": "a"}).to_string();
    say(&mut client, &first).await;
    assert!(hear(&mut client).await.contains("auth_ok"));
    client
}

#[tokio::test]
async fn a_client_comes_in_by_the_port_beside_one_that_says_nothing() {
    let mut harness = Harness::new();
    let (address, running) = open(&harness).await;
    let silent = TcpStream::connect(address).await.unwrap();
    let mut client = enter_by(address).await;
    assert_eq!(harness.heard().await, Heard::Opened(1));

    harness.door.stopping.cancel();
    harness.door.sessions.close_all(&Close::SHUTDOWN);
    assert!(matches!(
        soon(client.next()).await,
        Some(Ok(Message::Close(Some(_))))
    ));
    assert!(soon(client.next()).await.is_none());
    soon(running).await.unwrap();
    drop(silent);
}

#[tokio::test]
async fn a_connection_without_a_slot_gets_503_and_is_logged() {
    let settings = AdmissionSettings {
        waiting: 0,
        ..AdmissionSettings::default()
    };
    let harness = Harness::with(Limits::default(), settings);
    let (address, _running) = open(&harness).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.ends_with("too many connections\n"), "{answer}");
    let log = harness.log();
    assert_eq!(log[0]["event"], "rate_limit");
    assert_eq!(log[0]["address"], "127.0.0.1");
}
