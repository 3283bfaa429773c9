//! What one plugin keeps, bounded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::writer::Changes;

/// Keys of one plugin.
const MAX_KEYS: usize = 64;

/// Bytes of one value.
const MAX_VALUE: usize = 64 * 1024;

/// Bytes of one key.
const MAX_KEY: usize = 256;

/// Keys and their values. Cheap to clone.
pub(super) type Values = BTreeMap<String, Arc<[u8]>>;

/// The notes of one plugin.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    plugin: String,
    values: Mutex<Values>,
    /// Who brings them to the disk; none: nobody does.
    changes: Option<Arc<Changes>>,
}

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overfull {
    Keys,
    Size,
}

impl Notes {
    /// `kept`: by a host before this one. What is out of bounds there is left out.
    pub(super) fn new(plugin: &str, kept: Values, changes: Option<Arc<Changes>>) -> Notes {
        let fits =
            |(key, value): &(String, Arc<[u8]>)| key.len() <= MAX_KEY && value.len() <= MAX_VALUE;
        let values = kept.into_iter().filter(fits).take(MAX_KEYS).collect();
        Notes {
            plugin: plugin.to_owned(),
            values: Mutex::new(values),
            changes,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.lock().get(key).map(|value| value.to_vec())
    }

    pub(crate) fn set(&self, key: String, value: Vec<u8>) -> Result<(), Overfull> {
        if value.len() > MAX_VALUE || key.len() > MAX_KEY {
            return Err(Overfull::Size);
        }
        let mut values = self.lock();
        match values.get(&key) {
            Some(known) if **known == *value => return Ok(()),
            None if values.len() >= MAX_KEYS => return Err(Overfull::Keys),
            _ => values.insert(key, value.into()),
        };
        drop(values);
        self.tell();
        Ok(())
    }

    pub(crate) fn delete(&self, key: &str) {
        let known = self.lock().remove(key);
        if known.is_some() {
            self.tell();
        }
    }

    /// All of them, as they are at this moment.
    pub(super) fn values(&self) -> Values {
        self.lock().clone()
    }

    fn tell(&self) {
        if let Some(changes) = &self.changes {
            changes.note(&self.plugin);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Values> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_bounded_and_a_full_table_can_still_be_rewritten() {
        let notes = Notes::default();
        for key in 0..MAX_KEYS {
            notes.set(key.to_string(), vec![1]).unwrap();
        }
        assert_eq!(notes.set("one more".into(), vec![]), Err(Overfull::Keys));
        assert_eq!(
            notes.set("0".into(), vec![0; MAX_VALUE + 1]),
            Err(Overfull::Size)
        );
        assert_eq!(
            notes.set("0".repeat(MAX_KEY + 1), vec![]),
            Err(Overfull::Size)
        );
        notes.set("0".into(), vec![2]).unwrap();
        assert_eq!(notes.get("0"), Some(vec![2]));
        notes.delete("0");
        assert_eq!(notes.get("0"), None);
    }

    #[test]
    fn what_a_file_has_beyond_the_bounds_is_left_out() {
        let small = |key: usize| (key.to_string(), Arc::from([0].as_slice()));
        let mut kept: Values = (0..=MAX_KEYS).map(small).collect();
        kept.insert("00".into(), vec![0; MAX_VALUE + 1].into());
        let notes = Notes::new("mount", kept, None);
        assert_eq!((notes.values().len(), notes.get("00")), (MAX_KEYS, None));
    }
}
