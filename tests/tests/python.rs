//! The Python client that users were given, with the library `websockets`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use slewgate_sky::{Equatorial, Frame, Sky, separation};
use slewgate_tests::{Observatory, Setup, python};
use tempfile::TempDir;

/// 2026-11-23T17:00:00Z: Vega stands 60 degrees high over Greenwich.
const EVENING: f64 = 1_795_453_200e3;
const VEGA_J2000: Equatorial = Equatorial {
    ra: 18.0 + 36.0 / 60.0 + 56.34 / 3600.0,
    dec: 38.0 + 47.0 / 60.0 + 1.3 / 3600.0,
};
const ARCSECONDS: f64 = 12.0;

/// What is changed in the guide's client: its address, its token, and its last comment.
const ADDRESS: &str = "your-server-ip:4000";
const TOKEN: &str = "your-api-token-here";
const LAST_COMMENT: &str = "# ...";

#[test]
fn the_guides_client_authenticates_and_goes_on_to_vega() {
    let observatory = Setup::default()
        .config("[clock]\nstart = 2026-11-23T17:00:00Z")
        .start();
    let output = run(&observatory, &observatory.token("telescope"));
    let said = String::from_utf8(output.stdout).unwrap();
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{wrong}\nafter:\n{said}");

    let said: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (accepted, rest) = said.split_first().unwrap();
    assert_eq!(accepted["type"], "auth_ok");
    assert_eq!(accepted["client_id"], "my-telescope-client");
    let begun = rest.iter().find(|message| message["id"] == 2).unwrap();
    assert!(begun["result"]["motion"].is_u64(), "{begun}");
    assert!(rest.iter().any(|status| status["slewing"] == true));
    let arrived = rest.last().unwrap();
    assert_eq!(arrived["slewing"], false);
    let apparent = Sky::new(0.0).convert(VEGA_J2000, Frame::J2000, Frame::JNow, EVENING);
    let off = separation(position(arrived), apparent) * 3600.0;
    println!("{off:.1}\" from Vega's apparent place");
    assert!(off < ARCSECONDS, "{off}\": {arrived}");
}

#[test]
fn the_library_publishes_and_watches() {
    let observatory = Observatory::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/live_view.py");
    let output = Command::new(python("websockets"))
        .arg(script)
        .arg(observatory.liveview().to_string())
        .arg(observatory.token("telescope"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{wrong}");
    let said = String::from_utf8(output.stdout).unwrap();
    let said: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let expected = [
        json!({ "publishing": "main" }),
        json!({ "watching": "main" }),
        json!({ "bytes": 10, "same": true }),
        json!({ "bytes": 70_000, "same": true }),
        json!({ "bytes": 2 * 1024 * 1024 - 12, "same": true }),
        json!({ "closed": 1009 }),
    ];
    assert_eq!(said, expected);
}

#[test]
fn the_library_knows_the_host_by_its_certificate_and_no_other() {
    let place = TempDir::new().unwrap();
    let made = Setup::default()
        .verb(place.path(), &["tls", "generate"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let certificate = place.path().join("tls/certificate.pem");
    let key = place.path().join("tls/key.pem");
    let table = format!("[tls]\ncertificate = {certificate:?}\nkey = {key:?}");
    let observatory = Setup::default().config(&table).start();
    let token = observatory.token("telescope");
    let connect = |trusted: &Path| {
        Command::new(python("websockets"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python/secured.py"))
            .arg(observatory.address().port().to_string())
            .args([&token, trusted.to_str().unwrap()])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .unwrap()
    };
    let known = connect(&certificate);
    assert!(known.status.success(), "{known:?}");
    let said: Value = serde_json::from_slice(&known.stdout).unwrap();
    assert!(said["result"].is_object(), "{said}");
    let other = TempDir::new().unwrap();
    let made = Setup::default()
        .verb(other.path(), &["tls", "generate"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let unknown = connect(&other.path().join("tls/certificate.pem"));
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert!(said.contains("CERTIFICATE_VERIFY_FAILED"), "{said}");
}

fn position(status: &Value) -> Equatorial {
    let number = |key: &str| status[key].as_f64().unwrap();
    Equatorial {
        ra: number("ra"),
        dec: number("dec"),
    }
}

/// Runs the guide's client, with what is to be changed in it changed and nothing else.
fn run(observatory: &Observatory, token: &str) -> Output {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let mut client = fs::read_to_string(ours.join("guide_client.py")).unwrap();
    for (old, new) in [
        (ADDRESS, observatory.address().to_string().as_str()),
        (TOKEN, token),
        (LAST_COMMENT, "await goto_vega.go(websocket)"),
    ] {
        assert_eq!(client.matches(old).count(), 1, "{old}");
        client = client.replace(old, new);
    }
    let script = format!("import goto_vega\n{client}\nasyncio.run(connect_telescope())\n");
    let file = observatory.data().join("client.py");
    fs::write(&file, script).unwrap();
    Command::new(python("websockets"))
        .arg(file)
        .env("PYTHONPATH", ours)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap()
}
