//! What failed for a passing reason is tried again: at the next comparison, then at every second, fourth and so on, because what
//! kills whoever tries it may lie in the unit after all.

/// The most comparisons from one try to the next; at one every half minute, an hour.
const MOST: u32 = 120;

/// When something that failed is tried again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Again {
    /// Comparisons from the last try to the next.
    each: u32,
    /// Those still to come before it.
    left: u32,
}

impl Again {
    /// It failed, and before that it did like this.
    pub(crate) fn after(before: Option<Again>) -> Again {
        let each = before.map_or(1, |before| (2 * before.each).min(MOST));
        Again { each, left: each }
    }

    /// There is a comparison: whether it is tried now.
    pub(crate) fn is_due(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_again_at_once_then_less_often_and_never_given_up() {
        let (mut again, mut waits) = (Again::after(None), Vec::new());
        for _ in 0..10 {
            let mut comparisons = 1;
            while !again.is_due() {
                comparisons += 1;
            }
            waits.push(comparisons);
            again = Again::after(Some(again));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 120, 120, 120]);
    }
}
