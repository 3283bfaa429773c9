//! Whatever a mount does within its settings, it never ends outside a limit; and what goes away is never stopped.

use proptest::prelude::*;
use slewgate_safety::limits::{Horizon, Limits};
use slewgate_sky::Site;

use crate::mount::{Scene, Traits};
use crate::places::{GREENWICH, NIGHT, SKY, SYDNEY, at, fence, limits};

/// What the steps along a way may leave between them, and a tick of the mount.
const GRAZE: f64 = 0.03;

#[derive(Clone, Debug)]
enum Act {
    Jog(&'static str, f64),
    LetGo(usize),
}

fn act() -> impl Strategy<Value = (Act, f64)> {
    let label = prop::sample::select(vec!["north", "south", "east", "west"]);
    let act = prop_oneof![
        4 => (label, prop::sample::select(vec![0.03, 0.5, 2.0, 6.0, 8.0])).prop_map(|(label, rate)| Act::Jog(label, rate)),
        1 => (0..2usize).prop_map(Act::LetGo),
    ];
    (act, 0.05..4.0)
}

fn sites() -> impl Strategy<Value = Site> {
    prop::sample::select(vec![
        GREENWICH,
        SYDNEY,
        Site {
            latitude: 89.9,
            ..GREENWICH
        },
    ])
}

fn masks() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "0 10",
        "0 5\n90 25\n180 10\n270 30\n",
        "0 0\n100 0\n100 30\n130 30\n130 0\n200 0\n240 40\n240 3\n",
    ])
}

fn traits() -> impl Strategy<Value = Traits> {
    (1.0..8.0, 4.0..12.0).prop_map(|(acceleration, braking)| Traits {
        acceleration,
        braking,
    })
}

/// How far inside its limits the mount points; outside below zero.
fn inside(scene: &Scene) -> f64 {
    let sighting = scene.sighting();
    let seen = SKY.to_horizontal(sighting.position, sighting.at_ms, &scene.site);
    match scene
        .fence
        .goal(None, sighting.position, sighting.at_ms, false)
    {
        Err(breach) => -(seen.altitude - breach.allowed).abs(),
        Ok(()) => 0.0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_jog_never_ends_outside_whatever_its_rate_and_the_mount(
        site in sites(),
        mask in masks(),
        traits in traits(),
        hour_angle in -180.0..180.0,
        dec in -89.0..89.0,
        acts in prop::collection::vec(act(), 1..6),
    ) {
        let limits = Limits { horizon: Some(Horizon::parse("mask", mask).unwrap()), highest: 80.0, ..limits() };
        let fence = fence(limits, site);
        prop_assume!(fence.goal(None, at(hour_angle, dec, site, NIGHT), NIGHT, false).is_ok());
        let mut scene = Scene::at(fence, site, (hour_angle, dec), traits);
        let mut least = 0f64;
        let mut see = |scene: &Scene| least = least.min(inside(scene));
        for (act, seconds) in acts {
            match act {
                Act::Jog(label, rate) => { scene.jog(label, rate); }
                Act::LetGo(axis) => scene.let_go(axis),
            }
            scene.pass(seconds, &mut see);
        }
        scene.pass(25.0, &mut see);
        prop_assert!(least > -GRAZE, "{least} degrees; {:?} after {} s at {:?}", scene.stopped, scene.now(), scene.axes);
    }

    #[test]
    fn what_goes_away_from_a_limit_is_never_stopped(
        southern: bool,
        traits in traits(),
        hour_angle in -140.0..-40.0,
        dec in -20.0..20.0,
        lowest in 0.0..20.0,
        rate in prop::sample::select(vec![0.03, 0.5, 2.0, 6.0, 8.0]),
    ) {
        // East of the meridian whatever goes west rises, from outside as well.
        let site = if southern { SYDNEY } else { GREENWICH };
        let fence = fence(Limits { lowest, ..limits() }, site);
        let mut scene = Scene::at(fence, site, (hour_angle, dec), traits);
        prop_assert!(scene.jog("west", rate));
        let mut seconds = 0.0;
        while scene.axes[0].position < -15.0 && seconds < 30.0 {
            scene.pass(0.25, |_| ());
            seconds += 0.25;
        }
        prop_assert!(scene.stopped.is_none(), "{:?} at {:?}", scene.stopped, scene.axes);
    }
}
