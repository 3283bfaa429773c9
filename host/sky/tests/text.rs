//! Sexagesimal text, both ways.

use proptest::prelude::*;
use slewgate_sky::text::{Sexagesimal, parse};

fn close(text: &str, value: f64) {
    let read = parse(text);
    assert!(
        read.is_some_and(|read| (read - value).abs() < 1e-12),
        "{text}: {read:?}, not {value}"
    );
}

/// Rounds to a multiple of `step` seconds and writes all fields.
fn written(value: f64, step: u64) -> String {
    let Sexagesimal {
        negative,
        units,
        minutes,
        seconds,
    } = Sexagesimal::round(value, step);
    format!(
        "{}{units:02}:{minutes:02}:{seconds:02}",
        if negative { '-' } else { '+' }
    )
}

#[test]
fn reads_what_people_and_mounts_write() {
    close("05:35:17.3", 5.0 + 35.0 / 60.0 + 17.3 / 3600.0);
    close("-05:23:28", -(5.0 + 23.0 / 60.0 + 28.0 / 3600.0));
    close("05:35.5", 5.0 + 35.5 / 60.0);
    close("+38*47'01", 38.0 + 47.0 / 60.0 + 1.0 / 3600.0);
    close("-12\u{df}30", -12.5);
    close(" 18.5 ", 18.5);
    close("5 30 00", 5.5);
}

#[test]
fn the_sign_of_a_zero_degree_survives() {
    close("-00:30:00", -0.5);
    close("-00*00:01", -1.0 / 3600.0);
    assert_eq!(written(-0.5, 1), "-00:30:00");
}

#[test]
fn refuses_what_is_no_angle() {
    for text in [
        "", "-", ":", "05:", ":05", "05::10", "05:60:00", "05:00:60", "05.5:30", "1:2:3:4", "--5",
        "five", ".5", "5e3", "5-30", "1h30", "NaN", "inf",
    ] {
        assert_eq!(parse(text), None, "{text:?}");
    }
}

#[test]
fn rounding_carries_through_every_field() {
    assert_eq!(written(5.999_999_999, 1), "+06:00:00");
    assert_eq!(written(-9.999_999, 1), "-10:00:00");
    assert_eq!(written(-9.999, 60), "-10:00:00");
    assert_eq!(written(5.999, 6), "+05:59:54");
}

#[test]
fn what_rounds_to_zero_has_no_sign() {
    assert_eq!(written(-0.000_001, 1), "+00:00:00");
    assert_eq!(written(-0.0, 1), "+00:00:00");
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in -360.0..=360.0, step in 1_u64..=60) {
        let read = parse(&written(value, step)).unwrap();
        prop_assert!((read - value).abs() <= (step as f64 / 2.0 + 1e-6) / 3600.0);
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        prop_assert!(parse(&text).is_none_or(f64::is_finite));
    }
}
