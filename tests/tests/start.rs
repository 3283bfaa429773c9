//! What a host is started with, right and wrong: addresses, limits, keys, ports, devices.

use std::fs::Permissions;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use slewgate_simulator::{Lx200Settings, Simulator};
use slewgate_sky::{Site, SystemClock};
use slewgate_tests::{Client, Observatory, Setup};
use tempfile::TempDir;

const WRONG_CONFIGURATION: Option<i32> = Some(64);
const FAILED: Option<i32> = Some(1);
const INVALID_PARAMS: i64 = -32602;
const RATE_LIMITED: i64 = -32002;
const HARDWARE: i64 = -32003;

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// An address of this machine that others reach it by, if it has one. Nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("198.51.100.1:9").ok()?;
    let own = socket.local_addr().ok()?.ip();
    (!own.is_loopback() && !own.is_unspecified()).then_some(own)
}

fn is_open(address: IpAddr, port: u16) -> bool {
    TcpStream::connect((address, port)).is_ok()
}

#[tokio::test]
async fn without_ws_ip_every_address_of_the_machine_is_bound() {
    let observatory = Setup::default().without("WS_IP").start();
    let bound = observatory.address();
    assert_eq!(bound.ip(), IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let token = observatory.token("observer");
    let own = own_address();
    println!("this machine's own address: {own:?}");
    for address in own.into_iter().chain([LOCALHOST]) {
        let address = SocketAddr::new(address, bound.port());
        let mut client = Client::authenticated(address, &token, "observer").await;
        client.call("host.info", json!({})).await.unwrap();
    }
    observatory.told(&["cross the network in clear"]);
}

#[test]
fn ws_ip_127_0_0_1_is_reached_from_this_machine_alone() {
    let observatory = Setup::default().variable("WS_IP", "127.0.0.1").start();
    let port = observatory.address().port();
    assert!(is_open(LOCALHOST, port));
    assert!(own_address().is_none_or(|own| !is_open(own, port)));
}

/// Linux answers on the whole of 127.0.0.0/8: each address is as good as an interface of its own.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn ws_ip_of_one_interface_is_bound_alone() {
    let one = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    let observatory = Setup::default().variable("WS_IP", &one.to_string()).start();
    assert_eq!(observatory.address().ip(), one);
    observatory.client("observer").await;
    assert!(!is_open(LOCALHOST, observatory.address().port()));
}

#[test]
fn ws_ip_that_is_no_address_ends_with_64_and_says_so() {
    let (code, said) = Setup::default().variable("WS_IP", "telescope").end();
    assert_eq!(code, WRONG_CONFIGURATION);
    assert!(
        said.starts_with("slewgate: WS_IP: \"telescope\" is no address of a network interface; "),
        "{said}"
    );
}

#[test]
fn ws_ip_of_another_machine_is_refused_by_its_name() {
    let (code, said) = Setup::default().variable("WS_IP", "198.51.100.1").end();
    assert_eq!(code, FAILED);
    let why = "198.51.100.1 is no address of this machine; choose another with WS_IP";
    assert!(said.contains(why), "{said}");
}

#[tokio::test]
async fn with_a_limit_of_5_the_sixth_request_is_refused_and_the_session_goes_on() {
    let observatory = Setup::default()
        .variable("REQUEST_LIMIT_PER_MINUTE", "5")
        .start();
    let mut client = observatory.client("observer").await;
    let mut requests = Vec::new();
    for _ in 0..6 {
        requests.push(client.request("host.info", json!({})).await);
    }
    let sixth = requests.pop().unwrap();
    for request in requests {
        client.reply(request).await.unwrap();
    }
    let error = client.reply(sixth).await.unwrap_err();
    assert_eq!(error["code"], RATE_LIMITED);
    assert_eq!(error["message"], "Rate limit exceeded");
    assert_eq!(error["data"]["limit"], 5);
    let wait = error["data"]["retry_after_ms"].as_u64().unwrap();
    println!("to wait: {wait} ms");
    // One of five a minute is there again after twelve seconds.
    assert!((1..=12_000).contains(&wait), "{wait}");
    let again = client.call("host.info", json!({})).await.unwrap_err();
    assert_eq!(again["code"], RATE_LIMITED);
}

#[test]
fn a_limit_that_is_none_ends_with_64_and_says_so() {
    for nonsense in ["many", "0", "-5", "5.5", ""] {
        let setup = Setup::default().variable("REQUEST_LIMIT_PER_MINUTE", nonsense);
        let (code, said) = setup.end();
        assert_eq!(code, WRONG_CONFIGURATION, "{nonsense}");
        assert!(
            said.starts_with("slewgate: REQUEST_LIMIT_PER_MINUTE: "),
            "{nonsense}: {said}"
        );
    }
}

#[test]
fn a_wrong_key_ends_with_64_its_line_and_the_nearest_key() {
    let (code, said) = Setup::default()
        .config("[site]\nlatitude = 51.5\nlongitude = 0\n\n[admission]\nrequests_per_minuet = 60")
        .end();
    assert_eq!(code, WRONG_CONFIGURATION);
    assert!(
        said.ends_with(
            "slewgate.toml:6: unknown key admission.requests_per_minuet; did you mean [admission] requests_per_minute?\n"
        ),
        "{said}"
    );
}

#[test]
fn a_value_out_of_range_ends_with_64_and_its_range() {
    let (code, said) = Setup::default()
        .config("[engine]\nmemory_mib = 70_000")
        .end();
    assert_eq!(code, WRONG_CONFIGURATION);
    assert!(
        said.contains("slewgate.toml:2: ") && said.contains("memory_mib"),
        "{said}"
    );
}

#[test]
fn a_port_in_use_is_named_with_the_setting_to_change() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    let (code, said) = Setup::default()
        .variable("SLEWGATE_COMMAND__PORT", &port)
        .end();
    assert_eq!(code, FAILED);
    let why = format!(
        "port {port} on 127.0.0.1 is in use; choose another with [command] port or SLEWGATE_COMMAND__PORT"
    );
    assert!(said.contains(&why), "{said}");
}

/// A host whose mount is a device that need not be there.
fn with_device(device: &Path) -> Observatory {
    Setup::default()
        .bound_by_modes()
        .config("[site]\nlatitude = 51.4779\nlongitude = 0.0")
        .config(&format!("[lines.east]\ndevice = \"{}\"", device.display()))
        .start()
}

/// A mount that is plugged in where `device` leads to.
fn plug_in(device: &Path) -> Simulator {
    let greenwich = Site {
        latitude: 51.4779,
        longitude: 0.0,
        elevation: 46.0,
    };
    Simulator::start_lx200(Lx200Settings {
        link: Some(device.to_owned()),
        ..Lx200Settings::new(greenwich, Arc::new(SystemClock))
    })
    .unwrap()
}

/// High enough at every time of day.
fn zenith() -> Value {
    json!({ "altitude": 80, "azimuth": 120 })
}

async fn line(client: &mut Client) -> Value {
    let mut info = client.call("host.info", json!({})).await.unwrap();
    info["plugins"]["mount"]["lines"]["port"].take()
}

async fn subscribe_to_status(client: &mut Client) {
    let topics = json!({ "topics": ["mount.status"] });
    client.call("events.subscribe", topics).await.unwrap();
}

#[tokio::test]
async fn a_goto_without_a_device_is_refused_by_its_name_and_works_once_it_is_there() {
    let place = TempDir::new().unwrap();
    let device = place.path().join("mount");
    let observatory = with_device(&device);
    let mut client = observatory.client("telescope").await;
    let missing = format!("cannot open {}: there is no such device", device.display());

    let error = client.call("mount.goto", zenith()).await.unwrap_err();
    assert_eq!(error["code"], HARDWARE);
    assert_eq!(error["data"]["outcome"], "not_started");
    let sentence = error["message"].as_str().unwrap();
    assert!(sentence.contains(&missing), "{sentence}");
    let error = client.call("mount.status", json!({})).await.unwrap_err();
    assert_eq!(error["code"], HARDWARE);
    let seen = line(&mut client).await;
    assert_eq!(seen["state"], "connecting");
    assert!(seen["error"].as_str().unwrap().starts_with(&missing));
    observatory.told(&[&missing]);

    subscribe_to_status(&mut client).await;
    let mount = plug_in(&device);
    client.event("mount.status").await;
    assert_eq!(line(&mut client).await["state"], "open");
    client.call("mount.goto", zenith()).await.unwrap();
    let wire = mount.wire();
    wire.wait_for(|frame| frame.request == ":MS#", slewgate_tests::PATIENCE)
        .expect("the goto reached the mount");
}

#[tokio::test]
async fn a_forbidden_device_is_refused_with_the_group_that_it_belongs_to_and_works_once_it_is_permitted()
 {
    let allow = |mount: &Simulator, mode| {
        std::fs::set_permissions(mount.path(), Permissions::from_mode(mode)).unwrap();
    };
    let place = TempDir::new().unwrap();
    let device = place.path().join("mount");
    let mount = plug_in(&device);
    allow(&mount, 0o000);
    let observatory = with_device(&device);
    let mut client = observatory.client("telescope").await;
    let error = client.call("mount.goto", zenith()).await.unwrap_err();
    assert_eq!(error["code"], HARDWARE);
    assert_eq!(error["data"]["outcome"], "not_started");
    let why = format!(
        "cannot open {}: permission denied; the device belongs to group ",
        device.display()
    );
    let sentence = error["message"].as_str().unwrap();
    assert!(sentence.contains(&why), "{sentence}");

    subscribe_to_status(&mut client).await;
    allow(&mount, 0o600);
    client.event("mount.status").await;
    client.call("mount.goto", zenith()).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_device_is_refused_as_such_and_the_host_runs() {
    let place = TempDir::new().unwrap();
    let device = place.path().join("notes.txt");
    std::fs::write(&device, "").unwrap();
    let observatory = with_device(&device);
    let mut client = observatory.client("telescope").await;
    let error = client.call("mount.goto", zenith()).await.unwrap_err();
    assert_eq!(error["data"]["outcome"], "not_started");
    let why = format!(
        "cannot open {}: it is not a serial device",
        device.display()
    );
    let sentence = error["message"].as_str().unwrap();
    assert!(sentence.contains(&why), "{sentence}");
}

#[tokio::test]
async fn params_that_do_not_fit_are_refused_by_their_field_and_the_session_goes_on() {
    let observatory = Observatory::start();
    let mut client = observatory.client("telescope").await;
    for (method, params, field) in [
        ("mount.goto", json!({ "ra": 18.6, "dec": "high" }), "dec"),
        ("mount.goto", json!({ "ra": 18.6, "dec": 91 }), "dec"),
        (
            "mount.goto",
            json!({ "ra": 18.6, "dec": 38, "frame": "B1950" }),
            "frame",
        ),
        (
            "mount.goto",
            json!({ "ra": 18.6, "dec": 38, "speed": 9 }),
            "speed",
        ),
        ("mount.goto", json!({ "ra": 18.6 }), "dec"),
        ("mount.jog", json!({ "direction": "up" }), "direction"),
        ("mount.jog", json!({}), "direction"),
        ("mount.track", json!({ "mode": 1 }), "mode"),
        ("events.subscribe", json!({ "topics": [] }), "topics"),
        ("host.info", json!([]), "params"),
    ] {
        let error = client.call(method, params.clone()).await.unwrap_err();
        assert_eq!(error["code"], INVALID_PARAMS, "{method} {params}: {error}");
        assert_eq!(error["data"]["field"], field, "{method} {params}: {error}");
        let sentence = error["message"].as_str().unwrap();
        assert!(sentence.starts_with("Invalid params: "), "{sentence}");
    }
    client.call("mount.goto", zenith()).await.unwrap();
}

/// A directory with a `timedatectl` that says this of the clock. Another program writes it: nothing that this one starts
/// meanwhile holds it open.
fn systemd_says(synchronised: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    let script =
        format!(r"printf '#!/bin/sh\necho {synchronised}\n' > timedatectl; chmod 755 timedatectl");
    let mut writer = Command::new("sh");
    writer.args(["-c", &script]).current_dir(directory.path());
    assert!(writer.status().unwrap().success());
    directory
}

#[test]
fn that_the_clock_of_the_machine_is_not_synchronised_is_an_alarm_where_a_real_mount_is_moved() {
    let complaint = "not synchronised";
    let wrong = systemd_says("no");
    let path = wrong.path().to_str().unwrap();
    let real = || Setup::default().own_mount();
    let observatory = real().variable("PATH", path).start();
    let alarm = observatory.wait_for_security_event(|event| event["event"] == "alarm");
    let reason = alarm["reason"].as_str().unwrap();
    assert!(reason.contains("is not synchronised"), "{alarm}");
    observatory.told(&[complaint]);

    let right = systemd_says("yes");
    let path_right = right.path().to_str().unwrap();
    for harmless in [
        real().variable("PATH", path_right),
        Setup::default().variable("PATH", path),
    ] {
        let mut observatory = harmless.start().attached();
        observatory.terminate();
        observatory.exit_code();
        let log = observatory.log();
        assert!(!log.contains(complaint), "{log}");
    }
}
