//! Which jogs may begin.

use slewgate_safety::limits::{Limit, Limits, PierSide, Subject};

use crate::places::{GREENWICH, NIGHT, SYDNEY, at, fence, limits, seen};

/// The directions in which a jog may begin from an hour angle and a declination over Greenwich.
fn free(limits: Limits, from: (f64, f64), side: Option<PierSide>) -> Vec<&'static str> {
    let fence = fence(limits, GREENWICH);
    let from = seen(at(from.0, from.1, GREENWICH, NIGHT), side, NIGHT);
    ["north", "south", "east", "west"]
        .into_iter()
        .filter(|label| fence.jog(&from, label, NIGHT, false).is_ok())
        .collect()
}

#[test]
fn a_jog_into_a_limit_near_by_does_not_begin_and_others_do() {
    // Due south, 0.4 degrees above the horizon: east and west lead down as well, but by less than that.
    let from = (0.0, -90.0 + 51.4779 + 0.4 - 90.0 + 90.0);
    for side in [None, Some(PierSide::East), Some(PierSide::West)] {
        assert_eq!(free(limits(), from, side), ["north", "east", "west"]);
    }
    // In the east, a star rises by going west.
    let rising = free(limits(), (-90.0, 0.6), None);
    assert_eq!(rising, ["north", "west"]);
}

#[test]
fn far_from_every_limit_each_direction_is_free() {
    assert_eq!(free(limits(), (10.0, 40.0), None).len(), 4);
}

#[test]
fn from_outside_only_the_way_back_is_free() {
    let high = Limits {
        lowest: 30.0,
        ..limits()
    };
    assert_eq!(free(high.clone(), (0.0, -20.0), None), ["north"]);
    assert_eq!(free(high, (-100.0, 5.0), None), ["north", "west"]);
}

#[test]
fn in_the_south_north_is_still_a_higher_declination() {
    let fence = fence(limits(), SYDNEY);
    // Due north, just above the horizon: north leads down.
    let from = seen(at(0.0, 56.0 - 0.3, SYDNEY, NIGHT), None, NIGHT);
    let breach = fence.jog(&from, "north", NIGHT, false).unwrap_err();
    assert_eq!(
        (breach.limit, breach.subject),
        (Limit::Horizon, Subject::Telescope)
    );
    assert_eq!(fence.jog(&from, "south", NIGHT, false), Ok(()));
}

#[test]
fn past_the_meridian_only_the_way_back_is_free_on_either_side_of_the_pier() {
    let past = Limits {
        meridian: Some(5.0),
        ..limits()
    };
    let [west, east] = [(4.8, PierSide::West), (-4.8, PierSide::East)]
        .map(|(hour_angle, side)| free(past.clone(), (hour_angle, 30.0), Some(side)));
    assert_eq!(west, ["north", "south", "east"]);
    assert_eq!(east, ["north", "south", "west"]);
}

#[test]
fn a_jog_of_an_unknown_direction_begins_and_is_watched() {
    let fence = fence(limits(), GREENWICH);
    let from = seen(at(0.0, -40.0, GREENWICH, NIGHT), None, NIGHT);
    assert_eq!(fence.jog(&from, "up", NIGHT, false), Ok(()));
}
