use std::borrow::Cow;
use std::sync::OnceLock;

use slewgate_engine::{Engine, EngineSettings, examine, inspect};

/// Bytes of a cause, which goes to administrators and into logs.
const LONGEST_CAUSE: usize = 64 * 1024;

/// A file in a folder of plugins; one that begins with `(` is the text of a component.
pub fn component(data: &[u8]) {
    let bytes = match data.starts_with(b"(") {
        true => match wat::parse_bytes(data) {
            Ok(bytes) => bytes,
            Err(_) => return,
        },
        false => Cow::Borrowed(data),
    };
    match examine(engine(), &bytes) {
        Ok(inspection) => {
            assert_eq!(inspection, inspect(&bytes));
            assert!(inspection.kind.is_some() && inspection.contract.is_some());
        }
        Err(error) => {
            let cause = format!("{error:#}");
            assert!(!cause.is_empty() && cause.len() <= LONGEST_CAUSE, "{cause}");
        }
    }
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(&EngineSettings::default()).expect("an engine"))
}
