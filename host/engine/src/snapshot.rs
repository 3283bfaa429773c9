//! The plugins that serve at one moment. A call looks up its command, is judged and is handled in one snapshot, so that its
//! policy and its handler belong together, whatever is swapped meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use slewgate_rpc::Refusal;
use slewgate_safety::limits::State;

use crate::client::Client;
use crate::command::{Command, Effect};
use crate::handler::{Handler, Request};
use crate::policy::{NO_POLICY, Policy};
use crate::powers::situation::Moment;
use crate::reload::Slot;
use crate::surroundings::Surroundings;
use crate::table::{Reading, StopCounts};

/// When a client may try again what is being loaded.
const LOADING_RETRY: Duration = Duration::from_secs(1);

/// Oldest reading that a policy judges by, unless the hardware does not answer.
const FRESH: Duration = Duration::from_secs(2);

/// By which a policy knows the question whether a client may point at the Sun. It is asked only where there is a filter.
pub(crate) const POINT_AT_THE_SUN: &str = "limits.sun";

/// See the module. Never changed: a swap makes another.
#[derive(Debug)]
pub struct Snapshot {
    number: u64,
    handlers: BTreeMap<String, Arc<Handler>>,
    policies: BTreeMap<String, Arc<Policy>>,
    /// Where nothing serves yet since the start, and something is being loaded.
    loading: BTreeSet<Slot>,
    surroundings: Surroundings,
}

/// A moment for which a policy is asked what it would decide.
#[derive(Clone, Debug, Default)]
pub struct Supposed {
    /// What the hardware is seen to be about; none: there is no reading.
    pub state: Option<State>,
    /// Name of the client in control.
    pub in_control: Option<String>,
}

/// What a client wants to do.
#[derive(Clone, Debug)]
pub struct Action {
    /// The whole name, such as `mount.goto`.
    pub method: String,
    /// What it can do to the world.
    pub effect: Effect,
    /// Fit the command's schema.
    pub params: Map<String, Value>,
    /// The counts of stops from when the request was read.
    pub counts: StopCounts,
    /// What a jog asks for.
    pub lease: Option<Duration>,
}

/// Proof that the policy of a client allowed an action. [`Snapshot::decide`] is its only maker, and who carries the action
/// out takes it by value: a step that leaves the policy out does not compile.
#[derive(Debug)]
pub struct Permit {
    snapshot: Arc<Snapshot>,
    client: Client,
    action: Action,
    /// Those of the action, as plugins get them.
    params: String,
    /// The policy allows what it moves to point at the Sun.
    sun_permitted: bool,
}

impl Action {
    fn params_text(&mut self) -> String {
        let params = Value::Object(mem::take(&mut self.params));
        let text = params.to_string();
        if let Value::Object(params) = params {
            self.params = params;
        }
        text
    }
}

impl Snapshot {
    pub(crate) fn new(
        number: u64,
        handlers: BTreeMap<String, Arc<Handler>>,
        policies: BTreeMap<String, Arc<Policy>>,
        loading: BTreeSet<Slot>,
        surroundings: Surroundings,
    ) -> Snapshot {
        Snapshot {
            number,
            handlers,
            policies,
            loading,
            surroundings,
        }
    }

    /// Counts the snapshots.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether something is being loaded where nothing serves yet.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        !self.loading.is_empty()
    }

    /// The handler that serves a table.
    #[must_use]
    pub fn handler(&self, table: &str) -> Option<&Arc<Handler>> {
        self.handlers.get(table)
    }

    /// All handlers by the name of their table.
    pub fn handlers(&self) -> impl Iterator<Item = (&str, &Arc<Handler>)> {
        self.handlers
            .iter()
            .map(|(name, handler)| (name.as_str(), handler))
    }

    /// All policies by their client type.
    pub fn policies(&self) -> impl Iterator<Item = (&str, &Arc<Policy>)> {
        let policies = self.policies.iter();
        policies.map(|(client_type, policy)| (client_type.as_str(), policy))
    }

    /// The policy of a client type.
    #[must_use]
    pub fn policy(&self, client_type: &str) -> Option<&Arc<Policy>> {
        self.policies.get(client_type)
    }

    /// The command behind a whole name such as `mount.goto`.
    ///
    /// # Errors
    /// -32601: there is none; -32006: its handler is being loaded.
    pub fn look_up(&self, method: &str) -> Result<(&Arc<Handler>, &Command), Refusal> {
        let unknown = || Refusal::method_not_found(method);
        let (table, verb) = method.split_once('.').ok_or_else(unknown)?;
        match self.handlers.get(table) {
            Some(handler) => Ok((handler, handler.command(verb).ok_or_else(unknown)?)),
            None if self.loading.contains(&Slot::Handler(table.to_owned())) => {
                Err(Refusal::busy(LOADING_RETRY))
            }
            None => Err(unknown()),
        }
    }

    /// Asks the policy of the client's type. No policy: denied.
    ///
    /// # Errors
    /// -32001 with the policy's reason; -32006 where the policy has no instance to spare.
    pub async fn decide(
        self: Arc<Self>,
        client: &Client,
        mut action: Action,
    ) -> Result<Permit, Refusal> {
        let policy = self.policy_of(client)?;
        let params = action.params_text();
        let sun_permitted = match policy.has_allowed(client, &action, &params) {
            true => false,
            false => self.ask(policy, client, &action, &params).await?,
        };
        Ok(Permit {
            sun_permitted,
            snapshot: self,
            client: client.clone(),
            action,
            params,
        })
    }

    /// Asks what the policy of the client's type would decide at such a moment. It permits nothing.
    ///
    /// # Errors
    /// As [`Snapshot::decide`].
    pub async fn suppose(
        &self,
        client: &Client,
        mut action: Action,
        moment: &Supposed,
    ) -> Result<(), Refusal> {
        let policy = self.policy_of(client)?;
        let now = self.surroundings.clock.now();
        let moment = Moment {
            now,
            observed: moment.state.map(|state| Reading::supposed(state, now)),
            in_control: moment.in_control.clone(),
        };
        let params = action.params_text();
        policy.authorize(client, &action, &params, moment).await
    }

    /// The policy that judges a client.
    ///
    /// # Errors
    /// -32001: there is none; -32006: it is being loaded.
    pub fn policy_of(&self, client: &Client) -> Result<&Arc<Policy>, Refusal> {
        let client_type = client.client_type();
        let policy = self.policies.get(client_type);
        policy.ok_or_else(|| {
            if self.loading.contains(&Slot::Policy(client_type.to_owned())) {
                return Refusal::busy(LOADING_RETRY);
            }
            let reason = format!("there is no policy for clients of type {client_type}");
            Refusal::denied(&reason, NO_POLICY)
        })
    }

    /// Whether the policy of a client is only being loaded: it has not said no to anything.
    #[must_use]
    pub fn awaits_policy_of(&self, client: &Client) -> bool {
        let client_type = client.client_type();
        !self.policies.contains_key(client_type)
            && self.loading.contains(&Slot::Policy(client_type.to_owned()))
    }

    /// Asks the policy; whether the client may point at the Sun, too. Boxed: a question that need not be asked has no room for it.
    fn ask<'a>(
        &'a self,
        policy: &'a Policy,
        client: &'a Client,
        action: &'a Action,
        params: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<bool, Refusal>> + Send + 'a>> {
        Box::pin(async move {
            let moment = self.moment(policy, action).await;
            let sun = self.asks_for_the_sun(action).then(|| moment.clone());
            policy.authorize(client, action, params, moment).await?;
            Ok(match sun {
                Some(moment) => may_point_at_the_sun(policy, client, action, moment).await,
                None => false,
            })
        })
    }

    /// Has a permitted command of a plugin carried out.
    ///
    /// # Errors
    /// What the handler answers, as protocol.md has it.
    pub async fn handle(permit: Permit) -> Result<Box<RawValue>, Refusal> {
        let Permit {
            snapshot,
            client,
            action,
            params,
            sun_permitted,
        } = permit;
        let (handler, command) = snapshot.look_up(&action.method)?;
        let request = Request {
            client: &client,
            verb: &command.verb,
            effect: command.effect,
            params,
            counts: action.counts,
            lease: action.lease,
            sun_permitted,
        };
        handler.handle(request).await
    }

    /// A reading of a table's hardware of at most this age.
    ///
    /// # Errors
    /// The hardware does not answer, or its plugin failed.
    pub async fn observe(&self, table: &str, age: Duration) -> Result<Reading, Refusal> {
        let Some(handler) = self.handlers.get(table) else {
            return Err(Refusal::method_not_found(table));
        };
        handler.observe(age).await
    }

    /// Only behind a filter, and only for what moves, is there anything to ask.
    fn asks_for_the_sun(&self, action: &Action) -> bool {
        self.surroundings.solar_filter && action.effect == Effect::Move
    }

    async fn moment(&self, policy: &Policy, action: &Action) -> Moment {
        let handler = action
            .method
            .split_once('.')
            .and_then(|(table, _)| self.handlers.get(table));
        let observed = match handler {
            // A stop waits for no hardware.
            Some(handler) if action.effect == Effect::Stop => handler.table().newest(),
            Some(handler) if policy.observes() => {
                // Silent hardware: the policy judges by what was seen last, and sees its age.
                Box::pin(handler.observe(FRESH))
                    .await
                    .ok()
                    .or_else(|| handler.table().newest())
            }
            _ => None,
        };
        Moment {
            now: self.surroundings.clock.now(),
            observed,
            in_control: handler
                .and_then(|handler| handler.table().holder())
                .map(|holder| holder.name),
        }
    }
}

/// A permission beside the one to move: the policy is asked for it as for a method of its own.
async fn may_point_at_the_sun(
    policy: &Policy,
    client: &Client,
    action: &Action,
    moment: Moment,
) -> bool {
    let params = Map::from_iter([("method".to_owned(), action.method.clone().into())]);
    let sun = Action {
        method: POINT_AT_THE_SUN.to_owned(),
        effect: Effect::Administer,
        params,
        counts: StopCounts::default(),
        lease: None,
    };
    let params = Value::Object(sun.params.clone()).to_string();
    let allowed = policy
        .authorize(client, &sun, &params, moment)
        .await
        .is_ok();
    if allowed {
        tracing::info!(
            client = client.name(),
            method = action.method,
            "may point at the Sun"
        );
    }
    allowed
}

impl Permit {
    /// Who was permitted.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What was permitted.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The plugins in whose name it was permitted.
    #[must_use]
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }
}
