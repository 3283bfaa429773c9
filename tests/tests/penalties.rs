//! Who fails again and again waits outside for a while, and nobody else does.

use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, Setup};
use tokio_tungstenite::tungstenite::Message;

const ATTACKER: [u8; 4] = [127, 0, 66, 6];
const VICTIM: [u8; 4] = [127, 0, 0, 7];

/// A host to which each address of this machine is a stranger.
fn strict(more: &str) -> Observatory {
    let strangers =
        "[admission]\nexempt = []\nauthentication_ms = 300\nunauthenticated_per_source = 64";
    Setup::default().config(strangers).config(more).start()
}

async fn fails(observatory: &Observatory, source: [u8; 4], first: Message) -> bool {
    let Some(mut client) = Client::from(source, observatory.address()).await else {
        return false;
    };
    client.send_message(first).await;
    client.closed().await;
    true
}

fn wrong_token() -> Message {
    Message::text(json!({ "token": "wrong", "client_id": "attacker" }).to_string())
}

/// What `slewgate penalties` says with `--json`.
fn penalties(observatory: &Observatory, arguments: &[&str]) -> Value {
    let output = observatory.run(&[&["penalties", "--json"], arguments].concat());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn the_fourth_wrong_token_puts_its_source_outside_until_it_is_forgiven_and_sessions_last() {
    let observatory = strict("");
    let token = observatory.token("telescope");
    let mut session = Client::from(ATTACKER, observatory.address()).await.unwrap();
    session.authenticate(&token, "earlier").await;
    for _ in 0..4 {
        assert!(fails(&observatory, ATTACKER, wrong_token()).await);
    }
    observatory.wait_for_security_event(|event| {
        event["event"] == "rate_limit"
            && event["reason"] == "its source has failed too often, and waits from now on"
    });
    assert!(!fails(&observatory, ATTACKER, wrong_token()).await);
    observatory.wait_for_security_event(|event| {
        let reason = event["reason"].as_str().unwrap_or_default();
        event["event"] == "rate_limit" && reason.contains("has failed too often and waits,")
    });
    // What it has stays, and others come in.
    session.call("host.info", json!({})).await.unwrap();
    let mut victim = Client::from(VICTIM, observatory.address()).await.unwrap();
    victim.authenticate(&token, "victim").await;

    let listed = penalties(&observatory, &[]);
    assert_eq!(listed[0]["source"], "127.0.66.6", "{listed}");
    assert!(listed[0]["seconds"].as_u64().unwrap() <= 20, "{listed}");
    assert_eq!(
        penalties(&observatory, &["clear", "127.0.0.7"]),
        json!({ "cleared": 0 })
    );
    assert_eq!(
        penalties(&observatory, &["clear", "127.0.66.6"]),
        json!({ "cleared": 1 })
    );
    assert_eq!(penalties(&observatory, &["list"]), json!([]));
    observatory.wait_for_security_event(|event| {
        event["event"] == "penalties_cleared" && event["address"] == "127.0.66.6"
    });
    assert!(fails(&observatory, ATTACKER, wrong_token()).await);
}

#[tokio::test]
async fn silence_and_broken_protocol_cost_too_and_a_penalty_ends_by_itself() {
    let observatory = strict("[penalties]\nsilence_ms = 400\nprotocol_ms = 400\nleast_ms = 600");
    for (last, first) in [(1, None), (2, Some(Message::text("x".repeat(5_000))))] {
        let source = [127, 0, 66, last];
        for _ in 0..2 {
            let client = Client::from(source, observatory.address()).await;
            let mut client =
                client.unwrap_or_else(|| panic!("{source:?} {:?}", observatory.security_log()));
            if let Some(first) = first.clone() {
                client.send_message(first).await;
            }
            client.closed().await;
        }
    }
    // Silent ones are a third of a second apart, and their penalty is over in time.
    observatory.wait("end of all penalties", || {
        (penalties(&observatory, &[]) == json!([])).then_some(())
    });
    for last in [1, 2] {
        assert!(
            Client::from([127, 0, 66, last], observatory.address())
                .await
                .is_some()
        );
    }
}

#[tokio::test]
async fn addresses_of_this_machine_and_of_networks_that_are_exempt_are_never_put_outside() {
    let observatory = Setup::default().start();
    for _ in 0..10 {
        assert!(fails(&observatory, ATTACKER, wrong_token()).await);
    }
    assert_eq!(penalties(&observatory, &[]), json!([]));
}

#[tokio::test]
async fn what_a_page_can_make_a_browser_send_puts_nobody_outside() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let observatory = strict("");
    let foreign = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let picture = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    for said in [foreign, picture, "\u{16}\u{3}\u{1}not TLS"] {
        for _ in 0..10 {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket
                .bind((std::net::Ipv4Addr::from(ATTACKER), 0).into())
                .unwrap();
            let mut stream = socket.connect(observatory.address()).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            // It ends with an answer or without one.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    }
    assert_eq!(penalties(&observatory, &[]), json!([]));
}

#[test]
fn without_a_host_there_is_a_word_for_it() {
    let mut observatory = Observatory::start();
    observatory.terminate();
    observatory.exit_code();
    let output = observatory.run(&["penalties"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no host is running on"), "{said}");
}
