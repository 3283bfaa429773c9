//! A host with one mount, whose time passes only where somebody waits.

use crate::wire::{HandClock, Mount, Trouble, Wire};
use serde_json::Value;
use skywatcher::Skywatcher as Handling;
use slewgate_sdk::{
    Client, Equatorial, Exchange, Failure, Frame, Handler, Horizontal, Host, Instant, Line,
    LineError, Millis, MotionError, Observation, Occasion, Plan, Progress, Request, Site,
};
use slewgate_simulator::{Skywatcher, SkywatcherModel, SkywatcherSettings, SkywatcherState};
use slewgate_sky::{Clock, SharedClock, Sky};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Milliseconds since 1970 of the first moment of each test: 2026-01-01T00:00Z.
const START: f64 = 1_767_225_600e3;

pub(crate) struct Bench {
    clock: Arc<HandClock>,
    pub(crate) mount: Mount,
    pub(crate) trouble: Rc<Trouble>,
    sky: Sky,
    handler: Handling,
    kept: RefCell<BTreeMap<String, Vec<u8>>>,
    plans: RefCell<Vec<Plan>>,
    latitude: f64,
}

pub(crate) const LONDON: f64 = 51.5;
pub(crate) const SYDNEY: f64 = -33.9;

impl Bench {
    /// An EQ6 that was switched on at home, attached, and told where it stands.
    pub(crate) fn new(latitude: f64) -> Self {
        Self::with(latitude, SkywatcherModel::Eq6, "{}")
    }

    pub(crate) fn with(latitude: f64, model: SkywatcherModel, settings: &str) -> Self {
        let clock = Arc::new(HandClock(AtomicU64::new((START * 1e3) as u64)));
        let bench = Self {
            mount: Rc::new(RefCell::new(switched_on(model, latitude, &clock))),
            clock,
            trouble: Rc::default(),
            sky: Sky::new(0.0),
            handler: Handling::configure(settings).unwrap(),
            kept: RefCell::default(),
            plans: RefCell::default(),
            latitude,
        };
        bench.attach();
        bench.call(
            "set_site",
            &format!(r#"{{"latitude":{latitude},"longitude":0}}"#),
        );
        bench
    }

    /// Its line stays open meanwhile, so that nobody is told.
    pub(crate) fn switch_off_and_on(&self) {
        *self.mount.borrow_mut() = switched_on(SkywatcherModel::Eq6, self.latitude, &self.clock);
    }

    pub(crate) fn attach(&self) {
        self.handler.attach(self).unwrap();
    }

    /// Seconds.
    pub(crate) fn pass(&self, seconds: f64) {
        self.clock.pass(seconds * 1e3);
    }

    pub(crate) fn state(&self) -> SkywatcherState {
        self.mount.borrow_mut().state()
    }

    /// Degrees above the ground of where it truly points.
    pub(crate) fn altitude(&self) -> f64 {
        let position = self.state().position;
        let at = slewgate_sky::Equatorial {
            ra: position.ra,
            dec: position.dec,
        };
        self.sky
            .to_horizontal(at, self.clock.now(), &self.place())
            .altitude
    }

    fn place(&self) -> slewgate_sky::Site {
        slewgate_sky::Site {
            latitude: self.latitude,
            longitude: 0.0,
            elevation: 0.0,
        }
    }

    /// The right ascension of an hour angle in degrees, now.
    pub(crate) fn ra(&self, hour_angle: f64) -> f64 {
        let sidereal = self.sky.sidereal_time(self.clock.now(), &self.place());
        (sidereal - hour_angle / 15.0).rem_euclid(24.0)
    }

    pub(crate) fn attempt(&self, verb: &str, params: &str) -> Result<Value, Failure> {
        let client = Client {
            session: "1".into(),
            id: "test".into(),
            client_type: "telescope".into(),
            name: "Test".into(),
        };
        let request = Request {
            verb: verb.into(),
            params: params.into(),
        };
        let answer = self.handler.handle(self, &client, &request)?;
        Ok(serde_json::from_str(&answer).unwrap())
    }

    pub(crate) fn call(&self, verb: &str, params: &str) -> Value {
        self.attempt(verb, params).unwrap()
    }

    pub(crate) fn sample(&self) -> Observation {
        self.handler.sample(self).unwrap()
    }

    pub(crate) fn plan(&self) -> Plan {
        self.plans.borrow().last().unwrap().clone()
    }

    /// The host's own stop.
    pub(crate) fn stop(&self) {
        let stops = self.handler.attach(self).unwrap().stops;
        for exchange in &stops[0].exchanges {
            self.exchange(exchange).unwrap();
        }
    }

    /// What the host sends to end the newest motion by itself.
    pub(crate) fn end(&self) {
        for exchange in &self.plan().ending {
            self.exchange(exchange).unwrap();
        }
        self.ended();
    }

    /// The host says that it ended the newest motion.
    pub(crate) fn ended(&self) {
        let note = self.plan().note;
        let progress = self.handler.advance(self, 1, Occasion::Ended, &note);
        assert_eq!(progress.unwrap(), Progress::Done);
    }

    /// Looks after the newest motion until it is over, and at the mount each time.
    pub(crate) fn complete(&self, mut watch: impl FnMut()) -> Progress {
        let plan = self.plan();
        let (mut note, mut after) = (plan.note, plan.first_look);
        let until = self.clock.now() + f64::from(plan.at_most);
        loop {
            // The way between two looks is looked at too.
            for _ in 0..after.div_ceil(250) {
                self.clock
                    .pass(f64::from(after) / f64::from(after.div_ceil(250)));
                watch();
            }
            assert!(self.clock.now() < until, "it took longer than it may");
            match self
                .handler
                .advance(self, 1, Occasion::Look, &note)
                .unwrap()
            {
                Progress::Again(step) => (note, after) = (step.note, step.after),
                over => return over,
            }
        }
    }

    /// Begins, and is looked after until it is done.
    pub(crate) fn do_whole(&self, verb: &str, params: &str) {
        self.call(verb, params);
        assert_eq!(self.complete(|| ()), Progress::Done, "{verb} {params}");
    }

    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        self.wire().exchange(exchange)
    }

    fn wire(&self) -> Wire {
        Wire {
            clock: Arc::clone(&self.clock),
            mount: Rc::clone(&self.mount),
            trouble: Rc::clone(&self.trouble),
        }
    }
}

fn switched_on(model: SkywatcherModel, latitude: f64, clock: &Arc<HandClock>) -> Skywatcher {
    let site = slewgate_sky::Site {
        latitude,
        longitude: 0.0,
        elevation: 0.0,
    };
    Skywatcher::new(&SkywatcherSettings {
        model,
        ..SkywatcherSettings::new(site, Arc::clone(clock) as SharedClock)
    })
}

impl Host for Bench {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn sleep(&self, at_most: Millis) -> Result<(), LineError> {
        self.clock.pass(f64::from(at_most));
        Ok(())
    }

    fn line(&self, _: &str) -> Result<Box<dyn Line>, LineError> {
        Ok(Box::new(self.wire()))
    }

    fn begin(&self, plan: &Plan) -> Result<u32, MotionError> {
        self.plans.borrow_mut().push(plan.clone());
        Ok(1)
    }

    fn recall(&self, key: &str) -> Option<Vec<u8>> {
        self.kept.borrow().get(key).cloned()
    }

    fn keep(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        self.kept.borrow_mut().insert(key.into(), value.into());
        Ok(())
    }

    fn publish(&self, _: &str, _: &str) {}

    fn convert(
        &self,
        position: Equatorial,
        given: Frame,
        wanted: Frame,
        at: Instant,
    ) -> Equatorial {
        let frame = |frame| match frame {
            Frame::J2000 => slewgate_sky::Frame::J2000,
            Frame::Jnow => slewgate_sky::Frame::JNow,
        };
        ours(
            self.sky
                .convert(theirs(position), frame(given), frame(wanted), at),
        )
    }

    fn to_horizontal(&self, position: Equatorial, at: Instant, site: Site) -> Horizontal {
        let seen = self.sky.to_horizontal(theirs(position), at, &place(site));
        Horizontal {
            altitude: seen.altitude,
            azimuth: seen.azimuth,
        }
    }

    fn to_equatorial(&self, position: Horizontal, at: Instant, site: Site) -> Equatorial {
        let seen = slewgate_sky::Horizontal {
            altitude: position.altitude,
            azimuth: position.azimuth,
        };
        ours(self.sky.from_horizontal(seen, at, &place(site)))
    }

    fn sidereal_time(&self, at: Instant, site: Site) -> f64 {
        self.sky.sidereal_time(at, &place(site))
    }

    fn separation(&self, a: Equatorial, b: Equatorial) -> f64 {
        slewgate_sky::separation(theirs(a), theirs(b))
    }
}

fn theirs(position: Equatorial) -> slewgate_sky::Equatorial {
    slewgate_sky::Equatorial {
        ra: position.ra,
        dec: position.dec,
    }
}

fn ours(position: slewgate_sky::Equatorial) -> Equatorial {
    Equatorial {
        ra: position.ra,
        dec: position.dec,
    }
}

fn place(site: Site) -> slewgate_sky::Site {
    slewgate_sky::Site {
        latitude: site.latitude,
        longitude: site.longitude,
        elevation: site.elevation,
    }
}
