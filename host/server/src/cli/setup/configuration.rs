//! The text of `slewgate.toml`: small, and annotated.

use serde_json::Value;
use slewgate_simulator::Family;

use super::answers::Mount;

const HEAD: &str = "\
# Written by `slewgate setup`. What is left out has its default: config/slewgate.toml, which came with the program, has
# every key.
";
/// Where comments begin.
const COLUMN: usize = 35;

/// The configuration of a mount. It is one that the host takes.
pub(super) fn text(mount: &Mount) -> String {
    // What JSON writes of a text without control characters is the same text in TOML.
    let device = Value::from(mount.device.as_str()).to_string();
    let baud = mount
        .baud
        .map(|baud| line("baud", &baud.to_string(), "bits per second") + "\n");
    let (component, settings, choices) = handler(mount);
    [
        HEAD.to_owned(),
        line("[site]", "", "where the telescope stands"),
        line(
            "latitude",
            &format!("{:?}", mount.latitude),
            "degrees, north positive",
        ),
        line(
            "longitude",
            &format!("{:?}", mount.longitude),
            "degrees, east positive",
        ),
        line("elevation", &format!("{:?}", mount.elevation), "metres"),
        String::new(),
        line(
            "[lines.east]",
            "",
            "the line to the mount, by a name of your own",
        ),
        line(
            "device",
            &device,
            "or a serial device, tcp://HOST:PORT, udp://HOST:PORT, or simulator:lx200",
        ),
        baud.unwrap_or_default(),
        line(
            "[plugins.mount]",
            "",
            "its commands: mount.goto, mount.status, …",
        ),
        line("component", component, "in handlers/"),
        line(
            "lines",
            "{ port = \"east\" }",
            "the handler's role -> the line",
        ),
        line("settings", &settings, choices),
    ]
    .join("\n")
        + "\n"
}

/// The component that speaks to the mount, its settings, and what they can be.
fn handler(mount: &Mount) -> (&'static str, String, &'static str) {
    match Family::of_device(&mount.device) {
        Some(Ok(Family::Nexstar)) => (
            "\"nexstar.wasm\"",
            "{ setup = \"auto\" }".to_owned(),
            "auto, altazimuth or equatorial",
        ),
        Some(Ok(Family::Skywatcher(_))) => (
            "\"skywatcher.wasm\"",
            "{}".to_owned(),
            "past_meridian in degrees, on_wedge",
        ),
        _ => (
            "\"lx200.wasm\"",
            format!("{{ dialect = \"{}\" }}", mount.dialect.name()),
            "auto, classic or onstep",
        ),
    }
}

/// A key and its value, or a table where there is no value, with the comment in its column.
fn line(key: &str, value: &str, comment: &str) -> String {
    let written = if value.is_empty() {
        key.to_owned()
    } else {
        format!("{key} = {value}")
    };
    format!("{written:COLUMN$} # {comment}")
}

#[cfg(test)]
mod tests {
    use super::super::answers::{Dialect, device};
    use super::*;
    use crate::config::{Config, Device};

    /// With all that a text in TOML must escape.
    const DEVICE: &str = "/dev/serial/by-id/usb \"1\" \\ é";

    fn mount(device: &str) -> Mount {
        Mount {
            device: device.to_owned(),
            baud: None,
            dialect: Dialect::Auto,
            latitude: -33.0,
            longitude: 0.001_667,
            elevation: 1e3,
        }
    }

    #[test]
    fn what_was_answered_is_what_the_host_reads() {
        let written = text(&Mount {
            baud: Some(19_200),
            dialect: Dialect::Classic,
            ..mount(DEVICE)
        });
        let config = Config::parse("slewgate.toml", &written, &[]).unwrap();
        let line = &config.lines["east"];
        assert!(matches!(&line.device, Device::Hardware(address) if address.to_string() == DEVICE));
        assert_eq!(line.baud, 19_200);
        let site = config.site.unwrap();
        assert_eq!(
            (site.latitude, site.longitude, site.elevation),
            (-33.0, 0.001_667, 1e3)
        );
        assert_eq!(config.plugins["mount"].settings["dialect"], "classic");
        assert_eq!(config.plugins["mount"].component, "lx200.wasm");
    }

    #[test]
    fn a_mount_of_another_family_has_its_own_handler() {
        let written = text(&mount("simulator:nexstar"));
        let config = Config::parse("slewgate.toml", &written, &[]).unwrap();
        assert_eq!(config.plugins["mount"].component, "nexstar.wasm");
        assert_eq!(config.plugins["mount"].settings["setup"], "auto");
        let written = text(&mount("simulator:skywatcher/azeq6"));
        let config = Config::parse("slewgate.toml", &written, &[]).unwrap();
        assert_eq!(config.plugins["mount"].component, "skywatcher.wasm");
    }

    #[test]
    fn a_simulator_has_no_baud_rate() {
        let written = text(&mount("simulator:lx200"));
        assert!(!written.contains("baud"), "{written}");
        let config = Config::parse("slewgate.toml", &written, &[]).unwrap();
        assert!(matches!(config.lines["east"].device, Device::Simulator(_)));
    }

    #[test]
    fn a_device_that_could_end_the_text_is_none() {
        assert!(device("/dev/tty\u{7f}").is_err());
        assert!(device("/dev/tty\nUSB0").is_err());
    }
}
