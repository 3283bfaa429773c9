//! What a file says of itself before anything of it runs.

use wasmparser::{Parser, Payload};

use crate::reload::PluginKind;
use crate::world::{Version, built_for, kind};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// What sort of plugin it is; none: neither.
    pub kind: Option<PluginKind>,
    /// The contract that it was built for; none: it exports nothing of one.
    pub contract: Option<Version>,
}

/// Reads the names of a component's exports. Bytes that are none have none.
#[must_use]
pub fn inspect(bytes: &[u8]) -> Inspection {
    let names = exports(bytes);
    Inspection {
        kind: names.iter().find_map(|name| kind(name)),
        contract: names.iter().find_map(|name| built_for(name)),
    }
}

/// Those of the component itself, not of those inside it; as far as it can be read.
fn exports(bytes: &[u8]) -> Vec<&str> {
    let (mut names, mut depth) = (Vec::new(), 0_usize);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload {
            Ok(Payload::Version { .. }) => depth += 1,
            Ok(Payload::End(_)) => depth = depth.saturating_sub(1),
            Ok(Payload::ComponentExportSection(section)) if depth == 1 => {
                names.extend(section.into_iter().flatten().map(|export| export.name.name));
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    names
}
