use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::OnceLock;

use jiff::Timestamp;
use serde_json::Value;
use slewgate_security::tokens::{TokenFile, TokenProblem, TokenSet};
use slewgate_server::authenticate::claim;
use slewgate_server::net::close::Close;

/// The one good token, of the older form: fuzzers know it from the corpus.
const GOOD: &str = "the-one-good-token";

/// The first message of a connection: what it claims, and whether that admits.
pub fn first_message(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let claimed = claim(text);
    let (token, client_id) = match expected(text) {
        Ok(expected) => expected,
        Err(close) => {
            assert_eq!(claimed.expect_err("it claims nothing"), close);
            return;
        }
    };
    let claimed = claimed.expect("it claims something");
    assert_eq!(claimed.client_id(), client_id);
    let shown = format!("{claimed:?}").replace(&client_id, "");
    assert!(token.len() < 8 || !shown.contains(&token), "{shown}");
    match claimed.check(
        tokens(),
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        Timestamp::UNIX_EPOCH,
    ) {
        Ok(record) => assert_eq!((token.as_str(), record.name.as_str()), (GOOD, "Fuzzer")),
        Err(problem) => {
            assert_eq!(problem, TokenProblem::Unknown);
            assert_ne!(token, GOOD);
        }
    }
}

/// The protocol's rules, in their order, written once more.
fn expected(text: &str) -> Result<(String, String), Close> {
    let Ok(Value::Object(fields)) = slewgate_rpc::tree(text) else {
        return Err(Close::INVALID_JSON);
    };
    let token = fields.get("token").and_then(Value::as_str);
    let token = token.ok_or(Close::AUTHENTICATION_ERROR)?;
    let client_id = fields.get("client_id").and_then(Value::as_str);
    let plain = |c: char| matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-');
    let client_id = client_id
        .filter(|id| !id.is_empty() && id.chars().count() <= 64 && id.chars().all(plain))
        .ok_or(Close::CLIENT_ID_REQUIRED)?;
    Ok((token.to_owned(), client_id.to_owned()))
}

fn tokens() -> &'static TokenSet {
    static TOKENS: OnceLock<TokenSet> = OnceLock::new();
    TOKENS.get_or_init(|| {
        let folder = crate::folder();
        let file = TokenFile::new(folder.path().join("api_tokens.json"));
        let text = format!(r#"{{"{GOOD}": {{"name": "Fuzzer", "client_type": "observer"}}}}"#);
        fs::write(file.path(), text).expect("the file is written");
        file.read().expect("the file is read")
    })
}
