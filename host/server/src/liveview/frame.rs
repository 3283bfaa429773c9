//! One picture, framed once for everybody.

use tokio_tungstenite::tungstenite::Bytes;

/// The first byte of a WebSocket frame that is a whole binary message (RFC 6455, section 5.2).
const WHOLE_BINARY: u8 = 0x82;

/// A picture of a stream. Its bytes are shared: a clone of them copies nothing.
#[derive(Debug)]
pub struct Frame {
    number: u64,
    jpeg: Bytes,
    /// The picture behind the header of a WebSocket frame.
    wire: Bytes,
}

impl Frame {
    /// Frames a picture. This is the one copy that is made of it.
    pub(crate) fn new(jpeg: &[u8]) -> Frame {
        let header = header(jpeg.len());
        let wire = Bytes::from([header.as_slice(), jpeg].concat());
        Frame {
            number: 1,
            jpeg: wire.slice(header.len()..),
            wire,
        }
    }

    /// The same, after another of its stream.
    pub(crate) fn after(self, before: &Frame) -> Frame {
        Frame {
            number: before.number + 1,
            ..self
        }
    }

    /// The picture.
    pub fn jpeg(&self) -> &Bytes {
        &self.jpeg
    }

    /// Counts the frames of its stream, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The picture as a message from a server to a client: one frame, unmasked.
    pub(crate) fn wire(&self) -> &Bytes {
        &self.wire
    }
}

/// The header of a binary message of one frame, with the length written the shortest way.
fn header(length: usize) -> Vec<u8> {
    let mut header = vec![WHOLE_BINARY];
    if let Some(short) = u8::try_from(length).ok().filter(|short| *short < 126) {
        header.push(short);
    } else if let Ok(medium) = u16::try_from(length) {
        header.push(126);
        header.extend(medium.to_be_bytes());
    } else {
        header.push(127);
        header.extend((length as u64).to_be_bytes());
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use tokio_tungstenite::tungstenite::protocol::Role;
    use tokio_tungstenite::tungstenite::{Message, WebSocket};

    #[test]
    fn the_library_reads_a_frame_as_one_binary_message() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 2 * 1024 * 1024] {
            let picture = vec![0xa5; length];
            let frame = Frame::new(&picture);
            let stream = Cursor::new(frame.wire().to_vec());
            let mut socket = WebSocket::from_raw_socket(stream, Role::Client, None);
            match socket.read().unwrap() {
                Message::Binary(read) => assert_eq!(read, picture),
                other => panic!("{other:?}"),
            }
            assert_eq!(frame.jpeg().as_ref(), picture);
        }
    }
}
