//! Does a component keep the contract? Compares its type with the world of `wit/`, function by function, because
//! wasmtime's own check passes a record with a field more and then fails at instantiation without a function's name.

mod shape;
mod version;

use std::collections::BTreeMap;

use anyhow::Context;
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{self, ComponentInstance, ComponentItem};

use shape::{Signature, found, wanted};
pub use version::Version;
pub(crate) use version::is_served_by;
use version::{OURS, listed, of_ours};

use crate::bindings::{handler, policy};
use crate::reload::PluginKind;

/// The contract of `wit/`. Plugins of another one are served where the engine has an adapter for them.
pub const CONTRACT: Version = Version {
    major: 0,
    minor: 1,
    patch: 0,
};

/// Interfaces that are linked for the sake of languages which always import them.
const WASI: &str = "wasi:";

/// Imports that do not fit, of which each is named.
const MAX_NAMED: usize = 5;

/// Functions by interface.
type Interfaces = BTreeMap<String, BTreeMap<String, Signature>>;

/// A world of the contract.
#[derive(Debug)]
pub(crate) struct World {
    name: &'static str,
    kind: PluginKind,
    version: Version,
    imports: Interfaces,
    exports: Interfaces,
}

/// Why a component does not fit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Mismatch {
    #[error("it is a {found}, and this is the place of a {wanted}: put it into {folder}/")]
    Kind {
        found: PluginKind,
        wanted: PluginKind,
        folder: &'static str,
    },
    #[error(
        "it was built for version {found} of the contract, and this host serves {}: build it with the wit/ of this host, or run a host that serves {found}",
        listed(.served)
    )]
    Version {
        found: Version,
        served: Vec<Version>,
    },
    #[error(
        "it does not fit the world `{world}` of contract {version}: {}; build it with the wit/ of this host, and without what that does not have",
        .differences.join("; ")
    )]
    Differs {
        world: &'static str,
        version: Version,
        differences: Vec<String>,
    },
}

impl World {
    /// From the bytes that the build embedded.
    pub(crate) fn of(kind: PluginKind) -> anyhow::Result<World> {
        let (name, bytes) = match kind {
            PluginKind::Handler => ("command-handler", handler::COMPONENT_TYPE),
            PluginKind::Policy => ("permission-policy", policy::COMPONENT_TYPE),
        };
        let (resolve, id) = wit_parser::decoding::decode_world(bytes)?;
        let world = &resolve.worlds[id];
        let exports = wanted(&resolve, &world.exports);
        let versions = exports.keys().filter_map(|name| of_ours(name));
        let version = versions.map(|(_, version)| version).next();
        Ok(World {
            name,
            kind,
            version: version.context("the contract has no version")?,
            imports: wanted(&resolve, &world.imports),
            exports,
        })
    }

    /// Of the plugins that have it.
    pub(crate) fn kind(&self) -> PluginKind {
        self.kind
    }

    /// The name by which plugins of this world import functions that others import by this name, of another version.
    pub(crate) fn offers(&self, name: &str) -> Option<&str> {
        let (wanted, _) = of_ours(name)?;
        let functions = self
            .imports
            .iter()
            .filter(|(_, functions)| !functions.is_empty());
        let mut names = functions.map(|(name, _)| name.as_str());
        names.find(|name| of_ours(name).is_some_and(|(offered, _)| offered == wanted))
    }

    /// Everything that the component lacks or has otherwise. `served`: the contracts to name where it is of none of them.
    pub(crate) fn check(
        &self,
        engine: &Engine,
        component: &Component,
        served: &[Version],
    ) -> Result<(), Mismatch> {
        let ty = component.component_type();
        self.check_version(&ty, engine, served)?;
        self.check_kind(&ty, engine)?;
        let mut differences = Vec::new();
        for (interface, functions) in &self.exports {
            let mut exports = ty.exports(engine);
            let found = match exports.find(|(name, _)| is_served_by(name, interface)) {
                Some((_, export)) => match export.ty {
                    ComponentItem::ComponentInstance(instance) => exported(engine, &instance),
                    _ => BTreeMap::new(),
                },
                None => BTreeMap::new(),
            };
            compare(
                &format!("export {interface}"),
                functions,
                &found,
                &mut differences,
            );
        }
        let mut others = Vec::new();
        for (name, import) in ty.imports(engine) {
            match import.ty {
                ComponentItem::ComponentInstance(instance) if name.starts_with(OURS) => {
                    let used = exported(engine, &instance);
                    if !self.is_other(name) || !used.is_empty() {
                        self.check_import(name, &used, &mut others);
                    }
                }
                _ if name.starts_with(WASI) => {}
                _ => others.push(format!("it imports {name}, which the host does not offer")),
            }
        }
        differences.extend(some(others));
        if differences.is_empty() {
            return Ok(());
        }
        Err(Mismatch::Differs {
            world: self.name,
            version: self.version,
            differences,
        })
    }

    /// A component of another version is told so, and not what became of each function since. Types alone it may import of another:
    /// whoever is behind an adapter does, and nobody has to give it anything for them.
    fn check_version(
        &self,
        ty: &types::Component,
        engine: &Engine,
        served: &[Version],
    ) -> Result<(), Mismatch> {
        let exports = ty.exports(engine).map(|(name, _)| name);
        let imports = ty.imports(engine).filter(|(_, import)| match &import.ty {
            ComponentItem::ComponentInstance(instance) => !exported(engine, instance).is_empty(),
            _ => true,
        });
        let mut names = exports.chain(imports.map(|(name, _)| name));
        let other = names.find(|name| self.is_other(name));
        other.and_then(built_for).map_or(Ok(()), |found| {
            Err(Mismatch::Version {
                found,
                served: served.to_vec(),
            })
        })
    }

    /// Whether it is of the contract, and of a version that is not this one.
    fn is_other(&self, name: &str) -> bool {
        built_for(name).is_some_and(|version| !version.is_compatible(self.version))
    }

    /// A plugin of the other kind is told where it belongs.
    fn check_kind(&self, ty: &types::Component, engine: &Engine) -> Result<(), Mismatch> {
        let kinds: Vec<_> = ty
            .exports(engine)
            .filter_map(|(name, _)| kind(name))
            .collect();
        match kinds.first() {
            Some(found) if !kinds.contains(&self.kind) => Err(Mismatch::Kind {
                found: *found,
                wanted: self.kind,
                folder: match found {
                    PluginKind::Handler => "handlers",
                    PluginKind::Policy => "policies",
                },
            }),
            _ => Ok(()),
        }
    }

    /// A component imports the functions that it uses, and each must be as the host has it.
    fn check_import(
        &self,
        name: &str,
        used: &BTreeMap<String, Signature>,
        differences: &mut Vec<String>,
    ) {
        let mut offers = self.imports.iter();
        let Some((_, offered)) = offers.find(|(offered, _)| is_served_by(name, offered)) else {
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

/// The contract that a component was built for which exports or imports this.
pub(crate) fn built_for(name: &str) -> Option<Version> {
    of_ours(name).map(|(_, version)| version)
}

/// What a component is that exports this.
pub(crate) fn kind(export: &str) -> Option<PluginKind> {
    match of_ours(export)?.0 {
        "handler" => Some(PluginKind::Handler),
        "policy" => Some(PluginKind::Policy),
        _ => None,
    }
}

/// Whether a component uses a function of an import.
pub(crate) fn imports(
    engine: &Engine,
    component: &Component,
    interface: &str,
    function: &str,
) -> bool {
    let ty = component.component_type();
    let mut imports = ty.imports(engine);
    imports.any(|(name, import)| match import.ty {
        ComponentItem::ComponentInstance(instance) if is_served_by(name, interface) => {
            instance.get_export(engine, function).is_some()
        }
        _ => false,
    })
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

/// The first few, and how many more there are: of exports there are as many as a world has, of imports as a component likes.
fn some(mut differences: Vec<String>) -> Vec<String> {
    let more = differences.len().saturating_sub(MAX_NAMED);
    if more > 0 {
        differences.truncate(MAX_NAMED);
        differences.push(format!("and {more} more imports do not fit"));
    }
    differences
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_that_the_host_says_it_serves_is_that_of_its_worlds() {
        for kind in [PluginKind::Handler, PluginKind::Policy] {
            assert_eq!(World::of(kind).unwrap().version, CONTRACT);
        }
    }
}
