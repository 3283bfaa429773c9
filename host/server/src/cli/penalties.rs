//! `slewgate penalties`: who waits outside a running host for what was done wrong.

use std::net::IpAddr;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::table::table;
use super::{Common, Failure, running, say};
use crate::local::{FORGIVE, PENALTIES};

#[derive(Args)]
#[command(after_help = "\
A source is an IPv4 address, or the /64 of an IPv6 address. Its connections that last are not touched. How long it waits is in [penalties] of the \
configuration, and who never does in [admission] exempt.
  slewgate penalties --data telescope
  slewgate penalties clear 192.168.1.20 --data telescope")]
pub(super) struct Penalties {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Show who waits, and how long still
    List,
    /// Let everybody in again, or one source
    Clear {
        /// An address of the source [default: all of them]
        address: Option<IpAddr>,
    },
}

/// What the host says of one source.
#[derive(Deserialize, Serialize)]
struct Penalty {
    source: String,
    seconds: u64,
}

impl Penalties {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        match self.verb {
            None | Some(Verb::List) => list(common),
            Some(Verb::Clear { address }) => clear(common, address),
        }
    }
}

fn list(common: &Common) -> Result<(), Failure> {
    let result = running::call(&common.data, PENALTIES, Map::new())?;
    let penalties: Vec<Penalty> = serde_json::from_value(result)
        .context("the host is of another version than this program")?;
    let rows = penalties
        .iter()
        .map(|penalty| [penalty.source.clone(), format!("{} s", penalty.seconds)]);
    let words = match penalties.is_empty() {
        true => "nobody waits outside".to_owned(),
        false => table(["SOURCE", "WAITS"], rows),
    };
    say(common, &words, &penalties)
}

fn clear(common: &Common, address: Option<IpAddr>) -> Result<(), Failure> {
    let address = address.map(|address| ("address".to_owned(), Value::from(address.to_string())));
    let result = running::call(&common.data, FORGIVE, Map::from_iter(address))?;
    let words = match result["cleared"].as_u64() {
        Some(0) => "nobody waited outside".to_owned(),
        Some(1) => "one source may come in again".to_owned(),
        other => format!("{} sources may come in again", other.unwrap_or_default()),
    };
    say(common, &words, &result)
}
