//! What is taken for a JPEG, judged by its markers alone (ITU-T T.81, annex B): cheap, and enough to keep out what no viewer
//! could show. Whether it decodes is the viewer's to find out.

/// What every marker begins with.
const MARKER: u8 = 0xff;

// Table B.1: markers that stand alone, and those that the walk looks for.
const TEMPORARY: u8 = 0x01;
const FIRST_RESTART: u8 = 0xd0;
const LAST_RESTART: u8 = 0xd7;
const START_OF_IMAGE: u8 = 0xd8;
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;
const HUFFMAN_TABLES: u8 = 0xc4;
const ARITHMETIC_EXTENSION: u8 = 0xc8;
const ARITHMETIC_CONDITIONING: u8 = 0xcc;
const FIRST_FRAME_HEADER: u8 = 0xc0;
const LAST_FRAME_HEADER: u8 = 0xcf;

/// Why something is no JPEG.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotJpeg {
    /// It does not begin as one.
    #[error("it does not begin with ff d8")]
    Beginning,
    /// Something else is where a marker has to be.
    #[error("there is no marker at byte {0}")]
    Marker(usize),
    /// A segment reaches beyond the end, or is shorter than its own length field.
    #[error("the segment at byte {0} does not fit")]
    Segment(usize),
    /// The picture's size never came before its data.
    #[error("there is no frame header before the scan")]
    Size,
    /// It ends without having a picture in it.
    #[error("there is no scan in it")]
    Scan,
    /// It was cut off.
    #[error("it does not end with ff d9")]
    Ending,
}

/// Walks the markers up to the first scan, and looks for the end behind it. What cameras pad their pictures with, zeros
/// after the end, is let pass.
pub(crate) fn check(bytes: &[u8]) -> Result<(), NotJpeg> {
    if !bytes.starts_with(&[MARKER, START_OF_IMAGE]) {
        return Err(NotJpeg::Beginning);
    }
    let scan = first_scan(bytes)?;
    let padding = bytes.iter().rev().take_while(|byte| **byte == 0).count();
    // The scan's own header may end in zeros.
    let end = (bytes.len() - padding).max(scan);
    if bytes[scan..end].ends_with(&[MARKER, END_OF_IMAGE]) {
        Ok(())
    } else {
        Err(NotJpeg::Ending)
    }
}

/// Where the data of the first scan begin.
fn first_scan(bytes: &[u8]) -> Result<usize, NotJpeg> {
    let mut at = 2;
    let mut sized = false;
    loop {
        if bytes.get(at) != Some(&MARKER) {
            return Err(NotJpeg::Marker(at));
        }
        // Any number of fill bytes may stand before a marker (B.1.1.2).
        let fill = bytes[at..].iter().take_while(|byte| **byte == MARKER);
        at += fill.count();
        let Some(&marker) = bytes.get(at) else {
            return Err(NotJpeg::Marker(at));
        };
        at += 1;
        match marker {
            0 | START_OF_IMAGE => return Err(NotJpeg::Marker(at - 1)),
            END_OF_IMAGE => return Err(NotJpeg::Scan),
            TEMPORARY | FIRST_RESTART..=LAST_RESTART => {}
            _ => {
                at = segment_end(bytes, at)?;
                sized |= is_frame_header(marker);
                match (marker, sized) {
                    (START_OF_SCAN, true) => return Ok(at),
                    (START_OF_SCAN, false) => return Err(NotJpeg::Size),
                    _ => {}
                }
            }
        }
    }
}

/// Where the segment ends whose length field is `at`; the length counts itself.
fn segment_end(bytes: &[u8], at: usize) -> Result<usize, NotJpeg> {
    let length = match bytes.get(at..at + 2) {
        Some(&[high, low]) => usize::from(u16::from_be_bytes([high, low])),
        _ => return Err(NotJpeg::Segment(at)),
    };
    match at + length {
        end if length >= 2 && end <= bytes.len() => Ok(end),
        _ => Err(NotJpeg::Segment(at)),
    }
}

fn is_frame_header(marker: u8) -> bool {
    (FIRST_FRAME_HEADER..=LAST_FRAME_HEADER).contains(&marker)
        && ![
            HUFFMAN_TABLES,
            ARITHMETIC_EXTENSION,
            ARITHMETIC_CONDITIONING,
        ]
        .contains(&marker)
}

#[cfg(test)]
mod tests;
