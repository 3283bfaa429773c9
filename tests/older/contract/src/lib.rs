//! An older contract, 0.0.9, for tests of how two are served beside each other: that of `wit/`, with what this one changed taken
//! back. Build scripts of the tests' components make their bindings with it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use wit_bindgen_core::Files;
use wit_bindgen_core::WorldGenerator;
use wit_bindgen_rust::{Opts, WithOption};
use wit_parser::{Resolve, UnresolvedPackageGroup};

/// Its version, and that of `wit/`.
const VERSIONS: (&str, &str) = ("@0.0.9", "@0.1.0");

/// In which file it has what, in place of what.
const CHANGES: [(&str, &str, &str); 4] = [
    // A record had a field less, among the types that all interfaces use.
    (
        "types.wit",
        "client-type: string,\n        name: string,",
        "client-type: string,",
    ),
    // So had one of the plugins' answers, and one of what they are given.
    ("handler.wit", "example: json,", ""),
    ("policy.wit", "params: json,", ""),
    // A function that plugins import answered something else: of a key that is not there no bytes.
    ("worlds.wit", "-> option<list<u8>>;", "-> list<u8>;"),
];

/// Writes `bindings.rs` into the build script's output directory: those of a world of `adapters.wit`, or of the older contract, by its
/// whole name. `same`: interfaces of the older contract whose types are those of ours.
///
/// # Errors
/// The contract is not what it was when this was written, or a file cannot be read or written.
pub fn bindings(world: &str, same: &[&str]) -> anyhow::Result<()> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (wit, adapters) = (own.join("../../../wit"), own.join("adapters.wit"));
    println!("cargo::rerun-if-changed={}", wit.display());
    println!("cargo::rerun-if-changed={}", adapters.display());
    let mut resolve = Resolve::default();
    resolve.push_dir(&wit)?;
    let packages = [
        resolve.push_group(older(&wit)?)?,
        resolve.push_file(&adapters)?,
    ];
    let world = resolve.select_world(&packages, Some(world))?;
    let with = same.iter().map(|interface| {
        let ours = format!("crate::bindings::slewgate::plugin0_1_0::{interface}");
        let name = format!("slewgate:plugin/{interface}{}", VERSIONS.0);
        (name, WithOption::Path(ours))
    });
    let options = Opts {
        with: with.collect(),
        generate_all: true,
        ..Opts::default()
    };
    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files)?;
    let (_, bindings) = files.iter().next().context("no bindings were made")?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").context("this is for build scripts")?);
    Ok(fs::write(out.join("bindings.rs"), bindings)?)
}

/// Each file of `wit/` as it was.
fn older(wit: &Path) -> anyhow::Result<UnresolvedPackageGroup> {
    let mut files = wit_parser::SourceMap::default();
    for entry in fs::read_dir(wit)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let text = fs::read_to_string(&path)?.replace(VERSIONS.1, VERSIONS.0);
        // What is said of a field would be left over.
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("///"));
        let mut text = lines.collect::<Vec<_>>().join("\n");
        for (_, new, old) in CHANGES.iter().filter(|(file, ..)| name == Some(file)) {
            ensure!(text.contains(new), "{}: no `{new}`", path.display());
            text = text.replacen(new, old, 1);
        }
        files.push(&path, text);
    }
    files.parse().map_err(|(_, error)| error.into())
}
