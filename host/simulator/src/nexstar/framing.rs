//! Bytes to commands, by their length: what a command carries may be any byte.

use super::hand::Hand;

/// Milliseconds after which the rest of a command comes too late.
const PATIENCE: f64 = 3_000.0;

/// Puts commands together from bytes as they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Framer {
    begun: Vec<u8>,
    length: usize,
    /// The instant of the last byte.
    at: f64,
}

impl Framer {
    /// Takes one byte. A letter that begins no command is passed over.
    pub(super) fn take(&mut self, byte: u8, hand: &Hand, now: f64) -> Option<Vec<u8>> {
        if now - self.at > PATIENCE {
            self.begun.clear();
        }
        self.at = now;
        if self.begun.is_empty() {
            self.length = hand.length(byte)?;
        }
        self.begun.push(byte);
        (self.begun.len() == self.length).then(|| std::mem::take(&mut self.begun))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(hand: Hand, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut framer = Framer::default();
        let found = bytes.iter();
        found
            .filter_map(|byte| framer.take(*byte, &hand, 0.0))
            .collect()
    }

    #[test]
    fn a_command_ends_by_its_length_whatever_it_carries() {
        assert_eq!(
            commands(Hand::default(), b"\n#EW\x23\x23\x23\x00\x23\x23\x23\x01K#t"),
            [&b"E"[..], b"W\x23\x23\x23\x00\x23\x23\x23\x01", b"K#", b"t"]
        );
    }

    #[test]
    fn an_old_hand_control_takes_what_stands_behind_an_unknown_letter_for_commands() {
        assert_eq!(commands(Hand::of_version(1, 2), b"tP\x01\x10KE"), [b"KE"]);
    }

    #[test]
    fn the_rest_of_a_command_does_not_wait_for_ever() {
        let (mut framer, hand) = (Framer::default(), Hand::default());
        assert_eq!(framer.take(b'K', &hand, 0.0), None);
        assert_eq!(framer.take(b'V', &hand, 3_001.0), Some(b"V".to_vec()));
    }
}
