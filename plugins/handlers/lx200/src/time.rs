//! `:SG…#` `:SL…#` `:SC…#`, in this order: what time it is. Mounts keep local time, and the hours to add to it to have UTC, which
//! is the opposite of a time zone's usual sign.

use slewgate_sdk::mount::{SetTime, TimeSet};
use slewgate_sdk::time::{self, Civil};
use slewgate_sdk::{Failure, Host, Instant, Millis, angle, json};

use crate::goto;
use crate::mount::Mount;
use crate::port::{HeldPort, Probed};

/// Two texts may follow the date, the second after the planets were worked out.
const HOLD: Millis = 14_000;

const HOUR: f64 = 3_600e3;
const DAY: f64 = 24.0 * HOUR;

/// Milliseconds before midnight in which none begins: the date would be that of yesterday when it is sent.
const LATE: f64 = 5_000.0;

pub(crate) fn set_time(host: &dyn Host, params: &SetTime) -> Result<String, Failure> {
    let ahead = params.ahead(host.now())?;
    let mount = Mount::answering(host)?;
    let zone = match params.time.and_then(|time| time.offset) {
        Some(minutes) => in_halves(f64::from(-minutes) / 60.0),
        None => kept_zone(&mount)?,
    };
    let held = mount.port.hold(HOLD)?;
    accept(&held, "zone", mount.dialect().set_zone(zone))?;
    let local = || host.now() + ahead - zone * HOUR;
    host.sleep(pause(local()))?;
    let now = (local() / 1000.0).round() * 1000.0;
    write(&mount, &held, Civil::of(now))?;
    drop(held);
    mount.dialect().jumps(host)?;
    json(&TimeSet {
        time: time::text(now + zone * HOUR),
    })
}

fn write(mount: &Mount, held: &HeldPort, local: Civil) -> Result<(), Failure> {
    let Civil {
        year,
        month,
        day,
        hour,
        minute,
        second,
    } = local;
    accept(
        held,
        "time",
        format!(":SL{hour:02}:{minute:02}:{second:02}#"),
    )?;
    let year = year.rem_euclid(100);
    accept(held, "date", format!(":SC{month:02}/{day:02}/{year:02}#"))?;
    mount.dialect().date_taken(held)
}

fn accept(held: &HeldPort, what: &str, command: String) -> Result<(), Failure> {
    match held.accepts(command.as_bytes())? {
        true => Ok(()),
        false => Err(goto::refused(what, command.as_bytes())),
    }
}

/// Milliseconds to wait: whole seconds are sent when they begin.
fn pause(local: Instant) -> Millis {
    let left = DAY - local.rem_euclid(DAY);
    let wait = if left < LATE { left } else { left % 1000.0 };
    // Below 5000.
    wait.ceil() as Millis
}

/// The zone that the mount has, for one who named none; UTC where it does not tell.
fn kept_zone(mount: &Mount) -> Result<f64, Failure> {
    Ok(match mount.port.probe(":GG#")? {
        Probed::Text(text) => angle::parse(&text)
            .filter(|hours| hours.abs() <= 14.0)
            .map_or(0.0, in_halves),
        Probed::Silence => 0.0,
    })
}

/// Mounts write zones in halves of an hour at best; what the local time is short of then, is not lost: UTC stays right.
fn in_halves(hours: f64) -> f64 {
    (hours * 2.0).round() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_sent_when_it_begins_and_no_day_ends_between_time_and_date() {
        assert_eq!(pause(0.0), 0);
        assert_eq!(pause(250.0), 750);
        assert_eq!(pause(1000.5), 1000);
        assert_eq!(pause(DAY - 5_000.0), 0);
        assert_eq!(pause(DAY - 4_999.0), 4_999);
        assert_eq!(pause(DAY - 1.0), 1);
        assert_eq!(pause(-1.0), 1);
    }
}
