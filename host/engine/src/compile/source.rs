//! What is compiled, and how it comes to the process that does it: three components, each after its length, of which nothing is
//! none.

use std::io::{Read, Write};
use std::sync::Arc;

use anyhow::bail;

use crate::adapt::{Parts, compose};

/// A plugin, and what stands between it and the host.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its component.
    pub plugin: Arc<[u8]>,
    /// None: it is of the host's own contract.
    pub adapter: Option<Parts>,
}

impl Source {
    /// The component to compile.
    ///
    /// # Errors
    /// The plugin and its adapter do not fit each other.
    pub(crate) fn whole(&self) -> anyhow::Result<Arc<[u8]>> {
        match &self.adapter {
            Some(parts) => Ok(compose(parts, &self.plugin)?.into()),
            None => Ok(Arc::clone(&self.plugin)),
        }
    }

    pub(super) fn send(&self, to: &mut impl Write) -> std::io::Result<()> {
        let adapter = self.adapter.as_ref();
        let imports = adapter.and_then(|parts| parts.imports.as_deref());
        send(to, &self.plugin)?;
        send(to, adapter.map_or(&[], |parts| &parts.exports))?;
        send(to, imports.unwrap_or_default())?;
        to.flush()
    }

    pub(super) fn receive(from: &mut impl Read) -> anyhow::Result<Source> {
        let plugin = receive(from)?;
        let [exports, imports] = [receive(from)?, receive(from)?];
        let adapter = (!exports.is_empty()).then(|| Parts {
            exports,
            imports: (!imports.is_empty()).then_some(imports),
        });
        Ok(Source { plugin, adapter })
    }
}

fn send(to: &mut impl Write, component: &[u8]) -> std::io::Result<()> {
    to.write_all(&(component.len() as u64).to_le_bytes())?;
    to.write_all(component)
}

fn receive(from: &mut impl Read) -> anyhow::Result<Arc<[u8]>> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let (length, mut component) = (u64::from_le_bytes(length), Vec::new());
    from.take(length).read_to_end(&mut component)?;
    if component.len() as u64 != length {
        bail!("the component was sent only in part");
    }
    Ok(component.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_what_comes() {
        let component = |name: &str| Arc::from(name.as_bytes());
        let alone = Source {
            plugin: component("plugin"),
            adapter: None,
        };
        for imports in [None, Some(component("imports"))] {
            let exports = component("exports");
            let adapter = Some(Parts { exports, imports });
            let source = Source {
                adapter,
                ..alone.clone()
            };
            for source in [&source, &alone] {
                let mut sent = Vec::new();
                source.send(&mut sent).unwrap();
                let came = Source::receive(&mut sent.as_slice()).unwrap();
                assert_eq!(format!("{came:?}"), format!("{source:?}"));
            }
        }
    }
}
