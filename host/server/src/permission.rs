//! What a policy allows for longer than one call: asked when it begins, and again at each swap.

use std::time::Duration;

use serde_json::{Map, Value};
use slewgate_engine::{Action, Client, Effect, Plugins, StopCounts};
use slewgate_rpc::{Code, Refusal};

use crate::sessions::Session;

/// When a policy is asked again that was busy.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// An action that is no call: it stops nothing, and no stop ends it.
pub(crate) fn action(method: &str, effect: Effect, params: Map<String, Value>) -> Action {
    Action {
        method: method.to_owned(),
        effect,
        params,
        counts: StopCounts::default(),
        lease: None,
    }
}

/// The client of a session, as policies see it.
pub(crate) fn client(session: &Session) -> Client {
    let client = session.client();
    Client::new(
        client.session,
        &client.token.id,
        &client.client_id,
        &client.token.client_type,
        &client.token.name,
    )
}

/// Asks the policy that serves, again while it is busy: the number of the snapshot that allows it.
///
/// # Errors
/// The policy's denial.
pub(crate) async fn allowed(
    plugins: &Plugins,
    client: &Client,
    action: &Action,
) -> Result<u64, Refusal> {
    loop {
        let snapshot = plugins.current();
        let number = snapshot.number();
        match snapshot.decide(client, action.clone()).await {
            Ok(_) => return Ok(number),
            Err(refusal) if refusal.code == Code::Denied => return Err(refusal),
            // The policy has no time now: that is no no.
            Err(_) => tokio::time::sleep(ASK_AGAIN).await,
        }
    }
}

/// Waits until the policy of a later generation than `decided` denies what an earlier one allowed.
pub(crate) async fn denied(
    plugins: &Plugins,
    client: &Client,
    action: &Action,
    mut decided: u64,
) -> Refusal {
    let mut snapshots = plugins.snapshots();
    loop {
        let newest = snapshots.borrow_and_update().number();
        if newest != decided {
            match allowed(plugins, client, action).await {
                Ok(number) => decided = number,
                Err(refusal) => return refusal,
            }
        }
        if snapshots.changed().await.is_err() {
            // Without plugins there are no swaps any more.
            return std::future::pending().await;
        }
    }
}
