//! Where WebSocket frames begin and end in a stream of bytes (RFC 6455, section 5.2).

/// Bytes of a header without extended length and mask.
const SHORTEST_HEADER: u8 = 2;
const MASK: u8 = 4;

/// Follows frames by their headers alone, across any cutting of the stream into chunks.
/// It judges nothing: reserved bits, opcodes and impossible lengths are the library's to refuse.
#[derive(Debug)]
pub(crate) struct FrameCounter {
    /// Bytes of the present header that have passed.
    taken: u8,
    /// Where the extended length ends in the present header, as far as is known.
    sized: u8,
    /// Bytes that the present header has, as far as is known: the mask comes last.
    header: u8,
    /// Length of the payload, as far as its bytes have passed.
    length: u64,
    /// Bytes of the present payload that have not passed yet.
    payload: u64,
}

impl FrameCounter {
    pub(crate) fn new() -> FrameCounter {
        FrameCounter {
            taken: 0,
            sized: SHORTEST_HEADER,
            header: SHORTEST_HEADER,
            length: 0,
            payload: 0,
        }
    }

    /// Lets `bytes` pass; says how many headers were completed in them.
    pub(crate) fn pass(&mut self, mut bytes: &[u8]) -> u32 {
        let mut frames = 0;
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.payload > 0 {
                let skipped = self.payload.min(bytes.len() as u64);
                self.payload -= skipped;
                // `skipped` is no longer than `bytes`, so it fits.
                bytes = &bytes[skipped as usize..];
            } else {
                frames += u32::from(self.pass_header(byte));
                bytes = rest;
            }
        }
        frames
    }

    /// Bytes to the next boundary: the end of what is known of the header, or of the payload.
    /// One who reads no more than this never reads into the next frame.
    pub(crate) fn wanted(&self) -> u64 {
        match self.payload {
            0 => u64::from(self.header - self.taken),
            payload => payload,
        }
    }

    /// Bytes that the last header announced and that have not passed yet.
    pub(crate) fn announced(&self) -> u64 {
        self.payload
    }

    /// True when the byte ends its header.
    fn pass_header(&mut self, byte: u8) -> bool {
        match self.taken {
            0 => {}
            1 => self.learn_size(byte),
            n if n < self.sized => {
                self.length = self.length << 8 | u64::from(byte);
            }
            _ => {}
        }
        self.taken += 1;
        let complete = self.taken == self.header;
        if complete {
            *self = FrameCounter {
                payload: self.length,
                ..FrameCounter::new()
            };
        }
        complete
    }

    /// The second byte: the mask bit, and the length or how many bytes of length follow.
    fn learn_size(&mut self, byte: u8) {
        let extended = match byte & 0x7f {
            126 => 2,
            127 => 8,
            short => {
                self.length = u64::from(short);
                0
            }
        };
        let mask = if byte & 0x80 == 0 { 0 } else { MASK };
        self.sized = SHORTEST_HEADER + extended;
        self.header = self.sized + mask;
    }
}
