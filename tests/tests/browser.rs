//! The web page as people use it, in Chromium: what they do and see there is in `browser/page.mjs`.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use slewgate_tests::{Setup, program};

/// Vega stands high over Greenwich. The mount is fast there, and requests are not limited: each step is a new login.
const EVENING: &str = "[clock]\nstart = 2026-11-23T17:00:00Z\n[admission]\nrequests_per_minute = 1_000\n[policies.telescope]\nsettings = { take_over = true }\n[policies.observer]";

#[test]
fn people_log_in_look_go_to_a_star_jog_and_stop() {
    let observatory = Setup::default().cameras().config(EVENING).start();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let screenshots = program().with_file_name("screenshots");
    fs::create_dir_all(&screenshots).unwrap();
    let settings = json!({
        "url": format!("http://{}/", observatory.web()),
        "tokens": { "observer": observatory.token("observer"), "telescope": observatory.token("telescope") },
        "browser": std::env::var("SLEWGATE_CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned()),
        "screenshots": screenshots,
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
