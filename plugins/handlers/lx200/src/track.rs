//! `:TQ#` and its like: what the mount follows. To stand still, a Classic is told that it stands on land (`:AL#`).

use slewgate_sdk::mount::{Track, Tracking, TrackingSet};
use slewgate_sdk::{Failure, Host, LineError, json};

use crate::port::Port;
use crate::{drift, parked};

/// How the mount was aligned before it was told to stand still.
const KEY: &str = "alignment";
const LAND: u8 = b'L';
const ALTAZIMUTH: u8 = b'A';

pub(crate) fn track(host: &dyn Host, params: &Track) -> Result<String, Failure> {
    parked::refuse(host)?;
    let port = Port::open(host)?;
    match params.mode {
        Tracking::Off => stand(host, &port)?,
        Tracking::Sidereal => follow(host, &port, ":TQ#")?,
        Tracking::Solar => follow(host, &port, ":TS#")?,
        Tracking::Lunar => follow(host, &port, ":TL#")?,
    }
    drift::forget(host)?;
    json(&TrackingSet {
        tracking: params.mode,
    })
}

/// What the mount says that it follows; none if it says nothing known.
pub(crate) fn tracking(port: &Port) -> Result<Option<Tracking>, LineError> {
    if port.alignment()? == Some(LAND) {
        return Ok(Some(Tracking::Off));
    }
    Ok(named(&port.ask(":GT#")?))
}

fn stand(host: &dyn Host, port: &Port) -> Result<(), Failure> {
    if let Some(alignment) = port.alignment()?.filter(|alignment| *alignment != LAND) {
        host.keep(KEY, &[alignment])?;
    }
    Ok(port.tell(":AL#")?)
}

fn follow(host: &dyn Host, port: &Port, rate: &str) -> Result<(), Failure> {
    if port.alignment()? == Some(LAND) {
        let altazimuth = host.recall(KEY).is_some_and(|kept| kept == [ALTAZIMUTH]);
        port.tell(if altazimuth { ":AA#" } else { ":AP#" })?;
    }
    Ok(port.tell(rate)?)
}

/// By the frequency of the motor in hertz: 60.164 for the stars, 60.0 the Sun, 57.9 the Moon, cut or rounded to tenths.
fn named(hertz: &[u8]) -> Option<Tracking> {
    match str::from_utf8(hertz).ok()?.trim().parse::<f64>().ok()? {
        0.0 => Some(Tracking::Off),
        hertz if (60.05..60.25).contains(&hertz) => Some(Tracking::Sidereal),
        hertz if (59.95..60.05).contains(&hertz) => Some(Tracking::Solar),
        hertz if (57.0..58.5).contains(&hertz) => Some(Tracking::Lunar),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_known_by_their_frequency() {
        assert_eq!(named(b"60.1"), Some(Tracking::Sidereal));
        assert_eq!(named(b"60.164"), Some(Tracking::Sidereal));
        assert_eq!(named(b"60.2"), Some(Tracking::Sidereal));
        assert_eq!(named(b"60.0"), Some(Tracking::Solar));
        assert_eq!(named(b" 57.9"), Some(Tracking::Lunar));
        assert_eq!(named(b"0"), Some(Tracking::Off));
        assert_eq!(named(b"56.4"), None);
        assert_eq!(named(b"\xff"), None);
    }
}
