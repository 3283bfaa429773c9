//! What an LX200 Classic says: bytes in, bytes out.

use crate::bench::Bench;
use proptest::prelude::*;

/// Says each line to one mount and holds it to the answers.
fn hold(lines: &[(&str, &str)]) {
    Bench::new().hold(lines);
}

#[test]
fn it_starts_in_low_precision_and_tells_where_it_is() {
    // On the meridian, so that its right ascension is the sidereal time, 2:10:53.
    hold(&[
        (":GR#", "02:10.9#"),
        (":GD#", "+25\u{df}45#"),
        (":GA#", "+64\u{df}15#"),
        (":GZ#", "180\u{df}00#"),
        (":GS#", "02:10:53#"),
    ]);
}

#[test]
fn precision_toggles_without_a_reply() {
    hold(&[
        (":U#", ""),
        (":GR#", "02:10:53#"),
        (":GD#", "+25\u{df}45:00#"),
        (":GA#", "+64\u{df}15:00#"),
        (":GZ#", "180\u{df}00:00#"),
        (":U#", ""),
        (":GR#", "02:10.9#"),
    ]);
}

#[test]
fn a_target_is_taken_in_both_forms_and_with_any_degree_mark() {
    hold(&[
        (":U#", ""),
        (":Sr05:35:17#", "1"),
        (":Gr#", "05:35:17#"),
        (":Sr05:35.5#", "1"),
        (":Gr#", "05:35:30#"),
        (":Sd-05*23:28#", "1"),
        (":Gd#", "-05\u{df}23:28#"),
        (":Sd+38\u{df}47#", "1"),
        (":Gd#", "+38\u{df}47:00#"),
        (":Sd+38:47:01#", "1"),
        (":Gd#", "+38\u{df}47:01#"),
        (":Sd+12*34'56#", "1"),
        (":Gd#", "+12\u{df}34:56#"),
        (":Sr 18:36:56#", "1"),
        (":Gr#", "18:36:56#"),
    ]);
}

#[test]
fn the_sign_of_a_declination_below_one_degree_survives() {
    hold(&[
        (":Sd-00*30#", "1"),
        (":Gd#", "-00\u{df}30#"),
        (":U#", ""),
        (":Sd-00*00:07#", "1"),
        (":Gd#", "-00\u{df}00:07#"),
        (":Sd+00*00:00#", "1"),
        (":Gd#", "+00\u{df}00:00#"),
    ]);
}

#[test]
fn a_value_that_is_none_is_refused_and_the_target_stays() {
    hold(&[
        (":Sr05:35.0#", "1"),
        (":Sr24:00.0#", "0"),
        (":Sr05:61.0#", "0"),
        (":Sr-01:00.0#", "0"),
        (":Sr#", "0"),
        (":SrMarch#", "0"),
        (":Gr#", "05:35.0#"),
        (":Sd+91*00#", "0"),
        (":Sd-90*00:01#", "0"),
        (":Sa95*00#", "0"),
        (":Sz361*00#", "0"),
        (":St91*00#", "0"),
        (":SG+15#", "0"),
        (":SL24:00:00#", "0"),
        (":SC02/30/26#", "0"),
        (":SC13/01/26#", "0"),
        (":SCtoday#", "0"),
        (":Sh91#", "0"),
    ]);
}

#[test]
fn a_slew_is_answered_by_one_zero_alone() {
    hold(&[(":Sr06:30:00#", "1"), (":Sd+30*15:00#", "1"), (":MS#", "0")]);
}

#[test]
fn a_target_below_the_horizon_is_refused_with_a_text() {
    hold(&[
        (":Sr14:00:00#", "1"),
        (":Sd-60*00:00#", "1"),
        (":MS#", "1Object below horizon#"),
        (":D#", &still()),
    ]);
}

#[test]
fn a_target_beyond_the_limits_of_altitude_is_refused_with_a_text() {
    hold(&[
        (":Gh#", "90\u{df}#"),
        (":Sh60#", "1"),
        (":Gh#", "60\u{df}#"),
        (":Sr02:09.0#", "1"),
        (":Sd+25*45#", "1"),
        (":MS#", "2Object above higher limit#"),
        (":So20*#", "1"),
        (":Go#", "20\u{df}#"),
        (":Sd-30*00#", "1"),
        (":MS#", "4Object below lower limit#"),
    ]);
}

#[test]
fn altitude_and_azimuth_are_a_target_too_unless_it_is_set_up_as_polar() {
    hold(&[
        (":Sa+45*00#", "1"),
        (":Sz090*00#", "1"),
        (":MA#", "1Not in polar mode#"),
        (":AA#", ""),
        (":Sa+45*00#", "1"),
        (":Sz090*00#", "1"),
        (":MA#", "0"),
        (":Sa-01*00#", "1"),
        (":MA#", "1Object below horizon#"),
    ]);
}

#[test]
fn a_sync_says_matched_and_moves_the_reading() {
    hold(&[
        (":U#:Sr03:00:00#:Sd+20*00:00#", "11"),
        (":CM#", "Coordinates matched.        #"),
        (":GR#:GD#", "03:00:00#+20\u{df}00:00#"),
    ]);
}

/// The hand controller's line without bars.
fn still() -> String {
    format!("{}#", " ".repeat(32))
}

#[test]
fn distance_is_bars_on_the_way_and_spaces_when_there() {
    let mut bench = Bench::new();
    assert_eq!(bench.say(":D#"), still());
    bench.say(":Sr06:30:00#:Sd+30*15:00#:MS#");
    assert_eq!(
        bench.say(":D#"),
        format!("{}{}#", "\u{7f}".repeat(12), " ".repeat(20))
    );
    bench.pass(30.0);
    assert_eq!(bench.say(":D#"), still());
}

#[test]
fn the_ack_is_answered_by_one_letter_for_the_alignment() {
    hold(&[
        ("\u{6}", "P"),
        (":AL#", ""),
        ("\u{6}", "L"),
        (":AA#", ""),
        ("\u{6}", "A"),
        (":AP#\u{6}", "P"),
    ]);
}

#[test]
fn an_ack_inside_a_command_is_part_of_it() {
    hold(&[(":G\u{6}R#", ""), (":GS#", "02:10:53#")]);
}

#[test]
fn a_hash_alone_clears_and_a_colon_begins_again() {
    hold(&[
        ("#", ""),
        ("##:GS#", "02:10:53#"),
        (":G#", ""),
        (":Sr05:35:GS#", "02:10:53#"),
        (":GR:GS#", "02:10:53#"),
        ("noise:GS#", "02:10:53#"),
        ("::GS#", "02:10:53#"),
        (":Sr05:#", "0"),
        (":GR:#", ""),
    ]);
}

#[test]
fn spaces_and_line_ends_mean_nothing() {
    hold(&[(": G S #", "02:10:53#"), ("\r\n:GS\r\n#", "02:10:53#")]);
}

#[test]
fn a_command_may_come_in_pieces_and_several_in_one() {
    hold(&[
        (":", ""),
        ("G", ""),
        ("S", ""),
        ("#", "02:10:53#"),
        (":GS#:GS#", "02:10:53#02:10:53#"),
    ]);
}

#[test]
fn a_command_that_is_too_long_is_dropped_whole() {
    let long = format!(":Sr05:35.0{}", "0".repeat(80));
    hold(&[(&long, ""), ("#", ""), (":Gr#", "00:00.0#")]);
}

#[test]
fn what_a_classic_does_not_know_it_does_not_answer() {
    hold(&[
        (":GVP#", ""),
        (":GU#", ""),
        (":Mgn0500#", ""),
        (":MSx#", ""),
        (":GRH#", ""),
        (":CS#", ""),
        (":Te#", ""),
        (";GR99A#", ""),
        (":#", ""),
        (":gr#", ""),
    ]);
}

#[test]
fn pointing_precision_is_fourteen_characters_without_a_hash() {
    hold(&[(":P#", "HIGH PRECISION"), (":P#", "LOW  PRECISION")]);
}

#[test]
fn the_site_is_told_with_west_positive_and_set_with_any_sign() {
    hold(&[
        (":Gt#", "+51\u{df}30#"),
        (":Gg#", "000\u{df}10#"),
        (":St-33*54#", "1"),
        (":Gt#", "-33\u{df}54#"),
        (":Sg118*15#", "1"),
        (":Gg#", "118\u{df}15#"),
        (":Sg-010*30#", "1"),
        (":Gg#", "349\u{df}30#"),
        (":Sg349*30#", "1"),
        (":Gg#", "349\u{df}30#"),
    ]);
}

#[test]
fn sidereal_time_follows_the_longitude_that_it_was_told() {
    hold(&[(":Sg345*00#", "1"), (":GS#", "03:11:33#")]);
}

#[test]
fn the_time_of_day_can_be_had_in_twelve_hours() {
    for (set, told) in [
        ("22:00:00", "10:00:00#"),
        ("12:30:00", "12:30:00#"),
        ("00:05:00", "12:05:00#"),
        ("11:59:59", "11:59:59#"),
    ] {
        hold(&[(&format!(":SL{set}#"), "1"), (":Ga#", told)]);
    }
}

#[test]
fn a_pace_of_the_line_is_taken_and_changes_nothing() {
    hold(&[(":SB1#", "1"), (":SB0#", "0"), (":GC#", "11/23/26#")]);
}

#[test]
fn time_is_local_and_the_zone_is_what_is_added_to_have_utc() {
    hold(&[
        (":GL#", "22:00:00#"),
        (":GC#", "11/23/26#"),
        (":GG#", "+00#"),
        (":SG-02.0#", "1"),
        (":SL00:00:00#", "1"),
        (
            ":SC11/24/26#",
            &format!("1Updating Planetary Data#{}#", " ".repeat(30)),
        ),
        (":GG#", "-02#"),
        (":GL#", "00:00:00#"),
        (":GC#", "11/24/26#"),
        (":GS#", "02:10:53#"),
        (":SG+05.5#", "1"),
        (":GG#", "+05.5#"),
    ]);
}

#[test]
fn a_year_of_two_digits_is_of_the_nearer_century() {
    hold(&[(
        ":SC02/29/00#:GC#",
        &format!("1Updating Planetary Data#{}#02/29/00#", " ".repeat(30)),
    )]);
}

#[test]
fn time_goes_on() {
    let mut bench = Bench::new();
    bench.pass(3600.0);
    assert_eq!(bench.say(":GL#"), "23:00:00#");
    assert_eq!(bench.say(":GS#"), "03:11:03#");
}

#[test]
fn the_motors_frequency_tells_what_it_follows() {
    hold(&[
        (":GT#", "60.1#"),
        (":TL#:GT#", "57.9#"),
        (":TS#:GT#", "60.0#"),
        (":TQ#:GT#", "60.1#"),
    ]);
}

#[test]
fn while_it_looks_for_home_it_knows_only_stop_and_how_the_search_goes() {
    hold(&[
        (":h?#", "0"),
        (":hF#", ""),
        (":h?#", "2"),
        (":GR#", ""),
        (":MS#", ""),
        (":Mn#", ""),
        (":Q#", ""),
        (":h?#", "0"),
        (":GS#", "02:10:53#"),
    ]);
}

#[test]
fn the_search_for_home_ends_with_home_found() {
    let mut bench = Bench::new();
    bench.say(":hF#");
    bench.pass(60.0);
    assert_eq!(bench.say(":h?#:GD#"), "1+00\u{df}00#");
}

#[test]
fn what_lx200basic_of_indi_says_is_answered() {
    hold(&[
        (":GR#", "02:10.9#"),
        (":U#:GR#", "02:10:53#"),
        (":Sr06:30:00#", "1"),
        (":Sd+30*15:00#", "1"),
        (":MS#", "0"),
        (":Q#", ""),
    ]);
}

proptest! {
    #[test]
    fn no_bytes_panic_and_none_stop_it_from_answering(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bench = Bench::new();
        bench.mount.receive(&bytes);
        prop_assert_eq!(bench.say(":AP#:Q#\u{6}"), "P");
    }

    #[test]
    fn no_commands_panic(commands in prop::collection::vec("[GSMQRTAhUPCD][a-zA-Z?]?[-+0-9:*./]{0,9}", 0..30)) {
        let mut bench = Bench::new();
        for command in commands {
            bench.say(&format!(":{command}#"));
            bench.pass(1.0);
        }
        let position = bench.mount.state().position;
        prop_assert!((0.0..24.0).contains(&position.ra) && (-90.0..=90.0).contains(&position.dec));
    }
}
