//! X-Forwarded-For: a configured proxy's word counts, and nobody else's.

use std::net::SocketAddr;

use serde_json::{Value, json};
use slewgate_tests::{Answer, Client, Observatory, PATIENCE, Setup, ask, get};
use tokio::time::timeout;

/// The proxy of these tests, which is on the host's own machine.
const PROXY: [u8; 4] = [127, 0, 0, 1];
const ATTACKER: [u8; 4] = [127, 0, 66, 6];

/// Clients of the proxy, by what they are called in the header.
const ONE: &str = "203.0.113.1";
const OTHER: &str = "203.0.113.2";

/// Requests of a minute.
const REQUESTS: usize = 2;

/// The fourth failure puts its source outside, also where the four take long.
const PENALTIES: &str = "[penalties]\nauthentication_ms = 100_000\nleast_ms = 350_000";
const NO_PENALTIES: &str = "[penalties]\nmost_ms = 0";

const BEHIND_PROXY: &str = "proxies = [\"127.0.0.1\"]";
/// More places than anybody here takes, also where some are not given back yet.
const MANY: &str = "unauthenticated_per_source = 64\n";

fn start(admission: &str, penalties: &str) -> Observatory {
    let admission = format!(
        "[admission]\nrequests_per_minute = {REQUESTS}\nauthentication_ms = 60_000\ntotal_ms = 120_000\n{admission}"
    );
    Setup::default()
        .config(&admission)
        .config(penalties)
        .start()
}

/// A WebSocket of each port: address and path.
fn sockets(observatory: &Observatory) -> [(SocketAddr, &'static str); 4] {
    [
        (observatory.address(), "/"),
        (observatory.liveview(), "/"),
        (observatory.web(), "/command"),
        (observatory.web(), "/liveview"),
    ]
}

/// A token that is good in this network alone.
fn token_of(observatory: &Observatory, network: &str) -> String {
    let generate = ["token", "generate", "--json", "--name", "bound"];
    let bounds = ["--client-type", "telescope", "--network", network];
    let made = observatory.run(&[&generate[..], &bounds].concat());
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    observatory.wait_for_security_event(|event| {
        event["event"] == "token_change" && event["token_id"] == made["id"]
    });
    made["token"].as_str().unwrap().to_owned()
}

/// Says a wrong token; whether it came so far.
async fn fails(observatory: &Observatory, source: [u8; 4], values: &[&str]) -> bool {
    let client = Client::forwarded(source, observatory.address(), "/", values).await;
    let Ok(mut client) = client else { return false };
    client
        .send(&json!({ "token": "wrong", "client_id": "attacker" }).to_string())
        .await;
    client.closed().await.code == Some(4001)
}

/// Uses up the requests of a minute; whether it had any.
async fn asks_to_the_limit(client: &mut Client) -> bool {
    for done in 0..=REQUESTS {
        if let Err(error) = client.call("host.info", json!({})).await {
            assert_eq!(error["code"], -32002, "{error}");
            return done > 0;
        }
    }
    panic!("there is no limit");
}

async fn page(observatory: &Observatory, forwarded: &str) -> Answer {
    let header = match forwarded {
        "" => String::new(),
        named => format!("X-Forwarded-For: {named}\r\n"),
    };
    ask(observatory.web(), get(observatory.web(), "/", &header)).await
}

/// Waits until these, and no others, are the addresses of the security log's lines of a kind.
fn await_addresses(observatory: &Observatory, kind: &str, expected: &[&str]) {
    observatory.wait(&format!("{kind} from {expected:?} alone"), || {
        (addresses(observatory, kind) == expected).then_some(())
    });
}

fn addresses(observatory: &Observatory, kind: &str) -> Vec<String> {
    let events = observatory.security_log().into_iter();
    let mut addresses: Vec<_> = events
        .filter(|event| event["event"] == kind && event["address"].is_string())
        .map(|event| event["address"].as_str().unwrap().to_owned())
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

#[tokio::test]
async fn attack_40_forged_x_forwarded_for() {
    // There is a proxy, and the attacker is none.
    let others = format!("{MANY}exempt = []\nproxies = [\"10.0.0.80\"]");
    let observatory = start(&others, PENALTIES);
    let token = observatory.token("telescope");
    let bound = token_of(&observatory, "203.0.113.0/24");
    let address = observatory.address();

    // Another address each time is no other share of the requests.
    let mut sessions = Vec::new();
    for (number, forged) in [ONE, "127.0.0.1"].into_iter().enumerate() {
        let client = Client::forwarded(ATTACKER, address, "/", &[forged]).await;
        let mut client = client.unwrap();
        client.authenticate(&token, &format!("a{number}")).await;
        sessions.push(client);
    }
    assert!(asks_to_the_limit(&mut sessions[0]).await);
    assert!(!asks_to_the_limit(&mut sessions[1]).await);

    // It is not from where a token is good.
    let client = Client::forwarded(ATTACKER, address, "/", &[ONE]).await;
    let mut client = client.unwrap();
    client
        .send(&json!({ "token": bound, "client_id": "thief" }).to_string())
        .await;
    assert_eq!(client.closed().await.code, Some(4001));

    // And it waits outside for its failures, in nobody else's place.
    for forged in [ONE, OTHER, "10.0.0.80"] {
        assert!(fails(&observatory, ATTACKER, &[forged]).await);
    }
    for (address, path) in sockets(&observatory) {
        let refused = Client::forwarded(ATTACKER, address, path, &[ONE]).await;
        assert!(refused.is_err(), "{address}{path}");
    }
    let mut victim = Client::from([127, 0, 0, 7], address).await.unwrap();
    victim.authenticate(&token, "victim").await;
    victim.call("host.info", json!({})).await.unwrap();
    for kind in ["auth_failed", "rate_limit"] {
        await_addresses(&observatory, kind, &["127.0.66.6"]);
    }
    await_addresses(&observatory, "auth_ok", &["127.0.0.7", "127.0.66.6"]);
    let log = format!("{:?}", observatory.security_log());
    assert!(!log.contains("203.0.113.2") && !log.contains(&bound));
}

#[tokio::test]
async fn clients_behind_a_proxy_have_each_their_own_limit_of_requests_and_their_own_networks() {
    let observatory = start(&format!("{MANY}{BEHIND_PROXY}"), NO_PENALTIES);
    let token = observatory.token("telescope");
    let bound = token_of(&observatory, "203.0.113.1");
    let mut first = Client::forwarded(PROXY, observatory.address(), "/", &["6.6.6.6", ONE]).await;
    let first = first.as_mut().unwrap();
    first.authenticate(&token, "first").await;
    assert!(asks_to_the_limit(first).await);
    // The same one over the other port, and another one.
    for (id, source, has_any) in [
        ("same", "::ffff:203.0.113.1", false),
        ("other", OTHER, true),
    ] {
        let client = Client::forwarded(PROXY, observatory.web(), "/command", &[source]).await;
        let mut client = client.unwrap();
        client.authenticate(&token, id).await;
        assert_eq!(asks_to_the_limit(&mut client).await, has_any, "{id}");
    }
    for (number, (address, path)) in sockets(&observatory).into_iter().enumerate() {
        for (source, is_good) in [(ONE, true), (OTHER, false), ("203.0.113.1, 8.8.8.8", false)] {
            let client = Client::forwarded(PROXY, address, path, &[source]).await;
            let mut client = client.unwrap();
            let shown = json!({ "token": bound, "client_id": format!("bound{number}") });
            client.send(&shown.to_string()).await;
            match is_good {
                true => assert_eq!(client.next().await["type"], "auth_ok", "{address}{path}"),
                false => assert_eq!(client.closed().await.code, Some(4001), "{address}{path}"),
            }
        }
    }
    // Pictures without a WebSocket are the same door: nobody sends any, which only one with a good token hears.
    for (source, status) in [(ONE, 404), (OTHER, 401)] {
        let lines = format!("X-Forwarded-For: {source}\r\nAuthorization: Bearer {bound}\r\n");
        let request = get(observatory.web(), "/liveview/none", &lines);
        let answer = ask(observatory.web(), request).await;
        assert_eq!(answer.status, Some(status), "{answer:?}");
    }
    let came = observatory.wait_for_security_event(|event| event["event"] == "connection");
    assert_eq!(came["reason"], "through the proxy 127.0.0.1");
    await_addresses(&observatory, "auth_ok", &[ONE, OTHER]);
    await_addresses(&observatory, "auth_failed", &[OTHER, "8.8.8.8"]);
}

#[tokio::test]
async fn clients_behind_a_proxy_have_each_their_own_places_and_penalties() {
    let observatory = start(BEHIND_PROXY, PENALTIES);
    for (number, (address, path)) in sockets(&observatory).into_iter().enumerate() {
        let (one, other) = (format!("198.51.100.{number}"), format!("192.0.2.{number}"));
        let connect = async |source: &str| Client::forwarded(PROXY, address, path, &[source]).await;
        // Silent ones of one client; the proxy itself is nobody's source.
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(connect(&one).await.unwrap());
        }
        assert_eq!(
            connect(&one).await.err(),
            Some(Some(503)),
            "{address}{path}"
        );
        let answer = page(&observatory, &one).await;
        assert_eq!(answer.status, Some(503), "{answer:?}");
        assert_eq!(answer.header("Retry-After"), Some("10"));
        held.push(connect(&other).await.unwrap());
        assert_eq!(page(&observatory, &other).await.status, Some(200));
        // Their places are given back.
        for client in held {
            client.close().await;
        }
        let given_back = async { while page(&observatory, &one).await.status == Some(503) {} };
        timeout(PATIENCE, given_back).await.unwrap();
    }
    for _ in 0..4 {
        assert!(fails(&observatory, PROXY, &[ONE]).await);
    }
    assert!(!fails(&observatory, PROXY, &[ONE]).await);
    assert_eq!(page(&observatory, ONE).await.status, Some(503));
    assert_eq!(page(&observatory, OTHER).await.status, Some(200));
    assert!(fails(&observatory, PROXY, &[OTHER]).await);
    let outside = observatory.run(&["penalties", "--json"]);
    let outside: Value = serde_json::from_slice(&outside.stdout).unwrap();
    assert_eq!(outside.as_array().unwrap().len(), 1, "{outside}");
    assert_eq!(outside[0]["source"], ONE);
    let refused = [
        "198.51.100.0",
        "198.51.100.1",
        "198.51.100.2",
        "198.51.100.3",
    ];
    await_addresses(&observatory, "rate_limit", &[&refused[..], &[ONE]].concat());
}

#[tokio::test]
async fn a_proxy_on_this_machine_that_names_nobody_is_a_stranger() {
    let observatory = start(&format!("{MANY}{BEHIND_PROXY}"), PENALTIES);
    for nobody in ["", "unknown", "127.0.0.1", "203.0.113.1,"] {
        observatory.run(&["penalties", "clear", "127.0.0.1"]);
        let values: &[&str] = match nobody {
            "" => &[],
            nobody => &[nobody],
        };
        for _ in 0..4 {
            assert!(fails(&observatory, PROXY, values).await, "{nobody}");
        }
        assert!(!fails(&observatory, PROXY, values).await, "{nobody}");
        assert_eq!(page(&observatory, nobody).await.status, Some(503));
        // Whom it names is not held up by that, nor what else is on this machine.
        assert_eq!(page(&observatory, ONE).await.status, Some(200));
        assert!(fails(&observatory, [127, 0, 0, 2], values).await);
    }
    await_addresses(&observatory, "rate_limit", &["127.0.0.1"]);
}
