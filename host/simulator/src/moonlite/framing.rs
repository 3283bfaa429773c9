//! Bytes to commands.

/// A command longer than this is dropped whole: the longest has six characters.
const MAX_COMMAND: usize = 16;

/// Puts commands together from bytes as they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Framer {
    /// None: between commands.
    begun: Option<String>,
}

impl Framer {
    /// Takes one byte. What stands between a `#` and the next `:` means nothing, and a `:` always begins anew.
    pub(super) fn take(&mut self, byte: u8) -> Option<String> {
        match (byte, &mut self.begun) {
            (b':', _) => self.begun = Some(String::new()),
            (b'#', _) => return self.begun.take(),
            (byte, Some(begun)) if begun.len() < MAX_COMMAND => begun.push(char::from(byte)),
            (_, _) => self.begun = None,
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(bytes: &[u8]) -> Vec<String> {
        let mut framer = Framer::default();
        bytes.iter().filter_map(|byte| framer.take(*byte)).collect()
    }

    #[test]
    fn what_is_not_between_a_colon_and_a_hash_means_nothing() {
        for (bytes, found) in [
            (&b":GP#:FG#"[..], &["GP", "FG"][..]),
            (b"#GP##:GP#\r\n:+#", &["GP", "+"]),
            (b":SN12:GP#", &["GP"]),
            (b":SN0000000000000000000000000#:GP#", &["GP"]),
            (b":#:GP", &[""]),
        ] {
            assert_eq!(commands(bytes), found);
        }
    }
}
