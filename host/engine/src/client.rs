//! The authenticated session that a request came in on.

use std::sync::Arc;

use slewgate_safety::Owner;

use crate::allowed::Allowed;
use crate::bindings::types;

/// See `client` in `types.wit`. Cheap to clone: every call of a plugin has one.
#[derive(Clone, Debug)]
pub struct Client {
    /// Unique for the life of the host.
    pub session: u64,
    guest: Arc<types::Client>,
    owner: Arc<Owner>,
    allowed: Arc<Allowed>,
}

impl Client {
    /// `token` is the id of the token; `id` is the `client_id` of the authentication message; `client_type`, the type of the token,
    /// names the policy that judges it; `name` is the label of the token.
    #[must_use]
    pub fn new(session: u64, token: &str, id: &str, client_type: &str, name: &str) -> Client {
        let guest = types::Client {
            session: session.to_string(),
            id: id.to_owned(),
            client_type: client_type.to_owned(),
            name: name.to_owned(),
        };
        Client {
            session,
            guest: Arc::new(guest),
            owner: Arc::new(Owner {
                token: token.to_owned(),
                id: id.to_owned(),
                name: name.to_owned(),
            }),
            allowed: Arc::default(),
        }
    }

    /// The host itself, where it gives a command. No session has the number 0.
    pub(crate) fn host() -> Client {
        Client::new(0, "", "host", "host", "the host")
    }

    /// Names the policy that judges it.
    #[must_use]
    pub fn client_type(&self) -> &str {
        &self.guest.client_type
    }

    /// Label of the token.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.guest.name
    }

    /// The client as the one in control, whatever its session.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// What its policy need not be asked again.
    pub(crate) fn allowed(&self) -> &Allowed {
        &self.allowed
    }

    /// As plugins see it.
    pub(crate) fn to_guest(&self) -> Arc<types::Client> {
        Arc::clone(&self.guest)
    }
}
