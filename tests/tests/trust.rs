//! Which components may run: what may not is refused before anybody parses it, put on record, and what served goes on.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use slewgate_tests::{Client, Observatory, Setup, plugins, test_component};

/// A host whose observers' policy is put in the place of another, and who hears of that.
struct Swapped {
    observatory: Observatory,
    client: Client,
}

impl Swapped {
    async fn of(observatory: Observatory) -> Swapped {
        let mut client = observatory.client("observer").await;
        let topics = json!({ "topics": ["plugins"] });
        client.call("events.subscribe", topics).await.unwrap();
        client.event("plugins").await;
        Swapped {
            observatory,
            client,
        }
    }

    fn policy(&self) -> PathBuf {
        self.observatory.data().join("policies/observer.wasm")
    }

    /// The next that is heard of the policy.
    async fn news(&mut self) -> Value {
        let news = self.client.swap().await;
        assert_eq!(news["plugin"]["name"], "observer", "{news}");
        news
    }

    /// The next component is refused for this reason: people are told, and the one before serves on.
    async fn is_refused(&mut self, why: &str) {
        let news = self.news().await;
        assert_eq!(news["what"], "failed", "{news}");
        assert_eq!(news["plugin"]["state"], "serving", "{news}");
        let candidate = &news["plugin"]["candidate"];
        assert_eq!(candidate["stage"], "trust", "{news}");
        let cause = candidate["cause"].as_str().unwrap();
        assert!(cause.contains(why), "{cause}");
        self.observatory.wait_for_security_event(|event| {
            let reason = event["reason"].as_str().unwrap_or_default();
            let ours = event["subject"] == "policy observer" && reason.contains(why);
            event["event"] == "plugin_untrusted" && ours && event["digest"] == candidate["digest"]
        });
        let refused = self.client.call("mount.park", json!({})).await.unwrap_err();
        let reason = "an observer may look, not move anything";
        assert_eq!(refused["data"]["reason"], reason, "{refused}");
    }

    /// The next component serves, and its digest is on record.
    async fn is_published(&mut self) {
        let news = self.news().await;
        assert_eq!(news["what"], "published", "{news}");
        let digest = digest(&self.policy());
        self.observatory.wait_for_security_event(|event| {
            event["event"] == "plugin_swap" && event["digest"] == digest.as_str()
        });
        let parked = self.client.call("mount.park", json!({})).await;
        assert!(parked.is_ok(), "{parked:?}");
    }

    /// As editors save.
    fn put(&self, component: &Path) {
        let new = self.policy().with_extension("new");
        fs::copy(component, &new).unwrap();
        chmod(&new, 0o644);
        fs::rename(new, self.policy()).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Value {
        said(&self.observatory, arguments)
    }
}

fn said(observatory: &Observatory, arguments: &[&str]) -> Value {
    let output = observatory.run(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn digest(component: &Path) -> String {
    let digest = Sha256::digest(fs::read(component).unwrap());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The policy that lets observers park.
fn new() -> PathBuf {
    test_component("observer-parks")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn what_others_could_have_put_there_does_not_run() {
    let mut swapped = Swapped::of(Observatory::start()).await;
    let policies = swapped.observatory.data().join("policies");
    chmod(&policies, 0o777);
    swapped.put(&new());
    let why = format!("chmod go-w {}", policies.display());
    swapped.is_refused(&why).await;
    // The remedy that was told.
    chmod(&policies, 0o755);
    swapped.is_published().await;
}

#[tokio::test]
async fn what_others_can_write_does_not_run_nor_what_lies_where_they_can() {
    let mut swapped = Swapped::of(Observatory::start()).await;
    chmod(&swapped.observatory.data().join("policies"), 0o755);
    let (policy, elsewhere) = (swapped.policy(), swapped.observatory.data().join("shared"));
    fs::create_dir(&elsewhere).unwrap();
    chmod(&elsewhere, 0o777);
    fs::copy(new(), elsewhere.join("observer.wasm")).unwrap();
    chmod(&elsewhere.join("observer.wasm"), 0o644);
    let link = policy.with_extension("link");
    symlink("../shared/observer.wasm", &link).unwrap();
    fs::rename(link, &policy).unwrap();
    swapped
        .is_refused("shared is writable by others (mode 0777)")
        .await;

    let writable = policy.with_extension("new");
    fs::copy(new(), &writable).unwrap();
    chmod(&writable, 0o666);
    fs::rename(writable, &policy).unwrap();
    swapped
        .is_refused("observer.wasm is writable by others (mode 0666)")
        .await;
    chmod(&policy, 0o644);
    swapped.is_published().await;
}

/// A host with these settings whose components were trusted before it started by these words.
fn prepared(trust: &str, by: impl Fn(&Observatory, &[&str])) -> Observatory {
    // Without trust in anything a host starts all the same, and is where the words are said.
    let mut observatory = Setup::default().config(trust).start();
    let data = observatory.data().to_owned();
    let files = ["handlers", "policies"].map(|kind| fs::read_dir(data.join(kind)).unwrap());
    let files = files.into_iter().flatten().map(|file| file.unwrap().path());
    let files: Vec<PathBuf> = files.collect();
    let files: Vec<&str> = files.iter().map(|path| text(path)).collect();
    by(&observatory, &files);
    observatory.restart();
    observatory
}

#[tokio::test]
async fn what_is_not_listed_does_not_run_until_it_is() {
    let trust = "[trust]\nrequire = \"digests\"";
    let mut swapped = Swapped::of(prepared(trust, |observatory, files| {
        said(observatory, &[&["plugin", "trust"], files].concat());
    }))
    .await;
    swapped.put(&new());
    let digest = digest(&new());
    swapped
        .is_refused(&format!("its digest {digest} is not in"))
        .await;
    let trusted = swapped.run(&["plugin", "trust", "observer"]);
    assert_eq!(trusted[0]["digest"], digest.as_str(), "{trusted}");
    assert_eq!(trusted[0]["added"], true, "{trusted}");
    swapped.is_published().await;
}

#[tokio::test]
async fn what_is_not_signed_by_a_trusted_key_does_not_run_until_it_is() {
    // The keys are made before the configuration that names them, which takes a host.
    let home = tempfile::tempdir().unwrap();
    let key = |name: &str| home.path().join(name);
    let maker = Observatory::start();
    let [ours, _] = ["ours", "theirs"].map(|name| {
        let made = said(&maker, &["plugin", "keygen", text(&key(name))]);
        made["public"].as_str().unwrap().to_owned()
    });
    let trust = format!("[trust]\nrequire = \"keys\"\nkeys = [\"{ours}\"]");
    let sign = |observatory: &Observatory, files: &[&str], name: &str| {
        let key = key(name);
        let words = [&["plugin", "sign", "--key", text(&key)], files].concat();
        said(observatory, &words);
    };
    let mut swapped = Swapped::of(prepared(&trust, |host, files| sign(host, files, "ours"))).await;
    let policy = swapped.policy();
    let signature = policy.with_extension("wasm.sig");
    let of_old = fs::read(&signature).unwrap();

    swapped.put(&new());
    swapped
        .is_refused("no signature of this observer.wasm, but of another name or version")
        .await;
    sign(&swapped.observatory, &[text(&policy)], "theirs");
    swapped.is_refused("which is not in [trust] keys").await;
    fs::write(&signature, "garbled").unwrap();
    swapped
        .is_refused("not a public key and a signature in Base64")
        .await;
    let telescope = swapped
        .observatory
        .data()
        .join("policies/telescope.wasm.sig");
    fs::copy(telescope, &signature).unwrap();
    swapped
        .is_refused("no signature of this observer.wasm")
        .await;
    fs::remove_file(&signature).unwrap();
    swapped.is_refused("it is not signed: there is no").await;
    sign(&swapped.observatory, &[text(&policy)], "ours");
    swapped.is_published().await;

    // What was signed once is what that signature is of, and nothing else.
    fs::write(&signature, of_old).unwrap();
    swapped.put(&plugins().join("policies/observer.wasm"));
    assert_eq!(swapped.news().await["what"], "published");
}

#[tokio::test]
async fn pipes_in_the_place_of_signatures_hold_up_neither_a_swap_nor_a_start() {
    let home = tempfile::tempdir().unwrap();
    let key = home.path().join("key");
    let made = said(&Observatory::start(), &["plugin", "keygen", text(&key)]);
    let public = made["public"].as_str().unwrap();
    let trust = format!("[trust]\nrequire = \"keys\"\nkeys = [\"{public}\"]");
    let sign = |observatory: &Observatory, files: &[&str]| {
        let words = [&["plugin", "sign", "--key", text(&key)], files].concat();
        said(observatory, &words);
    };
    let mut swapped = Swapped::of(prepared(&trust, sign)).await;
    let policy = swapped.policy();
    // As many as are read at once.
    for name in ["aaa", "aab"] {
        let component = policy.with_file_name(name).with_extension("wasm");
        let pipe = component.with_added_extension("sig");
        mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        fs::copy(new(), component).unwrap();
        let news = swapped.client.swap().await;
        assert_eq!(news["plugin"]["name"], name, "{news}");
        let cause = news["plugin"]["candidate"]["cause"].as_str().unwrap();
        let wanted = format!("cannot see {}: it is no regular file", pipe.display());
        assert_eq!(cause, wanted);
    }
    swapped.put(&new());
    sign(&swapped.observatory, &[text(&policy)]);
    while swapped.news().await["what"] != "published" {}
    swapped.observatory.restart();
    let mut observer = swapped.observatory.client("observer").await;
    observer.call("mount.park", json!({})).await.unwrap();
}

#[test]
fn what_is_not_trusted_at_the_start_is_on_record_and_the_host_runs() {
    let observatory = Setup::default()
        .config("[trust]\nrequire = \"digests\"")
        .start();
    for subject in ["handler mount", "policy observer", "policy telescope"] {
        let event = observatory.wait_for_security_event(|event| {
            event["event"] == "plugin_untrusted" && event["subject"] == subject
        });
        let why = event["reason"].as_str().unwrap();
        assert!(
            why.contains("there is no") && why.contains("trusted.txt"),
            "{why}"
        );
    }
}

#[test]
fn what_serves_from_the_start_is_on_record_with_its_digest() {
    let observatory = Observatory::start();
    let policy = observatory.data().join("policies/observer.wasm");
    let digest = digest(&policy);
    observatory.wait_for_security_event(|event| {
        event["event"] == "plugin_swap"
            && event["subject"] == "policy observer"
            && event["digest"] == digest.as_str()
    });
}
