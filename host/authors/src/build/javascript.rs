//! JavaScript and TypeScript: jco, which brings SpiderMonkey for components with it, and `tsc`.
//!
//! Its other engine, QuickJS, makes a component of 2 MB instead of 13, which needs asynchronous components, and the host has these
//! switched off. The templates ask for jco 1.34.0, as 1.35.0 does not find the folder of the contract.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::project::BUILD;
use crate::tool::{self, Tool};
use crate::{Error, Language, Project};

/// Where npm puts programs of a project.
const MODULES: &str = "node_modules/.bin";

const INSTALL: &str = "in the project: `npm install`";

/// Jco and `tsc` are programs for it: without it, the system only says that they cannot be run.
const NODE: Tool = Tool {
    name: "node",
    install: "install Node 20 or newer, with npm, from https://nodejs.org or as your distribution has it",
};

const JCO: Tool = Tool {
    name: "jco",
    install: INSTALL,
};

const TSC: Tool = Tool {
    name: "tsc",
    install: INSTALL,
};

/// What a host does not have: a component that is built with it does not load. Clocks stay, because one that is built without them
/// stands at the moment of the build for ever, and does not say so.
const WITHOUT: [&str; 2] = ["http", "fetch-event"];

/// How the sources are made one, which the engine takes: the contract is no module among them.
const BUNDLE: &str = "export default { external: [/^slewgate:/] };\n";

pub(super) fn build(project: &Project) -> Result<Vec<u8>, Error> {
    NODE.find()?;
    let jco = JCO.find_in(MODULES, &project.directory)?;
    let build = project.directory.join(BUILD);
    if project.language == Language::TypeScript {
        check_types(project, &jco)?;
    }
    let bundle = build.join("bundle.mjs");
    fs::write(&bundle, BUNDLE).map_err(Error::io("write", &bundle))?;
    let component = build.join("component.wasm");
    let mut command = Command::new(&jco);
    command
        .arg("componentize")
        .arg(source(project))
        .args(["--wit", "wit", "--world-name", project.kind.world()])
        .args(WITHOUT.iter().flat_map(|feature| ["--disable", feature]))
        .arg("--bundle")
        .arg("--bundle-config")
        .arg(&bundle)
        .arg("--out")
        .arg(&component);
    tool::run(&mut command, &project.directory)?;
    fs::read(&component).map_err(Error::io("read", &component))
}

/// The module of `src` that has what the world exports, such as `src/handler.js`.
fn source(project: &Project) -> String {
    let ending = match project.language {
        Language::TypeScript => "ts",
        _ => "js",
    };
    format!("src/{}.{ending}", project.kind)
}

/// Writes what TypeScript sees of the contract, and holds the sources against it: the bundler only takes the types away.
fn check_types(project: &Project, jco: &Path) -> Result<(), Error> {
    let tsc = TSC.find_in(MODULES, &project.directory)?;
    let mut types = Command::new(jco);
    types
        .args(["guest-types", "wit", "--quiet"])
        .args(["--world-name", project.kind.world()])
        .args(["--out-dir", "build/types"]);
    tool::run(&mut types, &project.directory)?;
    tool::run(Command::new(tsc).arg("--noEmit"), &project.directory)
}
