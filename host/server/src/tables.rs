//! What the plugins are started with: each `[plugins.NAME]` with its lines, its limits and what is known of how it is stopped.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use slewgate_engine::{PluginSettings, PolicyLimits, Question, Surroundings, TableSettings};
use slewgate_safety::OfTheSite;
use slewgate_safety::limits::Fence;
use slewgate_serial::Line;
use slewgate_sky::Sky;

use crate::config::Config;
use crate::journal::Journal;
use crate::safeguards;
use crate::trust::Trusted;
use crate::unattended::LeftMoving;

/// What handlers keep, in the data directory.
pub(crate) const STATE: &str = "state/plugins.redb";

/// Where a copy of that goes, until the backup that it is for has it.
pub(crate) const STATE_COPY: &str = "state/plugins.redb.copy";

/// What each type of client was allowed last, in the data directory.
const ALLOWED: &str = "state/allowed.json";

/// Of all tables and policies. `left`: where the host before left something moving.
pub(crate) fn plugin_settings(
    config: &Config,
    data: &Path,
    lines: &BTreeMap<String, Line>,
    surroundings: &Surroundings,
    journal: &Arc<Journal>,
    left: &[LeftMoving],
    host_methods: Vec<Question>,
) -> PluginSettings {
    let tables = config.plugins.iter().map(|(name, plugin)| {
        let played = plugin
            .lines
            .iter()
            .filter_map(|(role, line)| Some((role.clone(), lines.get(line)?.clone())));
        let table = TableSettings {
            name: name.clone(),
            component: plugin.component.clone(),
            settings: json!(plugin.settings).to_string(),
            lines: played.collect(),
            runaway: plugin.runaway,
            limits: match plugin.limits {
                true => limits(config, surroundings),
                false => unlimited(name),
            },
            set_clock: plugin.set_clock,
            reload_when_idle: plugin.reload_when_idle,
            stops: safeguards::known_stops(config, name, &plugin.lines, journal),
            left_moving: plugin
                .lines
                .values()
                .any(|line| left.iter().any(|left| left.line() == line)),
            journal: Some(Arc::clone(journal) as Arc<dyn slewgate_engine::Journal>),
        };
        (table, plugin.allowance.clone())
    });
    PluginSettings {
        handlers: data.join("handlers"),
        policies: data.join("policies"),
        remembered: Some(data.join("state/components")),
        state: Some(data.join(STATE)),
        allowed: Some(data.join(ALLOWED)),
        trust: Some(Arc::new(Trusted::new(&config.trust, data))),
        tables: tables.collect(),
        policy_settings: config
            .policies
            .iter()
            .map(|(name, policy)| (name.clone(), json!(policy.settings).to_string()))
            .collect(),
        policy_limits: PolicyLimits {
            usual: config.engine.policy.clone(),
            own: config
                .policies
                .iter()
                .map(|(name, policy)| (name.clone(), policy.allowance.clone()))
                .collect(),
        },
        host_methods,
    }
}

/// Those of the place where the telescope stands.
fn limits(config: &Config, surroundings: &Surroundings) -> OfTheSite {
    match surroundings.site {
        Some(site) => {
            let sky = Sky::clone(&surroundings.sky);
            OfTheSite::Fence(Box::new(Fence::new(config.limits.clone(), sky, site)))
        }
        None => OfTheSite::Unknown,
    }
}

fn unlimited(plugin: &str) -> OfTheSite {
    tracing::warn!(
        plugin,
        "limits = \"off\": nothing keeps the telescope from the Sun and the ground"
    );
    OfTheSite::Off
}
