//! TLS for the three ports: who this host is, kept in step with two files, and what a connection has to do first.
//!
//! - `identity`: a certificate with its key, as the library takes them.
//! - `keeper`: the one in force, and the next when the files are written anew.
//! - `handshake`: from a connection to one that nobody else reads.
//! - `trusting`: the other side, where this program connects.
//! - `made`: a certificate that the host signs itself, for who has none.

mod handshake;
mod identity;
mod keeper;
mod made;
mod trusting;

pub(crate) use identity::Identity;
pub use identity::{IdentityError, TlsFiles};
pub use keeper::Tls;
pub(crate) use keeper::{NOTICE, TlsNews};
pub(crate) use made::make;
pub(crate) use trusting::connector;
