//! How each plugin stands, for people: `host.plugins`, the topic `plugins` and the log.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::bounds::{MAX_CAUSE, cut};
use crate::usage::Usage;

/// What sort of plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PluginKind {
    /// Adds commands.
    Handler,
    /// Decides what a type of client may do.
    Policy,
}

/// How far a candidate came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Its file changed, and is left alone until nobody writes to it any more.
    Detected,
    /// Its file was read whole.
    Read,
    /// Who says which components may run was asked.
    Trust,
    /// Its bytes were understood as a component.
    Parse,
    /// It was made into machine code.
    Compile,
    /// Its imports and exports were held against the world and what it was granted.
    Link,
    /// It was instantiated, configured and asked to describe itself.
    Probe,
    /// It is ready, and waits until the hardware stands still.
    Waiting,
    /// It served, and failed more often than what served before it.
    Probation,
    /// It served, and somebody took it back.
    Rollback,
}

/// Whether a plugin serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PluginState {
    /// It does; perhaps a newer candidate failed.
    Serving,
    /// It kept failing and is not called for a while: a handler's commands are refused, a policy's clients denied.
    Quarantined,
    /// Its file is not there: a handler's commands are unknown, a policy's clients denied.
    Absent,
    /// Its file is there, cannot serve, and nothing older does.
    Failed,
}

/// How one plugin stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PluginReport {
    /// Name of the table, or the client type.
    pub name: String,
    /// What sort of plugin.
    pub kind: PluginKind,
    /// Whether it serves.
    pub state: PluginState,
    /// Of what serves: higher than that of anything that was loaded before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// SHA-256 of what serves, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Since when it serves, or does not; milliseconds since 1970-01-01T00:00Z.
    pub since: f64,
    /// Until when it is taken back by itself if it fails more often than its predecessor; milliseconds since 1970-01-01T00:00Z.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probation: Option<f64>,
    /// What serves is an earlier version than its file holds.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub earlier: bool,
    /// Calls of what serves, and what they took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Why it is quarantined, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<QuarantineReport>,
    /// The newest candidate, where it does not serve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate: Option<CandidateReport>,
    /// What is being made of its file just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptReport>,
    /// The version before, while calls of it go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draining: Option<DrainReport>,
}

/// A component on its way to serve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttemptReport {
    /// SHA-256 in hexadecimal digits; none before it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Which one it will be; none before it is trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Where it is.
    pub stage: Stage,
    /// Since when; milliseconds since 1970-01-01T00:00Z.
    pub at: f64,
}

/// A version that another took the place of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DrainReport {
    /// Which one.
    pub generation: u64,
    /// Its calls under way; once it is drained, those that had to be ended.
    pub calls: usize,
    /// When those that are still under way are ended; milliseconds since 1970-01-01T00:00Z.
    pub until: f64,
}

/// Why a plugin is not called now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuarantineReport {
    /// When it is called again; milliseconds since 1970-01-01T00:00Z.
    pub until: f64,
    /// By which the log is searched.
    pub incident: String,
    /// Why the call failed that was one too many.
    pub cause: String,
}

/// A candidate that does not serve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CandidateReport {
    /// SHA-256 in hexadecimal digits; none where it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Where it failed, or waits.
    pub stage: Stage,
    /// The chain of causes, of at most 2,000 characters; for what it waits.
    pub cause: String,
    /// When; milliseconds since 1970-01-01T00:00Z.
    pub at: f64,
}

impl CandidateReport {
    /// A component's own words may be part of its cause: it is cut to a length at which everybody can be told of it.
    pub(crate) fn new(
        digest: Option<String>,
        stage: Stage,
        cause: &str,
        at: f64,
    ) -> CandidateReport {
        CandidateReport {
            digest,
            stage,
            cause: cut(cause, MAX_CAUSE),
            at,
        }
    }
}

/// What became of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A candidate is a step further on its way: `attempt` says which.
    Step,
    /// A new generation serves.
    Published,
    /// A candidate cannot serve; what served goes on.
    Failed,
    /// A candidate is ready, and waits until the hardware stands still.
    Waiting,
    /// What serves has proved itself, and is remembered.
    Settled,
    /// What served before serves again, because its successor failed, or because somebody asked for it.
    RolledBack,
    /// What failed is gone again, and the file holds what serves.
    Restored,
    /// It allows more than what served before, or than it did of other commands.
    Widened,
    /// It serves no more: its file is gone, or no table names it.
    Removed,
    /// It kept failing: it is not called for a while.
    Quarantined,
    /// It was quarantined, and is called again.
    Released,
    /// Another version took its place while calls of it were under way: they go on.
    Draining,
    /// They have ended.
    Drained,
}

/// News of a plugin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PluginEvent {
    /// What became of it.
    pub what: What,
    /// How it stands now.
    pub plugin: PluginReport,
    /// What a policy allows that it did not before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub widens: Vec<String>,
}

impl PluginEvent {
    /// Whether something else serves than before.
    pub(crate) fn serves_other(&self) -> bool {
        matches!(
            self.what,
            What::Published | What::RolledBack | What::Removed
        )
    }
}

impl fmt::Display for PluginKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PluginKind::Handler => "handler",
            PluginKind::Policy => "policy",
        })
    }
}

impl Stage {
    /// Its name in JSON, too.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Stage::Detected => "detected",
            Stage::Read => "read",
            Stage::Trust => "trust",
            Stage::Parse => "parse",
            Stage::Compile => "compile",
            Stage::Link => "link",
            Stage::Probe => "probe",
            Stage::Waiting => "waiting",
            Stage::Probation => "probation",
            Stage::Rollback => "rollback",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
