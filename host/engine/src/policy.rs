//! A permission policy that serves. Whatever goes wrong in it is a denial.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use slewgate_rpc::Refusal;
use wasmtime::Store;
use wasmtime_wasi::{Deterministic, HostMonotonicClock, HostWallClock};

use crate::allowed::Looked;
use crate::bindings::policy::exports::slewgate::plugin::policy as contract;
use crate::bindings::policy::{PermissionPolicy, PermissionPolicyPre};
use crate::call::{CallError, Caller, World};
use crate::called::Called;
use crate::client::Client;
use crate::command::Effect;
use crate::engine::Engine;
use crate::limits::Limits;
use crate::peak::Peak;
use crate::powers::printed::Printed;
use crate::powers::situation::{Moment, PolicyPowers};
use crate::powers::{Guest, output};

use crate::snapshot::Action;
use crate::standing::Standing;
use crate::surroundings::Surroundings;

/// Seed of the fixed stream that policies get for random numbers.
const SEED: u64 = 0x5EED;

/// The cause of a refusal where a type of client has no policy.
pub const NO_POLICY: &str = "there is no policy";

/// The cause of a refusal that a policy decided on: not a failure, which may be over at the next question.
pub const DECIDED: &str = "the policy denies it";

/// A component of world `permission-policy` in the service of one type of client.
pub struct Policy {
    client_type: String,
    generation: u64,
    /// Whether it asks what the hardware does: then a fresh reading is taken before it is asked.
    observes: bool,
    caller: Caller<PolicyWorld>,
}

/// What its instances start with.
pub(crate) struct PolicyWorld {
    pub(crate) component: PermissionPolicyPre<Guest<PolicyPowers>>,
    pub(crate) client_type: String,
    pub(crate) surroundings: Surroundings,
    pub(crate) settings: String,
}

impl World for PolicyWorld {
    type Powers = PolicyPowers;
    type Exports = PermissionPolicy;

    fn guest(&self, standing: &Arc<Standing>) -> Guest<PolicyPowers> {
        let now = Arc::new(AtomicU64::new(0));
        let looked = Looked::default();
        let clock = Frozen {
            now: Arc::clone(&now),
            looked: looked.clone(),
        };
        let printed = Printed::default();
        let wasi = output::context(&self.client_type, &looked, standing, &printed)
            .wall_clock(clock.clone())
            .monotonic_clock(clock)
            .secure_random(stream())
            .insecure_random(stream())
            .insecure_random_seed(u128::from(SEED))
            .build();
        let powers = PolicyPowers::new(self.surroundings.clone(), now, looked);
        Guest::new(standing, wasi, printed, powers)
    }

    async fn instantiate(
        &self,
        store: &mut Store<Guest<PolicyPowers>>,
    ) -> Result<PermissionPolicy, CallError> {
        let exports = self
            .component
            .instantiate_async(&mut *store)
            .await
            .map_err(CallError::Trapped)?;
        let configured = exports
            .slewgate_plugin_policy()
            .call_configure(store, &self.settings)
            .await;
        configured
            .map_err(|error| CallError::Trapped(error.context("in `configure`")))?
            .map_err(CallError::Refused)?;
        Ok(exports)
    }
}

impl Policy {
    /// Instantiates once, under limits.
    pub(crate) async fn probe(
        engine: Engine,
        generation: u64,
        limits: Limits,
        observes: bool,
        world: PolicyWorld,
    ) -> anyhow::Result<Policy> {
        let client_type = world.client_type.clone();
        let caller = Caller::new(engine, &client_type, limits, world);
        caller.call(async |instance| (instance, Ok(()))).await?;
        Ok(Policy {
            client_type,
            generation,
            observes,
            caller,
        })
    }

    /// Counts the versions that served this type of client.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn called(&self) -> &dyn Called {
        &self.caller
    }

    /// What its decisions took at most since this was asked last.
    #[must_use]
    pub fn peak(&self) -> Peak {
        self.caller.peak()
    }

    pub(crate) fn observes(&self) -> bool {
        self.observes
    }

    /// Whether it allowed this client the same before, whatever the moment.
    pub(crate) fn has_allowed(&self, client: &Client, action: &Action, params: &str) -> bool {
        action.effect == Effect::Observe
            && client
                .allowed()
                .has(self.generation, &action.method, params)
    }

    /// May this client do this now?
    pub(crate) async fn authorize(
        &self,
        client: &Client,
        action: &Action,
        params: &str,
        moment: Moment,
    ) -> Result<(), Refusal> {
        match self.decide(client, action, params, moment).await {
            Ok(contract::Decision::Allow) => Ok(()),
            Ok(contract::Decision::Deny(reason)) => Err(Refusal::denied(&reason, DECIDED)),
            Err(CallError::Busy) => Err(self.caller.refusal(&CallError::Busy)),
            Err(error) => {
                let fault = self.caller.refusal(&error);
                Err(Refusal::denied("the policy failed", fault.cause))
            }
        }
    }

    /// What it decides. An error is no decision, though whoever asked may do nothing then.
    pub(crate) async fn decide(
        &self,
        client: &Client,
        action: &Action,
        params: &str,
        moment: Moment,
    ) -> Result<contract::Decision, CallError> {
        let guest = client.to_guest();
        let question = contract::Action {
            method: action.method.clone(),
            effect: action.effect.into(),
            params: params.to_owned(),
        };
        let decided = self.caller.call(async move |mut instance| {
            instance.store.data_mut().powers.set(moment);
            let policy = instance.exports.slewgate_plugin_policy();
            let decided = policy
                .call_authorize(&mut instance.store, &guest, &question)
                .await;
            let timeless = instance.store.data().powers.looked_at_nothing();
            (instance, decided.map(|decision| (decision, timeless)))
        });
        let (decision, timeless) = decided.await?;
        if timeless
            && action.effect == Effect::Observe
            && matches!(decision, contract::Decision::Allow)
        {
            client
                .allowed()
                .note(self.generation, &action.method, params);
        }
        Ok(decision)
    }
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let client_type = &self.client_type;
        formatter
            .debug_struct("Policy")
            .field("client_type", client_type)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// A fixed stream of "random" numbers.
fn stream() -> Deterministic {
    Deterministic::new(SEED.to_le_bytes().to_vec())
}

/// WASI's clocks as a policy gets them: they stand at the moment of the decision.
#[derive(Clone)]
struct Frozen {
    /// Milliseconds since 1970.
    now: Arc<AtomicU64>,
    looked: Looked,
}

impl Frozen {
    fn time(&self) -> Duration {
        self.looked.note();
        Duration::from_millis(self.now.load(Ordering::Relaxed))
    }
}

impl HostWallClock for Frozen {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        self.time()
    }
}

impl HostMonotonicClock for Frozen {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        u64::try_from(self.time().as_nanos()).unwrap_or(u64::MAX)
    }
}
