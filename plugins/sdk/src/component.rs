//! The host that a handler has as a component: the imports of the world `command-handler`.

use crate::bindings::command_handler::slewgate::plugin::{
    clock, events, motion, serial, sky, state,
};
use crate::{
    Equatorial, Exchange, Failure, Frame, Framing, Held, Horizontal, Host, Instant, Line,
    LineError, Millis, MotionError, Plan, Site,
};

/// The host that runs this component.
pub(crate) struct Component;

impl Host for Component {
    fn now(&self) -> Instant {
        clock::now()
    }

    fn sleep(&self, at_most: Millis) -> Result<(), LineError> {
        clock::sleep(at_most).map_err(|()| LineError::Stopped)
    }

    fn line(&self, role: &str) -> Result<Box<dyn Line>, LineError> {
        Ok(Box::new(serial::Line::open(role)?))
    }

    fn begin(&self, plan: &Plan) -> Result<u32, MotionError> {
        motion::begin(plan)
    }

    fn recall(&self, key: &str) -> Option<Vec<u8>> {
        state::get(key)
    }

    fn keep(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        state::set(key, value)
            .map_err(|full| Failure::Internal(format!("no room to keep {key}: {full:?}")))
    }

    fn publish(&self, topic: &str, data: &str) {
        events::publish(topic, data);
    }

    fn convert(
        &self,
        position: Equatorial,
        given: Frame,
        wanted: Frame,
        at: Instant,
    ) -> Equatorial {
        sky::convert(position, given, wanted, at)
    }

    fn to_horizontal(&self, position: Equatorial, at: Instant, site: Site) -> Horizontal {
        sky::to_horizontal(position, at, site)
    }

    fn to_equatorial(&self, position: Horizontal, at: Instant, site: Site) -> Equatorial {
        sky::from_horizontal(position, at, site)
    }

    fn sidereal_time(&self, at: Instant, site: Site) -> f64 {
        sky::sidereal_time(at, site)
    }

    fn separation(&self, a: Equatorial, b: Equatorial) -> f64 {
        sky::separation(a, b)
    }
}

impl Line for serial::Line {
    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        serial::Line::exchange(self, exchange)
    }

    fn hold(&self, at_most: Millis) -> Result<Box<dyn Held>, LineError> {
        Ok(Box::new(serial::Line::hold(self, at_most)?))
    }
}

impl Held for serial::HeldLine {
    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        serial::HeldLine::exchange(self, exchange)
    }

    fn write(&self, bytes: &[u8]) -> Result<(), LineError> {
        serial::HeldLine::write(self, bytes)
    }

    fn read(&self, reply: Framing, timeout: Millis) -> Result<Vec<u8>, LineError> {
        serial::HeldLine::read(self, reply, timeout)
    }
}
