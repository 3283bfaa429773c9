//! HTTP and WebSocket by hand (RFC 6455): what no library sends.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::target::Stream;

/// A request for a WebSocket that is granted.
pub(crate) const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// First bytes of frames: a whole message, or a part of one (5.2).
pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;
pub(crate) const FIRST: u8 = 0x01;
pub(crate) const CONTINUATION: u8 = 0x00;

/// A frame of a client, masked with zeros.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, payload.len() as u64);
    frame.extend(payload);
    frame
}

/// The header of a frame whose payload is, or is said to be, so long.
pub(crate) fn header(first: u8, length: u64) -> Vec<u8> {
    let mut header = vec![first];
    match length {
        0..126 => header.push(0x80 | length as u8),
        126..65_536 => {
            header.push(0x80 | 126);
            header.extend((length as u16).to_be_bytes());
        }
        _ => {
            header.push(0x80 | 127);
            header.extend(length.to_be_bytes());
        }
    }
    header.extend([0; 4]);
    header
}

/// A text message.
pub(crate) fn text(text: &str) -> Vec<u8> {
    frame(TEXT, text.as_bytes())
}

/// The other end of a WebSocket, with nothing between it and the bytes.
pub(crate) struct Peer {
    stream: Stream,
    /// What came and was not looked at yet.
    came: Vec<u8>,
}

impl Peer {
    /// Asks for a WebSocket over a connection.
    pub(crate) async fn upgraded(stream: Stream) -> io::Result<Peer> {
        Peer::upgraded_by(stream, UPGRADE).await
    }

    /// The same, with a request of one's own.
    pub(crate) async fn upgraded_by(mut stream: Stream, request: &str) -> io::Result<Peer> {
        stream.write_all(request.as_bytes()).await?;
        stream.flush().await?;
        let mut peer = Peer {
            stream,
            came: Vec::new(),
        };
        loop {
            if let Some(end) = peer.came.windows(4).position(|four| four == b"\r\n\r\n") {
                let answer: Vec<_> = peer.came.drain(..end + 4).collect();
                return match answer.starts_with(b"HTTP/1.1 101 ") {
                    true => Ok(peer),
                    false => Err(io::Error::other(String::from_utf8_lossy(&answer))),
                };
            }
            peer.more().await?;
        }
    }

    /// Bytes, as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// The next message of the host: the first byte of its frame, and its payload.
    pub(crate) async fn hear(&mut self) -> io::Result<(u8, Vec<u8>)> {
        loop {
            if let Some((start, length)) = payload(&self.came)
                && self.came.len() >= start + length
            {
                let frame: Vec<_> = self.came.drain(..start + length).collect();
                return Ok((frame[0], frame[start..].to_vec()));
            }
            self.more().await?;
        }
    }

    /// Reads until the host closes, and answers that: the code of the close frame, if there was one.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        while let Ok((first, payload)) = self.hear().await {
            if first == CLOSE {
                let _ = self.send(&frame(CLOSE, &payload)).await;
                let code = payload.first_chunk().copied();
                return code.map(u16::from_be_bytes);
            }
        }
        None
    }

    /// Reads to the end of the connection, and answers nothing.
    pub(crate) async fn lost(&mut self) {
        while self.hear().await.is_ok() {}
    }

    /// What it speaks over.
    pub(crate) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// The same, to keep.
    pub(crate) fn into_stream(self) -> Stream {
        self.stream
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.came).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// Where the payload of the first frame begins, and how long it is; the host masks nothing (5.1).
fn payload(bytes: &[u8]) -> Option<(usize, usize)> {
    match *bytes.get(1)? {
        126 => {
            let length = bytes.get(2..4)?.try_into().ok()?;
            Some((4, u16::from_be_bytes(length).into()))
        }
        127 => {
            let length = bytes.get(2..10)?.try_into().ok()?;
            Some((10, u64::from_be_bytes(length) as usize))
        }
        length => Some((2, length.into())),
    }
}
