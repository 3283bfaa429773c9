//! The host as it is, with the component under check in a directory of its own: the real loading, limits, lines, motions and
//! calls. Nothing but the sockets is left out, and hardware is simulated.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Map, Value};
use slewgate_engine::{
    Action, Attached, CandidateReport, Client, Effect, Handler, Plugins, Printed, Snapshot,
    StoppedBy, Table,
};
use slewgate_rpc::{Code, Refusal};
use slewgate_serial::Line;
use slewgate_simulator::Fault;
use tokio::time::{sleep, timeout};

use super::device::Device;
use super::heard::Heard;
use crate::bytes;

/// The name of the table, or the client type, that the component serves.
pub(crate) const CHECKED: &str = "checked";

/// The type of the check's own client.
pub(super) const CHECK: &str = "check";

/// How long what a call started may take to stand once it was stopped, and the hardware to be found again.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// How often what has no event of its own is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// A running host. It ends when this is dropped.
pub(crate) struct Rig {
    pub(crate) plugins: Plugins,
    pub(super) lines: BTreeMap<String, Line>,
    pub(super) devices: Vec<Device>,
    pub(super) heard: Arc<Heard>,
    /// By the plugin.
    pub(super) printed: Printed,
    pub(super) client: Client,
    /// The longest that a call may take before the host itself is at fault.
    pub(super) longest: Duration,
}

/// What is asked of a handler.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked {
    /// The hardware's state.
    Sample,
    /// A command, with its example.
    Command {
        verb: String,
        effect: Effect,
        example: Map<String, Value>,
    },
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) outcome: Result<Value, Refusal>,
    pub(crate) took: Duration,
    /// Pieces of answers that the call got on its lines.
    pub(crate) heard: usize,
    /// What the plugin printed meanwhile.
    pub(crate) printed: Vec<String>,
}

impl Asked {
    /// As a report names it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Asked::Sample => "sample",
            Asked::Command { verb, .. } => verb,
        }
    }

    /// Whether it changes the hardware.
    pub(crate) fn changes(&self) -> bool {
        match self {
            Asked::Sample => false,
            Asked::Command { effect, .. } => matches!(effect, Effect::Move | Effect::Configure),
        }
    }

    /// The sample, where there is one, and every command of a handler.
    pub(crate) fn all(handler: &Handler) -> Vec<Asked> {
        let commands = handler.commands().map(|command| Asked::Command {
            verb: command.verb.clone(),
            effect: command.effect,
            example: command.example.clone(),
        });
        let sample = handler.sample_every().map(|_| Asked::Sample);
        sample.into_iter().chain(commands).collect()
    }
}

impl Rig {
    /// Why the component does not serve, if it does not.
    pub(crate) fn failure(&self) -> Option<CandidateReport> {
        let reports = self.plugins.reports();
        let ours = reports.iter().find(|report| report.name == CHECKED)?;
        ours.candidate.clone()
    }

    /// What serves now.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.plugins.current()
    }

    /// The check's own client.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The component under check, where it is a handler.
    pub(crate) fn handler(&self) -> Result<Arc<Handler>> {
        let snapshot = self.snapshot();
        snapshot
            .handler(CHECKED)
            .cloned()
            .context("the handler does not serve")
    }

    /// The role of the line that it asked for and was not given.
    pub(crate) fn unknown_role(&self) -> Option<String> {
        self.table().and_then(|table| table.unknown_role())
    }

    fn table(&self) -> Option<&Arc<Table>> {
        self.plugins.tables().get(CHECKED)
    }

    /// What became of `attach` when it was tried first.
    pub(crate) async fn attached(&self) -> Attached {
        self.attached_as(|attached| *attached != Attached::NotYet, PATIENCE)
            .await
    }

    /// The same once it succeeded, or after a while of failures.
    pub(crate) async fn found(&self) -> Attached {
        self.found_within(PATIENCE).await
    }

    /// The same after this long.
    pub(crate) async fn found_within(&self, patience: Duration) -> Attached {
        self.attached_as(|attached| matches!(attached, Attached::To(_)), patience)
            .await
    }

    async fn attached_as(
        &self,
        wanted: impl Fn(&Attached) -> bool,
        patience: Duration,
    ) -> Attached {
        let Some(table) = self.table() else {
            return Attached::NotYet;
        };
        let mut attached = table.attached();
        let _ = timeout(patience, attached.wait_for(wanted)).await;
        attached.borrow().clone()
    }

    /// What the handler said that a script has no answer to, for whoever reads on.
    pub(crate) fn unknown(&self) -> String {
        let unknown: Vec<u8> = self.devices.iter().flat_map(Device::unknown).collect();
        match unknown.is_empty() {
            true => String::new(),
            false => format!("; the script has no answer to {}", bytes::to_text(&unknown)),
        }
    }

    /// From now on this is wrong with every line.
    pub(crate) fn suffer(&self, fault: &Fault) {
        for device in &self.devices {
            device.faults().add(fault.clone());
        }
    }

    /// Nothing is wrong any more.
    pub(crate) fn recover(&self) {
        for device in &self.devices {
            device.faults().clear();
        }
    }

    /// Asks as a client that may do everything.
    pub(crate) async fn ask(&self, asked: &Asked) -> Answered {
        let call = match asked {
            Asked::Sample => "sample".to_owned(),
            Asked::Command { verb, .. } => format!("handle {verb}"),
        };
        self.heard.take(&call);
        self.printed.clear();
        let began = Instant::now();
        let outcome = timeout(self.longest, Box::pin(self.answer(asked))).await;
        let took = began.elapsed();
        let never = |_| {
            let cause = format!("it did not end within {} s", self.longest.as_secs());
            Err(Refusal::exhausted("", cause))
        };
        Answered {
            outcome: outcome.unwrap_or_else(never),
            took,
            heard: self.heard.take(&call),
            printed: self.printed.take(),
        }
    }

    /// The same once the line is open again: as long as nothing was written, nothing is known of the handler.
    pub(crate) async fn ask_again(&self, asked: &Asked) -> Answered {
        let until = Instant::now() + PATIENCE;
        loop {
            let answered = self.ask(asked).await;
            let waits = answered.outcome.as_ref().is_err_and(is_of_the_host);
            if !waits || Instant::now() > until {
                return answered;
            }
            sleep(LOOK).await;
        }
    }

    async fn answer(&self, asked: &Asked) -> Result<Value, Refusal> {
        let snapshot = self.snapshot();
        let text = match asked {
            Asked::Sample => {
                let reading = snapshot.observe(CHECKED, Duration::ZERO).await?;
                reading.data().to_owned()
            }
            Asked::Command {
                verb,
                effect,
                example,
            } => {
                let counts = self.table().map(|table| table.stop_counts());
                let lease = example.get("lease_ms").and_then(Value::as_u64);
                let action = Action {
                    method: format!("{CHECKED}.{verb}"),
                    effect: *effect,
                    params: example.clone(),
                    counts: counts.unwrap_or_default(),
                    lease: lease.map(Duration::from_millis),
                };
                let permit = snapshot.decide(&self.client, action).await?;
                Snapshot::handle(permit).await?.get().to_owned()
            }
        };
        serde_json::from_str(&text)
            .map_err(|error| Refusal::internal("", format!("a result that is not JSON: {error}")))
    }

    /// Stops what moves, and waits until it stands.
    ///
    /// # Errors
    /// What goes on.
    pub(crate) async fn settle(&self) -> Result<(), String> {
        let Some(table) = self.table() else {
            return Ok(());
        };
        let until = Instant::now() + PATIENCE;
        let mut stopped = Err(String::new());
        // Each time: a device that was unplugged comes back, and what has no stop has to stand by itself.
        while !self.rests(table).await {
            if stopped.is_err() {
                stopped = self.stop(table).await;
            }
            if Instant::now() > until {
                let seconds = PATIENCE.as_secs();
                return stopped.and(Err(format!("it moves {seconds} s after it was stopped")));
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    async fn stop(&self, table: &Table) -> Result<(), String> {
        let by = StoppedBy("the check".to_owned());
        match timeout(PATIENCE, self.plugins.stop(table, &by).sent()).await {
            Ok(sent) => sent.map(drop).map_err(|error| error.to_string()),
            Err(_) => Err("the line takes no stop".to_owned()),
        }
    }

    async fn rests(&self, table: &Table) -> bool {
        if !table.motions().is_empty() || self.devices.iter().any(Device::moves) {
            return false;
        }
        let sampled = self
            .handler()
            .is_ok_and(|handler| handler.sample_every().is_some());
        if !sampled {
            return true;
        }
        match self.snapshot().observe(CHECKED, Duration::ZERO).await {
            Ok(reading) => !reading.moving(),
            Err(_) => false,
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.lines.values().for_each(Line::close);
    }
}

/// The host has no line to the hardware yet, and wrote nothing.
fn is_of_the_host(refusal: &Refusal) -> bool {
    let outcome = refusal.data.as_ref().and_then(|data| data.get("outcome"));
    match refusal.code {
        Code::Busy | Code::Stopped => true,
        Code::Hardware => outcome.is_some_and(|outcome| outcome == "not_started"),
        _ => false,
    }
}
