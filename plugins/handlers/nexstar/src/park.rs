//! Parking, which a hand control has no command for: a goto to a place above the ground, where the mount then follows nothing.
//!
//! That it is parked is kept here, for as long as the mount follows nothing. One that follows the sky again, told by its hand
//! control or switched on anew, is awake.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{Begun, Park, Unpark, Verb, Where};
use slewgate_sdk::{Equatorial, Failure, Host, Progress, json};

use crate::drift::{Rest, Seen};
use crate::follow::Mode;
use crate::goto::{self, ASTRAY_LOOKS, Way, again, plan};
use crate::mount::Mount;
use crate::settings::Place;
use crate::{Note, status};

/// A mount on its way to where it parks, in JNow as it was when it set out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Parking {
    ra: f64,
    dec: f64,
    astray: u8,
    pub(crate) followed: Mode,
}

const KEY: &str = "parked";

/// Hours from the meridian at which the counterweight of a German mount hangs down at the pole.
const DOWN: f64 = 6.0;

pub(crate) fn park(host: &dyn Host, place: Option<Place>) -> Result<String, Failure> {
    // One that is parked already stays so.
    let mount = Mount::with(host, Park::NAME)?;
    let mode = Mode::now(&mount)?;
    if is_kept(host) && mode == Mode::OFF {
        let motion = host.begin(&plan(Park::NAME, None, &Note::Nothing)?)?;
        return json(&Begun { motion });
    }
    let mount = Mount::aligned(host, Park::NAME)?;
    let target = target(&mount, place)?;
    let parking = Parking {
        ra: target.ra,
        dec: target.dec,
        astray: 0,
        followed: mode,
    };
    let motion = host.begin(&plan(Park::NAME, Some(target), &Note::Park(parking))?)?;
    goto::set_out(&mount, target)?;
    json(&Begun { motion })
}

pub(crate) fn unpark(host: &dyn Host) -> Result<String, Failure> {
    let mount = Mount::with(host, Unpark::NAME)?;
    if mount.under_way()? {
        return Err(Failure::Refused(
            "the mount is on its way: unpark it when it is parked".into(),
        ));
    }
    let mode = Mode::now(&mount)?;
    let motion = host.begin(&plan(Unpark::NAME, None, &Note::Nothing)?)?;
    if is_kept(host) || mode == Mode::OFF {
        mode.or_usual(&mount).put_back(&mount)?;
    }
    host.keep(KEY, b"")?;
    json(&Begun { motion })
}

/// Whether it is, with what it says and is seen to do.
pub(crate) fn is_parked(mount: &Mount, mode: Mode, seen: Seen) -> Result<bool, Failure> {
    if !is_kept(mount.host) {
        return Ok(false);
    }
    let stays = mode == Mode::OFF && seen != Seen::Resting(Some(Rest::Following));
    if !stays {
        mount.host.keep(KEY, b"")?;
    }
    Ok(stays)
}

/// Refuses what would move a parked mount.
pub(crate) fn refuse(mount: &Mount) -> Result<(), Failure> {
    if is_kept(mount.host) && Mode::now(mount)? == Mode::OFF {
        return Err(Failure::Refused(
            "the mount is parked: unpark it first".into(),
        ));
    }
    Ok(())
}

fn is_kept(host: &dyn Host) -> bool {
    host.recall(KEY).is_some_and(|kept| !kept.is_empty())
}

/// At the pole, with the counterweight down, unless the settings have another place.
fn target(mount: &Mount, place: Option<Place>) -> Result<Equatorial, Failure> {
    if let Some(place) = place {
        return Where::Horizon(place.direction()).jnow(mount.host, mount.found.site());
    }
    let meridian = status::meridian(mount, mount.host.now()).ok_or_else(|| {
        Failure::Refused(
            "the mount does not tell its site, so that nobody knows where its pole is".into(),
        )
    })?;
    Ok(Equatorial {
        ra: (meridian - DOWN).rem_euclid(24.0),
        dec: if mount.found.is_northern() {
            90.0
        } else {
            -90.0
        },
    })
}

impl Parking {
    pub(crate) fn look(self, host: &dyn Host) -> Result<Progress, Failure> {
        let mount = Mount::open(host)?;
        let target = Equatorial {
            ra: self.ra,
            dec: self.dec,
        };
        let astray = match Way::to(&mount, target)? {
            Way::On => 0,
            Way::There => {
                Mode::OFF.tell(&mount)?;
                host.keep(KEY, b"1")?;
                return Ok(Progress::Done);
            }
            Way::Off(off) if self.astray >= ASTRAY_LOOKS => return Ok(goto::astray(off)),
            Way::Off(_) => self.astray + 1,
        };
        again(&Note::Park(Self { astray, ..self }))
    }
}
