//! Pictures that tell which they are, and whether they are whole.

/// Bytes around the data: what a host takes for a picture, with a number in a comment.
const AROUND: usize = 23;

/// A picture of so many bytes, which follow from its number.
pub fn picture(number: u64, bytes: usize) -> Vec<u8> {
    let mut picture = vec![0xff, 0xd8, 0xff, 0xfe, 0, 10];
    picture.extend(number.to_be_bytes());
    picture.extend([0xff, 0xc0, 0, 2, 0xff, 0xda, 0, 2]);
    // Xorshift; in a picture's data no byte is 0xff.
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    picture.extend((AROUND + 1..bytes).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8 & 0x7f
    }));
    picture.extend([0xff, 0xd9]);
    picture
}

/// The number of a picture that is what [`picture`] made, to the last byte.
pub fn number(seen: &[u8]) -> u64 {
    let number = seen.get(6..14).expect("a picture");
    let number = u64::from_be_bytes(number.try_into().expect("8 bytes"));
    assert!(
        seen == picture(number, seen.len()),
        "picture {number} is not what was published"
    );
    number
}
