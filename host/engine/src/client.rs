//! The authenticated session that a request came in on.

use crate::bindings::types;

/// See `client` in `types.wit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Unique for the life of the host.
    pub session: u64,
    /// `client_id` of the authentication message.
    pub id: String,
    /// Type of the token; names the policy that judges it.
    pub client_type: String,
    /// Label of the token.
    pub name: String,
}

impl Client {
    pub(crate) fn to_guest(&self) -> types::Client {
        types::Client {
            session: self.session.to_string(),
            id: self.id.clone(),
            client_type: self.client_type.clone(),
            name: self.name.clone(),
        }
    }
}
