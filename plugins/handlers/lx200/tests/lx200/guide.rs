use super::{AWAKE, PARKED, attached, call, invalid, look, note, onstep, parked, refusal};
use serde_json::json;
use slewgate_sdk::{Failure, Kind, LineError, MotionError, Orphan, Progress, Step};

fn params(direction: &str, duration: u32) -> String {
    json!({"direction": direction, "duration_ms": duration}).to_string()
}

#[test]
fn a_classic_moves_at_its_guide_rate_until_the_hosts_time_is_over() {
    for (direction, start, end) in [
        ("north", ":RG#:Mn#", ":Qn#"),
        ("south", ":RG#:Ms#", ":Qs#"),
        ("east", ":RG#:Me#", ":Qe#"),
        ("west", ":RG#:Mw#", ":Qw#"),
    ] {
        let script = attached().begins(Ok(3)).line(start, "").line(end, "");
        let answer = call(&script, "guide", &params(direction, 500)).unwrap();
        assert_eq!(answer, json!({"motion": 3}));
        let plan = script.plans().remove(0);
        assert_eq!((plan.kind, plan.orphan), (Kind::Pulse, Orphan::Complete));
        assert_eq!((plan.label.as_str(), plan.first_look), (direction, 500));
        // Should this plugin be late, the host ends it.
        assert_eq!(plan.at_most, 750);
        assert_eq!(plan.ending[0].request, end.as_bytes());
        // By another generation of the handler.
        assert_eq!(look(&script, &plan.note).unwrap(), Progress::Done);
    }
}

#[test]
fn an_onstep_keeps_the_time_by_itself() {
    for (direction, duration, bytes) in [
        ("north", 20, ":Mgn0020#"),
        ("south", 500, ":Mgs0500#"),
        ("east", 9999, ":Mge9999#"),
        ("west", 16_399, ":Mgw16399#"),
    ] {
        let script = onstep().line(":GU#", AWAKE).begins(Ok(3)).line(bytes, "");
        call(&script, "guide", &params(direction, duration)).unwrap();
        let plan = script.plans().remove(0);
        assert_eq!((plan.kind, plan.first_look), (Kind::Pulse, duration));
        assert_eq!(look(&script, &plan.note).unwrap(), Progress::Done);
    }
}

#[test]
fn a_pulse_longer_than_the_mount_can_is_sent_in_parts_of_the_same_length() {
    let script = onstep()
        .line(":GU#", AWAKE)
        .begins(Ok(3))
        .line(":Mgn13334#", "")
        .line(":Mgn13334#", "")
        .line(":Mgn13332#", "");
    call(&script, "guide", &params("north", 40_000)).unwrap();
    let plan = script.plans().remove(0);
    assert_eq!((plan.first_look, plan.at_most), (13_334, 42_000));
    let second = look(&script, &plan.note).unwrap();
    assert!(matches!(
        second,
        Progress::Again(Step { after: 13_334, .. })
    ));
    let third = look(&script, &note(second)).unwrap();
    assert!(matches!(third, Progress::Again(Step { after: 13_332, .. })));
    assert_eq!(look(&script, &note(third)).unwrap(), Progress::Done);
}

#[test]
fn every_length_is_sent_in_whole_and_in_parts_that_the_mount_takes() {
    for duration in (20..=60_000).step_by(7) {
        let mut parts = vec![];
        let mut pulse = {
            let script = onstep().line(":GU#", AWAKE).begins(Ok(3));
            let first = duration_of_first(duration);
            let script = script.line(format!(":Mgn{first:04}#"), "");
            call(&script, "guide", &params("north", duration)).unwrap();
            parts.push(first);
            script.plans().remove(0).note
        };
        while parts.iter().sum::<u32>() < duration {
            let next = parts[0].min(duration - parts.iter().sum::<u32>());
            let script = onstep().line(format!(":Mgn{next:04}#"), "");
            pulse = note(look(&script, &pulse).unwrap());
            parts.push(next);
        }
        assert!(
            parts.iter().all(|part| (20..=16_399).contains(part)),
            "{parts:?}"
        );
        assert_eq!(
            look(&onstep(), &pulse).unwrap(),
            Progress::Done,
            "{duration}"
        );
    }
}

fn duration_of_first(duration: u32) -> u32 {
    let parts = duration.div_ceil(16_399);
    duration.div_ceil(parts)
}

#[test]
fn a_pulse_that_is_too_short_is_refused_with_the_range() {
    for script in [attached(), onstep()] {
        assert_eq!(
            invalid(call(&script, "guide", &params("north", 19))),
            "duration_ms: 19 is not within 20 to 60000, which is what this mount can"
        );
    }
}

#[test]
fn a_parked_mount_is_not_guided() {
    let asleep = "the mount is parked: unpark it first";
    assert_eq!(
        refusal(call(&parked(), "guide", &params("north", 100))),
        asleep
    );
    let script = onstep().line(":GU#", PARKED);
    assert_eq!(
        refusal(call(&script, "guide", &params("north", 100))),
        asleep
    );
}

#[test]
fn what_the_host_does_not_let_begin_sends_nothing() {
    let script = attached().begins(Err(MotionError::Stopped));
    let outcome = call(&script, "guide", &params("north", 100));
    assert_eq!(outcome.unwrap_err(), Failure::Line(LineError::Stopped));
    let script = attached().begins(Err(MotionError::Limit("a goto is under way".into())));
    assert_eq!(
        refusal(call(&script, "guide", &params("north", 100))),
        "a goto is under way"
    );
}
