//! What is plugged in, by names that stay.

use std::fs;
use std::path::Path;

use super::answers::SIMULATED;

/// Names that tell the adapter and not the order in which it was plugged in.
const BY_ID: &str = "/dev/serial/by-id";
const DEVICES: &str = "/dev";
/// Adapters where nobody keeps names by id.
const PLUGGED_IN: [&str; 2] = ["ttyUSB", "ttyACM"];

/// The serial devices that are plugged in.
pub(super) fn found() -> Vec<String> {
    listed(Path::new(BY_ID), Path::new(DEVICES))
}

/// Why the host could not open the device now, if it could not. It starts all the same, and tries again.
pub(super) fn obstacle(device: &str) -> Option<String> {
    if device.starts_with(SIMULATED) || device.contains("://") {
        return None;
    }
    if Path::new(device).is_absolute() {
        return slewgate_serial::obstacle(device);
    }
    // Elsewhere ports have names, such as COM3.
    cfg!(unix)
        .then(|| format!("{device:?} is not the whole path of a device, such as {DEVICES}/ttyUSB0"))
}

fn listed(by_id: &Path, devices: &Path) -> Vec<String> {
    let by_id = names(by_id, |_| true);
    if !by_id.is_empty() {
        return by_id;
    }
    names(devices, |name| {
        PLUGGED_IN.iter().any(|prefix| name.starts_with(prefix))
    })
}

/// Paths of what is in a folder, in order; none where the folder is not there.
fn names(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_str().is_some_and(&wanted));
    let mut paths: Vec<String> = named
        .map(|entry| entry.path().display().to_string())
        .collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_id_go_before_those_that_depend_on_the_order() {
        let place = tempfile::tempdir().unwrap();
        let (by_id, devices) = (place.path().join("by-id"), place.path().join("dev"));
        assert!(listed(&by_id, &devices).is_empty());
        fs::create_dir(&devices).unwrap();
        for name in ["ttyUSB1", "ttyUSB0", "ttyACM0", "tty1", "null"] {
            fs::write(devices.join(name), "").unwrap();
        }
        let name = |folder: &Path, name: &str| folder.join(name).display().to_string();
        let expected = ["ttyACM0", "ttyUSB0", "ttyUSB1"].map(|device| name(&devices, device));
        assert_eq!(listed(&by_id, &devices), expected);
        fs::create_dir(&by_id).unwrap();
        fs::write(by_id.join("usb-FTDI-if00-port0"), "").unwrap();
        assert_eq!(
            listed(&by_id, &devices),
            [name(&by_id, "usb-FTDI-if00-port0")]
        );
    }
}
