//! A host that is killed in the middle of a write: what it wrote until then is there, and the rest is not.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use redb::StorageBackend;

use super::*;

/// A file in memory that its writer is killed over.
#[derive(Clone, Debug, Default)]
struct Mortal(Arc<Mutex<Bytes>>);

#[derive(Debug, Default)]
struct Bytes {
    bytes: Vec<u8>,
    /// Changes until the end; none: it lives on.
    left: Option<usize>,
}

impl Mortal {
    /// The same bytes in a file that changes so many times more.
    fn for_another(&self, left: Option<usize>) -> Mortal {
        let bytes = self.lock().bytes.clone();
        Mortal(Arc::new(Mutex::new(Bytes { bytes, left })))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let mut file = self.lock();
        match &mut file.left {
            Some(0) => return Err(io::Error::other("killed")),
            Some(left) => *left -= 1,
            None => {}
        }
        change(&mut file.bytes);
        Ok(())
    }
}

impl StorageBackend for Mortal {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(offset).unwrap();
        out.copy_from_slice(&self.lock().bytes[from..from + out.len()]);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.change(|bytes| bytes.resize(usize::try_from(length).unwrap(), 0))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(|_| {})
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let from = usize::try_from(offset).unwrap();
        self.change(|bytes| bytes[from..from + data.len()].copy_from_slice(data))
    }
}

/// Eight keys, each with its own value of this round.
fn round(number: u8) -> Values {
    let note = |key: u8| {
        (
            key.to_string(),
            vec![number; 1000 * usize::from(key)].into(),
        )
    };
    (1..=8).map(note).collect()
}

#[test]
fn wherever_a_host_is_killed_in_a_write_the_next_one_finds_all_of_the_old_or_all_of_the_new() {
    let file = Mortal::default();
    let (database, _) = open_on(file.clone()).unwrap();
    write(&database, &[("mount", round(1)), ("dome", round(1))]).unwrap();
    drop(database);

    let (mut old, mut new) = (0, 0);
    for changes in 0.. {
        let killed = file.for_another(Some(changes));
        let written = open_on(killed.clone())
            .and_then(|(database, _)| write(&database, &[("mount", round(2)), ("dome", round(2))]));
        let (_, found) = open_on(killed.for_another(None)).unwrap();
        match (&found["mount"], &found["dome"]) {
            (mount, dome) if *mount == round(1) && *dome == round(1) => old += 1,
            (mount, dome) if *mount == round(2) && *dome == round(2) => new += 1,
            mixed => panic!("after {changes} changes: {mixed:?}"),
        }
        if written.is_ok() {
            assert_eq!(found["mount"], round(2), "what was written is there");
            break;
        }
    }
    assert!(old > 1 && new >= 1, "{old} found the old, {new} the new");
}
