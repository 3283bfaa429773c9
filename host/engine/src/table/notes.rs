//! What a plugin wants to keep, bounded. In memory for as long as the host runs.

use std::collections::BTreeMap;

/// Keys of one plugin.
const MAX_KEYS: usize = 64;

/// Bytes of one value.
const MAX_VALUE: usize = 64 * 1024;

/// Bytes of one key.
const MAX_KEY: usize = 256;

/// The notes of one table.
#[derive(Debug, Default)]
pub(crate) struct Notes(BTreeMap<String, Vec<u8>>);

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overfull {
    Keys,
    Size,
}

impl Notes {
    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.0.get(key).cloned()
    }

    pub(crate) fn set(&mut self, key: String, value: Vec<u8>) -> Result<(), Overfull> {
        if value.len() > MAX_VALUE || key.len() > MAX_KEY {
            return Err(Overfull::Size);
        }
        if self.0.len() >= MAX_KEYS && !self.0.contains_key(&key) {
            return Err(Overfull::Keys);
        }
        self.0.insert(key, value);
        Ok(())
    }

    pub(crate) fn delete(&mut self, key: &str) {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_bounded_and_a_full_table_can_still_be_rewritten() {
        let mut notes = Notes::default();
        for key in 0..MAX_KEYS {
            notes.set(key.to_string(), vec![1]).unwrap();
        }
        assert_eq!(notes.set("one more".into(), vec![]), Err(Overfull::Keys));
        assert_eq!(
            notes.set("0".into(), vec![0; MAX_VALUE + 1]),
            Err(Overfull::Size)
        );
        notes.set("0".into(), vec![2]).unwrap();
        assert_eq!(notes.get("0"), Some(vec![2]));
        notes.delete("0");
        assert_eq!(notes.get("0"), None);
    }
}
