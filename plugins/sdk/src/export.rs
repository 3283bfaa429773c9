//! What an exported plugin keeps between calls: itself, as it was configured, and nothing else.

use std::sync::OnceLock;

/// A plugin that a component exports. The export macros implement it.
pub trait Exported: Sized + 'static {
    /// Where this instance keeps what `configure` gave.
    fn cell() -> &'static OnceLock<Self>;
}

pub(crate) fn keep<P: Exported>(plugin: P) -> Result<(), String> {
    P::cell()
        .set(plugin)
        .map_err(|_| "configured twice".to_owned())
}

/// Gives a type its place to be kept in.
#[doc(hidden)]
#[macro_export]
macro_rules! export_configured {
    ($plugin:ident) => {
        impl $crate::export::Exported for $plugin {
            fn cell() -> &'static ::std::sync::OnceLock<Self> {
                static CONFIGURED: ::std::sync::OnceLock<$plugin> = ::std::sync::OnceLock::new();
                &CONFIGURED
            }
        }
    };
}
