//! From a file's bytes to a plugin that serves: parsed, compiled, held against its world, linked, probed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use wasmparser::Parser;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use crate::bindings::handler::{self, CommandHandlerPre};
use crate::bindings::policy::{self, PermissionPolicyPre};
use crate::called::Called;
use crate::compile::{self, Source, wasmtime_error};
use crate::engine::{Engine, EngineError};
use crate::handler::{Handler, HandlerWorld};
use crate::inspect::{Inspection, inspect};
use crate::limits::{Limits, PolicyLimits};
use crate::policy::{Policy, PolicyWorld};
use crate::powers::situation::PolicyPowers;
use crate::powers::{Guest, HandlerPowers};
use crate::reload::{LoadError, Loader, PluginKind, Progress, Slot, Stage, Tally, Unit};
use crate::surroundings::Surroundings;
use crate::table::Table;
use crate::world::{World, imports};

/// What every WASM file begins with.
const MAGIC: &[u8] = b"\0asm";

/// What follows in a component; a core module has another number there.
const COMPONENT: &[u8] = &[0x0d, 0x00, 0x01, 0x00];

/// The function by which a policy asks what the hardware does.
const OBSERVED: (&str, &str) = ("slewgate:plugin/situation@0.1.0", "observed");

/// A plugin that serves.
#[derive(Debug)]
pub(crate) enum Plugin {
    Handler(Arc<Handler>),
    Policy(Arc<Policy>),
}

impl Plugin {
    fn called(&self) -> &dyn Called {
        match self {
            Plugin::Handler(handler) => handler.called(),
            Plugin::Policy(policy) => policy.called(),
        }
    }
}

/// What a table's plugin may use.
#[derive(Debug)]
pub(crate) struct TablePlan {
    pub(crate) table: Arc<Table>,
    pub(crate) limits: Limits,
}

/// See the module.
pub(crate) struct PluginLoader {
    engine: Engine,
    surroundings: Surroundings,
    tables: BTreeMap<String, TablePlan>,
    policy_limits: PolicyLimits,
    handlers: Kind<HandlerPowers>,
    policies: Kind<PolicyPowers>,
}

/// One of the two kinds of plugins: the contract, and what the host links.
struct Kind<P: 'static> {
    world: World,
    linker: Linker<Guest<P>>,
}

impl PluginLoader {
    pub(crate) fn new(
        engine: Engine,
        surroundings: Surroundings,
        tables: BTreeMap<String, TablePlan>,
        policy_limits: PolicyLimits,
    ) -> anyhow::Result<PluginLoader> {
        let mut handlers = Kind::new(&engine, World::of(PluginKind::Handler)?)?;
        handler::CommandHandler::add_to_linker::<_, HasSelf<_>>(&mut handlers.linker, |guest| {
            guest
        })
        .map_err(EngineError::Wasm)?;
        let mut policies = Kind::new(&engine, World::of(PluginKind::Policy)?)?;
        policy::PermissionPolicy::add_to_linker::<_, HasSelf<_>>(&mut policies.linker, |guest| {
            guest
        })
        .map_err(EngineError::Wasm)?;
        Ok(PluginLoader {
            engine,
            surroundings,
            tables,
            policy_limits,
            handlers,
            policies,
        })
    }

    /// To machine code, away from the request path.
    async fn compile(
        &self,
        bytes: Arc<[u8]>,
        progress: &mut Progress,
    ) -> Result<Component, LoadError> {
        progress.begins(Stage::Parse);
        let own = Arc::clone(&bytes);
        let parsed = self
            .engine
            .work(move || parse(&own).map(|()| inspect(&own)))
            .await;
        let inspection = parsed
            .map_err(anyhow::Error::from)
            .and_then(|parsed| parsed)
            .map_err(at(Stage::Parse))?;
        progress.begins(Stage::Compile);
        let adapter = self.engine.adapters().of(&inspection);
        let source = Source {
            plugin: bytes,
            adapter: adapter.map(|adapter| adapter.parts.clone()),
        };
        compile::component(&self.engine, source)
            .await
            .map_err(at(Stage::Compile))
    }

    async fn handler(
        &self,
        table: &str,
        unit: &Unit,
        component: &Component,
        progress: &mut Progress,
    ) -> Result<Plugin, LoadError> {
        let linked = self
            .handlers
            .link(&self.engine, component)
            .map_err(at(Stage::Link))?;
        let component = CommandHandlerPre::new(linked)
            .map_err(|error| at(Stage::Link)(wasmtime_error(error)))?;
        let plan = self
            .tables
            .get(table)
            .with_context(|| format!("there is no table [plugins.{table}]"))
            .map_err(at(Stage::Link))?;
        let world = HandlerWorld {
            component,
            table: Arc::clone(&plan.table),
            settings: unit.settings.clone(),
        };
        progress.begins(Stage::Probe);
        let handler = Handler::probe(
            self.engine.clone(),
            unit.generation,
            plan.limits.clone(),
            world,
        )
        .await;
        Ok(Plugin::Handler(Arc::new(
            handler.map_err(at(Stage::Probe))?,
        )))
    }

    async fn policy(
        &self,
        client_type: &str,
        unit: &Unit,
        component: &Component,
        progress: &mut Progress,
    ) -> Result<Plugin, LoadError> {
        let linked = self
            .policies
            .link(&self.engine, component)
            .map_err(at(Stage::Link))?;
        let observes = imports(self.engine.wasm(), component, OBSERVED.0, OBSERVED.1);
        let world = PolicyWorld {
            component: PermissionPolicyPre::new(linked)
                .map_err(|error| at(Stage::Link)(wasmtime_error(error)))?,
            client_type: client_type.to_owned(),
            surroundings: self.surroundings.clone(),
            settings: unit.settings.clone(),
        };
        progress.begins(Stage::Probe);
        let policy = Policy::probe(
            self.engine.clone(),
            unit.generation,
            self.policy_limits.of(client_type).clone(),
            observes,
            world,
        )
        .await;
        Ok(Plugin::Policy(Arc::new(policy.map_err(at(Stage::Probe))?)))
    }
}

impl Loader for PluginLoader {
    type Loaded = Plugin;

    async fn load(&self, unit: Unit, progress: &mut Progress) -> Result<Plugin, LoadError> {
        let component = self.compile(Arc::clone(&unit.bytes), progress).await?;
        progress.begins(Stage::Link);
        match &unit.slot {
            Slot::Handler(table) => self.handler(table, &unit, &component, progress).await,
            Slot::Policy(client_type) => {
                self.policy(client_type, &unit, &component, progress).await
            }
        }
    }

    fn tally(&self, loaded: &Plugin) -> Tally {
        loaded.called().usage().into()
    }

    fn calls(&self, loaded: &Plugin) -> usize {
        loaded.called().calls()
    }

    fn drain(&self, loaded: &Plugin) -> Duration {
        loaded.called().drain()
    }

    fn end_calls(&self, loaded: &Plugin) {
        loaded.called().end_calls();
    }

    fn is_idle(&self, slot: &Slot) -> bool {
        let plan = match slot {
            Slot::Handler(table) => self.tables.get(table),
            Slot::Policy(_) => None,
        };
        plan.is_none_or(|plan| plan.table.is_idle())
    }
}

impl<P: Send + 'static> Kind<P> {
    fn new(engine: &Engine, world: World) -> anyhow::Result<Kind<P>> {
        let mut linker = Linker::new(engine.wasm());
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(EngineError::Wasm)?;
        Ok(Kind { world, linker })
    }

    fn link(
        &self,
        engine: &Engine,
        component: &Component,
    ) -> anyhow::Result<InstancePre<Guest<P>>> {
        let served = engine.adapters().served(Some(self.world.kind()));
        self.world.check(engine.wasm(), component, &served)?;
        let linked = self
            .linker
            .instantiate_pre(component)
            .map_err(wasmtime_error);
        linked.context("it imports what the host does not offer; build it without that")
    }
}

/// What loading does with a component before anything of it runs, for those who want to know no more than what comes of that.
///
/// # Errors
/// It is none, or one whose code is not valid, or does not fit the contract.
pub fn examine(engine: &Engine, bytes: &[u8]) -> anyhow::Result<Inspection> {
    parse(bytes)?;
    let inspection = inspect(bytes);
    let component = compile::from_binary(engine.wasm(), bytes)?;
    let kind = inspection.kind.unwrap_or(PluginKind::Handler);
    let served = engine.adapters().served(Some(kind));
    World::of(kind)?.check(engine.wasm(), &component, &served)?;
    Ok(inspection)
}

/// Is this a component, from its first byte to its last? Cheap beside compiling, which a truncated file never reaches.
fn parse(bytes: &[u8]) -> anyhow::Result<()> {
    let count = bytes.len();
    match bytes.strip_prefix(MAGIC) {
        _ if bytes.is_empty() => bail!("the file is empty: build it, or copy it again"),
        None if !MAGIC.starts_with(bytes) => bail!(
            "it is not WASM, which begins with \\0asm: take the .wasm file that the build made"
        ),
        Some(rest) if rest.starts_with(COMPONENT) => whole(bytes),
        Some(rest) if rest.len() >= COMPONENT.len() => {
            bail!("it is a core module, not a component; build it for wasm32-wasip2")
        }
        None | Some(_) => {
            bail!("it is truncated, {count} bytes are left: build it, or copy it again")
        }
    }
}

fn whole(bytes: &[u8]) -> anyhow::Result<()> {
    let mut payloads = Parser::new(0).parse_all(bytes);
    payloads
        .try_for_each(|payload| payload.map(drop))
        .context("it is truncated or damaged; build it, or copy it again")
}

fn at(stage: Stage) -> impl Fn(anyhow::Error) -> LoadError {
    move |cause| LoadError { stage, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_component_is_named_before_it_is_compiled() {
        let said = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
        assert_eq!(said(b""), "the file is empty: build it, or copy it again");
        assert_eq!(
            said(b"PK\x03\x04"),
            "it is not WASM, which begins with \\0asm: take the .wasm file that the build made"
        );
        assert_eq!(
            said(b"\0asm\x0d"),
            "it is truncated, 5 bytes are left: build it, or copy it again"
        );
        assert!(said(b"\0asm\x01\0\0\0").contains("core module"));
        parse(b"\0asm\x0d\0\x01\0").unwrap();
    }
}
