//! What rigs are made from: directories, configuration, compiled code.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use slewgate_engine::{
    Client, Engine, EngineSettings, Limits, PluginKind, Plugins, Printed, QuarantineSettings,
};
use slewgate_serial::{Address, Line, LineOptions, LineSettings, Tap};
use slewgate_simulator::Fault;
use slewgate_sky::{ScaledClock, SharedClock};
use tempfile::TempDir;

use super::device::LineSpec;
use super::heard::Heard;
use super::rig::{CHECK, CHECKED, PATIENCE, Rig};
use crate::config::{self, Config, Site};
use crate::host;
use crate::journal::Journal;
use crate::tables;

/// The policy of that client.
const ALLOW: &str = include_str!("allow.wat");

/// 2026-11-23T22:00:00Z, night where simulators stand: the same stars are up whenever the check is made.
const NIGHT: f64 = 1_795_471_200_000.0;

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

    /// The roles that have a line.
    pub(crate) fn roles(&self) -> Vec<&str> {
        self.lines.iter().map(|line| line.role.as_str()).collect()
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
        let printed = Printed::default();
        let engine = self.engine.heard_by(printed.clone());
        let plugins = Plugins::start(engine, surroundings, settings).await?;
        // A start does not wait for what takes long to compile.
        let mut snapshots = plugins.snapshots();
        snapshots
            .wait_for(|snapshot| !snapshot.is_loading())
            .await
            .context("the host ended")?;
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
            printed,
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
