//! Serial devices where they are files.
//!
//! `serialport` sets the device up and keeps others off. It leaves the descriptor in blocking mode, where a write waits until
//! everything is taken; so the bytes go through a second descriptor of the same device, which never waits.
//!
//! Many boards start anew when DTR goes from low to high. The system raises it at the first opening after the device was
//! plugged in, and no program can keep it from that; here it is neither raised nor lowered, and closing does not lower it, so that
//! later openings change nothing.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::thread;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::fs::{Access, FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use rustix::termios::{
    ControlModes, OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr,
};
use serialport::{DataBits, FlowControl, Parity, StopBits, TTYPort};

use crate::device::{Device, in_words};

/// How many other devices an error names.
const NAMED_DEVICES: usize = 4;

/// An open device. Closing one may take as long as its driver likes (it waits for what is not transmitted), so that is done
/// where nobody waits for it.
pub(crate) struct SerialDevice(Option<Open>);

struct Open {
    bytes: OwnedFd,
    /// Keeps others off; none beside another program that does so itself.
    _port: Option<TTYPort>,
}

impl SerialDevice {
    /// `beside`: another program may have the device, if the system lets this one have it too.
    pub(crate) fn open(path: &str, baud: u32, beside: bool) -> Result<SerialDevice, String> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let bytes =
            rustix::fs::open(path, flags, Mode::empty()).map_err(|error| refusal(path, error))?;
        if !rustix::termios::isatty(&bytes) {
            return Err(refusal(path, Errno::NOTTY));
        }
        let port = if beside && is_taken(&bytes) {
            make_raw(&bytes, baud).map_err(|error| refused_settings(path, baud, &error))?;
            None
        } else {
            Some(set_up(path, baud).map_err(|error| match error.kind() {
                serialport::ErrorKind::NoDevice => refusal(path, Errno::BUSY),
                _ => refused_settings(path, baud, &error.into()),
            })?)
        };
        if let Err(error) = keep_dtr(&bytes) {
            tracing::debug!(path, %error, "closing the device will lower DTR");
        }
        let open = Open { bytes, _port: port };
        Ok(SerialDevice(Some(open)))
    }

    fn bytes(&self) -> io::Result<&OwnedFd> {
        let open = self.0.as_ref();
        open.map(|open| &open.bytes)
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Device for SerialDevice {
    fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(
            &mut SourceFd(&self.bytes()?.as_raw_fd()),
            token,
            Interest::READABLE | Interest::WRITABLE,
        )
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        registry.deregister(&mut SourceFd(&self.bytes()?.as_raw_fd()))
    }

    fn pace(&self) -> Option<Duration> {
        None
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(self.bytes()?, buffer)?)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(self.bytes()?, bytes)?)
    }

    fn clear_output(&self) -> io::Result<()> {
        Ok(tcflush(self.bytes()?, QueueSelector::OFlush)?)
    }
}

impl Drop for SerialDevice {
    fn drop(&mut self) {
        let open = self.0.take();
        // Without a thread it is closed here.
        let _ = thread::Builder::new()
            .name("closing".to_owned())
            .spawn(move || drop(open));
    }
}

/// Whether another program has locked the device, as `serialport` and many others do.
fn is_taken(device: &OwnedFd) -> bool {
    if flock(device, FlockOperation::NonBlockingLockExclusive).is_err() {
        return true;
    }
    // It goes with the descriptor at the latest.
    let _ = flock(device, FlockOperation::Unlock);
    false
}

/// What [`set_up`] does, without taking the device from the program that has it.
fn make_raw(device: &OwnedFd, baud: u32) -> io::Result<()> {
    let mut modes = tcgetattr(device)?;
    modes.make_raw();
    modes.control_modes |= ControlModes::CREAD | ControlModes::CLOCAL;
    modes.set_speed(baud)?;
    Ok(tcsetattr(device, OptionalActions::Now, &modes)?)
}

fn refused_settings(path: &str, baud: u32, error: &io::Error) -> String {
    format!("cannot open {path} at {baud} baud: {}", in_words(error))
}

fn set_up(path: &str, baud: u32) -> serialport::Result<TTYPort> {
    serialport::new(path, baud)
        .data_bits(DataBits::Eight)
        .parity(Parity::None)
        .stop_bits(StopBits::One)
        .flow_control(FlowControl::None)
        .preserve_dtr_on_open()
        .open_native()
}

/// Lets DTR be as it is when the device is closed: termios(3), `HUPCL`.
fn keep_dtr(device: &OwnedFd) -> io::Result<()> {
    let mut modes = tcgetattr(device)?;
    modes.control_modes.remove(ControlModes::HUPCL);
    Ok(tcsetattr(device, OptionalActions::Now, &modes)?)
}

/// Why a serial device could not be opened now, as far as that is known without opening it: opening may reset a mount.
#[must_use]
pub fn obstacle(path: &str) -> Option<String> {
    let error = rustix::fs::access(path, Access::READ_OK | Access::WRITE_OK).err()?;
    Some(refusal(path, error))
}

fn refusal(path: &str, error: Errno) -> String {
    let cause = match error {
        Errno::ACCESS | Errno::PERM => forbidden(owning_group(path).as_deref()),
        Errno::NOENT => missing(&other_devices()),
        Errno::BUSY => "another program has it open; close that, or name another device".to_owned(),
        Errno::NOTTY => "it is not a serial device".to_owned(),
        other => in_words(&other.into()),
    };
    format!("cannot open {path}: {cause}")
}

fn forbidden(group: Option<&str>) -> String {
    match group {
        Some(group) => format!("permission denied; the device belongs to group {group}"),
        None => "permission denied".to_owned(),
    }
}

fn missing(others: &[String]) -> String {
    match others {
        [] => "there is no such device, and no other serial device either; connect it".to_owned(),
        some => format!(
            "there is no such device; connect it, or use one of {}",
            some.join(", ")
        ),
    }
}

/// The name of the group that a device belongs to, or its number where it has no name.
fn owning_group(path: &str) -> Option<String> {
    let group = rustix::fs::stat(path).ok()?.st_gid;
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    Some(group_name(&groups, group).unwrap_or_else(|| group.to_string()))
}

/// group(5): `name:password:number:members` in each line.
fn group_name(groups: &str, wanted: u32) -> Option<String> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(wanted)).then(|| name.to_owned())
    })
}

/// The serial devices that are there, by the names that stay the same where the system gives such.
fn other_devices() -> Vec<String> {
    let by_id = fs::read_dir(Path::new("/dev/serial/by-id"))
        .into_iter()
        .flatten()
        .flatten();
    let mut names: Vec<String> = by_id
        .map(|entry| entry.path().display().to_string())
        .collect();
    if names.is_empty() {
        names = serialport::available_ports()
            .unwrap_or_default()
            .into_iter()
            .map(|port| port.port_name)
            .collect();
    }
    names.sort();
    names.truncate(NAMED_DEVICES);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_device_is_refused_with_the_group_that_it_belongs_to() {
        let groups = "root:x:0:\ndialout:x:20:anna,ben\nbroken\nusers:x:100:\n";
        assert_eq!(group_name(groups, 20).as_deref(), Some("dialout"));
        assert_eq!(group_name(groups, 21), None);
        assert_eq!(
            forbidden(Some("dialout")),
            "permission denied; the device belongs to group dialout"
        );
    }

    #[test]
    fn what_keeps_a_device_from_being_opened_is_known_without_opening_it() {
        assert_eq!(obstacle("/dev/null"), None);
        let missing = obstacle("/dev/ttyNone").unwrap();
        assert!(
            missing.starts_with("cannot open /dev/ttyNone: there is no such device"),
            "{missing}"
        );
    }

    #[test]
    fn a_missing_device_is_refused_with_the_devices_that_are_there() {
        let others = ["/dev/ttyACM0".to_owned(), "/dev/ttyUSB1".to_owned()];
        assert_eq!(
            missing(&others),
            "there is no such device; connect it, or use one of /dev/ttyACM0, /dev/ttyUSB1"
        );
    }
}
