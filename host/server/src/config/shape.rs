//! The file as it is written: every key with its type, its range and its default. What a key means is said at the
//! checked values in [`super`], and in `config/slewgate.toml`.
//!
//! All of it is plain data; rules that span several keys are in [`super::check`].

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::range::{number, span, whole};

/// The whole file.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Shape {
    pub(super) command: Command,
    pub(super) liveview: LiveView,
    pub(super) web: Web,
    pub(super) server: Server,
    pub(super) admission: Admission,
    pub(super) penalties: Penalties,
    pub(super) site: Site,
    pub(super) limits: Limits,
    pub(super) lines: Lines,
    pub(super) cameras: Cameras,
    pub(super) plugins: Plugins,
    pub(super) policies: Policies,
    pub(super) engine: Engine,
    pub(super) tls: Tls,
    pub(super) trust: Trust,
    pub(super) security_log: SecurityLog,
    pub(super) alarms: Alarms,
    pub(super) clock: Clock,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Command {
    #[serde(deserialize_with = "whole::<_, _, 0, 65_535>")]
    pub(super) port: u16,
    #[serde(deserialize_with = "whole::<_, _, 1_024, 1_048_576>")]
    pub(super) message_bytes: u32,
    #[serde(deserialize_with = "whole::<_, _, 4_096, 16_777_216>")]
    pub(super) pending_bytes: u32,
    #[serde(deserialize_with = "whole::<_, _, 100, 60_000>")]
    pub(super) write_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 50, 60_000>")]
    pub(super) close_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 100, 600_000>")]
    pub(super) ping_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 50, 60_000>")]
    pub(super) probe_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 10, 1_000_000>")]
    pub(super) frames_per_second: NonZeroU32,
    #[serde(deserialize_with = "whole::<_, _, 4_096, 1_000_000_000>")]
    pub(super) bytes_per_second: NonZeroU32,
    #[serde(deserialize_with = "whole::<_, _, 1, 1_024>")]
    pub(super) queue: u32,
}

impl Default for Command {
    fn default() -> Self {
        Self {
            port: 4000,
            message_bytes: 65_536,
            pending_bytes: 65_536,
            write_ms: 5_000,
            close_ms: 2_000,
            ping_ms: 20_000,
            probe_ms: 2_000,
            frames_per_second: const { NonZeroU32::new(2_000).unwrap() },
            bytes_per_second: const { NonZeroU32::new(2_097_152).unwrap() },
            queue: 64,
        }
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct LiveView {
    #[serde(deserialize_with = "whole::<_, _, 0, 65_535>")]
    pub(super) port: u16,
    #[serde(deserialize_with = "whole::<_, _, 1, 64>")]
    pub(super) streams: u32,
    #[serde(deserialize_with = "whole::<_, _, 65_536, 16_777_216>")]
    pub(super) frame_bytes: u32,
    #[serde(deserialize_with = "whole::<_, _, 65_536, 1_000_000_000>")]
    pub(super) bytes_per_second: NonZeroU32,
    #[serde(deserialize_with = "whole::<_, _, 100, 600_000>")]
    pub(super) stall_ms: u32,
}

impl Default for LiveView {
    fn default() -> Self {
        Self {
            port: 8000,
            streams: 8,
            frame_bytes: 2_097_152,
            bytes_per_second: const { NonZeroU32::new(67_108_864).unwrap() },
            stall_ms: 10_000,
        }
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Web {
    #[serde(deserialize_with = "whole::<_, _, 0, 65_535>")]
    pub(super) port: u16,
    pub(super) public_urls: Vec<String>,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            port: 5000,
            public_urls: Vec::new(),
        }
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Server {
    pub(super) names: Vec<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Admission {
    #[serde(deserialize_with = "whole::<_, _, 1, 1_000_000>")]
    pub(super) requests_per_minute: NonZeroU32,
    pub(super) key: AdmissionKey,
    pub(super) exempt: Vec<String>,
    pub(super) proxies: Vec<String>,
    #[serde(deserialize_with = "whole::<_, _, 1, 65_536>")]
    pub(super) connections: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 65_536>")]
    pub(super) connections_per_source: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 65_536>")]
    pub(super) unauthenticated: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 65_536>")]
    pub(super) unauthenticated_per_source: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 65_536>")]
    pub(super) early_drop: u32,
    #[serde(deserialize_with = "whole::<_, _, 50, 60_000>")]
    pub(super) tls_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 50, 60_000>")]
    pub(super) upgrade_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 50, 60_000>")]
    pub(super) authentication_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 50, 120_000>")]
    pub(super) total_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 512, 65_536>")]
    pub(super) upgrade_bytes: u32,
    #[serde(deserialize_with = "whole::<_, _, 256, 65_536>")]
    pub(super) authentication_bytes: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 1_024>")]
    pub(super) authentication_frames: u32,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            requests_per_minute: const { NonZeroU32::new(60).unwrap() },
            key: AdmissionKey::Address,
            exempt: ["127.0.0.0/8", "::1"].map(str::to_owned).into(),
            proxies: Vec::new(),
            connections: 1_024,
            connections_per_source: 16,
            unauthenticated: 64,
            unauthenticated_per_source: 4,
            early_drop: 32,
            tls_ms: 5_000,
            upgrade_ms: 5_000,
            authentication_ms: 10_000,
            total_ms: 20_000,
            upgrade_bytes: 8_192,
            authentication_bytes: 4_096,
            authentication_frames: 8,
        }
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Penalties {
    #[serde(deserialize_with = "whole::<_, _, 0, 600_000>")]
    pub(super) authentication_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 0, 600_000>")]
    pub(super) silence_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 0, 600_000>")]
    pub(super) protocol_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 0, 600_000>")]
    pub(super) least_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 0, 86_400_000>")]
    pub(super) most_ms: u32,
}

impl Default for Penalties {
    fn default() -> Self {
        Self {
            authentication_ms: 5_000,
            silence_ms: 10_000,
            protocol_ms: 10_000,
            least_ms: 15_000,
            most_ms: 600_000,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum AdmissionKey {
    Address,
    Token,
    Both,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Site {
    #[serde(deserialize_with = "number::<_, _, -90, 90>")]
    pub(super) latitude: Option<f64>,
    #[serde(deserialize_with = "number::<_, _, -180, 360>")]
    pub(super) longitude: Option<f64>,
    #[serde(deserialize_with = "number::<_, _, -500, 9_000>")]
    pub(super) elevation: f64,
    #[serde(deserialize_with = "number::<_, _, -1, 1>")]
    pub(super) dut1: f64,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Limits {
    pub(super) horizon: String,
    #[serde(deserialize_with = "number::<_, _, -90, 90>")]
    pub(super) lowest: f64,
    #[serde(deserialize_with = "number::<_, _, -90, 90>")]
    pub(super) highest: f64,
    #[serde(deserialize_with = "number::<_, _, 0, 90>")]
    pub(super) meridian: Option<f64>,
    #[serde(deserialize_with = "span::<_, -180, 180>")]
    pub(super) hour_angle: Option<[f64; 2]>,
    #[serde(deserialize_with = "span::<_, -720, 720>")]
    pub(super) first_axis: Option<[f64; 2]>,
    #[serde(deserialize_with = "span::<_, -720, 720>")]
    pub(super) second_axis: Option<[f64; 2]>,
    #[serde(deserialize_with = "number::<_, _, 0, 180>")]
    pub(super) sun_distance: Option<f64>,
    #[serde(deserialize_with = "number::<_, _, -90, 90>")]
    pub(super) sun_above: f64,
    pub(super) solar_filter: bool,
    #[serde(deserialize_with = "number::<_, _, 0, 100>")]
    pub(super) fastest: f64,
    #[serde(deserialize_with = "number::<_, _, 0, 100>")]
    pub(super) acceleration: f64,
    #[serde(deserialize_with = "number::<_, _, 0, 100>")]
    pub(super) braking: f64,
    #[serde(deserialize_with = "whole::<_, _, 0, 5_000>")]
    pub(super) reaction_ms: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            horizon: String::new(),
            lowest: 0.0,
            highest: 90.0,
            meridian: None,
            hour_angle: None,
            first_axis: None,
            second_axis: None,
            sun_distance: None,
            sun_above: -10.0,
            solar_filter: false,
            fastest: 8.0,
            acceleration: 8.0,
            braking: 4.0,
            reaction_ms: 150,
        }
    }
}

/// A file without the section has the default line, so that the first command works without a telescope.
#[derive(Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Lines(pub(super) BTreeMap<String, Line>);

impl Default for Lines {
    fn default() -> Self {
        Self(BTreeMap::from([(
            DEFAULT_LINE.to_owned(),
            Line::simulated(),
        )]))
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Line {
    pub(super) device: Option<String>,
    #[serde(deserialize_with = "whole::<_, _, 300, 4_000_000>")]
    pub(super) baud: u32,
    #[serde(deserialize_with = "whole::<_, _, 0, 10_000>")]
    pub(super) quiet_ms: u32,
    pub(super) stop: Option<Texts>,
    #[serde(deserialize_with = "whole::<_, _, 0, 5_000>")]
    pub(super) stop_patience_ms: u32,
    pub(super) transcript: Transcript,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            device: None,
            baud: 9_600,
            quiet_ms: 0,
            stop: None,
            stop_patience_ms: 0,
            transcript: Transcript::Wanted(false),
        }
    }
}

impl Line {
    fn simulated() -> Self {
        Self {
            device: Some("simulator:lx200".to_owned()),
            ..Self::default()
        }
    }
}

/// One text, or several.
#[derive(Debug, Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "expected a text such as \":Q#\", or a list of them"
)]
pub(super) enum Texts {
    One(String),
    Several(Vec<String>),
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged, expecting = "expected true, false, or the path of a file")]
pub(super) enum Transcript {
    Wanted(bool),
    At(String),
}

/// A file without the section has the default camera.
#[derive(Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Cameras(pub(super) BTreeMap<String, Camera>);

impl Default for Cameras {
    fn default() -> Self {
        let simulated = Camera {
            device: Some("simulator".to_owned()),
            ..Camera::default()
        };
        Self(BTreeMap::from([(DEFAULT_CAMERA.to_owned(), simulated)]))
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Camera {
    pub(super) device: Option<String>,
    pub(super) line: Option<String>,
    #[serde(deserialize_with = "number::<_, _, 1, 120>")]
    pub(super) field: f64,
    #[serde(deserialize_with = "whole::<_, _, 64, 1_920>")]
    pub(super) width: u16,
    #[serde(deserialize_with = "whole::<_, _, 64, 1_200>")]
    pub(super) height: u16,
    #[serde(deserialize_with = "whole::<_, _, 1, 30>")]
    pub(super) frames_per_second: NonZeroU32,
    #[serde(deserialize_with = "whole::<_, _, 1, 95>")]
    pub(super) quality: u8,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            device: None,
            line: None,
            field: 20.0,
            width: 640,
            height: 480,
            frames_per_second: const { NonZeroU32::new(10).unwrap() },
            quality: 80,
        }
    }
}

/// A file without the section has the default plugin.
#[derive(Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Plugins(pub(super) BTreeMap<String, Plugin>);

impl Default for Plugins {
    fn default() -> Self {
        Self(BTreeMap::from([(
            DEFAULT_PLUGIN.to_owned(),
            Plugin::lx200(),
        )]))
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Plugin {
    pub(super) component: Option<String>,
    pub(super) lines: Option<BTreeMap<String, String>>,
    pub(super) settings: Map<String, Value>,
    pub(super) limits: Switch,
    pub(super) set_clock: bool,
    pub(super) runaway: Runaway,
    pub(super) reload: Reload,
    #[serde(deserialize_with = "whole::<_, _, 1, 60_000>")]
    pub(super) compute_ms: Option<u32>,
    #[serde(deserialize_with = "whole::<_, _, 1, 600_000>")]
    pub(super) wait_ms: Option<u32>,
    #[serde(deserialize_with = "whole::<_, _, 1, 4_096>")]
    pub(super) memory_mib: Option<u32>,
    pub(super) reuse: Reuse,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Reuse {
    #[default]
    Warm,
    Fresh,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Reload {
    #[default]
    AtOnce,
    WhenIdle,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Switch {
    #[default]
    On,
    Off,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Runaway {
    #[default]
    Stop,
    Tell,
}

impl Plugin {
    fn lx200() -> Self {
        let lines = BTreeMap::from([("port".to_owned(), DEFAULT_LINE.to_owned())]);
        Self {
            component: Some("lx200.wasm".to_owned()),
            lines: Some(lines),
            ..Self::default()
        }
    }
}

/// A file without the section has the two policies that come with the host.
#[derive(Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Policies(pub(super) BTreeMap<String, Policy>);

impl Default for Policies {
    fn default() -> Self {
        Self(
            ["observer", "telescope"]
                .map(|name| (name.to_owned(), Policy::default()))
                .into(),
        )
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Policy {
    pub(super) settings: Map<String, Value>,
    #[serde(deserialize_with = "whole::<_, _, 1, 60_000>")]
    pub(super) compute_ms: Option<u32>,
    #[serde(deserialize_with = "whole::<_, _, 1, 4_096>")]
    pub(super) memory_mib: Option<u32>,
    pub(super) reuse: Reuse,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Engine {
    #[serde(deserialize_with = "whole::<_, _, 1, 60_000>")]
    pub(super) compute_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 600_000>")]
    pub(super) wait_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 0, 600_000>")]
    pub(super) drain_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 60_000>")]
    pub(super) start_compute_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 60_000>")]
    pub(super) policy_compute_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 4_096>")]
    pub(super) memory_mib: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 256>")]
    pub(super) instances: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 65_536>")]
    pub(super) queue: u32,
    #[serde(deserialize_with = "whole::<_, _, 65_536, 67_108_864>")]
    pub(super) hostcall_bytes: u32,
    // What a message has room for, with what is around it.
    #[serde(deserialize_with = "whole::<_, _, 1_024, 196_608>")]
    pub(super) result_bytes: u32,
    #[serde(deserialize_with = "whole::<_, _, 16, 65_536>")]
    pub(super) handles: u32,
    #[serde(deserialize_with = "whole::<_, _, 1_000, 10_000_000>")]
    pub(super) table_elements: u32,
    #[serde(deserialize_with = "whole::<_, _, 64, 16_384>")]
    pub(super) stack_kib: u32,
    #[serde(deserialize_with = "whole::<_, _, 0, 10_000>")]
    pub(super) log_lines: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 4_294_967_295>")]
    pub(super) recycle_calls: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 1_000_000_000>")]
    pub(super) quarantine_failures: u32,
    #[serde(deserialize_with = "whole::<_, _, 0, 60_000>")]
    pub(super) quarantine_apart_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 3_600_000>")]
    pub(super) quarantine_ms: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 86_400_000>")]
    pub(super) quarantine_most_ms: u32,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            compute_ms: 50,
            wait_ms: 15_000,
            drain_ms: 20_000,
            start_compute_ms: 1_000,
            policy_compute_ms: 10,
            memory_mib: 64,
            instances: 16,
            queue: 64,
            hostcall_bytes: 1_048_576,
            result_bytes: 65_536,
            handles: 256,
            table_elements: 100_000,
            stack_kib: 512,
            log_lines: 20,
            recycle_calls: 10_000,
            quarantine_failures: 5,
            quarantine_apart_ms: 100,
            quarantine_ms: 1_000,
            quarantine_most_ms: 60_000,
        }
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Trust {
    pub(super) require: Require,
    pub(super) keys: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Require {
    #[default]
    Owner,
    Digests,
    Keys,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct SecurityLog {
    #[serde(deserialize_with = "whole::<_, _, 1, 1_024>")]
    pub(super) file_mib: u32,
    #[serde(deserialize_with = "whole::<_, _, 1, 1_000>")]
    pub(super) full_files: u32,
}

impl Default for SecurityLog {
    fn default() -> Self {
        Self {
            file_mib: 16,
            full_files: 15,
        }
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Tls {
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Alarms {
    pub(super) command: Vec<String>,
    pub(super) url: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Clock {
    pub(super) start: Option<Moment>,
    #[serde(deserialize_with = "number::<_, _, 0, 1_000>")]
    pub(super) rate: f64,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            start: None,
            rate: 1.0,
        }
    }
}

/// A time with or without quotes.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged, expecting = "a time such as 2026-11-23T22:00:00Z")]
pub(super) enum Moment {
    Bare(toml::value::Datetime),
    Quoted(String),
}

impl fmt::Display for Moment {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare(time) => time.fmt(text),
            Self::Quoted(time) => time.fmt(text),
        }
    }
}

/// The line, the camera and the plugin of a file that names none.
pub(super) const DEFAULT_LINE: &str = "east";
const DEFAULT_CAMERA: &str = "main";
const DEFAULT_PLUGIN: &str = "mount";
