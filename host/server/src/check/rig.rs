//! The host as it is, with the component under check in a directory of its own: the real loading, limits, lines, motions and
//! calls. Nothing but the sockets is left out, and hardware is simulated.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use slewgate_engine::{
    Action, Attached, CandidateReport, Client, Effect, Engine, EngineSettings, Handler, Limits,
    PluginKind, Plugins, QuarantineSettings, Snapshot, StoppedBy, Table,
};
use slewgate_rpc::{Code, Refusal};
use slewgate_serial::{Address, Line, LineOptions, LineSettings, Tap};
use slewgate_simulator::Fault;
use slewgate_sky::{ScaledClock, SharedClock};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::device::{Device, LineSpec};
use super::heard::Heard;
use crate::bytes;
use crate::config::{self, Config, Site};
use crate::host;
use crate::journal::Journal;
use crate::tables;

/// The name of the table, or the client type, that the component serves.
pub(crate) const CHECKED: &str = "checked";

/// The type of the check's own client.
const CHECK: &str = "check";

/// The policy of that client.
const ALLOW: &str = include_str!("allow.wat");

/// 2026-11-23T22:00:00Z, night where simulators stand: the same stars are up whenever the check is made.
const NIGHT: f64 = 1_795_471_200_000.0;

/// How long what a call started may take to stand once it was stopped, and the hardware to be found again.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often what has no event of its own is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What every rig is made from.
pub(crate) struct Bench {
    engine: Engine,
    kind: PluginKind,
    component: Vec<u8>,
    settings: Map<String, Value>,
    lines: Vec<LineSpec>,
    folder: TempDir,
    rigs: AtomicUsize,
}

/// A running host. It ends when this is dropped.
pub(crate) struct Rig {
    pub(crate) plugins: Plugins,
    lines: BTreeMap<String, Line>,
    devices: Vec<Device>,
    heard: Arc<Heard>,
    client: Client,
    /// The longest that a call may take before the host itself is at fault.
    longest: Duration,
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

impl Bench {
    /// Compiled code is kept for as long as this lives, so that only the first rig takes its time.
    pub(crate) fn new(
        kind: PluginKind,
        component: Vec<u8>,
        settings: Map<String, Value>,
        lines: Vec<LineSpec>,
    ) -> Result<Bench> {
        let folder = TempDir::with_prefix("slewgate-check-").context("cannot make a directory")?;
        let engine = Engine::new(&EngineSettings {
            cache: Some(folder.path().join("cache")),
            ..EngineSettings::default()
        })?;
        Ok(Bench {
            engine,
            kind,
            component,
            settings,
            lines,
            folder,
            rigs: AtomicUsize::new(0),
        })
    }

    /// Whether the handler has lines.
    pub(crate) fn has_lines(&self) -> bool {
        !self.lines.is_empty()
    }

    /// A host of its own, on devices of its own, that suffer from this from the beginning.
    pub(crate) async fn set_up(&self, fault: Option<&Fault>) -> Result<Rig> {
        let number = self.rigs.fetch_add(1, Ordering::Relaxed);
        let data = self.folder.path().join(number.to_string());
        self.furnish(&data).context("cannot fill a directory")?;
        let clock: SharedClock = Arc::new(ScaledClock::new(NIGHT, 1.0));
        let config = self.config(&data)?;
        let (heard, mut devices) = (Arc::<Heard>::default(), Vec::new());
        let mut lines = BTreeMap::new();
        for spec in &self.lines {
            let device = spec.start(&data.join(&spec.role), &clock)?;
            fault
                .into_iter()
                .for_each(|fault| drop(device.faults().add(fault.clone())));
            devices.push(device);
            let configured = config
                .lines
                .get(&spec.role)
                .context("a line is not configured")?;
            let tap = Arc::clone(&heard) as Arc<dyn Tap>;
            lines.insert(spec.role.clone(), start_line(&spec.role, configured, tap)?);
        }
        let surroundings = host::surroundings(&config, &clock);
        let (journal, _) = Journal::start(&data, &config.lines, Vec::new(), Arc::new(|_, _| {}))?;
        let settings = tables::plugin_settings(
            &config,
            &data,
            &lines,
            &surroundings,
            &Arc::new(journal),
            &[],
            Vec::new(),
        );
        let plugins = Plugins::start(self.engine.clone(), surroundings, settings).await?;
        plugins
            .tables()
            .values()
            .for_each(|table| table.note_rest());
        let client_type = match self.kind {
            PluginKind::Handler => CHECK,
            PluginKind::Policy => CHECKED,
        };
        Ok(Rig {
            plugins,
            lines,
            devices,
            heard,
            client: Client::new(1, CHECK, CHECK, client_type, "the check"),
            longest: config.engine.handler.waiting + PATIENCE,
        })
    }

    /// The directory of a host.
    fn furnish(&self, data: &Path) -> Result<()> {
        let (handlers, policies) = (data.join("handlers"), data.join("policies"));
        fs::create_dir_all(&handlers)?;
        fs::create_dir_all(&policies)?;
        let folder = match self.kind {
            PluginKind::Handler => {
                fs::write(
                    policies.join(format!("{CHECK}.wasm")),
                    wat::parse_str(ALLOW)?,
                )?;
                handlers
            }
            PluginKind::Policy => policies,
        };
        fs::write(folder.join(format!("{CHECKED}.wasm")), &self.component)?;
        Ok(())
    }

    /// That of a host which nobody configured, but for the plugin and its lines.
    fn config(&self, data: &Path) -> Result<Config> {
        let mut config = Config::parse("the check's configuration", "", &[])?;
        config.site = Some(Site::SIMULATED);
        let (Some((_, line)), Some((_, plugin))) =
            (config.lines.pop_first(), config.plugins.pop_first())
        else {
            bail!("the default configuration has no line and no plugin");
        };
        let lines = self.lines.iter().map(|spec| {
            let device = data.join(&spec.role).display().to_string();
            let line = config::Line {
                device: config::Device::Hardware(Address::Serial(device)),
                ..line.clone()
            };
            (spec.role.clone(), line)
        });
        config.lines = lines.collect();
        match self.kind {
            PluginKind::Handler => {
                let roles = self
                    .lines
                    .iter()
                    .map(|spec| (spec.role.clone(), spec.role.clone()));
                let plugin = config::Plugin {
                    component: format!("{CHECKED}.wasm"),
                    lines: roles.collect(),
                    settings: self.settings.clone(),
                    allowance: patient(config.engine.handler.clone()),
                    ..plugin
                };
                config.plugins = BTreeMap::from([(CHECKED.to_owned(), plugin)]);
            }
            PluginKind::Policy => {
                let policy = config::Policy {
                    settings: self.settings.clone(),
                    allowance: patient(config.engine.policy.clone()),
                };
                config.plugins.clear();
                config.policies = BTreeMap::from([(CHECKED.to_owned(), policy)]);
            }
        }
        Ok(config)
    }
}

/// However often it fails, it is called again: all that it does is to be seen.
fn patient(limits: Limits) -> Limits {
    let quarantine = QuarantineSettings {
        failures: u32::MAX,
        ..limits.quarantine
    };
    Limits {
        quarantine,
        ..limits
    }
}

fn start_line(role: &str, line: &config::Line, tap: Arc<dyn Tap>) -> Result<Line> {
    let config::Device::Hardware(device) = &line.device else {
        bail!("the line {role} has no device");
    };
    let settings = LineSettings {
        name: role.to_owned(),
        device: device.clone(),
        baud: line.baud,
        quiet: line.quiet,
    };
    let options = LineOptions {
        tap: Some(tap),
        ..LineOptions::default()
    };
    Line::start_with(settings, options).with_context(|| format!("cannot start the line {role}"))
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
