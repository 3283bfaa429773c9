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
        if let Some(address) = address(&demo) {
            println!("{}", text(workspace, &demo, &address));
            return Ok(());
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// Where the host takes commands, once its ready file says so.
fn address(demo: &Demo) -> Option<String> {
    let ready: Value = serde_json::from_slice(&fs::read(&demo.ready).ok()?).ok()?;
    ready["command"].as_str().map(str::to_owned)
}

fn text(workspace: &Workspace, demo: &Demo, address: &str) -> String {
    let shown = |path: &Path| workspace.shown(path).display().to_string();
    include_str!("announce.txt")
        .replace("{address}", address)
        .replace("{slewgate}", &shown(&demo.slewgate))
        .replace("{data}", &shown(&demo.data))
        .replace("{plugins}", &shown(&workspace.target.join("plugins")))
        .replace("{telescope}", &shown(&demo.token_file("telescope")))
        .replace("{observer}", &shown(&demo.token_file("observer")))
}
