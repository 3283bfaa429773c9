//! `slewgate tls`: a certificate for who has none.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::net::{IpAddr, UdpSocket};
use std::path::Path;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use serde_json::json;
use slewgate_sky::SystemClock;
use tempfile::NamedTempFile;

use super::serve::found_in;
use super::{Common, Failure, say};
use crate::authenticate::timestamp;
use crate::config::{self, Config};
use crate::platform;
use crate::tls::make;

/// Where both files are written, in the data directory.
const PLACE: &str = "tls";
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// The names that mean this machine to itself.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Addresses nobody has (RFC 5737, RFC 3849): which way leads there tells this machine's own address. Nothing is sent.
const NOWHERE: [&str; 2] = ["192.0.2.1:9", "[2001:db8::1]:9"];

#[derive(Args)]
#[command(after_help = "\
A certificate that a host signs itself is known to nobody: give clients the file, or the pin.
  slewgate tls generate --data telescope
  slewgate tls generate --name scope.example --name 10.0.0.7 --data telescope
With a certificate of a public authority, name its files in [tls] of the configuration instead.")]
pub(super) struct Tls {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a key and a certificate that it signs itself, good for ten years
    Generate {
        /// A name or address by which clients reach this machine, beside those that it knows itself
        #[arg(long, value_name = "NAME")]
        name: Vec<String>,
        /// Take the place of one that is there; clients that have its pin need the new one
        #[arg(long)]
        force: bool,
    },
}

impl Tls {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let Verb::Generate { name, force } = self.verb;
        generate(common, name, force)
    }
}

fn generate(common: &Common, more: Vec<String>, force: bool) -> Result<(), Failure> {
    let data = &common.data;
    if !data.is_dir() {
        let place = data.display();
        return Err(Failure::Usage(format!(
            "{place} is no directory; name the data directory with --data"
        )));
    }
    let place = data.join(PLACE);
    let (certificate, key) = (place.join(CERTIFICATE), place.join(KEY));
    if !force && let Some(there) = [&certificate, &key].into_iter().find(|file| file.exists()) {
        return Err(Failure::Usage(format!(
            "{} is there already; --force takes its place",
            there.display()
        )));
    }
    let links = [&certificate, &key].map(|file| file.is_symlink());
    if links.contains(&true) {
        return Err(Failure::Usage(format!(
            "{} has links to files that something else renews; remove them first",
            place.display()
        )));
    }
    let names = names(data, more)?;
    let made = make(names.clone(), timestamp(&SystemClock)).context("cannot make a certificate")?;
    platform::create_private_directory(&place)
        .with_context(|| format!("cannot make {}", place.display()))?;
    // Both are on the disk before either takes the place of another.
    let written = [
        (&key, write(&place, &made.key, false)?),
        (&certificate, write(&place, &made.certificate, true)?),
    ];
    for (path, file) in written {
        file.persist(path)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let words = format!(
        "{certificate}: for {names}\nfingerprint (SHA-256) {fingerprint}\npin of its key        {pin}\n\nThe ports speak TLS once the host is started with\n\n\
         [tls]\ncertificate = \"{PLACE}/{CERTIFICATE}\"\nkey = \"{PLACE}/{KEY}\"\n\n\
         in slewgate.toml. Clients take a copy of {CERTIFICATE}: it is no secret; the key is.",
        certificate = certificate.display(),
        names = names.join(", "),
        fingerprint = made.fingerprint,
        pin = made.pin,
    );
    let told = json!({
        "certificate": certificate, "key": key, "names": names,
        "fingerprint": made.fingerprint, "pin": made.pin,
    });
    say(common, &words, &told)
}

/// Those of the machine, of the configuration, and those that were asked for.
fn names(data: &Path, more: Vec<String>) -> Result<Vec<String>, Failure> {
    let config = Config::load(found_in(data).as_deref(), &config::of_process())?;
    let mut names: BTreeSet<_> = platform::names().into_iter().collect();
    names.extend(LOCAL.map(str::to_owned));
    names.extend(addresses().map(|address| address.to_string()));
    names.extend(config.names);
    names.extend(more);
    Ok(names.into_iter().collect())
}

/// By which this machine sends to the network.
fn addresses() -> impl Iterator<Item = IpAddr> {
    NOWHERE.into_iter().filter_map(|nowhere| {
        let any = match nowhere.starts_with('[') {
            true => "[::]:0",
            false => "0.0.0.0:0",
        };
        let socket = UdpSocket::bind(any).ok()?;
        socket.connect(nowhere).ok()?;
        Some(socket.local_addr().ok()?.ip())
    })
}

/// A file that has no name yet, for its owner alone, unless everybody may read it.
fn write(place: &Path, text: &str, for_all: bool) -> anyhow::Result<NamedTempFile> {
    let write = || {
        let mut file = NamedTempFile::new_in(place)?;
        file.write_all(text.as_bytes())?;
        if for_all {
            readable(file.path())?;
        }
        file.as_file().sync_all()?;
        Ok(file)
    };
    write().map_err(|error: io::Error| anyhow!("cannot write to {}: {error}", place.display()))
}

#[cfg(unix)]
fn readable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &Path) -> io::Result<()> {
    Ok(())
}
