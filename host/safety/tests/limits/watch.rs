//! What the watch makes of what it sees.

use std::time::{Duration, Instant};

use slewgate_safety::limits::{
    Breach, Course, Fence, Limit, Limits, Outlook, PierSide, Sighting, State, Watch,
};
use slewgate_sky::{Equatorial, separation};

use crate::mount::{Scene, Traits};
use crate::places::{GREENWICH, NIGHT, NOON, SKY, SYDNEY, at, fence, limits, place};

/// The simulated LX200.
const SIMULATOR: Traits = Traits {
    acceleration: 8.0,
    braking: 8.0,
};

/// Looks at a series of sightings, so many seconds apart.
struct Series {
    fence: Fence,
    watch: Watch,
    begin: Instant,
    at_ms: f64,
}

impl Series {
    fn new(fence: Fence, at_ms: f64) -> Self {
        Self {
            fence,
            watch: Watch::default(),
            begin: Instant::now(),
            at_ms,
        }
    }

    fn sighting(&self, seconds: f64, position: Equatorial, state: State) -> Sighting {
        Sighting {
            position,
            axes: None,
            pier: None,
            state,
            taken: self.begin + Duration::from_secs_f64(seconds),
            at_ms: self.at_ms + seconds * 1e3,
        }
    }

    fn look(&mut self, sighting: Sighting) -> Outlook {
        self.watch.look(&self.fence, &sighting, Course::Free, false)
    }
}

fn ahead(outlook: Outlook) -> Option<Breach> {
    match outlook {
        Outlook::Ahead(breach) => Some(breach),
        Outlook::Fine { .. } => None,
    }
}

/// Seconds until the next look.
fn next(outlook: Outlook) -> f64 {
    match outlook {
        Outlook::Fine { look_again_within } => look_again_within.as_secs_f64(),
        Outlook::Ahead(breach) => panic!("{breach}"),
    }
}

/// Follows one place among the stars, looking when told, until it is stopped. The seconds until then.
fn track(fence: Fence, position: Equatorial, at_ms: f64, most: f64) -> Option<(f64, Breach)> {
    let mut series = Series::new(fence, at_ms);
    let mut seconds = 0.0;
    while seconds < most {
        let sighting = series.sighting(seconds, position, State::Tracking);
        match series.look(sighting) {
            Outlook::Fine { look_again_within } => seconds += look_again_within.as_secs_f64(),
            Outlook::Ahead(breach) => return Some((seconds, breach)),
        }
    }
    None
}

#[test]
fn tracking_is_stopped_at_the_horizon_and_not_before() {
    for site in [GREENWICH, SYDNEY] {
        let fence = fence(limits(), site);
        let sky = &*SKY;
        let setting = at(80.0, 5f64.copysign(site.latitude), site, NIGHT);
        let (seconds, breach) = track(fence, setting, NIGHT, 7_200.0).unwrap();
        let seen = sky.to_horizontal(setting, NIGHT + seconds * 1e3, &site);
        assert!((0.0..0.01).contains(&seen.altitude), "{}", seen.altitude);
        assert_eq!(breach.limit, Limit::Horizon);
    }
}

#[test]
fn tracking_is_stopped_where_the_sun_begins_to_count() {
    // Before the sunrise of the solstice, 20 degrees beside the Sun.
    let night = NOON - 11.0 * 3_600e3;
    let sun = SKY.sun(night);
    let beside = Equatorial {
        ra: (sun.ra - 20.0 / 15.0).rem_euclid(24.0),
        dec: sun.dec + 12.0,
    };
    let low = Limits {
        lowest: -20.0,
        ..Limits::default()
    };
    let (seconds, breach) = track(fence(low, GREENWICH), beside, night, 6.0 * 3_600.0).unwrap();
    assert_eq!(breach.limit, Limit::Sun);
    let at_ms = night + seconds * 1e3;
    let altitude = SKY
        .to_horizontal(SKY.sun(at_ms), at_ms, &GREENWICH)
        .altitude;
    assert!((altitude + 10.0).abs() < 0.01, "{altitude}");
}

#[test]
fn what_tracks_near_the_sun_is_stopped_again_until_it_stands() {
    let mut series = Series::new(fence(Limits::default(), GREENWICH), NOON);
    let sun = SKY.sun(NOON);
    let near = Equatorial {
        dec: sun.dec + 20.0,
        ..sun
    };
    for second in 0..3 {
        let sighting = series.sighting(f64::from(second), near, State::Tracking);
        assert_eq!(ahead(series.look(sighting)).unwrap().limit, Limit::Sun);
    }
    let standing = series.sighting(3.0, near, State::Still);
    assert_eq!(ahead(series.look(standing)), None);
}

#[test]
fn who_may_point_at_the_sun_through_a_filter_tracks_it() {
    let limits = Limits {
        solar_filter: true,
        ..Limits::default()
    };
    let fence = fence(limits, GREENWICH);
    let series = Series::new(fence.clone(), NOON);
    let sighting = series.sighting(0.0, SKY.sun(NOON), State::Tracking);
    for (permitted, stops) in [(true, false), (false, true)] {
        let outlook = Watch::default().look(&fence, &sighting, Course::Free, permitted);
        assert_eq!(ahead(outlook).is_some(), stops);
    }
}

#[test]
fn a_star_that_rises_outside_is_followed_back_and_one_that_sets_is_not() {
    for (hour_angle, stops) in [(-80.0, false), (80.0, true)] {
        let high = Limits {
            lowest: 30.0,
            ..limits()
        };
        let star = at(hour_angle, 10.0, GREENWICH, NIGHT);
        let stopped = track(fence(high, GREENWICH), star, NIGHT, 60.0);
        assert_eq!(stopped.is_some(), stops, "{hour_angle}");
    }
}

#[test]
fn past_the_meridian_tracking_goes_on_as_far_as_it_may() {
    let past = Limits {
        meridian: Some(5.0),
        ..limits()
    };
    for site in [GREENWICH, SYDNEY] {
        let mut series = Series::new(fence(past.clone(), site), NIGHT);
        let star = at(4.0, 20.0, site, NIGHT);
        let mut seconds = 0.0;
        let stopped = loop {
            let pier = Some(PierSide::West);
            let sighting = Sighting {
                pier,
                ..series.sighting(seconds, star, State::Tracking)
            };
            match series.look(sighting) {
                Outlook::Fine { look_again_within } => seconds += look_again_within.as_secs_f64(),
                Outlook::Ahead(breach) => break breach,
            }
            assert!(seconds < 600.0);
        };
        let (hour_angle, _) = place(star, site, NIGHT + seconds * 1e3);
        assert!((4.99..5.0).contains(&hour_angle), "{hour_angle}");
        assert_eq!(stopped.limit, Limit::Meridian);
        // On the other side it is where it should be.
        let pier = Some(PierSide::East);
        let east = Sighting {
            pier,
            ..series.sighting(seconds + 1.0, star, State::Tracking)
        };
        assert_eq!(
            ahead(Watch::default().look(&series.fence, &east, Course::Free, false)),
            None
        );
    }
}

#[test]
fn a_jog_at_the_highest_rate_stops_before_the_limit_and_comes_back_out() {
    for label in ["south", "west"] {
        let fence = fence(
            Limits {
                lowest: 10.0,
                ..limits()
            },
            GREENWICH,
        );
        let mut scene = Scene::at(fence, GREENWICH, (40.0, 30.0), SIMULATOR);
        assert!(scene.jog(label, 6.0));
        let sky = &*SKY;
        let altitude = |scene: &Scene| {
            let seen = scene.sighting();
            sky.to_horizontal(seen.position, seen.at_ms, &GREENWICH)
                .altitude
        };
        scene.pass(25.0, |scene| assert!(altitude(scene) > 10.0));
        assert!(
            scene.stopped.is_some() && altitude(&scene) < 25.0,
            "{}",
            altitude(&scene)
        );
        scene.stopped = None;
        assert!(scene.jog(if label == "south" { "north" } else { "east" }, 6.0));
        scene.pass(3.0, |_| ());
        assert!(scene.stopped.is_none(), "{:?}", scene.stopped);
        assert!(altitude(&scene) > 20.0);
    }
}

#[test]
fn a_jog_at_the_highest_rate_stops_before_an_hour_angle_and_comes_back_out() {
    for (begin, label, back) in [(20.0, "west", "east"), (-20.0, "east", "west")] {
        let wall = Limits {
            hour_angle: Some((-60.0, 60.0)),
            ..limits()
        };
        let mut scene = Scene::at(fence(wall, SYDNEY), SYDNEY, (begin, -30.0), SIMULATOR);
        assert!(scene.jog(label, 6.0));
        scene.pass(20.0, |scene| assert!(scene.axes[0].position.abs() < 60.0));
        assert!(scene.stopped.is_some() && scene.axes[0].position.abs() > 45.0);
        scene.stopped = None;
        assert!(scene.jog(back, 6.0));
        scene.pass(3.0, |_| ());
        assert!(scene.stopped.is_none() && scene.axes[0].position.abs() < 45.0);
    }
}

#[test]
fn a_jog_at_the_highest_rate_stops_before_the_suns_cone_and_comes_back_out() {
    let sun = SKY.sun(NOON);
    let (hour_angle, dec) = place(sun, GREENWICH, NOON);
    for (from, label, back) in [
        ((hour_angle + 70.0, dec), "east", "west"),
        ((hour_angle - 70.0, dec), "west", "east"),
        ((hour_angle, dec + 55.0), "south", "north"),
    ] {
        let fence = fence(Limits::default(), GREENWICH);
        let mut scene = Scene::begun(NOON, fence, GREENWICH, from, SIMULATOR);
        let away = |scene: &Scene| separation(scene.sighting().position, SKY.sun(NOON));
        assert!(scene.jog(label, 6.0));
        scene.pass(20.0, |scene| assert!(away(scene) > 30.0, "{label}"));
        assert!(scene.stopped.is_some() && away(&scene) < 45.0, "{label}");
        scene.stopped = None;
        assert!(scene.jog(back, 6.0));
        scene.pass(3.0, |_| ());
        assert!(scene.stopped.is_none() && away(&scene) > 45.0, "{label}");
    }
}

#[test]
fn a_slow_jog_comes_near_a_limit_before_it_is_stopped() {
    let fence = fence(limits(), GREENWICH);
    let mut scene = Scene::at(fence, GREENWICH, (0.0, -33.5), SIMULATOR);
    assert!(scene.jog("south", 0.5));
    scene.pass(12.0, |_| ());
    let altitude = scene.axes[1].position + 90.0 - GREENWICH.latitude;
    assert!(
        scene.stopped.is_some() && (0.0..2.0).contains(&altitude),
        "{altitude}"
    );
}

#[test]
fn a_goal_beside_a_limit_is_reached_and_one_that_does_not_brake_is_stopped() {
    for (brakes, stops) in [(true, false), (false, true)] {
        let fence = fence(limits(), GREENWICH);
        let mut scene = Scene::at(fence, GREENWICH, (0.0, 10.0), SIMULATOR);
        scene.course = Course::ToGoal(None);
        scene.watch.begun(scene.sighting().taken);
        let target = -90.0 + GREENWICH.latitude + 0.5;
        scene.axes[1].wanted = -6.0;
        let from_here = (10.0 - target - 6.0 * 6.0 / 8.0 / 2.0) / 6.0;
        scene.pass(from_here + 6.0 / 8.0 / 2.0, |_| ());
        if brakes {
            scene.axes[1].wanted = 0.0;
        }
        scene.pass(10.0, |_| ());
        let altitude = scene.axes[1].position - target + 0.5;
        assert_eq!(
            scene.stopped.is_some(),
            stops,
            "{:?} at {altitude}",
            scene.stopped
        );
        assert!(altitude > if brakes { 0.0 } else { -5.0 }, "{altitude}");
    }
}

#[test]
fn a_goal_that_runs_the_other_way_is_stopped_as_early_as_a_jog() {
    // From 25 degrees above the southern horizon to 50, and it runs down at 6 degrees a second.
    let horizon = -90.0 + GREENWICH.latitude;
    let mut scene = Scene::at(
        fence(limits(), GREENWICH),
        GREENWICH,
        (0.0, horizon + 25.0),
        SIMULATOR,
    );
    let target = at(-10.0, horizon + 50.0, GREENWICH, NIGHT);
    scene.course = Course::ToGoal(Some(target));
    scene.watch.begun(scene.sighting().taken);
    scene.axes[1].wanted = -6.0;
    scene.pass(10.0, |scene| {
        assert!(scene.axes[1].position > horizon + 1.0);
    });
    assert!(scene.stopped.is_some());
}

#[test]
fn a_goal_is_reached_along_either_axis_and_with_an_overshoot() {
    let horizon = -90.0 + GREENWICH.latitude;
    let mut scene = Scene::at(
        fence(limits(), GREENWICH),
        GREENWICH,
        (20.0, horizon + 30.0),
        SIMULATOR,
    );
    let target = at(2.0, horizon + 2.5, GREENWICH, NIGHT);
    scene.course = Course::ToGoal(Some(target));
    scene.watch.begun(scene.sighting().taken);
    // One axis after the other, beyond the target by a degree, and back.
    scene.axes[0].wanted = -6.0;
    scene.pass(19.0 / 6.0, |_| ());
    scene.axes[0].wanted = 0.5;
    scene.axes[1].wanted = -6.0;
    scene.pass((28.5 - 6.0 * 6.0 / 8.0 / 2.0) / 6.0, |_| ());
    scene.axes[1].wanted = 0.5;
    scene.pass(3.0, |_| ());
    assert!(scene.stopped.is_none(), "{:?}", scene.stopped);
}

#[test]
fn looks_are_rare_far_from_limits_and_frequent_near_them_while_something_moves() {
    let mut series = Series::new(fence(limits(), GREENWICH), NIGHT);
    let high = at(0.0, 51.0, GREENWICH, NIGHT);
    let low = at(0.0, -37.0, GREENWICH, NIGHT);
    let still = series.sighting(0.0, high, State::Still);
    assert!(next(series.look(still)) >= 2.0);
    let tracking = series.sighting(1.0, low, State::Tracking);
    assert!(next(series.look(tracking)) >= 1.0);
    series.watch.forget();
    let moving = series.sighting(2.0, low, State::Moving);
    assert!(next(series.look(moving)) <= 0.25);
    series.watch.forget();
    let unknown = series.sighting(3.0, low, State::Unknown);
    assert!(next(series.look(unknown)) <= 0.25);
}

#[test]
fn at_the_pole_a_jump_of_the_hour_angle_is_no_motion() {
    let limits = Limits {
        hour_angle: Some((-90.0, 90.0)),
        lowest: 20.0,
        ..limits()
    };
    let mut series = Series::new(fence(limits, GREENWICH), NIGHT);
    for (step, hour_angle) in [10.0, -170.0, 80.0, 179.0, -60.0].into_iter().enumerate() {
        let position = at(hour_angle, 89.9, GREENWICH, NIGHT);
        let sighting = series.sighting(step as f64 * 0.1, position, State::Moving);
        assert_eq!(ahead(series.look(sighting)), None, "{hour_angle}");
    }
}

#[test]
fn a_mount_that_turns_over_the_pole_is_let_go_on() {
    // Proportionally, past an hour angle of 90 degrees in the sky; the side of the pier is said as it is, or late.
    for lag in [0.0, 0.5] {
        let limits = Limits {
            hour_angle: Some((-60.0, 60.0)),
            ..limits()
        };
        let mut series = Series::new(fence(limits, GREENWICH), NIGHT);
        for step in 0..=250 {
            let part = f64::from(step) / 250.0;
            let (first, second) = (150.0 - 120.0 * part, 130.0 - 80.0 * part);
            let (hour_angle, dec) = if second > 90.0 {
                (first - 180.0, 180.0 - second)
            } else {
                (first, second)
            };
            let side = if second + lag > 90.0 {
                PierSide::West
            } else {
                PierSide::East
            };
            let seconds = f64::from(step) * 0.1;
            let position = at(hour_angle, dec, GREENWICH, NIGHT + seconds * 1e3);
            let sighting = Sighting {
                pier: Some(side),
                ..series.sighting(seconds, position, State::Moving)
            };
            assert_eq!(
                ahead(series.look(sighting)),
                None,
                "{step}: {hour_angle} {dec}"
            );
        }
    }
}

#[test]
fn right_ascension_that_goes_round_is_no_motion() {
    let fence = fence(limits(), GREENWICH);
    let sidereal = SKY.sidereal_time(NIGHT, &GREENWICH);
    let mut series = Series::new(fence, NIGHT + (24.0 - sidereal) * 3_590e3);
    for (step, ra) in [23.9999, 0.0001, 23.9998].into_iter().enumerate() {
        let sighting = series.sighting(
            step as f64 * 0.1,
            Equatorial { ra, dec: -30.0 },
            State::Moving,
        );
        assert_eq!(ahead(series.look(sighting)), None);
    }
}

#[test]
fn an_axis_is_stopped_before_its_end_and_comes_back() {
    let limits = Limits {
        axes: [Some((-10.0, 190.0)), None],
        ..limits()
    };
    let mut series = Series::new(fence(limits, GREENWICH), NIGHT);
    let position = at(0.0, 50.0, GREENWICH, NIGHT);
    let mut look = |seconds: f64, first: f64, state: State| {
        let sighting = Sighting {
            axes: Some((first, 0.0)),
            ..series.sighting(seconds, position, state)
        };
        ahead(series.look(sighting))
    };
    assert_eq!(look(0.0, 150.0, State::Moving), None);
    assert_eq!(look(0.1, 150.6, State::Moving), None);
    let mut first = 150.6;
    let mut seconds = 0.1;
    let breach = loop {
        first += 0.6;
        seconds += 0.1;
        if let Some(breach) = look(seconds, first, State::Moving) {
            break breach;
        }
        assert!(first < 190.0);
    };
    assert_eq!((breach.limit, breach.allowed), (Limit::FirstAxis, 190.0));
    assert!(190.0 - first > 6.0 * 6.0 / 8.0 + 6.0 * 0.15, "{first}");
    // From outside, back.
    assert_eq!(look(seconds + 5.0, 195.0, State::Still), None);
    assert_eq!(look(seconds + 5.1, 194.6, State::Moving), None);
    assert_eq!(look(seconds + 5.2, 194.0, State::Moving), None);
    // Following the sky it stops at the end.
    assert_eq!(look(seconds + 9.0, 189.9, State::Tracking), None);
    assert_eq!(look(seconds + 10.0, 189.91, State::Tracking), None);
    assert!(look(seconds + 11.0, 189.9995, State::Tracking).is_some());
}

#[test]
fn a_sync_that_was_told_is_no_motion() {
    let mut series = Series::new(fence(limits(), GREENWICH), NIGHT);
    let [before, after] = [-33.0, -36.5].map(|dec| at(0.0, dec, GREENWICH, NIGHT));
    let sighting = series.sighting(0.0, before, State::Moving);
    assert_eq!(ahead(series.look(sighting)), None);
    let mut unaware = series.watch.clone();
    series.watch.forget();
    let sighting = series.sighting(0.5, after, State::Moving);
    assert_eq!(ahead(series.look(sighting)), None);
    assert!(ahead(unaware.look(&series.fence, &sighting, Course::Free, false)).is_some());
}

#[test]
fn the_same_sighting_twice_is_answered_twice_alike() {
    let mut series = Series::new(fence(limits(), GREENWICH), NIGHT);
    let sky = |dec| at(0.0, dec, GREENWICH, NIGHT);
    let first = series.sighting(0.0, sky(0.0), State::Moving);
    let second = series.sighting(0.1, sky(-0.6), State::Moving);
    series.look(first);
    assert_eq!(series.look(second), series.look(second));
}
