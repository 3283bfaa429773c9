//! The process that compiles: low in priority, on one thread, bounded in time and memory, gone with the host.
//!
//! It gets the component on its standard input, after its length, and ends by itself when that input ends. What is wrong is on its
//! standard error.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// The longest that compiling may take. The largest component of the common languages, 18 MB of Python, takes 6 s.
const LONGEST: Duration = Duration::from_secs(120);

/// Bytes of memory that a compiler may have.
const MEMORY: u64 = 4 << 30;

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
    /// Has a component compiled into the cache.
    ///
    /// # Errors
    /// What the compiler says of the component; it took too long, or died.
    pub(crate) async fn compile(&self, cache: &Path, component: Arc<[u8]>) -> anyhow::Result<()> {
        let mut child = self.start(cache)?;
        let (input, output) = (child.stdin.take(), child.stderr.take());
        let child = Running(Arc::new(Mutex::new(child)));
        let own = Arc::clone(&child.0);
        let talking = spawn_blocking(move || {
            let mut said = Vec::new();
            let input = input.context("it has no input")?;
            // Whoever does not read to the end has said why.
            let sent = send(input, &component);
            if let Some(output) = output {
                output.take(MAX_SAID).read_to_end(&mut said)?;
            }
            let ended = lock(&own).wait()?;
            drop(sent);
            anyhow::Ok((ended, said))
        });
        let ended = timeout(LONGEST, talking).await;
        let (ended, said) = ended
            .map_err(|_| anyhow!("compiling it took longer than {} s", LONGEST.as_secs()))?
            .context("the host failed while it was compiled")?
            .context("cannot talk to the process that compiles")?;
        judge(ended, &String::from_utf8_lossy(&said))
    }

    fn start(&self, cache: &Path) -> anyhow::Result<Child> {
        Command::new(&self.program)
            .arg("compile")
            .arg("--cache")
            .arg(cache)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {} to compile", self.program.display()))
    }

    /// The other side: reads the component that the host sends, under the limits of such a process, which ends when the host does.
    ///
    /// # Errors
    /// The limits cannot be set, or no whole component comes.
    pub fn attend() -> anyhow::Result<Vec<u8>> {
        platform::be_modest(MEMORY).context("cannot limit the process that compiles")?;
        let mut input = std::io::stdin().lock();
        let mut length = [0; 8];
        input.read_exact(&mut length)?;
        let mut component = Vec::new();
        let length = u64::from_le_bytes(length);
        input.by_ref().take(length).read_to_end(&mut component)?;
        if component.len() as u64 != length {
            bail!("the component was sent only in part");
        }
        drop(input);
        std::thread::spawn(|| {
            // Nothing more comes: it ends with the host.
            _ = std::io::stdin().read(&mut [0]);
            std::process::exit(1);
        });
        Ok(component)
    }
}

/// The component, after its length. The other side takes the end of its input for the end of the host: so it is kept open.
fn send(mut input: impl Write, component: &[u8]) -> std::io::Result<impl Write> {
    input.write_all(&(component.len() as u64).to_le_bytes())?;
    input.write_all(component)?;
    input.flush()?;
    Ok(input)
}

fn judge(ended: ExitStatus, said: &str) -> anyhow::Result<()> {
    match (ended.success(), said.trim()) {
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
