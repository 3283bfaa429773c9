//! Plugins of another version of the contract: each becomes one component of ours, together with an adapter that comes with the
//! host, before it is compiled. Nothing that follows knows of it.

mod compose;
mod graph;
mod rename;

use std::sync::Arc;

use crate::inspect::Inspection;
use crate::reload::PluginKind;
use crate::world::{CONTRACT, Version};

pub(crate) use compose::compose;

/// Serves plugins of one kind that were built for another version of the contract.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Of the plugins.
    pub kind: PluginKind,
    /// That they were built for; each of its patches is served with it.
    pub version: Version,
    /// What makes them plugins of our contract.
    pub parts: Parts,
}

/// What stands between the host and a plugin. Two components, because what a component imports must be there before it is: none
/// can stand on both sides of another.
#[derive(Clone, Debug)]
pub struct Parts {
    /// A component that imports the `handler` or the `policy` of that version, and exports ours. Of what else it imports it uses the
    /// types alone.
    pub exports: Arc<[u8]>,
    /// A component that exports what the plugins import and what the host has otherwise, and imports ours. None: nothing they import changed.
    pub imports: Option<Arc<[u8]>>,
}

/// The adapters of a host.
#[derive(Debug)]
pub(crate) struct Adapters(Vec<Adapter>);

impl Adapters {
    pub(crate) fn new(adapters: Vec<Adapter>) -> Adapters {
        Adapters(adapters)
    }

    /// The one that such a component needs. None: it is of our contract, or of one that the host does not serve.
    pub(crate) fn of(&self, component: &Inspection) -> Option<&Adapter> {
        let (kind, version) = (component.kind?, component.contract?);
        let mut adapters = self.0.iter();
        adapters.find(|adapter| adapter.kind == kind && adapter.version.is_compatible(version))
    }

    /// The contracts that are served, oldest first, for one kind of plugins or for any.
    pub(crate) fn served(&self, kind: Option<PluginKind>) -> Vec<Version> {
        let adapters = self.0.iter();
        let of_kind = adapters.filter(|adapter| kind.is_none_or(|kind| kind == adapter.kind));
        let mut served: Vec<_> = of_kind.map(|adapter| adapter.version).collect();
        served.push(CONTRACT);
        served.sort_unstable();
        served.dedup();
        served
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(minor: u64, patch: u64) -> Version {
        Version {
            major: 0,
            minor,
            patch,
        }
    }

    fn adapter(kind: PluginKind, version: Version) -> Adapter {
        let parts = Parts {
            exports: Arc::new([]),
            imports: None,
        };
        Adapter {
            kind,
            version,
            parts,
        }
    }

    #[test]
    fn a_contract_is_served_to_the_kinds_that_have_an_adapter_and_named_once() {
        let (newer, newest) = (CONTRACT.minor + 1, CONTRACT.minor + 2);
        let adapters = Adapters::new(vec![
            adapter(PluginKind::Handler, version(newest, 0)),
            adapter(PluginKind::Policy, version(newest, 0)),
            adapter(PluginKind::Policy, version(newer, 0)),
        ]);
        let (newer, newest) = (version(newer, 0), version(newest, 0));
        assert_eq!(adapters.served(None), [CONTRACT, newer, newest]);
        let handlers = adapters.served(Some(PluginKind::Handler));
        assert_eq!(handlers, [CONTRACT, newest]);
    }

    #[test]
    fn an_adapter_takes_the_patches_of_its_version_and_nothing_else() {
        let minor = CONTRACT.minor + 1;
        let adapters = Adapters::new(vec![adapter(PluginKind::Handler, version(minor, 2))]);
        let takes = |kind, contract| adapters.of(&Inspection { kind, contract }).is_some();
        let (handler, policy) = (Some(PluginKind::Handler), Some(PluginKind::Policy));
        assert!(takes(handler, Some(version(minor, 2))));
        assert!(takes(handler, Some(version(minor, 7))));
        assert!(!takes(handler, Some(version(minor + 1, 2))));
        assert!(!takes(handler, Some(CONTRACT)));
        assert!(!takes(policy, Some(version(minor, 2))));
        assert!(!takes(None, None));
    }
}
