//! Who listens in, and who opens a device beside another program.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use slewgate_serial::{Guard, Line, LineOptions, LineState, Tap};

use crate::device::{error_of, failed};
use crate::mount::{Place, ask, begun, connected, reaches, stop, tell, within, write};

/// Writes everything down.
#[derive(Debug, Default)]
struct Notes(Mutex<Vec<String>>);

impl Notes {
    fn add(&self, note: String) {
        self.0.lock().unwrap().push(note);
    }
}

impl Tap for Notes {
    fn sent(&self, bytes: &[u8], by: &str) {
        self.add(format!("{by}: {}", String::from_utf8_lossy(bytes)));
    }

    fn received(&self, bytes: &[u8]) {
        self.add(format!("in: {}", String::from_utf8_lossy(bytes)));
    }

    fn opened(&self) {
        self.add("opened".to_owned());
    }

    fn lost(&self, how: &str) {
        self.add(format!("lost: {how}"));
    }
}

#[test]
fn a_tap_hears_every_byte_and_whose_it_is() {
    let place = Place::new();
    let mut mount = place.connect();
    let notes = Arc::<Notes>::default();
    let options = LineOptions {
        tap: Some(notes.clone()),
        ..LineOptions::default()
    };
    let line = Line::start_with(place.settings(), options).unwrap();
    reaches(&line, |state| matches!(state, LineState::Open { .. }));
    let sample = line.on_behalf_of("mount sample");
    let asked = begun(sample.exchange(ask(":GR#"), Guard::Read));
    mount.hears(":GR#");
    mount.says("1#");
    assert!(within(asked).is_ok());
    let held = within(sample.hold(Duration::from_secs(60), write(&line))).unwrap();
    within(held.write(b"held".to_vec())).unwrap();
    held.release();
    assert!(within(line.end(&stop(":Qn#", Duration::ZERO))).is_ok());
    assert!(within(line.stop(&stop(":Q#", Duration::ZERO))).is_ok());
    assert!(within(line.exchange(tell("anonymous"), Guard::Read)).is_ok());
    line.close();
    reaches(&line, |state| *state == LineState::Closed);
    assert_eq!(
        *notes.0.lock().unwrap(),
        [
            "opened",
            "mount sample: :GR#",
            "in: 1#",
            "mount sample: held",
            "ending: :Qn#",
            "stop: :Q#",
            ": anonymous",
            "lost: the line was closed",
        ]
    );
}

/// The system lets root alone open what another program has taken for itself.
#[test]
fn a_line_beside_another_has_its_device_where_the_system_allows_it() {
    let (place, mut mount, _taken) = connected();
    let options = LineOptions {
        beside: true,
        ..LineOptions::default()
    };
    let line = Line::start_with(place.settings(), options).unwrap();
    if rustix::process::geteuid().is_root() {
        reaches(&line, |state| matches!(state, LineState::Open { .. }));
        assert!(within(line.stop(&stop(":Q#", Duration::ZERO))).is_ok());
        mount.hears(":Q#");
        let error = error_of(reaches(&place.line(), failed));
        assert!(error.contains("another program has it open"), "{error}");
    } else {
        let error = error_of(reaches(&line, failed));
        assert!(error.contains("another program has it open"), "{error}");
    }
}
