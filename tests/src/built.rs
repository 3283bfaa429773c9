//! What was built for the tests: the program and its components.

use std::path::{Path, PathBuf};

/// The program under test, beside the test's own. Cargo builds it with the tests of its own crate: who runs one test alone
/// adds one of those, `cargo test --workspace --test goto --test cli`, or gets the program as it was.
pub fn program() -> PathBuf {
    let own = std::env::current_exe().expect("a test knows its own path");
    let debug = own
        .parent()
        .and_then(Path::parent)
        .expect("tests lie in deps/");
    let program = debug.join("slewgate");
    assert!(
        program.exists(),
        "{} is not built; run `cargo xtask test`",
        program.display()
    );
    program
}

/// The built components: `handlers/` and `policies/`.
pub fn plugins() -> PathBuf {
    let given = std::env::var_os("SLEWGATE_PLUGINS").map(PathBuf::from);
    let plugins =
        given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins"));
    assert!(
        plugins.join("handlers").exists(),
        "{} is not built; run `cargo xtask plugins`",
        plugins.display()
    );
    plugins
}

/// A component of `components/`, which only tests load.
pub fn test_component(name: &str) -> PathBuf {
    let component = plugins()
        .join("tests")
        .join(name)
        .with_added_extension("wasm");
    assert!(
        component.exists(),
        "{} is not built; run `cargo xtask plugins`",
        component.display()
    );
    component
}
