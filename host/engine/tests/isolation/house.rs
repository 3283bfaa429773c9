//! A handler and a policy that are hostile, on a line that is silent.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use slewgate_engine::{
    Action, Attached, Client, Effect, Engine, EngineSettings, Limits, OfTheSite, Permit,
    PluginEvent, PluginReport, PluginSettings, Plugins, PolicyLimits, QuarantineSettings, Runaway,
    Snapshot, Surroundings, Table, TableSettings, What,
};
use slewgate_rpc::Refusal;
use slewgate_serial::{Line, LineSettings};
use slewgate_sky::{Sky, SystemClock};
use tempfile::TempDir;
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

/// For everything that a test waits for.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// Of both plugins, and of the type of client.
pub(crate) const NAME: &str = "hostile";

pub(crate) struct House {
    // Dropped before the directory that they watch, and the peer of their line.
    pub(crate) plugins: Plugins,
    pub(crate) events: Receiver<PluginEvent>,
    directory: TempDir,
    pub(crate) peer: TcpListener,
}

/// How it is built.
pub(crate) struct Plan {
    /// What the handler does, and in which export.
    pub(crate) handler: Value,
    pub(crate) policy: Value,
    pub(crate) limits: Limits,
    pub(crate) policy_limits: Limits,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            handler: json!({}),
            policy: json!({}),
            limits: Limits::handler(),
            policy_limits: Limits::policy(),
        }
    }
}

/// Settings by which an export does something.
pub(crate) fn at(export: &str, does: &str) -> Value {
    json!({ "at": export, "does": does })
}

/// Defaults, but for the failures that are too many, however close together.
pub(crate) fn quarantined_after(failures: u32) -> Limits {
    Limits {
        quarantine: QuarantineSettings {
            failures,
            apart: Duration::ZERO,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
        },
        ..Limits::handler()
    }
}

impl House {
    pub(crate) async fn build(plan: Plan) -> House {
        let directory = tempfile::tempdir().unwrap();
        let [handlers, policies] = ["handlers", "policies"].map(|kind| directory.path().join(kind));
        fs::create_dir(&handlers).unwrap();
        fs::create_dir(&policies).unwrap();
        fs::copy(component("hostile"), handlers.join("hostile.wasm")).unwrap();
        fs::copy(component("hostile-policy"), policies.join("hostile.wasm")).unwrap();
        let (peer, line) = silent_line();
        let settings = PluginSettings {
            handlers,
            policies,
            remembered: None,
            host_methods: vec![],
            state: None,
            allowed: None,
            trust: None,
            tables: vec![(table(&plan.handler, line), plan.limits)],
            policy_settings: BTreeMap::from([(NAME.into(), plan.policy.to_string())]),
            policy_limits: PolicyLimits {
                usual: plan.policy_limits,
                own: BTreeMap::new(),
            },
        };
        let surroundings = Surroundings {
            clock: Arc::new(SystemClock),
            sky: Arc::new(Sky::new(0.0)),
            site: None,
            solar_filter: false,
        };
        let engine = Engine::new(&EngineSettings {
            cache: Some(compiled()),
            ..EngineSettings::default()
        });
        let engine = engine.unwrap();
        let plugins = Plugins::start(engine, surroundings, settings)
            .await
            .unwrap();
        House {
            events: plugins.events(),
            plugins,
            directory,
            peer,
        }
    }

    /// The hardware was found.
    pub(crate) async fn attached(self) -> House {
        let attached = self.attached_as(|attached| matches!(attached, Attached::To(_)));
        attached.await;
        self
    }

    /// What came of `attach`, once it is like this.
    pub(crate) async fn attached_as(&self, like: impl FnMut(&Attached) -> bool) -> Attached {
        let mut attached = self.table().attached();
        let found = timeout(DEADLINE, attached.wait_for(like)).await;
        found.expect("`attach` never came to that").unwrap().clone()
    }

    /// Another version of the handler takes its place: the same, with a section that means nothing to anybody.
    pub(crate) fn replace_handler(&self) {
        const NOTE: &[u8] = &[0, 5, 4, b'n', b'o', b't', b'e'];
        let file = self.directory.path().join("handlers/hostile.wasm");
        let new = file.with_extension("new");
        fs::write(&new, [&fs::read(&file).unwrap(), NOTE].concat()).unwrap();
        fs::rename(new, file).unwrap();
    }

    pub(crate) fn table(&self) -> &Arc<Table> {
        &self.plugins.tables()[NAME]
    }

    /// How the handler, then the policy stands.
    pub(crate) fn reports(&self) -> [PluginReport; 2] {
        self.plugins.reports().try_into().unwrap()
    }

    /// A command of the handler that does this, for a client whom the policy does nothing to.
    pub(crate) async fn acts(&self, does: &str) -> Result<Value, Refusal> {
        self.handle("hostile.acts", Effect::Observe, does).await
    }

    /// The same, once a motion was begun.
    pub(crate) async fn moves(&self, does: &str) -> Result<Value, Refusal> {
        self.handle("hostile.moves", Effect::Move, does).await
    }

    async fn handle(&self, method: &str, effect: Effect, does: &str) -> Result<Value, Refusal> {
        let permit = self.decide("quiet", method, effect, does).await?;
        let handled = timeout(DEADLINE, Snapshot::handle(permit)).await;
        let answer = handled.expect("a call without an end")?;
        Ok(serde_json::from_str(answer.get()).unwrap())
    }

    /// The policy's decision on a client with this id: what the policy is to do.
    pub(crate) async fn asks(&self, id: &str) -> Result<(), Refusal> {
        let decided = self.decide(id, "hostile.moves", Effect::Move, "nothing");
        decided.await.map(drop)
    }

    async fn decide(
        &self,
        id: &str,
        method: &str,
        effect: Effect,
        does: &str,
    ) -> Result<Permit, Refusal> {
        let client = Client::new(1, "token", id, NAME, "a client");
        let params = json!({ "does": does });
        let action = Action {
            method: method.into(),
            effect,
            params: params.as_object().unwrap().clone(),
            counts: self.table().stop_counts(),
            lease: None,
        };
        let decided = timeout(DEADLINE, self.plugins.current().decide(&client, action)).await;
        decided.expect("a decision without an end")
    }

    /// The next news of this sort.
    pub(crate) async fn next(&mut self, what: What) -> PluginReport {
        loop {
            let event = timeout(DEADLINE, self.events.recv()).await;
            let event = event
                .unwrap_or_else(|_| panic!("{what:?} was never told"))
                .unwrap();
            if event.what == what {
                return event.plugin;
            }
        }
    }
}

fn component(name: &str) -> PathBuf {
    let given = std::env::var_os("SLEWGATE_PLUGINS").map(PathBuf::from);
    let plugins =
        given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins"));
    let component = plugins.join("tests").join(name).with_extension("wasm");
    assert!(
        component.exists(),
        "{} is not built; run `cargo xtask plugins`",
        component.display()
    );
    component
}

/// Where the tests keep what they compiled.
fn compiled() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.with_file_name("compiled-for-engine-tests")
}

/// A line to a port where nobody says a word, whose system takes what is sent.
fn silent_line() -> (TcpListener, Line) {
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", peer.local_addr().unwrap());
    let line = Line::start(LineSettings {
        name: "silent".into(),
        device: address.parse().unwrap(),
        baud: 9600,
        quiet: Duration::ZERO,
    });
    (peer, line.unwrap())
}

fn table(settings: &Value, line: Line) -> TableSettings {
    TableSettings {
        name: NAME.into(),
        component: "hostile.wasm".into(),
        settings: settings.to_string(),
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
