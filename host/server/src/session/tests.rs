use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::net::close::Close;
use crate::net::outbox::Unsent;
use crate::sessions::Session;
use crate::testing::{Client, Harness, Heard, TELESCOPE, farewell, hear, say, soon};

/// A session, its client and its handle.
async fn begin(harness: &mut Harness) -> (Client, Session) {
    let (client, _) = harness.enter(TELESCOPE, "a").await;
    let session = harness.door.sessions.get(1).unwrap();
    (client, session)
}

/// Sends bytes as they are, and expects the close code.
async fn bytes_get(bytes: &[u8], code: u16) {
    let mut harness = Harness::new();
    let (mut client, _) = begin(&mut harness).await;
    soon(client.get_mut().write_all(bytes)).await.unwrap();
    assert_eq!(farewell(&mut client).await.1, code);
    assert_eq!(harness.heard().await, Heard::Ended(1));
}

#[tokio::test(start_paused = true)]
async fn messages_arrive_in_their_order_and_answers_go_out_in_theirs() {
    let mut harness = Harness::new();
    let (mut client, session) = begin(&mut harness).await;
    for number in 0..100 {
        say(&mut client, &number.to_string()).await;
        session.send(format!("answer {number}")).unwrap();
    }
    for number in 0..100 {
        assert_eq!(harness.heard().await, Heard::Text(1, number.to_string()));
        assert_eq!(hear(&mut client).await, format!("answer {number}"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_reader_goes_on_while_the_client_reads_nothing() {
    let mut harness = Harness::new();
    let (mut client, session) = begin(&mut harness).await;
    session.send("x".repeat(20_000)).unwrap();
    say(&mut client, "stop").await;
    assert_eq!(harness.heard().await, Heard::Text(1, "stop".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_binary_message_gets_1003() {
    let mut harness = Harness::new();
    let (mut client, _) = begin(&mut harness).await;
    soon(client.send(Message::binary("x"))).await.unwrap();
    assert_eq!(farewell(&mut client).await.1, 1003);
    assert_eq!(harness.heard().await, Heard::Ended(1));
}

#[tokio::test(start_paused = true)]
async fn a_message_of_64_kib_arrives_and_one_byte_more_gets_1009() {
    let mut harness = Harness::new();
    let (client, _) = begin(&mut harness).await;
    let (mut sink, mut stream) = client.split();
    let text = "x".repeat(64 * 1024);
    soon(sink.send(Message::text(text.clone()))).await.unwrap();
    assert_eq!(harness.heard().await, Heard::Text(1, text.clone()));
    // The host stops reading in the middle of it, so sending may never end.
    let sending = sink.send(Message::text(text + "x"));
    let reading = async {
        loop {
            if let Message::Close(Some(frame)) = stream.next().await.unwrap().unwrap() {
                break u16::from(frame.code);
            }
        }
    };
    let (_, code) = soon(futures_util::future::join(sending, reading)).await;
    assert_eq!(code, 1009);
}

#[tokio::test(start_paused = true)]
async fn fragments_over_64_kib_in_all_get_1009() {
    let mut harness = Harness::new();
    let (mut client, _) = begin(&mut harness).await;
    let part = || vec![b'x'; 40 * 1024];
    let first = Frame::message(part(), OpCode::Data(Data::Text), false);
    let second = Frame::message(part(), OpCode::Data(Data::Continue), true);
    soon(client.send(Message::Frame(first))).await.unwrap();
    soon(client.send(Message::Frame(second))).await.unwrap();
    assert_eq!(farewell(&mut client).await.1, 1009);
}

#[tokio::test(start_paused = true)]
async fn an_unmasked_frame_gets_1002() {
    bytes_get(b"\x81\x01x", 1002).await;
}

#[tokio::test(start_paused = true)]
async fn a_reserved_bit_gets_1002() {
    bytes_get(b"\xc1\x81\0\0\0\0x", 1002).await;
}

#[tokio::test(start_paused = true)]
async fn text_that_is_not_utf8_gets_1007() {
    bytes_get(b"\x81\x81\0\0\0\0\xff", 1007).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_empty_fragments_gets_4008() {
    let mut harness = Harness::new();
    let (mut client, _) = begin(&mut harness).await;
    let mut flood = b"\x01\x80\0\0\0\0".to_vec();
    flood.extend(b"\x00\x80\0\0\0\0".repeat(3_000));
    soon(client.get_mut().write_all(&flood)).await.unwrap();
    assert_eq!(farewell(&mut client).await.1, 4008);
    assert_eq!(harness.heard().await, Heard::Ended(1));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_gets_4008_though_its_pongs_are_not_read() {
    let mut harness = Harness::new();
    let (mut client, _) = begin(&mut harness).await;
    let flood = b"\x89\x80\0\0\0\0".repeat(3_000);
    soon(client.get_mut().write_all(&flood)).await.unwrap();
    assert_eq!(farewell(&mut client).await.1, 4008);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_keeps_up_gets_any_amount() {
    let mut harness = Harness::new();
    let (mut client, session) = begin(&mut harness).await;
    let message = "x".repeat(10_000);
    for _ in 0..50 {
        session.send(message.clone()).unwrap();
        assert_eq!(hear(&mut client).await, message);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_room_pongs_have_taken_comes_after_them() {
    let mut harness = Harness::new();
    let (mut client, session) = begin(&mut harness).await;
    let ping = [&[0x89, 0x80 | 125, 0, 0, 0, 0][..], &[0; 125]].concat();
    // Within the rate, and more pongs than the library keeps for a client that does not read.
    for _ in 0..2 {
        soon(client.get_mut().write_all(&ping.repeat(1_900)))
            .await
            .unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    session.send("x".repeat(50_000)).unwrap();
    assert_eq!(hear(&mut client).await.len(), 50_000);
}

#[tokio::test(start_paused = true)]
async fn a_reader_with_more_than_64_kib_pending_gets_1013() {
    let mut harness = Harness::new();
    let (mut client, session) = begin(&mut harness).await;
    let message = "x".repeat(10_000);
    let mut sent = 0;
    while session.send(message.clone()).is_ok() {
        sent += 1;
        tokio::task::yield_now().await;
    }
    assert_eq!(sent, 6);
    assert_eq!(harness.heard().await, Heard::Ended(1));
    assert_eq!(farewell(&mut client).await.1, 1013);
    assert_eq!(session.send(message), Err(Unsent::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_over_five_seconds_for_a_message_gets_1013() {
    let mut harness = Harness::new();
    let (mut client, session) = begin(&mut harness).await;
    let began = Instant::now();
    session.send("x".repeat(10_000)).unwrap();
    assert_eq!(harness.heard().await, Heard::Ended(1));
    assert_eq!(began.elapsed().as_secs(), 5);
    assert_eq!(farewell(&mut client).await.1, 1013);
}

#[tokio::test(start_paused = true)]
async fn the_end_is_told_at_once_when_the_socket_closes() {
    let mut harness = Harness::new();
    let (client, _) = begin(&mut harness).await;
    let began = Instant::now();
    drop(client);
    assert_eq!(harness.heard().await, Heard::Ended(1));
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert!(harness.door.sessions.list().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_end_is_told_before_the_closing_handshake() {
    let mut harness = Harness::new();
    let (mut client, session) = begin(&mut harness).await;
    let began = Instant::now();
    session.close(Close::DISCONNECTED);
    // The client answers nothing yet.
    assert_eq!(harness.heard().await, Heard::Ended(1));
    assert_eq!(began.elapsed(), Duration::ZERO);
    let (_, code, reason) = farewell(&mut client).await;
    assert_eq!(
        (code, reason.as_str()),
        (4005, "Disconnected by administrator")
    );
}

#[tokio::test(start_paused = true)]
async fn the_end_is_told_when_the_connection_is_dropped_in_mid_flight() {
    let mut harness = Harness::new();
    let (pipe, life) = harness.pipe();
    let (mut client, _) = soon(tokio_tungstenite::client_async("ws://host/", pipe))
        .await
        .unwrap();
    say(
        &mut client,
        &format!(r#"{{"token": "{TELESCOPE}", "client_id": "a"}}"#),
    )
    .await;
    assert_eq!(harness.heard().await, Heard::Opened(1));
    life.abort();
    assert_eq!(harness.heard().await, Heard::Ended(1));
    assert!(harness.door.sessions.list().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_end_is_told_once() {
    let mut harness = Harness::new();
    let (mut client, session) = begin(&mut harness).await;
    session.close(Close::DISCONNECTED);
    session.close(Close::SHUTDOWN);
    soon(client.close(None)).await.unwrap();
    while client.next().await.is_some() {}
    assert_eq!(harness.heard().await, Heard::Ended(1));
    tokio::time::advance(Duration::from_secs(60)).await;
    assert!(harness.heard.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_closes_is_answered() {
    let mut harness = Harness::new();
    let (mut client, _) = begin(&mut harness).await;
    let began = Instant::now();
    soon(client.close(None)).await.unwrap();
    assert!(matches!(
        soon(client.next()).await,
        Some(Ok(Message::Close(_)))
    ));
    assert!(soon(client.next()).await.is_none());
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(harness.heard().await, Heard::Ended(1));
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_sent_before_the_close() {
    let mut harness = Harness::new();
    let (mut client, session) = begin(&mut harness).await;
    for number in 0..3 {
        session.send(number.to_string()).unwrap();
    }
    session.outbox().ping();
    session.close(Close::RATE_LIMIT);
    assert_eq!(session.send("late".to_owned()), Err(Unsent::Closed));
    let (texts, code, reason) = farewell(&mut client).await;
    assert_eq!(texts, ["0", "1", "2"]);
    assert_eq!((code, reason.as_str()), (4008, "Rate limit exceeded"));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_answers_the_close_is_dropped_after_two_seconds() {
    let mut harness = Harness::new();
    let (mut client, session) = begin(&mut harness).await;
    let began = Instant::now();
    session.close(Close::SHUTDOWN);
    // Reads, and answers nothing: beneath the library.
    let mut end = Vec::new();
    soon(client.get_mut().read_to_end(&mut end)).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_dead_peer_is_dropped_after_two_unanswered_pings() {
    let mut harness = Harness::new();
    let (_client, _) = begin(&mut harness).await;
    let began = Instant::now();
    // The client is not polled, so it answers no ping.
    assert_eq!(harness.heard().await, Heard::Ended(1));
    assert_eq!(began.elapsed().as_secs(), 60);
    let last = harness.log().pop().unwrap();
    assert_eq!(last["reason"], "no answer to pings");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_peer_that_answers_pings_stays() {
    let mut harness = Harness::new();
    let (mut client, _) = begin(&mut harness).await;
    let quiet = tokio::time::timeout(Duration::from_secs(300), async {
        while let Some(Ok(Message::Ping(_))) = client.next().await {}
    });
    assert!(quiet.await.is_err(), "the session ended");
    say(&mut client, "still here").await;
    assert_eq!(
        harness.heard().await,
        Heard::Text(1, "still here".to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered() {
    let mut harness = Harness::new();
    let (mut client, _) = begin(&mut harness).await;
    soon(client.send(Message::Ping(Bytes::from_static(b"x"))))
        .await
        .unwrap();
    let pong = soon(client.next()).await.unwrap().unwrap();
    assert_eq!(pong, Message::Pong(Bytes::from_static(b"x")));
}
