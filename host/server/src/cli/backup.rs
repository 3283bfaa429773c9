//! `slewgate backup`: all that a host needs to come back, in one file, whether a host runs or not.
//!
//! Each file is read whole before it is put in, so that none is there in part: what a host writes it puts in the place of what was there before.
//! The exceptions are what plugins keep, of which a running host makes a copy, and the security log, whose files are opened together.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::{Map, Value, json};
use slewgate_engine::copy_state;
use slewgate_security::log::{LogSettings, TakenFile, is_of_log, take};
use tar::{Builder, Header};

use super::running::{self, Unanswered};
use super::{Common, Failure, say};
use crate::local::COPY_STATE;
use crate::tables::{STATE, STATE_COPY};

/// What a host and its administrator put into a data directory, beside the security log, in the order in which it is read.
const KEPT: [&str; 8] = [
    "slewgate.toml",
    "api_tokens.json",
    "trusted.txt",
    "tls",
    "handlers",
    "policies",
    "state",
    "security",
];

/// What ends the names of files that say nothing once the host is gone.
const PASSING: [&str; 2] = [".lock", ".part"];

/// How long the host may take to copy what plugins keep.
const COPY_PATIENCE: Duration = Duration::from_secs(30);

#[derive(Args)]
#[command(after_help = "\
The file has the tokens' hashes, keys and the security log in it: it is yours alone to read, and should stay so. Left out are compiled code, which the host makes anew, \
and transcripts. To come back, or to move to another machine, with no host running there:
  slewgate backup telescope.tar --data telescope
  mkdir telescope && tar -xpf telescope.tar -C telescope
  slewgate doctor --data telescope")]
pub(super) struct Backup {
    /// The file to write, a tar archive; it must not be there yet
    file: PathBuf,
}

/// What was put in.
#[derive(Default)]
struct Packed {
    files: BTreeSet<PathBuf>,
    bytes: u64,
}

impl Backup {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let data = &common.data;
        if !data.join("api_tokens.json").exists() && !data.join("slewgate.toml").exists() {
            return Err(Failure::Usage(format!(
                "{} is no data directory: it has neither tokens nor a configuration; name one with --data",
                data.display()
            )));
        }
        let file = create(&self.file)?;
        let packed = pack(data, file).inspect_err(|_| {
            // What was begun is no backup. The cause is told, whether this succeeds or not.
            let _ = fs::remove_file(&self.file);
        })?;
        let (count, bytes) = (packed.files.len(), packed.bytes);
        let words = format!(
            "{}: {count} files, {:.1} MB",
            self.file.display(),
            bytes as f64 / 1e6
        );
        say(
            common,
            &words,
            &json!({ "file": self.file, "files": count, "bytes": bytes }),
        )
    }
}

/// A new file that only its owner can read.
fn create(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::Usage(format!(
            "{} is there already; name another file, or move it away",
            path.display()
        )),
        _ => anyhow!("cannot write {}: {error}", path.display()).into(),
    })
}

fn pack(data: &Path, file: File) -> anyhow::Result<Packed> {
    let mut archive = Builder::new(io::BufWriter::new(file));
    let mut packed = Packed::default();
    state(data, &mut archive, &mut packed)?;
    security_log(data, &mut archive, &mut packed)?;
    for kept in KEPT {
        add(data, Path::new(kept), &mut archive, &mut packed)?;
    }
    let mut file = archive
        .into_inner()
        .and_then(|written| written.into_inner().map_err(io::IntoInnerError::into_error))?;
    file.flush().and_then(|()| file.sync_all())?;
    Ok(packed)
}

/// The security log, whole, whichever of its files become full or go meanwhile.
fn security_log(
    data: &Path,
    archive: &mut Builder<impl io::Write>,
    packed: &mut Packed,
) -> anyhow::Result<()> {
    let path = LogSettings::below(data).path;
    let taken = take(&path).with_context(|| format!("cannot read {}", path.display()))?;
    for TakenFile { path, file } in taken {
        let name = path.strip_prefix(data)?;
        put_open(file, &path, name, archive, packed)?;
        packed.files.insert(name.to_owned());
    }
    Ok(())
}

/// What plugins keep, by the name that it has.
fn state(
    data: &Path,
    archive: &mut Builder<impl io::Write>,
    packed: &mut Packed,
) -> anyhow::Result<()> {
    let copy = match running::ask_within(COPY_PATIENCE, data, COPY_STATE, Map::new()) {
        Ok(copied) => copied
            .get("file")
            .and_then(Value::as_str)
            .map(PathBuf::from),
        Err(Unanswered::NoHost) => {
            let copy = data.join(STATE_COPY);
            let copy = copy.with_added_extension(format!("by-{}", std::process::id()));
            copy_state(&data.join(STATE), &copy)?.then_some(copy)
        }
        Err(Unanswered::Silent) => anyhow::bail!("the host on {} does not answer", data.display()),
        Err(Unanswered::Refused(error)) => {
            return Err(error.context("the host makes no copy of what plugins keep"));
        }
    };
    packed.files.insert(STATE.into());
    let Some(copy) = copy else { return Ok(()) };
    let done = put(&copy, Path::new(STATE), archive, packed);
    // It is of no use to anybody else.
    let _ = fs::remove_file(&copy);
    anyhow::ensure!(done?, "the copy of what plugins keep is gone");
    Ok(())
}

/// A file, or all that a directory has, unless it is in already.
fn add(
    data: &Path,
    name: &Path,
    archive: &mut Builder<impl io::Write>,
    packed: &mut Packed,
) -> anyhow::Result<()> {
    let path = data.join(name);
    let found = match fs::metadata(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    if found.is_dir() {
        let entries =
            fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let names: io::Result<Vec<_>> = entries
            .map(|entry| Ok(name.join(entry?.file_name())))
            .collect();
        let mut names = names.with_context(|| format!("cannot read {}", path.display()))?;
        names.sort();
        return names
            .iter()
            .try_for_each(|name| add(data, name, archive, packed));
    }
    if found.is_file() && !passes(name) && packed.files.insert(name.to_owned()) {
        put(&path, name, archive, packed)?;
    }
    Ok(())
}

/// Whether it says nothing once the host is gone, or is put in by itself.
fn passes(name: &Path) -> bool {
    let text = name.file_name().unwrap_or_default().to_string_lossy();
    let copy = Path::new(STATE_COPY).file_name().unwrap_or_default();
    PASSING.iter().any(|end| text.ends_with(end))
        || text.starts_with(&*copy.to_string_lossy())
        || is_of_log(&LogSettings::below(Path::new("")).path, name)
}

/// False: it was taken away meanwhile.
fn put(
    path: &Path,
    name: &Path,
    archive: &mut Builder<impl io::Write>,
    packed: &mut Packed,
) -> anyhow::Result<bool> {
    match File::open(path) {
        Ok(file) => put_open(file, path, name, archive, packed).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn put_open(
    mut file: File,
    path: &Path,
    name: &Path,
    archive: &mut Builder<impl io::Write>,
    packed: &mut Packed,
) -> anyhow::Result<()> {
    let mut read = || -> io::Result<(Metadata, Vec<u8>)> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok((file.metadata()?, bytes))
    };
    let (found, bytes) = read().with_context(|| format!("cannot read {}", path.display()))?;
    let mut header = Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(mode(&found));
    let changed = found.modified().ok();
    let since = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    header.set_mtime(since.map_or(0, |since| since.as_secs()));
    packed.bytes += bytes.len() as u64;
    archive
        .append_data(&mut header, name, &bytes[..])
        .context("cannot write the archive")
}

#[cfg(unix)]
fn mode(file: &Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o777
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> u32 {
    0o600
}
