//! What `config/` has for a system with systemd, as the system's own programs read it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use slewgate_tests::program;
use tempfile::TempDir;

/// A file of `config/`.
fn config(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join("config").join(name)
}

/// The unit, whose program is where it says, after this change.
struct Unit {
    folder: TempDir,
}

impl Unit {
    fn with(change: impl FnOnce(String) -> String) -> Unit {
        let text = fs::read_to_string(config("slewgate.service")).unwrap();
        let built = text.replace("/opt/slewgate/slewgate", program().to_str().unwrap());
        assert_ne!(built, text);
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("slewgate.service"), change(built)).unwrap();
        Unit { folder }
    }

    fn analyze(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("systemd-analyze");
        command
            .args(arguments)
            .arg(self.folder.path().join("slewgate.service"))
            .env("LC_ALL", "C");
        command.output().unwrap()
    }

    /// What is said of it; other units of the machine are not looked at.
    fn verify(&self) -> Vec<String> {
        let output = self.analyze(&["verify"]);
        let said = String::from_utf8(output.stderr).unwrap();
        let of_it = said.lines().filter(|line| line.contains("slewgate"));
        let of_it: Vec<_> = of_it.map(str::to_owned).collect();
        assert!(output.status.success() || !of_it.is_empty(), "{said}");
        of_it
    }
}

#[test]
fn the_unit_has_nothing_that_systemd_does_not_understand() {
    assert_eq!(Unit::with(|unit| unit).verify(), [""; 0]);
    let misspelt = Unit::with(|unit| unit.replace("WatchdogSec", "WatchdogSek"));
    let said = misspelt.verify();
    assert!(said[0].contains("WatchdogSek"), "{said:?}");
    let nowhere = Unit::with(|unit| unit.replace("ExecStart=", "ExecStart=/nowhere"));
    let said = nowhere.verify();
    assert!(said[0].contains("is not executable"), "{said:?}");
}

#[test]
fn the_unit_is_exposed_by_2_of_10_at_most() {
    let security = ["security", "--offline=true", "--threshold=20"];
    let output = Unit::with(|unit| unit).analyze(&security);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    let open = Unit::with(|unit| unit.replace("SystemCallFilter=", "#"));
    assert!(!open.analyze(&security).status.success());
}

#[test]
fn the_user_of_the_service_is_made_with_the_group_of_serial_lines() {
    let made = |file: &Path| {
        let mut command = Command::new("systemd-sysusers");
        command.arg("--dry-run").arg(file).env("LC_ALL", "C");
        command.output().unwrap()
    };
    let output = made(&config("slewgate.sysusers"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && !said.contains("ignoring"),
        "{said}"
    );
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("slewgate.conf");
    let text = fs::read_to_string(config("slewgate.sysusers")).unwrap();
    for line in ["u slewgate - ", "/var/lib/slewgate", "m slewgate dialout"] {
        assert!(text.contains(line), "{text}");
    }
    fs::write(&file, text.replace("\nm ", "\nmember ")).unwrap();
    assert!(!made(&file).status.success());
}

#[test]
fn the_rules_for_serial_adapters_are_rules() {
    let verify = |file: &Path| Command::new("udevadm").arg("verify").arg(file).output();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("78-slewgate.rules");
    // One that is no rule tells whether this udev can tell.
    let text = fs::read_to_string(config("78-slewgate.rules")).unwrap();
    fs::write(&file, text.replace("GROUP=", "GROPU=")).unwrap();
    match verify(&file) {
        Ok(output) if String::from_utf8_lossy(&output.stderr).contains("GROPU") => {}
        other => {
            println!(
                "LEFT OUT: the rules of udev, which udevadm verifies from systemd 254 on: {other:?}"
            );
            return;
        }
    }
    let output = verify(&config("78-slewgate.rules")).unwrap();
    assert!(output.status.success(), "{output:?}");
}
