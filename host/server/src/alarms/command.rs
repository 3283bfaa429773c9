//! `[alarms] command`: a program hears of an alarm on its input.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};

/// How long the command may take for one.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

/// Runs it, with `line` on its input.
pub(super) fn tell(command: &[String], line: &str) -> anyhow::Result<()> {
    let (program, arguments) = command.split_first().context("it is empty")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("it does not start")?;
    if let Some(mut input) = child.stdin.take() {
        // One that does not read its input was told all the same: that there is an alarm.
        let _ = writeln!(input, "{line}");
    }
    ended(&mut child)
}

fn ended(child: &mut Child) -> anyhow::Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(anyhow!("it failed: {status}")),
            None if Instant::now() >= until => {
                child.kill()?;
                child.wait()?;
                return Err(anyhow!(
                    "it took more than {} s, and was ended",
                    PATIENCE.as_secs()
                ));
            }
            None => thread::sleep(LOOK),
        }
    }
}
