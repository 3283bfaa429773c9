//! The web page as people use it, in Chromium: what they do and see there is in `browser/page.mjs`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde_json::json;
use slewgate_tests::{Setup, program};

/// Vega stands high over Greenwich. The mount is fast there, and requests are not limited: each step is a new login.
const EVENING: &str = "[clock]\nstart = 2026-11-23T17:00:00Z\n[admission]\nrequests_per_minute = 1_000\n[policies.telescope]\nsettings = { take_over = true }\n[policies.observer]";

/// What is no mount, and comes before it by its name.
const MORE: &str = r#"
[lines.east]
[lines.focus]
device = "simulator:moonlite"
[plugins.mount]
[plugins.focuser]
component = "focuser.wasm"
lines = { port = "focus" }
[plugins.catalog]
component = "catalog.wasm"
"#;

#[test]
fn people_log_in_look_go_to_a_star_jog_and_stop() {
    uses(EVENING, "screenshots", None);
}

#[test]
fn a_focuser_and_a_catalogue_are_not_shown_as_mounts() {
    uses(
        &format!("{EVENING}{MORE}"),
        "screenshots-more",
        Some(&["observer", "operator"]),
    );
}

/// One browser has enough to do.
static ALONE: Mutex<()> = Mutex::new(());

/// Takes the page of a host with this configuration through all steps, or some.
fn uses(config: &str, screenshots: &str, only: Option<&[&str]>) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let observatory = Setup::default().cameras().config(config).start();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let screenshots = program().with_file_name(screenshots);
    fs::create_dir_all(&screenshots).unwrap();
    let settings = json!({
        "url": format!("http://{}/", observatory.web()),
        "tokens": { "observer": observatory.token("observer"), "telescope": observatory.token("telescope") },
        "browser": std::env::var("SLEWGATE_CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned()),
        "screenshots": screenshots,
        "only": only,
    });
    let output = Command::new("node")
        .arg(folder.join("page.mjs"))
        .env("SLEWGATE_PAGE", settings.to_string())
        .output()
        .expect("node runs; `cargo xtask test --all` says what is missing");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}screenshots are in {}", screenshots.display());
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{wrong}\nafter:\n{said}");
}
