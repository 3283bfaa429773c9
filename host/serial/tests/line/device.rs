//! Devices that are missing, taken, or go away.

use std::fs;
use std::time::{Duration, Instant};

use slewgate_serial::{Guard, Line, LineError, LineSettings, LineState, Outcome, StopSequence};

use crate::mount::{Place, ask, begun, connected, reaches, stop, tell, within};

pub(crate) fn error_of(state: LineState) -> String {
    match state {
        LineState::Connecting { error: Some(error) } => error,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn failed(state: &LineState) -> bool {
    matches!(state, LineState::Connecting { error: Some(_) })
}

#[test]
fn a_missing_device_is_named_and_opened_when_it_is_there() {
    let place = Place::new();
    let line = place.line();
    let error = error_of(reaches(&line, failed));
    let expected = format!(
        "cannot open {}: there is no such device",
        place.device().display()
    );
    assert!(error.starts_with(&expected), "{error}");
    assert_eq!(
        within(line.exchange(ask("1"), Guard::Read)),
        Err(LineError::Disconnected)
    );

    let mut mount = place.connect();
    reaches(&line, |state| *state == LineState::Open { opened: 1 });
    assert!(within(line.exchange(tell("2"), Guard::Read)).is_ok());
    mount.hears("2");
}

#[test]
fn a_file_that_is_no_device_is_refused_as_such() {
    let place = Place::new();
    fs::write(place.device(), "").unwrap();
    let error = error_of(reaches(&place.line(), failed));
    assert_eq!(
        error,
        format!(
            "cannot open {}: it is not a serial device",
            place.device().display()
        )
    );
}

#[test]
fn a_device_that_another_program_has_is_not_shared() {
    let (place, _mount, _line) = connected();
    let error = error_of(reaches(&place.line(), failed));
    assert!(error.contains("another program has it open"), "{error}");
}

#[test]
fn a_device_that_goes_away_is_noticed_where_nothing_is_sent() {
    let (place, mount, line) = connected();
    let since = Instant::now();
    drop(mount);
    let error = error_of(reaches(&line, failed));
    assert!(
        since.elapsed() < Duration::from_secs(2),
        "after {:?}",
        since.elapsed()
    );
    let lost = format!("lost {}", place.device().display());
    let missing = format!("cannot open {}", place.device().display());
    assert!(
        error.starts_with(&lost) || error.starts_with(&missing),
        "{error}"
    );
}

#[test]
fn callers_learn_what_became_of_their_exchange_when_the_device_goes_away() {
    let (_place, mut mount, line) = connected();
    let under_way = begun(line.exchange(ask("1"), Guard::Read));
    let queued = begun(line.exchange(ask("2"), Guard::Read));
    mount.hears("1");
    drop(mount);

    let error = within(under_way).unwrap_err();
    assert!(matches!(error, LineError::Interrupted(_)), "{error}");
    assert_eq!(error.outcome(), Outcome::Indeterminate);
    let error = within(queued).unwrap_err();
    assert_eq!(error, LineError::Disconnected);
    assert_eq!(error.outcome(), Outcome::NotStarted);
}

#[test]
fn a_device_that_comes_back_is_opened_anew_and_nothing_is_repeated() {
    let (place, mut mount, line) = connected();
    let under_way = begun(line.exchange(ask("move"), Guard::Read));
    mount.hears("move");
    drop(mount);
    assert!(within(under_way).is_err());

    let mut mount = place.connect();
    reaches(&line, |state| *state == LineState::Open { opened: 2 });
    assert!(within(line.exchange(tell("look"), Guard::Read)).is_ok());
    mount.hears("look");
}

#[test]
fn a_stop_for_a_device_that_is_gone_is_sent_first_when_it_is_back() {
    let (place, mount, line) = connected();
    drop(mount);
    reaches(&line, failed);
    for _ in 0..3 {
        let refused = line.stop(&stop(":Q#", Duration::ZERO));
        assert_eq!(within(refused), Err(LineError::Disconnected));
    }

    let mut mount = place.connect();
    reaches(&line, |state| matches!(state, LineState::Open { .. }));
    assert!(within(line.exchange(tell("look"), Guard::Read)).is_ok());
    mount.hears(":Q#look");
}

#[test]
fn a_stop_that_the_device_did_not_live_to_take_is_sent_when_it_is_back() {
    let (place, mut mount, line) = connected();
    let under_way = begun(line.exchange(ask("1"), Guard::Read));
    mount.hears("1");
    let patient = line.stop(&stop(":Q#", Duration::from_secs(60)));
    drop(mount);
    assert!(within(under_way).is_err());
    assert_eq!(within(patient), Err(LineError::Disconnected));

    let mut mount = place.connect();
    mount.hears(":Q#");
    drop(line);
}

#[test]
fn a_stop_that_the_device_took_in_part_is_sent_as_a_whole_when_it_is_back() {
    let (place, mut mount, line) = connected();
    let exchanges = vec![ask("axis1"), tell("axis2")];
    let cut = line.stop(&StopSequence {
        exchanges,
        patience: Duration::ZERO,
    });
    mount.hears("axis1");
    drop(mount);
    let error = within(cut).unwrap_err();
    assert!(matches!(error, LineError::Interrupted(_)), "{error}");
    assert_eq!(error.outcome(), Outcome::Indeterminate);

    let mut mount = place.connect();
    mount.hears("axis1");
    mount.says("#");
    mount.hears("axis2");
    drop(line);
}

#[test]
fn a_stop_that_was_taken_and_not_answered_goes_first_when_the_device_is_back() {
    let (place, mut mount, line) = connected();
    assert!(within(line.stop(&stop(":Q#", Duration::ZERO))).is_ok());
    mount.hears(":Q#");
    drop(mount);
    reaches(&line, failed);
    let mut mount = place.connect();
    reaches(&line, |state| matches!(state, LineState::Open { .. }));
    assert!(within(line.exchange(tell("look"), Guard::Read)).is_ok());
    mount.hears(":Q#look");
}

#[test]
fn a_device_is_left_alone_for_its_quiet_time_but_for_stops() {
    let place = Place::new();
    let mut mount = place.connect();
    let quiet = Duration::from_millis(600);
    let line = Line::start(LineSettings {
        quiet,
        ..place.settings()
    })
    .unwrap();
    reaches(&line, |state| matches!(state, LineState::Open { .. }));
    let since = Instant::now();
    let asked = begun(line.exchange(ask("1"), Guard::Read));
    let stopped = line.stop(&stop(":Q#", Duration::from_secs(60)));
    let stopped = within(stopped).unwrap() - since;
    mount.hears(":Q#");
    mount.says("booting...#");
    mount.hears("1");
    let asked_after = since.elapsed();
    println!(
        "in a quiet time of {quiet:?} a stop went out after {stopped:?}, an exchange after {asked_after:?}"
    );
    assert!(stopped < asked_after);
    mount.says("ready#");
    assert_eq!(within(asked), Ok(b"ready#".to_vec()));
}

#[test]
fn a_line_that_is_closed_in_the_quiet_time_ends() {
    let place = Place::new();
    let _mount = place.connect();
    let quiet = Duration::from_secs(60);
    let line = Line::start(LineSettings {
        quiet,
        ..place.settings()
    })
    .unwrap();
    reaches(&line, |state| matches!(state, LineState::Open { .. }));
    line.close();
    reaches(&line, |state| *state == LineState::Closed);
}

#[test]
fn a_device_that_goes_away_in_its_quiet_time_is_noticed() {
    let place = Place::new();
    let mount = place.connect();
    let quiet = Duration::from_secs(60);
    let line = Line::start(LineSettings {
        quiet,
        ..place.settings()
    })
    .unwrap();
    reaches(&line, |state| matches!(state, LineState::Open { .. }));
    let asked = begun(line.exchange(ask("1"), Guard::Read));
    drop(mount);
    assert_eq!(within(asked), Err(LineError::Disconnected));
}

/// What a device would be told by DTR when it is closed; a pseudo-terminal has no DTR, and keeps the setting.
#[test]
fn closing_a_device_leaves_dtr_as_it_is() {
    let (place, _mount, line) = connected();
    let device = fs::File::open(place.device()).unwrap();
    line.close();
    reaches(&line, |state| *state == LineState::Closed);
    let modes = rustix::termios::tcgetattr(&device).unwrap();
    assert!(
        !modes
            .control_modes
            .contains(rustix::termios::ControlModes::HUPCL)
    );
}

#[test]
fn a_device_that_comes_and_goes_is_not_chased_and_one_that_is_away_costs_nothing() {
    let place = Place::new();
    let line = place.line();
    let (began, mut opened) = (Instant::now(), 0);
    let before = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    while began.elapsed() < Duration::from_secs(4) {
        let mount = place.connect();
        let open = |state: &LineState| *state == LineState::Open { opened: opened + 1 };
        reaches(&line, open);
        opened += 1;
        drop(mount);
    }
    let after = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let spent = Duration::from_nanos(
        u64::try_from(
            (after.tv_sec - before.tv_sec) * 1_000_000_000 + after.tv_nsec - before.tv_nsec,
        )
        .unwrap(),
    );
    println!(
        "{opened} openings in {:?}; the tests' processor time meanwhile {spent:?}",
        began.elapsed()
    );
    assert!(opened <= 6, "opened {opened} times");
}

#[test]
fn a_line_that_is_closed_fails_what_waits_and_ends() {
    let (_place, mut mount, line) = connected();
    let under_way = begun(line.exchange(ask("1"), Guard::Read));
    let queued = begun(line.exchange(ask("2"), Guard::Read));
    mount.hears("1");
    line.close();
    assert!(matches!(within(under_way), Err(LineError::Interrupted(_))));
    assert_eq!(within(queued), Err(LineError::Disconnected));
    reaches(&line, |state| *state == LineState::Closed);
    assert_eq!(
        within(line.exchange(ask("3"), Guard::Read)),
        Err(LineError::Disconnected)
    );
    assert_eq!(
        within(line.stop(&stop(":Q#", Duration::ZERO))),
        Err(LineError::Disconnected)
    );
}

#[test]
fn a_line_that_is_closed_sends_the_stop_that_waits() {
    let (_place, mut mount, line) = connected();
    let under_way = begun(line.exchange(ask("1"), Guard::Read));
    mount.hears("1");
    let patient = line.stop(&stop(":Q#", Duration::from_secs(60)));
    line.close();
    assert!(within(patient).is_ok());
    assert!(within(under_way).is_err());
    mount.hears(":Q#");
}

#[test]
fn a_line_ends_with_its_last_handle() {
    let (_place, _mount, line) = connected();
    let mut state = line.state();
    let other = line.clone();
    drop(line);
    assert!(within(other.exchange(tell("1"), Guard::Read)).is_ok());
    drop(other);
    let last = within(async move {
        state
            .wait_for(|state| *state == LineState::Closed)
            .await
            .is_ok()
    });
    assert!(last);
}
