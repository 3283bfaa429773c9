//! `[lines.NAME]`: what is at the end of a line, and how it is stopped.

use std::collections::BTreeMap;
use std::time::Duration;

use slewgate_serial::{
    AddressError, Exchange, Framing, MAX_REQUEST, MAX_STOP_EXCHANGES, StopSequence,
};
use slewgate_simulator::Family;

use super::check::{judge_name, milliseconds};
use super::error::ConfigError;
use super::shape::{self, Texts};
use super::source::Source;
use super::{Device, Line, Transcript};
use crate::bytes;

pub(super) fn lines(
    source: &Source<'_>,
    written: BTreeMap<String, shape::Line>,
) -> Result<BTreeMap<String, Line>, ConfigError> {
    let mut defaults = shape::Lines::default().0;
    let checked = written.into_iter().map(|(name, line)| {
        judge_name(source, "lines", &name)?;
        let device = line.device.or_else(|| defaults.remove(&name)?.device);
        let path = ["lines", name.as_str(), "device"];
        let Some(device) = device else {
            let sentence = format!(
                "[lines.{name}] device is missing: a path such as /dev/ttyUSB0, tcp://HOST:PORT, udp://HOST:PORT, or simulator:lx200"
            );
            return Err(source.error(&path, sentence));
        };
        let device = device_of(&device)
            .map_err(|why| source.error(&path, format!("[lines.{name}] device: {why}")))?;
        let stop = stop(line.stop, milliseconds(line.stop_patience_ms)).map_err(|why| {
            let sentence = format!("[lines.{name}] stop: {why}");
            source.error(&["lines", &name, "stop"], sentence)
        })?;
        let checked = Line {
            device,
            baud: line.baud,
            quiet: milliseconds(line.quiet_ms),
            stop,
            transcript: transcript(line.transcript),
        };
        Ok((name, checked))
    });
    checked.collect()
}

/// Why a text is no `device` of a mount's line, if it is none.
pub(crate) fn judge_mount(text: &str) -> Result<(), String> {
    match device_of(text)? {
        Device::Simulator(family) if !family.is_mount() => Err(format!(
            "{text} is no mount; name the mount here, and add other lines to slewgate.toml afterwards"
        )),
        _ => Ok(()),
    }
}

fn device_of(text: &str) -> Result<Device, String> {
    if let Some(family) = Family::of_device(text) {
        let family = family.map_err(|error| error.to_string())?;
        return Ok(Device::Simulator(family));
    }
    match text.parse() {
        Ok(address) => Ok(Device::Hardware(address)),
        Err(error @ (AddressError::Empty | AddressError::Scheme(_))) => {
            Err(format!("{error}, or simulator:lx200"))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Nobody knows here what the hardware answers to it: it is sent, and nothing is waited for.
fn stop(written: Option<Texts>, patience: Duration) -> Result<Option<StopSequence>, String> {
    let texts = match written {
        None => return Ok(None),
        Some(Texts::One(text)) => vec![text],
        Some(Texts::Several(texts)) => texts,
    };
    if !(1..=MAX_STOP_EXCHANGES).contains(&texts.len()) {
        return Err(format!(
            "{} texts; 1 to {MAX_STOP_EXCHANGES}, such as \":Q#\"",
            texts.len()
        ));
    }
    let exchanges = texts.iter().map(|text| request(text));
    Ok(Some(StopSequence {
        exchanges: exchanges.collect::<Result<_, _>>()?,
        patience,
    }))
}

fn request(text: &str) -> Result<Exchange, String> {
    let request = bytes::of_text(text).map_err(|why| format!("{text:?}: {why}"))?;
    if !(1..=MAX_REQUEST).contains(&request.len()) {
        return Err(format!(
            "{} bytes in one text; 1 to {MAX_REQUEST}",
            request.len()
        ));
    }
    Ok(Exchange {
        request,
        reply: Framing::None,
        timeout: Duration::ZERO,
    })
}

fn transcript(written: shape::Transcript) -> Option<Transcript> {
    match written {
        shape::Transcript::Wanted(false) => None,
        shape::Transcript::Wanted(true) => Some(Transcript::InData),
        shape::Transcript::At(path) => Some(Transcript::At(path.into())),
    }
}
