//! The archive of `cargo xtask dist` as a service, with the commands of `docs/operations.md`, word for word, in a Debian with nothing in it.
//!
//! No systemd runs there: a stand-in for `systemctl` does with the service what its unit says. That system is made anew each time, which takes a
//! minute, root, and a mirror of Debian's: `cargo xtask test --all --long`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::geteuid;
use slewgate_tests::is_long;
use tempfile::TempDir;

const HANDBOOK: &str = include_str!("../../../docs/operations.md");
/// What stands before a block of commands that is run here.
const MARK: &str = "<!-- service: ";
/// The folder that the handbook's commands name, for the one that was unpacked.
const FOLDER: &str = "slewgate-0.1.0-x86_64-linux";

const SYSTEMCTL: &str = include_str!("systemctl");
const STEPS: &str = include_str!("steps");

/// What the commands need that the smallest Debian has not.
const PACKAGES: &str = "sudo,systemd,udev";

/// Makes the system's own surroundings, and goes there: `$1`. All that runs there ends with it. The first process stays outside, by which
/// systemd's programs know that there is no systemd to talk with.
const ENTER: &str = r#"
ip link set lo up
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$1/dev/pts"
chroot "$1" env -i HOME=/root LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /steps/steps
exit
"#;

/// Each marked block: its name, and its commands.
fn blocks() -> Vec<(&'static str, String)> {
    let marked = HANDBOOK.split(MARK).skip(1);
    let block = |text: &'static str| {
        let (name, rest) = text.split_once(" -->\n").expect("an end of the mark");
        let (opening, rest) = rest.split_once('\n').expect("a block");
        assert_eq!(opening.trim(), "```sh", "a block for a shell: {name}");
        let (commands, _) = rest.split_once("```").expect("an end of the block");
        let lines = commands
            .lines()
            .map(|line| line.trim_start().to_owned() + "\n");
        (name, lines.collect())
    };
    marked.map(block).collect()
}

fn dist() -> PathBuf {
    let given = std::env::var_os("SLEWGATE_DIST").map(PathBuf::from);
    given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/dist"))
}

/// The archive, and the folder in it.
fn archive() -> (PathBuf, String) {
    let sums = fs::read_to_string(dist().join("SHA256SUMS")).expect("run `cargo xtask dist`");
    let (_, name) = sums
        .trim_end()
        .split_once("  ")
        .expect("a line of sha256sum");
    let folder = name.strip_suffix(".tar.gz").expect("an archive");
    (dist().join(name), folder.to_owned())
}

/// This machine's release, for which the program was built.
fn release() -> String {
    let text = fs::read_to_string("/etc/os-release").expect("a system with a name");
    let mut lines = text.lines();
    let name = lines.find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    name.expect("Debian or Ubuntu").to_owned()
}

/// A system with nothing in it but the archive and the steps.
fn debian() -> TempDir {
    let place = TempDir::new().unwrap();
    let root = place.path();
    let mut debootstrap = Command::new("debootstrap");
    debootstrap
        .args(["--variant=minbase", "--include", PACKAGES, &release()])
        .arg(root)
        .env("LC_ALL", "C");
    let made = debootstrap.output().unwrap();
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(made.status.success(), "{said}");
    // Others come in too.
    fs::set_permissions(root, PermissionsExt::from_mode(0o755)).unwrap();
    let ptmx = root.join("dev/ptmx");
    let _ = fs::remove_file(&ptmx);
    symlink("pts/ptmx", ptmx).unwrap();

    let (archive, folder) = archive();
    fs::copy(
        &archive,
        root.join("root").join(archive.file_name().unwrap()),
    )
    .unwrap();
    let program = |path: &str, text: &str| {
        fs::write(root.join(path), text).unwrap();
        fs::set_permissions(root.join(path), PermissionsExt::from_mode(0o755)).unwrap();
    };
    program("usr/local/bin/systemctl", SYSTEMCTL);
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    fs::write(
        root.join("etc/hosts"),
        format!("127.0.0.1 localhost {name}"),
    )
    .unwrap();
    fs::create_dir(root.join("steps")).unwrap();
    program("steps/steps", STEPS);
    // Enter, to each question.
    fs::write(root.join("steps/answers"), "\n".repeat(50)).unwrap();
    for (name, commands) in blocks() {
        let commands = commands.replace(FOLDER, &folder);
        fs::write(root.join("steps").join(name), commands).unwrap();
    }
    place
}

#[test]
fn the_handbooks_commands_make_a_service_and_bring_it_back_from_its_backup_there_and_elsewhere() {
    if !is_long() || !geteuid().is_root() {
        println!("LEFT OUT: a Debian of its own, which --long has time for, and root may make");
        return;
    }
    let debian = debian();
    let mut unshare = Command::new("unshare");
    unshare
        .args(["--mount", "--net", "--pid", "--fork", "--kill-child"])
        .arg(format!(
            "--mount-proc={}",
            debian.path().join("proc").display()
        ))
        .args(["sh", "-eu", "-c", ENTER, "sh"])
        .arg(debian.path());
    let output = unshare.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    std::io::stdout().write_all(&output.stdout).unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{complaints}");
    assert!(said.ends_with("=== all done\n"));
}

#[test]
fn each_block_of_those_chapters_is_marked_and_run() {
    for chapter in ["As a service", "Backup and Restore"] {
        let (_, text) = HANDBOOK
            .split_once(&format!("\n## {chapter}\n"))
            .expect("the chapter");
        let (text, _) = text.split_once("\n## ").expect("its end");
        let marked = text.matches(MARK).count();
        assert_eq!(text.matches("```sh\n").count(), marked, "{chapter}");
    }
    for (name, commands) in blocks() {
        let runs = [format!("step {name}\n"), format!("step \"{name}\"")];
        assert!(runs.iter().any(|run| STEPS.contains(run)), "{name}");
        assert!(!commands.is_empty(), "{name}");
    }
}
