//! The text of a token, lifetimes, and what a set admits.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use slewgate_security::tokens::{
    LifetimeError, Token, TokenFile, TokenProblem, TokenSet, looks_generated, parse_lifetime,
};

const HOME: &str = "192.168.1.7";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn from(address: &str) -> IpAddr {
    address.parse().unwrap()
}

/// The set that a file with this text is.
fn set(text: &str) -> TokenSet {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("api_tokens.json");
    super::token_file::write_private(&path, text);
    TokenFile::new(path).read().unwrap()
}

#[test]
fn a_generated_token_is_recognised_and_tells_its_id() {
    let token = Token::generate().unwrap();
    let text = token.expose();
    assert_eq!(text.len(), 62);
    assert!(text.starts_with("slg_"));
    assert_eq!(looks_generated(text), Some(token.id()));
}

#[test]
fn two_generated_tokens_have_nothing_in_common() {
    let (one, other) = (Token::generate().unwrap(), Token::generate().unwrap());
    assert_ne!(one.id(), other.id());
    assert_ne!(one.expose()[13..], other.expose()[13..]);
}

#[test]
fn a_token_with_any_letter_changed_is_not_recognised() {
    let token = Token::generate().unwrap();
    for index in 0..token.expose().len() {
        let mut changed = token.expose().to_owned().into_bytes();
        changed[index] = if changed[index] == b'x' { b'y' } else { b'x' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(looks_generated(&changed), None, "changed at {index}");
    }
}

#[test]
fn a_token_in_debug_output_is_only_its_id() {
    let token = Token::generate().unwrap();
    assert_eq!(format!("{token:?}"), format!("slg_{}_…", token.id()));
}

proptest! {
    #[test]
    fn no_text_upsets_the_recogniser(text in ".{0,80}") {
        prop_assert_eq!(looks_generated(&text), None);
    }
}

#[test]
fn the_entry_of_the_guide_admits() {
    let set = set(r#"{"your-secure-token-here": {"client_type": "telescope",
        "name": "Main Telescope Controller", "created": "2025-09-27T12:00:00"}}"#);
    let record = set
        .check("your-secure-token-here", from(HOME), Timestamp::now())
        .unwrap();
    assert_eq!(record.client_type, "telescope");
    assert_eq!(record.name, "Main Telescope Controller");
    // printf %s your-secure-token-here | sha256sum
    assert_eq!(record.id, "cefc2a08");
    assert_eq!(set.problems(), [""; 0]);
}

#[test]
fn a_time_without_a_zone_is_local_time() {
    let set = set(
        r#"{"a": {"client_type": "t", "name": "a", "created": "2025-09-27T12:00:00"},
        "b": {"client_type": "t", "name": "b", "created": "2025-09-27T12:00:00Z"}}"#,
    );
    let local: jiff::civil::DateTime = "2025-09-27T12:00:00".parse().unwrap();
    let local = local
        .to_zoned_datetime(jiff::tz::TimeZone::system())
        .unwrap();
    assert_eq!(set.list()[0].created, Some(local.timestamp()));
    assert_eq!(set.list()[1].created, Some(at("2025-09-27T12:00:00Z")));
}

#[test]
fn the_written_key_of_a_token_is_no_token() {
    let key = "sha256:cefc2a085280eb0bab47812888db693fe916baca02d4e8c41950cec5fda49abf";
    let set = set(&format!(
        r#"{{"{key}": {{"client_type": "t", "name": "n"}}}}"#
    ));
    assert_eq!(set.list().len(), 1);
    let refused = set.check(key, from(HOME), Timestamp::now());
    assert_eq!(refused, Err(TokenProblem::Unknown));
}

#[test]
fn an_expired_token_does_not_admit_and_says_why_for_the_log() {
    let set = set(r#"{"a": {"client_type": "t", "name": "n", "expires": "2026-01-01T00:00:00Z"}}"#);
    assert!(
        set.check("a", from(HOME), at("2025-12-31T23:59:59.999Z"))
            .is_ok()
    );
    let refused = set
        .check("a", from(HOME), at("2026-01-01T00:00:00Z"))
        .unwrap_err();
    assert_eq!(
        refused,
        TokenProblem::Expired {
            id: set.list()[0].id.clone()
        }
    );
}

#[test]
fn a_token_does_not_admit_before_its_time() {
    let set =
        set(r#"{"a": {"client_type": "t", "name": "n", "not_before": "2026-01-01T00:00:00Z"}}"#);
    let refused = set
        .check("a", from(HOME), at("2025-12-31T23:59:59.999Z"))
        .unwrap_err();
    assert_eq!(
        refused,
        TokenProblem::NotYetValid {
            id: set.list()[0].id.clone()
        }
    );
    assert!(
        set.check("a", from(HOME), at("2026-01-01T00:00:00Z"))
            .is_ok()
    );
}

#[test]
fn a_token_bound_to_networks_admits_from_them_alone() {
    let set = set(
        r#"{"a": {"client_type": "t", "name": "n", "networks": ["192.168.1.0/24", "fd00::/8"]}}"#,
    );
    let check = |address| set.check("a", from(address), Timestamp::now()).is_ok();
    assert!(check("192.168.1.255"));
    assert!(check("::ffff:192.168.1.1"));
    assert!(check("fd12::1"));
    assert!(!check("192.168.2.1"));
    assert!(!check("fe80::1"));
}

#[test]
fn a_token_bound_to_no_network_at_all_admits_nobody() {
    let set = set(r#"{"a": {"client_type": "t", "name": "n", "networks": []}}"#);
    assert!(set.check("a", from("127.0.0.1"), Timestamp::now()).is_err());
}

#[test]
fn a_token_among_many_is_found_wherever_it_stands() {
    let entry = |i| format!(r#""token {i}": {{"client_type": "t", "name": "name {i}"}}"#);
    let set = set(&format!(
        "{{{}}}",
        (0..50).map(entry).collect::<Vec<_>>().join(",")
    ));
    for i in 0..50 {
        let record = set
            .check(&format!("token {i}"), from(HOME), Timestamp::now())
            .unwrap();
        assert_eq!(record.name, format!("name {i}"));
        assert_eq!(set.get(&record.id), Some(record));
    }
    assert_eq!(
        set.check("token 50", from(HOME), Timestamp::now()),
        Err(TokenProblem::Unknown)
    );
}

#[test]
fn a_session_is_checked_again_against_the_entry_as_it_is_now() {
    let before = set(r#"{"a": {"client_type": "telescope", "name": "n"}}"#);
    let record = before.check("a", from(HOME), Timestamp::now()).unwrap();
    let after = set(r#"{"a": {"client_type": "observer", "name": "n"}}"#);
    let again = after.recheck(record, from(HOME), Timestamp::now()).unwrap();
    assert_eq!(again.client_type, "observer");
    let revoked = set("{}");
    assert_eq!(
        revoked.recheck(record, from(HOME), Timestamp::now()),
        Err(TokenProblem::Unknown)
    );
}

#[test]
fn a_session_does_not_live_on_by_another_token_with_its_id() {
    let before = set(r#"{"a": {"client_type": "t", "name": "n", "id": "aaaaaaaa"}}"#);
    let record = before.check("a", from(HOME), Timestamp::now()).unwrap();
    let after = set(r#"{"b": {"client_type": "t", "name": "n", "id": "aaaaaaaa"}}"#);
    assert_eq!(
        after.recheck(record, from(HOME), Timestamp::now()),
        Err(TokenProblem::Unknown)
    );
}

#[test]
fn each_bad_entry_is_skipped_and_named_and_the_good_ones_admit() {
    let set = set(r#"{
        "secret1": {"name": "no type"},
        "secret2": {"client_type": "Telescope!", "name": "bad type"},
        "secret3": {"client_type": "telescope"},
        "secret4": {"client_type": "t", "name": "bad created", "created": "yesterday"},
        "secret5": {"client_type": "t", "name": "bad expires", "expires": 7},
        "secret6": {"client_type": "t", "name": "bad networks", "networks": ["10.0.0.0/33"]},
        "secret7": {"client_type": "t", "name": "bad limit", "requests_per_minute": 0},
        "secret8": "telescope",
        "": {"client_type": "t", "name": "no key"},
        "sha256:1234": {"client_type": "t", "name": "short hash"},
        "secret9": {"client_type": "t", "name": "bad id", "id": "UPPER CASE"},
        "good": {"client_type": "t", "name": "good", "expire": "2026-01-01"},
        "good": {"client_type": "other", "name": "twice"}
    }"#);
    let wanted = [
        ("entry 1 (no type)", "`client_type`"),
        ("entry 2 (bad type)", "`client_type`"),
        ("entry 3", "`name`"),
        ("entry 4 (bad created)", "`created`"),
        ("entry 5 (bad expires)", "`expires`"),
        ("entry 6 (bad networks)", "`networks`"),
        ("entry 7 (bad limit)", "`requests_per_minute`"),
        ("entry 8", "object"),
        ("entry 9 (no key)", "key"),
        ("entry 10 (short hash)", "key"),
        ("entry 11 (bad id)", "`id`"),
        ("entry 12 (good)", "`expire`"),
        ("entry 13 (twice)", "same token"),
    ];
    assert_eq!(set.problems().len(), wanted.len(), "{:#?}", set.problems());
    for (problem, (place, field)) in set.problems().iter().zip(wanted) {
        assert!(
            problem.starts_with(place) && problem.contains(field),
            "{problem}"
        );
        assert!(!problem.contains("secret"), "{problem}");
    }
    assert_eq!(set.list().len(), 1);
    let admitted = set.check("good", from(HOME), Timestamp::now()).unwrap();
    assert_eq!(admitted.client_type, "t");
}

#[test]
fn lifetimes_are_numbers_with_a_unit() {
    let day = Duration::from_secs(86_400);
    assert_eq!(parse_lifetime("90d"), Ok(90 * day));
    assert_eq!(parse_lifetime("1m"), Ok(Duration::from_secs(60)));
    assert_eq!(parse_lifetime("12h"), Ok(day / 2));
    assert_eq!(parse_lifetime("2w"), Ok(14 * day));
    assert_eq!(parse_lifetime("10y"), Ok(3650 * day));
    for text in [
        "", "d", "90", "-1d", "+1d", "1.5d", "90 d", "90D", "9é", "é",
    ] {
        assert_eq!(parse_lifetime(text), Err(LifetimeError::Form(text.into())));
    }
    for text in [
        "0d",
        "11y",
        "99999999999999999999d",
        "18446744073709551615w",
    ] {
        assert_eq!(parse_lifetime(text), Err(LifetimeError::Range(text.into())));
    }
}
