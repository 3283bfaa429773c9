//! `:St…#` `:Sg…#`: where the mount stands. Mounts count longitude to the west.

use slewgate_sdk::mount::{SetSite, SiteTold};
use slewgate_sdk::{Failure, Host, LineError, json};

use crate::mount::{Found, Mount};
use crate::port::{HOLD, HeldPort, Port};
use crate::{angles, goto};

/// Degrees by which the mount may tell something else than it was told: it writes minutes, rounded or cut.
const ROUNDED: f64 = 1.5 / 60.0;

pub(crate) fn set_site(host: &dyn Host, params: &SetSite) -> Result<String, Failure> {
    let mount = Mount::answering(host)?;
    let elevation = write(&mount, params)?;
    mount.dialect().jumps(host)?;
    let (latitude, longitude) = told(&mount.port)?;
    let found = Found {
        latitude,
        longitude,
        elevation,
        ..mount.found
    };
    found.keep(host)?;
    let told = found
        .site_told()
        .ok_or_else(|| Failure::Hardware("the mount took its site, and does not tell it".into()))?;
    check(params, &told)?;
    json(&told)
}

/// What the mount tells of its site, in degrees, north and east positive; none where it is silent.
pub(crate) fn told(port: &Port) -> Result<(Option<f64>, Option<f64>), LineError> {
    let latitude = optional(port.ask(":Gt#"))?.and_then(|text| angles::declination(&text));
    let longitude = optional(port.ask(":Gg#"))?.and_then(|text| angles::longitude(&text));
    Ok((latitude, longitude))
}

/// The elevation that it took, if it keeps one.
fn write(mount: &Mount, params: &SetSite) -> Result<Option<f64>, Failure> {
    let dialect = mount.dialect();
    let held = mount.port.hold(HOLD)?;
    set(mount, &held, "latitude", |seconds| {
        angles::set_latitude(params.latitude, seconds)
    })?;
    set(mount, &held, "longitude", |seconds| {
        dialect.set_longitude(-params.longitude, seconds)
    })?;
    match params.elevation {
        Some(metres) if dialect.takes_elevation(&held, metres)? => Ok(Some(metres)),
        Some(_) => Ok(None),
        // It stays what it was.
        None => Ok(mount.found.elevation),
    }
}

fn set(
    mount: &Mount,
    held: &HeldPort,
    what: &str,
    command: impl Fn(bool) -> Vec<u8>,
) -> Result<(), Failure> {
    if mount.dialect().site_has_seconds() && held.accepts(&command(true))? {
        return Ok(());
    }
    match held.accepts(&command(false))? {
        true => Ok(()),
        false => Err(goto::refused(what, &command(false))),
    }
}

/// A mount that counts otherwise would point elsewhere from now on.
fn check(params: &SetSite, told: &SiteTold) -> Result<(), Failure> {
    let north = (told.latitude - params.latitude).abs();
    let east = (told.longitude - params.longitude + 180.0).rem_euclid(360.0) - 180.0;
    if north <= ROUNDED && east.abs() <= ROUNDED {
        return Ok(());
    }
    Err(Failure::Hardware(format!(
        "the mount was told latitude {} and longitude {}, and tells {} and {}",
        params.latitude, params.longitude, told.latitude, told.longitude
    )))
}

/// Silence means that the mount does not know the question.
fn optional(reply: Result<Vec<u8>, LineError>) -> Result<Option<Vec<u8>>, LineError> {
    match reply {
        Ok(text) => Ok(Some(text)),
        Err(LineError::Timeout(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
