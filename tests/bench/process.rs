//! The servers as child processes: where they listen, and what processor time they took.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::echo;

/// An echo that runs until this is dropped.
pub(crate) struct Echo {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Echo {
    pub(crate) fn start(kind: &str) -> anyhow::Result<Echo> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([echo::SERVE, kind])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("it has an output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse().context("it says where it listens")?;
        Ok(Echo { child, address })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processes that share one processor with this one, until this is dropped.
pub(crate) struct Together {
    processes: Vec<u32>,
    processors: String,
}

impl Together {
    pub(crate) fn keep(others: impl Iterator<Item = u32>) -> anyhow::Result<Together> {
        let processors = allowed()?;
        let last = processors.rsplit([',', '-']).next().unwrap_or_default();
        let processes: Vec<_> = others.chain([std::process::id()]).collect();
        let together = Together {
            processes,
            processors: processors.clone(),
        };
        together.run_on(last)?;
        Ok(together)
    }

    fn run_on(&self, processors: &str) -> anyhow::Result<()> {
        for process in &self.processes {
            let mut taskset = Command::new("taskset");
            taskset.args(["--all-tasks", "--cpu-list", "--pid", processors]);
            let output = taskset.arg(process.to_string()).output();
            let output = output.context("taskset, of util-linux, chooses the processor")?;
            ensure!(output.status.success(), "{output:?}");
        }
        Ok(())
    }
}

impl Drop for Together {
    fn drop(&mut self) {
        // A process that has ended needs no processor.
        let _ = self.run_on(&self.processors);
    }
}

/// The processors that this process may run on, such as `0-3,6`.
fn allowed() -> anyhow::Result<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    Ok(line.context("Linux says it")?.trim().to_owned())
}

/// The time that all threads of a process have run, in user mode and in the system's. The system counts it in nanoseconds for each
/// thread (`schedstat`); for the whole process it has only hundredths of a second.
pub(crate) fn processor_time(process: u32) -> anyhow::Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        // Only threads that rest come to an end.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else {
            continue;
        };
        let ran = text.split(' ').next().unwrap_or_default();
        nanoseconds += ran
            .parse::<u64>()
            .with_context(|| format!("schedstat has another shape than expected: {text}"))?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}
