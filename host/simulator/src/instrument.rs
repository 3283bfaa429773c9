//! Whatever is at the far end of a line: a mount, or hardware that is none.

use crate::fault::ActiveFault;
use slewgate_sky::Equatorial;

/// Hears requests and answers them.
pub(crate) trait Instrument: Ailing + 'static {
    /// What it finds in the bytes.
    type Request;

    /// Takes a byte from the line. Some: a request is whole.
    fn hear(&mut self, byte: u8) -> Option<Self::Request>;

    /// A request as it was on the wire.
    fn text(request: &Self::Request) -> String;

    /// Does what a request says and returns what goes back.
    fn reply(&mut self, request: &Self::Request) -> Vec<u8>;

    /// Takes bytes from a line without faults and returns those that go back.
    fn converse(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut replies = Vec::new();
        for byte in bytes {
            if let Some(request) = self.hear(*byte) {
                replies.extend(self.reply(&request));
            }
        }
        replies
    }
}

/// A simulated mount, for whoever is to know where its telescope points.
pub trait Pointing: Send + Sync {
    /// Where the axes point in JNow now, whatever the mount says. It is no traffic on the line.
    fn pointing(&self) -> Equatorial;
}

/// Has faults of its own; those of the wire are not.
pub(crate) trait Ailing: Send {
    /// From now on something is wrong with it.
    fn suffer(&mut self, fault: &ActiveFault);

    /// Nothing is wrong any more. Returns how many faults that ended.
    fn cure(&mut self) -> usize;

    /// What is wrong.
    fn faults(&mut self) -> Vec<ActiveFault>;
}
