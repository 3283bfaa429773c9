//! `slewgate backup`: all that a host needs to come back, in one file, whether a host runs or not.
//!
//! Each file is read whole before it is put in, so that none is there in part: what a host writes it puts in the place of what was there before.
//! What plugins keep is the exception, of which a running host makes a copy.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::{Map, Value, json};
use slewgate_engine::copy_state;
use tar::{Builder, Header};

use super::running::{self, Unanswered};
use super::{Common, Failure, say};
use crate::local::COPY_STATE;
use crate::tables::{STATE, STATE_COPY};

/// What a host and its administrator put into a data directory, in the order in which it is read: `log.head` is older than the log that it tells of.
const KEPT: [&str; 9] = [
    "slewgate.toml",
    "api_tokens.json",
    "trusted.txt",
    "tls",
    "handlers",
    "policies",
    "state",
    "security/logs/log.head",
    "security",
];

/// What ends the names of files that say nothing once the host is gone.
const PASSING: [&str; 2] = [".lock", ".part"];

/// How long the host may take to copy what plugins keep.
const COPY_PATIENCE: Duration = Duration::from_secs(30);

/// Where the security log lies, and what the names of its full files begin with.
const LOGS: &str = "security/logs";
const FULL: &str = "security.log.";

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
    /// Files of the security log that are full.
    full: BTreeSet<OsString>,
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
    // A file that is full later has lines that are in another one already.
    packed.full = full(data);
    for kept in KEPT {
        add(data, Path::new(kept), &mut archive, &mut packed)?;
    }
    let mut file = archive
        .into_inner()
        .and_then(|written| written.into_inner().map_err(io::IntoInnerError::into_error))?;
    file.flush().and_then(|()| file.sync_all())?;
    Ok(packed)
}

/// The names of the files of the security log that are full.
fn full(data: &Path) -> BTreeSet<OsString> {
    let entries = fs::read_dir(data.join(LOGS)).into_iter().flatten();
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    names
        .filter(|name| name.to_string_lossy().starts_with(FULL))
        .collect()
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
    if found.is_file() && !packed.passes(name) && packed.files.insert(name.to_owned()) {
        put(&path, name, archive, packed)?;
    }
    Ok(())
}

impl Packed {
    /// Whether it says nothing once the host is gone, or what another file says.
    fn passes(&self, name: &Path) -> bool {
        let file = name.file_name().unwrap_or_default();
        let text = file.to_string_lossy();
        let copy = Path::new(STATE_COPY).file_name().unwrap_or_default();
        PASSING.iter().any(|end| text.ends_with(end))
            || text.starts_with(&*copy.to_string_lossy())
            || (text.starts_with(FULL) && !self.full.contains(file))
    }
}

/// False: it was taken away meanwhile.
fn put(
    path: &Path,
    name: &Path,
    archive: &mut Builder<impl io::Write>,
    packed: &mut Packed,
) -> anyhow::Result<bool> {
    let read = || -> io::Result<(Metadata, Vec<u8>)> { Ok((fs::metadata(path)?, fs::read(path)?)) };
    let (found, bytes) = match read() {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let mut header = Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(mode(&found));
    let changed = found.modified().ok();
    let since = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    header.set_mtime(since.map_or(0, |since| since.as_secs()));
    packed.bytes += bytes.len() as u64;
    archive
        .append_data(&mut header, name, &bytes[..])
        .context("cannot write the archive")?;
    Ok(true)
}

#[cfg(unix)]
fn mode(file: &Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o777
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> u32 {
    0o600
}
