use std::collections::HashSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use serde_json::{Map, Value};
use slewgate_security::tokens::{Bounds, MAX_FILE, TokenFile, TokenProblem, TokenSet};

/// No entry is for this one, unless the file has it.
const WRONG: &str = "slg_aaaaaaaa_never-issued";

/// A key of so many bytes that stands in the file once is not in a message by chance.
const TELLING: usize = 20;

/// `api_tokens.json`, whoever wrote it: read, sealed, and added to.
pub fn tokens_file(data: &[u8]) {
    let folder = crate::folder();
    let file = TokenFile::new(folder.path().join("api_tokens.json"));
    fs::write(file.path(), data).expect("the file is written");
    let set = match file.read() {
        Ok(set) => set,
        Err(error) => return tells_no_token(&[error.to_string()], data),
    };
    tells_no_token(set.problems(), data);
    admits_nobody_unknown(&set, data);
    let ids: HashSet<_> = set.list().iter().map(|record| &record.id).collect();
    assert_eq!(ids.len(), set.list().len(), "two tokens have one id");
    sealed(&file, &set);
    added_to(&file, &set);
}

/// A message goes to a screen and a log; a key may be a token.
fn tells_no_token(messages: &[String], data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let keys: Map<String, Value> = serde_json::from_str(&text).unwrap_or_default();
    let telling = |key: &&String| key.len() >= TELLING && text.matches(key.as_str()).count() == 1;
    for key in keys.keys().filter(telling) {
        let told = messages
            .iter()
            .find(|message| message.contains(key.as_str()));
        assert!(told.is_none(), "{told:?} tells the token {key}");
    }
}

fn admits_nobody_unknown(set: &TokenSet, data: &[u8]) {
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    for presented in [WRONG, ""] {
        let admitted = set.check(presented, here, Timestamp::UNIX_EPOCH);
        let is_listed = data
            .windows(WRONG.len())
            .any(|part| part == WRONG.as_bytes());
        assert!(
            is_listed || admitted == Err(TokenProblem::Unknown),
            "{admitted:?}"
        );
    }
}

/// Sealing changes how tokens are written and nothing else, and there is nothing left to seal.
fn sealed(file: &TokenFile, before: &TokenSet) {
    file.seal().expect("what can be read can be sealed");
    let after = file.read().expect("what was sealed can be read");
    assert_eq!(after.list(), before.list());
    let again = file.seal().expect("it can be sealed again");
    assert_eq!(again.sealed, 0);
}

/// A new token joins those that are there, and admits.
fn added_to(file: &TokenFile, before: &TokenSet) {
    let added = file.generate("Fuzzer", "observer", &Bounds::default());
    let (token, record) = added.expect("there is room for one more");
    let after = file.read().expect("what was written can be read");
    let (last, others) = after.list().split_last().expect("one token at least");
    assert_eq!((others, last), (before.list(), &record));
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let admitted = after.check(token.expose(), here, Timestamp::UNIX_EPOCH);
    assert_eq!(admitted, Ok(&record));
    let length = fs::metadata(file.path()).map_or(0, |metadata| metadata.len());
    assert!(length <= MAX_FILE);
}
