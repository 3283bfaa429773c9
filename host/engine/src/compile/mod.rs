//! Machine code for components. The host has it made in a process of its own, because a compiler cannot be cancelled and may
//! crash, and reads it from the cache that both share.

mod cache;
mod child;
mod home;
mod memory;
mod source;
mod threads;
mod tidy;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use wasmtime::component::Component;

pub(crate) use cache::Compiled;
pub use child::Compiler;
pub use source::Source;

use crate::engine::{self, Engine};

/// What the child made.
#[derive(Debug)]
pub struct Made {
    /// What was compiled: a plugin of another contract is only a part of it.
    pub component: Arc<[u8]>,
    /// Why its code was not kept, though it was to be.
    pub unkept: Option<anyhow::Error>,
}

/// What the child does: compiles a component into the cache, unless its code is there already. Without a cache, or with one that
/// cannot be used, it shows what becomes of a compiler that is given this.
///
/// # Errors
/// The component's code is not valid, or it and its adapter do not fit each other.
pub fn compile(cache: Option<&Path>, source: &Source) -> anyhow::Result<Made> {
    let component = source.whole()?;
    let before = threads::count();
    let unkept = to_cache(cache, &component)?;
    threads::until_no_more_than(before);
    Ok(Made { component, unkept })
}

/// Answers why the code was not kept, if it was to be.
fn to_cache(cache: Option<&Path>, component: &[u8]) -> anyhow::Result<Option<anyhow::Error>> {
    let (cache, unkept) = match cache.map(Compiled::join).transpose() {
        Ok(cache) => (cache, None),
        Err(error) => (None, Some(error)),
    };
    let mut config = engine::config(None);
    config.cache(cache.as_ref().map(Compiled::wasmtime));
    let engine = wasmtime::Engine::new(&config).map_err(wasmtime_error)?;
    from_binary(&engine, component)?;
    Ok(unkept)
}

/// A component that can be linked, made away from the path of requests.
pub(crate) async fn component(engine: &Engine, source: Source) -> anyhow::Result<Component> {
    let (cache, compiler) = (engine.compiled(), engine.compiler());
    let bytes = match compiler {
        Some(compiler) => {
            let cache = cache.map(Compiled::directory);
            compiler.compile(cache, source).await?
        }
        None => {
            let whole = engine.work(move || source.whole());
            whole.await.context("the host failed")??
        }
    };
    let hits = cache.map(Compiled::hits);
    let wasm = engine.wasm().clone();
    let made = engine.work(move || from_binary(&wasm, &bytes));
    let component = made.await.context("the host failed")??;
    if compiler.is_some() && cache.is_some() && hits == cache.map(Compiled::hits) {
        tracing::warn!("compiled code was not found in the cache: the host compiled it itself");
    }
    Ok(component)
}

pub(crate) fn from_binary(engine: &wasmtime::Engine, bytes: &[u8]) -> anyhow::Result<Component> {
    let component = Component::from_binary(engine, bytes).map_err(wasmtime_error);
    component.context("it is no valid component; build it anew")
}

/// wasmtime's error with all of its causes, which are text from here on.
pub(crate) fn wasmtime_error(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}
