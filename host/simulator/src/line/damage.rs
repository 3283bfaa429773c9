//! What becomes of bytes.

use rand::rngs::SmallRng;
use rand::{Rng, RngExt};

/// Changes so many bytes, each into another; all where there are no more.
pub(super) fn garble(bytes: &mut [u8], count: u32, dice: &mut SmallRng) {
    let mut whole: Vec<usize> = (0..bytes.len()).collect();
    for _ in 0..count.min(u32::try_from(bytes.len()).unwrap_or(count)) {
        let at = whole.swap_remove(dice.random_range(0..whole.len()));
        bytes[at] ^= dice.random_range(1..=u8::MAX);
    }
}

/// Leaves so many bytes; None: half of them.
pub(super) fn cut(bytes: &mut Vec<u8>, left: Option<u32>) {
    let half = bytes.len() / 2;
    bytes.truncate(left.map_or(half, |left| left as usize));
}

/// So many bytes, whatever they are.
pub(super) fn noise(count: u32, dice: &mut SmallRng) -> Vec<u8> {
    let mut noise = vec![0; count as usize];
    dice.fill_bytes(&mut noise);
    noise
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;

    proptest! {
        #[test]
        fn as_many_bytes_are_others_as_were_asked_for(
            bytes in prop::collection::vec(any::<u8>(), 0..20),
            count in 1..30u32,
            seed: u64,
        ) {
            let mut garbled = bytes.clone();
            garble(&mut garbled, count, &mut SmallRng::seed_from_u64(seed));
            let changed = bytes.iter().zip(&garbled).filter(|(before, after)| before != after).count();
            prop_assert_eq!(changed, bytes.len().min(count as usize));
            prop_assert_eq!(bytes.len(), garbled.len());
        }
    }

    #[test]
    fn a_reply_is_cut_in_its_middle_or_where_it_was_said() {
        for (left, rest) in [
            (None, "+25"),
            (Some(0), ""),
            (Some(4), "+25*"),
            (Some(9), "+25*45#"),
        ] {
            let mut bytes = b"+25*45#".to_vec();
            cut(&mut bytes, left);
            assert_eq!(bytes, rest.as_bytes());
        }
    }
}
