//! A mount that has faults, a host that knows nothing of them, and a client that hears what the host makes of it.

use std::future::Future;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use slewgate_simulator::{ActiveFault, Dialect, Telescope, Wire};
use slewgate_tests::{Client, Observatory, PATIENCE, Setup, orders};
use tokio::task::JoinSet;

const LINE: &str = "mount.line";
const MOTION: &str = "mount.motion";
pub(crate) const STATUS: &str = "mount.status";
const ALARMS: &str = "alarms";

/// Nowhere near the limits, and some 8 degrees apart.
const PLACES: [(f64, f64); 2] = [(60.0, 170.0), (56.0, 182.0)];

/// A host on a mount of its own, and a client that hears of everything but samples.
pub(crate) struct Scene {
    pub(crate) observatory: Observatory,
    pub(crate) client: Client,
    gotos: usize,
}

impl Scene {
    pub(crate) async fn of(dialect: Dialect) -> Scene {
        Scene::on(dialect, Setup::default()).await
    }

    pub(crate) async fn on(dialect: Dialect, setup: Setup) -> Scene {
        let observatory = setup
            .variable("REQUEST_LIMIT_PER_MINUTE", "100000")
            .below_the_horizon_too()
            .own_mount_that_speaks(dialect)
            .start()
            .attached();
        let mut client = observatory.client("telescope").await;
        let topics = json!({ "topics": [LINE, MOTION, ALARMS] });
        client.call("events.subscribe", topics).await.unwrap();
        assert_eq!(client.event(ALARMS).await["data"], json!({ "alarms": [] }));
        client.event(MOTION).await;
        client.event(LINE).await;
        Scene {
            observatory,
            client,
            gotos: 0,
        }
    }

    pub(crate) fn wire(&self) -> Wire {
        self.observatory.mount().wire()
    }

    pub(crate) fn suffers(&self, fault: &str) -> ActiveFault {
        let fault = fault.parse().unwrap_or_else(|error| panic!("{error}"));
        self.observatory.mount().faults().add(fault)
    }

    pub(crate) fn recovers(&self) {
        self.observatory.mount().faults().clear();
    }

    /// Somebody watches from now on, so that samples come every half second.
    pub(crate) async fn is_watched(&mut self) {
        let topics = json!({ "topics": [STATUS] });
        self.client.call("events.subscribe", topics).await.unwrap();
        self.client.event(STATUS).await;
    }

    /// Sets out so far that a stop which comes late still finds it on its way.
    pub(crate) async fn far_goto(&mut self) -> Result<Value, Value> {
        let place = json!({ "altitude": 35, "azimuth": 290 });
        self.client.call("mount.goto", place).await
    }

    /// Sets out for the other place.
    pub(crate) async fn goto(&mut self) -> Result<Value, Value> {
        self.gotos += 1;
        let (altitude, azimuth) = PLACES[self.gotos % PLACES.len()];
        let place = json!({ "altitude": altitude, "azimuth": azimuth });
        self.client.call("mount.goto", place).await
    }

    pub(crate) async fn jog(&mut self, lease_ms: u64) -> Value {
        let jog = json!({ "direction": "north", "rate": "find", "lease_ms": lease_ms });
        let begun = self.client.call("mount.jog", jog).await.unwrap();
        self.observatory.wait("motion", || {
            self.observatory.mount().state().moving.then_some(())
        });
        begun["motion"].clone()
    }

    /// What becomes of the newest motion. Others' news are passed over.
    pub(crate) async fn end_of(&mut self, motion: &Value) -> Value {
        loop {
            let news = self.client.event(MOTION).await["data"].take();
            if news["happening"] == "ended" && news["motion"] == *motion {
                return news;
            }
        }
    }

    /// The number of the motion that begins next.
    pub(crate) async fn began(&mut self) -> Value {
        loop {
            let mut news = self.client.event(MOTION).await["data"].take();
            if news["happening"] == "began" {
                return news["motion"].take();
            }
        }
    }

    /// The mount stands, or follows the sky, within a deadline for one that has to be told several times.
    pub(crate) async fn rests(&self) {
        let deadline = Instant::now() + 2 * PATIENCE;
        while self.observatory.mount().state().moving {
            assert!(
                Instant::now() < deadline,
                "it moves: {:?}",
                orders(&self.wire())
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The next reading that is younger than now is right. What comes before it may be a failure, of the hardware alone.
    pub(crate) async fn is_read_anew(&mut self) {
        let since = Instant::now();
        loop {
            match self.client.call("mount.status", json!({})).await {
                Ok(status) => {
                    let age = Duration::from_millis(status["age_ms"].as_u64().unwrap());
                    if age <= since.elapsed() {
                        return self.shows_where_it_is(&status);
                    }
                }
                Err(error) => assert_eq!(error["code"], -32003, "{error}"),
            }
            assert!(since.elapsed() < 2 * PATIENCE, "no fresh status");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) fn shows_where_it_is(&self, status: &Value) {
        let truly = self.observatory.mount().pointing();
        let told = ["ra", "dec"].map(|name| status[name].as_f64().unwrap());
        let turn = (told[0] - truly.ra).rem_euclid(24.0) * 15.0;
        let off = turn.min(360.0 - turn).max((told[1] - truly.dec).abs());
        assert!(off < 0.5, "{status} instead of {truly:?}");
    }

    /// Nothing is left of the fault: what is asked for next is done, and done once.
    pub(crate) async fn works(&mut self) {
        self.recovers();
        // Of a mount that moves the parts of a reading are of different moments.
        self.rests().await;
        self.is_read_anew().await;
        self.client.forget(MOTION);
        let before = self.set_out();
        let begun = self.goto().await.unwrap();
        let ended = self.end_of(&begun["motion"]).await;
        assert_eq!(ended["why"], "done", "{ended}");
        assert_eq!(self.set_out(), before + 1);
        self.rests().await;
        self.is_read_anew().await;
    }

    /// How often the mount heard that it is to set out.
    pub(crate) fn set_out(&self) -> usize {
        let frames = self.wire().frames().into_iter();
        frames.filter(|frame| frame.request == ":MS#").count()
    }

    /// The next alarm, also in the security log.
    pub(crate) async fn alarm(&mut self, kind: &str) -> Value {
        let deadline = Instant::now() + 3 * PATIENCE;
        let alarm = tokio::time::timeout_at(deadline.into(), self.client.event(ALARMS));
        let alarm = alarm.await.expect("an alarm in time")["data"].take();
        assert_eq!(alarm["alarm"], kind, "{alarm}");
        assert_eq!(alarm["plugin"], "mount", "{alarm}");
        self.observatory.wait_for_security_event(|event| {
            event["event"] == "alarm" && event["subject"] == "mount"
        });
        alarm
    }

    /// No alarm was raised so far.
    pub(crate) fn nobody_was_called(&self) {
        let log = self.observatory.security_log();
        let alarms: Vec<_> = log
            .iter()
            .filter(|event| event["event"] == "alarm" && event["subject"] == "mount")
            .collect();
        assert!(alarms.is_empty(), "{alarms:?}");
    }
}

/// A failure of the hardware, with what is known of it.
pub(crate) fn failed(error: &Value, outcome: &str, case: &str) {
    assert_eq!(error["code"], -32003, "{case}: {error}");
    assert_eq!(error["data"]["outcome"], outcome, "{case}: {error}");
}

/// The same with both controllers, and each of these, at once.
pub(crate) async fn everywhere<T, F>(cases: &[T], play: impl Fn(Dialect, T) -> F)
where
    T: Copy,
    F: Future<Output = ()> + Send + 'static,
{
    let mut plays = JoinSet::new();
    for dialect in Dialect::ALL {
        for case in cases {
            plays.spawn(play(dialect, *case));
        }
    }
    while let Some(played) = plays.join_next().await {
        if let Err(failed) = played {
            std::panic::resume_unwind(failed.into_panic());
        }
    }
}
