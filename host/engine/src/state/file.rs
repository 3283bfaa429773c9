//! The file: a database of redb, in which each plugin has a table of its own, from keys to bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use redb::backends::FileBackend;
use redb::{
    Builder, Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition,
    TableHandle, WriteTransaction,
};
use slewgate_sky::SharedClock;

use super::error::StateError;
use super::notes::Values;
use super::writer::Disk;

/// Plugins that may keep something, also such as are configured no more: 128 MiB of values at most.
pub(super) const MAX_PLUGINS: usize = 32;

/// Of the database, in bytes. All that is read often is in memory anyway.
const CACHE: usize = 1024 * 1024;

/// How long another program may still have the file open, such as a host that is about to end.
const IN_USE_PATIENCE: Duration = Duration::from_secs(2);
const IN_USE_LOOK: Duration = Duration::from_millis(20);

/// The open database.
pub(super) struct File {
    database: Database,
    path: PathBuf,
}

/// By plugin.
pub(super) type Found = BTreeMap<String, Values>;

impl File {
    /// Opens it, whole and checked, or makes it; answers what is in it too. A damaged one is moved aside, which the log tells, and
    /// a new one takes its place.
    pub(super) fn open(path: &Path, clock: &SharedClock) -> Result<(File, Found), StateError> {
        match open_patiently(path) {
            Err(StateError::Broken { path, why }) => {
                let aside = set_aside(&path, clock.now())
                    .map_err(|error| StateError::unusable(&path, &error))?;
                tracing::error!(
                    file = %path.display(), kept_as = %aside.display(), cause = why,
                    "what plugins kept is damaged: it was moved aside, and they begin with nothing"
                );
                open_patiently(&path)
            }
            opened => opened,
        }
    }
}

impl Disk for File {
    fn write(&mut self, plugins: &[(&str, Values)]) -> Result<Vec<String>, StateError> {
        guarded(&self.path, || write(&self.database, plugins))
    }

    fn copy(&mut self, to: &Path) -> Result<(), StateError> {
        let found = guarded(&self.path, || read(&self.database))?;
        put(to, &found)
    }
}

/// What is kept in `from`, in a new file in the place of `to`. No host may run on it: one that does makes a copy itself. False: nothing is kept.
///
/// # Errors
/// Either file cannot be used.
pub fn copy(from: &Path, to: &Path) -> Result<bool, StateError> {
    if !from.exists() {
        return Ok(false);
    }
    let (_, found) = open_patiently(from)?;
    put(to, &found).map(|()| true)
}

/// Whole, or not at all.
fn put(to: &Path, found: &Found) -> Result<(), StateError> {
    write_anew(to, found).inspect_err(|_| {
        // What is there of it is of no use. The cause is told, whether this succeeds or not.
        let _ = fs::remove_file(to);
    })
}

fn write_anew(to: &Path, found: &Found) -> Result<(), StateError> {
    if let Err(error) = fs::remove_file(to)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(StateError::unusable(to, &error));
    }
    let (file, _) = open(to)?;
    let plugins: Vec<_> = found
        .iter()
        .map(|(plugin, values)| (plugin.as_str(), values.clone()))
        .collect();
    guarded(to, || write(&file.database, &plugins)).map(drop)
}

/// Takes away what is kept for a plugin that comes back no more. No host may run on it.
///
/// # Errors
/// There is nothing of it, or the file cannot be used.
pub fn forget(path: &Path, plugin: &str) -> Result<(), StateError> {
    let unknown = |known| StateError::Unknown {
        plugin: plugin.to_owned(),
        known,
    };
    if !path.exists() {
        return Err(unknown(Vec::new()));
    }
    let (file, found) = open_patiently(path)?;
    if !found.contains_key(plugin) {
        return Err(unknown(found.into_keys().collect()));
    }
    guarded(path, || {
        let transaction = file.database.begin_write()?;
        transaction.delete_table(of_plugin(plugin))?;
        Ok(transaction.commit()?)
    })
}

/// Names of plugins are names of tables as they are: no two can be the same.
fn of_plugin(plugin: &str) -> TableDefinition<'_, &'static str, &'static [u8]> {
    TableDefinition::new(plugin)
}

fn write(database: &Database, plugins: &[(&str, Values)]) -> Result<Vec<String>, redb::Error> {
    let transaction = database.begin_write()?;
    let tables = transaction.list_tables()?;
    let mut known: BTreeSet<String> = tables.map(|table| table.name().to_owned()).collect();
    let mut left_out = Vec::new();
    for (plugin, values) in plugins {
        if values.is_empty() {
            transaction.delete_table(of_plugin(plugin))?;
            known.remove(*plugin);
        } else if known.contains(*plugin) || known.len() < MAX_PLUGINS {
            replace(&transaction, plugin, values)?;
            known.insert((*plugin).to_owned());
        } else {
            left_out.push((*plugin).to_owned());
        }
    }
    transaction.commit()?;
    Ok(left_out)
}

/// What is the same stays where it is: a disk has only so many writes.
fn replace(
    transaction: &WriteTransaction,
    plugin: &str,
    values: &Values,
) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(of_plugin(plugin))?;
    table.retain(|key, _| values.contains_key(key))?;
    for (key, value) in values {
        let kept = table.get(key.as_str())?;
        let is_kept = kept.is_some_and(|kept| kept.value() == &**value);
        if !is_kept {
            table.insert(key.as_str(), &**value)?;
        }
    }
    Ok(())
}

fn open_patiently(path: &Path) -> Result<(File, Found), StateError> {
    let give_up = Instant::now() + IN_USE_PATIENCE;
    loop {
        match open(path) {
            Err(StateError::InUse(_)) if Instant::now() < give_up => thread::sleep(IN_USE_LOOK),
            opened => return opened,
        }
    }
}

fn open(path: &Path) -> Result<(File, Found), StateError> {
    let file = private::open(path).map_err(|error| StateError::unusable(path, &error))?;
    let (database, found) = guarded(path, || open_on(FileBackend::new(file)?))?;
    let path = path.to_owned();
    Ok((File { database, path }, found))
}

/// Each page is held against its checksum, so that what is read afterwards is what was written.
fn open_on(backend: impl StorageBackend) -> Result<(Database, Found), redb::Error> {
    let database = Builder::new()
        .set_cache_size(CACHE)
        .set_check_integrity_on_open(true)
        .create_with_backend(backend)?;
    let found = read(&database)?;
    Ok((database, found))
}

fn read(database: &Database) -> Result<Found, redb::Error> {
    let transaction = database.begin_read()?;
    let mut found = Found::new();
    for table in transaction.list_tables()? {
        let table_of_plugin = transaction.open_table(of_plugin(table.name()))?;
        let mut values = Values::new();
        for entry in table_of_plugin.iter()? {
            let (key, value) = entry?;
            values.insert(key.value().to_owned(), value.value().into());
        }
        found.insert(table.name().to_owned(), values);
    }
    Ok(found)
}

/// A database that trusts what it reads may panic at a damaged file.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, StateError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| StateError::of(path, error)),
        Err(_) => Err(StateError::Broken {
            path: path.to_owned(),
            why: "the database failed on it".into(),
        }),
    }
}

/// Under a name with the second, in which nothing is lost: `plugins.redb.broken-1795471260`.
fn set_aside(path: &Path, now: f64) -> io::Result<PathBuf> {
    let aside = |number: u32| {
        let second = format!("broken-{:.0}", (now / 1000.0).floor());
        let suffix = match number {
            0 => second,
            number => format!("{second}.{number}"),
        };
        path.with_added_extension(suffix)
    };
    let free = (0..).map(aside).find(|aside| !aside.exists());
    let aside = free.unwrap_or_else(|| aside(0));
    fs::rename(path, &aside)?;
    Ok(aside)
}

#[cfg(unix)]
mod private {
    use std::fs::{DirBuilder, File, OpenOptions, Permissions, set_permissions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
    use std::path::Path;

    /// A file and its directory, which their owner alone may read, made if need be.
    pub(super) fn open(path: &Path) -> io::Result<File> {
        if let Some(directory) = path.parent() {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700).create(directory)?;
            set_permissions(directory, Permissions::from_mode(0o700))?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.mode(0o600).open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(file)
    }
}

#[cfg(not(unix))]
mod private {
    use std::fs::{File, OpenOptions, create_dir_all};
    use std::io;
    use std::path::Path;

    /// A file with the rights that its directory hands down, made if need be.
    pub(super) fn open(path: &Path) -> io::Result<File> {
        if let Some(directory) = path.parent() {
            create_dir_all(directory)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        options.open(path)
    }
}

#[cfg(test)]
mod tests;
