//! Meade's LX200 Classic. It tells little of itself: what it does is seen from where it points.
//!
//! Source: Meade, *LX200 Telescope Operation Manual*, command set.

mod drift;
mod homing;
mod parked;

use slewgate_sdk::mount::{Direction, Home, LONGEST_PULSE, Park, Tracking, Unpark, Verb};
use slewgate_sdk::{Equatorial, Failure, Host, Instant, Millis};

use super::{Activity, Dialect, Pulses, Stage, in_words};
use crate::home::Homing;
use crate::mount::Mount;
use crate::park::Parking;
use crate::port::{HeldPort, Port, garbled};
use crate::status::{self, Reading};
use crate::{angles, attach, jog};
use drift::{Rest, Seen};

/// See the module.
pub(super) struct Classic;

/// `:MS#` (manual, p. 57): where the mount adds words of its own, those are told. What "higher" and "lower" limit, it says in its menu.
const REFUSALS: &[(u8, &str)] = &[
    (b'1', "the object is below the horizon"),
    (b'2', "the object is beyond the higher limit of altitude"),
    (b'3', "the mount would hit its tripod"),
    (b'4', "the object is beyond the lower limit of altitude"),
];

/// `:SC` is answered by two texts: at once, and when the planets are worked out.
const PLANETS: Millis = 5000;

/// How the mount was aligned before it was told to stand still.
const ALIGNMENT: &str = "alignment";
const LAND: u8 = b'L';
const ALTAZIMUTH: u8 = b'A';

/// A parking mount takes a moment to set out.
const QUIET_LOOKS: u8 = 3;
/// Degrees between two looks that are rest: more than the sky turns meanwhile, and than a mount without seconds rounds away.
const REST: f64 = 0.05;

impl Dialect for Classic {
    fn model(&self, _: Option<&str>, _: Option<&str>) -> String {
        "LX200 Classic".into()
    }

    /// Those without the drive of the large ones know no `:h`.
    fn lacks(&self, port: &Port) -> Result<Vec<String>, Failure> {
        Ok(match port.probe_letter(":h?#")? {
            Some(_) => Vec::new(),
            None => [Park::NAME, Unpark::NAME, Home::NAME]
                .map(String::from)
                .into(),
        })
    }

    /// `:U#` changes between the two and is not answered, so it is sent only to a mount that was seen to be in low precision.
    fn with_seconds(&self, port: &Port) -> Result<Option<Vec<u8>>, Failure> {
        port.tell(":U#")?;
        attach::right_ascension(port).map(Some)
    }

    fn attached(&self, mount: &Mount, reading: &Reading) -> Result<(), Failure> {
        // Moved since the last look is not seen to move: here that difference is taken up.
        drift::judge(mount.host, reading, mount.host.now())?;
        parked::attached(mount.host, &mount.port, reading.at)
    }

    fn is_deaf(&self, host: &dyn Host, port: &Port) -> Result<bool, Failure> {
        homing::under_way(host, port)
    }

    fn stays_deaf(&self, host: &dyn Host, port: &Port) -> Result<bool, Failure> {
        homing::outlasts(host, port)
    }

    fn ready(&self, mount: &Mount) -> Result<(), Failure> {
        parked::refuse(mount.host)
    }

    fn activity(
        &self,
        mount: &Mount,
        reading: &Reading,
        now: Instant,
    ) -> Result<Activity, Failure> {
        let seen = if shows_bars(&mount.port)? {
            drift::moving(mount.host, reading, now)?
        } else {
            drift::judge(mount.host, reading, now)?
        };
        let parked = parked::seen(mount.host, seen)?;
        let moving = seen == Seen::Moving;
        Ok(Activity {
            moving,
            slewing: moving,
            tracking: tracking(parked, seen, said(&mount.port)?),
            parked,
            pier_side: None,
        })
    }

    /// `:D#` answers with bars while the mount slews, and with spaces or nothing when it is there.
    fn under_way(&self, mount: &Mount) -> Result<bool, Failure> {
        shows_bars(&mount.port)
    }

    fn set_out(&self, _: &Mount, held: &HeldPort) -> Result<Option<String>, Failure> {
        let code = held.letter(b":MS#")?;
        if code == b'0' {
            return Ok(None);
        }
        let own = held.words()?;
        match code.is_ascii_digit() || !own.is_empty() {
            true => Ok(Some(in_words(code, &own, REFUSALS))),
            // No answer of any mount: it may have set out.
            false => Err(garbled(b":MS#", &[code])),
        }
    }

    fn unsynced(&self, _: &[u8]) -> Option<String> {
        // It answers with the name of an object, whatever came of it.
        None
    }

    fn jumps(&self, host: &dyn Host) -> Result<(), Failure> {
        drift::forget(host)
    }

    /// To stand still it is told that it stands on land (`:AL#`).
    fn track(&self, mount: &Mount, mode: Tracking) -> Result<(), Failure> {
        match mode {
            Tracking::Off => stand(mount)?,
            Tracking::Sidereal => follow(mount, ":TQ#")?,
            Tracking::Solar => follow(mount, ":TS#")?,
            Tracking::Lunar => follow(mount, ":TL#")?,
        }
        drift::forget(mount.host)
    }

    /// It has no `:Mg`: the host keeps the time.
    fn pulses(&self) -> Pulses {
        Pulses {
            shortest: 20,
            longest: LONGEST_PULSE,
            ends: false,
        }
    }

    fn pulse(&self, direction: Direction, _: Millis) -> String {
        format!(":RG#{}", jog::start(direction))
    }

    fn park(&self, mount: &Mount) -> Result<(), Failure> {
        Ok(mount.port.tell(":hP#")?)
    }

    /// It does not tell: it is parked when it has come to rest.
    fn parking(&self, mount: &Mount, parking: Parking) -> Result<Stage<Parking>, Failure> {
        if shows_bars(&mount.port)? {
            return Ok(Stage::Again(Parking::default()));
        }
        let at = status::position(&mount.port)?.at;
        let before = parking.seen.map(|(ra, dec)| Equatorial { ra, dec });
        let rests = before.is_some_and(|before| mount.host.separation(before, at) <= REST);
        let quiet = if rests { parking.quiet + 1 } else { 0 };
        if quiet < QUIET_LOOKS {
            return Ok(Stage::Again(Parking {
                seen: Some((at.ra, at.dec)),
                quiet,
            }));
        }
        parked::arrived(mount.host, &mount.port, at)?;
        drift::forget(mount.host)?;
        Ok(Stage::Done)
    }

    fn unpark(&self, mount: &Mount) -> Result<(), Failure> {
        mount.port.tell(":hW#")?;
        parked::awake(mount.host)?;
        drift::forget(mount.host)
    }

    fn awake(&self, mount: &Mount) -> Result<bool, Failure> {
        status::position(&mount.port).map(|_| true)
    }

    fn home(&self, mount: &Mount, motion: u32) -> Result<(), Failure> {
        homing::begin(mount, motion)
    }

    fn homing(&self, mount: &Mount, homing: Homing) -> Result<Stage<Homing>, Failure> {
        homing::look(mount, homing)
    }

    fn homed(&self, host: &dyn Host, motion: u32) -> Result<(), Failure> {
        homing::ended(host, motion)
    }

    fn site_has_seconds(&self) -> bool {
        false
    }

    /// 0 to 360, without a sign.
    fn set_longitude(&self, west: f64, _: bool) -> Vec<u8> {
        angles::set_longitude_around(west)
    }

    /// `sHH`, and tenths where there are any.
    fn set_zone(&self, hours: f64) -> String {
        if hours.fract() == 0.0 {
            // No negative zero.
            format!(":SG{:+03.0}#", hours + 0.0)
        } else {
            format!(":SG{hours:+05.1}#")
        }
    }

    fn date_taken(&self, held: &HeldPort) -> Result<(), Failure> {
        let said = held.rest(PLANETS)?;
        if !said.is_empty() {
            held.rest(PLANETS)?;
        }
        Ok(())
    }
}

fn shows_bars(port: &Port) -> Result<bool, Failure> {
    Ok(!port.ask(":D#")?.trim_ascii().is_empty())
}

/// What the mount says that it follows; none if it says nothing known.
fn said(port: &Port) -> Result<Option<Tracking>, Failure> {
    if port.alignment()? == Some(LAND) {
        return Ok(Some(Tracking::Off));
    }
    Ok(named(&port.ask(":GT#")?))
}

/// What the mount does counts more than what it says that it would.
fn tracking(parked: Option<bool>, seen: Seen, said: Option<Tracking>) -> Option<Tracking> {
    match (parked, seen, said) {
        (Some(true), ..) | (_, Seen::Resting(Some(Rest::Standing)), _) => Some(Tracking::Off),
        (_, Seen::Resting(Some(Rest::Following)), Some(Tracking::Off)) => None,
        _ => said,
    }
}

fn stand(mount: &Mount) -> Result<(), Failure> {
    let alignment = mount.port.alignment()?;
    if let Some(alignment) = alignment.filter(|alignment| *alignment != LAND) {
        mount.host.keep(ALIGNMENT, &[alignment])?;
    }
    Ok(mount.port.tell(":AL#")?)
}

fn follow(mount: &Mount, rate: &str) -> Result<(), Failure> {
    if mount.port.alignment()? == Some(LAND) {
        let kept = mount.host.recall(ALIGNMENT);
        let altazimuth = kept.is_some_and(|kept| kept == [ALTAZIMUTH]);
        mount.port.tell(if altazimuth { ":AA#" } else { ":AP#" })?;
    }
    Ok(mount.port.tell(rate)?)
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

    #[test]
    fn zones_have_a_sign_and_tenths_where_there_are_any() {
        for (hours, bytes) in [
            (0.0, ":SG+00#"),
            (-0.0, ":SG+00#"),
            (-2.0, ":SG-02#"),
            (5.0, ":SG+05#"),
            (-5.5, ":SG-05.5#"),
            (3.5, ":SG+03.5#"),
        ] {
            assert_eq!(Classic.set_zone(hours), bytes);
        }
    }
}
