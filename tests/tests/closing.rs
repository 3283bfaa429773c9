//! How connections end: each close code by the behaviour that the protocol names for it, and the rate limit before it.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::{Value, json};
use slewgate_tests::{Client, Closed, Observatory, Setup};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

/// Requests that a client may send at once, and in a minute.
const LIMIT: usize = 60;

fn closed(code: u16, reason: &str) -> Closed {
    Closed {
        code: Some(code),
        reason: reason.to_owned(),
    }
}

/// How a connection ends whose first message this is; it is told so in JSON before.
async fn rejected(observatory: &Observatory, first: Message) -> Closed {
    let mut client = Client::connect(observatory.address()).await;
    client.send_message(first).await;
    told_and_closed(&mut client).await
}

async fn told_and_closed(client: &mut Client) -> Closed {
    let told = json!({ "type": "auth_failed", "error": "Authentication failed" });
    assert_eq!(client.next().await, told);
    client.closed().await
}

/// The security log has it with this code and an address.
fn is_on_record(observatory: &Observatory, kind: &str, code: u16) {
    let event = observatory
        .wait_for_security_event(|event| event["event"] == kind && event["code"] == code);
    assert_eq!(event["address"], "127.0.0.1", "{event}");
}

/// Many messages in one write.
async fn send_at_once(client: &mut Client, messages: impl IntoIterator<Item = Value>) {
    for message in messages {
        let message = Message::text(message.to_string());
        client.socket().feed(message).await.unwrap();
    }
    client.socket().flush().await.unwrap();
}

fn request(id: usize, method: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method })
}

#[tokio::test]
async fn a_first_message_that_is_no_object_closes_with_4004() {
    let observatory = Observatory::start();
    for first in ["{", "[]", "\"token\"", "null", ""] {
        let end = rejected(&observatory, Message::text(first)).await;
        assert_eq!(end, closed(4004, "Invalid JSON"), "{first}");
    }
    let end = rejected(&observatory, Message::binary(b"{}".to_vec())).await;
    assert_eq!(end, closed(4004, "Invalid JSON"));
    is_on_record(&observatory, "auth_failed", 4004);
}

#[tokio::test]
async fn a_first_message_without_a_token_closes_with_4000() {
    let observatory = Observatory::start();
    for first in [
        r#"{"client_id": "a"}"#,
        r#"{"token": 7, "client_id": "a"}"#,
        "{}",
    ] {
        let end = rejected(&observatory, Message::text(first)).await;
        assert_eq!(end, closed(4000, "Authentication error"), "{first}");
    }
    is_on_record(&observatory, "auth_failed", 4000);
}

#[tokio::test]
async fn an_unknown_token_closes_with_4001() {
    let observatory = Observatory::start();
    observatory.token("telescope");
    for token in [
        "",
        "nonsense",
        "slg_abcdefgh_0000000000000000000000000000000000000000000000000",
    ] {
        let first = json!({ "token": token, "client_id": "a" }).to_string();
        let end = rejected(&observatory, Message::text(first)).await;
        assert_eq!(end, closed(4001, "Authentication failed"), "{token}");
    }
    is_on_record(&observatory, "auth_failed", 4001);
}

#[tokio::test]
async fn a_first_message_without_a_usable_client_id_closes_with_4002() {
    let observatory = Observatory::start();
    let token = observatory.token("telescope");
    let unusable = [
        json!({ "token": token }),
        json!({ "token": token, "client_id": "" }),
        json!({ "token": token, "client_id": 7 }),
        json!({ "token": token, "client_id": "with a space" }),
        json!({ "token": token, "client_id": "a/b" }),
        json!({ "token": token, "client_id": "x".repeat(65) }),
    ];
    for first in unusable {
        let end = rejected(&observatory, Message::text(first.to_string())).await;
        assert_eq!(end, closed(4002, "Client ID required"), "{first}");
    }
    is_on_record(&observatory, "auth_failed", 4002);
    Client::authenticated(observatory.address(), &token, &"x".repeat(64)).await;
}

#[tokio::test]
async fn silence_after_the_upgrade_closes_with_4003() {
    let observatory = Setup::default()
        .config("[admission]\nauthentication_ms = 200")
        .start();
    let mut client = Client::connect(observatory.address()).await;
    let end = told_and_closed(&mut client).await;
    assert_eq!(end, closed(4003, "Authentication timeout"));
    is_on_record(&observatory, "auth_failed", 4003);
}

#[tokio::test]
async fn the_sixty_first_request_is_refused_with_a_wait_after_which_the_next_succeeds() {
    let observatory = Observatory::start().attached();
    let mut client = observatory.client("telescope").await;
    send_at_once(&mut client, (0..=LIMIT).map(|id| request(id, "host.info"))).await;
    for id in 0..LIMIT {
        client.reply(id as u64).await.unwrap();
    }
    let refused = client.reply(LIMIT as u64).await.unwrap_err();
    assert_eq!(refused["code"], -32002, "{refused}");
    assert_eq!(refused["message"], "Rate limit exceeded", "{refused}");
    assert_eq!(refused["data"]["limit"], LIMIT, "{refused}");

    send_at_once(&mut client, [request(100, "mount.stop")]).await;
    assert_eq!(client.reply(100).await.unwrap(), json!({ "stopped": true }));

    let wait = refused["data"]["retry_after_ms"].as_u64().unwrap();
    // The one sleep: that this very time suffices is what the reply promises.
    tokio::time::sleep(Duration::from_millis(wait)).await;
    send_at_once(&mut client, [request(101, "host.info")]).await;
    client.reply(101).await.unwrap();
    println!("the wait that the 61st of 61 requests is told: {wait} ms");
    let limited = observatory.wait_for_security_event(|event| event["event"] == "rate_limit");
    assert_eq!(limited["address"], "127.0.0.1", "{limited}");
}

#[tokio::test]
async fn sixty_refused_requests_close_with_4008() {
    let observatory = Setup::default()
        .variable("REQUEST_LIMIT_PER_MINUTE", "1")
        .start();
    let mut client = observatory.client("telescope").await;
    send_at_once(&mut client, (0..=LIMIT).map(|id| request(id, "host.info"))).await;
    assert_eq!(client.closed().await, closed(4008, "Rate limit exceeded"));
    is_on_record(&observatory, "closed", 4008);
}

#[tokio::test]
async fn more_frames_than_a_client_may_send_close_with_4008() {
    let observatory = Setup::default()
        .config("[command]\nframes_per_second = 10")
        .start();
    let mut client = observatory.client("telescope").await;
    for _ in 0..100 {
        // The host may have closed it already.
        let ping = Message::Ping(Vec::new().into());
        if futures_util::SinkExt::send(client.socket(), ping)
            .await
            .is_err()
        {
            break;
        }
    }
    assert_eq!(client.closed().await, closed(4008, "Rate limit exceeded"));
    is_on_record(&observatory, "closed", 4008);
}

#[tokio::test]
async fn more_connections_than_a_source_may_have_close_with_4008() {
    let observatory = Setup::default()
        .config("[admission]\nexempt = []\nconnections_per_source = 2")
        .start();
    let token = observatory.token("telescope");
    let first = Client::authenticated(observatory.address(), &token, "first").await;
    let _second = Client::authenticated(observatory.address(), &token, "second").await;
    let third = json!({ "token": token, "client_id": "third" }).to_string();
    let end = rejected(&observatory, Message::text(third.clone())).await;
    assert_eq!(end, closed(4008, "Rate limit exceeded"));
    is_on_record(&observatory, "rate_limit", 4008);

    drop(first);
    observatory.wait_for_security_event(|event| {
        event["event"] == "closed" && event["client_id"] == "first"
    });
    Client::authenticated(observatory.address(), &token, "third").await;
}

#[tokio::test]
async fn a_newcomer_with_the_id_of_one_that_lives_closes_with_4009() {
    let observatory = Observatory::start();
    let token = observatory.token("telescope");
    let mut holder = Client::authenticated(observatory.address(), &token, "same").await;
    // Its library answers pings while it waits for something.
    let holder = tokio::spawn(async move { holder.closed().await });
    let newcomer = json!({ "token": token, "client_id": "same" }).to_string();
    let end = rejected(&observatory, Message::text(newcomer)).await;
    assert_eq!(end, closed(4009, "Client ID already connected"));
    is_on_record(&observatory, "auth_failed", 4009);
    assert!(!holder.is_finished(), "the holder is there as before");
    Client::authenticated(observatory.address(), &token, "other").await;
}

#[tokio::test]
async fn a_holder_that_gives_no_sign_of_life_gives_way_with_4009() {
    let observatory = Setup::default().config("[command]\nprobe_ms = 200").start();
    let token = observatory.token("telescope");
    // Nobody reads from its socket, so that no ping is answered.
    let mut holder = Client::authenticated(observatory.address(), &token, "same").await;
    let mut newcomer = Client::authenticated(observatory.address(), &token, "same").await;
    assert_eq!(
        holder.closed().await,
        closed(4009, "Client ID already connected")
    );
    newcomer.call("host.info", json!({})).await.unwrap();
    is_on_record(&observatory, "closed", 4009);
}

#[tokio::test]
async fn a_host_that_is_told_to_end_closes_with_1001_and_ends_well() {
    let mut observatory = Observatory::start();
    let mut client = observatory.client("telescope").await;
    let mut waiting = Client::connect(observatory.address()).await;
    observatory.terminate();
    for client in [&mut client, &mut waiting] {
        assert_eq!(
            client.closed().await,
            closed(1001, "the host is shutting down")
        );
    }
    assert_eq!(observatory.exit_code(), Some(0));
    is_on_record(&observatory, "closed", 1001);
}

#[tokio::test]
async fn what_is_no_websocket_closes_with_1002() {
    let observatory = Observatory::start();
    let mut client = observatory.client("telescope").await;
    // A frame of an opcode that nobody has given a meaning to, with the mask 0.
    let reserved = [0x83, 0x80, 0, 0, 0, 0];
    client.stream().write_all(&reserved).await.unwrap();
    assert_eq!(client.closed().await.code, Some(1002));
    is_on_record(&observatory, "closed", 1002);
}

#[tokio::test]
async fn a_binary_message_closes_with_1003() {
    let observatory = Observatory::start();
    let mut client = observatory.client("telescope").await;
    client.send_message(Message::binary(b"{}".to_vec())).await;
    assert_eq!(
        client.closed().await,
        closed(1003, "binary messages are not taken here")
    );
    is_on_record(&observatory, "closed", 1003);
}

#[tokio::test]
async fn text_that_is_not_utf8_closes_with_1007() {
    let observatory = Observatory::start();
    let mut client = observatory.client("telescope").await;
    let text = [0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe];
    client.stream().write_all(&text).await.unwrap();
    assert_eq!(client.closed().await.code, Some(1007));
    is_on_record(&observatory, "closed", 1007);
}

#[tokio::test]
async fn a_message_over_its_limit_closes_with_1009() {
    let observatory = Observatory::start();
    let mut client = observatory.client("telescope").await;
    client.send(&" ".repeat(64 * 1024 + 1)).await;
    assert_eq!(
        client.closed().await,
        closed(1009, "message over its limit")
    );
    is_on_record(&observatory, "closed", 1009);

    let first = rejected(&observatory, Message::text(" ".repeat(4 * 1024 + 1))).await;
    assert_eq!(first, closed(1009, "message over its limit"));
}

#[tokio::test]
async fn a_client_that_does_not_read_closes_with_1013_and_nobody_else_notices() {
    let observatory = Setup::default()
        .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
        .config("[command]\nframes_per_second = 1000000\nclose_ms = 60000\nwrite_ms = 500")
        .start();
    let token = observatory.token("telescope");
    let mut slow = Client::with_receive_buffer(observatory.address(), 4 * 1024).await;
    slow.authenticate(&token, "slow").await;
    let mut other = Client::authenticated(observatory.address(), &token, "other").await;
    // Until the systems at both ends keep no more for it. What is read before its session has ended is no longer unread.
    let ended = || observatory.log().contains("the session has ended");
    for id in (0..).take_while(|id| id % 100 > 0 || !ended()) {
        slow.send(&request(id, "rpc.discover").to_string()).await;
        other.call("host.info", json!({})).await.unwrap();
    }
    assert_eq!(slow.closed().await, closed(1013, "reader too slow"));
    drop(slow);
    other.call("host.info", json!({})).await.unwrap();
    is_on_record(&observatory, "closed", 1013);
}
