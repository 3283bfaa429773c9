//! What cargo knows of everything that is linked into the program and the plugins.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::workspace::Workspace;

/// Packages that are given away, each for the platforms that it is built for.
const PROGRAM: &str = "slewgate-server";

/// The answer of `cargo metadata`.
pub(super) struct Metadata {
    packages: BTreeMap<String, Package>,
    /// By package: the packages that are linked into it.
    links: BTreeMap<String, Vec<String>>,
    /// The packages whose products are given away.
    given: Vec<String>,
}

/// A package that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// An expression of SPDX, or the name of a file.
    pub(super) licence: String,
    /// As its manifest names them.
    pub(super) authors: Vec<String>,
    /// Where its sources are.
    pub(super) sources: Option<String>,
    /// The folder of its sources here.
    pub(super) folder: PathBuf,
    /// Of this repository.
    pub(super) own: bool,
}

impl Metadata {
    /// Asks for the platform that the program was built on, and that of components.
    pub(super) fn read(workspace: &Workspace) -> anyhow::Result<Metadata> {
        let mut cargo = workspace.cargo();
        let host = crate::toolchain::host_platform(workspace)?;
        cargo.args(["metadata", "--format-version", "1", "--locked"]);
        cargo.args(["--filter-platform", &host]);
        cargo.args(["--filter-platform", crate::toolchain::COMPONENT_TARGET]);
        let output = cargo
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo metadata")?;
        if !output.status.success() {
            bail!("cargo metadata failed");
        }
        let metadata = serde_json::from_slice(&output.stdout)?;
        Metadata::from_json(&metadata).context("cargo metadata has another shape than expected")
    }

    fn from_json(metadata: &Value) -> Option<Metadata> {
        let packages: BTreeMap<String, Package> = metadata["packages"]
            .as_array()?
            .iter()
            .map(|package| Some((text(&package["id"])?, Package::from_json(package)?)))
            .collect::<Option<_>>()?;
        let nodes = metadata["resolve"]["nodes"].as_array()?;
        let links = nodes
            .iter()
            .map(|node| Some((text(&node["id"])?, linked(node)?)))
            .collect::<Option<_>>()?;
        let root = metadata["workspace_root"].as_str()?;
        let plugins = [
            format!("{root}/plugins/handlers"),
            format!("{root}/plugins/policies"),
        ];
        let given = packages
            .iter()
            .filter(|(_, package)| {
                let plugin = plugins
                    .iter()
                    .any(|folder| package.folder.starts_with(folder));
                package.own && (package.name == PROGRAM || plugin)
            })
            .map(|(id, _)| id.clone())
            .collect();
        Some(Metadata {
            packages,
            links,
            given,
        })
    }

    /// The program's version.
    pub(super) fn version(&self) -> &str {
        let program = self.given.iter().find_map(|id| self.packages.get(id));
        program.map_or("0", |program| &program.version)
    }

    /// What others wrote of what is given away, by name and version.
    pub(super) fn of_others(&self) -> Vec<&Package> {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&String> = self.given.iter().collect();
        while let Some(id) = next.pop() {
            if seen.insert(id) {
                next.extend(self.links.get(id).into_iter().flatten());
            }
        }
        let linked = seen.into_iter().filter_map(|id| self.packages.get(id));
        let mut others: Vec<&Package> = linked.filter(|package| !package.own).collect();
        others.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
        others
    }
}

impl Package {
    fn from_json(package: &Value) -> Option<Package> {
        let manifest = PathBuf::from(package["manifest_path"].as_str()?);
        let licence = text(&package["license"]).or_else(|| text(&package["license_file"]));
        Some(Package {
            name: text(&package["name"])?,
            version: text(&package["version"])?,
            authors: package["authors"]
                .as_array()?
                .iter()
                .filter_map(text)
                .collect(),
            licence: licence.unwrap_or_else(|| "not told".to_owned()),
            sources: text(&package["repository"]).or_else(|| text(&package["homepage"])),
            folder: manifest.parent()?.to_owned(),
            own: package["source"].is_null(),
        })
    }
}

/// Dependencies that are part of the product: neither those of tests nor those of build scripts.
fn linked(node: &Value) -> Option<Vec<String>> {
    let is_linked = |dependency: &&Value| {
        let kinds = dependency["dep_kinds"].as_array();
        kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
    };
    let dependencies = node["deps"].as_array()?.iter().filter(is_linked);
    dependencies
        .map(|dependency| text(&dependency["pkg"]))
        .collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, own: bool) -> Value {
        let folder = if name == "lx200" {
            "/r/plugins/handlers"
        } else {
            "/r"
        };
        json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT", "license_file": null, "authors": [],
            "repository": null, "homepage": null, "manifest_path": format!("{folder}/{name}/Cargo.toml"),
            "source": if own { Value::Null } else { json!("registry") }})
    }

    fn depends(on: &str, kind: &Value) -> Value {
        json!({"pkg": on, "dep_kinds": [{"kind": kind, "target": null}]})
    }

    #[test]
    fn what_is_linked_is_named_and_what_only_tests_and_builds_use_is_not() {
        let metadata = json!({
            "workspace_root": "/r",
            "packages": [package(PROGRAM, true), package("lx200", true), package("room", true), package("xtask", true),
                package("far", false), package("near", false), package("test", false), package("build", false),
                package("guest", false), package("chore", false)],
            "resolve": {"nodes": [
                {"id": PROGRAM, "deps": [depends("room", &Value::Null), depends("test", &json!("dev")), depends("build", &json!("build"))]},
                {"id": "room", "deps": [depends("near", &Value::Null)]},
                {"id": "near", "deps": [depends("far", &Value::Null)]},
                {"id": "far", "deps": []}, {"id": "test", "deps": []}, {"id": "build", "deps": []},
                {"id": "lx200", "deps": [depends("guest", &Value::Null)]}, {"id": "guest", "deps": []},
                {"id": "xtask", "deps": [depends("chore", &Value::Null)]}, {"id": "chore", "deps": []},
            ]},
        });
        let metadata = Metadata::from_json(&metadata).unwrap();
        let names: Vec<&str> = metadata
            .of_others()
            .iter()
            .map(|package| package.name.as_str())
            .collect();
        assert_eq!(names, ["far", "guest", "near"]);
        assert_eq!(metadata.version(), "1.0.0");
    }
}
