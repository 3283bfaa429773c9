//! `slewgate plugin watch`: a round at each save, of building, checking and installing.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::{Built, Error, Project, build, install};

/// How long nothing is saved before a round begins: editors write several files, and each more than once.
const QUIET: Duration = Duration::from_millis(200);

/// What tools, and git, write into a project: no saves of the author.
const MADE: [&str; 7] = [
    "build",
    "target",
    "node_modules",
    ".venv",
    ".git",
    "__pycache__",
    "Cargo.lock",
];

/// What a component has to pass before it is installed: what it found in words, or what is wrong.
pub type Check<'a> = dyn FnMut(&Built) -> Result<String, String> + 'a;

/// What came of one round.
#[derive(Debug)]
pub struct Round {
    /// What was built.
    pub built: Built,
    /// What the check said.
    pub report: String,
    /// Where the component was put; None: there is nowhere to.
    pub installed: Option<PathBuf>,
}

/// Builds, checks, and installs into the data directory of a host, which takes the component up.
///
/// # Errors
///
/// What goes wrong first. Then nothing is installed, and the host goes on with what it has.
pub fn round(
    project: &Project,
    data: Option<&Path>,
    check: &mut Check<'_>,
) -> Result<Round, Error> {
    let built = build(project)?;
    let report = check(&built).map_err(Error::Rejected)?;
    let installed = data.map(|data| install(&built, data)).transpose()?;
    Ok(Round {
        built,
        report,
        installed,
    })
}

/// Calls `act` at once, and again after each save in the project, until it breaks off. A save while it runs is followed by another.
///
/// # Errors
///
/// The project cannot be watched.
pub fn watch(project: &Project, mut act: impl FnMut() -> ControlFlow<()>) -> Result<(), Error> {
    loop {
        // Armed before and not after, and each time, because folders come and go.
        let saves = Saves::of(&project.directory)?;
        if act().is_break() {
            return Ok(());
        }
        saves.wait();
    }
}

/// Hears of saves in a project.
struct Saves {
    heard: Receiver<()>,
    /// Hears as long as it is there.
    _watcher: RecommendedWatcher,
}

impl Saves {
    fn of(project: &Path) -> Result<Self, Error> {
        // News has paths without symbolic links.
        let root = fs::canonicalize(project).map_err(Error::io("find", project))?;
        let (tell, heard) = channel();
        let watcher = watcher(&root, tell).map_err(|source| Error::Watch {
            directory: root.clone(),
            source,
        })?;
        Ok(Self {
            heard,
            _watcher: watcher,
        })
    }

    /// Until something was saved, and nothing more for a while.
    fn wait(&self) {
        // It ends with its watcher, and not before.
        let mut heard = self.heard.recv().is_ok();
        while heard {
            heard = self.heard.recv_timeout(QUIET).is_ok();
        }
    }
}

/// What is made may be thousands of folders, such as `node_modules`, and is not watched at all.
fn watcher(root: &Path, tell: Sender<()>) -> notify::Result<RecommendedWatcher> {
    let place = root.to_owned();
    let mut watcher = notify::recommended_watcher(move |news: notify::Result<Event>| {
        // Where news was lost, there may have been a save.
        if news.is_ok_and(|event| !is_save(&event, &place)) {
            return;
        }
        // Nobody hears it after the last round.
        let _ = tell.send(());
    })?;
    watcher.watch(root, RecursiveMode::NonRecursive)?;
    for entry in fs::read_dir(root)?.flatten() {
        let path = entry.path();
        if path.is_dir() && !is_made(&path, root) {
            watcher.watch(&path, RecursiveMode::Recursive)?;
        }
    }
    Ok(watcher)
}

fn is_save(event: &Event, root: &Path) -> bool {
    let written = match event.kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    // News without a path is that some was lost.
    written && (event.paths.is_empty() || event.paths.iter().any(|path| !is_made(path, root)))
}

fn is_made(path: &Path, root: &Path) -> bool {
    let inside = path.strip_prefix(root).unwrap_or(path);
    inside
        .iter()
        .any(|part| MADE.iter().any(|made| part == *made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Language, create};
    use notify::event::{ModifyKind, RemoveKind};
    use std::thread;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn project(folder: &Path) -> Project {
        let name = "visitor".parse().unwrap();
        create(name, Language::C, Kind::Policy, &folder.join("visitor")).unwrap()
    }

    /// Watches in a thread of its own. Each round is told, and goes on when the test says how.
    fn watched(project: &Project) -> (Receiver<()>, Sender<ControlFlow<()>>) {
        let (tell, rounds) = channel();
        let (go, gone) = channel();
        let project = project.clone();
        thread::spawn(move || {
            watch(&project, || {
                tell.send(()).unwrap();
                gone.recv().unwrap_or(ControlFlow::Break(()))
            })
        });
        (rounds, go)
    }

    #[test]
    fn each_save_is_followed_by_a_round_and_so_is_one_in_a_folder_that_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let project = project(folder.path());
        let (rounds, go) = watched(&project);
        let saves = ["src/policy.c", "Makefile", "more/rules.c", "more/rules.c"];
        for file in saves {
            rounds.recv_timeout(PATIENCE).unwrap();
            go.send(ControlFlow::Continue(())).unwrap();
            let file = project.directory.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "// new").unwrap();
        }
        rounds.recv_timeout(PATIENCE).unwrap();
    }

    #[test]
    fn a_save_in_a_round_is_followed_by_another() {
        let folder = tempfile::tempdir().unwrap();
        let project = project(folder.path());
        let (rounds, go) = watched(&project);
        rounds.recv_timeout(PATIENCE).unwrap();
        fs::write(project.directory.join("src/policy.c"), "// new").unwrap();
        go.send(ControlFlow::Continue(())).unwrap();
        rounds.recv_timeout(PATIENCE).unwrap();
    }

    #[test]
    fn what_tools_write_and_what_is_only_read_is_no_save() {
        let root = Path::new("/target/heater");
        let written = EventKind::Modify(ModifyKind::Any);
        let closed = |mode| EventKind::Access(AccessKind::Close(mode));
        for (kind, path, save) in [
            (written, "src/lib.rs", true),
            (written, "README.md", true),
            (EventKind::Remove(RemoveKind::File), "src/old.rs", true),
            (closed(AccessMode::Write), "src/lib.rs", true),
            (closed(AccessMode::Read), "src/lib.rs", false),
            (written, "target/release/lib.rs", false),
            (written, "build/heater.wasm", false),
            (written, "src/__pycache__/handler.pyc", false),
            (written, "Cargo.lock", false),
        ] {
            let event = Event::new(kind).add_path(root.join(path));
            assert_eq!(is_save(&event, root), save, "{event:?}");
        }
        assert!(
            is_save(&Event::new(EventKind::Other), root),
            "news was lost"
        );
    }

    #[test]
    fn a_watch_ends_when_nobody_wants_it_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let project = project(folder.path());
        let mut rounds = 0;
        let ended = watch(&project, || {
            rounds += 1;
            ControlFlow::Break(())
        });
        assert!(ended.is_ok() && rounds == 1);
    }
}
