use super::{attached, call, hardware};
use serde_json::json;

#[test]
fn a_site_is_written_in_bytes_and_read_back() {
    // The manual's example, with as many `#` as there can be: 35°35'35" S, 35°35'35" E.
    for (params, bytes, latitude, longitude) in [
        (
            r#"{"latitude":33.844722,"longitude":-118.338056,"elevation":100}"#,
            b"\x21\x32\x29\x00\x76\x14\x11\x01",
            33.84472,
            -118.33806,
        ),
        (
            r#"{"latitude":-35.593056,"longitude":35.593056}"#,
            b"###\x01###\x00",
            -35.59306,
            35.59306,
        ),
        (
            r#"{"latitude":-0.5,"longitude":0}"#,
            b"\x00\x1e\x00\x01\x00\x00\x00\x00",
            -0.5,
            0.0,
        ),
    ] {
        let script = attached()
            .line([b"W", &bytes[..]].concat(), "#")
            .line("w", [&bytes[..], b"#"].concat());
        assert_eq!(
            call(&script, "set_site", params).unwrap(),
            json!({"latitude": latitude, "longitude": longitude, "elevation": null})
        );
        assert_eq!(
            call(&script, "info", "{}").unwrap()["site"]["longitude"],
            json!(longitude)
        );
    }
}

#[test]
fn one_that_does_not_take_it_is_found_out() {
    let script = attached()
        .line(b"W\x21\x32\x29\x00\x76\x14\x11\x01", "#")
        .line("w", b"\x33\x1e\x00\x00\x00\x0a\x00\x01#");
    let params = r#"{"latitude":33.844722,"longitude":-118.338056}"#;
    assert_eq!(
        hardware(call(&script, "set_site", params)),
        "the mount was told latitude 33.844722 and longitude -118.338056, and tells 51.5 and -0.16667"
    );
}
