//! Does a component keep the contract? Compares its type with the world of `wit/`, function by function, because
//! wasmtime's own check passes a record with a field more and then fails at instantiation without a function's name.

mod shape;

use std::collections::BTreeMap;

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentInstance, ComponentItem};

use shape::{Signature, found, wanted};

/// The namespace of the contract.
const OURS: &str = "slewgate:plugin/";

/// Interfaces that are linked for the sake of languages which always import them.
const WASI: &str = "wasi:";

/// Functions by interface.
type Interfaces = BTreeMap<String, BTreeMap<String, Signature>>;

/// A world of the contract.
#[derive(Debug)]
pub(crate) struct World {
    name: &'static str,
    imports: Interfaces,
    exports: Interfaces,
}

/// What does not fit: each difference a line.
#[derive(Debug, thiserror::Error)]
#[error("it does not fit the world `{world}`: {}", .differences.join("; "))]
pub(crate) struct Mismatch {
    world: &'static str,
    differences: Vec<String>,
}

impl World {
    /// From the bytes that the build embedded.
    pub(crate) fn decode(name: &'static str, bytes: &[u8]) -> anyhow::Result<World> {
        let (resolve, id) = wit_parser::decoding::decode_world(bytes)?;
        let world = &resolve.worlds[id];
        Ok(World {
            name,
            imports: wanted(&resolve, &world.imports),
            exports: wanted(&resolve, &world.exports),
        })
    }

    /// Everything that the component lacks or has otherwise.
    pub(crate) fn check(&self, engine: &Engine, component: &Component) -> Result<(), Mismatch> {
        let mut differences = Vec::new();
        let ty = component.component_type();
        for (interface, functions) in &self.exports {
            let found = match ty.get_export(engine, interface).map(|export| export.ty) {
                Some(ComponentItem::ComponentInstance(instance)) => exported(engine, &instance),
                _ => BTreeMap::new(),
            };
            compare(
                &format!("export {interface}"),
                functions,
                &found,
                &mut differences,
            );
        }
        for (name, import) in ty.imports(engine) {
            match import.ty {
                ComponentItem::ComponentInstance(instance) if name.starts_with(OURS) => {
                    self.check_import(name, &exported(engine, &instance), &mut differences);
                }
                _ if name.starts_with(WASI) => {}
                _ => differences.push(format!("it imports {name}, which the host does not offer")),
            }
        }
        if differences.is_empty() {
            Ok(())
        } else {
            Err(Mismatch {
                world: self.name,
                differences,
            })
        }
    }

    /// A component imports the functions that it uses, and each must be as the host has it.
    fn check_import(
        &self,
        name: &str,
        used: &BTreeMap<String, Signature>,
        differences: &mut Vec<String>,
    ) {
        let Some(offered) = self.imports.get(name) else {
            return differences.push(format!("it imports {name}, which this world does not have"));
        };
        for (function, signature) in used {
            match offered.get(function) {
                None => differences.push(format!(
                    "it imports {name} {function}, which the host does not offer"
                )),
                Some(offered) => differ(
                    &format!("import {name}"),
                    function,
                    offered,
                    signature,
                    differences,
                ),
            }
        }
    }
}

/// Whether a component uses a function of an import.
pub(crate) fn imports(
    engine: &Engine,
    component: &Component,
    interface: &str,
    function: &str,
) -> bool {
    match component
        .component_type()
        .get_import(engine, interface)
        .map(|import| import.ty)
    {
        Some(ComponentItem::ComponentInstance(instance)) => {
            instance.get_export(engine, function).is_some()
        }
        _ => false,
    }
}

fn exported(engine: &Engine, instance: &ComponentInstance) -> BTreeMap<String, Signature> {
    let functions = instance
        .exports(engine)
        .filter_map(|(name, item)| match item.ty {
            ComponentItem::ComponentFunc(function) => Some((name.to_owned(), found(&function))),
            _ => None,
        });
    functions.collect()
}

fn compare(
    whole: &str,
    wanted: &BTreeMap<String, Signature>,
    found: &BTreeMap<String, Signature>,
    differences: &mut Vec<String>,
) {
    for (name, wanted) in wanted {
        match found.get(name) {
            None => differences.push(format!("{whole}: the function `{name}` is missing")),
            Some(found) => differ(whole, name, wanted, found, differences),
        }
    }
}

fn differ(
    whole: &str,
    name: &str,
    wanted: &Signature,
    found: &Signature,
    differences: &mut Vec<String>,
) {
    for (part, wanted, found) in wanted.differences(found) {
        differences.push(format!(
            "{whole}: {part} of the function `{name}` is {found}, wanted {wanted}"
        ));
    }
}
