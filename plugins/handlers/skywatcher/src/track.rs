//! What the mount follows: the first axis turns with the sky, at a period of its motor.

use slewgate_sdk::mount::{Track, Tracking, TrackingSet};
use slewgate_sdk::{Failure, Host, Millis, Progress, json};

use crate::motor::{Motor, SIDEREAL};
use crate::mount::Placed;
use crate::port::Drive;
use crate::settings::Settings;

/// Degrees a second of the Sun.
const SOLAR: f64 = 360.0 / 86_400.0;
/// Those of the Moon to those of the stars: mounts know them as 57.9 and 60.164 hertz.
const LUNAR: f64 = 57.9 / 60.164;

/// What still turns after a motion comes to rest within so many looks, or belongs to another.
const REST_EVERY: Millis = 200;
const REST_LOOKS: u32 = 20;

pub(crate) fn track(
    host: &dyn Host,
    settings: Settings,
    params: &Track,
) -> Result<String, Failure> {
    let placed = Placed::awake(host, settings)?.held()?;
    if placed.doing()?.goes() {
        return Err(Failure::Refused(
            "the mount is on its way: choose what it follows when it is there".into(),
        ));
    }
    if params.mode == Tracking::Off {
        placed.mount.motor(Drive::First).rest()?;
    } else {
        let left = placed.german.left(placed.mount.axes()?);
        if left <= 0.0 {
            return Err(Failure::Refused(format!(
                "the telescope is {:.1} degrees past the meridian on its side, and may be {}: go to the target, so that it changes \
                 sides",
                placed.mount.settings.past_meridian - left,
                placed.mount.settings.past_meridian
            )));
        }
        follow(&placed, params.mode)?;
    }
    placed.mount.keep_follows(params.mode)?;
    json(&TrackingSet {
        tracking: params.mode,
    })
}

/// Sets the first axis going.
pub(crate) fn follow(placed: &Placed, mode: Tracking) -> Result<(), Failure> {
    let rate = placed.german.sense() * rate(mode);
    placed.mount.motor(Drive::First).run(rate)
}

/// Degrees a second.
pub(crate) fn rate(mode: Tracking) -> f64 {
    match mode {
        Tracking::Sidereal => SIDEREAL,
        Tracking::Solar => SOLAR,
        Tracking::Lunar => LUNAR * SIDEREAL,
        Tracking::Off => 0.0,
    }
}

/// What a motor follows that turns slowly with the sky; none if it is nothing known.
pub(crate) fn mode_of(motor: Motor) -> Result<Option<Tracking>, Failure> {
    let period = motor.period()?;
    let modes = [Tracking::Sidereal, Tracking::Solar, Tracking::Lunar];
    Ok(modes
        .into_iter()
        .find(|mode| motor.gear.pace(rate(*mode)).period == period))
}

/// The host ended a motion, and what it followed before it follows again, as soon as it rests. What turns for longer is another's.
pub(crate) fn resume(host: &dyn Host, settings: Settings) -> Result<Progress, Failure> {
    let placed = Placed::open(host, settings)?;
    let Some(mode) = placed.mount.follows().filter(|_| !placed.mount.is_parked()) else {
        return Ok(Progress::Done);
    };
    for _ in 0..REST_LOOKS {
        // Nobody sets out between the look and the bytes.
        let held = Placed::open(host, settings)?.held()?;
        let doing = held.doing()?;
        if doing.follows.is_some() {
            return Ok(Progress::Done);
        }
        if !doing.first.running {
            if held.german.left(held.mount.axes()?) > 0.0 {
                follow(&held, mode)?;
            }
            return Ok(Progress::Done);
        }
        drop(held);
        host.sleep(REST_EVERY)?;
    }
    Ok(Progress::Done)
}
