//! What is known about a token: one entry of `api_tokens.json`.

use std::num::NonZeroU32;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::token::{TokenHash, valid_id};
use crate::admission::Network;

/// Characters that a token's name may have: it is shown to other clients and in logs.
pub(crate) const MAX_NAME: usize = 64;
/// Characters that a client type may have.
const MAX_CLIENT_TYPE: usize = 32;

/// A token without its text. Serialises as the entry that the file has for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenRecord {
    /// Names the token where its text must not be: 8 characters of `[a-z0-9]`.
    pub id: String,
    /// Which policy judges its clients.
    pub client_type: String,
    /// Who it was given to, in people's words.
    pub name: String,
    /// When it was made; people who write entries by hand may leave it out.
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// From this moment on it admits nobody.
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Before this moment it admits nobody.
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// It is good only from these networks; absent: from everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub networks: Option<Vec<Network>>,
    /// Its own limit, instead of the host's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<NonZeroU32>,
    /// What the file keeps in place of the text.
    #[serde(skip)]
    pub(crate) hash: TokenHash,
}

/// The fields of an entry: another one is kept in the file and named, because a misspelt `expires`
/// would be a token that never ends.
const FIELDS: [&str; 8] = [
    "id",
    "client_type",
    "name",
    "created",
    "expires",
    "not_before",
    "networks",
    "requests_per_minute",
];

impl TokenRecord {
    /// Reads the entry of the token with this hash. `known_id` is the id that the token's own text
    /// tells, where the file has the text. What is wrong is told without quoting values: people
    /// mistake keys for values, and then a value is a token.
    pub(crate) fn parse(
        hash: TokenHash,
        known_id: Option<&str>,
        entry: &Value,
    ) -> Result<Self, String> {
        let fields = entry.as_object().ok_or("it is not an object")?;
        Ok(Self {
            id: id(text(fields, "id")?.or(known_id), hash)?,
            client_type: client_type(text(fields, "client_type")?)?,
            name: name(text(fields, "name")?)?,
            created: time(fields, "created")?,
            expires: time(fields, "expires")?,
            not_before: time(fields, "not_before")?,
            networks: networks(fields)?,
            requests_per_minute: limit(fields)?,
            hash,
        })
    }
}

/// The names in an entry that mean nothing here.
pub(crate) fn unknown_fields(entry: &Value) -> impl Iterator<Item = &str> {
    let names = entry
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str);
    names.filter(|name| !FIELDS.contains(name))
}

/// Whether `text` can be a type of client: 1 to 32 of `[a-z0-9-]`.
#[must_use]
pub fn valid_client_type(text: &str) -> bool {
    (1..=MAX_CLIENT_TYPE).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Whether `text` can be the name of a token: 1 to 64 characters, none of them a control character.
pub(crate) fn valid_name(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= MAX_NAME
        && !text.chars().any(char::is_control)
}

fn id(given: Option<&str>, hash: TokenHash) -> Result<String, String> {
    match given {
        Some(id) if valid_id(id) => Ok(id.to_owned()),
        Some(_) => Err("its `id` is not 8 characters of a-z and 0-9".into()),
        None => Ok(hash.short()),
    }
}

fn client_type(given: Option<&str>) -> Result<String, String> {
    match given {
        Some(text) if valid_client_type(text) => Ok(text.to_owned()),
        Some(_) => Err("its `client_type` is not 1 to 32 characters of a-z, 0-9 and -".into()),
        None => Err("it has no `client_type`".into()),
    }
}

fn name(given: Option<&str>) -> Result<String, String> {
    match given {
        Some(text) if valid_name(text) => Ok(text.to_owned()),
        Some(_) => Err(format!(
            "its `name` is empty, over {MAX_NAME} characters, or has control characters"
        )),
        None => Err("it has no `name`".into()),
    }
}

/// A time with its zone, or, as people write it, the local time.
fn time(fields: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, String> {
    let Some(text) = text(fields, name)? else {
        return Ok(None);
    };
    let local = |text: &str| {
        let civil: DateTime = text.parse()?;
        civil
            .to_zoned_datetime(TimeZone::system())
            .map(|zoned| zoned.timestamp())
    };
    let parsed: Result<Timestamp, jiff::Error> = text.parse().or_else(|_| local(text));
    parsed.map(Some).map_err(|_| {
        format!("its `{name}` is not a time such as 2025-09-27T12:00:00 or 2025-09-27T12:00:00Z")
    })
}

fn networks(fields: &Map<String, Value>) -> Result<Option<Vec<Network>>, String> {
    let Some(value) = fields.get("networks") else {
        return Ok(None);
    };
    let wrong = || "its `networks` is not a list such as [\"192.168.1.0/24\", \"fd00::/8\"]";
    let list = value.as_array().ok_or_else(wrong)?;
    let parse = |item: &Value| item.as_str().and_then(|text| text.parse().ok());
    let parsed: Option<Vec<Network>> = list.iter().map(parse).collect();
    Ok(Some(parsed.ok_or_else(wrong)?))
}

fn limit(fields: &Map<String, Value>) -> Result<Option<NonZeroU32>, String> {
    let Some(value) = fields.get("requests_per_minute") else {
        return Ok(None);
    };
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    let limit = number.and_then(NonZeroU32::new);
    let wrong = "its `requests_per_minute` is not a whole number from 1 on";
    limit.map(Some).ok_or_else(|| wrong.into())
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, String> {
    let Some(value) = fields.get(name) else {
        return Ok(None);
    };
    value
        .as_str()
        .map(Some)
        .ok_or_else(|| format!("its `{name}` is not text"))
}

// Serde's `serialize_with` hands over a reference to the field.
fn as_text<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}
