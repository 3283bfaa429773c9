//! Whether what was built is a plugin: the host finds out more, and a wrong world is better told at once.

use std::path::Path;

use wit_component::{DecodedWasm, decode};
use wit_parser::{Resolve, WorldId, WorldItem, WorldKey};

use crate::{Error, Project};

/// The contract as a project has it, and the world in it that the plugin is of.
pub(crate) fn world(project: &Project) -> Result<(Resolve, WorldId), Error> {
    let folder = project.directory.join("wit");
    let wrong = |error: &dyn std::fmt::Display| Error::Project {
        file: folder.clone(),
        why: format!("{error:#}"),
    };
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(&folder).map_err(|error| wrong(&error))?;
    let world = resolve
        .select_world(&[package], Some(project.kind.world()))
        .map_err(|error| wrong(&error))?;
    Ok((resolve, world))
}

/// Checks that a component exports what its world asks for.
pub(crate) fn check(project: &Project, component: &[u8]) -> Result<(), Error> {
    let (contract, wanted) = world(project)?;
    let told = decode(component).map_err(|error| Error::Contract(format!("{error:#}")))?;
    let DecodedWasm::Component(found, exported) = told else {
        return Err(Error::Contract("it is a package of WIT".to_owned()));
    };
    let found = exports(&found, exported);
    match exports(&contract, wanted)
        .into_iter()
        .find(|name| !found.contains(name))
    {
        None => Ok(()),
        Some(missing) => Err(Error::Contract(format!(
            "it does not export {missing}, which the world {} asks for; is `kind` right in {}?",
            project.kind.world(),
            Path::new(crate::project::FILE).display()
        ))),
    }
}

/// The interfaces that a world exports, with their versions.
fn exports(resolve: &Resolve, world: WorldId) -> Vec<String> {
    let exports = resolve.worlds[world].exports.iter();
    let interfaces = exports.filter(|(_, item)| matches!(item, WorldItem::Interface { .. }));
    interfaces
        .map(|(key, _)| match key {
            WorldKey::Name(name) => name.clone(),
            WorldKey::Interface(_) => resolve.name_world_key(key),
        })
        .collect()
}
