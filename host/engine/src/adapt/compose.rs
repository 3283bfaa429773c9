//! A plugin and its adapter made into one component: bytes of bytes. What is wrong with them is said; what nobody foresaw may be a
//! panic of the library, which is why the host has this done by the process that compiles.

use anyhow::{Context, anyhow, bail};

use super::Parts;
use super::graph::Graph;
use super::rename::renamed;
use crate::inspect::inspect;
use crate::world::{CONTRACT, World, is_served_by};

/// The component of our contract that the plugin is behind this adapter.
///
/// # Errors
/// They do not fit each other.
pub(crate) fn compose(parts: &Parts, plugin: &[u8]) -> anyhow::Result<Vec<u8>> {
    let inspection = inspect(plugin);
    let kind = inspection.kind.context("it is no plugin of a contract")?;
    let composed = World::of(kind).and_then(|world| joined(parts, &world, plugin));
    composed.map_err(|cause| {
        let found = inspection.contract.unwrap_or(CONTRACT);
        anyhow!(
            "it was built for version {found} of the contract, and what adapts such plugins to version {CONTRACT} does not fit it: {cause:#}; build it with the wit/ of version {CONTRACT}"
        )
    })
}

fn joined(parts: &Parts, world: &World, plugin: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut graph = Graph::default();
    let imports = parts.imports.as_deref();
    let imports = imports
        .map(|bytes| graph.add("imports", bytes))
        .transpose()?;
    let adapted = imports
        .map(|instance| graph.exports(instance))
        .transpose()?;
    let adapted = adapted.unwrap_or_default();
    // What no adapter offers comes from the host, which has it by the name of today.
    let plugin = renamed(plugin, |name| {
        let is_adapted = adapted.iter().any(|export| is_served_by(name, export));
        if is_adapted { None } else { world.offers(name) }
    });
    let plugin = graph.add("plugin", &plugin?)?;
    let exports = graph.add("exports", &parts.exports)?;
    if let Some(imports) = imports {
        graph.connect(imports, plugin)?;
        graph.connect(imports, exports)?;
    }
    if graph.connect(plugin, exports)? == 0 {
        bail!("it takes nothing that the plugin exports");
    }
    graph.joined(exports)
}
