//! What clients may use up: from `[admission]`, `[penalties]` and what `[command]` says of a connection.

use slewgate_security::admission::{
    AdmissionSettings, LimitBy, Network, NetworkError, PenaltySettings,
};

use super::Admission;
use super::check::{count, milliseconds};
use super::error::ConfigError;
use super::shape;
use super::source::Source;
use crate::net::limits::Limits;

/// What one connection may cost.
pub(super) fn limits(command: &shape::Command, admission: &shape::Admission) -> Limits {
    Limits {
        tls: milliseconds(admission.tls_ms),
        upgrade_bytes: count(admission.upgrade_bytes),
        upgrade: milliseconds(admission.upgrade_ms),
        authentication_bytes: count(admission.authentication_bytes),
        authentication_frames: admission.authentication_frames,
        authentication: milliseconds(admission.authentication_ms),
        total: milliseconds(admission.total_ms),
        message_bytes: count(command.message_bytes),
        frames_per_second: command.frames_per_second,
        bytes_per_second: command.bytes_per_second,
        pending_bytes: count(command.pending_bytes),
        write: milliseconds(command.write_ms),
        close: milliseconds(command.close_ms),
        ping: milliseconds(command.ping_ms),
        probe: milliseconds(command.probe_ms),
    }
}

/// What clients may use up together.
pub(super) fn admission(
    source: &Source<'_>,
    written: &shape::Admission,
    penalties: &shape::Penalties,
) -> Result<Admission, ConfigError> {
    let exempt = networks(source, "exempt", &written.exempt)?;
    let proxies = networks(source, "proxies", &written.proxies)?;
    // A list of halves and quarters would be everybody too.
    if let Some(wide) = proxies.iter().find(|network| network.is_of_strangers()) {
        let sentence = format!(
            "[admission] proxies: {wide} has strangers in it, who could then say to come from anywhere; name the proxies alone"
        );
        return Err(source.error(&["admission", "proxies"], sentence));
    }
    Ok(Admission {
        requests_per_minute: written.requests_per_minute,
        key: match written.key {
            shape::AdmissionKey::Address => LimitBy::Address,
            shape::AdmissionKey::Token => LimitBy::Token,
            shape::AdmissionKey::Both => LimitBy::Both,
        },
        slots: AdmissionSettings {
            waiting: count(written.unauthenticated),
            waiting_per_source: count(written.unauthenticated_per_source),
            early: count(written.early_drop),
            sessions: count(written.connections),
            sessions_per_source: count(written.connections_per_source),
            exempt,
            proxies,
            penalties: PenaltySettings {
                authentication: milliseconds(penalties.authentication_ms),
                silence: milliseconds(penalties.silence_ms),
                protocol: milliseconds(penalties.protocol_ms),
                least: milliseconds(penalties.least_ms),
                most: milliseconds(penalties.most_ms),
            },
        },
    })
}

/// Those of a key of `[admission]`.
fn networks(
    source: &Source<'_>,
    key: &str,
    written: &[String],
) -> Result<Vec<Network>, ConfigError> {
    let networks = written.iter().map(|network| network.parse());
    let networks: Result<_, NetworkError> = networks.collect();
    networks
        .map_err(|error| source.error(&["admission", key], format!("[admission] {key}: {error}")))
}
