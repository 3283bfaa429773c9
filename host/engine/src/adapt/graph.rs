//! Components that give each other what they import, made into one.

use anyhow::Context;
use wasm_compose::graph::{Component, CompositionGraph, EncodeOptions, InstanceId};
use wasmparser::Validator;

use crate::world::is_served_by;

/// See the module.
#[derive(Default)]
pub(super) struct Graph {
    components: CompositionGraph<'static>,
    /// One for all, so that their types can be compared.
    validator: Validator,
}

impl Graph {
    /// An instance of this component.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<InstanceId> {
        let component = Component::from_bytes(&mut self.validator, name, bytes.to_owned())?;
        let component = self.components.add_component(component)?;
        self.components.instantiate(component)
    }

    /// Names of what an instance exports.
    pub(super) fn exports(&self, instance: InstanceId) -> anyhow::Result<Vec<String>> {
        let exports = self.component(instance)?.exports();
        Ok(exports.map(|(_, name, ..)| name.to_owned()).collect())
    }

    /// Gives the one everything of the contract that it imports and that the other exports, and says how much that is.
    pub(super) fn connect(&mut self, from: InstanceId, to: InstanceId) -> anyhow::Result<usize> {
        let (source, target) = (self.component(from)?, self.component(to)?);
        let edges = target.imports().filter_map(|(import, wanted, _)| {
            let mut exports = source.exports();
            let (export, ..) = exports.find(|(_, name, ..)| is_served_by(wanted, name))?;
            Some((export, import))
        });
        let edges: Vec<_> = edges.collect();
        for (export, import) in &edges {
            self.components.connect(from, Some(*export), to, *import)?;
        }
        Ok(edges.len())
    }

    /// All of them as one component, which exports what this instance does, and imports what nobody in it gives.
    pub(super) fn joined(mut self, exports: InstanceId) -> anyhow::Result<Vec<u8>> {
        let whole = self.components.encode(EncodeOptions {
            define_components: true,
            export: Some(exports),
            validate: false,
        })?;
        // Its types alone: the code is looked at where it is compiled.
        Component::from_bytes(&mut self.validator, "whole", whole.as_slice())?;
        Ok(whole)
    }

    fn component(&self, instance: InstanceId) -> anyhow::Result<&Component<'_>> {
        let component = self.components.get_component_of_instance(instance);
        let (_, component) = component.context("an instance of nothing")?;
        Ok(component)
    }
}
