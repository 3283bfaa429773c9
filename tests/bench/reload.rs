//! How long a new version of a plugin takes to serve, and a host with plugins to start.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::json;
use slewgate_tests::{Client, Observatory, PATIENCE, Setup, plugins};

use crate::Extent;
use crate::blocks::{Blocks, quantile};

/// Names a directory of policies, each in a language.
const LANGUAGES: &str = "SLEWGATE_LANGUAGES";

/// How long it is quiet before a large component is compiled.
const QUIET: Duration = Duration::from_secs(3);

/// Between two requests meanwhile.
const BETWEEN: Duration = Duration::from_millis(3);

/// Plugins of the host that has some.
const PLUGINS: usize = 8;

/// How often a large component is compiled: each time takes seconds.
const LARGE: usize = 3;

/// Milliseconds.
#[derive(Default)]
pub(crate) struct Reload {
    /// 99 in 100 requests of another client, while all is quiet and while a component of 13 MB in JavaScript is compiled, and until
    /// that served. Nothing, where there is none.
    pub(crate) quiet: Blocks,
    pub(crate) compiling: Blocks,
    pub(crate) compiled: Blocks,
    /// From a written file to its news, the 200 ms for which a file is left alone included.
    pub(crate) serves: Blocks,
    /// From its start until a host without plugins is ready.
    pub(crate) bare: Blocks,
    /// The same with plugins whose compiled code is kept.
    pub(crate) loaded: Blocks,
}

pub(crate) async fn measure(extent: Extent) -> anyhow::Result<Reload> {
    let mut reload = Reload::default();
    let blocks = extent.warm_up + extent.blocks;
    let component = fs::read(plugins().join("policies/telescope.wasm"))?;
    let observatory = Setup::default()
        .cold()
        .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
        .start();
    let client = observatory.client("observer").await;
    let mut client = client.with_patience(PATIENCE * 12);
    let topics = json!({ "topics": ["plugins"] });
    let subscribed = client.call("events.subscribe", topics).await;
    subscribed.ok().context("news of plugins")?;
    client.event("plugins").await;
    for block in 0..blocks {
        fs::write(
            observatory.data().join("policies/telescope.wasm"),
            noted(&component, block),
        )?;
        let written = Instant::now();
        while client.event("plugins").await["data"]["what"] != "published" {}
        if block >= extent.warm_up {
            reload.serves.push(milliseconds(written.elapsed()));
        }
    }
    if let Some(large) = large()? {
        for block in 0..LARGE.min(extent.blocks) {
            let large = noted(&large, block);
            compile(&observatory, &mut client, large, &mut reload).await?;
        }
    }
    drop(observatory);

    let setup = Setup::default().cold();
    let (bare, loaded) = (setup.prepare(), setup.prepare());
    for (directory, number) in [(&bare, 0), (&loaded, PLUGINS)] {
        fill(directory.path(), &component, number)?;
    }
    for block in 0..blocks {
        let bare = started(&setup, bare.path())?;
        let loaded = started(&setup, loaded.path())?;
        if block >= extent.warm_up {
            reload.bare.push(milliseconds(bare));
            reload.loaded.push(milliseconds(loaded));
        }
    }
    Ok(reload)
}

/// A policy in JavaScript, where its tools are there.
fn large() -> anyhow::Result<Option<Vec<u8>>> {
    let Some(directory) = std::env::var_os(LANGUAGES) else {
        return Ok(None);
    };
    let file = Path::new(&directory).join("javascript.wasm");
    Ok(file.exists().then(|| fs::read(file)).transpose()?)
}

/// How long requests take while nothing happens, and while this is compiled.
async fn compile(
    observatory: &Observatory,
    news: &mut Client,
    large: Vec<u8>,
    reload: &mut Reload,
) -> anyhow::Result<()> {
    let mut client = observatory.client("telescope").await;
    let until = Instant::now() + QUIET;
    let mut quiet = Vec::new();
    while Instant::now() < until {
        quiet.push(ask(&mut client).await?);
    }
    fs::write(observatory.data().join("policies/large.wasm"), large)?;
    let written = Instant::now();
    let mut times = Vec::new();
    let published = async { while news.event("plugins").await["data"]["what"] != "published" {} };
    tokio::pin!(published);
    loop {
        tokio::select! {
            () = &mut published => break,
            asked = ask(&mut client) => times.push(asked?),
        }
    }
    reload.quiet.push(quantile(&quiet, 0.99));
    reload.compiling.push(quantile(&times, 0.99));
    reload.compiled.push(milliseconds(written.elapsed()));
    Ok(())
}

/// Milliseconds of a request to a plugin. Requests come a few hundred a second, as those of a busy observatory.
async fn ask(client: &mut Client) -> anyhow::Result<f64> {
    tokio::time::sleep(BETWEEN).await;
    let began = Instant::now();
    let asked = client.call("mount.info", json!({})).await;
    let took = milliseconds(began.elapsed());
    asked.ok().context("an answer")?;
    Ok(took)
}

/// No handler, and so many policies, which differ.
fn fill(directory: &Path, component: &[u8], number: usize) -> anyhow::Result<()> {
    fs::write(directory.join("slewgate.toml"), "")?;
    for kind in ["handlers", "policies"] {
        for file in fs::read_dir(directory.join(kind))? {
            fs::remove_file(file?.path())?;
        }
    }
    for number in 0..number {
        let file = directory.join(format!("policies/type-{number}.wasm"));
        fs::write(file, noted(component, usize::MAX - number))?;
    }
    Ok(())
}

/// Starts a host, waits until it is ready, and ends it.
fn started(setup: &Setup, directory: &Path) -> anyhow::Result<Duration> {
    let ready = directory.join("ready");
    let began = Instant::now();
    let mut host = setup
        .command(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    while !ready.exists() {
        if began.elapsed() > PATIENCE {
            host.kill()?;
            bail!("a host that is never ready");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let took = began.elapsed();
    host.kill()?;
    host.wait()?;
    fs::remove_file(ready)?;
    Ok(took)
}

/// The component with a custom section more: other contents, which do the same.
fn noted(component: &[u8], note: usize) -> Vec<u8> {
    let note = note.to_le_bytes();
    let section = [&[0, 5 + note.len() as u8, 4], b"note".as_slice(), &note].concat();
    [component, &section].concat()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
