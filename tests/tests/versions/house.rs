//! A host's plugins: handlers `old`, of the older contract, and `new`, each with a line, and a policy of either contract for clients of a type of that name.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use slewgate_engine::{
    Action, Adapter, Attached, Client, Compiler, Effect, Engine, EngineSettings, Limits, OfTheSite,
    Parts, Permit, PluginEvent, PluginKind, PluginReport, PluginSettings, Plugins, PolicyLimits,
    Runaway, Snapshot, Stage, Surroundings, TableSettings, Version, What,
};
use slewgate_rpc::Refusal;
use slewgate_serial::{Line, LineSettings};
use slewgate_sky::{Sky, SystemClock};
use slewgate_tests::{PATIENCE, program, test_component};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::Receiver;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// What the hardware on both lines answers to `T`.
pub(crate) const LEVEL: &str = "12.5";

/// A policy that allows everything.
const ALLOW: &str = include_str!("../../../host/server/src/check/allow.wat");

/// How it is built.
pub(crate) struct Plan {
    pub(crate) adapters: Vec<Adapter>,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            adapters: adapters(),
        }
    }
}

pub(crate) struct House {
    // Dropped before the directory that they watch, and the peers of their lines.
    pub(crate) plugins: Plugins,
    events: Receiver<PluginEvent>,
    directory: TempDir,
    _peers: JoinSet<()>,
}

/// Those of the older contract.
pub(crate) fn adapters() -> Vec<Adapter> {
    let handlers = Parts {
        exports: component("older-handlers"),
        imports: Some(component("older-state")),
    };
    let policies = Parts {
        exports: component("older-policies"),
        imports: None,
    };
    vec![
        adapter(PluginKind::Handler, handlers),
        adapter(PluginKind::Policy, policies),
    ]
}

pub(crate) fn adapter(kind: PluginKind, parts: Parts) -> Adapter {
    let version = Version {
        major: 0,
        minor: 0,
        patch: 9,
    };
    Adapter {
        kind,
        version,
        parts,
    }
}

/// A test's component.
pub(crate) fn component(name: &str) -> Arc<[u8]> {
    fs::read(test_component(name)).unwrap().into()
}

impl House {
    /// Its hardware was found wherever a handler serves.
    pub(crate) async fn build(plan: Plan) -> House {
        let directory = tempfile::tempdir().unwrap();
        let [handlers, policies] = ["handlers", "policies"].map(|kind| directory.path().join(kind));
        fs::create_dir(&handlers).unwrap();
        fs::create_dir(&policies).unwrap();
        fs::write(handlers.join("old.wasm"), component("older")).unwrap();
        fs::write(handlers.join("new.wasm"), component("heater")).unwrap();
        fs::write(policies.join("old.wasm"), component("older-policy")).unwrap();
        let allow = wat::parse_str(ALLOW).unwrap();
        fs::write(policies.join("new.wasm"), allow).unwrap();

        let (mut peers, mut tables) = (JoinSet::new(), Vec::new());
        for name in ["old", "new"] {
            tables.push((table(name, line(&mut peers).await), Limits::handler()));
        }
        let settings = PluginSettings {
            handlers,
            policies,
            remembered: None,
            host_methods: vec![],
            state: None,
            allowed: None,
            trust: None,
            tables,
            policy_settings: BTreeMap::new(),
            policy_limits: PolicyLimits::default(),
        };
        let surroundings = Surroundings {
            clock: Arc::new(SystemClock),
            sky: Arc::new(Sky::new(0.0)),
            site: None,
            solar_filter: false,
        };
        let engine = Engine::new(&EngineSettings {
            cache: Some(compiled()),
            compiler: Some(Compiler { program: program() }),
            adapters: plan.adapters,
            ..EngineSettings::default()
        });
        let plugins = Plugins::start(engine.unwrap(), surroundings, settings);
        let plugins = plugins.await.unwrap();
        let house = House {
            events: plugins.events(),
            plugins,
            directory,
            _peers: peers,
        };
        house.attached().await;
        house
    }

    async fn attached(&self) {
        let snapshot = self.plugins.current();
        for (name, table) in self.plugins.tables() {
            if snapshot.handler(name).is_none() {
                continue;
            }
            let mut attached = table.attached();
            let found = attached.wait_for(|attached| matches!(attached, Attached::To(_)));
            timeout(PATIENCE, found)
                .await
                .expect("its hardware")
                .unwrap();
        }
    }

    /// Another test's component takes the place of a handler's, as editors save: a file beside it that takes its name.
    pub(crate) fn put(&self, handler: &str, name: &str) {
        let file = self.directory.path().join("handlers").join(handler);
        let (new, file) = (file.with_extension("new"), file.with_extension("wasm"));
        fs::write(&new, component(name)).unwrap();
        fs::rename(new, file).unwrap();
    }

    /// What a handler answers a client of this type.
    pub(crate) async fn call(
        &self,
        client: &str,
        method: &str,
        params: Value,
    ) -> Result<Value, Refusal> {
        let permit = self.permit(client, method, Effect::Observe, params).await?;
        let handled = timeout(PATIENCE, Snapshot::handle(permit)).await;
        let answer = handled.expect("a call without an end")?;
        Ok(serde_json::from_str(answer.get()).unwrap())
    }

    /// What the policy of this client type decides.
    pub(crate) async fn decide(
        &self,
        client: &str,
        method: &str,
        effect: Effect,
    ) -> Result<(), Refusal> {
        let decided = self.permit(client, method, effect, json!({}));
        decided.await.map(drop)
    }

    async fn permit(
        &self,
        client: &str,
        method: &str,
        effect: Effect,
        params: Value,
    ) -> Result<Permit, Refusal> {
        let (table, _) = method.split_once('.').unwrap();
        let action = Action {
            method: method.into(),
            effect,
            params: params.as_object().unwrap().clone(),
            counts: self.plugins.tables()[table].stop_counts(),
            lease: None,
        };
        let client = Client::new(1, "token", "somebody", client, "a client");
        let snapshot = self.plugins.current();
        let decided = timeout(PATIENCE, snapshot.decide(&client, action)).await;
        decided.expect("a decision without an end")
    }

    /// How a plugin stands.
    pub(crate) fn report(&self, kind: PluginKind, name: &str) -> PluginReport {
        let mut reports = self.plugins.reports().into_iter();
        let report = reports.find(|report| report.kind == kind && report.name == name);
        report.unwrap()
    }

    /// Where its file failed, and what is said of that.
    pub(crate) fn failed(&self, kind: PluginKind, name: &str) -> (Stage, String) {
        let failed = self.report(kind, name).candidate.unwrap();
        (failed.stage, failed.cause)
    }

    pub(crate) fn generation(&self, handler: &str) -> u64 {
        let report = self.report(PluginKind::Handler, handler);
        report.generation.unwrap()
    }

    /// The next news of this sort.
    pub(crate) async fn next(&mut self, what: What) -> PluginReport {
        loop {
            let event = timeout(PATIENCE, self.events.recv()).await;
            let event = event.unwrap_or_else(|_| panic!("{what:?} was never told"));
            let event = event.unwrap();
            if event.what == what {
                return event.plugin;
            }
        }
    }
}

/// Where these tests keep what they compiled.
fn compiled() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.with_file_name("compiled-for-tests-of-versions")
}

/// A line to hardware that answers two things.
async fn line(peers: &mut JoinSet<()>) -> Line {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    peers.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Whoever hangs up is waited for no more.
            let _ = answer(stream).await;
        }
    });
    let line = Line::start(LineSettings {
        name: "tcp".into(),
        device: address.parse().unwrap(),
        baud: 9600,
        quiet: Duration::ZERO,
    });
    line.unwrap()
}

async fn answer(stream: TcpStream) -> std::io::Result<()> {
    let (reads, mut writes) = stream.into_split();
    let mut requests = BufReader::new(reads).lines();
    while let Some(request) = requests.next_line().await? {
        let answer = if request == "T" { LEVEL } else { "OK" };
        writes.write_all(format!("{answer}\n").as_bytes()).await?;
    }
    Ok(())
}

fn table(name: &str, line: Line) -> TableSettings {
    TableSettings {
        name: name.into(),
        component: format!("{name}.wasm"),
        settings: "{}".into(),
        lines: BTreeMap::from([("port".into(), line)]),
        stops: BTreeMap::new(),
        runaway: Runaway::default(),
        limits: OfTheSite::Off,
        set_clock: false,
        reload_when_idle: false,
        left_moving: false,
        journal: None,
    }
}
