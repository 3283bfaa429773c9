//! A host that answers from a list, to test a handler against: what it asks, in which order, and what it makes of the answers.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::{
    Equatorial, Exchange, Failure, Frame, Framing, Held, Horizontal, Host, Instant, Line,
    LineError, Millis, MotionError, Plan, Site,
};

/// The script: the steps that a handler will take, in their order, and what it gets for each. A step that was not to come
/// panics with both; so does one that did not come, when the script is dropped.
///
/// Its sky is a simple one: JNow lies [`Script::PRECESSION`] from J2000, and `sidereal` is the sidereal time of each site.
pub struct Script {
    steps: Rc<Steps>,
    now: Cell<Instant>,
    sidereal: f64,
    kept: RefCell<BTreeMap<String, Vec<u8>>>,
    plans: RefCell<Vec<Plan>>,
    news: RefCell<Vec<(String, String)>>,
}

enum Step {
    /// Bytes to the line, and what it sends back; `None`: silence.
    Line {
        request: Vec<u8>,
        reply: Result<Vec<u8>, LineError>,
        /// It may be longer than what is read of it.
        excess: bool,
    },
    Begin(Result<u32, MotionError>),
}

#[derive(Default)]
struct Steps {
    next: RefCell<VecDeque<Step>>,
    /// What the line sent and nobody has read yet.
    unread: RefCell<VecDeque<u8>>,
    /// Whether that may be left: then the host discards it.
    excess: Cell<bool>,
}

impl Script {
    /// How far J2000 is from JNow under this sky, in hours and degrees.
    pub const PRECESSION: Equatorial = Equatorial { ra: 0.02, dec: 0.1 };

    /// A script without steps, at the beginning of 2026, with the vernal equinox in the meridian.
    #[expect(
        clippy::new_without_default,
        reason = "a script is written, not defaulted"
    )]
    pub fn new() -> Self {
        Self {
            steps: Rc::default(),
            now: Cell::new(1_767_225_600_000.0),
            sidereal: 0.0,
            kept: RefCell::default(),
            plans: RefCell::default(),
            news: RefCell::default(),
        }
    }

    /// With another sidereal time, in hours.
    pub fn sidereal(mut self, hours: f64) -> Self {
        self.sidereal = hours;
        self
    }

    /// With something kept before.
    pub fn remembering(self, key: &str, value: impl AsRef<[u8]>) -> Self {
        self.kept
            .borrow_mut()
            .insert(key.into(), value.as_ref().into());
        self
    }

    /// Next, `request` goes to the line, which answers.
    pub fn line(self, request: impl AsRef<[u8]>, reply: impl AsRef<[u8]>) -> Self {
        self.step(Step::Line {
            request: request.as_ref().into(),
            reply: Ok(reply.as_ref().into()),
            excess: false,
        })
    }

    /// Next, `request` goes to the line, which answers more than is read: the host discards the rest before the next request.
    pub fn line_and_more(self, request: impl AsRef<[u8]>, reply: impl AsRef<[u8]>) -> Self {
        self.step(Step::Line {
            request: request.as_ref().into(),
            reply: Ok(reply.as_ref().into()),
            excess: true,
        })
    }

    /// Next, `request` goes to the line, and this happens.
    pub fn line_fails(self, request: impl AsRef<[u8]>, error: LineError) -> Self {
        self.step(Step::Line {
            request: request.as_ref().into(),
            reply: Err(error),
            excess: false,
        })
    }

    /// Next, a motion begins: with this number, or not.
    pub fn begins(self, motion: Result<u32, MotionError>) -> Self {
        self.step(Step::Begin(motion))
    }

    /// Time passes.
    pub fn pass(&self, millis: Millis) {
        self.now.set(self.now.get() + f64::from(millis));
    }

    /// The plans of the motions that were begun, or were to be.
    pub fn plans(&self) -> Vec<Plan> {
        self.plans.borrow().clone()
    }

    /// What was published, with its topics.
    pub fn news(&self) -> Vec<(String, String)> {
        self.news.borrow().clone()
    }

    fn step(self, step: Step) -> Self {
        self.steps.next.borrow_mut().push_back(step);
        self
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let left = self.steps.next.borrow();
        if !std::thread::panicking() {
            assert!(
                left.is_empty(),
                "the handler did not come to: {}",
                left.iter().map(told).collect::<Vec<_>>().join(", ")
            );
        }
    }
}

impl Host for Script {
    fn now(&self) -> Instant {
        self.now.get()
    }

    fn sleep(&self, at_most: Millis) -> Result<(), LineError> {
        self.pass(at_most);
        Ok(())
    }

    fn line(&self, _role: &str) -> Result<Box<dyn Line>, LineError> {
        Ok(Box::new(ScriptedLine(self.steps.clone())))
    }

    #[expect(clippy::panic, reason = "a test that went another way")]
    fn begin(&self, plan: &Plan) -> Result<u32, MotionError> {
        self.plans.borrow_mut().push(plan.clone());
        match self.steps.next.borrow_mut().pop_front() {
            Some(Step::Begin(outcome)) => outcome,
            other => panic!(
                "a motion {} began where the script has {}",
                plan.label,
                or_nothing(other.as_ref())
            ),
        }
    }

    fn recall(&self, key: &str) -> Option<Vec<u8>> {
        self.kept.borrow().get(key).cloned()
    }

    fn keep(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        self.kept.borrow_mut().insert(key.into(), value.into());
        Ok(())
    }

    fn publish(&self, topic: &str, data: &str) {
        self.news.borrow_mut().push((topic.into(), data.into()));
    }

    fn convert(
        &self,
        position: Equatorial,
        given: Frame,
        wanted: Frame,
        _at: Instant,
    ) -> Equatorial {
        let sense = match (given, wanted) {
            (Frame::J2000, Frame::Jnow) => 1.0,
            (Frame::Jnow, Frame::J2000) => -1.0,
            _ => 0.0,
        };
        Equatorial {
            ra: (position.ra + sense * Self::PRECESSION.ra).rem_euclid(24.0),
            dec: position.dec + sense * Self::PRECESSION.dec,
        }
    }

    fn to_horizontal(&self, position: Equatorial, _at: Instant, site: Site) -> Horizontal {
        let (altitude, azimuth) = turned(
            position.dec,
            (self.sidereal - position.ra) * 15.0,
            site.latitude,
        );
        Horizontal { altitude, azimuth }
    }

    fn to_equatorial(&self, position: Horizontal, _at: Instant, site: Site) -> Equatorial {
        let (dec, hour_angle) = turned(position.altitude, position.azimuth, site.latitude);
        Equatorial {
            ra: (self.sidereal - hour_angle / 15.0).rem_euclid(24.0),
            dec,
        }
    }

    fn sidereal_time(&self, _at: Instant, _site: Site) -> f64 {
        self.sidereal
    }

    fn separation(&self, a: Equatorial, b: Equatorial) -> f64 {
        let (a_dec, b_dec) = (a.dec.to_radians(), b.dec.to_radians());
        let ra = ((a.ra - b.ra) * 15.0).to_radians();
        let (cross, along) = (
            b_dec.cos() * ra.sin(),
            a_dec.cos() * b_dec.sin() - a_dec.sin() * b_dec.cos() * ra.cos(),
        );
        cross
            .hypot(along)
            .atan2(a_dec.sin() * b_dec.sin() + a_dec.cos() * b_dec.cos() * ra.cos())
            .to_degrees()
    }
}

/// Between declination and hour angle on one side, altitude and azimuth from north on the other: the same formula both ways.
fn turned(height: f64, around: f64, latitude: f64) -> (f64, f64) {
    let (height, around, latitude) = (
        height.to_radians(),
        around.to_radians(),
        latitude.to_radians(),
    );
    let up = height.sin() * latitude.sin() + height.cos() * latitude.cos() * around.cos();
    let west = -height.cos() * around.sin();
    let north = height.sin() * latitude.cos() - height.cos() * latitude.sin() * around.cos();
    (
        up.asin().to_degrees(),
        west.atan2(north).to_degrees().rem_euclid(360.0),
    )
}

struct ScriptedLine(Rc<Steps>);

impl Line for ScriptedLine {
    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        let reply = self.0.exchange(exchange)?;
        self.0.assert_read();
        Ok(reply)
    }

    fn hold(&self, _at_most: Millis) -> Result<Box<dyn Held>, LineError> {
        Ok(Box::new(Self(self.0.clone())))
    }
}

impl Held for ScriptedLine {
    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        self.0.exchange(exchange)
    }

    fn write(&self, bytes: &[u8]) -> Result<(), LineError> {
        self.0.write(bytes)
    }

    fn read(&self, reply: Framing, _timeout: Millis) -> Result<Vec<u8>, LineError> {
        self.0.read(reply)
    }
}

impl Steps {
    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        self.write(&exchange.request)?;
        self.read(exchange.reply)
    }

    /// Only on a held line may the rest of a reply be read later.
    fn assert_read(&self) {
        if self.excess.take() {
            self.unread.borrow_mut().clear();
        }
        let unread = self.unread.borrow();
        assert!(
            unread.is_empty(),
            "{} was left unread",
            shown(unread.iter())
        );
    }

    #[expect(clippy::panic, reason = "a test that went another way")]
    fn write(&self, bytes: &[u8]) -> Result<(), LineError> {
        self.assert_read();
        match self.next.borrow_mut().pop_front() {
            Some(Step::Line {
                request,
                reply,
                excess,
            }) if request == bytes => {
                self.excess.set(excess);
                self.unread.borrow_mut().extend(reply?);
                Ok(())
            }
            other => panic!(
                "{} was sent where the script has {}",
                shown(bytes),
                or_nothing(other.as_ref())
            ),
        }
    }

    fn read(&self, reply: Framing) -> Result<Vec<u8>, LineError> {
        let mut unread = self.unread.borrow_mut();
        let length = match reply {
            Framing::None => Some(0),
            Framing::Count(count) => Some(count as usize).filter(|&count| count <= unread.len()),
            Framing::Until(end) => unread.iter().position(|&byte| byte == end).map(|at| at + 1),
        };
        match length {
            Some(length) => Ok(unread.drain(..length).collect()),
            None => Err(LineError::Timeout(unread.drain(..).collect())),
        }
    }
}

fn told(step: &Step) -> String {
    match step {
        Step::Line { request, .. } => shown(request),
        Step::Begin(_) => "the beginning of a motion".into(),
    }
}

fn or_nothing(step: Option<&Step>) -> String {
    step.map_or_else(|| "nothing".into(), told)
}

fn shown<'a>(bytes: impl IntoIterator<Item = &'a u8>) -> String {
    let text: String = bytes
        .into_iter()
        .copied()
        .flat_map(std::ascii::escape_default)
        .map(char::from)
        .collect();
    format!("`{text}`")
}
