//! What OnStep says: bytes in, bytes out.

use crate::bench::{Bench, LONDON};
use slewgate_simulator::Dialect;
use slewgate_sky::Site;

fn onstep() -> Bench {
    Bench::of(Dialect::OnStep, LONDON)
}

fn hold(lines: &[(&str, &str)]) {
    onstep().hold(lines);
}

#[test]
fn it_says_what_it_is() {
    let mut bench = onstep();
    bench.hold(&[
        (":GVP#", "On-Step#"),
        (":GVN#", "10.24a#"),
        (":GVM#", "OnStepX 10.24a#"),
        (":GVT#", "22:00:00#"),
        ("\u{6}", "P"),
    ]);
    assert_eq!(bench.say(":GVD#").len(), "MMM DD YYYY#".len());
}

#[test]
fn it_is_always_precise_and_marks_degrees_with_a_star() {
    hold(&[
        (":GR#", "02:10:53#"),
        (":GD#", "+25*45:00#"),
        (":GA#", "+64*15:00#"),
        (":GZ#", "180*00:00#"),
        (":GS#", "02:10:53#"),
    ]);
}

#[test]
fn what_it_does_not_know_it_answers_with_a_zero_without_a_hash() {
    for request in [
        ":U#", ":P#", ":hW#", ":AP#", ":AL#", ":AA#", ":xyz#", ":#", ":GXzz#", ":Rx#", ":Gq#",
        ":R10#",
    ] {
        hold(&[
            (request, "0"),
            (":GE#", "02#"),
            (":GR#", "02:10:53#"),
            (":GE#", "00#"),
        ]);
    }
}

#[test]
fn coordinates_can_be_had_to_parts_of_a_second() {
    hold(&[
        (":GRH#", "02:10:52.9872#"),
        (":GDH#", "+25*45:00.000#"),
        (":GSH#", "02:10:52.9872#"),
        (":GLH#", "22:00:00.0000#"),
        (":Sr05:35:17.1234#:GrH#", "105:35:17.1234#"),
        (":Sd-00*00:00.5#:GdH#", "1-00*00:00.500#"),
    ]);
}

#[test]
fn a_target_is_taken_in_both_forms_and_with_any_degree_mark() {
    hold(&[
        (":Sr05:35.5#:Gr#", "105:35:30#"),
        (":Sd+38\u{df}47#:Gd#", "1+38*47:00#"),
        (":Sd+38:47:01#:Gd#", "1+38*47:01#"),
        (":Sd-12*34'56#:Gd#", "1-12*34:56#"),
        (":Sd-00*30#:Gd#", "1-00*30:00#"),
        (":Sd+91*00#", "0"),
        (":GE#", "04#"),
        (":Sr24:00:00#", "0"),
        (":Gd#", "-00*30:00#"),
    ]);
}

#[test]
fn a_slew_is_answered_by_one_digit() {
    let mut bench = onstep();
    bench.hold(&[
        (":Sr00:30:00#:Sd+30*15:00#", "11"),
        (":MS#", "0"),
        (":D#", "\u{7f}#"),
    ]);
    bench.pass(2.0);
    bench.hold(&[
        // Another target is refused, and the goto ends.
        (":MS#", "5"),
        (":GE#", "19#"),
        (":D#", "#"),
        // It still comes to rest.
        (":MS#", "8"),
        (":GE#", "22#"),
    ]);
}

#[test]
fn a_target_below_the_horizon_or_above_the_limit_is_refused_with_a_digit() {
    hold(&[
        (":Sr14:00:00#:Sd-60*00:00#", "11"),
        (":MS#", "1"),
        (":GE#", "15#"),
        (":CM#", "E1#"),
        (":So60#", "1"),
        (":Sr02:10:00#:Sd+51*00:00#", "11"),
        (":MS#", "2"),
        (":GE#", "16#"),
        (":CM#", "E2#"),
        (":D#", "#"),
    ]);
}

#[test]
fn altitude_and_azimuth_are_a_target_too() {
    hold(&[
        (":Sa+45*00#:Sz220*00#", "11"),
        (":MA#", "0"),
        (":Q#", ""),
        (":Sa-01*00#", "1"),
    ]);
    hold(&[(":Sa-01*00#:Sz180*00#", "11"), (":MA#", "1")]);
}

#[test]
fn a_parked_one_refuses_with_four_and_one_in_standby_with_three() {
    let mut bench = onstep();
    bench.hold(&[
        (":Sr00:30:00#:Sd+30*15:00#", "11"),
        (":hP#", "1"),
        (":MS#", "5"),
    ]);
    bench.pass(60.0);
    bench.say(":hP#");
    bench.pass(60.0);
    bench.hold(&[
        (":MS#", "4"),
        (":GE#", "18#"),
        (":CM#", "E4#"),
        (":MGn0500#", "0"),
    ]);
    bench.hold(&[
        (":hF#", ""),
        (":MS#", "3"),
        (":GE#", "17#"),
        (":CM#", "E3#"),
        (":MGn0500#", "0"),
    ]);
}

#[test]
fn one_that_is_moved_by_hand_refuses_with_eight() {
    hold(&[
        (":Sr00:30:00#:Sd+30*15:00#", "11"),
        (":Mn#", ""),
        (":MS#", "8"),
        (":CM#", "E8#"),
        (":Td#", "0"),
        (":hQ#", "0"),
        (":GE#", "22#"),
    ]);
}

#[test]
fn a_sync_moves_the_reading_and_only_one_of_its_two_verbs_says_so() {
    for (sync, reply) in [(":CM#", "N/A#"), (":CS#", "")] {
        hold(&[
            (":Sr02:20:00#:Sd+26*00:00#", "11"),
            (sync, reply),
            (":GR#:GD#", "02:20:00#+26*00:00#"),
        ]);
    }
    hold(&[
        (":Sr14:00:00#:Sd-60*00:00#", "11"),
        (":CS#", ""),
        (":GE#", "15#"),
        (":GR#", "02:10:53#"),
    ]);
}

#[test]
fn flags_say_how_it_is() {
    let mut bench = onstep();
    bench.hold(&[
        (":GU#", "NpET220#"),
        (":Td#:GU#", "1nNpET220#"),
        (":Te#:GU#", "1NpET220#"),
        (":TL#:GU#", "Np(ET220#"),
        (":TS#:GU#", "NpOET220#"),
        (":TK#:GU#", "NpkET220#"),
        (":TQ#:GU#", "NpET220#"),
        (":R1#:GU#", "NpET110#"),
        (":R7#:GU#", "NpET170#"),
        (":Mn#:GU#", "NpgET170#"),
        (":Qn#", ""),
    ]);
    bench.pass(1.0);
    bench.hold(&[(":Mgn2000#:GU#", "NpGgET170#")]);
    bench.pass(3.0);
    bench.hold(&[(":Sr06:30:00#:Sd+30*15:00#:MS#:GU#", "110pET170#")]);
    bench.pass(60.0);
    bench.hold(&[(":GU#", "NpEW170#"), (":hP#:GU#", "1nIEW170#")]);
    bench.pass(60.0);
    bench.hold(&[(":GU#", "nNPHEo170#"), (":hR#:GU#", "1NpET170#")]);
    bench.hold(&[(":Sr00:30:00#:Sd+30*15:00#:MS#", "110")]);
    bench.pass(60.0);
    bench.hold(&[(":hC#:GU#", "nphET170#")]);
    bench.pass(60.0);
    bench.hold(&[(":GU#", "nNpHEo170#"), (":Gm#", "N#"), (":GW#", "GNH#")]);
}

#[test]
fn its_last_flag_says_at_which_limit_it_is() {
    let mut bench = onstep();
    bench.hold(&[(":Sr21:00:00#:Sd+00*00:00#:MS#", "110")]);
    bench.pass(30.0);
    bench.hold(&[(":Sh20#:GU#", "1NpET222#"), (":Sh-20#:GU#", "1NpET220#")]);
    let mut bench = onstep();
    bench.hold(&[(":So60#:GU#", "1NpET22<#")]);
}

#[test]
fn a_summary_says_what_it_is_and_does() {
    let mut bench = onstep();
    bench.hold(&[(":GW#", "GT0#"), (":Td#:GW#", "1GN0#"), (":hP#", "1")]);
    bench.pass(60.0);
    bench.hold(&[(":GW#", "GNP#")]);
}

#[test]
fn the_side_of_the_pier_is_a_letter() {
    let mut bench = onstep();
    bench.hold(&[
        (":Gm#", "E#"),
        (":GX94#", "1#"),
        (":Sr06:30:00#:Sd+30*15:00#:MS#", "110"),
    ]);
    bench.pass(60.0);
    bench.hold(&[
        (":Gm#", "W#"),
        (":GX94#", "2#"),
        (":hF#:Gm#", "N#"),
        (":GX94#", "0#"),
    ]);
}

#[test]
fn the_frequency_is_that_of_what_it_follows_or_zero() {
    hold(&[
        (":GT#", "60.16427#"),
        (":TS#:GT#", "60.00000#"),
        (":TL#:GT#", "57.90000#"),
        (":TK#:GT#", "60.13600#"),
        (":Td#:GT#", "10#"),
        // Chosen now, followed later.
        (":TQ#:GT#", "0#"),
        (":Te#:GT#", "160.16427#"),
    ]);
}

#[test]
fn a_pulse_has_an_answer_only_if_its_letter_is_large() {
    hold(&[
        (":Mgn0500#", ""),
        (":MGs0500#", "1"),
        (":MGe0020#", "1"),
        (":MGw16399#", "1"),
        (":MGx0500#", "0"),
        (":GE#", "02#"),
        (":MGn#", "0"),
        (":GE#", "05#"),
        (":MGn-500#", "0"),
        (":MGn40000#", "0"),
        (":GE#", "04#"),
        (":Mgn40000#", ""),
        (":GE#", "04#"),
    ]);
}

#[test]
fn the_rate_of_a_pulse_is_that_of_the_sky_or_the_slower_one_that_was_chosen_last() {
    hold(&[
        (":GX90#", "1.00#"),
        (":R0#:GX90#", "0.25#"),
        (":R1#:GX90#", "0.50#"),
        (":RC#:GX90#", "0.50#"),
        (":RG#:GX90#", "1.00#"),
    ]);
}

#[test]
fn the_site_is_told_with_a_sign_and_west_is_positive() {
    hold(&[
        (":Gt#", "+51*30#"),
        (":Gg#", "+000*10#"),
        (":GtH#", "+51*30:00.000#"),
        (":GgH#", "+000*10:00.120#"),
        (":Gv#", "50.0#"),
        (":St-33*54#:Gt#", "1-33*54#"),
        (":Sg118*15:30#:GgH#", "1+118*15:30.000#"),
        (":Sg-010*30#:Gg#", "1-010*30#"),
        (":Sg349:30#:Gg#", "1-010*30#"),
        (":Sv1234.5#:Gv#", "11234.5#"),
        (":St91*00#", "0"),
        (":Sg400*00#", "0"),
        (":GM#", "None#"),
    ]);
}

#[test]
fn sidereal_time_follows_the_longitude_that_it_was_told() {
    hold(&[(":Sg345*00#", "1"), (":GS#", "03:11:33#")]);
}

#[test]
fn time_is_local_the_zone_is_what_is_added_to_have_utc_and_a_date_is_taken_with_one_digit() {
    hold(&[
        (":GL#:GC#:GG#", "22:00:00#11/23/26#+00:00#"),
        (":Gc#", "24#"),
        (":SG-02:00#:SL00:00:00#:SC11/24/26#", "111"),
        (":GL#:GC#:GG#", "00:00:00#11/24/26#-02:00#"),
        (":GS#", "02:10:53#"),
        (":SG+05:30#:GG#", "1+05:30#"),
        (":SG-05.5#:GG#", "1-05:30#"),
        (":SC02/29/2028#:GC#", "102/29/28#"),
        (":SC02/30/26#", "0"),
        (":SL24:00:00#", "0"),
        (":SG+15#", "0"),
    ]);
}

#[test]
fn its_limits_are_the_horizon_and_overhead() {
    hold(&[
        (":Gh#", "+00*#"),
        (":Go#", "90*#"),
        (":Sh-10#:Gh#", "1-10*#"),
        (":Sh+15#:Gh#", "1+15*#"),
        (":So85#:Go#", "185*#"),
        (":Sh31#", "0"),
        (":So59#", "0"),
        (":GE#", "04#"),
    ]);
}

#[test]
fn backlash_is_kept_in_arcseconds() {
    hold(&[
        (":%BD#:%BR#", "0#0#"),
        (":$BD15#:$BR3600#:%BD#:%BR#", "1115#3600#"),
        (":$BR3601#:%BR#", "03600#"),
    ]);
}

#[test]
fn what_its_driver_in_indi_asks_is_answered() {
    hold(&[
        (":FA#:fA#", "00"),
        (":GX98#", "N#"),
        (":GXY0#", "00000000#"),
        (":GX95#:GX96#", "0#B#"),
        (":GXE9#:GXEA#", "60#60#"),
        (":A?#", "000#"),
        (":GX02#:GX03#", "0#0#"),
        (":h?#", "0,0,0#"),
    ]);
}

#[test]
fn in_the_south_it_starts_on_the_same_side() {
    Bench::of(
        Dialect::OnStep,
        Site {
            latitude: -33.9,
            ..LONDON
        },
    )
    .hold(&[(":GD#", "-16*57:00#"), (":Gm#", "E#")]);
}
