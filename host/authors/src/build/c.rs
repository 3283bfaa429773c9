//! C: clang or zig, the bindings' generator, and the encoder of components, both of which are in this program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use wit_bindgen_core::Files;
use wit_component::ComponentEncoder;

use crate::project::BUILD;
use crate::tool::{self, PYTHON_PROGRAMS, Tool};
use crate::{Error, Project, contract};

/// Where a project gets its bindings.
const BINDINGS: &str = "build/bindings";

/// Where the sources of a project are: its own, and what there is of a C library.
const SOURCES: [&str; 2] = ["src", "libc"];

/// Small, and without a C library, as there is none for this target.
const OPTIONS: [&str; 10] = [
    "-std=c11",
    "-Oz",
    "-ffreestanding",
    "-nostdlib",
    "-Wall",
    "-Wextra",
    "-Isrc",
    "-Ilibc",
    "-Wl,--no-entry",
    "-Wl,--strip-debug",
];

const COMPILER: Tool = Tool {
    name: "a C compiler for WebAssembly",
    install: "install clang and its linker (Debian: `apt-get install clang lld`), or zig (`pip install ziglang`)",
};

const LINKER: Tool = Tool {
    name: "wasm-ld, clang's linker for WebAssembly,",
    install: "install lld (Debian: `apt-get install lld`), or zig (`pip install ziglang`)",
};

/// A program, and what it takes before everything else to be a C compiler for WebAssembly.
struct Compiler {
    program: PathBuf,
    arguments: &'static [&'static str],
}

pub(super) fn build(project: &Project) -> Result<Vec<u8>, Error> {
    build_with(&compiler(&project.directory)?, project)
}

fn build_with(compiler: &Compiler, project: &Project) -> Result<Vec<u8>, Error> {
    let mut sources = write_bindings(project)?;
    for folder in SOURCES {
        sources.extend(files(&project.directory.join(folder), "c")?);
    }
    let module = Path::new(BUILD).join("core.wasm");
    let mut command = Command::new(&compiler.program);
    command
        .args(
            compiler
                .arguments
                .iter()
                .filter(|argument| !argument.is_empty()),
        )
        .args(OPTIONS)
        .arg(format!("-I{BINDINGS}"))
        .arg("-o")
        .arg(&module)
        .args(sources);
    tool::run(&mut command, &project.directory)?;
    let module = project.directory.join(module);
    encode(&fs::read(&module).map_err(Error::io("read", &module))?)
}

/// Writes what C sees of the contract, and returns what of it is compiled and linked.
fn write_bindings(project: &Project) -> Result<Vec<PathBuf>, Error> {
    let folder = project.directory.join(BINDINGS);
    fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
    let (mut contract, world) = contract::world(project)?;
    let mut bindings = Files::default();
    wit_bindgen_c::Opts::default()
        .build()
        .generate(&mut contract, world, &mut bindings)
        .map_err(|error| Error::Contract(format!("no bindings for C: {error:#}")))?;
    let mut compiled = vec![];
    for (name, contents) in bindings.iter() {
        let file = folder.join(name);
        fs::write(&file, contents).map_err(Error::io("write", &file))?;
        if !name.ends_with(".h") {
            compiled.push(Path::new(BINDINGS).join(name));
        }
    }
    Ok(compiled)
}

/// The component around a module, whose world is in the object file of its bindings.
fn encode(module: &[u8]) -> Result<Vec<u8>, Error> {
    let encoder = ComponentEncoder::default().validate(true).module(module);
    encoder
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| Error::Contract(format!("{error:#}")))
}

/// Files of a folder with this ending, in the order of their names.
fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Error> {
    let wrong = || Error::io("list", folder);
    let mut found = vec![];
    for entry in fs::read_dir(folder).map_err(wrong())? {
        let path = entry.map_err(wrong())?.path();
        if path.extension().is_some_and(|other| other == ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn compiler(project: &Path) -> Result<Compiler, Error> {
    let clang = tool::on_path("clang");
    let linked = clang.as_deref().and_then(with_its_linker);
    linked.or_else(|| zig(project)).ok_or_else(|| match clang {
        Some(_) => LINKER.missing(),
        None => COMPILER.missing(),
    })
}

/// Clang, where its linker for WebAssembly runs: that is a package of its own with some distributions, and not there with Apple's.
fn with_its_linker(clang: &Path) -> Option<Compiler> {
    let mut named = Command::new(clang);
    let named = said_by(named.arg("-print-prog-name=wasm-ld"))?;
    runs(&String::from_utf8(named).ok()?).then(|| Compiler {
        program: clang.to_owned(),
        arguments: &["--target=wasm32-unknown-unknown"],
    })
}

/// What clang names as its linker need not be there; a bare name is that of any on the `PATH`.
fn runs(linker: &str) -> bool {
    said_by(Command::new(linker.trim_end()).arg("--version")).is_some()
}

/// The output of a program that runs to a good end.
fn said_by(command: &mut Command) -> Option<Vec<u8>> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output();
    output
        .ok()
        .filter(|output| output.status.success())
        .map(|output| output.stdout)
}

fn zig(project: &Path) -> Option<Compiler> {
    let own = tool::in_project(PYTHON_PROGRAMS, "python-zig", project);
    let program = own.or_else(|| ["zig", "python-zig"].into_iter().find_map(tool::on_path))?;
    Some(Compiler {
        program,
        arguments: &["cc", "--target=wasm32-freestanding"],
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_linker_that_clang_names_is_one_only_if_it_runs() {
        for (named, is_one) in [
            ("true\n", true),
            ("false\n", false),
            ("/nowhere/bin/wasm-ld\n", false),
            ("a-linker-that-nobody-has\n", false),
        ] {
            assert_eq!(runs(named), is_one, "{named}");
        }
    }
}
