//! How to connect to the host of `cargo xtask run`, printed once it listens.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::demo::Demo;
use crate::platform;
use crate::workspace::Workspace;

/// How often to look for the ready file.
const LOOK: Duration = Duration::from_millis(50);

/// A host that is not ready after this long has said why.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the host, which is this process's parent, is ready, and prints; ends silently where the host ended.
pub(crate) fn announce(workspace: &Workspace, host: u32) -> anyhow::Result<()> {
    let demo = Demo::new(workspace);
    let began = Instant::now();
    while began.elapsed() < PATIENCE && platform::is_parent(host) {
        if let Some(addresses) = addresses(&demo) {
            println!("{}", text(workspace, &demo, &addresses));
            return Ok(());
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// Where the host listens.
struct Addresses {
    command: String,
    web: String,
}

/// Once the host's ready file says so.
fn addresses(demo: &Demo) -> Option<Addresses> {
    let ready: Value = serde_json::from_slice(&fs::read(&demo.ready).ok()?).ok()?;
    let of = |port: &str| ready[port].as_str().map(str::to_owned);
    Some(Addresses {
        command: of("command")?,
        web: of("web")?,
    })
}

fn text(workspace: &Workspace, demo: &Demo, addresses: &Addresses) -> String {
    let shown = |path: &Path| workspace.shown(path).display().to_string();
    include_str!("announce.txt")
        .replace("{address}", &addresses.command)
        .replace("{web}", &addresses.web)
        .replace("{slewgate}", &shown(&demo.slewgate))
        .replace("{data}", &shown(&demo.data))
        .replace("{plugins}", &shown(&workspace.target.join("plugins")))
        .replace("{telescope}", &shown(&demo.token_file("telescope")))
        .replace("{observer}", &shown(&demo.token_file("observer")))
}
