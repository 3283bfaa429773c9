//! `slewgate plugin`, one file for each verb.

mod build;
mod check;
mod fate;
mod forget;
mod keygen;
mod list;
mod new;
mod resume;
mod rollback;
mod sign;
mod trust;
mod watch;

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
    /// What runs, in which version, how it fares, and what is wrong
    List,
    /// Begin a plugin: a small one that works, to be changed into yours
    New(new::New),
    /// Build a plugin with the tools of its language
    Build(build::Build),
    /// Build, check and install a plugin at every save
    Watch(watch::Watch),
    /// Try a component before an observatory does: its world, its limits, each command, lines in trouble
    Check(Box<check::Check>),
    /// Call a plugin again now that kept failing and is quarantined
    Resume(resume::Resume),
    /// Have the version before this one serve again
    Rollback(rollback::Rollback),
    /// Let components run where [trust] require is "digests"
    Trust(trust::Trust),
    /// Make the two keys that components are signed with, for [trust] require = "keys"
    Keygen(keygen::Keygen),
    /// Sign components
    Sign(sign::Sign),
    /// Take away what is kept for a plugin that comes back no more
    Forget(forget::Forget),
}

impl Plugins {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        match self.verb {
            Verb::List => list::run(common),
            Verb::New(new) => new.run(common),
            Verb::Build(build) => build.run(common),
            Verb::Watch(watch) => watch.run(common),
            Verb::Check(check) => check.run(common),
            Verb::Resume(resume) => resume.run(common),
            Verb::Rollback(rollback) => rollback.run(common),
            Verb::Trust(trust) => trust.run(common),
            Verb::Keygen(keygen) => keygen.run(common),
            Verb::Sign(sign) => sign.run(common),
            Verb::Forget(forget) => forget.run(common),
        }
    }
}
