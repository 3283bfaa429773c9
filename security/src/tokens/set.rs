//! The tokens in force: an immutable set that is replaced whole.

use std::collections::HashMap;
use std::net::IpAddr;

use jiff::Timestamp;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use thiserror::Error;

use super::record::TokenRecord;
use super::token::TokenHash;
use crate::admission::Network;

/// Every good entry of `api_tokens.json` at one moment.
#[derive(Debug, Default, Clone)]
pub struct TokenSet {
    records: Vec<TokenRecord>,
    by_id: HashMap<String, usize>,
    problems: Vec<String>,
}

/// Why a token does not admit. For the log: outside there is one text for all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenProblem {
    /// No entry has it: never issued, or revoked.
    #[error("unknown or revoked token")]
    Unknown,
    /// Its time is over.
    #[error("the token has expired")]
    Expired {
        /// Which token.
        id: String,
    },
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid {
        /// Which token.
        id: String,
    },
    /// It is bound to other networks than the client's.
    #[error("the token is not for this network")]
    Network {
        /// Which token.
        id: String,
    },
}

impl TokenSet {
    /// Who `presented` lets in, coming from `address` at `now`.
    ///
    /// The text is hashed and compared with every entry in constant time, so that an unknown token
    /// costs the same work as a known one.
    ///
    /// # Errors
    /// The cause, for the log.
    pub fn check(
        &self,
        presented: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<&TokenRecord, TokenProblem> {
        self.admit(TokenHash::of(presented), address, now)
    }

    /// Whether a session that `record` let in may go on: its entry as it is now, which may have
    /// another client type than before.
    ///
    /// # Errors
    /// The cause, for the log: revoked tokens are unknown ones.
    pub fn recheck(
        &self,
        record: &TokenRecord,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<&TokenRecord, TokenProblem> {
        self.admit(record.hash, address, now)
    }

    /// The entry with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&TokenRecord> {
        self.records.get(*self.by_id.get(id)?)
    }

    /// Every entry, in the file's order.
    #[must_use]
    pub fn list(&self) -> &[TokenRecord] {
        &self.records
    }

    /// What is wrong with the file and its entries, each named by its place, name or id and never
    /// by its token.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Whether `text` is one of the tokens, in force or not.
    pub(crate) fn knows(&self, text: &str) -> Option<&TokenRecord> {
        self.find(TokenHash::of(text))
    }

    pub(crate) fn note(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// Adds an entry, unless one has the same id.
    pub(crate) fn add(&mut self, record: TokenRecord) -> Result<(), String> {
        if self.by_id.contains_key(&record.id) {
            return Err(format!("an entry before it has the id {}", record.id));
        }
        self.by_id.insert(record.id.clone(), self.records.len());
        self.records.push(record);
        Ok(())
    }

    fn admit(
        &self,
        hash: TokenHash,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<&TokenRecord, TokenProblem> {
        let record = self.find(hash).ok_or(TokenProblem::Unknown)?;
        let id = || record.id.clone();
        if record.expires.is_some_and(|end| now >= end) {
            return Err(TokenProblem::Expired { id: id() });
        }
        if record.not_before.is_some_and(|start| now < start) {
            return Err(TokenProblem::NotYetValid { id: id() });
        }
        let within = |networks: &Vec<Network>| networks.iter().any(|net| net.contains(address));
        if !record.networks.as_ref().is_none_or(within) {
            return Err(TokenProblem::Network { id: id() });
        }
        Ok(record)
    }

    /// Looks at every entry, whichever it is.
    fn find(&self, hash: TokenHash) -> Option<&TokenRecord> {
        let mut found = u32::MAX;
        for (index, record) in (0..).zip(&self.records) {
            let same: Choice = record.hash.0.ct_eq(&hash.0);
            found.conditional_assign(&index, same);
        }
        self.records.get(usize::try_from(found).ok()?)
    }
}

impl TokenProblem {
    /// The token that it is about, where one is known.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Unknown => None,
            Self::Expired { id } | Self::NotYetValid { id } | Self::Network { id } => Some(id),
        }
    }
}
