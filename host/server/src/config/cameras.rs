//! The cameras of the host: what each shows, and where `main` is by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use slewgate_simulator::camera::CameraSettings;

use super::check::{judge_name, listed};
use super::error::ConfigError;
use super::shape::{self, DEFAULT_LINE};
use super::source::Source;
use super::{Camera, CameraDevice, Device, Line};

/// The one device that there is.
const SIMULATOR: &str = "simulator";

/// The checked cameras. `main` without a line is left out where the default line is no simulated mount: a real camera's
/// publisher is to find that name free.
pub(super) fn cameras(
    source: &Source<'_>,
    written: BTreeMap<String, shape::Camera>,
    lines: &BTreeMap<String, Line>,
    streams: usize,
) -> Result<BTreeMap<String, Camera>, ConfigError> {
    let mut defaults = shape::Cameras::default().0;
    let mut checked = BTreeMap::new();
    for (name, camera) in written {
        judge_name(source, "cameras", &name)?;
        let default = defaults.remove(&name);
        judge_device(source, &name, &camera, default.as_ref())?;
        if camera.line.is_none() && default.is_some() && !simulated(lines, DEFAULT_LINE) {
            continue;
        }
        let line = match (&camera.line, default) {
            (Some(line), _) => line.clone(),
            (None, Some(_)) => DEFAULT_LINE.to_owned(),
            (None, None) => {
                let sentence = format!(
                    "[cameras.{name}] line is missing: the simulated mount that it is on; there is {}",
                    known(lines)
                );
                return Err(source.error(&["cameras", &name, "line"], sentence));
            }
        };
        judge_line(source, &name, &line, lines)?;
        checked.insert(name, of(&camera, line));
    }
    if checked.len() > streams {
        let sentence = format!(
            "[cameras]: there are {}, and [liveview] streams is {streams}",
            checked.len()
        );
        return Err(source.error(&["cameras"], sentence));
    }
    Ok(checked)
}

fn of(written: &shape::Camera, line: String) -> Camera {
    Camera {
        device: CameraDevice::Simulator {
            line,
            settings: CameraSettings {
                width: written.width,
                height: written.height,
                field: written.field,
                quality: written.quality,
            },
        },
        every: Duration::from_secs(1) / written.frames_per_second.get(),
    }
}

fn judge_device(
    source: &Source<'_>,
    name: &str,
    camera: &shape::Camera,
    default: Option<&shape::Camera>,
) -> Result<(), ConfigError> {
    let written = camera.device.as_deref();
    let device = written.or_else(|| default?.device.as_deref());
    let sentence = match device {
        Some(SIMULATOR) => return Ok(()),
        Some(other) => {
            format!("[cameras.{name}] device: no camera is called {other:?}; there is {SIMULATOR}")
        }
        None => format!("[cameras.{name}] device is missing: {SIMULATOR}"),
    };
    Err(source.error(&["cameras", name, "device"], sentence))
}

/// Where a real mount points is not known here, and what it sees still less.
fn judge_line(
    source: &Source<'_>,
    name: &str,
    line: &str,
    lines: &BTreeMap<String, Line>,
) -> Result<(), ConfigError> {
    if simulated(lines, line) {
        return Ok(());
    }
    let wrong = if lines.contains_key(line) {
        format!("[lines.{line}] is no simulated mount, and a simulated camera is on one")
    } else {
        format!("no line is called {line:?}")
    };
    let sentence = format!("[cameras.{name}] line: {wrong}; there is {}", known(lines));
    Err(source.error(&["cameras", name, "line"], sentence))
}

fn simulated(lines: &BTreeMap<String, Line>, name: &str) -> bool {
    let device = lines.get(name).map(|line| &line.device);
    matches!(device, Some(Device::Simulator(family)) if family.is_mount())
}

/// The lines that a simulated camera can be on.
fn known(lines: &BTreeMap<String, Line>) -> String {
    let names = lines.keys().map(String::as_str);
    listed(
        &names
            .filter(|name| simulated(lines, name))
            .collect::<Vec<_>>(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    const REAL: &str = "[lines.east]\ndevice = \"/dev/ttyUSB0\"\n";

    fn parsed(text: &str) -> BTreeMap<String, Camera> {
        Config::parse("slewgate.toml", text, &[]).unwrap().cameras
    }

    fn wrong(text: &str) -> String {
        let parsed = Config::parse("slewgate.toml", text, &[]);
        parsed.unwrap_err().to_string()
    }

    fn line_of(camera: &Camera) -> &str {
        let CameraDevice::Simulator { line, .. } = &camera.device;
        line
    }

    #[test]
    fn the_default_mount_has_a_camera_called_main() {
        let cameras = parsed("");
        assert_eq!(cameras.len(), 1);
        assert_eq!(line_of(&cameras["main"]), "east");
        assert_eq!(cameras["main"].every, Duration::from_millis(100));
        assert_eq!(parsed("[cameras.main]\nfield = 5").len(), 1);
    }

    #[test]
    fn on_a_real_mount_the_name_main_is_free_for_a_real_camera() {
        assert_eq!(parsed(REAL), BTreeMap::new());
        let annotated = include_str!("../../../../config/slewgate.toml");
        let variable = ("SLEWGATE_LINES__EAST__DEVICE", "/dev/ttyUSB0");
        let variable = (variable.0.to_owned(), variable.1.to_owned());
        let config = Config::parse("slewgate.toml", annotated, &[variable]).unwrap();
        assert_eq!(config.cameras, BTreeMap::new());
        assert_eq!(
            parsed("[lines.west]\ndevice = \"simulator:lx200\"\n[plugins]"),
            BTreeMap::new()
        );
    }

    #[test]
    fn an_empty_section_is_no_camera() {
        assert_eq!(parsed("[cameras]"), BTreeMap::new());
    }

    #[test]
    fn a_camera_is_on_the_line_that_it_names() {
        let west = "[lines.west]\ndevice = \"simulator:lx200\"\n[plugins]\n";
        let cameras = parsed(&format!(
            "{west}[cameras.guide]\ndevice = \"simulator\"\nline = \"west\"\nfield = 2.5\nwidth = 320\nheight = 240\nframes_per_second = 4\nquality = 60"
        ));
        assert_eq!(line_of(&cameras["guide"]), "west");
        assert_eq!(cameras["guide"].every, Duration::from_millis(250));
        let CameraDevice::Simulator { settings, .. } = cameras["guide"].device;
        let wanted = CameraSettings {
            width: 320,
            height: 240,
            field: 2.5,
            quality: 60,
        };
        assert_eq!(settings, wanted);
    }

    #[test]
    fn a_simulated_camera_is_on_a_simulated_mount() {
        assert_eq!(
            wrong(&format!("{REAL}[cameras.main]\nline = \"east\"")),
            "slewgate.toml:4: [cameras.main] line: [lines.east] is no simulated mount, and a simulated camera is on one; there is none"
        );
        assert_eq!(
            wrong(
                "[lines.east]\n[lines.focus]\ndevice = \"simulator:moonlite\"\n[plugins]\n[cameras.main]\nline = \"focus\""
            ),
            "slewgate.toml:6: [cameras.main] line: [lines.focus] is no simulated mount, and a simulated camera is on one; there is east"
        );
        assert_eq!(
            wrong("[cameras.main]\nline = \"west\""),
            "slewgate.toml:2: [cameras.main] line: no line is called \"west\"; there is east"
        );
        assert_eq!(
            wrong("[cameras.guide]\ndevice = \"simulator\""),
            "slewgate.toml:1: [cameras.guide] line is missing: the simulated mount that it is on; there is east"
        );
    }

    #[test]
    fn a_camera_of_an_unknown_kind_is_told_which_there_are() {
        assert_eq!(
            wrong("[cameras.main]\ndevice = \"/dev/video0\""),
            "slewgate.toml:2: [cameras.main] device: no camera is called \"/dev/video0\"; there is simulator"
        );
        assert_eq!(
            wrong("[cameras.guide]\nline = \"east\""),
            "slewgate.toml:1: [cameras.guide] device is missing: simulator"
        );
        assert_eq!(
            wrong("[cameras.main]\nfov = 3"),
            "slewgate.toml:2: unknown key cameras.main.fov; known here: device, field, frames_per_second, height, line, quality, width"
        );
        assert_eq!(
            wrong("[cameras.Main]\ndevice = \"simulator\""),
            "slewgate.toml:1: [cameras.Main]: names are 1 to 32 of a-z, 0-9 and -"
        );
        assert_eq!(
            wrong("[cameras.main]\nfield = 200"),
            "slewgate.toml:2: [cameras.main] field: invalid value: integer `200`, expected a number from 1 to 120"
        );
    }

    #[test]
    fn there_are_no_more_cameras_than_streams() {
        assert_eq!(
            wrong(
                "[liveview]\nstreams = 1\n[cameras.main]\n[cameras.guide]\ndevice = \"simulator\"\nline = \"east\""
            ),
            "slewgate.toml:3: [cameras]: there are 2, and [liveview] streams is 1"
        );
    }
}
