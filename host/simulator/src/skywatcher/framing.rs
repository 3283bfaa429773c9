//! Bytes to requests.

/// A request longer than this is dropped whole: the longest has nine characters.
const MAX_REQUEST: usize = 16;

/// Puts requests together from bytes as they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Framer {
    /// None: between requests.
    begun: Option<String>,
}

impl Framer {
    /// Takes one byte. What stands between a CR and the next `:` means nothing, and a `:` always begins anew: old programs send one
    /// alone, to see whether a motor of another kind echoes it.
    pub(super) fn take(&mut self, byte: u8) -> Option<String> {
        match (byte, &mut self.begun) {
            (b':', _) => self.begun = Some(String::new()),
            (b'\r', _) => return self.begun.take(),
            (byte, Some(begun)) if begun.len() < MAX_REQUEST => begun.push(char::from(byte)),
            (_, _) => self.begun = None,
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_between_a_colon_and_a_return_means_nothing() {
        for (bytes, found) in [
            (&b":j1\r:f2\r"[..], &["j1", "f2"][..]),
            (b"\r\n:j1\r\n", &["j1"]),
            (b"::e1\r", &["e1"]),
            (b":j1:L1\r", &["L1"]),
            (b":S1000000000000000000000000\r:j1\r", &["j1"]),
            (b":\r:j1", &[""]),
        ] {
            let mut framer = Framer::default();
            let requests: Vec<_> = bytes.iter().filter_map(|byte| framer.take(*byte)).collect();
            assert_eq!(requests, found);
        }
    }
}
