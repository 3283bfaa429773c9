//! From the file's shape to values that the rooms can rely on: what one key says about another.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use slewgate_engine::QuarantineSettings;
use slewgate_security::log::Kept;
use slewgate_security::trust::{KeyError, PublicKey};

use super::admission::{admission, limits};
use super::cameras::cameras;
use super::error::ConfigError;
use super::limits::limits_of_site;
use super::lines::lines;
use super::shape::{self, Shape};
use super::source::Source;
use super::{
    Allowance, CommandPort, Config, Device, Engine, Line, LiveViewPort, Plugin, Policy,
    PretendedClock, Runaway, Site, Trust,
};
use crate::alarms::{AlarmUrlError, Alarms};
use crate::net::limits::Limits;
use crate::net::origins::is_origin;
use crate::tls::TlsFiles;

/// Names that the host's own commands and topics have.
const RESERVED: [&str; 6] = ["rpc", "host", "events", "control", "liveview", "plugins"];
const LONGEST_NAME: usize = 32;

/// The checked configuration of `shape`, which `source` was read into.
pub(super) fn check(
    source: &Source<'_>,
    shape: Shape,
    address: IpAddr,
    folder: &Path,
) -> Result<Config, ConfigError> {
    let engine = engine(source, &shape.engine)?;
    let lines = lines(source, shape.lines.0)?;
    let streams = count(shape.liveview.streams);
    Ok(Config {
        liveview: LiveViewPort {
            address: SocketAddr::new(address, shape.liveview.port),
            limits: Limits {
                message_bytes: count(shape.liveview.frame_bytes),
                bytes_per_second: shape.liveview.bytes_per_second,
                write: milliseconds(shape.liveview.stall_ms),
                ..limits(&shape.command, &shape.admission)
            },
            streams,
        },
        web: SocketAddr::new(address, shape.web.port),
        command: CommandPort {
            address: SocketAddr::new(address, shape.command.port),
            limits: limits(&shape.command, &shape.admission),
            queue: count(shape.command.queue),
        },
        names: shape.server.names,
        public_urls: public_urls(source, shape.web.public_urls)?,
        admission: admission(source, &shape.admission, &shape.penalties)?,
        site: site(source, &shape.site)?,
        limits: limits_of_site(source, &shape.limits, simulated(&lines), folder)?,
        cameras: cameras(source, shape.cameras.0, &lines, streams)?,
        plugins: plugins(source, shape.plugins.0, &lines, &engine)?,
        policies: policies(source, shape.policies.0, &engine)?,
        trust: trust(source, &shape.trust)?,
        tls: tls(source, shape.tls, folder)?,
        alarms: alarms(source, shape.alarms)?,
        security_log: Kept {
            file_bytes: u64::from(shape.security_log.file_mib) << 20,
            full_files: count(shape.security_log.full_files),
        },
        clock: clock(source, &shape.clock, &lines)?,
        engine,
        lines,
    })
}

/// Both files or neither; relative to the folder of the configuration.
fn tls(
    source: &Source<'_>,
    written: shape::Tls,
    folder: &Path,
) -> Result<Option<TlsFiles>, ConfigError> {
    let lacks = |key: &str| {
        let sentence =
            format!("[tls] {key} is missing: TLS takes a certificate and its key, both in PEM");
        Err(source.error(&["tls"], sentence))
    };
    match (written.certificate, written.key) {
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles {
            certificate: folder.join(certificate),
            key: folder.join(key),
        })),
        (None, None) => Ok(None),
        (None, Some(_)) => lacks("certificate"),
        (Some(_), None) => lacks("key"),
    }
}

/// The address is not repeated: who knows it may have all that is needed to send there.
fn alarms(source: &Source<'_>, written: shape::Alarms) -> Result<Alarms, ConfigError> {
    let shape::Alarms { command, url } = written;
    let url = (!url.is_empty()).then(|| url.parse()).transpose();
    let wrong = |why: AlarmUrlError| {
        source.error(
            &["alarms", "url"],
            format!("[alarms] url: {why}, such as https://alarms.example/telescope"),
        )
    };
    Ok(Alarms {
        command,
        url: url.map_err(wrong)?,
    })
}

/// What browsers could never call our page would be without effect.
fn public_urls(source: &Source<'_>, written: Vec<String>) -> Result<Vec<String>, ConfigError> {
    match written.iter().find(|url| !is_origin(url)) {
        None => Ok(written),
        Some(url) => Err(source.error(
            &["web", "public_urls"],
            format!("[web] public_urls: {url:?} is not scheme, name and port alone, such as https://scope.example:8443"),
        )),
    }
}

fn site(source: &Source<'_>, written: &shape::Site) -> Result<Option<Site>, ConfigError> {
    let shape::Site {
        latitude,
        longitude,
        elevation,
        dut1,
    } = *written;
    match (latitude, longitude) {
        (Some(latitude), Some(longitude)) => Ok(Some(Site {
            latitude,
            longitude,
            elevation,
            dut1,
        })),
        (None, None) if elevation == 0.0 && dut1 == 0.0 => Ok(None),
        (None, _) => Err(source.error(
            &["site"],
            "[site] latitude is missing; degrees, north positive",
        )),
        (_, None) => Err(source.error(
            &["site"],
            "[site] longitude is missing; degrees, east positive",
        )),
    }
}

fn plugins(
    source: &Source<'_>,
    written: BTreeMap<String, shape::Plugin>,
    lines: &BTreeMap<String, Line>,
    engine: &Engine,
) -> Result<BTreeMap<String, Plugin>, ConfigError> {
    let mut defaults = shape::Plugins::default().0;
    let checked = written.into_iter().map(|(name, written)| {
        let default = defaults.remove(&name).unwrap_or_default();
        let plugin = plugin(source, &name, written, default, engine)?;
        judge_lines(source, &name, &plugin, lines)?;
        Ok((name, plugin))
    });
    checked.collect()
}

fn plugin(
    source: &Source<'_>,
    name: &str,
    written: shape::Plugin,
    default: shape::Plugin,
    engine: &Engine,
) -> Result<Plugin, ConfigError> {
    judge_name(source, "plugins", name)?;
    let path = ["plugins", name, "component"];
    let Some(component) = written.component.or(default.component) else {
        let sentence =
            format!("[plugins.{name}] component is missing: the name of a file in handlers/");
        return Err(source.error(&path, sentence));
    };
    if !component.ends_with(".wasm") || component.contains(['/', '\\']) {
        let sentence = format!(
            "[plugins.{name}] component: {component:?} is no name of a .wasm file in handlers/"
        );
        return Err(source.error(&path, sentence));
    }
    Ok(Plugin {
        component,
        lines: written.lines.or(default.lines).unwrap_or_default(),
        settings: written.settings,
        limits: written.limits == shape::Switch::On,
        set_clock: written.set_clock,
        runaway: match written.runaway {
            shape::Runaway::Stop => Runaway::Stop,
            shape::Runaway::Tell => Runaway::Tell,
        },
        reload_when_idle: written.reload == shape::Reload::WhenIdle,
        allowance: Allowance {
            waiting: written.wait_ms.map_or(engine.handler.waiting, milliseconds),
            ..allowance(
                &engine.handler,
                written.compute_ms,
                written.memory_mib,
                written.reuse,
            )
        },
    })
}

/// What a table says of its own plugin, and else what `[engine]` says.
fn allowance(
    usual: &Allowance,
    compute_ms: Option<u32>,
    memory_mib: Option<u32>,
    reuse: shape::Reuse,
) -> Allowance {
    Allowance {
        computing: compute_ms.map_or(usual.computing, milliseconds),
        memory: memory_mib.map_or(usual.memory, mebibytes),
        recycle: match reuse {
            shape::Reuse::Warm => usual.recycle,
            shape::Reuse::Fresh => 1,
        },
        ..usual.clone()
    }
}

fn judge_lines(
    source: &Source<'_>,
    name: &str,
    plugin: &Plugin,
    lines: &BTreeMap<String, Line>,
) -> Result<(), ConfigError> {
    let unknown = |(_, line): &(&String, &String)| !lines.contains_key(*line);
    let Some((role, line)) = plugin.lines.iter().find(unknown) else {
        return Ok(());
    };
    let known: Vec<&str> = lines.keys().map(String::as_str).collect();
    let sentence = format!(
        "[plugins.{name}] lines.{role}: no line is called {line:?}; there is {}",
        listed(&known)
    );
    Err(source.error(&["plugins", name, "lines", role], sentence))
}

fn policies(
    source: &Source<'_>,
    written: BTreeMap<String, shape::Policy>,
    engine: &Engine,
) -> Result<BTreeMap<String, Policy>, ConfigError> {
    let checked = written.into_iter().map(|(name, policy)| {
        judge_name(source, "policies", &name)?;
        let allowance = allowance(
            &engine.policy,
            policy.compute_ms,
            policy.memory_mib,
            policy.reuse,
        );
        let settings = policy.settings;
        Ok((
            name,
            Policy {
                settings,
                allowance,
            },
        ))
    });
    checked.collect()
}

/// Names stand in methods, topics and file names, so they are plain.
pub(super) fn judge_name(
    source: &Source<'_>,
    section: &str,
    name: &str,
) -> Result<(), ConfigError> {
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(plain) {
        let sentence =
            format!("[{section}.{name}]: names are 1 to {LONGEST_NAME} of a-z, 0-9 and -");
        return Err(source.error(&[section, name], sentence));
    }
    if section == "plugins" && RESERVED.contains(&name) {
        let sentence =
            format!("[plugins.{name}]: the host's own commands have this name; choose another");
        return Err(source.error(&[section, name], sentence));
    }
    Ok(())
}

fn engine(source: &Source<'_>, written: &shape::Engine) -> Result<Engine, ConfigError> {
    if written.quarantine_most_ms < written.quarantine_ms {
        let sentence = format!(
            "[engine] quarantine_most_ms: {} is below [engine] quarantine_ms, {}",
            written.quarantine_most_ms, written.quarantine_ms
        );
        return Err(source.error(&["engine", "quarantine_most_ms"], sentence));
    }
    if written.result_bytes > written.hostcall_bytes {
        let sentence = format!(
            "[engine] result_bytes: {} is more than [engine] hostcall_bytes, {}, of which a result is a part",
            written.result_bytes, written.hostcall_bytes
        );
        return Err(source.error(&["engine", "result_bytes"], sentence));
    }
    let handler = handler_allowance(written);
    Ok(Engine {
        policy: Allowance {
            computing: milliseconds(written.policy_compute_ms),
            waiting: Allowance::policy().waiting,
            ..handler.clone()
        },
        handler,
        stack: count(written.stack_kib) * 1024,
    })
}

fn handler_allowance(written: &shape::Engine) -> Allowance {
    Allowance {
        computing: milliseconds(written.compute_ms),
        waiting: milliseconds(written.wait_ms),
        drain: milliseconds(written.drain_ms),
        starting: milliseconds(written.start_compute_ms),
        memory: mebibytes(written.memory_mib),
        instances: count(written.instances),
        queue: count(written.queue),
        hostcall: count(written.hostcall_bytes),
        result: count(written.result_bytes),
        handles: count(written.handles),
        table_elements: count(written.table_elements),
        log_lines: written.log_lines,
        recycle: written.recycle_calls.into(),
        quarantine: QuarantineSettings {
            failures: written.quarantine_failures,
            apart: milliseconds(written.quarantine_apart_ms),
            first: milliseconds(written.quarantine_ms),
            longest: milliseconds(written.quarantine_most_ms),
        },
    }
}

fn trust(source: &Source<'_>, written: &shape::Trust) -> Result<Trust, ConfigError> {
    let path = ["trust", "keys"];
    let key = |text: &String| {
        let wrong =
            |error: KeyError| source.error(&path, format!("[trust] keys: {text:?}: {error}"));
        text.parse().map_err(wrong)
    };
    // Also where they are not asked for: they may be tomorrow.
    let keys: Vec<PublicKey> = written
        .keys
        .iter()
        .map(key)
        .collect::<Result<_, ConfigError>>()?;
    match written.require {
        shape::Require::Owner => Ok(Trust::Owner),
        shape::Require::Digests => Ok(Trust::Digests),
        shape::Require::Keys if keys.is_empty() => Err(source.error(
            &["trust", "require"],
            "[trust] require: without [trust] keys no component may run; `slewgate plugin keygen` makes one",
        )),
        shape::Require::Keys => Ok(Trust::Keys(keys)),
    }
}

fn is_simulated(line: &Line) -> bool {
    matches!(line.device, Device::Simulator(_))
}

/// Whether there is no real hardware.
fn simulated(lines: &BTreeMap<String, Line>) -> bool {
    lines.values().all(is_simulated)
}

fn clock(
    source: &Source<'_>,
    written: &shape::Clock,
    lines: &BTreeMap<String, Line>,
) -> Result<Option<PretendedClock>, ConfigError> {
    let Some(start) = &written.start else {
        let plain = written.rate == 1.0;
        let sentence = "[clock] rate: without [clock] start there is no clock to pretend";
        return if plain {
            Ok(None)
        } else {
            Err(source.error(&["clock", "rate"], sentence))
        };
    };
    let path = ["clock", "start"];
    if let Some((name, _)) = lines.iter().find(|(_, line)| !is_simulated(line)) {
        let sentence = format!(
            "[clock] start: [lines.{name}] is no simulator, and a real mount would point elsewhere"
        );
        return Err(source.error(&path, sentence));
    }
    if written.rate == 0.0 {
        return Err(source.error(
            &["clock", "rate"],
            "[clock] rate: a clock that stands moves no mount",
        ));
    }
    let start = start.to_string().parse::<jiff::Timestamp>().map_err(|_| {
        let sentence = format!(
            "[clock] start: {:?} is no RFC 3339 time such as 2026-11-23T22:00:00Z",
            start.to_string()
        );
        source.error(&path, sentence)
    })?;
    Ok(Some(PretendedClock {
        start: as_milliseconds(start),
        rate: written.rate,
    }))
}

/// Exact: the milliseconds of any year that a timestamp has are far below 2^53.
fn as_milliseconds(at: jiff::Timestamp) -> f64 {
    at.as_millisecond() as f64
}

pub(super) fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

pub(super) fn milliseconds(count: u32) -> Duration {
    Duration::from_millis(count.into())
}

fn mebibytes(count: u32) -> usize {
    usize::try_from(u64::from(count) << 20).unwrap_or(usize::MAX)
}

pub(super) fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
