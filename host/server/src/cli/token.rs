use std::io;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};
use slewgate_security::tokens::{Token, TokenFile, TokenRecord, parse_lifetime};

use super::menu::{self, Ended};
use super::table::table;
use super::{Common, Failure, complain, say};

/// The file in the data directory.
const FILE: &str = "api_tokens.json";
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
    },
    /// Show id, name, type and age of each; never the token itself
    List,
    /// Take a token away: its clients are disconnected
    Revoke {
        /// The token or its id; - reads it from the input, where no other user sees it
        token_or_id: String,
    },
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
        match self.verb {
            None => ask(&file),
            Some(Verb::Generate {
                name,
                client_type,
                expires,
            }) => {
                let (token, record) = file
                    .generate(&name, &client_type, expires)
                    .map_err(failed)?;
                say(common, &generated(&token, &record), &made(&token, &record))
            }
            Some(Verb::List) => {
                let tokens = file.list().map_err(failed)?;
                tokens.problems().iter().for_each(complain);
                say(common, &listed(tokens.list()), &tokens.list())
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

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    anyhow::Error::from(error).into()
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

/// A table of the tokens without the tokens.
pub(super) fn listed(records: &[TokenRecord]) -> String {
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
        [id, name, client_type, time(created), time(expires)]
    });
    table(["ID", "NAME", "TYPE", "CREATED", "EXPIRES"], rows)
}
