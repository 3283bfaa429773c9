//! What lies on the disk: tokens, the log, components.

use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::inotify::{self, ReadFlags, WatchFlags};
use rustix::io::Errno;
use serde_json::{Value, json};
use slewgate_tests::{Observatory, PATIENCE, Setup, long, plugins};

use crate::authentication::first;
use crate::row::left_out;
use crate::scene::{Scene, Stage, each, says};
use crate::target::Target;
use crate::wire::text;

/// The user that owns nothing (Debian's base-passwd).
const NOBODY: u32 = 65_534;

fn tokens(data: &Path) -> Value {
    let text = fs::read_to_string(data.join("api_tokens.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn count(data: &Path) -> usize {
    tokens(data).as_object().unwrap().len()
}

fn token_change(reason: &'static str) -> impl Fn(&Value) -> bool {
    says("token_change", reason)
}

/// Hears of what is done in a data directory.
struct Folder(OwnedFd);

/// What is done to files on the way to new tokens (`security/src/write.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// The right to write is being taken.
    Locked,
    /// There is a new file, without anything in it.
    Created,
    /// It has the old one's name.
    Renamed,
}

impl Folder {
    fn watch(data: &Path) -> Folder {
        let flags = inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK;
        let watch = inotify::init(flags).unwrap();
        let flags = WatchFlags::OPEN | WatchFlags::CREATE | WatchFlags::MOVED_TO;
        inotify::add_watch(&watch, data, flags).unwrap();
        Folder(watch)
    }

    /// What was done since this was asked last.
    fn done(&self) -> Vec<Done> {
        let mut buffer = [MaybeUninit::uninit(); 4 * 1024];
        let mut events = inotify::Reader::new(&self.0, &mut buffer);
        let mut done = Vec::new();
        loop {
            let event = match events.next() {
                Err(Errno::WOULDBLOCK) => return done,
                event => event.unwrap(),
            };
            let name = event.file_name().unwrap_or_default().to_bytes();
            let flags = event.events();
            done.extend(match name {
                b".api_tokens.json.lock" if flags.contains(ReadFlags::OPEN) => Some(Done::Locked),
                b".api_tokens.json.new" if flags.contains(ReadFlags::CREATE) => Some(Done::Created),
                b"api_tokens.json" if flags.contains(ReadFlags::MOVED_TO) => Some(Done::Renamed),
                _ => None,
            });
        }
    }

    /// Looks until this is among what was done: who is woken for it comes too late for what follows within microseconds.
    fn until(&self, wanted: Done, done: &mut Vec<Done>) {
        let until = Instant::now() + PATIENCE;
        while !done.contains(&wanted) {
            assert!(Instant::now() < until, "not {wanted:?} in time: {done:?}");
            done.extend(self.done());
        }
    }
}

#[tokio::test]
async fn abuse_44_killed_at_200_points_of_a_token_write() {
    let scene = Scene::of(44, "killed at 200 points of a token write").plain();
    scene
        .suffered(async |stage| {
            let data = stage.observatory.data();
            let generate = || {
                let mut command = Setup::default().generate(data, "observer");
                command.stdout(Stdio::null()).stderr(Stdio::null());
                command.spawn().unwrap()
            };
            let folder = Folder::watch(data);
            let kills = long(200);
            let mut known = count(data);
            // In turn of all that is done under the lock, and of the new file alone.
            let windows = [Done::Locked, Done::Created];
            let mut took = [Duration::ZERO; 2];
            let (mut before, mut inside, mut after) = (0, 0, 0);
            for kill in 0..kills {
                // How long a write takes changes with what else the disk has to do; the shortest was held up least.
                let measures = if kill % 10 == 0 { 3 } else { 0 };
                for measure in 0..measures {
                    let (mut program, mut done) = (generate(), Vec::new());
                    let began = windows.map(|window| {
                        folder.until(window, &mut done);
                        Instant::now()
                    });
                    folder.until(Done::Renamed, &mut done);
                    let now = began.map(|began| began.elapsed());
                    took = match measure {
                        0 => now,
                        _ => [took[0].min(now[0]), took[1].min(now[1])],
                    };
                    assert!(program.wait().unwrap().success());
                    known += 1;
                    assert_eq!(count(data), known);
                    folder.done();
                }
                let (mut program, mut done) = (generate(), Vec::new());
                folder.until(windows[kill % 2], &mut done);
                // From the window's beginning to a little after its end: less than what a timer can tell.
                let point = took[kill % 2].mul_f64(1.2 * (kill as f64 + 0.5) / kills as f64);
                let began = Instant::now();
                while began.elapsed() < point {
                    std::hint::spin_loop();
                }
                let _ = program.kill();
                program.wait().unwrap();
                done.extend(folder.done());
                match (done.contains(&Done::Created), done.contains(&Done::Renamed)) {
                    (_, true) => after += 1,
                    (true, false) => inside += 1,
                    (false, false) => before += 1,
                }
                let now = count(data);
                let added = usize::from(done.contains(&Done::Renamed));
                assert_eq!(now, known + added, "{done:?}");
                known = now;
                let mode = fs::metadata(data.join("api_tokens.json"))
                    .unwrap()
                    .permissions();
                assert_eq!(mode.mode() & 0o777, 0o600);
            }
            // The next one is held up by nothing that the killed ones left.
            assert!(generate().wait().unwrap().success());
            assert_eq!(count(data), known + 1);
            stage
                .observatory
                .wait_for_security_event(token_change("added"));
            assert!(inside > 0, "{before} before the new file, {after} after it");
            let told =
                format!("killed {inside} times in the new file, {before} before, {after} after");
            json!({ "event": "token_change", "reason": told })
        })
        .await;
}

/// A disk of its own for the log.
struct SmallDisk<'a>(&'a Path);

/// With which options `mount` makes one.
const SMALL: [&str; 5] = ["-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs"];

impl<'a> SmallDisk<'a> {
    fn mount(folder: &'a Path) -> SmallDisk<'a> {
        let mounted = Command::new("mount").args(SMALL).arg(folder).output();
        let mounted = mounted.unwrap();
        assert!(mounted.status.success(), "{mounted:?}");
        SmallDisk(folder)
    }
}

/// Whether who runs the test may mount a disk himself, or else in a namespace of his own.
fn may_mount(folder: &Path, own_namespace: &[&str]) -> bool {
    // In a namespace that is gone at once, so that nothing is left mounted.
    let mut tried = Command::new("unshare");
    let tried = tried.args(own_namespace).args(["--mount", "mount"]);
    let tried = tried.args(SMALL).arg(folder).output();
    tried.is_ok_and(|tried| tried.status.success())
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .args(["--lazy".as_ref(), self.0.as_os_str()])
            .output();
    }
}

#[tokio::test]
async fn abuse_45_disk_full() {
    /// Who makes a namespace is root in it.
    const OWN: [&str; 2] = ["--user", "--map-root-user"];
    let place = tempfile::tempdir().unwrap();
    let logs = place.path().join("logs");
    fs::create_dir(&logs).unwrap();
    fs::set_permissions(&logs, fs::Permissions::from_mode(0o700)).unwrap();
    if !may_mount(&logs, &[]) {
        if !may_mount(&logs, &OWN) {
            return left_out(
                45,
                "a full disk: neither mount(8) nor a namespace is allowed here",
            );
        }
        // All of it once more in there, the host and its disk.
        let mut again = Command::new("unshare");
        again
            .args(OWN)
            .arg("--mount")
            .arg(std::env::current_exe().unwrap());
        let again = again.args(["--exact", "storage::abuse_45_disk_full", "--nocapture"]);
        let again = again.output().unwrap();
        let said = String::from_utf8_lossy(&again.stdout);
        let failed = String::from_utf8_lossy(&again.stderr);
        assert!(said.contains("1 passed"), "{said}\n{failed}");
        print!("{said}");
        return;
    }
    let disk = SmallDisk::mount(&logs);
    let scene = Scene::of(45, "disk full").plain();
    scene
        .setup(|setup| setup.linked("security/logs", &logs))
        .suffered(async |stage| {
            stage.observatory.told(&[r#""message":"attached""#]);
            let filler = logs.join("filler");
            let _ = fs::write(&filler, vec![b'x'; 64 * 1024]);
            each(200, 8, async |number| {
                let claim = json!({ "token": "wrong", "client_id": format!("full-{number}") });
                first(&stage.target, number, &text(&claim.to_string())).await;
            })
            .await;
            stage
                .observatory
                .told(&["security log", "No space left on device"]);
            // Served on, stopped as ever.
            let mut peer = stage.target.session(1_000).await.unwrap();
            let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": "mount.stop" });
            peer.send(&text(&asked.to_string())).await.unwrap();
            let (_, stopped) = peer.hear().await.unwrap();
            assert!(String::from_utf8_lossy(&stopped).contains("result"));
            fs::remove_file(&filler).unwrap();
            // What is missing is counted once there is room again.
            stage
                .observatory
                .wait_for_security_event(|line| line["event"] == "gap")
        })
        .await;
    drop(disk);
}

fn verify(observatory: &Observatory, log: &Path) -> Output {
    observatory.run(&["log", "verify", log.to_str().unwrap()])
}

#[tokio::test]
async fn abuse_46_each_kind_of_tampering_with_the_log() {
    let scene = Scene::of(46, "tampering with the log").plain();
    scene
        .suffered(async |stage| {
            each(8, 4, async |number| {
                let claim = json!({ "token": "wrong", "client_id": format!("someone-{number}") });
                first(&stage.target, number, &text(&claim.to_string())).await;
            })
            .await;
            let observatory = &stage.observatory;
            observatory.wait_for_security_event(|line| line["client_id"] == "someone-7");
            let log = observatory.data().join("security/logs/security.log");
            let whole = fs::read_to_string(&log).unwrap();
            // To the last whole line.
            let lines: Vec<_> = whole[..=whole.rfind('\n').unwrap()].lines().collect();
            let victim = lines.iter().position(|line| line.contains("someone-3"));
            let victim = victim.unwrap();
            let mut changed = lines.clone();
            let forged = changed[victim].replace("127.", "126.");
            changed[victim] = &forged;
            let mut removed = lines.clone();
            removed.remove(victim);
            let mut moved = lines.clone();
            moved.swap(victim, victim + 1);
            let mut inserted = lines.clone();
            inserted.insert(victim, lines[victim]);
            let mut told = Vec::new();
            for (how, tampered) in [
                ("changed", changed),
                ("removed", removed),
                ("moved", moved),
                ("inserted", inserted),
            ] {
                let place = tempfile::tempdir().unwrap();
                let copy = place.path().join("security.log");
                fs::write(&copy, tampered.join("\n") + "\n").unwrap();
                let output = verify(observatory, &copy);
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                assert_eq!(output.status.code(), Some(1), "{how}: {said}");
                let line = [victim + 1, victim + 2].map(|line| format!("security.log:{line}:"));
                assert!(line.iter().any(|line| said.contains(line)), "{how}: {said}");
                told.push(how);
            }
            json!({ "event": "log verify", "reason": told.join(", ") })
        })
        .await;
}

/// Who comes in case 47, and how often in all.
const SOURCES: u64 = 500;
const FLOOD: usize = 100_000;

#[tokio::test]
async fn abuse_47_a_flood_of_many_sources_into_the_log_is_a_bounded_number_of_lines_and_a_count() {
    let scene = Scene::of(47, "many sources flood the log");
    let scene = scene.ends_by_itself().plain();
    let config = "unauthenticated = 1_000\nearly_drop = 1_000\n[penalties]\nmost_ms = 0\n[security_log]\nfile_mib = 1\nfull_files = 50";
    let clients = long(FLOOD);
    let attack = |target: Target| async move {
        each(clients, 64, async |number| {
            let claim = json!({ "token": "wrong", "client_id": format!("one-of-many-{number}") });
            let source = number % SOURCES as usize;
            let code = first(&target, source, &text(&claim.to_string())).await;
            assert_eq!(code, Some(4001));
        })
        .await;
    };
    // At 5,000 events a second that are not counted together files become full: `security/tests/security/chain.rs`. Here `log verify` goes
    // over all of them at the end.
    scene
        .config(config)
        .afterwards(is_bounded)
        .attacked(attack, says("auth_failed", "unknown or revoked token"))
        .await;
}

/// Each of the flood's failures is a line or counted in one, and of each kind there are so many lines a minute.
fn is_bounded(observatory: &Observatory) {
    /// Those that are written one by one (`security/src/log/repeats.rs`).
    const WRITTEN: u64 = 1_000;
    /// Of one line.
    const BYTES: u64 = 512;
    let log = observatory.security_log();
    let of = |event: &'static str| log.iter().filter(move |line| line["event"] == event);
    let count = |line: &Value| line["count"].as_u64().unwrap_or(1);
    let [failed, lost] = ["auth_failed", "gap"].map(|event| of(event).map(count).sum::<u64>());
    let clients = long(FLOOD) as u64;
    assert!(
        failed <= clients && failed + lost >= clients,
        "{failed} and {lost} of {clients}"
    );
    let minutes = minutes(&log);
    // What is counted is a line for each source, and one for all whom the host does not tell apart.
    let most = minutes * (WRITTEN + SOURCES + 1);
    let kinds = ["connection", "auth_failed", "closed"];
    for kind in kinds {
        let lines = of(kind).count() as u64;
        assert!(lines <= most, "{lines} of {kind} in {minutes} minutes");
    }
    let files = observatory.security_log_files();
    let bytes: u64 = files
        .iter()
        .map(|file| fs::metadata(file).unwrap().len())
        .sum();
    let most = most * kinds.len() as u64 * BYTES;
    assert!(bytes <= most, "{bytes} bytes in {minutes} minutes");
}

/// In how many minutes something may be counted that has these lines.
fn minutes(log: &[Value]) -> u64 {
    let times = [log.first(), log.last()].map(|line| -> jiff::Timestamp {
        let time = line.unwrap()["time"].as_str().unwrap();
        time.parse().unwrap()
    });
    let took = times[1].duration_since(times[0]);
    2 + took.as_secs().unsigned_abs() / 60
}

#[tokio::test]
async fn abuse_48_injection_into_the_log() {
    let scene = Scene::of(48, "injection");
    scene
        .suffered(async |stage| {
            let evil = "\n{\"event\":\"auth_ok\"}\u{1b}[2J\u{202e}\r";
            let firsts = [
                json!({ "token": evil, "client_id": "x" }),
                json!({ "token": "wrong", "client_id": evil }),
                json!({ "token": "wrong", "client_id": "\"},{\"event\":\"auth_ok" }),
            ];
            for (number, claim) in firsts.iter().enumerate() {
                first(&stage.target, number, &text(&claim.to_string())).await;
            }
            let observatory = &stage.observatory;
            let event = observatory.wait_for_security_event(|line| {
                line["address"] == "127.64.0.3" && line["event"] == "auth_failed"
            });
            let log = observatory.data().join("security/logs/security.log");
            let log = fs::read_to_string(log).unwrap();
            let printable = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
            assert!(log.chars().all(printable));
            for line in log[..=log.rfind('\n').unwrap()].lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                let forged = line["event"] == "auth_ok" && line["address"] != "127.0.0.7";
                assert!(!forged, "{line}");
            }
            event
        })
        .await;
}

#[tokio::test]
async fn abuse_49_modes_links_and_owners_of_the_token_file() {
    let scene = Scene::of(49, "file modes, links, foreign owner").plain();
    scene
        .suffered(async |stage| {
            let observatory = &stage.observatory;
            let file = observatory.data().join("api_tokens.json");
            let kept = file.with_extension("kept");
            let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            // Readable by others: mended.
            mode(0o644);
            observatory.wait("private file", || {
                let mode = fs::metadata(&file).unwrap().permissions().mode();
                (mode & 0o777 == 0o600).then_some(())
            });
            // Writable by others, a link: refused; who is known stays known, and the victim stays in.
            mode(0o666);
            let event = observatory.wait_for_security_event(says("alarm", "others can write it"));
            mode(0o600);
            fs::rename(&file, &kept).unwrap();
            symlink(&kept, &file).unwrap();
            observatory.wait_for_security_event(says("alarm", "symbolic link"));
            fs::remove_file(&file).unwrap();
            fs::rename(&kept, &file).unwrap();
            // Somebody else's, where who runs the test may make it so.
            if chown(&file, Some(NOBODY), None).is_ok() {
                observatory.wait_for_security_event(says("alarm", "belongs to"));
                chown(&file, Some(rustix::process::geteuid().as_raw()), None).unwrap();
            }
            observatory.token("observer");
            event
        })
        .await;
}

#[tokio::test]
async fn abuse_50_every_way_in_which_editors_save() {
    let scene = Scene::of(50, "every way editors save").plain();
    scene
        .suffered(async |stage| {
            let observatory = &stage.observatory;
            let file = observatory.data().join("api_tokens.json");
            let other = file.with_extension("json~");
            let private = |file: &Path| {
                fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
            };
            type Save = fn(&Path, &Path, &str, &dyn Fn(&Path));
            let ways: [Save; 4] = [
                // In place.
                |file, _, text, _| fs::write(file, text).unwrap(),
                // A new file in the place of the old one.
                |file, other, text, private| {
                    fs::write(other, text).unwrap();
                    private(other);
                    fs::rename(other, file).unwrap();
                },
                // The old one put aside first.
                |file, other, text, private| {
                    fs::rename(file, other).unwrap();
                    fs::write(file, text).unwrap();
                    private(file);
                    fs::remove_file(other).unwrap();
                },
                // Deleted and written anew.
                |file, _, text, private| {
                    fs::remove_file(file).unwrap();
                    fs::write(file, text).unwrap();
                    private(file);
                },
            ];
            let mut event = Value::Null;
            for (number, save) in ways.into_iter().enumerate() {
                let mut all = tokens(observatory.data());
                let id = format!("editor0{number}");
                let token = format!("written-by-hand-{number}");
                observatory.keep_secret(&token);
                all[token] = json!({ "id": id, "name": "by hand", "client_type": "observer" });
                save(&file, &other, &all.to_string(), &private);
                event = observatory.wait_for_security_event(|line| {
                    line["token_id"] == *id && line["reason"] == "added"
                });
            }
            event
        })
        .await;
}

#[tokio::test]
async fn abuse_51_more_changes_than_can_be_heard_and_a_folder_that_was_replaced() {
    // The version before is kept, to go back to.
    let scene = Scene::of(51, "inotify overflow and a dead watch").plain();
    let scene = scene.keeps(1);
    scene
        .suffered(async |stage| {
            overflow(stage).await;
            let observatory = &stage.observatory;
            let folder = observatory.data().join("policies");
            // As fast as files can be made, while the host hears of it.
            for number in 0..long(100_000) {
                noise(&folder, number);
            }
            let before = swaps(observatory).len();
            replace(&folder, 2);
            published(observatory, before);
            // The folder that is watched is gone, and another has its name.
            let aside = folder.with_extension("aside");
            fs::rename(&folder, &aside).unwrap();
            fs::create_dir(&folder).unwrap();
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
            for file in fs::read_dir(&aside).unwrap().flatten() {
                fs::copy(file.path(), folder.join(file.file_name())).unwrap();
            }
            let before = swaps(observatory).len();
            replace(&folder, 3);
            published(observatory, before)
        })
        .await;
}

/// More changes than the system keeps for one who hears of them, and then the one that matters, of which the host is told nothing. It
/// compares of its own accord too, but half a minute after its start for the first time.
async fn overflow(stage: &Stage) {
    let observatory = &stage.observatory;
    let folder = observatory.data().join("policies");
    let before = swaps(observatory).len();
    let kept = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let kept: usize = kept.trim().parse().unwrap();
    // It hears nothing meanwhile: otherwise it might keep up.
    observatory.suspend(|| {
        // That a file is there, and that it is gone.
        for number in 0..=kept / 2 {
            noise(&folder, number);
        }
        replace(&folder, 1);
        // How long it stood still is no attack's doing: neither what the victim had before is told, nor what was held up.
        stage.victim.forget();
    });
    published(observatory, before);
}

fn noise(folder: &Path, number: usize) {
    let file = folder.join(format!("noise-{}", number % 64));
    fs::write(&file, b"").unwrap();
    fs::remove_file(&file).unwrap();
}

/// What the log says of versions of the observer's policy.
fn swaps(observatory: &Observatory) -> Vec<Value> {
    let is_swap = |line: &Value| {
        let subject = line["subject"].as_str().unwrap_or_default();
        line["event"] == "plugin_swap" && subject.contains("observer")
    };
    let log = observatory.security_log();
    log.into_iter().filter(is_swap).collect()
}

/// Another version than so many.
fn published(observatory: &Observatory, since: usize) -> Value {
    observatory.wait("observer's policy anew", || {
        let swaps = swaps(observatory);
        (swaps.len() > since).then(|| swaps.into_iter().next_back())?
    })
}

/// The same component with so many bytes more: a custom section (WebAssembly, 5.5.3) that nobody reads.
fn padded(component: &[u8], more: u8) -> Vec<u8> {
    let name = b"\x01n";
    let length = u8::try_from(name.len()).unwrap() + more;
    let mut padded = component.to_vec();
    padded.extend([0, length]);
    padded.extend(name);
    padded.extend(vec![0; more.into()]);
    padded
}

/// The observer's policy is replaced by one that differs in nothing that it does.
fn replace(folder: &Path, more: u8) {
    let built = fs::read(plugins().join("policies/observer.wasm")).unwrap();
    let new = folder.join("observer.new");
    fs::write(&new, padded(&built, more)).unwrap();
    fs::rename(new, folder.join("observer.wasm")).unwrap();
}
