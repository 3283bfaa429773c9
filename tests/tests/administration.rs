//! Administration over the wire: by whom the policy lets, each deed on record, and never a token in an answer but a new one.

use std::fs;

use serde_json::{Value, json};
use slewgate_tests::{Client, Closed, Observatory};

/// A host with an administrator.
async fn administered() -> (Observatory, Client) {
    let observatory = Observatory::start().attached();
    let admin = observatory.client("admin").await;
    (observatory, admin)
}

async fn call(admin: &mut Client, method: &str, params: Value) -> Value {
    admin.call(method, params).await.unwrap()
}

/// The line of the security log of a deed.
fn recorded(observatory: &Observatory, method: &str) -> Value {
    observatory.wait_for_security_event(|event| {
        event["event"] == "administration" && event["subject"] == method
    })
}

#[tokio::test]
async fn an_administrator_sees_who_is_connected_and_ends_a_session_with_4005() {
    let (observatory, mut admin) = administered().await;
    let token = observatory.token("observer");
    let mut guest = Client::authenticated(observatory.address(), &token, "guest").await;
    let clients = call(&mut admin, "host.clients", json!({})).await;
    let clients = clients.as_array().unwrap();
    let found = clients.iter().find(|client| client["client_id"] == "guest");
    let found = found.unwrap();
    assert_eq!(found["client_type"], "observer");
    assert_eq!(found["purpose"], "commands");
    assert!(found["address"].as_str().unwrap().starts_with("127.0.0.1:"));
    let session = found["session"].clone();
    call(&mut admin, "host.disconnect", json!({ "session": session })).await;
    let closed = guest.closed().await;
    let by_administrator = Closed {
        code: Some(4005),
        reason: "Disconnected by administrator".to_owned(),
    };
    assert_eq!(closed, by_administrator);
    let event = recorded(&observatory, "host.disconnect");
    assert_eq!(event["client_type"], "admin");
    assert!(
        event["reason"]
            .as_str()
            .unwrap()
            .contains(&session.to_string()),
        "{event}"
    );
    let again = json!({ "session": session });
    let gone = admin.call("host.disconnect", again).await.unwrap_err();
    assert_eq!(gone["code"], -32004, "{gone}");
}

#[tokio::test]
async fn tokens_are_shown_without_their_text_and_rotated_and_revoked() {
    let (observatory, mut admin) = administered().await;
    let token = observatory.token("observer");
    let mut guest = Client::authenticated(observatory.address(), &token, "guest").await;
    let tokens = call(&mut admin, "host.tokens", json!({})).await;
    assert!(!tokens.to_string().contains("slg_"), "{tokens}");
    let tokens = tokens.as_array().unwrap();
    let old = tokens
        .iter()
        .find(|token| token["client_type"] == "observer");
    let old = old.unwrap()["id"].clone();
    let rotated = call(&mut admin, "host.token.rotate", json!({ "id": old })).await;
    let new = rotated["token"].as_str().unwrap();
    let mut changed = Client::authenticated(observatory.address(), new, "changed").await;
    changed.call("host.info", json!({})).await.unwrap();
    guest.call("host.info", json!({})).await.unwrap();
    call(&mut admin, "host.token.revoke", json!({ "id": old })).await;
    assert_eq!(guest.closed().await.code, Some(4001));
    changed.call("host.info", json!({})).await.unwrap();
    for method in ["host.tokens", "host.token.rotate", "host.token.revoke"] {
        recorded(&observatory, method);
    }
    let log = serde_json::to_string(&observatory.security_log()).unwrap() + &observatory.log();
    assert!(!log.contains(new) && !log.contains(&token));
}

#[tokio::test]
async fn plugins_are_looked_at_and_penalties_forgiven() {
    let (observatory, mut admin) = administered().await;
    let reloaded = call(&mut admin, "host.reload", json!({})).await;
    assert_eq!(reloaded["done"], true);
    assert_eq!(
        call(&mut admin, "host.penalties", json!({})).await,
        json!([])
    );
    let cleared = call(&mut admin, "host.penalties.clear", json!({})).await;
    assert_eq!(cleared["cleared"], 0);
    let name = json!({ "name": "mount" });
    let free = admin
        .call("host.plugin.resume", name.clone())
        .await
        .unwrap_err();
    assert_eq!(free["code"], -32004, "{free}");
    let none = admin.call("host.plugin.rollback", name).await.unwrap_err();
    assert_eq!(none["code"], -32004, "{none}");
    let event = recorded(&observatory, "host.plugin.rollback");
    assert!(
        event["reason"].as_str().unwrap().contains("mount"),
        "{event}"
    );
}

#[tokio::test]
async fn nobody_else_administers_and_an_administrator_moves_nothing() {
    let (observatory, mut admin) = administered().await;
    for client_type in ["telescope", "observer"] {
        let mut client = observatory.client(client_type).await;
        for method in [
            "host.clients",
            "host.tokens",
            "host.reload",
            "host.penalties",
        ] {
            let denied = client.call(method, json!({})).await.unwrap_err();
            assert_eq!(denied["code"], -32001, "{method}: {denied}");
        }
        let documented = client.call("rpc.discover", json!({})).await.unwrap();
        assert!(!documented.to_string().contains("host.token.revoke"));
    }
    let goto = json!({ "altitude": 60, "azimuth": 120 });
    let denied = admin.call("mount.goto", goto).await.unwrap_err();
    assert_eq!(denied["code"], -32001, "{denied}");
    let stopped = call(&mut admin, "mount.stop", json!({})).await;
    assert_eq!(stopped["stopped"], true);
}

#[tokio::test]
async fn what_an_administrator_did_is_on_record_though_he_leaves_at_once() {
    let (observatory, mut admin) = administered().await;
    observatory.token("observer");
    let tokens = call(&mut admin, "host.tokens", json!({})).await;
    let mut tokens = tokens.as_array().unwrap().iter();
    let observer = tokens.find(|token| token["client_type"] == "observer");
    let id = observer.unwrap()["id"].clone();
    let params = json!({ "id": id });
    admin.request("host.token.revoke", params).await;
    // It is done before it is in force, and before it is answered.
    let file = observatory.data().join("api_tokens.json");
    observatory.wait("a token less", || {
        let text = fs::read_to_string(&file).unwrap();
        (!text.contains(id.as_str().unwrap())).then_some(())
    });
    admin.abort();
    let gone = observatory.wait_for_security_event(|event| {
        event["event"] == "token_change" && event["token_id"] == id && event["reason"] == "removed"
    });
    assert_eq!(gone["token_id"], id);
    let event = recorded(&observatory, "host.token.revoke");
    assert_eq!(event["client_type"], "admin");
}
