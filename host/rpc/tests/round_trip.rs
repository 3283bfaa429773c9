//! Promises that cross parsing and answering.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may"
)]

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use slewgate_rpc::{
    Call, Code, Id, Incoming, MAX_BATCH, MAX_TEXT, Outcome, Refusal, Reply, batch_text, event_text,
    parse,
};

/// What the host would send: every call is done, with its own method as the result.
fn answer(text: &str) -> Option<String> {
    match parse(text) {
        Incoming::One(element) => reply(element).map(|reply| reply.to_text()),
        Incoming::Batch(elements) => {
            batch_text(&elements.into_iter().filter_map(reply).collect::<Vec<_>>())
        }
    }
}

fn reply(element: Result<Call, Option<Reply>>) -> Option<Reply> {
    let Call { id, method, .. } = match element {
        Ok(call) => call,
        Err(reply) => return reply,
    };
    Some(Reply::done(id?, raw(&json!(method))))
}

fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap()
}

fn answered(text: &str) -> Value {
    serde_json::from_str(&answer(text).expect("a reply")).expect("replies are JSON")
}

fn one(text: &str) -> Result<Call, Option<Reply>> {
    match parse(text) {
        Incoming::One(element) => element,
        Incoming::Batch(elements) => panic!("a batch: {elements:?}"),
    }
}

fn code_and_id(reply: &Value) -> (i64, &Value) {
    assert_eq!(reply["jsonrpc"], "2.0");
    assert!(
        reply.get("result").is_none(),
        "both a result and an error: {reply}"
    );
    (reply["error"]["code"].as_i64().unwrap(), &reply["id"])
}

#[test]
fn a_request_is_read_whole_and_its_reply_bears_its_id() {
    let text = r#"{"jsonrpc":"2.0","id":"a","method":"mount.goto","params":{"ra":1.5}}"#;
    let call = one(text).unwrap();
    assert_eq!(call.id, Some(Id::Text("a".into())));
    assert_eq!(call.method, "mount.goto");
    assert_eq!(Value::Object(call.params), json!({"ra": 1.5}));
    assert_eq!(
        answer(text).unwrap(),
        r#"{"jsonrpc":"2.0","id":"a","result":"mount.goto"}"#
    );
}

#[test]
fn a_whole_number_is_read_as_an_integer_alone_and_in_a_batch() {
    let text =
        r#"{"jsonrpc":"2.0","id":1,"method":"focuser.move_to","params":{"position":30000.0}}"#;
    let whole = json!({"position": 30_000});
    assert_eq!(Value::Object(one(text).unwrap().params), whole);
    let Incoming::Batch(calls) = parse(&format!("[{text}]")) else {
        panic!("a batch")
    };
    for call in calls {
        assert_eq!(Value::Object(call.unwrap().params), whole);
    }
}

#[test]
fn absent_params_are_an_empty_object() {
    assert!(
        one(r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#)
            .unwrap()
            .params
            .is_empty()
    );
}

#[test]
fn params_that_are_no_object_are_refused_by_their_name() {
    for params in ["[]", "[1]", "null", "1", "\"x\"", "true"] {
        let reply = answered(&format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{params}}}"#
        ));
        assert_eq!(code_and_id(&reply), (-32602, &json!(1)));
        assert_eq!(
            reply["error"]["message"],
            "Invalid params: params: must be an object"
        );
        assert_eq!(reply["error"]["data"]["field"], "params");
    }
}

#[test]
fn a_notification_with_wrong_params_is_neither_called_nor_answered() {
    let text = r#"{"jsonrpc":"2.0","method":"mount.goto","params":[1,2]}"#;
    assert!(matches!(one(text), Err(None)));
    assert_eq!(answer(&format!("[{text}]")), None);
}

#[test]
fn a_null_id_makes_a_request_and_an_absent_one_a_notification() {
    assert_eq!(
        answered(r#"{"jsonrpc":"2.0","id":null,"method":"m"}"#)["id"],
        Value::Null
    );
    let call = one(r#"{"jsonrpc":"2.0","method":"m"}"#).unwrap();
    assert!(call.is_notification());
}

/// Needs serde_json's `float_roundtrip`: browsers' clients make ids with `Math.random()`.
#[test]
fn an_id_that_is_a_fraction_comes_back_digit_for_digit() {
    for id in [
        "0.9413378573474",
        "-1.1942702272322794e228",
        "7.0385307e-26",
    ] {
        let reply = answer(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m"}}"#)).unwrap();
        let wanted: f64 = id.parse().unwrap();
        let reply: Value = serde_json::from_str(&reply).unwrap();
        assert_eq!(reply["id"].to_string().parse::<f64>().unwrap(), wanted);
    }
}

#[test]
fn what_is_not_json_is_answered_with_a_null_id() {
    let nested = "[".repeat(100_000);
    for text in [
        "",
        "{",
        "nonsense",
        "{\"jsonrpc\":\"2.0\",\"id\":1",
        "\u{feff}{}",
        "1e999",
        &nested,
    ] {
        assert_eq!(
            code_and_id(&answered(text)),
            (-32700, &Value::Null),
            "{text:.40}"
        );
    }
}

#[test]
fn json_that_is_no_call_is_answered_with_its_id_where_that_can_be_read() {
    for (text, id) in [
        ("1", json!(null)),
        ("null", json!(null)),
        ("{}", json!(null)),
        (r#"{"id":7,"method":"m"}"#, json!(7)),
        (r#"{"jsonrpc":2.0,"id":7,"method":"m"}"#, json!(7)),
        (r#"{"jsonrpc":"1.0","id":"x","method":"m"}"#, json!("x")),
        (r#"{"jsonrpc":"2.0","id":-1.5}"#, json!(-1.5)),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":1,"params":"bar"}"#,
            json!(7),
        ),
        (r#"{"jsonrpc":"2.0","id":[7],"method":"m"}"#, json!(null)),
        (
            r#"{"jsonrpc":"2.0","id":{"a":1},"method":"m"}"#,
            json!(null),
        ),
        (r#"{"jsonrpc":"2.0","id":true,"method":"m"}"#, json!(null)),
    ] {
        assert_eq!(code_and_id(&answered(text)), (-32600, &id), "{text}");
    }
}

#[test]
fn the_batch_of_the_specification_is_answered_as_the_specification_has_it() {
    let replies = answered(
        r#"[{"jsonrpc":"2.0","method":"sum","params":{},"id":"1"},
            {"jsonrpc":"2.0","method":"notify_hello"},
            {"foo":"boo"}, 1,
            {"jsonrpc":"2.0","method":"get_data","id":9}]"#,
    );
    assert_eq!(replies.as_array().unwrap().len(), 4);
    assert_eq!(replies[0], json!({"jsonrpc":"2.0","id":"1","result":"sum"}));
    assert_eq!(code_and_id(&replies[1]), (-32600, &Value::Null));
    assert_eq!(code_and_id(&replies[2]), (-32600, &Value::Null));
    assert_eq!(
        replies[3],
        json!({"jsonrpc":"2.0","id":9,"result":"get_data"})
    );
}

#[test]
fn a_batch_holds_at_least_one_and_at_most_32_calls() {
    let batch = |size| {
        format!(
            "[{}]",
            vec![r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#; size].join(",")
        )
    };
    assert_eq!(answered(&batch(MAX_BATCH)).as_array().unwrap().len(), 32);
    assert_eq!(code_and_id(&answered(&batch(0))), (-32600, &Value::Null));
    assert_eq!(
        code_and_id(&answered(&batch(MAX_BATCH + 1))),
        (-32600, &Value::Null)
    );
}

#[test]
fn a_batch_of_notifications_is_not_answered() {
    assert_eq!(
        answer(r#"[{"jsonrpc":"2.0","method":"m"},{"jsonrpc":"2.0","method":"n"}]"#),
        None
    );
}

#[test]
fn an_event_is_a_notification_with_topic_number_and_data() {
    let text = event_text("a\"b", 3, &raw(&json!({"slewing": true})));
    let wanted = json!({"jsonrpc":"2.0","method":"event","params":{"topic":"a\"b","seq":3,"data":{"slewing":true}}});
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), wanted);
}

/// The table of errors, a row each: the refusal, its number, its sentence, its data.
fn table() -> Vec<(Refusal, i64, &'static str, Value)> {
    let soon = Duration::from_micros(1_500);
    let unreadable = serde_json::from_str::<Value>("{").unwrap_err();
    let incident = json!({"incident": "i7"});
    vec![
        (
            Refusal::parse(&unreadable),
            -32700,
            "Parse error: EOF while parsing an object at line 1 column 1",
            json!(null),
        ),
        (
            Refusal::invalid_request("no"),
            -32600,
            "Invalid Request: no",
            json!(null),
        ),
        (
            Refusal::method_not_found("m.x"),
            -32601,
            "Method not found: m.x",
            json!(null),
        ),
        (
            Refusal::invalid_params("ra", "no"),
            -32602,
            "Invalid params: ra: no",
            json!({"field": "ra"}),
        ),
        (
            Refusal::internal("i7", "SECRET"),
            -32603,
            "Internal error",
            incident.clone(),
        ),
        (
            Refusal::denied("only looks", "SECRET"),
            -32001,
            "permission denied",
            json!({"reason": "only looks"}),
        ),
        (
            Refusal::rate_limited(soon, 60),
            -32002,
            "Rate limit exceeded",
            json!({"retry_after_ms": 2, "limit": 60}),
        ),
        (
            Refusal::hardware(Outcome::NotStarted, "line gone", "SECRET"),
            -32003,
            "line gone",
            json!({"outcome": "not_started"}),
        ),
        (
            Refusal::hardware(Outcome::Indeterminate, "no answer", "SECRET"),
            -32003,
            "no answer",
            json!({"outcome": "indeterminate"}),
        ),
        (
            Refusal::refused("parked").because("SECRET"),
            -32004,
            "refused: parked",
            json!({"reason": "parked"}),
        ),
        (
            Refusal::controlled_by("Dome", "page"),
            -32005,
            "controlled by another client",
            json!({"holder": "Dome", "client_id": "page"}),
        ),
        (
            Refusal::busy(soon),
            -32006,
            "busy",
            json!({"retry_after_ms": 2}),
        ),
        (
            Refusal::exhausted("i7", "SECRET"),
            -32007,
            "the plugin ran out of its time or memory",
            incident,
        ),
        (
            Refusal::quarantined("i7", soon, "SECRET"),
            -32007,
            "the plugin keeps failing and is quarantined",
            json!({"incident": "i7", "retry_after_ms": 2}),
        ),
        (
            Refusal::stopped("Dome"),
            -32008,
            "stopped",
            json!({"by": "Dome"}),
        ),
    ]
}

#[test]
fn every_row_of_the_table_of_errors_has_its_number_sentence_and_data() {
    for (refusal, code, sentence, data) in table() {
        let text = Reply::refused(Id::Null, refusal).to_text();
        let reply: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(code_and_id(&reply), (code, &Value::Null));
        assert_eq!(reply["error"]["message"], sentence);
        assert_eq!(reply["error"]["data"], data);
        assert_eq!(reply["error"].get("data").is_none(), data.is_null());
    }
}

#[test]
fn a_reply_never_tells_the_cause() {
    for (refusal, ..) in table() {
        let refusal = refusal.because("SECRET");
        assert_eq!(refusal.to_string(), refusal.sentence);
        let text = Reply::refused(Id::Null, refusal).to_text();
        assert!(!text.contains("SECRET"), "{text}");
    }
}

#[test]
fn what_a_client_or_a_plugin_wrote_is_cut_in_a_refusal() {
    let long = "ä".repeat(60_000);
    for refusal in [
        Refusal::method_not_found(&long),
        Refusal::invalid_params(&long, &long),
        Refusal::denied(&long, ""),
        Refusal::refused(&long),
        Refusal::hardware(Outcome::NotStarted, &long, ""),
        Refusal::controlled_by(&long, &long),
    ] {
        let text = Reply::refused(Id::Null, refusal).to_text();
        assert!(
            text.chars().count() < 2 * MAX_TEXT + 200,
            "{} characters",
            text.chars().count()
        );
    }
}

#[test]
fn no_two_codes_share_a_number() {
    let mut seen: HashMap<i64, Code> = HashMap::new();
    for (refusal, ..) in table() {
        let other = seen.insert(refusal.code.number(), refusal.code);
        assert!(
            other.is_none_or(|other| other == refusal.code),
            "{other:?} {:?}",
            refusal.code
        );
    }
    assert_eq!(seen.len(), 13);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Whole ones are integers once they were read.
        any::<f64>()
            .prop_map(|any| if any.fract() == 0.0 { 0.5 } else { any })
            .prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(".{0,4}", inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

/// An object that looks like a call, with members missing or wrong now and then.
fn nearly_a_call() -> impl Strategy<Value = Value> {
    let jsonrpc =
        prop_oneof![6 => Just(Some(json!("2.0"))), 1 => Just(None), 1 => any_json().prop_map(Some)];
    let method = prop_oneof![6 => ".{0,12}".prop_map(|m| Some(json!(m))), 1 => Just(None), 1 => any_json().prop_map(Some)];
    let id = prop_oneof![2 => Just(None), 4 => any::<i64>().prop_map(|n| Some(json!(n))), 4 => ".{0,8}".prop_map(|t| Some(json!(t))), 1 => any_json().prop_map(Some)];
    let params = prop_oneof![3 => Just(None), 3 => prop::collection::hash_map("[a-z]{1,4}", any_json(), 0..4).prop_map(|map| Some(json!(map))), 1 => any_json().prop_map(Some)];
    (jsonrpc, id, method, params).prop_map(|(jsonrpc, id, method, params)| {
        let members = [
            ("jsonrpc", jsonrpc),
            ("id", id),
            ("method", method),
            ("params", params),
        ];
        members
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    })
}

/// The ids that must come back, in order, by the letter of the specification.
fn owed(element: &Value) -> Option<Value> {
    let readable = |id: &Value| id.is_null() || id.is_number() || id.is_string();
    let id = element.get("id");
    let a_call =
        element["jsonrpc"] == "2.0" && element["method"].is_string() && id.is_none_or(readable);
    match id {
        None if a_call => None,
        Some(id) if readable(id) => Some(id.clone()),
        _ => Some(Value::Null),
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_every_answer_is_json(text in prop_oneof![".{0,200}", r#"[\[\]{}",:a-z0-9.eE \\u-]{0,200}"#]) {
        if let Some(answer) = answer(&text) {
            serde_json::from_str::<Value>(&answer).unwrap();
        }
    }

    #[test]
    fn every_request_with_an_id_gets_exactly_one_reply_and_no_notification_one(element in prop_oneof![4 => nearly_a_call(), 1 => any_json()]) {
        prop_assume!(!element.is_array());
        let reply = answer(&element.to_string());
        let id = reply.map(|text| serde_json::from_str::<Value>(&text).unwrap()["id"].clone());
        prop_assert_eq!(id, owed(&element));
    }

    #[test]
    fn a_batch_gets_one_reply_for_each_element_that_is_owed_one(elements in prop::collection::vec(prop_oneof![6 => nearly_a_call(), 1 => any_json()], 1..=MAX_BATCH)) {
        let wanted: Vec<_> = elements.iter().filter_map(owed).collect();
        let replies = answer(&json!(elements).to_string()).map(|text| serde_json::from_str::<Vec<Value>>(&text).unwrap());
        let ids: Vec<_> = replies.iter().flatten().map(|reply| reply["id"].clone()).collect();
        prop_assert_eq!(ids, wanted);
        prop_assert!(replies.is_none_or(|replies| !replies.is_empty()));
    }

    #[test]
    fn a_call_survives_its_way_through_text(id in any::<i64>(), method in ".{0,20}", params in prop::collection::hash_map(".{0,6}", any_json(), 0..5)) {
        let text = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
        let call = one(&text).unwrap();
        prop_assert_eq!(call.id, Some(Id::Number(id.into())));
        prop_assert_eq!(call.method, method);
        prop_assert_eq!(Value::Object(call.params).to_string(), json!(params).to_string());
    }
}

/// A text in a text in a text, each in a member with the name that the library has for such texts, each as deep as may be.
fn nested_in_texts(levels: usize) -> String {
    let (open, close) = ("[".repeat(120), "]".repeat(120));
    (0..levels).fold("1".to_owned(), |inner, _| {
        let held = json!({ "$serde_json::private::RawValue": inner });
        format!("{open}{held}{close}")
    })
}

#[test]
fn nobody_nests_deeper_than_all_by_names_that_a_library_keeps_for_itself() {
    for levels in [1, 2, 9] {
        let held = nested_in_texts(levels);
        let text = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{{"$serde_json::private::RawValue":{}}}}}"#,
            json!(held)
        );
        let params = one(&text).unwrap().params;
        assert_eq!(
            Value::Object(params),
            json!({ "$serde_json::private::RawValue": held })
        );
    }
}
