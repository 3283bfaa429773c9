//! `slewgate log`: the security log, followed from its first line to its last.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde_json::json;
use slewgate_security::log::{self, Link, LogSettings, Unverified, Verified};

use super::{Common, Failure, complain, say};

#[derive(Args)]
pub(super) struct Log {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Say whether the security log is as the host wrote it
    Verify(Verify),
}

#[derive(Args)]
#[command(after_help = "\
Each line holds the hash of the one before, over all files, and log.head holds that of the last. What was changed, removed or moved is \
named with the first line that it touches; the exit code is 1.
  slewgate log verify --data telescope
Who can write the log can write it anew from the beginning, and log.head with it. What the host said a while ago, each minute and in the \
system's journal, holds that against it:
  journalctl -u slewgate | grep 'security log goes up to'
  slewgate log verify --head 41732:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0bcd29d8c3e6ff41b3a5c0")]
struct Verify {
    /// The newest file of the log [default: security/logs/security.log in the data directory]
    file: Option<PathBuf>,
    /// The count and the hash that the log is known to have had
    #[arg(long, value_name = "COUNT:HASH")]
    head: Option<Known>,
}

/// What somebody kept of the log's head.
#[derive(Clone)]
struct Known(Link);

impl FromStr for Known {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = text.split_once(':').and_then(|(count, hash)| {
            Some(Link {
                sequence: count.parse().ok()?,
                digest: hash.parse().ok()?,
            })
        });
        known.map(Self).ok_or(
            "it is the count and the hash that the host told: 41732:9f86…, with 64 hexadecimal digits",
        )
    }
}

impl Log {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        match self.verb {
            Verb::Verify(verify) => verify.run(common),
        }
    }
}

impl Verify {
    fn run(self, common: &Common) -> Result<(), Failure> {
        let path = self
            .file
            .unwrap_or_else(|| LogSettings::below(&common.data).path);
        match log::verify(&path, self.head.map(|Known(link)| link)) {
            Ok(verified) => whole(common, &verified),
            Err(Unverified::Found(finding)) => {
                complain(&finding);
                let told = json!({
                    "whole": false,
                    "file": finding.file,
                    "line": finding.line,
                    "fault": finding.fault.to_string(),
                });
                if common.json {
                    say(common, "", &told)?;
                }
                Err(Failure::Told(1))
            }
            Err(other) => Err(anyhow!(other).into()),
        }
    }
}

fn whole(common: &Common, verified: &Verified) -> Result<(), Failure> {
    let Verified {
        lines,
        files,
        first,
        last,
        head,
    } = verified;
    let held = head.as_ref().map_or(0, |head| head.last.sequence);
    let told = json!({
        "whole": true,
        "lines": lines,
        "files": files,
        "first": first,
        "count": last.sequence,
        "head": last.digest.to_string(),
        "held_to": held,
    });
    let mut words = format!(
        "whole: {lines} lines in {files} files, from {first} to {}\nhead: {}:{}",
        last.sequence, last.sequence, last.digest
    );
    match head {
        None => {
            words += "\nthere is no log.head: lines that were removed at the end are not missed";
        }
        Some(_) if held < last.sequence => {
            let newer = last.sequence - held;
            words += &format!("\nthe newest {newer} lines came after log.head was written last");
        }
        Some(_) => {}
    }
    say(common, &words, &told)
}
