//! What becomes of a component that was put into a data directory, at the host that runs there.

use std::fmt;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;
use serde_json::{Map, Value};
use slewgate_authors::{Built, Kind};
use slewgate_security::trust::Digest;

use super::super::running::{self, Unanswered};
use super::super::serve::{CONFIGURATION, found_in};
use crate::check::brief;
use crate::config::{Config, Variable};
use crate::plain::plain;

/// How long a host may take to compile the largest components on a small machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often it is asked: its socket tells no news.
const LOOK: Duration = Duration::from_millis(200);

/// What became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(super) enum Fate {
    /// It is called from now on.
    Serves { generation: u64 },
    /// What served before goes on, if anything did.
    Failed { stage: String, cause: String },
    /// No table of the configuration has it.
    Unnamed,
    /// The host has another configuration than the file.
    Unheard,
    /// Nobody is there to take it up.
    NoHost,
    /// Not in time.
    Late,
    /// The host, or its configuration, cannot be asked: why.
    Unknown { why: String },
}

impl Fate {
    pub(super) fn unknown(error: &anyhow::Error) -> Fate {
        Fate::Unknown {
            why: format!("{error:#}"),
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fate::Serves { generation } => write!(f, "serves as generation {generation}"),
            Fate::Failed { stage, cause } if stage == "waiting" => {
                write!(f, "does not serve yet: {}", plain(&brief(cause)))
            }
            Fate::Failed { stage, cause } => {
                let cause = plain(&brief(cause));
                write!(f, "does not serve: failed at {}: {cause}", plain(stage))
            }
            Fate::Unnamed => write!(
                f,
                "does not serve: no [plugins.NAME] in {CONFIGURATION} has it as its component; add one, and start the host again"
            ),
            Fate::Unheard => write!(
                f,
                "does not serve: the host was started before {CONFIGURATION} named it; start it again"
            ),
            Fate::NoHost => write!(f, "serves once a host runs: no host is running"),
            Fate::Late => write!(f, "does not serve yet; `slewgate plugin list` tells more"),
            Fate::Unknown { why } => write!(f, "it is not known whether it serves: {why}"),
        }
    }
}

/// Waits until the host has taken the component up, or has not, by each name that it has there. `variables` are laid over the
/// configuration, as `serve` does.
///
/// # Errors
/// The component, or the configuration, cannot be read.
pub(super) fn ask(
    built: &Built,
    data: &Path,
    variables: &[Variable],
) -> anyhow::Result<Vec<(String, Fate)>> {
    let component = fs::read(&built.component);
    let component =
        component.with_context(|| format!("cannot read {}", built.component.display()))?;
    let digest = Digest::of(&component).to_string();
    let config = Config::load(found_in(data).as_deref(), variables)?;
    let names = names(built, &config);
    if names.is_empty() {
        return Ok(vec![(built.project.name.to_string(), Fate::Unnamed)]);
    }
    let until = Instant::now() + PATIENCE;
    let fates = names.into_iter().map(|name| {
        let fate = wait(data, built.project.kind, &name, &digest, until);
        (name, fate)
    });
    Ok(fates.collect())
}

/// Those of the tables that have it; a policy's is that of its file.
fn names(built: &Built, config: &Config) -> Vec<String> {
    let project = &built.project;
    match project.kind {
        Kind::Policy => vec![project.name.to_string()],
        Kind::Handler => {
            let plugins = config.plugins.iter();
            let ours = plugins.filter(|(_, plugin)| plugin.component == project.file_name());
            ours.map(|(name, _)| name.clone()).collect()
        }
    }
}

fn wait(data: &Path, kind: Kind, name: &str, digest: &str, until: Instant) -> Fate {
    loop {
        let fate = match running::ask(data, "host.plugins", Map::new()) {
            Ok(reports) => of(&reports, kind, name, digest),
            Err(Unanswered::NoHost) => Some(Fate::NoHost),
            // It may be busy with compiling.
            Err(Unanswered::Silent) => None,
            Err(Unanswered::Refused(error)) => Some(Fate::unknown(&error)),
        };
        match fate {
            Some(fate) => return fate,
            None if Instant::now() > until => return Fate::Late,
            None => sleep(LOOK),
        }
    }
}

/// As the host reports it; none: it is on its way.
fn of(reports: &Value, kind: Kind, name: &str, digest: &str) -> Option<Fate> {
    let reports = reports.as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(report) = reports.iter().find(|report| report["name"] == name) else {
        // A host tells of each of its tables from the beginning, and of a policy once it has seen its file.
        return (kind == Kind::Handler).then_some(Fate::Unheard);
    };
    if report["digest"] == digest {
        let generation = report["generation"].as_u64()?;
        return Some(Fate::Serves { generation });
    }
    let candidate = &report["candidate"];
    let word = |name: &str| candidate[name].as_str().unwrap_or_default().to_owned();
    (candidate["digest"] == digest).then(|| Fate::Failed {
        stage: word("stage"),
        cause: word("cause"),
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::json;
    use slewgate_authors::{Language, create};

    use super::*;

    fn told(report: &Value, kind: Kind) -> Option<String> {
        let fate = of(&json!([report]), kind, "heater", "new");
        fate.map(|fate| fate.to_string())
    }

    #[test]
    fn the_host_says_what_became_of_this_version_and_of_no_other() {
        let report = |of_it: Value| {
            let mut report = json!({ "name": "heater", "digest": "old", "generation": 2 });
            let fields = of_it.as_object().unwrap().clone();
            report.as_object_mut().unwrap().extend(fields);
            report
        };
        for (report, words) in [
            (
                report(json!({ "digest": "new", "generation": 3 })),
                Some("serves as generation 3"),
            ),
            (report(json!({})), None),
            (
                report(
                    json!({ "candidate": { "digest": "older", "stage": "probe", "cause": "no" } }),
                ),
                None,
            ),
            (
                report(
                    json!({ "candidate": { "digest": "new", "stage": "probe", "cause": "no" } }),
                ),
                Some("does not serve: failed at probe: no"),
            ),
            (
                report(
                    json!({ "candidate": { "digest": "new", "stage": "waiting", "cause": "it moves" } }),
                ),
                Some("does not serve yet: it moves"),
            ),
        ] {
            assert_eq!(told(&report, Kind::Handler).as_deref(), words, "{report}");
        }
    }

    #[test]
    fn a_table_that_the_host_does_not_know_is_told_and_a_policy_that_it_has_not_seen_is_waited_for()
    {
        let other = json!({ "name": "mount", "digest": "new", "generation": 1 });
        assert!(
            told(&other, Kind::Handler)
                .unwrap()
                .contains("start it again")
        );
        assert_eq!(told(&other, Kind::Policy), None);
    }

    /// A component of a heater, in a data directory with this configuration.
    fn asked(config: &str) -> Vec<(String, Fate)> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(CONFIGURATION), config).unwrap();
        let project = folder.path().join("project");
        let name = "heater".parse().unwrap();
        let project = create(name, Language::C, Kind::Handler, &project).unwrap();
        let component: PathBuf = folder.path().join("heater.wasm");
        fs::write(&component, "a component").unwrap();
        let built = Built {
            project,
            component,
            size: 0,
            took: Duration::ZERO,
        };
        ask(&built, folder.path(), &[]).unwrap()
    }

    #[test]
    fn what_no_table_names_is_told_and_so_is_a_host_that_does_not_run() {
        assert_eq!(
            asked("[plugins.mount]\n[lines.east]\n"),
            [("heater".to_owned(), Fate::Unnamed)]
        );
        let named = "[plugins.dew]\ncomponent = \"heater.wasm\"\n";
        assert_eq!(asked(named), [("dew".to_owned(), Fate::NoHost)]);
    }
}
