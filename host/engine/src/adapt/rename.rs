//! A component that imports the same under other names.

use anyhow::anyhow;
use wasm_encoder::reencode::{ReencodeComponent, RoundtripReencoder};
use wasm_encoder::{Component, ComponentImportSection, RawSection};
use wasmparser::{ComponentImportSectionReader, Payload};

use crate::inspect::outermost;

/// The component, with other names for those of its imports to which `new` gives one. All else is as it was, byte for byte.
pub(super) fn renamed<'a>(
    component: &'a [u8],
    new: impl Fn(&str) -> Option<&'a str>,
) -> anyhow::Result<Vec<u8>> {
    let mut whole = Component::new();
    for payload in outermost(component) {
        let payload = payload?;
        if let Payload::ComponentImportSection(imports) = payload {
            whole.section(&section(imports, &new)?);
        } else if let Some((id, range)) = payload.as_section() {
            let data = &component[range];
            whole.section(&RawSection { id, data });
        }
    }
    Ok(whole.finish())
}

fn section<'a>(
    imports: ComponentImportSectionReader<'a>,
    new: impl Fn(&str) -> Option<&'a str>,
) -> anyhow::Result<ComponentImportSection> {
    let mut section = ComponentImportSection::new();
    for import in imports {
        let mut import = import?;
        import.name.name = new(import.name.name).unwrap_or(import.name.name);
        let ty = RoundtripReencoder.component_type_ref(import.ty);
        section.import(import.name, ty.map_err(|error| anyhow!("{error}"))?);
    }
    Ok(section)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmparser::Parser;

    const COMPONENT: &str = r#"(component
        (import "slewgate:plugin/sky@0.0.9" (instance (export "wind" (func (result u32)))))
        (import "elsewhere:sky/sky@1.0.0" (instance))
        (component (import "slewgate:plugin/sky@0.0.9" (instance)))
        (core module (memory (export "memory") 1)))"#;

    /// Those of the component and of what is inside it.
    fn imports(component: &[u8]) -> Vec<&str> {
        let payloads = Parser::new(0).parse_all(component);
        let sections = payloads.filter_map(|payload| match payload.unwrap() {
            Payload::ComponentImportSection(section) => Some(section),
            _ => None,
        });
        let imports = sections.flatten();
        imports.map(|import| import.unwrap().name.name).collect()
    }

    #[test]
    fn the_imports_of_a_component_get_other_names_and_those_of_what_is_inside_keep_theirs() {
        let component = wat::parse_str(COMPONENT).unwrap();
        let (old, new) = ("slewgate:plugin/sky@0.0.9", "slewgate:plugin/sky@0.1.0");
        let renamed = renamed(&component, |name| (name == old).then_some(new)).unwrap();
        assert_eq!(imports(&renamed), [new, "elsewhere:sky/sky@1.0.0", old]);
    }

    #[test]
    fn what_gets_no_other_name_is_the_same_byte_for_byte() {
        let component = wat::parse_str(COMPONENT).unwrap();
        assert_eq!(renamed(&component, |_| None).unwrap(), component);
    }
}
