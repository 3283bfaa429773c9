use std::collections::HashSet;

use serde_json::{Map, Value, json};
use slewgate_rpc::{Call, Id, Incoming, MAX_BATCH, Reply, batch_text, parse};

/// Codes of what is answered to a text that is no call.
const NO_CALL: [i64; 3] = [-32700, -32600, -32602];

/// What an answer may add to what the client sent, in bytes.
const ROOM: usize = 8 * 1024;

/// One message of a client, as JSON-RPC.
pub fn json_rpc(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    match parse(text) {
        Incoming::One(element) => {
            judge(&element, text);
            same_in_a_batch(&element, text);
        }
        Incoming::Batch(elements) => {
            assert!((1..=MAX_BATCH).contains(&elements.len()));
            elements.iter().for_each(|element| judge(element, text));
            let calls = elements.len();
            let replies: Vec<_> = elements.into_iter().filter_map(refused).collect();
            let answer = batch_text(&replies);
            assert_eq!(answer.is_none(), replies.is_empty());
            if let Some(answer) = answer {
                let answers: Vec<Value> = serde_json::from_str(&answer).expect("a list of answers");
                assert!(answers.len() <= calls);
            }
        }
    }
}

fn refused(element: Result<Call, Option<Reply>>) -> Option<Reply> {
    element.err().flatten()
}

fn judge(element: &Result<Call, Option<Reply>>, text: &str) {
    match element {
        Ok(call) => reads_back(call),
        Err(Some(reply)) => is_an_answer(&reply.to_text(), text),
        Err(None) => {}
    }
}

/// A call that is written again is the same call.
fn reads_back(call: &Call) {
    let mut members = json!({
        "jsonrpc": "2.0",
        "method": call.method,
        "params": call.params,
    });
    if let Some(id) = &call.id {
        members["id"] = value(id);
    }
    match parse(&members.to_string()) {
        Incoming::One(Ok(again)) => assert_eq!(again, *call),
        other => panic!("{call:?} was read back as {other:?}"),
    }
}

fn value(id: &Id) -> Value {
    match id {
        Id::Null => Value::Null,
        Id::Number(number) => Value::Number(number.clone()),
        Id::Text(text) => Value::from(text.as_str()),
    }
}

/// Every client can read it, it says no more than it may, and it is not much longer than what was sent.
fn is_an_answer(answer: &str, sent: &str) {
    assert!(answer.len() <= sent.len() + ROOM, "{} bytes", answer.len());
    let answer: Map<String, Value> = serde_json::from_str(answer).expect("an object");
    let names: HashSet<_> = answer.keys().map(String::as_str).collect();
    assert_eq!(names, HashSet::from(["jsonrpc", "id", "error"]));
    let code = answer["error"]["code"].as_i64().expect("a code");
    assert!(NO_CALL.contains(&code), "{code}");
}

/// A call is read in two ways, by itself and in a batch, and means the same in both.
fn same_in_a_batch(alone: &Result<Call, Option<Reply>>, text: &str) {
    if text.trim_start().starts_with('[') {
        // A batch is no element of another.
        return;
    }
    let Incoming::Batch(elements) = parse(&format!("[{text}]")) else {
        // One level more is one too many, or the text is no JSON, or two with a comma between them.
        return;
    };
    let [in_batch] = &elements[..] else { return };
    match (alone, in_batch) {
        (Ok(alone), Ok(in_batch)) => assert_eq!(alone, in_batch),
        (Err(alone), Err(in_batch)) => {
            let said = |reply: &Option<Reply>| reply.as_ref().map(Reply::to_text);
            assert_eq!(said(alone), said(in_batch));
        }
        (alone, in_batch) => panic!("{alone:?} alone, and {in_batch:?} in a batch"),
    }
}
