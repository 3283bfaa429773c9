//! More policies than there is room for: who gets a place, and what is said of the others. It is said of all together, and only when
//! their number changes: there may be thousands.

use std::collections::BTreeSet;

use super::super::loader::Loader;
use super::super::report::PluginKind;
use super::super::shelf::Serving;
use super::super::slot::Slot;
use super::Task;
use super::filling::MAX_POLICIES;

/// Policies that were left out.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    left_out: BTreeSet<Slot>,
    /// How many people know of.
    told: usize,
}

impl Crowd {
    /// Those that have a place, which the configuration gives first, and of what lies there as many as there is room for.
    pub(super) fn choose(
        &mut self,
        known: BTreeSet<Slot>,
        found: BTreeSet<Slot>,
    ) -> BTreeSet<Slot> {
        let policies = known
            .iter()
            .filter(|slot| slot.kind() == PluginKind::Policy);
        let room = MAX_POLICIES.saturating_sub(policies.count());
        let mut others = found.difference(&known).cloned();
        let chosen: Vec<_> = others.by_ref().take(room).collect();
        self.left_out = others.collect();
        known.into_iter().chain(chosen).collect()
    }

    /// There is no room for this one either.
    pub(super) fn leave_out(&mut self, slot: Slot) {
        self.left_out.insert(slot);
    }

    /// How many there are, if nobody knows of so many.
    fn news(&mut self) -> Option<usize> {
        let count = self.left_out.len();
        let before = std::mem::replace(&mut self.told, count);
        (before != count).then_some(count)
    }
}

impl<L, P> Task<L, P>
where
    L: Loader,
    P: FnMut(Serving<L::Loaded>) + Send + 'static,
{
    /// Once files have settled: many that come at once are one piece of news.
    pub(super) fn tell_crowd(&mut self) {
        if !self.settling.is_empty() {
            return;
        }
        match self.crowd.news() {
            None => {}
            Some(0) => tracing::info!("there is room again for every policy"),
            Some(left_out) => tracing::warn!(
                left_out,
                "policies are ignored: there are {MAX_POLICIES} types of client already; those that `[policies.TYPE]` of the configuration names come first"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(names: impl Iterator<Item = String>) -> BTreeSet<Slot> {
        names.map(Slot::Policy).collect()
    }

    fn many(count: usize) -> BTreeSet<Slot> {
        policies((0..count).map(|number| format!("aa{number:05}")))
    }

    #[test]
    fn who_has_a_place_keeps_it_and_the_rest_is_filled_up() {
        let mut crowd = Crowd::default();
        let known = policies(["observer", "telescope"].map(str::to_owned).into_iter());
        let chosen = crowd.choose(known.clone(), many(5_000));
        assert_eq!(chosen.len(), MAX_POLICIES);
        assert!(known.is_subset(&chosen));
    }

    #[test]
    fn handlers_take_no_place_of_a_policy() {
        let mut crowd = Crowd::default();
        let known = BTreeSet::from([Slot::Handler("mount".to_owned())]);
        assert_eq!(crowd.choose(known, many(100)).len(), MAX_POLICIES + 1);
    }

    #[test]
    fn the_number_of_those_left_out_is_told_when_it_changes() {
        let mut crowd = Crowd::default();
        assert_eq!(crowd.news(), None);
        crowd.choose(BTreeSet::new(), many(5_000));
        assert_eq!(crowd.news(), Some(5_000 - MAX_POLICIES));
        for _ in 0..3 {
            crowd.choose(BTreeSet::new(), many(5_000));
            assert_eq!(crowd.news(), None);
        }
        crowd.leave_out(Slot::Policy("zz".to_owned()));
        assert_eq!(crowd.news(), Some(5_001 - MAX_POLICIES));
        crowd.choose(BTreeSet::new(), many(1));
        assert_eq!(crowd.news(), Some(0));
    }
}
