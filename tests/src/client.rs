//! A client that authenticates, calls and listens.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::PATIENCE;

/// See the module.
pub struct Client {
    socket: WebSocketStream<TcpStream>,
    last_id: u64,
    /// Messages that came while another was waited for.
    kept: VecDeque<Value>,
    /// How long a message is waited for.
    patience: Duration,
}

/// How the host ended a connection.
#[derive(Debug, PartialEq, Eq)]
pub struct Closed {
    /// The code of the close frame; none where the connection just ended.
    pub code: Option<u16>,
    /// Its reason.
    pub reason: String,
}

impl Client {
    /// Connected, and silent so far.
    pub async fn connect(address: SocketAddr) -> Client {
        Client::connect_at(address, "/").await
    }

    /// Connected to a path of a port that has several.
    pub async fn connect_at(address: SocketAddr, path: &str) -> Client {
        let stream = TcpStream::connect(address).await.expect("the port is open");
        Client::upgraded(stream, address, path).await
    }

    /// Connected from another address of this machine, such as 127.0.0.2: the host takes it for another source. None where it is not let in.
    pub async fn from(source: [u8; 4], address: SocketAddr) -> Option<Client> {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .bind(SocketAddr::from((source, 0)))
            .expect("an address of this machine");
        let stream = socket.connect(address).await.expect("the port is open");
        let upgraded = client_async(format!("ws://{address}/"), stream).await;
        upgraded.ok().map(|(socket, _)| Client::with(socket))
    }

    /// Connected from an address of this machine to a path, with these values of X-Forwarded-For. Where it is not let in, the status of the
    /// answer, if there was one.
    pub async fn forwarded(
        source: [u8; 4],
        address: SocketAddr,
        path: &str,
        values: &[&str],
    ) -> Result<Client, Option<u16>> {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .bind(SocketAddr::from((source, 0)))
            .expect("an address of this machine");
        let stream = socket.connect(address).await.expect("the port is open");
        let request = format!("ws://{address}{path}").into_client_request();
        let mut request = request.expect("an address");
        for value in values {
            let value = value.parse().expect("a value");
            request.headers_mut().append("x-forwarded-for", value);
        }
        match timeout(PATIENCE, client_async(request, stream)).await {
            Ok(Ok((socket, _))) => Ok(Client::with(socket)),
            Ok(Err(Error::Http(response))) => Err(Some(response.status().as_u16())),
            Ok(Err(_)) => Err(None),
            Err(_) => panic!("no answer to an upgrade"),
        }
    }

    /// Connected, with a system that keeps only so many bytes for it while it does not read.
    pub async fn with_receive_buffer(address: SocketAddr, bytes: u32) -> Client {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(bytes).expect("a socket");
        let stream = socket.connect(address).await.expect("the port is open");
        Client::upgraded(stream, address, "/").await
    }

    async fn upgraded(stream: TcpStream, address: SocketAddr, path: &str) -> Client {
        stream.set_nodelay(true).expect("a socket");
        let (socket, _) = client_async(format!("ws://{address}{path}"), stream)
            .await
            .expect("the upgrade succeeds");
        Client::with(socket)
    }

    fn with(socket: WebSocketStream<TcpStream>) -> Client {
        Client {
            socket,
            last_id: 0,
            kept: VecDeque::new(),
            patience: PATIENCE,
        }
    }

    /// Connected and accepted.
    pub async fn authenticated(address: SocketAddr, token: &str, client_id: &str) -> Client {
        let mut client = Client::connect(address).await;
        client.authenticate(token, client_id).await;
        client
    }

    /// Shows a token, which is accepted.
    pub async fn authenticate(&mut self, token: &str, client_id: &str) {
        self.send(&json!({ "token": token, "client_id": client_id }).to_string())
            .await;
        let answer = self.next().await;
        assert_eq!(answer["type"], "auth_ok", "{answer}");
    }

    /// A text message.
    pub async fn send(&mut self, text: &str) {
        self.send_message(Message::text(text)).await;
    }

    /// Any message.
    pub async fn send_message(&mut self, message: Message) {
        timeout(PATIENCE, self.socket.send(message))
            .await
            .expect("in time")
            .expect("the host takes a message");
    }

    /// Text messages in one write, so that none comes alone.
    pub async fn send_together(&mut self, texts: &[String]) {
        for text in texts {
            let fed = self.socket.feed(Message::text(text.as_str())).await;
            fed.expect("it fits into the buffer");
        }
        let sent = timeout(PATIENCE, self.socket.flush()).await;
        sent.expect("in time").expect("the host takes messages");
    }

    /// Leaves as one should.
    pub async fn close(mut self) {
        self.socket.close(None).await.expect("an open connection");
    }

    /// Leaves without a word: the host gets a reset.
    pub fn abort(self) {
        let stream = self.socket.get_ref();
        stream.set_zero_linger().expect("a socket");
    }

    /// The raw stream below, for what no library sends.
    pub fn stream(&mut self) -> &mut TcpStream {
        self.socket.get_mut()
    }

    /// The WebSocket itself.
    pub fn socket(&mut self) -> &mut WebSocketStream<TcpStream> {
        &mut self.socket
    }

    /// The next JSON message.
    pub async fn next(&mut self) -> Value {
        match self.kept.pop_front() {
            Some(kept) => kept,
            None => self
                .read()
                .await
                .unwrap_or_else(|closed| panic!("closed: {closed:?}")),
        }
    }

    /// The next picture; JSON that comes before it is kept.
    pub async fn picture(&mut self) -> Bytes {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await;
            match message.unwrap_or_else(|_| panic!("no picture; kept: {:?}", self.kept)) {
                Some(Ok(Message::Binary(picture))) => return picture,
                Some(Ok(Message::Text(text))) => {
                    let said = serde_json::from_str(&text).expect("the host sends JSON");
                    self.kept.push_back(said);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no picture but {other:?}; kept: {:?}", self.kept),
            }
        }
    }

    /// Calls a method: its result, or the error object.
    pub async fn call(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.request(method, params).await;
        self.reply(id).await
    }

    /// Sends a request, and goes on.
    pub async fn request(&mut self, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        let request =
            json!({ "jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params });
        self.send(&request.to_string()).await;
        self.last_id
    }

    /// The reply to a request; what else comes is kept.
    pub async fn reply(&mut self, id: u64) -> Result<Value, Value> {
        let mut reply = self.wait_for(|message| message["id"] == id).await;
        match reply.get_mut("error") {
            Some(error) => Err(error.take()),
            None => Ok(reply["result"].take()),
        }
    }

    /// The next event of a topic: its params. Of plugins, steps on the way are passed over: see [`Client::step`].
    pub async fn event(&mut self, topic: &str) -> Value {
        let is_step = |data: &Value| topic == "plugins" && data["what"] == "step";
        self.event_with(topic, |data| !is_step(data)).await
    }

    /// The next step of a plugin on its way to serve.
    pub async fn step(&mut self) -> Value {
        let event = self.event_with("plugins", |data| data["what"] == "step");
        event.await["data"]["plugin"].take()
    }

    async fn event_with(&mut self, topic: &str, like: impl Fn(&Value) -> bool) -> Value {
        let mut event = self
            .wait_for(|message| {
                let params = &message["params"];
                message["method"] == "event" && params["topic"] == topic && like(&params["data"])
            })
            .await;
        event["params"].take()
    }

    /// The next news of what became of a plugin's file. What policies allow by it, that a version has proved itself, and what becomes of calls
    /// of the version before, is said in between.
    pub async fn swap(&mut self) -> Value {
        loop {
            let news = self.event("plugins").await["data"].take();
            let between = ["widened", "settled", "draining", "drained"];
            if !between.iter().any(|what| news["what"] == *what) {
                return news;
            }
        }
    }

    /// How the host ends the connection; messages before that are passed over.
    pub async fn closed(&mut self) -> Closed {
        loop {
            if let Err(closed) = self.read().await {
                return closed;
            }
        }
    }

    /// Waits so long for each message, where a command may take all the time that the host gives it.
    pub fn with_patience(mut self, patience: Duration) -> Client {
        self.patience = patience;
        self
    }

    /// Forgets the events of a topic that came and that nobody asked for: those that follow are newer than now.
    pub fn forget(&mut self, topic: &str) {
        self.kept
            .retain(|message| message["params"]["topic"] != topic);
    }

    async fn wait_for(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(found) = self.kept.iter().position(&wanted) {
            return self.kept.remove(found).expect("it was found");
        }
        loop {
            let message = self
                .read()
                .await
                .unwrap_or_else(|closed| panic!("closed: {closed:?}"));
            if wanted(&message) {
                return message;
            }
            self.kept.push_back(message);
        }
    }

    async fn read(&mut self) -> Result<Value, Closed> {
        loop {
            let message = timeout(self.patience, self.socket.next()).await;
            let message = message.unwrap_or_else(|_| {
                panic!(
                    "no message within {:?}; kept: {:?}",
                    self.patience, self.kept
                )
            });
            match message {
                Some(Ok(Message::Text(text))) => {
                    return Ok(serde_json::from_str(&text).expect("the host sends JSON"));
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Err(Closed {
                        code: Some(code(frame.code)),
                        reason: frame.reason.to_string(),
                    });
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => {
                    return Err(Closed {
                        code: None,
                        reason: String::new(),
                    });
                }
                Some(Ok(_)) => {}
            }
        }
    }
}

fn code(code: CloseCode) -> u16 {
    code.into()
}
