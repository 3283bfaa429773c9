use std::collections::BTreeMap;
use std::fmt::Display;
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};
use slewgate_security::admission::Network;
use slewgate_security::tokens::{
    Bounds, Sealed, Token, TokenFile, TokenRecord, TokenUses, parse_lifetime,
};

use super::menu::{self, Ended};
use super::serve::{CONFIGURATION, found_in};
use super::table::table;
use super::{Common, Failure, complain, say};
use crate::config::{self, Config};

/// The file in the data directory.
pub(super) const FILE: &str = "api_tokens.json";
/// After a token was shown, which happens once.
pub(super) const STORE_IT: &str =
    "Store the generated token securely! You won't be able to retrieve it again.";
/// How long a token that was rotated stays good, if not told otherwise.
const OVERLAP: &str = "24h";
/// The argument that stands for a line of input.
const FROM_INPUT: &str = "-";

#[derive(Args)]
#[command(after_help = "\
Such as:
  slewgate token generate --name \"Main Telescope Controller\" --client-type telescope
  slewgate token generate --name \"Visitors\" --client-type observer --expires 90d
  slewgate token generate --name \"Dome\" --client-type observer --network 192.168.1.20 --requests-per-minute 600
  slewgate token list
  slewgate token revoke 4f1c09aa
  slewgate token rotate 4f1c09aa --overlap 12h
Without a verb a menu asks for each. A running host takes changes up by itself.")]
pub(super) struct Tokens {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a token and show it, once
    Generate {
        /// Who it is for, such as "Main Telescope Controller"
        #[arg(long)]
        name: String,
        /// Which policy judges its clients: telescope, observer, or a policy of your own
        #[arg(long, value_name = "TYPE")]
        client_type: String,
        /// How long it is good for, such as 12h, 90d or 1y [default: until it is revoked]
        #[arg(long, value_name = "TIME", value_parser = parse_lifetime)]
        expires: Option<Duration>,
        /// From where alone it is good, such as 192.168.1.0/24; may be given several times [default: from everywhere]
        #[arg(long = "network", value_name = "NETWORK")]
        networks: Vec<Network>,
        /// Its own limit instead of the host's
        #[arg(long, value_name = "N")]
        requests_per_minute: Option<NonZeroU32>,
    },
    /// Show id, name, type and age of each; never the token itself
    List,
    /// Take a token away: its clients are disconnected
    Revoke {
        /// The token or its id; - reads it from the input, where no other user sees it
        token_or_id: String,
    },
    /// Replace the tokens that people wrote into the file by what cannot be read back; they stay good
    Seal,
    /// Make a token that takes the place of another, which stays good for a while
    Rotate {
        /// The token or its id; - reads it from the input, where no other user sees it
        token_or_id: String,
        /// How long the old one stays good, such as 30m, 12h or 7d
        #[arg(long, value_name = "TIME", value_parser = parse_lifetime, default_value = OVERLAP)]
        overlap: Duration,
    },
}

impl Tokens {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let file = TokenFile::new(common.data.join(FILE));
        let is_made = matches!(self.verb, None | Some(Verb::Generate { .. }));
        judge_place(&common.data, is_made)?;
        match self.verb {
            None => ask(&file),
            Some(Verb::Generate {
                name,
                client_type,
                expires,
                networks,
                requests_per_minute,
            }) => {
                let bounds = Bounds {
                    lifetime: expires,
                    networks: (!networks.is_empty()).then_some(networks),
                    requests_per_minute,
                };
                let (token, record) = file
                    .generate(&name, &client_type, &bounds)
                    .map_err(failed)?;
                without_policy(&common.data, &client_type)
                    .iter()
                    .for_each(complain);
                say(common, &generated(&token, &record), &made(&token, &record))
            }
            Some(Verb::List) => {
                let tokens = file.list().map_err(failed)?;
                tokens.problems().iter().for_each(complain);
                let uses = uses(&file);
                let told: Vec<_> = tokens
                    .list()
                    .iter()
                    .map(|record| used(record, &uses))
                    .collect();
                say(common, &listed(tokens.list(), &uses), &told)
            }
            Some(Verb::Seal) => {
                let Sealed { sealed, left } = file.seal().map_err(failed)?;
                let words = match sealed {
                    0 if left.is_empty() => "none was written in clear".to_owned(),
                    0 => "none is sealed".to_owned(),
                    1 => "one token was written in clear, and is sealed".to_owned(),
                    many => format!("{many} tokens were written in clear, and are sealed"),
                };
                if left.is_empty() {
                    return say(common, &words, &json!({ "sealed": sealed }));
                }
                let told = json!({ "sealed": sealed, "left": left });
                say(common, &words, &told)?;
                for place in left {
                    complain(&format!(
                        "{place} is still in clear: a host skips it, and `slewgate token list` says why; mend it and seal again"
                    ));
                }
                Err(Failure::Told(1))
            }
            Some(Verb::Rotate {
                token_or_id,
                overlap,
            }) => {
                let rotated = file.rotate(&given(token_or_id)?, overlap);
                let (token, record) = rotated.map_err(failed)?;
                say(common, &generated(&token, &record), &made(&token, &record))
            }
            Some(Verb::Revoke { token_or_id }) => {
                let record = file.revoke(&given(token_or_id)?).map_err(failed)?;
                say(
                    common,
                    &revoked(&record),
                    &json!({"id": record.id, "name": record.name}),
                )
            }
        }
    }
}

fn ask(file: &TokenFile) -> Result<(), Failure> {
    let ended = menu::run(file, &mut io::stdin().lock(), &mut io::stdout().lock());
    match ended.context("the menu cannot be shown")? {
        Ended::Quit => Ok(()),
        Ended::EndOfInput => Err(Failure::Told(2)),
    }
}

fn given(token_or_id: String) -> Result<String, Failure> {
    if token_or_id != FROM_INPUT {
        return Ok(token_or_id);
    }
    let mut line = String::new();
    io::stdin()
        .read_line(&mut line)
        .context("cannot read the input")?;
    Ok(line)
}

/// Its words have the cause in them, and need none behind.
pub(super) fn failed(error: impl Display) -> Failure {
    anyhow!("{error}").into()
}

/// A mistyped directory has no tokens either: who only looks for one is told where. `is_made`: the file may come now.
fn judge_place(data: &Path, is_made: bool) -> Result<(), Failure> {
    let place = data.display();
    let why = if !data.is_dir() {
        format!("{place} is no directory")
    } else if !is_made
        && ![FILE, CONFIGURATION]
            .iter()
            .any(|name| data.join(name).exists())
    {
        format!("{place} is not set up: it has no {FILE} and no {CONFIGURATION}")
    } else {
        return Ok(());
    };
    Err(Failure::Usage(format!(
        "{why}; name the data directory with --data, or make it with `slewgate setup DIR`"
    )))
}

/// What is said where nothing judges clients of this type: it may be mistyped, or its policy may be still to come.
fn without_policy(data: &Path, client_type: &str) -> Option<String> {
    let file = PathBuf::from("policies").join(format!("{client_type}.wasm"));
    let configuration = found_in(data);
    // A configuration that cannot be read is said by who serves it.
    let variables = config::of_process();
    let config = Config::load(configuration.as_deref(), &variables).ok();
    let is_known = data.join(&file).exists()
        || config.is_some_and(|config| config.policies.contains_key(client_type));
    (!is_known).then(|| {
        format!(
            "no policy is called {client_type}: clients with this token may do nothing until there is {}",
            data.join(file).display()
        )
    })
}

/// A new token, for programs.
fn made(token: &Token, record: &TokenRecord) -> Value {
    json!({"token": token.expose(), "id": record.id, "client_type": record.client_type})
}

/// What is shown of a new token.
pub(super) fn generated(token: &Token, record: &TokenRecord) -> String {
    format!("Token: {}\nId: {}\n{STORE_IT}", token.expose(), record.id)
}

/// What is shown of a revoked token.
pub(super) fn revoked(record: &TokenRecord) -> String {
    format!("revoked {} ({})", record.id, record.name)
}

/// When tokens were used last, as a host has written it down.
pub(super) fn uses(file: &TokenFile) -> BTreeMap<String, Timestamp> {
    let path = TokenUses::beside(file.path());
    TokenUses::read(&path).unwrap_or_else(|error| {
        let path = path.display();
        complain(&format!("{path} does not say when they were used: {error}"));
        BTreeMap::new()
    })
}

/// What is shown of a token in JSON, with its last use.
fn used(record: &TokenRecord, uses: &BTreeMap<String, Timestamp>) -> Value {
    let mut told = json!(record);
    if let Some(last) = uses.get(&record.id) {
        told["last_used"] = format!("{last:.0}").into();
    }
    told
}

/// A table of the tokens without the tokens.
pub(super) fn listed(records: &[TokenRecord], uses: &BTreeMap<String, Timestamp>) -> String {
    if records.is_empty() {
        return "there is no token; `slewgate token generate` makes one".to_owned();
    }
    let time = |time: Option<Timestamp>| time.map_or("-".to_owned(), |time| format!("{time:.0}"));
    let rows = records.iter().map(|record| {
        let TokenRecord {
            id,
            name,
            client_type,
            created,
            expires,
            ..
        } = record.clone();
        let used = uses.get(&id).copied();
        [
            id,
            name,
            client_type,
            time(created),
            time(expires),
            time(used),
        ]
    });
    table(
        ["ID", "NAME", "TYPE", "CREATED", "EXPIRES", "LAST USED"],
        rows,
    )
}
