//! `slewgate plugin`, one file for each verb.

mod forget;
mod list;
mod rollback;

use clap::{Args, Subcommand};

use super::{Common, Failure};

#[derive(Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Plugins {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// What runs, in which version, and what is wrong
    List,
    /// Have the version before this one serve again
    Rollback(rollback::Rollback),
    /// Take away what is kept for a plugin that comes back no more
    Forget(forget::Forget),
}

impl Plugins {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        match self.verb {
            Verb::List => list::run(common),
            Verb::Rollback(rollback) => rollback.run(common),
            Verb::Forget(forget) => forget.run(common),
        }
    }
}
