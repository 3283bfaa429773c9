use slewgate_serial::Framing;

/// What a device sends, cut into replies: it is the same however it comes in pieces.
pub fn serial_framing(data: &[u8]) {
    let [kind, number, pieces, sent @ ..] = data else {
        return;
    };
    let framing = match kind % 3 {
        0 => Framing::None,
        1 => Framing::Count(u32::from(*number)),
        _ => Framing::Until(*number),
    };
    let (replies, rest) = replies(framing, sent);
    for reply in &replies {
        is_one(framing, reply);
    }
    let whole = [replies.concat(), rest.clone()].concat();
    assert_eq!(whole, sent, "bytes were lost, or added");
    let first = in_pieces(framing, sent, 1 + usize::from(*pieces));
    let ends = replies.first().map(Vec::len);
    assert_eq!(first, ends, "the first reply ends elsewhere in pieces");
}

/// All complete replies, and what follows them. Of those without an end there is one.
fn replies(framing: Framing, sent: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
    let (mut input, mut replies) = (sent.to_vec(), Vec::new());
    while let Some(reply) = framing.take_from(&mut input) {
        let is_empty = reply.is_empty();
        replies.push(reply);
        if is_empty {
            break;
        }
    }
    (replies, input)
}

fn is_one(framing: Framing, reply: &[u8]) {
    match framing {
        Framing::None => assert!(reply.is_empty()),
        Framing::Count(count) => assert_eq!(Ok(count), u32::try_from(reply.len())),
        Framing::Until(last) => {
            let ends = reply.iter().position(|byte| *byte == last);
            assert_eq!(ends.map(|end| end + 1), Some(reply.len()));
        }
    }
}

/// Where the first reply ends, of which each piece is thrown away as it comes.
fn in_pieces(mut framing: Framing, sent: &[u8], pieces: usize) -> Option<usize> {
    let mut before = 0;
    for piece in sent.chunks(pieces).chain([&[][..]]) {
        let mut input = piece.to_vec();
        if let Some(end) = framing.take_from(&mut input) {
            return Some(before + end.len());
        }
        framing = framing.without(piece.len());
        before += piece.len();
    }
    None
}
