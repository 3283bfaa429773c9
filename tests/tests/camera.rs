//! The simulated camera, as a viewer sees it: the stars where the mount points.

use serde_json::{Value, json};
use slewgate_simulator::camera::{Star, stars};
use slewgate_sky::{Equatorial, Frame, Sky, separation};
use slewgate_tests::{Client, Observatory, PATIENCE, Setup};
use std::time::Instant;
use zune_jpeg::JpegDecoder;

/// Vega stands 60 degrees high over Greenwich then.
const EVENING: &str = "[clock]\nstart = 2026-11-23T17:00:00Z";
const EVENING_MS: f64 = 1_795_453_200e3;
const VEGA: u32 = 91_262;

/// Of the camera that there is by default.
const WIDTH: usize = 640;
const HEIGHT: usize = 480;
const FIELD: f64 = 20.0;

/// Half the side of the square in which a star's light is gathered, in pixels, and the degrees around it in which there is
/// no other star then.
const AROUND: f64 = 7.0;
const ALONE: f64 = 0.35;

/// How far the middle of a disc may be from where the star belongs, in pixels: the mount tells seconds of right ascension,
/// and a pixel has 113".
const PIXELS: f64 = 0.8;

/// More light than the sky or its noise give a pixel; a star that is white has 3.
const SKY_LIGHT: f64 = 0.06;

/// A decoded picture: the light of each pixel, row by row.
struct Picture(Vec<f64>);

impl Picture {
    fn decode(jpeg: &[u8]) -> Picture {
        let mut decoder = JpegDecoder::new(std::io::Cursor::new(jpeg));
        let pixels = decoder.decode().expect("a JPEG");
        assert_eq!(decoder.dimensions(), Some((WIDTH, HEIGHT)));
        let light = |pixel: &[u8]| {
            let channels = pixel.iter().map(|level| f64::from(*level) / 255.0);
            channels.map(|level| level * level).sum()
        };
        Picture(pixels.chunks_exact(3).map(light).collect())
    }

    /// Whether there is a disc whose middle is at a place.
    fn has_disc(&self, (x, y): (f64, f64)) -> bool {
        let (mut sum, mut right, mut down) = (0.0, 0.0, 0.0);
        for row in (y - AROUND).round() as usize..=(y + AROUND).round() as usize {
            for column in (x - AROUND).round() as usize..=(x + AROUND).round() as usize {
                let light = self.0[row * WIDTH + column];
                if light > SKY_LIGHT {
                    sum += light;
                    right += light * column as f64;
                    down += light * row as f64;
                }
            }
        }
        sum > 0.0 && (right / sum - x).hypot(down / sum - y) < PIXELS
    }

    /// Checks that every bright star that stands alone is where the catalogue says, for a camera that looks there. How many.
    fn shows_the_stars_at(&self, towards: Equatorial) -> Result<usize, String> {
        let alone = |star: &Star| {
            let near = |other: Star| {
                other.hip != star.hip && separation(other.position, star.position) < ALONE
            };
            !stars().any(near)
        };
        let bright = stars().filter(|star| star.magnitude < 4.5);
        let placed = bright.filter_map(|star| Some((star, place(towards, apparent(&star))?)));
        let placed: Vec<_> = placed.filter(|(star, _)| alone(star)).collect();
        match placed.iter().find(|(_, place)| !self.has_disc(*place)) {
            Some((star, place)) => Err(format!(
                "towards {towards:?} no disc at {place:?} for {star:?}"
            )),
            None => Ok(placed.len()),
        }
    }
}

/// Where a star stands that evening, in JNow.
fn apparent(star: &Star) -> Equatorial {
    Sky::new(0.0).convert(star.position, Frame::J2000, Frame::JNow, EVENING_MS)
}

/// Where a position belongs on a picture that is taken towards another: gnomonic, north up, east left. None: not on it.
fn place(towards: Equatorial, position: Equatorial) -> Option<(f64, f64)> {
    let (sin, cos) = ((position.ra - towards.ra) * 15.0).to_radians().sin_cos();
    let (sin_dec, cos_dec) = position.dec.to_radians().sin_cos();
    let (sin_middle, cos_middle) = towards.dec.to_radians().sin_cos();
    let ahead = sin_middle * sin_dec + cos_middle * cos_dec * cos;
    let scale = WIDTH as f64 / 2.0 / (FIELD / 2.0).to_radians().tan() / ahead;
    let x = (WIDTH as f64 - 1.0) / 2.0 - scale * cos_dec * sin;
    let y =
        (HEIGHT as f64 - 1.0) / 2.0 - scale * (cos_middle * sin_dec - sin_middle * cos_dec * cos);
    let inside =
        |value: f64, size: usize| (AROUND + 1.0..size as f64 - AROUND - 1.0).contains(&value);
    (ahead > 0.0 && inside(x, WIDTH) && inside(y, HEIGHT)).then_some((x, y))
}

async fn liveview(observatory: &Observatory, client_type: &str) -> Client {
    let token = observatory.token(client_type);
    Client::authenticated(observatory.liveview(), &token, "viewer").await
}

async fn pointing(client: &mut Client) -> Equatorial {
    let status = client.call("mount.status", json!({})).await.unwrap();
    Equatorial {
        ra: status["ra"].as_f64().unwrap(),
        dec: status["dec"].as_f64().unwrap(),
    }
}

/// Waits until the mount was seen to slew and then not to.
async fn arrival(client: &mut Client) {
    let mut slewing = false;
    loop {
        let event = client.event("mount.status").await;
        match event["data"]["slewing"].as_bool() {
            Some(false) if slewing => return,
            Some(now) => slewing = now,
            None => {}
        }
    }
}

#[tokio::test]
async fn a_viewer_sees_the_stars_where_the_mount_points_before_and_after_a_goto() {
    let observatory = Setup::default().cameras().config(EVENING).start();
    let mut client = observatory.client("telescope").await;
    let mut viewer = liveview(&observatory, "observer").await;
    viewer.send("{\"watch\": \"main\"}").await;
    let before = pointing(&mut client).await;
    let picture = Picture::decode(&viewer.picture().await);
    let seen = picture.shows_the_stars_at(before).unwrap();
    println!("{seen} bright stars before");
    assert!(seen > 0);

    client
        .call("events.subscribe", json!({ "topics": ["mount.status"] }))
        .await
        .unwrap();
    let vega = stars().find(|star| star.hip == VEGA).unwrap();
    let Equatorial { ra, dec } = vega.position;
    client
        .call("mount.goto", json!({ "ra": ra, "dec": dec }))
        .await
        .unwrap();
    // A viewer that takes no picture for ten seconds would be shown the door.
    {
        let arrives = arrival(&mut client);
        tokio::pin!(arrives);
        loop {
            tokio::select! {
                () = &mut arrives => break,
                _ = viewer.picture() => {}
            }
        }
    }
    let after = pointing(&mut client).await;
    assert!(separation(after, apparent(&vega)) < 0.01);
    // What was on its way while the mount arrived comes first.
    let deadline = Instant::now() + PATIENCE;
    let seen = loop {
        let picture = Picture::decode(&viewer.picture().await);
        match picture.shows_the_stars_at(after) {
            Ok(seen) => break seen,
            Err(wrong) => assert!(Instant::now() < deadline, "{wrong}"),
        }
    };
    println!("{seen} bright stars after");
    assert!(seen > 2);
    let middle = ((WIDTH as f64 - 1.0) / 2.0, (HEIGHT as f64 - 1.0) / 2.0);
    assert!(
        Picture::decode(&viewer.picture().await).has_disc(middle),
        "Vega is in the middle"
    );
}

#[tokio::test]
async fn who_would_publish_main_is_told_that_the_simulated_camera_does() {
    let observatory = Setup::default().cameras().start();
    let mut publisher = liveview(&observatory, "telescope").await;
    publisher.send("{\"publish\": \"main\"}").await;
    let answer = publisher.next().await;
    assert!(
        answer["error"].as_str().unwrap().contains("[cameras.main]"),
        "{answer}"
    );
    let mut guide = liveview(&observatory, "telescope").await;
    guide.send("{\"publish\": \"guide\"}").await;
    assert_eq!(guide.next().await, json!({ "publishing": "guide" }));
}

#[tokio::test]
async fn on_a_real_mount_main_is_free_for_a_real_camera() {
    let observatory = Setup::default().cameras().own_mount().start();
    let mut publisher = liveview(&observatory, "telescope").await;
    publisher.send("{\"publish\": \"main\"}").await;
    let answer: Value = publisher.next().await;
    assert_eq!(answer, json!({ "publishing": "main" }));
}
