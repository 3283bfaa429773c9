//! What is at the end of a line while a handler is checked: never hardware, which the check would move.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context, Result};
use slewgate_simulator::{
    Family, Faults, Lx200Settings, Moonlite, MoonliteSettings, Nexstar, NexstarSettings, Script,
    ScriptSettings, Simulator, Skywatcher, SkywatcherSettings,
};
use slewgate_sky::SharedClock;

use super::script;
use crate::config::Site;

/// What a device's name begins with that stands for a script.
const SCRIPT: &str = "script:";

/// Longest name of a role: it is a file's name too.
const LONGEST_ROLE: usize = 32;

/// A line of the handler: `port=simulator:lx200`, or `port=script:heater.txt`.
#[derive(Clone, Debug)]
pub(crate) struct LineSpec {
    /// The plugin's own word for the line.
    pub(crate) role: String,
    /// Who answers on it.
    device: DeviceSpec,
}

#[derive(Clone, Debug)]
enum DeviceSpec {
    Simulator(Family),
    Script(PathBuf, Script),
}

/// It answers until this is dropped.
pub(crate) enum Device {
    Lx200(Simulator),
    Nexstar(Simulator<Nexstar>),
    Skywatcher(Simulator<Skywatcher>),
    Moonlite(Simulator<Moonlite>),
    Scripted(Simulator<Script>),
}

impl FromStr for LineSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<LineSpec, String> {
        let (role, device) = text.split_once('=').ok_or(
            "a line is ROLE=DEVICE, such as port=simulator:lx200 or port=script:heater.txt",
        )?;
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if role.is_empty() || role.len() > LONGEST_ROLE || !role.chars().all(plain) {
            return Err(format!(
                "{role:?} is no role: 1 to {LONGEST_ROLE} letters, digits, - and _, as in the plugin's `line`"
            ));
        }
        Ok(LineSpec {
            role: role.to_owned(),
            device: device.parse()?,
        })
    }
}

impl FromStr for DeviceSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<DeviceSpec, String> {
        if let Some(file) = text.strip_prefix(SCRIPT) {
            let script = script::read(Path::new(file)).map_err(|error| format!("{error:#}"))?;
            return Ok(DeviceSpec::Script(file.into(), script));
        }
        match Family::of_device(text) {
            Some(family) => family
                .map(DeviceSpec::Simulator)
                .map_err(|error| error.to_string()),
            None => Err(format!(
                "{text:?} is neither {} nor {SCRIPT}FILE; the check would move real hardware",
                Family::devices().join(" nor ")
            )),
        }
    }
}

impl LineSpec {
    /// Starts what answers, at a path that stays though the device is unplugged.
    pub(crate) fn start(&self, link: &Path, clock: &SharedClock) -> Result<Device> {
        let link = Some(link.to_owned());
        match &self.device {
            DeviceSpec::Simulator(Family::Lx200(dialect)) => {
                let site = Site::SIMULATED;
                let settings = Lx200Settings {
                    dialect: *dialect,
                    dut1: site.dut1,
                    link,
                    ..Lx200Settings::new(site.position(), Arc::clone(clock))
                };
                Ok(Device::Lx200(Simulator::start_lx200(settings)?))
            }
            DeviceSpec::Simulator(Family::Nexstar) => {
                let site = Site::SIMULATED;
                let settings = NexstarSettings {
                    dut1: site.dut1,
                    link,
                    ..NexstarSettings::new(site.position(), Arc::clone(clock))
                };
                Ok(Device::Nexstar(Simulator::start_nexstar(settings)?))
            }
            DeviceSpec::Simulator(Family::Skywatcher(model)) => {
                let site = Site::SIMULATED;
                let settings = SkywatcherSettings {
                    model: *model,
                    dut1: site.dut1,
                    link,
                    ..SkywatcherSettings::new(site.position(), Arc::clone(clock))
                };
                Ok(Device::Skywatcher(Simulator::start_skywatcher(settings)?))
            }
            DeviceSpec::Simulator(Family::Moonlite) => {
                let settings = MoonliteSettings {
                    link,
                    ..MoonliteSettings::new(Arc::clone(clock))
                };
                Ok(Device::Moonlite(Simulator::start_moonlite(settings)?))
            }
            DeviceSpec::Script(file, script) => {
                let settings = ScriptSettings {
                    link,
                    ..ScriptSettings::default()
                };
                let scripted = Simulator::start_script(script.clone(), settings);
                let scripted =
                    scripted.with_context(|| format!("cannot play {}", file.display()))?;
                Ok(Device::Scripted(scripted))
            }
        }
    }
}

impl Device {
    /// What goes wrong on its line.
    pub(crate) fn faults(&self) -> Faults {
        match self {
            Device::Lx200(simulator) => simulator.faults(),
            Device::Nexstar(simulator) => simulator.faults(),
            Device::Skywatcher(simulator) => simulator.faults(),
            Device::Moonlite(simulator) => simulator.faults(),
            Device::Scripted(simulator) => simulator.faults(),
        }
    }

    /// What the handler said that a script has no answer to.
    pub(crate) fn unknown(&self) -> Vec<u8> {
        match self {
            Device::Lx200(_) | Device::Nexstar(_) | Device::Skywatcher(_) | Device::Moonlite(_) => {
                Vec::new()
            }
            Device::Scripted(simulator) => simulator.unknown(),
        }
    }

    /// Whether it is seen to move, whatever it says. A script does not.
    pub(crate) fn moves(&self) -> bool {
        match self {
            Device::Lx200(simulator) => simulator.state().moving,
            Device::Nexstar(simulator) => simulator.state().moving,
            Device::Skywatcher(simulator) => simulator.state().moving,
            Device::Moonlite(simulator) => simulator.state().moving,
            Device::Scripted(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_role_and_who_answers_and_never_hardware() {
        let said = |text: &str| LineSpec::from_str(text).unwrap_err();
        assert!(said("port").contains("ROLE=DEVICE"));
        assert!(said("=simulator:lx200").contains("is no role"));
        assert!(said("a/b=simulator:lx200").contains("is no role"));
        assert!(said("port=/dev/ttyUSB0").contains("real hardware"));
        assert!(said("port=simulator:lx2000").contains("no simulator is called"));
        assert!(said("port=script:nowhere.txt").contains("nowhere.txt"));
        let line: LineSpec = "port=simulator:lx200/onstep".parse().unwrap();
        assert_eq!(line.role, "port");
    }
}
