//! What the machine has: ports, lines, a clock.

use std::env;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use jiff::Timestamp;
use slewgate_serial::Address;

use super::super::platform;
use super::Finding;
use crate::alarms::AlarmUrl;
use crate::config::{Config, Device, Line};
use crate::timekeeping::ask_systemd;
use crate::tls::{Identity, NOTICE};

/// Whether the ports are free, and each for one alone.
pub(super) fn ports(config: &Config) -> Vec<Finding> {
    let ports = [
        ("command", config.command.address),
        ("liveview", config.liveview.address),
        ("web", config.web),
    ];
    let judged = ports.iter().enumerate().map(|(place, &(name, address))| {
        let mut before = ports[..place].iter();
        match before.find(|(_, other)| collide(*other, address)) {
            None => port(name, address),
            Some((other, _)) => Finding::wrong(
                format!("port {}", address.port()),
                format!("[{other}] and [{name}] are both to listen on it"),
                format!("name another in [{name}] port"),
            ),
        }
    });
    judged.collect()
}

/// Whether nobody can listen on both. The system chooses another port each time for 0.
fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let is_same = one.ip() == other.ip();
    let is_all = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port() && one.port() != 0 && (is_same || is_all)
}

fn port(name: &str, address: SocketAddr) -> Finding {
    let about = format!("port {}", address.port());
    match TcpListener::bind(address) {
        Ok(_) => Finding::well(about, format!("free, for [{name}]")),
        Err(error) => Finding::wrong(
            about,
            format!("cannot listen on {address}, for [{name}]: {error}"),
            format!(
                "end the program that has it (ss -ltnp), or name another in [{name}] port, or another address in WS_IP"
            ),
        ),
    }
}

/// Whether the lines can be opened. None is: opening may reset a mount.
pub(super) fn lines(config: &Config) -> Vec<Finding> {
    let lines = config.lines.iter().map(|(name, line)| {
        let about = format!("line {name}");
        match &line.device {
            Device::Simulator(_) => Finding::well(about, "simulated"),
            Device::Hardware(Address::Tcp { host, port }) => Finding::well(
                about,
                format!("tcp://{host}:{port}, which was not tried: whoever connects may have it alone"),
            ),
            Device::Hardware(address @ Address::Udp { .. }) => Finding::well(
                about,
                format!("{address}, which was not tried: nothing tells whether somebody listens there"),
            ),
            Device::Hardware(Address::Serial(path)) => match slewgate_serial::obstacle(path) {
                None => Finding::well(about, format!("{path} can be opened")),
                Some(obstacle) => {
                    let remedy = match obstacle.contains("permission denied") {
                        true => "add the host's user to that group, and start it anew: sudo usermod -aG dialout slewgate".to_owned(),
                        false => format!("connect it, or name another in [lines.{name}] device"),
                    };
                    Finding::wrong(about, obstacle, remedy)
                }
            },
        }
    });
    lines.collect()
}

/// Whether the clock is synchronised: the limits and the Sun depend on it.
pub(super) fn clock(config: &Config) -> Finding {
    let is_simulated = |line: &Line| matches!(line.device, Device::Simulator(_));
    match ask_systemd() {
        Some(false) if config.lines.values().all(is_simulated) => Finding::noted(
            "clock",
            "it is not synchronised",
            "no matter for a simulator; for a mount, see to its time service, such as systemd-timesyncd or chrony",
        ),
        Some(true) => Finding::well("clock", "synchronised"),
        None => Finding::noted(
            "clock",
            "this system does not say whether it is synchronised",
            "see that a time service keeps it: the limits of the site and the Sun are kept by it",
        ),
        Some(false) => Finding::wrong(
            "clock",
            "it is not synchronised",
            "see to its time service, such as systemd-timesyncd or chrony: the limits of the site and the Sun are kept by it",
        ),
    }
}

/// Whether tokens cross a network in clear.
pub(super) fn network(config: &Config) -> Finding {
    let address = config.command.address.ip();
    match (address.is_loopback(), &config.tls) {
        (true, _) => Finding::well("network", "this machine alone can connect"),
        (false, Some(_)) => Finding::well("network", format!("TLS, on {address}")),
        (false, None) => Finding::noted(
            "network",
            format!("tokens and commands cross the network in clear ({address})"),
            "use TLS (slewgate tls generate), a VPN, or WS_IP=127.0.0.1 for this machine alone",
        ),
    }
}

/// Whether alarms can be told and posted, and who reads them on their way: nothing is sent.
pub(super) fn alarms(config: &Config) -> Vec<Finding> {
    let alarms = &config.alarms;
    let command = alarms.command.first().map(|program| told(program));
    let url = alarms.url.as_ref().map(posted);
    command.into_iter().chain(url).collect()
}

/// Whether there is a program that hears of them, as the system looks for it.
fn told(program: &str) -> Finding {
    let about = "alarms";
    let is_path = Path::new(program).components().count() > 1;
    let directories = env::var_os("PATH").filter(|_| !is_path);
    let places: Vec<_> = match &directories {
        Some(directories) => env::split_paths(directories)
            .map(|directory| directory.join(program))
            .collect(),
        None => vec![program.into()],
    };
    let mut files = places.iter().filter(|path| path.is_file()).peekable();
    let Some(first) = files.peek().copied() else {
        let searched = if is_path { "" } else { " in PATH" };
        return Finding::wrong(
            about,
            format!("there is no program {program:?}{searched}: nobody is told"),
            "put it there, or name another in [alarms] command, with the whole path",
        );
    };
    match files.find(|path| platform::may_run(path)) {
        Some(path) => Finding::well(
            about,
            format!("told to {}, which was not tried", path.display()),
        ),
        None => Finding::wrong(
            about,
            format!("this user may not run {}: nobody is told", first.display()),
            format!("let the host's user run it: chmod a+x {}", first.display()),
        ),
    }
}

fn posted(url: &AlarmUrl) -> Finding {
    let about = "alarms";
    let trusts_nobody = || rustls_native_certs::load_native_certs().certs.is_empty();
    match url.is_secure() {
        true if trusts_nobody() => Finding::wrong(
            about,
            format!("this machine trusts no authority, so that nothing can be sent to {url}"),
            "install the authorities: sudo apt install ca-certificates",
        ),
        false if !url.stays_here() => Finding::noted(
            about,
            format!("sent to {url}, which was not tried: whoever is on the way can read them"),
            "name a server of https://, or a loopback address for one on this machine",
        ),
        _ => Finding::well(about, format!("sent to {url}, which was not tried")),
    }
}

/// Whether the certificate and its key can be used, and for how long.
pub(super) fn tls(config: &Config, now: Timestamp) -> Option<Finding> {
    let files = config.tls.as_ref()?;
    let renew = format!(
        "write a new one in the place of {}; a host that runs takes it up by itself",
        files.certificate.display()
    );
    Some(match files.identity() {
        Err(error) => Finding::wrong(
            "tls",
            error.to_string(),
            "name both files in [tls], as `slewgate tls generate` writes them, and let the host's user read them",
        ),
        Ok(identity) if !identity.holds(now) => Finding::wrong(
            "tls",
            format!(
                "the certificate holds from {:.0} to {:.0}: clients refuse it now",
                identity.begins, identity.expires
            ),
            renew,
        ),
        Ok(Identity { expires, .. }) if expires.duration_since(now) < NOTICE => Finding::noted(
            "tls",
            format!("the certificate ends at {expires:.0}"),
            renew,
        ),
        Ok(Identity {
            is_authority: true, ..
        }) => Finding::noted(
            "tls",
            "the certificate is that of an authority: some clients, such as slewgate call, take it for nobody else's",
            "make one that is none: slewgate tls generate, or openssl req -x509 with -addext basicConstraints=CA:FALSE",
        ),
        Ok(Identity {
            expires,
            fingerprint,
            ..
        }) => Finding::well("tls", format!("{fingerprint} until {expires:.0}")),
    })
}
