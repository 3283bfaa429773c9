//! Calls of plugins through the engine, in this process: of a warm instance, and of one that is made for the call.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Map;
use slewgate_engine::{
    Action, Client, Effect, Engine, EngineSettings, Limits, OfTheSite, Permit, PluginSettings,
    Plugins, PolicyLimits, Runaway, Snapshot, StopCounts, Surroundings, TableSettings,
};
use slewgate_sky::{Sky, SystemClock};
use slewgate_tests::{plugins, test_component};
use tempfile::TempDir;

use crate::Extent;
use crate::blocks::{Blocks, quantile};

/// Warm calls, and instances, of one block.
const WARM: usize = 300;
const FRESH: usize = 20;

/// Names a directory of policies that do the same, each in a language, such as `python.wasm`: none, where their tools are missing.
const LANGUAGES: &str = "SLEWGATE_LANGUAGES";

/// What the client type of such a policy has behind it where each of its decisions has an instance of its own.
const FRESHLY: &str = "-fresh";

/// Microseconds of a call.
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) p50: Blocks,
    pub(crate) p99: Blocks,
}

/// A policy and the handler `unruly`, whose instance ends with its command `traps`: the next call needs another one.
struct Guests {
    // Dropped before the directory that they watch.
    plugins: Plugins,
    client: Client,
    /// Those in which there is a policy.
    languages: Vec<String>,
    _directory: TempDir,
}

pub(crate) async fn measure(extent: Extent) -> anyhow::Result<Vec<Call>> {
    let guests = Guests::load().await?;
    let mut calls = vec![
        Call::new("policy, warm".into()),
        Call::new("handler, warm".into()),
        Call::new("handler, fresh instance".into()),
    ];
    for language in &guests.languages {
        calls.push(Call::new(format!("policy in {language}")));
        calls.push(Call::new(format!("policy in {language}, fresh")));
    }
    for block in 0..extent.warm_up + extent.blocks {
        let times = guests.block().await?;
        if block >= extent.warm_up {
            for (call, times) in calls.iter_mut().zip(times) {
                call.p50.push(quantile(&times, 0.5));
                call.p99.push(quantile(&times, 0.99));
            }
        }
    }
    Ok(calls)
}

impl Call {
    fn new(name: String) -> Call {
        Call {
            name,
            p50: Blocks::default(),
            p99: Blocks::default(),
        }
    }
}

impl Guests {
    async fn load() -> anyhow::Result<Guests> {
        let directory = TempDir::new()?;
        let [handlers, policies] = ["handlers", "policies"].map(|kind| directory.path().join(kind));
        fs::create_dir(&handlers)?;
        fs::create_dir(&policies)?;
        fs::copy(test_component("unruly"), handlers.join("unruly.wasm"))?;
        fs::copy(
            plugins().join("policies/telescope.wasm"),
            policies.join("telescope.wasm"),
        )?;
        let (languages, own) = languages(&policies)?;
        let table = TableSettings {
            name: "plugin".into(),
            component: "unruly.wasm".into(),
            settings: "{}".into(),
            lines: BTreeMap::new(),
            stops: BTreeMap::new(),
            runaway: Runaway::default(),
            limits: OfTheSite::Off,
            set_clock: false,
            reload_when_idle: false,
            left_moving: false,
            journal: None,
        };
        let settings = PluginSettings {
            handlers,
            policies,
            remembered: None,
            host_methods: vec![],
            state: None,
            allowed: None,
            trust: None,
            tables: vec![(table, Limits::handler())],
            policy_settings: BTreeMap::new(),
            policy_limits: PolicyLimits {
                own,
                ..PolicyLimits::default()
            },
        };
        let surroundings = Surroundings {
            clock: Arc::new(SystemClock),
            sky: Arc::new(Sky::new(0.0)),
            site: None,
            solar_filter: false,
        };
        let engine = Engine::new(&EngineSettings::default())?;
        let client = Client::new(1, "bench", "bench", "telescope", "the bench");
        let plugins = Plugins::start(engine, surroundings, settings).await?;
        // A start does not wait for what takes long to compile.
        let mut snapshots = plugins.snapshots();
        snapshots
            .wait_for(|snapshot| !snapshot.is_loading())
            .await?;
        Ok(Guests {
            plugins,
            client,
            languages,
            _directory: directory,
        })
    }

    /// Microseconds of each call, of each kind in turn.
    async fn block(&self) -> anyhow::Result<Vec<Vec<f64>>> {
        let mut times = vec![Vec::new(); 3];
        for _ in 0..WARM {
            let (permit, decided) = self.decide("plugin.counts").await?;
            let (_, handled) = self.handle(permit).await?;
            times[0].push(microseconds(decided));
            times[1].push(microseconds(handled));
        }
        for _ in 0..FRESH {
            let (permit, _) = self.decide("plugin.traps").await?;
            if Snapshot::handle(permit).await.is_ok() {
                bail!("a trap answers");
            }
            let (permit, _) = self.decide("plugin.counts").await?;
            let (calls, handled) = self.handle(permit).await?;
            ensure!(calls == r#"{"calls":1}"#, "{calls}: not a fresh instance");
            times[2].push(microseconds(handled));
        }
        for language in &self.languages {
            times.push(self.decisions(language, WARM).await?);
            let fresh = format!("{language}{FRESHLY}");
            times.push(self.decisions(&fresh, FRESH).await?);
        }
        Ok(times)
    }

    /// Microseconds of decisions of the policy of a client type.
    async fn decisions(&self, client_type: &str, count: usize) -> anyhow::Result<Vec<f64>> {
        let client = Client::new(1, "bench", "bench", client_type, "the bench");
        let mut times = Vec::new();
        for _ in 0..count {
            let action = Action {
                method: "plugin.stop".into(),
                // Every policy allows it, and is asked each time.
                effect: Effect::Stop,
                params: Map::new(),
                counts: StopCounts::default(),
                lease: None,
            };
            let snapshot = self.plugins.current();
            let began = Instant::now();
            let decided = snapshot.decide(&client, action).await;
            times.push(microseconds(began.elapsed()));
            decided.ok().context("a visitor may stop")?;
        }
        Ok(times)
    }

    async fn decide(&self, method: &str) -> anyhow::Result<(Permit, Duration)> {
        let action = Action {
            method: method.into(),
            // What only observes, the policy would be asked once.
            effect: Effect::Move,
            params: Map::new(),
            counts: StopCounts::default(),
            lease: None,
        };
        let snapshot = self.plugins.current();
        let began = Instant::now();
        let decided = snapshot.decide(&self.client, action).await;
        let took = began.elapsed();
        Ok((decided.ok().context("a telescope may observe")?, took))
    }

    async fn handle(&self, permit: Permit) -> anyhow::Result<(String, Duration)> {
        let began = Instant::now();
        let handled = Snapshot::handle(permit).await;
        let took = began.elapsed();
        Ok((handled.ok().context("it counts")?.get().to_owned(), took))
    }
}

/// Files the policies in other languages, each twice: once with an instance for each call. Answers their names, and those limits.
fn languages(policies: &Path) -> anyhow::Result<(Vec<String>, BTreeMap<String, Limits>)> {
    let (mut names, mut limits) = (Vec::new(), BTreeMap::new());
    let Some(directory) = std::env::var_os(LANGUAGES) else {
        return Ok((names, limits));
    };
    for file in fs::read_dir(directory)? {
        let path = file?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.context("a policy without a name")?.to_owned();
        fs::copy(&path, policies.join(format!("{name}.wasm")))?;
        let fresh = format!("{name}{FRESHLY}");
        fs::copy(&path, policies.join(format!("{fresh}.wasm")))?;
        let each = Limits {
            recycle: 1,
            ..Limits::policy()
        };
        limits.insert(fresh, each);
        names.push(name);
    }
    names.sort();
    Ok((names, limits))
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
