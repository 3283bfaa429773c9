//! The environment over the file: `WS_IP`, `REQUEST_LIMIT_PER_MINUTE`, and `SLEWGATE_` with `__` between levels.

use std::net::{IpAddr, Ipv4Addr};

use super::error::ConfigError;
use super::source::Source;

/// Variables that are no keys of the file: the data directory, a client's token and the host it calls, the log's level.
const NOT_KEYS: [&str; 4] = [
    "SLEWGATE_DATA",
    "SLEWGATE_TOKEN",
    "SLEWGATE_URL",
    "SLEWGATE_LOG",
];

/// A variable's name and value.
pub type Variable = (String, String);

/// The variables of this process. What is not Unicode in them is replaced, and then refused where it matters.
pub fn of_process() -> Vec<Variable> {
    let text = |part: std::ffi::OsString| part.to_string_lossy().into_owned();
    std::env::vars_os()
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

/// Lays the variables over the file. The guide's own comes first, so that the exact name of a key prevails.
pub(super) fn overlay<'t>(source: &mut Source<'t>, variables: &'t [Variable]) {
    if let Some(limit) = value_of("REQUEST_LIMIT_PER_MINUTE", variables) {
        source.overlay(
            "REQUEST_LIMIT_PER_MINUTE",
            &["admission", "requests_per_minute"],
            limit,
        );
    }
    for (name, value) in variables {
        if NOT_KEYS.contains(&name.as_str()) {
            continue;
        }
        if let Some(key) = name.strip_prefix("SLEWGATE_") {
            let key = key.to_lowercase();
            source.overlay(name, &key.split("__").collect::<Vec<_>>(), value);
        }
    }
}

/// The address to bind: `WS_IP`, or all.
pub(super) fn address(variables: &[Variable]) -> Result<IpAddr, ConfigError> {
    let Some(text) = value_of("WS_IP", variables) else {
        return Ok(Ipv4Addr::UNSPECIFIED.into());
    };
    text.parse().map_err(|_| {
        let sentence = format!(
            "{text:?} is no address of a network interface; 0.0.0.0 is all, 127.0.0.1 this machine"
        );
        ConfigError::new("WS_IP", sentence)
    })
}

fn value_of<'a>(name: &str, variables: &'a [Variable]) -> Option<&'a str> {
    variables
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}
