//! The process that compiles: low in priority, on one thread, bounded in time and memory, gone with the host.
//!
//! It gets what to compile on its standard input, and ends by itself when that input ends. What it made of a plugin and its adapter
//! is on its standard output, what is wrong on its standard error.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::Source;

/// The longest that compiling may take. The largest component of the common languages, 18 MB of Python, takes 6 s.
const LONGEST: Duration = Duration::from_secs(120);

/// Bytes of memory that a compiler may have.
const MEMORY: u64 = 4 << 30;

/// Bytes of a component together with its adapter.
const MAX_COMPOSED: u64 = 128 << 20;

/// Bytes of what it may say.
const MAX_SAID: u64 = 4096;

/// How to start the process that compiles.
#[derive(Clone, Debug)]
pub struct Compiler {
    /// The program, which takes `compile --cache DIR` for [`Compiler::attend`] and [`compile`](super::compile).
    pub program: PathBuf,
}

/// A child that is killed where nobody waits for it any more.
struct Running(Arc<Mutex<Child>>);

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended by itself: nobody is left to kill.
        _ = lock(&self.0).kill();
    }
}

impl Compiler {
    /// Has a component compiled into the cache, and returns it: of a plugin of another contract, with its adapter.
    ///
    /// # Errors
    /// What the compiler says of the component; it took too long, or died.
    pub(crate) async fn compile(&self, cache: &Path, source: Source) -> anyhow::Result<Arc<[u8]>> {
        let plugin = Arc::clone(&source.plugin);
        let mut child = self.start(cache)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let child = Running(Arc::new(Mutex::new(child)));
        let own = Arc::clone(&child.0);
        let talking = spawn_blocking(move || {
            let (Some(mut input), Some(output), Some(errors)) = pipes else {
                bail!("it has no pipes");
            };
            // Whoever does not read to the end has said why.
            let _ = source.send(&mut input);
            let composed = all(output, MAX_COMPOSED)?;
            let said = all(errors, MAX_SAID)?;
            let ended = lock(&own).wait()?;
            // The other side takes the end of its input for the end of the host.
            drop(input);
            anyhow::Ok((ended, said, composed))
        });
        let ended = timeout(LONGEST, talking).await;
        let (ended, said, composed) = ended
            .map_err(|_| anyhow!("compiling it took longer than {} s", LONGEST.as_secs()))?
            .context("the host failed while it was compiled")?
            .context("cannot talk to the process that compiles")?;
        judge(ended, &String::from_utf8_lossy(&said))?;
        Ok(match composed.is_empty() {
            true => plugin,
            false => composed.into(),
        })
    }

    fn start(&self, cache: &Path) -> anyhow::Result<Child> {
        Command::new(&self.program)
            .arg("compile")
            .arg("--cache")
            .arg(cache)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {} to compile", self.program.display()))
    }

    /// The other side: reads what the host sends, under the limits of such a process, which ends when the host does.
    ///
    /// # Errors
    /// The limits cannot be set, or not all of it comes.
    pub fn attend() -> anyhow::Result<Source> {
        platform::be_modest(MEMORY).context("cannot limit the process that compiles")?;
        let source = Source::receive(&mut std::io::stdin().lock())?;
        std::thread::spawn(|| {
            // Nothing more comes: it ends with the host.
            _ = std::io::stdin().read(&mut [0]);
            std::process::exit(1);
        });
        Ok(source)
    }

    /// What the other side answers: the component that was compiled, where it is not the plugin alone.
    ///
    /// # Errors
    /// The host does not read it.
    pub fn answer(source: &Source, compiled: &[u8]) -> std::io::Result<()> {
        if source.adapter.is_none() {
            return Ok(());
        }
        let mut output = std::io::stdout().lock();
        output.write_all(compiled)?;
        output.flush()
    }
}

fn all(from: impl Read, at_most: u64) -> std::io::Result<Vec<u8>> {
    let mut all = Vec::new();
    from.take(at_most).read_to_end(&mut all)?;
    Ok(all)
}

fn judge(ended: ExitStatus, said: &str) -> anyhow::Result<()> {
    // It is a verb of a program, which says its name first.
    let said = said.trim();
    let said = said.strip_prefix("slewgate: ").unwrap_or(said);
    match (ended.success(), said) {
        (true, _) => Ok(()),
        (false, "") => Err(anyhow!("the process that compiled it died: {ended}")),
        (false, said) => Err(anyhow!("{said}")),
    }
}

fn lock(child: &Mutex<Child>) -> std::sync::MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
mod platform {
    use rustix::process::{Resource, Rlimit, nice, setrlimit};

    /// Whatever else the machine does goes first.
    const NICE: i32 = 10;

    pub(super) fn be_modest(memory: u64) -> std::io::Result<()> {
        nice(NICE)?;
        let limit = Rlimit {
            current: Some(memory),
            maximum: Some(memory),
        };
        setrlimit(Resource::As, limit)?;
        // A crash is told to the host; nobody looks at its core.
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        Ok(setrlimit(Resource::Core, none)?)
    }
}

#[cfg(not(unix))]
mod platform {
    pub(super) fn be_modest(_: u64) -> std::io::Result<()> {
        Ok(())
    }
}
