//! `slewgate doctor` names what is wrong, and what to do.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use slewgate_tests::{Observatory, Setup};
use tempfile::TempDir;

/// A directory with everything that a host needs, and a token.
fn sound(setup: &Setup) -> TempDir {
    let directory = setup.prepare();
    fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    token(directory.path(), "telescope");
    directory
}

fn token(data: &Path, client_type: &str) {
    let made = Setup::default().generate(data, client_type).output();
    assert!(made.unwrap().status.success());
}

fn doctor(setup: &Setup, data: &Path) -> Output {
    let mut doctor = setup.verb(data, &["doctor", "--json"]);
    doctor.current_dir("/").output().unwrap()
}

/// What it says of that, which is wrong: the cause, and what to do.
fn wrong(setup: &Setup, data: &Path, about: &str) -> (String, String) {
    wrong_in(&doctor(setup, data), about)
}

fn wrong_in(output: &Output, about: &str) -> (String, String) {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let mut of_it = findings.iter().filter(|found| found["about"] == about);
    let found = of_it.find(|found| found["state"] == "wrong");
    let found = found.unwrap_or_else(|| panic!("{findings:?}"));
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (text("seen"), text("remedy"))
}

/// Both have their part, and none is empty.
fn says(found: (String, String), cause: &str, remedy: &str) {
    assert!(!cause.is_empty() && !remedy.is_empty());
    assert!(found.0.contains(cause), "{found:?}");
    assert!(found.1.contains(remedy), "{found:?}");
}

#[test]
fn a_sound_directory_is_well_without_a_host_and_with_one() {
    let setup = Setup::default();
    let directory = sound(&setup);
    let output = doctor(&setup, directory.path());
    assert!(output.status.success(), "{output:?}");
    let words = setup.verb(directory.path(), &["doctor"]).output().unwrap();
    let words = String::from_utf8(words.stdout).unwrap();
    assert!(words.contains("ok    tokens: 1 admit clients"), "{words}");
    let observatory = Observatory::start();
    observatory.token("telescope");
    let output = observatory.run(&["doctor", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let host = json!({ "about": "host", "state": "well", "seen": "one runs here, and answers" });
    assert!(findings.contains(&host), "{findings:?}");
}

#[test]
fn a_directory_that_is_not_there() {
    let found = wrong(
        &Setup::default(),
        Path::new("/no/such/place"),
        "data directory",
    );
    says(
        found,
        "/no/such/place is not there",
        "slewgate setup /no/such/place",
    );
}

#[test]
fn a_directory_that_the_host_cannot_write() {
    let setup = Setup::default().bound_by_modes();
    let directory = sound(&setup);
    fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o555)).unwrap();
    let found = wrong(&setup, directory.path(), "data directory");
    says(found, "cannot be written: Permission denied", "chown");
    fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn a_configuration_with_a_misspelt_key() {
    let setup = Setup::default();
    let directory = sound(&setup);
    fs::write(
        directory.path().join("slewgate.toml"),
        "[admission]\nconections = 3",
    )
    .unwrap();
    let found = wrong(&setup, directory.path(), "configuration");
    says(
        found,
        "slewgate.toml:2: unknown key",
        "has each key and what it may be",
    );
}

#[test]
fn no_tokens_broken_ones_and_ones_that_have_expired() {
    let setup = Setup::default();
    let directory = sound(&setup);
    let file = directory.path().join("api_tokens.json");
    fs::remove_file(&file).unwrap();
    let found = wrong(&setup, directory.path(), "tokens");
    says(found, "nobody is admitted", "slewgate token generate");
    fs::write(&file, "{").unwrap();
    let found = wrong(&setup, directory.path(), "tokens");
    says(
        found,
        "is not an object in JSON (line 1",
        "put it back from a backup",
    );
    fs::write(
        &file,
        r#"{"old": {"client_type": "telescope", "name": "a", "expires": "2020-01-01T00:00:00Z"}}"#,
    )
    .unwrap();
    let found = wrong(&setup, directory.path(), "tokens");
    says(found, "all 1 have expired", "slewgate token generate");
}

#[test]
fn a_token_of_a_type_that_has_no_policy() {
    let setup = Setup::default();
    let directory = sound(&setup);
    token(directory.path(), "visitor");
    let found = wrong(&setup, directory.path(), "policy visitor");
    says(
        found,
        "is of type visitor: its clients are denied everything",
        "put the policy there",
    );
}

#[test]
fn a_component_that_is_missing_and_one_that_others_may_write() {
    let setup = Setup::default();
    let directory = sound(&setup);
    let component = directory.path().join("handlers/lx200.wasm");
    let kept = fs::read(&component).unwrap();
    fs::remove_file(&component).unwrap();
    let found = wrong(&setup, directory.path(), "plugin mount");
    says(found, "cannot read", "copy the component there");
    fs::write(&component, kept).unwrap();
    for path in [component.parent().unwrap(), &component] {
        fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
    }
    let found = wrong(&setup, directory.path(), "plugin mount");
    assert!(found.0.contains("chmod go-w"), "{found:?}");
    says(found, "others", "[trust] of slewgate.toml");
}

#[test]
fn a_device_that_is_not_there_and_one_that_this_user_may_not_open() {
    let setup = Setup::default().bound_by_modes();
    let directory = sound(&setup);
    let locked = directory.path().join("locked");
    fs::write(&locked, "").unwrap();
    fs::set_permissions(&locked, PermissionsExt::from_mode(0o000)).unwrap();
    let lines = format!(
        "[site]\nlatitude = 50\nlongitude = 8\n[lines.east]\ndevice = \"/dev/ttyNone\"\n[lines.west]\ndevice = {:?}",
        locked.to_str().unwrap()
    );
    fs::write(directory.path().join("slewgate.toml"), lines).unwrap();
    let found = wrong(&setup, directory.path(), "line east");
    says(
        found,
        "cannot open /dev/ttyNone: there is no such device",
        "connect it, or name another in [lines.east] device",
    );
    let found = wrong(&setup, directory.path(), "line west");
    says(
        found,
        "permission denied; the device belongs to group",
        "usermod -aG",
    );
}

#[test]
fn a_port_that_another_program_has() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let setup = Setup::default().variable("SLEWGATE_WEB__PORT", &port);
    let directory = sound(&setup);
    let found = wrong(&setup, directory.path(), &format!("port {port}"));
    says(found, "for [web]: Address already in use", "ss -ltnp");
}

#[test]
fn a_port_that_two_of_the_hosts_own_are_to_have() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (key, both) in [
        ("SLEWGATE_WEB__PORT", "[command] and [web]"),
        ("SLEWGATE_LIVEVIEW__PORT", "[command] and [liveview]"),
    ] {
        let setup = Setup::default()
            .variable("SLEWGATE_COMMAND__PORT", &port)
            .variable(key, &port);
        let directory = sound(&setup);
        let output = doctor(&setup, directory.path());
        let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let of_it: Vec<_> = findings
            .iter()
            .filter(|found| found["about"] == format!("port {port}"))
            .collect();
        // Another program has it besides, which is said once.
        assert_eq!(of_it.len(), 2, "{findings:?}");
        let text = |key: &str| of_it[1][key].as_str().unwrap().to_owned();
        assert_eq!(of_it[1]["state"], "wrong");
        says((text("seen"), text("remedy")), both, "name another in [");
    }
}

/// Copies a directory to a small disk at another place, and runs the rest there.
const ON_A_SMALL_DISK: &str = r#"
mount -t tmpfs -o size=64m,mode=0755 tmpfs "$2"
cp -a "$1/." "$2"
shift 2
exec "$@"
"#;

#[test]
fn a_disk_that_is_nearly_full() {
    let setup = Setup::default();
    let directory = sound(&setup);
    let disk = TempDir::new().unwrap();
    let in_namespace = |own: &[&str]| {
        let mut unshare = Command::new("unshare");
        unshare.args(own).args(["--mount", "sh", "-eu", "-c"]);
        unshare
    };
    let may_mount = |own: &[&str]| {
        let mut tried = in_namespace(own);
        let tried = tried.args(["mount -t tmpfs tmpfs \"$1\"", "sh"]);
        let tried = tried.arg(disk.path()).output();
        tried.is_ok_and(|tried| tried.status.success())
    };
    // Root may mount a disk himself; who makes a namespace is root in it.
    let kinds: [&[&str]; 2] = [&[], &["--user", "--map-root-user"]];
    let Some(own) = kinds.into_iter().find(|own| may_mount(own)) else {
        println!("LEFT OUT: a small disk: neither mount(8) nor a namespace is allowed here");
        return;
    };
    let verb = setup.verb(disk.path(), &["doctor", "--json"]);
    let variables = verb.get_envs();
    let output = in_namespace(own)
        .args([ON_A_SMALL_DISK, "sh"])
        .args([directory.path(), disk.path()])
        .arg(verb.get_program())
        .args(verb.get_args())
        .env_clear()
        .envs(variables.filter_map(|(name, value)| Some((name, value?))))
        .output()
        .unwrap();
    says(wrong_in(&output, "disk"), "MiB are free", "make room");
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let wrong = findings.iter().filter(|found| found["state"] == "wrong");
    assert_eq!(wrong.count(), 1, "{findings:?}");
}

#[test]
fn a_clock_that_is_not_synchronised_where_a_real_mount_is_moved() {
    let directory = sound(&Setup::default());
    let script = "printf '#!/bin/sh\necho no\n' > timedatectl; chmod 755 timedatectl";
    let mut writer = Command::new("sh");
    writer.args(["-c", script]).current_dir(directory.path());
    assert!(writer.status().unwrap().success());
    let setup = Setup::default().variable("PATH", directory.path().to_str().unwrap());
    assert!(doctor(&setup, directory.path()).status.success());
    let mount = "[site]\nlatitude = 50\nlongitude = 8\n[lines.east]\ndevice = \"/dev/null\"";
    fs::write(directory.path().join("slewgate.toml"), mount).unwrap();
    let found = wrong(&setup, directory.path(), "clock");
    says(found, "it is not synchronised", "systemd-timesyncd");
}

#[test]
fn a_security_log_that_somebody_changed_or_took_away() {
    let mut observatory = Observatory::start();
    observatory.token("telescope");
    observatory.terminate();
    observatory.exit_code();
    let log = observatory.data().join("security/logs/security.log");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replacen("token_change", "token_chance", 1)).unwrap();
    let found = wrong(&Setup::default(), observatory.data(), "security log");
    says(found, "this line was changed", "find out who did it");
    fs::remove_file(&log).unwrap();
    let found = wrong(&Setup::default(), observatory.data(), "security log");
    says(
        found,
        "ends here: the lines after this one were removed",
        "find out who did it",
    );
}

#[test]
fn tls_with_the_key_of_another_certificate_and_one_that_everybody_can_read() {
    let setup = Setup::default();
    let directory = sound(&setup);
    let make = |place: &Path| {
        let made = setup.verb(place, &["tls", "generate"]).output().unwrap();
        assert!(made.status.success(), "{made:?}");
    };
    make(directory.path());
    let table = "[tls]\ncertificate = \"tls/certificate.pem\"\nkey = \"tls/key.pem\"";
    fs::write(directory.path().join("slewgate.toml"), table).unwrap();
    let output = doctor(&setup, directory.path());
    assert!(output.status.success(), "{output:?}");
    let other = TempDir::new().unwrap();
    make(other.path());
    let key = directory.path().join("tls/key.pem");
    fs::copy(other.path().join("tls/key.pem"), &key).unwrap();
    let found = wrong(&setup, directory.path(), "tls");
    says(found, "is not that of", "slewgate tls generate");
    fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
    let found = wrong(&setup, directory.path(), "tls");
    says(found, "chmod 600", "let the host's user read them");
}

#[test]
fn alarms_for_a_program_that_is_not_there_or_may_not_be_run() {
    let setup = Setup::default();
    let directory = sound(&setup);
    let file = directory.path().join("slewgate.toml");
    let program = directory.path().join("tell-me");
    let told_to = |program: &str| {
        let table = format!("[alarms]\ncommand = [{program:?}, \"slewgate\"]");
        fs::write(&file, table).unwrap();
    };
    for nowhere in [program.to_str().unwrap(), "no-such-program"] {
        told_to(nowhere);
        let found = wrong(&setup, directory.path(), "alarms");
        assert!(found.0.contains(nowhere), "{found:?}");
        says(found, "there is no program", "[alarms] command");
    }
    told_to(program.to_str().unwrap());
    fs::write(&program, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&program, PermissionsExt::from_mode(0o644)).unwrap();
    let found = wrong(&setup, directory.path(), "alarms");
    says(found, "this user may not run", "chmod a+x");
    fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    assert!(doctor(&setup, directory.path()).status.success());
    told_to("sh");
    assert!(doctor(&setup, directory.path()).status.success());
}

#[test]
fn alarms_that_go_to_no_address_or_to_a_server_that_nobody_vouches_for_or_in_clear() {
    let setup = Setup::default().variable("SSL_CERT_FILE", "/dev/null");
    let directory = sound(&setup);
    let file = directory.path().join("slewgate.toml");
    fs::write(&file, "[alarms]\nurl = \"alarms.example\"").unwrap();
    let found = wrong(&setup, directory.path(), "configuration");
    says(
        found,
        "[alarms] url: it is no address of http:// or https://",
        "has each key and what it may be",
    );
    fs::write(&file, "[alarms]\nurl = \"https://alarms.example/secret\"").unwrap();
    let found = wrong(&setup, directory.path(), "alarms");
    assert!(!found.0.contains("secret"));
    says(found, "https://alarms.example", "ca-certificates");
    for (url, state) in [
        ("http://alarms.example/secret", "noted"),
        ("http://127.0.0.1:9000/secret", "well"),
    ] {
        fs::write(&file, format!("[alarms]\nurl = \"{url}\"")).unwrap();
        let answer = doctor(&setup, directory.path());
        assert!(answer.status.success());
        let findings: Vec<Value> = serde_json::from_slice(&answer.stdout).unwrap();
        let mut of_it = findings.iter().filter(|found| found["about"] == "alarms");
        let found = of_it.next().unwrap();
        assert_eq!(found["state"], state, "{found}");
        assert_eq!(found["remedy"].is_string(), state == "noted", "{found}");
    }
}
