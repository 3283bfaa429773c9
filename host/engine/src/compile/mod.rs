//! Machine code for components. The host has it made in a process of its own, because a compiler cannot be cancelled and may
//! crash, and reads it from the cache that both share.

mod cache;
mod child;
mod source;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use wasmtime::component::Component;

pub(crate) use cache::Compiled;
pub use child::Compiler;
pub use source::Source;

use crate::engine::{self, Engine};

/// What the child does: compiles a component into the cache, unless its code is there already. Returns the component, in which a
/// plugin of another contract is only a part.
///
/// # Errors
/// The cache cannot be used, the component's code is not valid, or it and its adapter do not fit each other.
pub fn compile(cache: &Path, source: &Source) -> anyhow::Result<Arc<[u8]>> {
    let component = source.whole()?;
    let cache = Compiled::open(cache)?;
    let mut config = engine::config(None);
    config.cache(Some(cache.wasmtime()));
    let engine = wasmtime::Engine::new(&config).map_err(wasmtime_error)?;
    from_binary(&engine, &component)?;
    Ok(component)
}

/// A component that can be linked, made away from the path of requests.
pub(crate) async fn component(engine: &Engine, source: Source) -> anyhow::Result<Component> {
    let (cache, compiler) = (engine.compiled(), engine.compiler());
    let bytes = match (cache, compiler) {
        (Some(cache), Some(compiler)) => compiler.compile(cache.directory(), source).await?,
        _ => {
            let whole = engine.work(move || source.whole());
            whole.await.context("the host failed")??
        }
    };
    let misses = cache.map(Compiled::misses);
    let wasm = engine.wasm().clone();
    let made = engine.work(move || from_binary(&wasm, &bytes));
    let component = made.await.context("the host failed")??;
    if compiler.is_some() && misses != cache.map(Compiled::misses) {
        tracing::warn!("compiled code was not found in the cache: the host compiled it itself");
    }
    Ok(component)
}

fn from_binary(engine: &wasmtime::Engine, bytes: &[u8]) -> anyhow::Result<Component> {
    let component = Component::from_binary(engine, bytes).map_err(wasmtime_error);
    component.context("it is no valid component; build it anew")
}

/// wasmtime's error with all of its causes, which are text from here on.
pub(crate) fn wasmtime_error(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}
