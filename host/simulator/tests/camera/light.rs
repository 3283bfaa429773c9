//! How bright and of what colour stars are, and what a picture costs.

use crate::shot::{NOW, SETTINGS, SKY, Shot, apparent, below, star};
use slewgate_simulator::camera::{Camera, CameraSettings, Star, stars};
use slewgate_sky::separation;
#[cfg(unix)]
use {
    rustix::time::{ClockId, clock_gettime},
    std::time::Duration,
};

#[test]
fn brighter_stars_have_more_light_from_the_faintest_to_sirius() {
    let all: Vec<Star> = stars().collect();
    let alone = |star: &Star| {
        let near = |other: &&Star| {
            other.hip != star.hip && separation(other.position, star.position) < 0.5
        };
        all.iter().find(near).is_none()
    };
    let steps = [-1.4, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 5.95];
    let lights: Vec<(f64, f64)> = steps
        .map(|from| {
            let star = all
                .iter()
                .find(|star| star.magnitude >= from && alone(star))
                .unwrap();
            let shot = Shot::of(apparent(star));
            (star.magnitude, shot.disc(shot.middle()).0)
        })
        .into();
    println!("{lights:.2?}");
    assert!(lights.iter().all(|(_, light)| *light > 0.0), "{lights:?}");
    assert!(
        lights.is_sorted_by(|brighter, fainter| brighter.1 > 1.1 * fainter.1),
        "{lights:?}"
    );
}

#[test]
fn betelgeuse_is_red_and_rigel_is_blue() {
    let [betelgeuse, rigel] = [27_989, 24_436].map(|hip| {
        let shot = Shot::of(apparent(&star(hip)));
        // What its disc adds to an equal piece of sky.
        let [disc, sky] = [(312, 232), (40, 40)].map(|from| levels(&shot, from));
        [disc[0] - sky[0], disc[2] - sky[2]]
    });
    println!("red and blue: {betelgeuse:?}, {rigel:?}");
    assert!(betelgeuse[0] > betelgeuse[1] && rigel[1] > rigel[0]);
}

/// The sums of red, green and blue in a square of 16 pixels.
fn levels(shot: &Shot, (column, row): (usize, usize)) -> [i32; 3] {
    let mut sums = [0; 3];
    for row in row..row + 16 {
        let at = (row * 640 + column) * 3;
        for (index, level) in shot.pixels[at..at + 16 * 3].iter().enumerate() {
            sums[index % 3] += i32::from(*level);
        }
    }
    sums
}

#[cfg(unix)]
#[test]
fn ten_pictures_a_second_leave_most_of_the_processor_to_others() {
    const FRAMES: u32 = 20;
    let towards = apparent(&star(26_311));
    let costs = [(640, 480), (1280, 960)].map(|(width, height)| {
        let settings = CameraSettings {
            width,
            height,
            quality: 80,
            ..SETTINGS
        };
        let mut camera = Camera::new(settings, below(towards), SKY.clone());
        let (first, jpeg) = cost(|| camera.jpeg(towards, NOW, 0).unwrap());
        let (all, ()) = cost(|| {
            for seed in 0..FRAMES {
                camera.jpeg(towards, NOW, seed.into()).unwrap();
            }
        });
        let each = all / FRAMES;
        println!(
            "{width} x {height}: {first:?} for the first, {each:?} for each; {} bytes",
            jpeg.len()
        );
        each
    });
    assert!(
        costs[0].as_millis() < 50 && costs[0] < costs[1],
        "{costs:?}"
    );
}

/// The processor time of this thread, whatever else the machine does.
#[cfg(unix)]
fn cost<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("a time");
    let began = now();
    let done = work();
    (now() - began, done)
}

#[test]
fn settings_that_no_jpeg_can_have_are_an_error() {
    let towards = apparent(&star(26_311));
    let settings = CameraSettings {
        width: 0,
        ..SETTINGS
    };
    let mut camera = Camera::new(settings, below(towards), SKY.clone());
    assert!(camera.jpeg(towards, NOW, 0).is_err());
}
