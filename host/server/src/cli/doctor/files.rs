//! What is in the data directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use slewgate_engine::{ReadComponent, Trust as _};
use slewgate_security::log::{LogSettings, Unverified, verify};
use slewgate_security::tokens::{TokenFile, TokenFileError, TokenSet};
use slewgate_security::trust::Digest;
use slewgate_sky::SystemClock;

use super::super::platform;
use super::super::token;
use super::Finding;
use crate::authenticate::timestamp;
use crate::config::Config;
use crate::trust::Trusted;

/// Less room than this is little: a day of a busy log.
const ROOM_MIB: u64 = 200;

/// A component may be as long as the host reads one, in bytes.
const LONGEST: u64 = 64 << 20;

/// The data directory, and the room on its disk.
pub(super) fn directory(data: &Path) -> Vec<Finding> {
    let about = "data directory";
    let place = data.display();
    if !data.is_dir() {
        let remedy = format!("slewgate setup {place}, or name another with --data");
        return vec![Finding::wrong(
            about,
            format!("{place} is not there"),
            remedy,
        )];
    }
    let writable = match tempfile_in(data) {
        Ok(()) => Finding::well(about, format!("{place} can be written")),
        Err(error) => Finding::wrong(
            about,
            format!("{place} cannot be written: {error}"),
            format!(
                "give it to the user that the host runs as, such as: sudo chown -R slewgate {place}"
            ),
        ),
    };
    let room = platform::room(data).map(|bytes| {
        let mib = bytes >> 20;
        match mib < ROOM_MIB {
            true => Finding::wrong(
                "disk",
                format!("{mib} MiB are free"),
                "make room: without it the host serves on, and counts what it cannot write to its logs",
            ),
            false => Finding::well("disk", format!("{mib} MiB are free")),
        }
    });
    [Some(writable), room].into_iter().flatten().collect()
}

/// Whether a file can be made there.
fn tempfile_in(data: &Path) -> std::io::Result<()> {
    let path = data.join(format!(".doctor-{}", std::process::id()));
    File::create_new(&path)?;
    std::fs::remove_file(path)
}

/// `api_tokens.json`.
pub(super) fn tokens(data: &Path) -> Vec<Finding> {
    let about = "tokens";
    match TokenFile::new(data.join(token::FILE)).read() {
        Err(TokenFileError::Missing(path)) => vec![Finding::wrong(
            about,
            format!("there is no {}: nobody is admitted", path.display()),
            "slewgate token generate --name NAME --client-type telescope",
        )],
        Err(error) => vec![Finding::wrong(
            about,
            format!("{error}: nobody is admitted"),
            "mend the file, or put it back from a backup; the host keeps what it had while it runs",
        )],
        Ok(tokens) => usable(&tokens),
    }
}

fn usable(tokens: &TokenSet) -> Vec<Finding> {
    let about = "tokens";
    let problems = tokens.problems().iter();
    let mut findings: Vec<_> = problems
        .map(|problem| Finding::noted(about, problem.clone(), "see api_tokens.json"))
        .collect();
    let now = timestamp(&SystemClock);
    let (over, good): (Vec<_>, Vec<_>) = tokens
        .list()
        .iter()
        .partition(|token| token.expires.is_some_and(|expires| expires <= now));
    findings.push(match (good.len(), over.len()) {
        (0, 0) => Finding::wrong(
            about,
            "there are none: nobody is admitted",
            "slewgate token generate --name NAME --client-type telescope",
        ),
        (0, over) => Finding::wrong(
            about,
            format!("all {over} have expired: nobody is admitted"),
            "slewgate token generate --name NAME --client-type telescope",
        ),
        (good, 0) => Finding::well(about, format!("{good} admit clients")),
        (good, over) => Finding::well(about, format!("{good} admit clients, {over} have expired")),
    });
    findings
}

/// Handlers and policies: there, and allowed to run.
pub(super) fn components(data: &Path, config: &Config) -> Vec<Finding> {
    let trusted = Trusted::new(&config.trust, data);
    let handlers = config.plugins.iter().map(|(name, plugin)| {
        let path = data.join("handlers").join(&plugin.component);
        component(&format!("plugin {name}"), &path, &trusted)
    });
    let policies: Vec<_> = client_types(data, config)
        .into_iter()
        .map(|(name, tokens)| {
            let path = data.join("policies").join(&name).with_added_extension("wasm");
            let missing = tokens.filter(|_| !path.exists());
            missing.map_or_else(
                || component(&format!("policy {name}"), &path, &trusted),
                |tokens| {
                    Finding::wrong(
                        format!("policy {name}"),
                        format!("there is no {}, and {tokens}: its clients are denied everything", path.display()),
                        "put the policy there, or make the token anew with a client type that has one",
                    )
                },
            )
        })
        .collect();
    handlers.chain(policies).collect()
}

/// The client types that there should be a policy for, and which token is of the type, if one is.
fn client_types(data: &Path, config: &Config) -> BTreeMap<String, Option<String>> {
    let mut types: BTreeMap<_, _> = config
        .policies
        .keys()
        .filter(|name| {
            data.join("policies")
                .join(name)
                .with_added_extension("wasm")
                .exists()
        })
        .map(|name| (name.clone(), None))
        .collect();
    let tokens = TokenFile::new(data.join(token::FILE)).read();
    let records: BTreeSet<_> = tokens
        .iter()
        .flat_map(TokenSet::list)
        .map(|record| (record.client_type.clone(), record.id.clone()))
        .collect();
    for (client_type, id) in records {
        types.insert(
            client_type.clone(),
            Some(format!("token {id} is of type {client_type}")),
        );
    }
    types
}

fn component(about: &str, path: &Path, trusted: &Trusted) -> Finding {
    let read = || -> std::io::Result<_> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let mut bytes = Vec::new();
        file.take(LONGEST).read_to_end(&mut bytes)?;
        Ok((metadata, Digest::of(&bytes)))
    };
    let (metadata, digest) = match read() {
        Ok(read) => read,
        Err(error) => {
            return Finding::wrong(
                about,
                format!("cannot read {}: {error}", path.display()),
                "copy the component there, or correct its name in slewgate.toml",
            );
        }
    };
    let component = ReadComponent {
        path,
        digest: digest.0,
        file: &metadata,
    };
    match trusted.judge(&component) {
        Ok(()) => Finding::well(about, format!("{} may run", path.display())),
        Err(why) => Finding::wrong(
            about,
            why.to_string(),
            "see that it is the component that you mean; [trust] of slewgate.toml says which ones may run",
        ),
    }
}

/// The chain of `security/logs/security.log`.
pub(super) fn security_log(data: &Path) -> Finding {
    let about = "security log";
    match verify(&LogSettings::below(data).path, None) {
        Ok(verified) => Finding::well(about, format!("whole, {} lines", verified.lines)),
        Err(Unverified::NoLog(_)) => Finding::well(about, "there is none yet"),
        Err(error) => Finding::wrong(
            about,
            error.to_string(),
            "find out who did it; to begin a new log, move the old one and log.head away while no host runs",
        ),
    }
}
