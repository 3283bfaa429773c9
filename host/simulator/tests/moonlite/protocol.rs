//! What is said and answered, as the manual has it.

use crate::bench::Bench;
use slewgate_simulator::MoonliteSettings;

#[test]
fn what_is_asked_is_answered_with_as_many_digits_as_the_manual_has() {
    Bench::new().hold(&[
        (":GP#", "7530#"),
        (":GN#", "7530#"),
        (":GI#", "00#"),
        (":GT#", "0018#"),
        (":GC#", "00#"),
        (":GD#", "02#"),
        (":GH#", "00#"),
        (":GV#", "10#"),
        (":GB#", "00#"),
    ]);
}

#[test]
fn what_is_set_is_not_answered_and_kept() {
    Bench::new().hold(&[
        (":SN04d2#", ""),
        (":GN#", "04D2#"),
        (":GP#", "7530#"),
        (":SP0005#", ""),
        (":GP#", "0005#"),
        (":SD20#", ""),
        (":GD#", "20#"),
        (":SH#", ""),
        (":GH#", "FF#"),
        (":SF#", ""),
        (":GH#", "00#"),
        (":SCF2#", ""),
        (":GC#", "F2#"),
        (":POFB#", ""),
        (":GT#", "0013#"),
    ]);
}

#[test]
fn what_is_no_command_changes_nothing_and_is_silently_let_be() {
    Bench::new().hold(&[
        (":SN12#:SNXYZW#:SN12345#:SD03#:SD2#:SCQQ#:GX#:#:F#:GP1#", ""),
        (":GN#:GD#:GC#:GP#", "7530#02#00#7530#"),
    ]);
}

#[test]
fn frost_is_written_as_twos_complement() {
    let mut bench = Bench::with(|settings| MoonliteSettings {
        temperature: -5.5,
        ..settings
    });
    bench.hold(&[(":GT#", "FFF5#")]);
}

#[test]
fn the_temperature_is_that_of_the_newest_conversion() {
    let mut bench = Bench::with(|settings| MoonliteSettings {
        cooling: 2.0,
        ..settings
    });
    bench.pass(3600.0);
    bench.hold(&[(":GT#", "0018#"), (":C#", ""), (":GT#", "0014#")]);
}
