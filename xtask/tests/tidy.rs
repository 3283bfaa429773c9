//! What the repository's files may say of the world around them.
#![allow(clippy::expect_used, reason = "a test may")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// In two halves, so that this file passes.
const MACHINE_PATHS: [(&str, &str); 2] = [("/wo", "rk/"), ("/ro", "ot/")];
const REGISTRY_HOSTS: [(&str, &str); 6] = [
    ("index.crates", ".io"),
    ("static.crates", ".io"),
    ("pypi", ".org"),
    ("pythonhosted", ".org"),
    ("registry.npmjs", ".org"),
    ("proxy.golang", ".org"),
];

/// The text files that git knows, by their path in the repository.
fn files() -> Vec<(String, String)> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(ROOT)
        .output()
        .expect("git runs");
    let names = String::from_utf8(output.stdout).expect("names are UTF-8");
    let read = |name: &str| {
        Some((
            name.to_owned(),
            fs::read_to_string(Path::new(ROOT).join(name)).ok()?,
        ))
    };
    let files: Vec<_> = names.split('\0').filter_map(read).collect();
    assert!(files.len() > 50, "git lists {} files", files.len());
    files
}

/// What follows `prefix` in a text, up to the first character that no path has.
fn mentions(text: &str, prefix: &str) -> Vec<String> {
    let path = |c: char| c.is_ascii_alphanumeric() || "/_.-".contains(c);
    let ends = |at: usize| {
        text[at..]
            .find(|c| !path(c))
            .map_or(text.len(), |length| at + length)
    };
    let starts = text.match_indices(prefix).map(|(at, _)| at);
    let alone = starts.filter(|at| !text[..*at].ends_with(path));
    alone
        .map(|at| text[at..ends(at)].trim_end_matches('.').to_owned())
        .collect()
}

#[test]
fn no_file_names_a_path_of_one_machine_or_the_host_of_a_registry() {
    for (name, text) in files() {
        if name.ends_with("Cargo.lock") {
            continue;
        }
        for (left, right) in MACHINE_PATHS.into_iter().chain(REGISTRY_HOSTS) {
            let word = format!("{left}{right}");
            assert!(!text.contains(&word), "{name} mentions {word}");
        }
    }
}

/// Where the links of a page lead, without the place in it.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.split("](").skip(1);
    ends.filter_map(|rest| rest.split([')', '#']).next())
}

#[test]
fn every_page_and_configuration_that_a_file_names_is_there() {
    for (name, text) in files() {
        for folder in ["docs/", "config/"] {
            for path in mentions(&text, folder) {
                assert!(
                    Path::new(ROOT).join(&path).exists(),
                    "{name} names {path}, which is not there"
                );
            }
        }
    }
}

#[test]
fn every_link_of_a_page_leads_to_a_file() {
    for (name, text) in files()
        .into_iter()
        .filter(|(name, _)| name.ends_with(".md"))
    {
        let folder = Path::new(ROOT)
            .join(&name)
            .parent()
            .map(PathBuf::from)
            .expect("a folder");
        for link in links(&text) {
            if !link.is_empty() && !link.contains("://") && !link.starts_with("mailto:") {
                assert!(
                    folder.join(link).exists(),
                    "{name} links to {link}, which is not there"
                );
            }
        }
    }
}

#[test]
fn every_fixture_is_named_by_a_test() {
    let files = files();
    let fixture = |name: &str| name.contains("/fixtures/") || name.contains("/testdata/");
    for (name, _) in files.iter().filter(|(name, _)| fixture(name)) {
        let file = Path::new(name)
            .file_name()
            .and_then(|file| file.to_str())
            .expect("a name");
        let named = files
            .iter()
            .any(|(other, text)| other.ends_with(".rs") && text.contains(file));
        assert!(named, "no test names {name}");
    }
}

/// What goes into the archive of `cargo xtask dist` beside the pages.
const IN_THE_ARCHIVE: [&str; 3] = ["../config/", "../wit", "../LICENSE"];

#[test]
fn the_pages_of_the_archive_link_to_nothing_outside_it() {
    for (name, text) in files() {
        if !name.starts_with("docs/") {
            continue;
        }
        for link in links(&text) {
            let inside = IN_THE_ARCHIVE.iter().any(|place| link.starts_with(place));
            assert!(
                inside || !link.starts_with(".."),
                "{name} links to {link}, which is not in the archive"
            );
        }
    }
}

/// The headings of the guide that users of the server of old know.
const GUIDE: [&str; 20] = [
    "## Security Features",
    "## Quick Setup",
    "### Generate API Tokens",
    "### Configure Network Access",
    "### Firewall Configuration",
    "### Router Port Forwarding",
    "## Client Connection Protocol",
    "### Authentication Flow",
    "### Example Client Code",
    "## Security Considerations",
    "### For External Access",
    "### Network Security",
    "## Token Management",
    "### List Existing Tokens",
    "### Revoke a Token",
    "### Manual Token File",
    "## Troubleshooting",
    "### Common Issues",
    "### Security Logs",
    "## Environment Variables",
];

#[test]
fn the_handbook_has_every_heading_of_the_guide() {
    let handbook = handbook();
    let headings: Vec<&str> = handbook.lines().collect();
    let errors = [
        "**\"Authentication failed\"**",
        "**\"Rate limit exceeded\"**",
        "**\"Client ID required\"**",
    ];
    for heading in GUIDE.iter().chain(&errors) {
        assert!(
            headings.iter().any(|line| line.starts_with(heading)),
            "no {heading}"
        );
    }
}

#[test]
fn the_handbooks_client_is_the_one_that_is_tested() {
    let client = fs::read_to_string(Path::new(ROOT).join("tests/python/guide_client.py"))
        .expect("the guide's client");
    assert!(handbook().contains(&format!("```python\n{client}```\n")));
}

fn handbook() -> String {
    fs::read_to_string(Path::new(ROOT).join("docs/operations.md")).expect("the handbook")
}
