//! `set_site` and `set_time`: where and when the mount is.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::Verb;
use crate::time::{self, Moment};
use crate::{Effect, Failure, Instant};

/// Params of `set_site`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetSite {
    /// Degrees, north positive.
    pub latitude: f64,
    /// Degrees, east positive.
    pub longitude: f64,
    /// Metres above sea level.
    pub elevation: Option<f64>,
}

/// The answer of `set_site`, and where `info` says that the mount stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SiteTold {
    /// Degrees, north positive, as the mount tells it.
    pub latitude: f64,
    /// Degrees, east positive, as the mount tells it.
    pub longitude: f64,
    /// Metres above sea level; none where the mount was not told, or keeps none.
    pub elevation: Option<f64>,
}

/// Params of `set_time`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetTime {
    /// The time that it is; the host's own where it is not given.
    pub time: Option<Moment>,
}

/// The answer of `set_time`.
#[derive(Debug, Serialize)]
pub struct TimeSet {
    /// What the mount was told, in UTC.
    pub time: String,
}

/// Milliseconds that a time may lie before the host's clock: more than any confusion of zones.
const BEHIND: f64 = 24.0 * 3_600e3;

/// Mounts write years with two digits, of this century: 2000-01-01T00:00:00Z to 2099-12-31T23:59:59Z.
const CENTURY: RangeInclusive<Instant> = 946_684_800e3..=4_102_444_799e3;

impl SetTime {
    /// Milliseconds that the time given is ahead of `now`, the host's clock. A time can well be later than the host thinks,
    /// as a small computer without a battery wakes in the past; an earlier one is a mistake.
    pub fn ahead(&self, now: Instant) -> Result<f64, Failure> {
        let Some(time) = self.time else {
            return Ok(0.0);
        };
        let earliest = (now - BEHIND).max(*CENTURY.start());
        if (earliest..=*CENTURY.end()).contains(&time.at) {
            return Ok(time.at - now);
        }
        Err(Failure::InvalidParams(format!(
            "time: {} is not within {} (a day before the host's clock) to {}",
            time::text(time.at),
            time::text(earliest),
            time::text(*CENTURY.end())
        )))
    }
}

impl Verb for SetSite {
    const NAME: &'static str = "set_site";
    const SUMMARY: &'static str = "Tell the mount where it stands.";
    const EFFECT: Effect = Effect::Configure;
    const PARAMS: &'static str = r#"{"type":"object","required":["latitude","longitude"],"properties":{
"latitude":{"description":"degrees, north positive","type":"number","minimum":-90,"maximum":90},
"longitude":{"description":"degrees, east positive","type":"number","minimum":-180,"maximum":180},
"elevation":{"description":"metres above sea level","type":"number","minimum":-500,"maximum":9000}},
"additionalProperties":false}"#;
    const RESULT: &'static str = r#"{"type":"object","required":["latitude","longitude","elevation"],"properties":{
"latitude":{"description":"degrees, as the mount tells it now","type":"number"},
"longitude":{"description":"degrees, as the mount tells it now","type":"number"},
"elevation":{"description":"metres; null where the mount was not told or keeps none","type":["number","null"]}}}"#;
    const EXAMPLE: &'static str = r#"{"latitude":51.4779,"longitude":-0.0015,"elevation":46}"#;
}

impl Verb for SetTime {
    const NAME: &'static str = "set_time";
    const SUMMARY: &'static str = "Tell the mount what time it is.";
    const EFFECT: Effect = Effect::Configure;
    const PARAMS: &'static str = r#"{"type":"object","properties":{
"time":{"description":"RFC 3339, such as 2026-11-23T22:00:00Z; the host's own time if not given","type":"string","format":"date-time","maxLength":40,
"pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"}},
"additionalProperties":false}"#;
    const RESULT: &'static str = r#"{"type":"object","required":["time"],"properties":{
"time":{"description":"what the mount was told, UTC","type":"string"}}}"#;
    const EXAMPLE: &'static str = r#"{"time":"2026-11-23T22:00:00Z"}"#;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23T22:00:00Z.
    const NOW: Instant = 1_795_471_200e3;

    fn ahead(time: &str) -> Result<f64, Failure> {
        let params = format!(r#"{{"time":"{time}"}}"#);
        serde_json::from_str::<SetTime>(&params).unwrap().ahead(NOW)
    }

    #[test]
    fn a_time_is_so_far_ahead_of_the_hosts_clock() {
        assert_eq!(ahead("2026-11-23T22:00:01.5Z"), Ok(1500.0));
        assert_eq!(ahead("2026-11-23T23:59:00+02:00"), Ok(-60_000.0));
        assert_eq!(ahead("2026-11-22T22:00:00Z"), Ok(-86_400_000.0));
        assert!(ahead("2099-12-31T23:59:59Z").is_ok());
        assert_eq!(SetTime { time: None }.ahead(NOW), Ok(0.0));
    }

    #[test]
    fn a_date_in_the_past_or_after_the_century_is_refused_with_the_range() {
        for time in [
            "2026-11-22T21:59:59Z",
            "1999-12-31T23:59:59Z",
            "2100-01-01T00:00:00Z",
        ] {
            match ahead(time) {
                Err(Failure::InvalidParams(why)) => assert_eq!(
                    why,
                    format!(
                        "time: {time} is not within 2026-11-22T22:00:00Z (a day before the host's clock) to 2099-12-31T23:59:59Z"
                    )
                ),
                other => panic!("{time}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_host_that_woke_in_the_past_still_wants_a_year_of_two_digits() {
        let time = |text: &str| SetTime {
            time: Moment::parse(text),
        };
        assert!(time("2026-11-23T22:00:00Z").ahead(0.0).is_ok());
        assert!(time("1999-11-23T22:00:00Z").ahead(0.0).is_err());
    }
}
