//! Plugins in five languages, made from their templates, built, checked, loaded into a host, and called.

#[path = "../../host/authors/tests/workshop/mod.rs"]
mod workshop;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use slewgate_authors::{Built, Kind, Language, build, install};
use slewgate_tests::{Client, Observatory, Setup, program};
use tempfile::TempDir;
use workshop::made;

/// A host compiles a component of 18 MB, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(300);

/// The heater of the template, which nobody has: its own program, on a pseudo-terminal.
struct Heater {
    _program: Running,
    link: PathBuf,
    _folder: TempDir,
}

impl Heater {
    fn start(project: &Path) -> Heater {
        let folder = TempDir::new().expect("a directory");
        let link = folder.path().join("heater");
        let mut python = Command::new("python3");
        python.arg(project.join("try/heater.py")).arg(&link);
        let mut program = python.stdout(Stdio::piped()).spawn().expect("a heater");
        let mut said = String::new();
        let mut output = BufReader::new(program.stdout.take().expect("its output"));
        output.read_line(&mut said).expect("its output");
        assert!(said.contains("listens"), "{said}");
        // It goes on to say what it hears, which nobody may miss.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        Heater {
            _program: Running(program),
            link,
            _folder: folder,
        }
    }
}

/// A program, until this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A host that has the heater on a line, and no mount.
fn host(heater: &Heater, more: &str) -> Observatory {
    let config = format!(
        "[lines.heater]\ndevice = {:?}\n[plugins.heater]\ncomponent = \"heater.wasm\"\nlines = {{ port = \"heater\" }}\n\
         settings = {{ max_percent = 60 }}\n",
        heater.link
    );
    Setup::default().config(&config).config(more).start()
}

/// Hears of plugins until this one serves.
async fn serves(news: &mut Client, name: &str) {
    loop {
        let plugin = news.event("plugins").await["data"]["plugin"].take();
        if plugin["name"] == name {
            assert_eq!(plugin["candidate"], Value::Null, "{plugin}");
            assert_eq!(plugin["state"], "serving", "{plugin}");
            return;
        }
    }
}

/// As its README says.
fn passes(built: &Built) {
    let mut check = Command::new(program());
    check.args(["plugin", "check"]);
    let checked = check.current_dir(&built.project.directory);
    let checked = checked.output().expect("the program starts");
    assert!(
        checked.status.success(),
        "{}{}",
        String::from_utf8_lossy(&checked.stdout),
        String::from_utf8_lossy(&checked.stderr)
    );
}

async fn is_loaded_and_called(language: Language) {
    // Before anybody is connected: it takes the thread that answers the host's pings.
    let [handler, policy] = Kind::ALL.map(|kind| made(language, kind));
    let [heating, visiting] = [&handler, &policy].map(|made| build(&made.project).unwrap());
    passes(&heating);
    passes(&visiting);

    let heater = Heater::start(&handler.project.directory);
    let observatory = host(&heater, "");
    let mut telescope = observatory
        .client("telescope")
        .await
        .with_patience(PATIENCE);
    let topics = json!({ "topics": ["plugins"] });
    telescope.call("events.subscribe", topics).await.unwrap();
    telescope.event("plugins").await;

    install(&heating, observatory.data()).unwrap();
    serves(&mut telescope, "heater").await;
    let observatory = observatory.attached();
    let set = telescope.call("heater.set", json!({ "percent": 40 })).await;
    assert_eq!(set.unwrap(), json!({ "percent": 40 }));
    let status = telescope.call("heater.status", json!({})).await.unwrap();
    assert_eq!(status["percent"], 40, "{status}");
    let stopped = telescope.call("heater.stop", json!({})).await;
    assert_eq!(stopped.unwrap()["stopped"], true);
    let refused = telescope.call("heater.set", json!({ "percent": 61 })).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused["code"], -32602, "{refused}");
    assert_eq!(refused["data"]["field"], "percent", "{refused}");

    install(&visiting, observatory.data()).unwrap();
    serves(&mut telescope, "visitor").await;
    let mut visitor = observatory.client("visitor").await;
    let status = visitor.call("heater.status", json!({})).await.unwrap();
    assert_eq!(status["percent"], 40, "{status}");
    let denied = visitor.call("heater.set", json!({ "percent": 1 })).await;
    let denied = denied.unwrap_err();
    assert_eq!(denied["code"], -32001, "{denied}");
    let reason = "a visitor may look and move";
    assert_eq!(denied["data"]["reason"], reason, "{denied}");
}

#[test]
fn a_mistake_in_python_is_told_in_a_few_lines_the_last_of_which_name_it() {
    let handler = made(Language::Python, Kind::Handler);
    let source = handler.project.directory.join("src/handler.py");
    std::fs::write(source, "import jsonn\n").unwrap();
    let mut build = Command::new(program());
    build.env("RUST_BACKTRACE", "1").args(["plugin", "build"]);
    let built = build.arg(&handler.project.directory).output();
    let said = String::from_utf8(built.expect("the program starts").stderr).unwrap();
    let lines: Vec<_> = said.lines().collect();
    assert!(lines.len() < 20, "{said}");
    let [.., cause, failed] = &lines[..] else {
        panic!("{said}");
    };
    assert!(cause.contains("No module named 'jsonn'"), "{said}");
    assert!(failed.contains("componentize-py failed"), "{said}");
}

#[tokio::test]
async fn plugins_in_rust_are_loaded_and_called() {
    is_loaded_and_called(Language::Rust).await;
}

#[tokio::test]
async fn plugins_in_python_are_loaded_and_called() {
    is_loaded_and_called(Language::Python).await;
}

#[tokio::test]
async fn plugins_in_javascript_are_loaded_and_called() {
    is_loaded_and_called(Language::JavaScript).await;
}

#[tokio::test]
async fn plugins_in_typescript_are_loaded_and_called() {
    is_loaded_and_called(Language::TypeScript).await;
}

#[tokio::test]
async fn plugins_in_c_are_loaded_and_called() {
    is_loaded_and_called(Language::C).await;
}

#[test]
fn a_watch_says_that_what_it_installed_serves_and_why_it_does_not() {
    let handler = made(Language::C, Kind::Handler);
    let heater = Heater::start(&handler.project.directory);
    let observatory = host(&heater, "");
    let mut watch = Command::new(program());
    // The tests' own variables look like such of a configuration.
    let path = std::env::var_os("PATH").unwrap();
    watch.env_clear().env("PATH", path);
    watch.args(["plugin", "watch", "--json", "--data"]);
    let watch = watch
        .arg(observatory.data())
        .arg(&handler.project.directory);
    let mut watch = watch.stdout(Stdio::piped()).spawn().expect("a watch");
    let mut told = BufReader::new(watch.stdout.take().expect("its output")).lines();
    let _watch = Running(watch);
    let mut told = || -> Value {
        let line = told.next().expect("a round").expect("its output");
        serde_json::from_str(&line).expect("a round in JSON")
    };
    assert_eq!(told()["host"]["heater"]["state"], "serves");

    // The check takes it with its own settings, and the host has others.
    let source = handler.project.directory.join("src/handler.c");
    let text = std::fs::read_to_string(&source).unwrap();
    let pickier = text.replace(
        "max_percent > 100)",
        "max_percent > 100 || max_percent == 60)",
    );
    assert_ne!(pickier, text);
    std::fs::write(&source, pickier).unwrap();
    let fate = told()["host"]["heater"].take();
    assert_eq!(fate["state"], "failed", "{fate}");
    assert_eq!(fate["stage"], "probe", "{fate}");
}

/// Beside the heater.
const FOCUSER: &str = r#"
[lines.focus]
device = "simulator:moonlite"
[plugins.focuser]
component = "focuser.wasm"
lines = { port = "focus" }
"#;

#[tokio::test]
async fn a_policy_in_javascript_judges_who_calls_a_handler_in_python_and_one_in_rust() {
    let handler = made(Language::Python, Kind::Handler);
    let policy = made(Language::JavaScript, Kind::Policy);
    let heater = Heater::start(&handler.project.directory);
    let observatory = host(&heater, FOCUSER);
    let telescope = observatory.client("telescope").await;
    let mut telescope = telescope.with_patience(PATIENCE);
    let topics = json!({ "topics": ["plugins"] });
    telescope.call("events.subscribe", topics).await.unwrap();
    telescope.event("plugins").await;
    for (made, name) in [(&handler, "heater"), (&policy, "visitor")] {
        install(&build(&made.project).unwrap(), observatory.data()).unwrap();
        serves(&mut telescope, name).await;
    }

    let visitor = observatory.client("visitor").await;
    let mut visitor = visitor.with_patience(PATIENCE);
    let status = visitor.call("heater.status", json!({})).await.unwrap();
    assert_eq!(status["percent"], 0, "{status}");
    let status = visitor.call("focuser.status", json!({})).await.unwrap();
    let to = status["position"].as_u64().unwrap() + 10;
    let moved = visitor
        .call("focuser.move_to", json!({ "position": to }))
        .await;
    assert!(
        moved
            .as_ref()
            .is_ok_and(|moved| moved["motion"].is_number()),
        "{moved:?}"
    );
    let denied = visitor.call("focuser.sync", json!({ "position": 1 })).await;
    assert_eq!(
        denied.unwrap_err()["data"]["reason"],
        "a visitor may look and move"
    );

    let reports = telescope.call("host.plugins", json!({})).await.unwrap();
    for name in ["visitor", "heater", "focuser"] {
        let mut reports = reports.as_array().unwrap().iter();
        let report = reports.find(|report| report["name"] == name).unwrap();
        println!("{name}: {}", report["usage"]);
        assert_eq!(report["usage"]["failures"], 0, "{report}");
    }
}
