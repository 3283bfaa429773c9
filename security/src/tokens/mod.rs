//! Tokens: their text, the file that holds them, and the set in force.

mod entries;
mod file;
mod file_error;
mod lifetime;
mod record;
mod set;
mod store;
mod token;
mod uses;

pub use file::{Bounds, MAX_FILE, Sealed, TokenFile};
pub use file_error::TokenFileError;
pub use lifetime::{LifetimeError, parse_lifetime};
pub use record::{TokenRecord, valid_client_type};
pub use set::{TokenProblem, TokenSet};
pub use store::{TokenNews, TokenStore};
pub use token::{Token, looks_generated};
pub use uses::TokenUses;

pub(crate) use token::{ID_LENGTH, PREFIX, valid_id};
