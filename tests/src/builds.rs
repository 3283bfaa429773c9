//! Builds of a handler, for tests that replace it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Observatory, plugins};

/// A handler in a data directory, and two builds of it that do the same and differ in their bytes.
pub struct Builds {
    file: PathBuf,
    builds: [Vec<u8>; 2],
    next: usize,
}

impl Builds {
    /// Of the handler `lx200`; neither serves yet.
    pub fn of(observatory: &Observatory) -> Builds {
        Builds::of_handler(observatory, "lx200")
    }

    /// The same of another handler.
    pub fn of_handler(observatory: &Observatory, name: &str) -> Builds {
        let file = Path::new("handlers").join(name).with_extension("wasm");
        let built = fs::read(plugins().join(&file)).expect("the handler");
        Builds {
            file: observatory.data().join(file),
            builds: [b"one", b"two"].map(|note| noted(&built, note)),
            next: 0,
        }
    }

    /// The other build takes the place of what is there.
    pub fn swap(&mut self) {
        self.put(&self.builds[self.next]);
        self.next = 1 - self.next;
    }

    /// This component takes the place of what is there, as editors save: a file beside it that takes its name.
    pub fn put(&self, component: &[u8]) {
        let new = self.file.with_extension("new");
        fs::write(&new, component).expect("a file");
        fs::rename(&new, &self.file).expect("a file");
    }

    /// Nothing is there any more.
    pub fn remove(&self) {
        fs::remove_file(&self.file).expect("a file");
    }
}

/// The component with one custom section more, which means nothing to anybody.
fn noted(component: &[u8], note: &[u8]) -> Vec<u8> {
    const CUSTOM: u8 = 0;
    let name = b"note";
    // Lengths below 128 are one byte in LEB128.
    let lengths = [1 + name.len() + note.len(), name.len()].map(|length| length as u8);
    let header = [CUSTOM, lengths[0], lengths[1]];
    [component, &header, name, note].concat()
}
