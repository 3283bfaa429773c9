//! HTTP as it goes over the wire, for what no library would send.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::PATIENCE;

/// An answer to its end.
#[derive(Debug)]
pub struct Answer {
    /// Such as 200; none where the connection just ended.
    pub status: Option<u16>,
    /// Lines of the head, as they came.
    pub head: String,
    /// What came behind it.
    pub body: String,
}

impl Answer {
    fn read(bytes: &[u8]) -> Answer {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Answer {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// The value of a header that comes once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut values = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        let (_, value) = values.next()?;
        assert!(values.next().is_none(), "{name} comes twice: {self:?}");
        Some(value.trim())
    }
}

/// What is answered to these bytes, to the end of the connection.
pub async fn ask(address: SocketAddr, request: impl AsRef<[u8]>) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("the port is open");
    // It may be closed while this is sent.
    let _ = stream.write_all(request.as_ref()).await;
    read_answer(&mut stream).await
}

/// What comes to the end of a connection.
pub async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    // A reset after the answer is an end too.
    let _ = read.expect("the connection ends in time");
    Answer::read(&bytes)
}

/// A request for `path` that names the host by its address, with more lines in its head, each with its end.
pub fn get(address: SocketAddr, path: &str, lines: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{lines}\r\n")
}
