use super::{
    AT_REST, FOLLOWING, WEST, attached, call, ended, lines, look, note, refusal, tracking,
};
use serde_json::json;
use slewgate_sdk::{
    Equatorial, Failure, Kind, LineError, MotionError, Orphan, Progress, Script, Step,
};

/// Hour angle -60, declination 20.
const JNOW: &str = r#"{"ra":4,"dec":20,"frame":"JNow"}"#;

const HOME: [&str; 2] = super::AT_HOME;

/// From home: 30 degrees forward and a little ahead of the sky, and 70 back, both fast.
const ORDERS: [&str; 10] = [
    ":j1 =000080",
    ":G100 =",
    ":S1AF848B =",
    ":M1800C00 =",
    ":J1 =",
    ":j2 =000080",
    ":G201 =",
    ":S2D53965 =",
    ":M2800C00 =",
    ":J2 =",
];

/// Up to the bytes that move.
fn set_out() -> Script {
    lines(attached(), &HOME).begins(Ok(7))
}

fn begun() -> Vec<u8> {
    let script = lines(lines(set_out(), &AT_REST), &ORDERS);
    call(&script, "goto", JNOW).unwrap();
    script.plans().remove(0).note
}

#[test]
fn the_motion_begins_before_the_bytes_that_move() {
    let script = lines(lines(set_out(), &AT_REST), &ORDERS);
    assert_eq!(call(&script, "goto", JNOW).unwrap(), json!({"motion": 7}));
    let plan = script.plans().remove(0);
    assert_eq!((plan.role.as_str(), plan.label.as_str()), ("port", "goto"));
    assert_eq!((plan.kind, plan.orphan), (Kind::Slew, Orphan::Complete));
    assert_eq!(plan.target, Some(Equatorial { ra: 4.0, dec: 20.0 }));
    assert!(plan.ending.is_empty());
}

#[test]
fn a_motor_that_turns_comes_to_rest_before_it_takes_where_to_go() {
    let script = lines(tracking(), &HOME).begins(Ok(7));
    let rest = [
        ":f1 =111", ":K1 =", ":f1 =111", ":f1 =111", ":f1 =101", ":f2 =101",
    ];
    let script = lines(lines(script, &rest), &ORDERS);
    call(&script, "goto", JNOW).unwrap();
}

#[test]
fn a_motor_that_says_that_it_runs_all_the_same_is_waited_for() {
    let mut orders = ORDERS.to_vec();
    orders.splice(
        1..2,
        [":G100 !2", ":f1 =411", ":K1 =", ":f1 =401", ":G100 ="],
    );
    let script = lines(lines(set_out(), &AT_REST), &orders);
    call(&script, "goto", JNOW).unwrap();
}

#[test]
fn a_motor_that_never_comes_to_rest_is_told_of() {
    let script = lines(lines(set_out(), &[":f1 =111", ":K1 ="]), &[":f1 =111"; 50]);
    assert_eq!(
        super::hardware(call(&script, "goto", JNOW)),
        "the motor of the first axis does not come to rest"
    );
}

#[test]
fn a_start_without_an_answer_is_looked_at_before_it_is_told_again() {
    // It turns: the answer was lost.
    let mut orders = ORDERS.to_vec();
    orders.splice(4..5, [":J1 ", ":f1 =411"]);
    call(&lines(lines(set_out(), &AT_REST), &orders), "goto", JNOW).unwrap();
    // It does not: the order was.
    let mut orders = ORDERS.to_vec();
    orders.splice(4..5, [":J1 ", ":f1 =401", ":J1 ="]);
    call(&lines(lines(set_out(), &AT_REST), &orders), "goto", JNOW).unwrap();
}

#[test]
fn what_may_be_said_twice_is_said_again() {
    let mut orders = ORDERS.to_vec();
    orders.splice(2..3, [":S1AF848B ", ":S1AF848B =10", ":S1AF848B ="]);
    call(&lines(lines(set_out(), &AT_REST), &orders), "goto", JNOW).unwrap();
}

#[test]
fn a_motor_that_was_not_initialised_says_so() {
    let mut orders = ORDERS.to_vec();
    orders.truncate(4);
    orders.push(":J1 !4");
    let script = lines(lines(set_out(), &AT_REST), &orders);
    let told = super::hardware(call(&script, "goto", JNOW));
    assert!(
        told.starts_with("the mount answered :J1 with !4: "),
        "{told}"
    );
}

#[test]
fn what_the_host_does_not_let_begin_moves_nothing() {
    for (error, failure) in [
        (
            MotionError::Limit("below the horizon".into()),
            Failure::Refused("below the horizon".into()),
        ),
        (MotionError::Stopped, Failure::Line(LineError::Stopped)),
    ] {
        let script = lines(attached(), &HOME).begins(Err(error));
        assert_eq!(call(&script, "goto", JNOW).unwrap_err(), failure);
    }
}

#[test]
fn a_parked_mount_is_sent_nothing() {
    let script = attached().remembering("parked", "true");
    assert_eq!(
        refusal(call(&script, "goto", JNOW)),
        "the mount is parked: unpark it first"
    );
}

#[test]
fn at_its_target_it_waits_for_the_sky_and_follows_it() {
    let going = begun();
    let script = lines(tracking(), &[":f1 =411", ":f2 =411"]);
    let going = note(look(&script, &going).unwrap());
    let script = lines(tracking(), &[":f1 =101", ":f2 =411"]);
    let going = note(look(&script, &going).unwrap());
    // There, and nine seconds before the sky.
    let there = [":f1 =101", ":f2 =101", ":j1 =AF848B", ":j2 =D53965"];
    let script = lines(tracking().sidereal(18.36 / 3600.0), &there);
    let waiting = look(&script, &going).unwrap();
    let Progress::Again(Step { after, note: going }) = waiting else {
        panic!("{waiting:?}")
    };
    assert!((8_800..9_100).contains(&after), "{after}");
    let follows = [":f1 =101", ":G110 =", ":I16C0200 =", ":J1 ="];
    let script = lines(tracking().sidereal(27.4 / 3600.0), &follows);
    assert_eq!(look(&script, &going).unwrap(), Progress::Done);
}

#[test]
fn what_comes_after_the_sky_is_sent_on_slowly() {
    let there = [":f1 =101", ":f2 =101", ":j1 =AF848B", ":j2 =D53965"];
    // A minute late: a quarter of a degree, and four seconds more for that.
    let script = lines(tracking().sidereal(87.4 / 3600.0), &there);
    let script = lines(
        script,
        &[":j1 =AF848B", ":j2 =D53965", ":f1 =101", ":f2 =101"],
    );
    let script = lines(
        script,
        &[
            ":j1 =AF848B",
            ":G120 =",
            ":S1D49E8B =",
            ":M1C80000 =",
            ":J1 =",
            ":j2 =D53965",
        ],
    );
    let again = look(&script, &begun()).unwrap();
    assert!(matches!(again, Progress::Again(Step { after: 300, .. })));
}

#[test]
fn a_mount_that_rests_elsewhere_is_sent_anew_and_has_failed_after_a_while() {
    let mut noted = begun();
    let mut looks = 0;
    let ending = loop {
        let script = lines(tracking(), &AT_REST);
        let script = lines(script, &[":j1 =AF848B", ":j2 =000080"]);
        let script = if looks < 3 {
            let script = lines(script, &AT_REST);
            lines(
                script,
                &[
                    ":j1 =AF848B",
                    ORDERS[5],
                    ORDERS[6],
                    ORDERS[7],
                    ORDERS[8],
                    ORDERS[9],
                ],
            )
        } else {
            script
        };
        match look(&script, &noted).unwrap() {
            Progress::Again(step) => (noted, looks) = (step.note, looks + 1),
            other => break other,
        }
    };
    assert_eq!(looks, 3);
    assert_eq!(
        ending,
        Progress::Failed("the mount came to rest 70.00 degrees from where it was sent".into())
    );
}

#[test]
fn after_a_stop_the_sky_is_followed_again() {
    let noted = begun();
    // It slows down when it is looked at first.
    let slowing = [":f1 =411", ":f2 =401"];
    let script = lines(lines(tracking(), &slowing), &AT_REST);
    let script = lines(
        lines(script, &WEST),
        &[":f1 =101", ":G110 =", ":I16C0200 =", ":J1 ="],
    );
    assert_eq!(ended(&script, &noted), Progress::Done);
}

#[test]
fn what_follows_already_or_turns_for_another_is_let_be_after_a_stop() {
    let noted = begun();
    assert_eq!(
        ended(&lines(tracking(), &FOLLOWING), &noted),
        Progress::Done
    );
    let jogged = [":f1 =511", ":f2 =101"].repeat(20);
    assert_eq!(ended(&lines(tracking(), &jogged), &noted), Progress::Done);
}

#[test]
fn a_mount_that_followed_nothing_is_let_be_after_a_stop() {
    assert_eq!(ended(&attached(), &begun()), Progress::Done);
}
