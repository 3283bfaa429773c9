//! The places that plugins serve in, and the files that fill them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;

use super::report::PluginKind;

/// Longest client type, in characters.
const MAX_CLIENT_TYPE: usize = 32;

/// What the name of a signature beside a component ends with.
const SIGNATURE: &str = ".sig";

/// A place that a plugin serves in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Slot {
    /// The commands of this table.
    Handler(String),
    /// The permissions of this type of client.
    Policy(String),
}

/// What the configuration says of plugins.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Configuration {
    /// By the table's name.
    pub(crate) tables: BTreeMap<String, TableUnit>,
    /// Settings of policies, as JSON text, by client type. A policy that is not named has `{}`.
    pub(crate) policies: BTreeMap<String, String>,
}

/// What one table names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TableUnit {
    /// Name of the component's file in the directory of handlers.
    pub(crate) component: String,
    /// JSON text.
    pub(crate) settings: String,
    /// A new version waits until the hardware stands still.
    pub(crate) when_idle: bool,
}

/// A file by its directory and name: the same however its path is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ComponentFile {
    pub(crate) kind: PluginKind,
    pub(crate) name: String,
}

impl Slot {
    pub(crate) fn name(&self) -> &str {
        match self {
            Slot::Handler(name) | Slot::Policy(name) => name,
        }
    }

    pub(crate) fn kind(&self) -> PluginKind {
        match self {
            Slot::Handler(_) => PluginKind::Handler,
            Slot::Policy(_) => PluginKind::Policy,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.name())
    }
}

impl Configuration {
    /// The slots that a file fills: a handler may serve several tables, a policy serves the client type that it is named after.
    pub(crate) fn slots(&self, file: &ComponentFile) -> Vec<Slot> {
        match file.kind {
            PluginKind::Handler => {
                let named = self
                    .tables
                    .iter()
                    .filter(|(_, table)| table.component == file.name);
                named
                    .map(|(table, _)| Slot::Handler(table.clone()))
                    .collect()
            }
            PluginKind::Policy => client_type(&file.name)
                .map(|name| Slot::Policy(name.to_owned()))
                .into_iter()
                .collect(),
        }
    }

    /// The file that a slot is filled from; none where no table of that name is configured any more.
    pub(crate) fn file(&self, slot: &Slot) -> Option<ComponentFile> {
        let name = match slot {
            Slot::Handler(table) => self.tables.get(table)?.component.clone(),
            Slot::Policy(client_type) => format!("{client_type}.wasm"),
        };
        Some(ComponentFile {
            kind: slot.kind(),
            name,
        })
    }

    /// Whether a new version in this slot waits until the hardware stands still.
    pub(crate) fn when_idle(&self, slot: &Slot) -> bool {
        matches!(slot, Slot::Handler(table) if self.tables.get(table).is_some_and(|table| table.when_idle))
    }

    /// The settings of a slot, as JSON text.
    pub(crate) fn settings(&self, slot: &Slot) -> &str {
        let settings = match slot {
            Slot::Handler(table) => self.tables.get(table).map(|table| &table.settings),
            Slot::Policy(client_type) => self.policies.get(client_type),
        };
        settings.map_or("{}", String::as_str)
    }
}

impl ComponentFile {
    /// The component that a file is, or is the signature of. None for a name that is no text, as no configuration can name it.
    pub(crate) fn new(kind: PluginKind, name: &OsStr) -> Option<ComponentFile> {
        let name = name.to_str()?;
        let name = name.strip_suffix(SIGNATURE).unwrap_or(name).to_owned();
        Some(ComponentFile { kind, name })
    }
}

/// The client type that a policy's file is named after: `[a-z0-9-]{1,32}` and `.wasm`.
pub(crate) fn client_type(file: &str) -> Option<&str> {
    let name = file.strip_suffix(".wasm")?;
    let fits =
        |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
    ((1..=MAX_CLIENT_TYPE).contains(&name.len()) && name.bytes().all(fits)).then_some(name)
}
