//! What a file says of itself before anything of it runs.

use wasmparser::{Parser, Payload, Result};

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

/// Of the component itself, as far as it can be read.
fn exports(bytes: &[u8]) -> Vec<&str> {
    let mut names = Vec::new();
    for payload in outermost(bytes).map_while(Result::ok) {
        if let Payload::ComponentExportSection(section) = payload {
            names.extend(section.into_iter().flatten().map(|export| export.name.name));
        }
    }
    names
}

/// The sections of the component itself, not of those inside it.
pub(crate) fn outermost(bytes: &[u8]) -> impl Iterator<Item = Result<Payload<'_>>> {
    let mut depth = 0_usize;
    Parser::new(0).parse_all(bytes).filter(move |payload| {
        match payload {
            Ok(Payload::Version { .. }) => depth += 1,
            Ok(Payload::End(_)) => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 1 || payload.is_err()
    })
}
