//! `api_tokens.json` as text: an object whose entries are kept as they were written, in their
//! order, so that what the program adds or takes away leaves everything else untouched.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::record::{TokenRecord, unknown_fields};
use super::set::TokenSet;
use super::token::{TokenHash, looks_generated};

/// What a key begins with that is a token's hash and not its text.
const HASHED: &str = "sha256:";

/// Keys and values of the file.
#[derive(Default)]
pub(crate) struct Entries {
    list: Vec<(String, Box<RawValue>)>,
}

impl Entries {
    /// Reads the file's text; an empty file is not JSON.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        // Some editors begin every file with a byte order mark.
        serde_json::from_slice(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text))
    }

    /// The file's text again.
    pub(crate) fn to_text(&self) -> Result<String, serde_json::Error> {
        let mut lines = Vec::with_capacity(self.list.len());
        for (key, value) in &self.list {
            lines.push(format!(
                "  {}: {}",
                serde_json::to_string(key)?,
                value.get()
            ));
        }
        Ok(match lines.is_empty() {
            true => "{}\n".into(),
            false => format!("{{\n{}\n}}\n", lines.join(",\n")),
        })
    }

    /// Adds an entry under the token's hash.
    pub(crate) fn add(&mut self, record: &TokenRecord) -> Result<(), serde_json::Error> {
        self.list.push((hashed_key(record.hash), indented(record)?));
        Ok(())
    }

    /// Takes away every entry of the token with this hash.
    pub(crate) fn remove(&mut self, hash: TokenHash) {
        self.list.retain(|(key, _)| hash_of(key) != Some(hash));
    }

    /// Puts a text field into the entry of the token with this hash.
    pub(crate) fn set_field(
        &mut self,
        hash: TokenHash,
        field: &str,
        text: &str,
    ) -> Result<(), serde_json::Error> {
        for (key, value) in &mut self.list {
            if hash_of(key) == Some(hash) {
                let mut entry = slewgate_rpc::tree(value.get())?;
                if let Value::Object(fields) = &mut entry {
                    fields.insert(field.into(), text.into());
                }
                *value = indented(&entry)?;
            }
        }
        Ok(())
    }

    /// Puts the hash in the place of the token's text; tells how many texts there were.
    pub(crate) fn seal(&mut self, record: &TokenRecord) -> Result<usize, serde_json::Error> {
        let hash = record.hash;
        let open = |key: &str| !key.starts_with(HASHED) && hash_of(key) == Some(hash);
        let texts = self.list.iter().filter(|(key, _)| open(key)).count();
        if texts > 0 {
            self.set_field(hash, "id", &record.id)?;
        }
        for (key, _) in &mut self.list {
            if open(key) {
                *key = hashed_key(hash);
            }
        }
        Ok(texts)
    }

    /// Entries that still have a token's text, each by its place and name.
    pub(crate) fn in_clear(&self) -> Vec<String> {
        let is_hash = |key: &str| key.starts_with(HASHED) && hash_of(key).is_some();
        let entries = self.list.iter().enumerate();
        entries
            .filter(|(_, (key, _))| !key.trim().is_empty() && !is_hash(key))
            .map(|(position, (_, value))| place(position + 1, &tree(value)))
            .collect()
    }

    /// The good entries, and what is wrong with the others.
    pub(crate) fn to_set(&self) -> TokenSet {
        let mut set = TokenSet::default();
        let mut seen = HashSet::new();
        for (position, (key, value)) in self.list.iter().enumerate() {
            read_entry(&mut set, &mut seen, position + 1, key, value);
        }
        set
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object keyed by token")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut list = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    list.push(entry);
                }
                Ok(Entries { list })
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

fn read_entry(
    set: &mut TokenSet,
    seen: &mut HashSet<TokenHash>,
    position: usize,
    key: &str,
    value: &RawValue,
) {
    let entry = tree(value);
    let place = place(position, &entry);
    for field in unknown_fields(&entry) {
        let field = crate::log::client_text(field);
        set.note(format!(
            "{place}: the field `{field}` is unknown and has no effect"
        ));
    }
    let added = hash_of(key)
        .ok_or_else(|| format!("its key is empty, or not `{HASHED}` and 64 hexadecimal digits"))
        .and_then(|hash| match seen.insert(hash) {
            true => TokenRecord::parse(hash, looks_generated(key), &entry),
            false => Err("an entry before it is for the same token".into()),
        })
        .and_then(|record| set.add(record));
    if let Err(why) = added {
        set.note(format!("{place} is skipped: {why}"));
    }
}

fn tree(value: &RawValue) -> Value {
    slewgate_rpc::tree(value.get()).unwrap_or_default()
}

fn place(position: usize, entry: &Value) -> String {
    match entry.get("name").and_then(Value::as_str) {
        Some(name) => format!("entry {position} ({})", crate::log::client_text(name)),
        None => format!("entry {position}"),
    }
}

fn hashed_key(hash: TokenHash) -> String {
    format!("{HASHED}{}", hash.to_hex())
}

/// An entry as it looks inside the file's object.
fn indented(entry: &impl Serialize) -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(serde_json::to_string_pretty(entry)?.replace('\n', "\n  "))
}

/// The hash that a key stands for: its own, if it is a token's text.
fn hash_of(key: &str) -> Option<TokenHash> {
    match key.strip_prefix(HASHED) {
        Some(digits) => TokenHash::from_hex(digits),
        None if key.trim().is_empty() => None,
        None => Some(TokenHash::of(key)),
    }
}
