//! Who may depend on whom: the arrows of `docs/architecture.md`.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// The rooms of the host, each with every room that it may depend on.
const ARROWS: [(&str, &[&str]); 9] = [
    ("slewgate-rpc", &[]),
    ("slewgate-sky", &[]),
    ("slewgate-serial", &[]),
    ("slewgate-safety", &["slewgate-serial", "slewgate-sky"]),
    ("slewgate-simulator", &["slewgate-sky"]),
    (
        "slewgate-engine",
        &[
            "slewgate-rpc",
            "slewgate-safety",
            "slewgate-serial",
            "slewgate-sky",
        ],
    ),
    ("slewgate-authors", &[]),
    (
        "slewgate-server",
        &[
            "slewgate-authors",
            "slewgate-engine",
            "slewgate-rpc",
            "slewgate-safety",
            "slewgate-security",
            "slewgate-serial",
            "slewgate-simulator",
            "slewgate-sky",
        ],
    ),
    ("slewgate-security", &["slewgate-rpc"]),
];

/// Nothing depends on these, and they may use what they like.
const OUTSIDE: [&str; 3] = ["slewgate-tests", "slewgate-fuzz-targets", "xtask"];

/// What a plugin may link of this repository.
const SDK: &str = "slewgate-sdk";

/// Where tests have another contract, and what is built for it without the SDK; and what of it all that may link.
const OLDER: (&str, &[&str]) = ("/tests/older/", &["older-contract"]);

/// Where plugins are: those of the host, and those of its tests.
const PLUGINS: [&str; 2] = ["/plugins/", "/tests/components/"];

/// Members with their folder and the members that they depend on, tests' dependencies left out.
struct Member {
    folder: String,
    arrows: BTreeSet<String>,
}

impl Member {
    fn is_plugin(&self) -> bool {
        PLUGINS.iter().any(|folder| self.folder.starts_with(folder))
    }

    fn is_older(&self) -> bool {
        let mut arrows = self.arrows.iter();
        self.folder.starts_with(OLDER.0) && arrows.all(|arrow| OLDER.1.contains(&arrow.as_str()))
    }
}

fn members() -> BTreeMap<String, Member> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let root = text(&metadata["workspace_root"]);
    packages
        .iter()
        .map(|package| {
            let folder = text(&package["manifest_path"])
                .replace(&root, "")
                .replace('\\', "/");
            (
                text(&package["name"]),
                Member {
                    folder,
                    arrows: arrows(package),
                },
            )
        })
        .collect()
}

fn arrows(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().expect("dependencies");
    let inside =
        |dependency: &&Value| dependency["path"].is_string() && dependency["kind"] != "dev";
    dependencies
        .iter()
        .filter(inside)
        .map(|dependency| text(&dependency["name"]))
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[test]
fn no_room_of_the_host_depends_on_one_that_the_architecture_does_not_give_it() {
    let members = members();
    for (room, allowed) in ARROWS {
        let member = members
            .get(room)
            .unwrap_or_else(|| panic!("no member is called {room}"));
        let beyond: Vec<_> = member
            .arrows
            .iter()
            .filter(|arrow| !allowed.contains(&arrow.as_str()))
            .collect();
        assert!(
            beyond.is_empty(),
            "{room} depends on {beyond:?}, and docs/architecture.md has no such arrow"
        );
    }
}

#[test]
fn a_plugin_links_nothing_of_this_repository_but_the_sdk() {
    for (name, member) in members() {
        if member.is_plugin() {
            let wanted = if name == SDK { vec![] } else { vec![SDK] };
            assert!(
                member.arrows.iter().eq(wanted),
                "{name} depends on {:?}",
                member.arrows
            );
        }
    }
}

#[test]
fn every_member_is_a_room_a_plugin_or_outside_and_nothing_depends_on_what_is_outside() {
    for (name, member) in members() {
        let room = ARROWS.iter().any(|(room, _)| *room == name);
        let outside = OUTSIDE.contains(&name.as_str());
        assert!(
            room || member.is_plugin() || member.is_older() || outside,
            "{name} at {} has no place in the architecture",
            member.folder
        );
        assert!(
            OUTSIDE
                .iter()
                .all(|outside| !member.arrows.contains(*outside)),
            "{name} depends on what is outside"
        );
    }
}
