use proptest::prelude::*;

use super::*;

/// A segment with this marker and these bytes behind its length.
fn segment(marker: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len() + 2).unwrap().to_be_bytes();
    [&[MARKER, marker], length.as_slice(), bytes].concat()
}

/// A picture as a camera makes it; its data end in `data`.
fn picture(data: &[u8]) -> Vec<u8> {
    [
        vec![MARKER, START_OF_IMAGE],
        segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        segment(0xdb, &[0; 65]),
        segment(0xc0, &[8, 0, 16, 0, 16, 1, 1, 0x11, 0]),
        segment(HUFFMAN_TABLES, &[0; 17]),
        segment(START_OF_SCAN, &[1, 1, 0, 0, 63, 0]),
        data.to_vec(),
        vec![MARKER, END_OF_IMAGE],
    ]
    .concat()
}

#[test]
fn a_cameras_picture_is_taken_also_where_zeros_pad_it() {
    let mut bytes = picture(b"data");
    assert_eq!(check(&bytes), Ok(()));
    bytes.extend([0; 511]);
    assert_eq!(check(&bytes), Ok(()));
}

#[test]
fn what_is_something_else_is_refused_with_the_place() {
    let huffman_only = [
        vec![MARKER, START_OF_IMAGE],
        segment(HUFFMAN_TABLES, &[0; 17]),
        segment(START_OF_SCAN, &[1, 1, 0, 0, 63, 0]),
        vec![MARKER, END_OF_IMAGE],
    ];
    for (bytes, why) in [
        (b"".to_vec(), NotJpeg::Beginning),
        (b"\x89PNG\r\n\x1a\n".to_vec(), NotJpeg::Beginning),
        (b"RIFF....WEBP".to_vec(), NotJpeg::Beginning),
        (vec![0xff, 0xd8], NotJpeg::Marker(2)),
        (vec![0xff, 0xd8, 0xff], NotJpeg::Marker(3)),
        (vec![0xff, 0xd8, 0xff, 0x00], NotJpeg::Marker(3)),
        (vec![0xff, 0xd8, 0x12, 0xd9], NotJpeg::Marker(2)),
        (vec![0xff, 0xd8, 0xff, 0xd9], NotJpeg::Scan),
        (vec![0xff, 0xd8, 0xff, 0xe0], NotJpeg::Segment(4)),
        (vec![0xff, 0xd8, 0xff, 0xe0, 0, 1], NotJpeg::Segment(4)),
        (vec![0xff, 0xd8, 0xff, 0xe0, 0, 9, 1], NotJpeg::Segment(4)),
        (huffman_only.concat(), NotJpeg::Size),
    ] {
        assert_eq!(check(&bytes), Err(why), "{bytes:x?}");
    }
}

fn segments() -> impl Strategy<Value = Vec<u8>> {
    let body = prop::collection::vec(any::<u8>(), 0..300);
    let marker = prop_oneof![0xe0..=0xef_u8, Just(0xfe), Just(0xdb), Just(0xdd)];
    let one = (marker, body, 0..3_usize)
        .prop_map(|(marker, body, fill)| [vec![MARKER; fill], segment(marker, &body)].concat());
    prop::collection::vec(one, 0..6).prop_map(|segments| segments.concat())
}

proptest! {
    #[test]
    fn any_picture_is_taken_and_none_that_was_cut_off(
        before in segments(),
        data in prop::collection::vec(any::<u8>(), 1..200),
        cut in 0.0..1.0_f64,
    ) {
        // Within data a marker's first byte is always stuffed with a zero.
        let data: Vec<u8> = data
            .into_iter()
            .flat_map(|byte| if byte == MARKER { vec![byte, 0] } else { vec![byte] })
            .collect();
        let mut bytes = picture(&data);
        bytes.splice(2..2, before);
        prop_assert_eq!(check(&bytes), Ok(()));
        let kept = (bytes.len() as f64 * cut) as usize;
        prop_assert!(check(&bytes[..kept]).is_err(), "{} of {}", kept, bytes.len());
    }

    #[test]
    fn whatever_comes_is_judged(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = check(&bytes);
    }

    #[test]
    fn a_picture_with_bytes_changed_is_judged(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = picture(&[7; 40]);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if check(&bytes).is_ok() {
            prop_assert!(bytes.starts_with(&[0xff, 0xd8]));
        }
    }
}
