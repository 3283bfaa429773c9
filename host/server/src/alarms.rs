//! Alarms, beside the security log: `[alarms] command` hears of each, so that somebody looks who does not read logs.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use slewgate_security::log::{SecurityEvent, SecurityLog};

/// Alarms that may wait for the command; more are in the log alone.
const QUEUE: usize = 64;
/// How often one and the same is told.
const AGAIN: Duration = Duration::from_secs(60);
/// How long the command may take for one.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

/// Has the command run for each alarm of the log, one after the other, in a thread that ends with the log.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn start(command: Vec<String>, log: &SecurityLog) -> io::Result<()> {
    let (tell, told) = sync_channel(QUEUE);
    log.tell_alarms(tell);
    thread::Builder::new()
        .name("alarms".into())
        .spawn(move || follow(&command, &told))?;
    Ok(())
}

fn follow(command: &[String], told: &Receiver<SecurityEvent>) {
    let mut newest: HashMap<_, Instant> = HashMap::new();
    while let Ok(event) = told.recv() {
        let now = Instant::now();
        newest.retain(|_, at| now.duration_since(*at) < AGAIN);
        let kind = (event.subject.clone(), event.reason.clone());
        if newest.insert(kind, now).is_some() {
            continue;
        }
        if let Err(error) = tell(command, &event) {
            tracing::error!(command = %command.join(" "), "[alarms] command: {error:#}");
        }
    }
}

fn tell(command: &[String], event: &SecurityEvent) -> anyhow::Result<()> {
    let (program, arguments) = command.split_first().context("it is empty")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("it does not start")?;
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    if let Some(mut input) = child.stdin.take() {
        // One that does not read its input was told all the same: that there is an alarm.
        let _ = input.write_all(&line);
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
