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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A frame with a payload of `length` bytes, the shortest way that the length can be written.
    fn frame(first: u8, masked: bool, length: usize, fill: u8) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut bytes = vec![first];
        match length {
            0..126 => bytes.push(mask | length as u8),
            126..65_536 => {
                bytes.push(mask | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            _ => {
                bytes.push(mask | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        if masked {
            bytes.extend([fill; 4]);
        }
        bytes.extend(std::iter::repeat_n(fill, length));
        bytes
    }

    fn frames() -> impl Strategy<Value = Vec<(Vec<u8>, usize)>> {
        let length = prop_oneof![
            0..4_usize,
            120..130_usize,
            0..2_000_usize,
            65_530..65_540_usize
        ];
        let frame = (any::<u8>(), any::<bool>(), length, any::<u8>())
            .prop_map(|(first, masked, length, fill)| (frame(first, masked, length, fill), length));
        prop::collection::vec(frame, 0..12)
    }

    proptest! {
        #[test]
        fn however_the_stream_is_cut_the_headers_are_counted(
            frames in frames(),
            ends in 0.0..1.0_f64,
            cuts in prop::collection::vec(1..5_000_usize, 1..20),
        ) {
            let bytes: Vec<u8> = frames.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
            let cut_off = (bytes.len() as f64 * ends) as usize;
            let mut header_ends = Vec::new();
            let mut begin = 0;
            for (frame, payload) in &frames {
                header_ends.push(begin + frame.len() - payload);
                begin += frame.len();
            }
            let expected = header_ends.iter().filter(|end| **end <= cut_off).count();

            let mut counter = FrameCounter::new();
            let mut counted = 0;
            let mut rest = &bytes[..cut_off];
            for cut in cuts.into_iter().cycle() {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                counted += counter.pass(now);
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(counted as usize, expected);
        }

        #[test]
        fn one_who_reads_what_is_wanted_never_reads_into_the_next_frame(frames in frames()) {
            let mut counter = FrameCounter::new();
            for (frame, payload) in &frames {
                let mut rest = &frame[..];
                let mut counted = 0;
                while !rest.is_empty() {
                    let wanted = usize::try_from(counter.wanted()).unwrap();
                    prop_assert!((1..=rest.len()).contains(&wanted));
                    let (now, later) = rest.split_at(wanted);
                    counted += counter.pass(now);
                    prop_assert!(counted == 0 || counter.announced() <= *payload as u64);
                    rest = later;
                }
                prop_assert_eq!(counted, 1);
            }
        }
    }

    #[test]
    fn a_length_beyond_all_memory_is_followed_as_it_stands() {
        let mut counter = FrameCounter::new();
        let header = [
            0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
        ];
        assert_eq!(counter.pass(&header), 1);
        assert_eq!(counter.announced(), u64::MAX);
        assert_eq!(counter.pass(&[0; 1_000]), 0);
        assert_eq!(counter.announced(), u64::MAX - 1_000);
    }
}
