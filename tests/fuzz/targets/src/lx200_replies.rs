use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use lx200::Lx200;
use serde_json::Value;
use slewgate_sdk::{
    Client, Equatorial, Exchange, Failure, Frame, Framing, Handler, Held, Horizontal, Host,
    Instant, Line, LineError, Millis, MotionError, Occasion, Plan, Progress, Request, Script, Site,
};

/// Exchanges of one call; whoever asks more often than that asks for ever.
const MOST_EXCHANGES: usize = 400;

/// Looks after one motion.
const LOOKS: usize = 6;

/// A reply that begins with this byte does not come.
const SILENCE: u8 = 0xff;

/// The longest reply and the longest request of a line, and the longest note of a motion, as `wit/` has them.
const MAX_REPLY: usize = 4096;
const MAX_REQUEST: usize = 256;
const MAX_NOTE: usize = 4096;

/// What is asked of the handler, by the first byte.
const CALLS: [(&str, &str); 13] = [
    ("status", "{}"),
    ("info", "{}"),
    ("goto", r#"{"ra": 5.5, "dec": -5.4}"#),
    ("goto", r#"{"altitude": 45, "azimuth": 120}"#),
    ("sync", r#"{"ra": 5.5, "dec": -5.4}"#),
    ("jog", r#"{"direction": "north", "rate": "center"}"#),
    ("guide", r#"{"direction": "east", "duration_ms": 500}"#),
    ("track", r#"{"mode": "lunar"}"#),
    ("park", "{}"),
    ("unpark", "{}"),
    ("home", "{}"),
    ("set_site", r#"{"latitude": 51.5, "longitude": -0.1}"#),
    ("set_time", "{}"),
];

/// A mount that answers what it likes: first to an attach, then to a sample, a command, and the looks after its motion.
pub fn lx200_replies(data: &[u8]) {
    let [call, replies @ ..] = data else { return };
    let host = Answering::new(replies);
    let handler = Lx200::configure("{}").expect("its defaults");
    if let Ok(attachment) = handler.attach(&host) {
        assert_eq!(attachment.stops.len(), 1);
    }
    if let Ok(seen) = handler.sample(&host) {
        if let Some(at) = seen.position {
            assert!((0.0..24.0).contains(&at.ra), "{at:?}");
            assert!((-90.0..=90.0).contains(&at.dec), "{at:?}");
        }
        is_json(&seen.data);
    }
    let (verb, params) = CALLS[usize::from(*call) % CALLS.len()];
    let client = Client {
        session: "1".into(),
        id: "fuzzer".into(),
        client_type: "telescope".into(),
        name: "Fuzzer".into(),
    };
    let request = Request {
        verb: verb.into(),
        params: params.into(),
    };
    match handler.handle(&host, &client, &request) {
        Ok(answer) => is_json(&answer),
        Err(failure) => is_no_fault(&failure),
    }
    let plan = host.plan.borrow_mut().take();
    if let Some(plan) = plan {
        look_after(&handler, &host, plan);
    }
}

fn look_after(handler: &Lx200, host: &Answering, plan: Plan) {
    let mut note = plan.note;
    for _ in 0..LOOKS {
        assert!(note.len() <= MAX_NOTE);
        match handler.advance(host, 1, Occasion::Look, &note) {
            Ok(Progress::Again(step)) => note = step.note,
            Ok(_) => break,
            Err(failure) => is_no_fault(&failure),
        }
    }
    if let Err(failure) = handler.advance(host, 1, Occasion::Ended, &note) {
        is_no_fault(&failure);
    }
}

fn is_json(text: &str) {
    let value: Value = serde_json::from_str(text).expect("JSON");
    assert!(value.is_object(), "{text}");
}

/// Whatever a mount answers, it is not the plugin that failed.
fn is_no_fault(failure: &Failure) {
    assert!(!matches!(failure, Failure::Internal(_)), "{failure:?}");
}

/// The host, whose line answers from the bytes. Its sky is that of the tests' script.
struct Answering {
    sky: Script,
    wire: Rc<Wire>,
    kept: RefCell<BTreeMap<String, Vec<u8>>>,
    plan: RefCell<Option<Plan>>,
}

struct Wire {
    replies: RefCell<Vec<u8>>,
    exchanges: Cell<usize>,
}

impl Answering {
    fn new(replies: &[u8]) -> Self {
        Self {
            sky: Script::new(),
            wire: Rc::new(Wire {
                replies: RefCell::new(replies.to_vec()),
                exchanges: Cell::new(0),
            }),
            kept: RefCell::default(),
            plan: RefCell::default(),
        }
    }
}

impl Wire {
    fn write(&self, request: &[u8]) {
        let exchanges = self.exchanges.get() + 1;
        self.exchanges.set(exchanges);
        assert!(exchanges < MOST_EXCHANGES, "it asks for ever");
        assert!((1..=MAX_REQUEST).contains(&request.len()));
        let is_verb = request.starts_with(b":") && request.ends_with(b"#");
        assert!(is_verb || request == [0x06], "{}", request.escape_ascii());
        assert!(request.is_ascii() || request.starts_with(b":Sd"));
    }

    fn read(&self, reply: Framing) -> Result<Vec<u8>, LineError> {
        let mut replies = self.replies.borrow_mut();
        if replies.first() == Some(&SILENCE) {
            replies.remove(0);
            return match reply {
                Framing::None => Ok(Vec::new()),
                _ => Err(LineError::Timeout(Vec::new())),
            };
        }
        let end = match reply {
            Framing::None => Some(0),
            Framing::Count(count) => Some(count as usize),
            Framing::Until(last) => replies
                .iter()
                .position(|byte| *byte == last)
                .map(|at| at + 1),
        };
        match end.filter(|end| *end <= replies.len().min(MAX_REPLY)) {
            Some(end) => Ok(replies.drain(..end).collect()),
            None => {
                let came = replies.len().min(MAX_REPLY);
                Err(LineError::Timeout(replies.drain(..came).collect()))
            }
        }
    }
}

struct Mount(Rc<Wire>);

impl Line for Mount {
    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        Held::exchange(self, exchange)
    }

    fn hold(&self, _at_most: Millis) -> Result<Box<dyn Held>, LineError> {
        Ok(Box::new(Mount(Rc::clone(&self.0))))
    }
}

impl Held for Mount {
    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        self.0.write(&exchange.request);
        self.0.read(exchange.reply)
    }

    fn write(&self, bytes: &[u8]) -> Result<(), LineError> {
        self.0.write(bytes);
        Ok(())
    }

    fn read(&self, reply: Framing, _timeout: Millis) -> Result<Vec<u8>, LineError> {
        self.0.read(reply)
    }
}

impl Host for Answering {
    fn now(&self) -> Instant {
        self.sky.now()
    }

    fn sleep(&self, at_most: Millis) -> Result<(), LineError> {
        self.sky.sleep(at_most)
    }

    fn line(&self, _role: &str) -> Result<Box<dyn Line>, LineError> {
        Ok(Box::new(Mount(Rc::clone(&self.wire))))
    }

    fn begin(&self, plan: &Plan) -> Result<u32, MotionError> {
        for ending in &plan.ending {
            self.wire.write(&ending.request);
        }
        *self.plan.borrow_mut() = Some(plan.clone());
        Ok(1)
    }

    fn recall(&self, key: &str) -> Option<Vec<u8>> {
        self.kept.borrow().get(key).cloned()
    }

    fn keep(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        self.kept.borrow_mut().insert(key.into(), value.into());
        Ok(())
    }

    fn publish(&self, _topic: &str, data: &str) {
        is_json(data);
    }

    fn convert(
        &self,
        position: Equatorial,
        given: Frame,
        wanted: Frame,
        at: Instant,
    ) -> Equatorial {
        assert!(position.ra.is_finite() && position.dec.is_finite());
        self.sky.convert(position, given, wanted, at)
    }

    fn to_horizontal(&self, position: Equatorial, at: Instant, site: Site) -> Horizontal {
        assert!(site.latitude.is_finite() && site.longitude.is_finite());
        self.sky.to_horizontal(position, at, site)
    }

    fn sidereal_time(&self, at: Instant, site: Site) -> f64 {
        self.sky.sidereal_time(at, site)
    }

    fn to_equatorial(&self, position: Horizontal, at: Instant, site: Site) -> Equatorial {
        self.sky.to_equatorial(position, at, site)
    }

    fn separation(&self, a: Equatorial, b: Equatorial) -> f64 {
        self.sky.separation(a, b)
    }
}
