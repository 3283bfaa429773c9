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

use super::{Made, Source, memory};
use crate::reload::Passing;

/// The longest that compiling may take. The largest component of the common languages, 18 MB of Python, takes 6 s.
const LONGEST: Duration = Duration::from_secs(120);

/// Bytes of a component together with its adapter.
const MAX_COMPOSED: u64 = 128 << 20;

/// Bytes of what it may say.
const MAX_SAID: u64 = 4096;

/// How to start the process that compiles.
#[derive(Clone, Debug)]
pub struct Compiler {
    /// The program, which takes `compile [--cache DIR]` for [`Compiler::attend`] and [`compile`](super::compile).
    pub program: PathBuf,
}

/// What is left of the process.
struct Ended {
    how: ExitStatus,
    said: Vec<u8>,
    composed: Vec<u8>,
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
    /// Has a component compiled into the cache, and returns it: of a plugin of another contract, with its adapter. Without a cache
    /// it was compiled all the same, and neither took too long nor killed who did it.
    ///
    /// # Errors
    /// What the compiler says of the component. It could not be started, took too long, or died: [`Passing`].
    pub(crate) async fn compile(
        &self,
        cache: Option<&Path>,
        source: Source,
    ) -> anyhow::Result<Arc<[u8]>> {
        let plugin = Arc::clone(&source.plugin);
        let Ended {
            how,
            said,
            composed,
        } = self.run(cache, source).await.context(Passing)?;
        judge(how, &String::from_utf8_lossy(&said))?;
        Ok(match composed.is_empty() {
            true => plugin,
            false => composed.into(),
        })
    }

    /// The process from its start to its end.
    async fn run(&self, cache: Option<&Path>, source: Source) -> anyhow::Result<Ended> {
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
            let how = lock(&own).wait()?;
            // The other side takes the end of its input for the end of the host.
            drop(input);
            anyhow::Ok(Ended {
                how,
                said,
                composed,
            })
        });
        let ended = timeout(LONGEST, talking).await;
        ended
            .map_err(|_| anyhow!("compiling it took longer than {} s", LONGEST.as_secs()))?
            .context("the host failed while it was compiled")?
            .context("cannot talk to the process that compiles")
    }

    fn start(&self, cache: Option<&Path>) -> anyhow::Result<Child> {
        let mut command = Command::new(&self.program);
        command.arg("compile");
        if let Some(cache) = cache {
            command.arg("--cache").arg(cache);
        }
        command
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
        platform::be_modest(memory::share()).context("cannot limit the process that compiles")?;
        let source = Source::receive(&mut std::io::stdin().lock())?;
        std::thread::spawn(|| {
            // Nothing more comes: it ends with the host.
            _ = std::io::stdin().read(&mut [0]);
            std::process::exit(1);
        });
        Ok(source)
    }

    /// What the other side answers: the component that was compiled, where it is not the plugin alone; and why its code was not kept.
    ///
    /// # Errors
    /// The host does not read it.
    pub fn answer(source: &Source, made: &Made) -> std::io::Result<()> {
        if source.adapter.is_some() {
            let mut output = std::io::stdout().lock();
            output.write_all(&made.component)?;
            output.flush()?;
        }
        match &made.unkept {
            Some(why) => write!(std::io::stderr(), "{why:#}"),
            None => Ok(()),
        }
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
    match (ended.code(), said) {
        (Some(0), "") => Ok(()),
        (Some(0), why) => {
            tracing::warn!(why, "what was compiled is not kept");
            Ok(())
        }
        (Some(_), said) if !said.is_empty() => Err(anyhow!("{said}")),
        // What a signal ends says at most how it felt, and may have been healthy.
        _ => {
            let died = format!("the process that compiled it died: {ended}; {said}");
            let died = died.trim_end_matches("; ").to_owned();
            Err(anyhow!(died).context(Passing))
        }
    }
}

fn lock(child: &Mutex<Child>) -> std::sync::MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
mod platform {
    use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};

    /// Whatever else the machine does goes first.
    const NICE: i32 = 10;

    pub(super) fn be_modest(memory: u64) -> std::io::Result<()> {
        // A sandbox may forbid it, and nothing hangs on it.
        let _ = nice(NICE);
        // Nobody may have more than the host was given.
        let given = getrlimit(Resource::As).maximum;
        let limit = Some(given.map_or(memory, |given| given.min(memory)));
        let limit = Rlimit {
            current: limit,
            maximum: limit,
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

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn source() -> Source {
        Source {
            plugin: Arc::from(*b"plugin"),
            adapter: None,
        }
    }

    async fn error(program: &str) -> anyhow::Error {
        let compiler = Compiler {
            program: PathBuf::from(program),
        };
        compiler.compile(None, source()).await.unwrap_err()
    }

    #[tokio::test]
    async fn what_became_of_the_process_is_passing_and_what_it_says_of_the_component_is_not() {
        let cannot_start = error("/nowhere/slewgate").await;
        assert!(cannot_start.is::<Passing>(), "{cannot_start:#}");
        let said_nothing = error("false").await;
        assert!(said_nothing.is::<Passing>(), "{said_nothing:#}");
        for (signal, said) in [(9, ""), (6, "memory allocation of 65536 bytes failed")] {
            let died = judge(ExitStatus::from_raw(signal), said).unwrap_err();
            assert!(died.is::<Passing>(), "{died:#}");
            let why = format!("{died:#}");
            let wanted = format!("that compiled it died: signal: {signal}");
            assert!(
                why.contains(&wanted) && why.ends_with(if said.is_empty() { ")" } else { said }),
                "{why}"
            );
        }
        let of_the_component = judge(ExitStatus::from_raw(1 << 8), "slewgate: it is not valid");
        let of_the_component = of_the_component.unwrap_err();
        assert!(!of_the_component.is::<Passing>());
        assert_eq!(of_the_component.to_string(), "it is not valid");
    }
}
