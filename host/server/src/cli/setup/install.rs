//! Writing what was answered. Each file appears whole or not at all; an interrupted setup is finished by another one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde::Serialize;
use slewgate_security::tokens::{Bounds, TokenFile};

use super::super::token::failed;
use super::super::{Failure, platform};
use super::answers::{Answers, Mount};
use super::components::Components;
use super::configuration;
use crate::config::Config;

const CONFIGURATION: &str = "slewgate.toml";
/// What a replaced configuration is kept as; with a number behind it where there is one already.
const REPLACED: &str = "slewgate.toml.old";
const TOKENS: &str = "api_tokens.json";
const LOGS: &str = "security/logs";
/// The types that get a first token.
const CLIENT_TYPES: [&str; 2] = ["telescope", "observer"];

/// The data directory, which need not be there yet.
pub(super) struct Place {
    pub(super) data: PathBuf,
}

/// What was done, by names in the data directory.
#[derive(Default)]
pub(super) struct Installed {
    pub(super) written: Vec<String>,
    pub(super) kept: Vec<String>,
    pub(super) tokens: Vec<MadeToken>,
}

/// A token that is shown once.
#[derive(Serialize)]
pub(super) struct MadeToken {
    pub(super) token: String,
    pub(super) id: String,
    pub(super) client_type: String,
}

impl Place {
    /// Refuses what cannot become a data directory of the user that runs this.
    pub(super) fn judge(data: &Path) -> Result<Place, Failure> {
        let shown = data.display();
        match fs::metadata(data) {
            Ok(found) if !found.is_dir() => {
                Err(anyhow!("{shown} is no directory; name another").into())
            }
            Ok(found) => {
                platform::judge_owner(&found).map_err(|why| {
                    anyhow!(
                        "{shown} {why}; run this as that user: sudo -u USER slewgate setup {shown}"
                    )
                })?;
                Ok(Place {
                    data: data.to_owned(),
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Place {
                data: data.to_owned(),
            }),
            Err(error) => Err(anyhow::Error::from(error)
                .context(format!("cannot use {shown}"))
                .into()),
        }
    }

    pub(super) fn is_configured(&self) -> bool {
        self.data.join(CONFIGURATION).exists()
    }

    /// A file of tokens that cannot be read is an error: nothing may be put in its place.
    pub(super) fn has_tokens(&self) -> Result<bool, Failure> {
        let tokens = self.tokens().list().map_err(failed)?;
        Ok(!tokens.list().is_empty())
    }

    /// `name`, or the first of `name.1`, `name.2` and so on that nothing has: somebody may want what was kept before.
    fn free_name(&self, name: &str) -> String {
        let taken = |name: &str| fs::symlink_metadata(self.data.join(name)).is_ok();
        let (mut free, mut number) = (name.to_owned(), 0);
        while taken(&free) {
            number += 1;
            free = format!("{name}.{number}");
        }
        free
    }

    fn tokens(&self) -> TokenFile {
        TokenFile::new(self.data.join(TOKENS))
    }
}

/// Writes it all: the components first, the tokens last, so that what is there is of use at each point.
pub(super) fn install(
    place: &Place,
    answers: &Answers,
    components: &Components,
    force: bool,
) -> Result<Installed, Failure> {
    let mut installed = Installed::default();
    platform::create_private_directory(&place.data)
        .with_context(|| format!("cannot make {}", place.data.display()))?;
    let logs = place.data.join(LOGS);
    platform::create_private_directory(&logs)
        .with_context(|| format!("cannot make {}", logs.display()))?;
    for (kind, file) in &components.files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        installed.component(place, &format!("{kind}/{name}"), &bytes, force)?;
    }
    match &answers.mount {
        Some(mount) => installed.configuration(place, mount)?,
        None => installed.kept.push(CONFIGURATION.to_owned()),
    }
    if answers.tokens {
        installed.first_tokens(place)?;
    } else if place.data.join(TOKENS).exists() {
        installed.kept.push(TOKENS.to_owned());
    }
    Ok(installed)
}

impl Installed {
    fn component(
        &mut self,
        place: &Place,
        name: &str,
        bytes: &[u8],
        force: bool,
    ) -> Result<(), Failure> {
        let path = place.data.join(name);
        let same = fs::read(&path).is_ok_and(|present| present == bytes);
        if same || (path.exists() && !force) {
            self.kept.push(name.to_owned());
            return Ok(());
        }
        self.put(place, name, bytes)
    }

    fn configuration(&mut self, place: &Place, mount: &Mount) -> Result<(), Failure> {
        let text = configuration::text(mount);
        // What the host would refuse is not written.
        Config::parse(CONFIGURATION, &text, &[])?;
        if place.is_configured() {
            let path = place.data.join(CONFIGURATION);
            let old = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if old == text.as_bytes() {
                self.kept.push(CONFIGURATION.to_owned());
                return Ok(());
            }
            self.put(place, &place.free_name(REPLACED), &old)?;
        }
        self.put(place, CONFIGURATION, text.as_bytes())
    }

    fn first_tokens(&mut self, place: &Place) -> Result<(), Failure> {
        for client_type in CLIENT_TYPES {
            let name = format!("First {client_type}");
            let made = place
                .tokens()
                .generate(&name, client_type, &Bounds::default());
            let (token, record) = made.map_err(failed)?;
            self.tokens.push(MadeToken {
                token: token.expose().to_owned(),
                id: record.id,
                client_type: record.client_type,
            });
        }
        self.written.push(TOKENS.to_owned());
        Ok(())
    }

    fn put(&mut self, place: &Place, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = place.data.join(name);
        put(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        self.written.push(name.to_owned());
        Ok(())
    }
}

/// Puts a file there in one step. The temporary one has a name that no running host takes for a component.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        platform::create_private_directory(folder)?;
    }
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    let new = path.with_file_name(name);
    let written = write_whole(&new, bytes).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // The cause matters; one that is left over is replaced by the next setup.
        let _ = fs::remove_file(&new);
    }
    written
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()
}
