//! `cargo xtask dist`: a folder and an archive with all that a machine needs to run the host.

mod licences;
mod metadata;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use self::metadata::Metadata;
use crate::workspace::{Workspace, step};
use crate::{files, plugins};

/// Where it all goes, below `target`.
const FOLDER: &str = "dist";
/// Folders and files of the repository that go along as they are.
const ALONG: [&str; 5] = ["config", "docs", "wit", "LICENSE-APACHE", "LICENSE-MIT"];
/// The notices of what others wrote.
const NOTICES: &str = "THIRD-PARTY-LICENSES.txt";
const SUMS: &str = "SHA256SUMS";
/// The same files give the same archive: in order, of nobody, and as old as the commit.
const REPRODUCIBLE: [&str; 5] = [
    "--sort=name",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--mode=u+rw,go+r-w",
];

/// Builds and packs; prints what was made.
pub(crate) fn dist(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    make(workspace).map(|_| ExitCode::SUCCESS)
}

/// Builds and packs; returns the folder that holds the archive and its checksum.
pub(crate) fn make(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let folder = build(workspace)?;
    let archive = pack(workspace, &folder)?;
    let sums = write_sums(&archive)?;
    for made in [&folder, &archive, &sums] {
        println!("{}", workspace.shown(made).display());
    }
    Ok(workspace.target.join(FOLDER))
}

/// Builds everything into a folder of its own; returns it.
fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let components = plugins::build(workspace)?;
    workspace.build_program()?;
    let metadata = Metadata::read(workspace)?;
    let folder = workspace.target.join(FOLDER).join(name(&metadata));
    // Nothing of an earlier build stays.
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;
    strip(&workspace.slewgate(), &folder)?;
    plugins::install(&components, &folder, workspace)?;
    for name in ALONG {
        copy(&workspace.root.join(name), &folder.join(name))?;
    }
    let notices = licences::notices(&metadata, &workspace.root)?;
    files::write_if_changed(&folder.join(NOTICES), notices.as_bytes())?;
    Ok(folder)
}

/// Such as `slewgate-0.1.0-x86_64-linux`.
fn name(metadata: &Metadata) -> String {
    let (arch, os) = (std::env::consts::ARCH, std::env::consts::OS);
    format!("slewgate-{}-{arch}-{os}", metadata.version())
}

/// Copies the program without what only a debugger reads, which is most of it.
fn strip(program: &Path, folder: &Path) -> anyhow::Result<()> {
    let to = folder.join(program.file_name().context("a program has a name")?);
    if cfg!(windows) {
        return copy(program, &to);
    }
    step(Command::new("strip").arg("-o").arg(&to).arg(program))
        .context("packing needs strip: apt-get install binutils")
}

/// Copies a file, or a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to)
            .map(drop)
            .with_context(|| format!("cannot copy {}", from.display()));
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn pack(workspace: &Workspace, folder: &Path) -> anyhow::Result<PathBuf> {
    let (parent, name) = folder
        .parent()
        .zip(folder.file_name())
        .context("the folder has a name")?;
    // The version has dots, and is no extension.
    let archive = folder.with_added_extension("tar.gz");
    let mut tar = Command::new("tar");
    if cfg!(target_os = "linux") {
        tar.args(REPRODUCIBLE)
            .arg(format!("--mtime=@{}", commit_time(workspace)));
    }
    tar.arg("-C")
        .arg(parent)
        .arg("-czf")
        .arg(&archive)
        .arg(name);
    step(&mut tar)?;
    Ok(archive)
}

/// When the sources were committed, in seconds since 1970; 0 where nothing tells.
fn commit_time(workspace: &Workspace) -> u64 {
    let mut git = Command::new("git");
    git.args(["log", "-1", "--format=%ct"])
        .current_dir(&workspace.root)
        .stderr(Stdio::null());
    let told = git.output().ok().filter(|output| output.status.success());
    told.and_then(|output| String::from_utf8(output.stdout).ok()?.trim().parse().ok())
        .unwrap_or_default()
}

/// In the form that `sha256sum -c` reads.
fn write_sums(archive: &Path) -> anyhow::Result<PathBuf> {
    let (Some(folder), Some(name)) = (archive.parent(), archive.file_name()) else {
        bail!("{} has no name", archive.display());
    };
    let bytes = fs::read(archive)?;
    let digest: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let sums = folder.join(SUMS);
    let line = format!("{digest}  {}\n", name.to_string_lossy());
    files::write_if_changed(&sums, line.as_bytes())?;
    Ok(sums)
}
