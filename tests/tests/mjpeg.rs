//! `GET /liveview/NAME` on port 5000: the pictures of a stream for viewers that know no WebSocket.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, PATIENCE, Setup, ask, get, number, picture, plugins};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// Bytes of a picture where its size does not matter.
const SMALL: usize = 2_000;

/// A viewer that reads what it is sent as RFC 2046 and RFC 9112 have it.
struct Viewer {
    stream: BufReader<TcpStream>,
    head: String,
    /// What is left of a chunk.
    chunk: usize,
}

impl Viewer {
    async fn connect(web: SocketAddr, stream: &str, authorization: &str) -> Viewer {
        let socket = TcpStream::connect(web).await.unwrap();
        Viewer::on(socket, web, stream, authorization).await
    }

    async fn on(socket: TcpStream, web: SocketAddr, stream: &str, authorization: &str) -> Viewer {
        let mut stream_ = BufReader::new(socket);
        let lines = format!("Authorization: {authorization}\r\n");
        let request = get(web, &format!("/liveview/{stream}"), &lines);
        stream_.write_all(request.as_bytes()).await.unwrap();
        let mut viewer = Viewer {
            stream: stream_,
            head: String::new(),
            chunk: 0,
        };
        while !viewer.head.ends_with("\r\n\r\n") {
            let line = timeout(PATIENCE, viewer.stream.read_line(&mut viewer.head)).await;
            assert!(line.unwrap().unwrap() > 0, "{}", viewer.head);
        }
        viewer
    }

    /// The next byte of the body; none at its end.
    async fn byte(&mut self) -> Option<u8> {
        if self.chunk == 0 {
            let mut size = String::new();
            self.stream.read_line(&mut size).await.ok()?;
            self.chunk = usize::from_str_radix(size.trim_end(), 16).ok()?;
            if self.chunk == 0 {
                return None;
            }
        }
        let byte = self.stream.read_u8().await.ok()?;
        self.chunk -= 1;
        if self.chunk == 0 {
            let mut end = [0; 2];
            self.stream.read_exact(&mut end).await.ok()?;
            assert_eq!(&end, b"\r\n");
        }
        Some(byte)
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(self.byte().await?);
        }
        Some(String::from_utf8(line).unwrap().trim_end().to_owned())
    }

    /// The next picture; none where the answer or its connection has ended.
    async fn picture(&mut self) -> Option<Vec<u8>> {
        let next = async {
            let mut line = self.line().await?;
            if line.is_empty() {
                line = self.line().await?;
            }
            assert_eq!(line, "--slewgate-picture");
            assert_eq!(self.line().await?, "Content-Type: image/jpeg");
            let length = self.line().await?;
            let length = length.strip_prefix("Content-Length: ").unwrap().parse();
            assert_eq!(self.line().await?, "");
            let mut picture = Vec::new();
            for _ in 0..length.unwrap() {
                picture.push(self.byte().await?);
            }
            Some(picture)
        };
        timeout(PATIENCE, next).await.expect("a picture or the end")
    }

    async fn number(&mut self) -> u64 {
        number(&self.picture().await.expect("a picture"))
    }

    /// Reads to the end.
    async fn ended(&mut self) {
        while self.picture().await.is_some() {}
    }
}

async fn publisher(observatory: &Observatory, stream: &str) -> Client {
    let token = observatory.token("telescope");
    let mut client = Client::authenticated(observatory.liveview(), &token, "camera").await;
    client.send(&json!({ "publish": stream }).to_string()).await;
    assert_eq!(client.next().await, json!({ "publishing": stream }));
    client
}

async fn show(client: &mut Client, number: u64) {
    let frame = picture(number, SMALL);
    client.send_message(Message::binary(frame)).await;
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn basic(user: &str, token: &str) -> String {
    format!(
        "Basic {}",
        BASE64_STANDARD.encode(format!("{user}:{token}"))
    )
}

/// The answer to a viewer that is turned away.
async fn refused(web: SocketAddr, path: &str, authorization: &str) -> (Option<u16>, String) {
    let lines = format!("Authorization: {authorization}\r\n");
    let answer = ask(web, get(web, path, &lines)).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn the_pictures_of_a_stream_come_whole_and_in_order_to_both_ways_of_showing_a_token() {
    let observatory = Observatory::start();
    let mut camera = publisher(&observatory, "main").await;
    let token = observatory.token("observer");
    show(&mut camera, 0).await;
    let mut viewers = Vec::new();
    for authorization in [bearer(&token), basic("vlc", &token), basic("", &token)] {
        let mut viewer = Viewer::connect(observatory.web(), "main", &authorization).await;
        assert!(viewer.head.starts_with("HTTP/1.1 200 "), "{}", viewer.head);
        let replaced = "content-type: multipart/x-mixed-replace; boundary=slewgate-picture";
        assert!(viewer.head.contains(replaced), "{}", viewer.head);
        // The newest is shown at once to who comes late.
        assert_eq!(viewer.number().await, 0);
        viewers.push(viewer);
    }
    for round in 1..20 {
        show(&mut camera, round).await;
        for viewer in &mut viewers {
            assert_eq!(viewer.number().await, round);
        }
    }
}

#[tokio::test]
async fn a_viewer_is_a_session_like_others_and_leaves_when_it_goes() {
    let observatory = Observatory::start();
    let mut camera = publisher(&observatory, "main").await;
    show(&mut camera, 0).await;
    let mut client = observatory.client("observer").await;
    let clients = async |client: &mut Client| {
        client.call("host.info", json!({})).await.unwrap()["clients"].clone()
    };
    assert_eq!(clients(&mut client).await, json!(2));
    let token = observatory.token("observer");
    let viewer = Viewer::connect(observatory.web(), "main", &basic("vlc", &token)).await;
    assert_eq!(clients(&mut client).await, json!(3));
    let here = observatory.wait_for_security_event(|event| {
        event["event"] == "auth_ok" && event["client_id"] == "vlc"
    });
    assert_eq!(here["client_type"], "observer");
    drop(viewer);
    let gone = observatory
        .wait_for_security_event(|event| event["event"] == "closed" && event["client_id"] == "vlc");
    assert_eq!(gone["session"], here["session"]);
    assert_eq!(clients(&mut client).await, json!(2));
}

#[tokio::test]
async fn without_a_good_token_the_answer_is_401_and_an_address_never_holds_one() {
    let observatory = Observatory::start();
    let web = observatory.web();
    let _camera = publisher(&observatory, "main").await;
    let token = observatory.token("observer");
    for lines in [
        String::new(),
        format!("Authorization: Digest {token}\r\n"),
        format!(
            "Authorization: {}\r\n",
            bearer("no-token-of-this-host-000000000000000000")
        ),
        format!(
            "Authorization: {}\r\n",
            basic("vlc", "no-token-of-this-host-000000000000000")
        ),
        format!("Authorization: {}\r\n", basic("not a client id", &token)),
        format!("X-Token: {token}\r\n"),
    ] {
        let path = format!("/liveview/main?token={token}");
        let answer = ask(web, get(web, &path, &lines)).await;
        assert_eq!(answer.status, Some(401), "{lines} {answer:?}");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Basic realm="), "{challenge}");
    }
    let failed = observatory.wait_for_security_event(|event| event["event"] == "auth_failed");
    assert_eq!(failed["code"], 4001);
    let told = serde_json::to_string(&observatory.security_log()).unwrap() + &observatory.log();
    assert!(!told.contains(&token) && !told.contains("no-token-of-this-host"));
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_404_with_those_that_are() {
    let observatory = Observatory::start();
    let web = observatory.web();
    let authorization = bearer(&observatory.token("observer"));
    let none = refused(web, "/liveview/main", &authorization).await;
    assert_eq!(
        none,
        (
            Some(404),
            "nobody sends pictures as main; there are no streams now\n".into()
        )
    );
    let _cameras = [
        publisher(&observatory, "main").await,
        publisher(&observatory, "guide").await,
    ];
    let other = refused(web, "/liveview/all-sky", &authorization).await;
    assert_eq!(
        other,
        (
            Some(404),
            "nobody sends pictures as all-sky; there are guide, main\n".into()
        )
    );
    let (status, said) = refused(web, "/liveview/%3Cb%3E", &authorization).await;
    assert_eq!(status, Some(404));
    assert!(said.starts_with("a stream's name is"), "{said}");
    assert_eq!(
        refused(web, "/liveview/main/more", &authorization).await.0,
        Some(404)
    );
}

#[tokio::test]
async fn the_policy_decides_and_says_why_not() {
    let observatory = Observatory::start();
    let _camera = publisher(&observatory, "main").await;
    let authorization = bearer(&observatory.token("guest"));
    let (status, said) = refused(observatory.web(), "/liveview/main", &authorization).await;
    assert_eq!(status, Some(403));
    assert!(
        said.starts_with("permission denied: ") && said.contains("guest"),
        "{said}"
    );
    let denied = observatory.wait_for_security_event(|event| event["event"] == "denied");
    assert_eq!(denied["subject"], "liveview.watch");
    // A guest who may not look is not told what there is to see.
    let (status, said) = refused(observatory.web(), "/liveview/other", &authorization).await;
    assert_eq!(status, Some(403));
    assert!(!said.contains("main"), "{said}");
}

#[tokio::test]
async fn a_policy_that_is_taken_away_ends_the_pictures() {
    let observatory = Observatory::start();
    let mut camera = publisher(&observatory, "main").await;
    show(&mut camera, 0).await;
    let token = observatory.token("observer");
    let mut viewer = Viewer::connect(observatory.web(), "main", &basic("vlc", &token)).await;
    assert_eq!(viewer.number().await, 0);
    std::fs::remove_file(observatory.data().join("policies/observer.wasm")).unwrap();
    viewer.ended().await;
    let closed = observatory
        .wait_for_security_event(|event| event["event"] == "closed" && event["client_id"] == "vlc");
    assert_eq!(closed["code"], 1008);
    assert!(plugins().join("policies/observer.wasm").exists());
}

#[tokio::test]
async fn a_revoked_token_ends_the_pictures_also_of_one_who_does_not_read() {
    let observatory = Observatory::start();
    let mut camera = publisher(&observatory, "main").await;
    let token = observatory.token("observer");
    let mut reader = Viewer::connect(observatory.web(), "main", &basic("reader", &token)).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let socket = socket.connect(observatory.web()).await.unwrap();
    let _lazy = Viewer::on(socket, observatory.web(), "main", &basic("lazy", &token)).await;
    for round in 0..10 {
        let frame = picture(round, 1_000_000);
        camera.send_message(Message::binary(frame)).await;
        assert_eq!(reader.number().await, round);
    }
    let revoked = Instant::now();
    assert!(
        observatory
            .run(&["token", "revoke", &token])
            .status
            .success()
    );
    reader.ended().await;
    println!("ended {:?} after the order to revoke", revoked.elapsed());
    for id in ["reader", "lazy"] {
        let closed = observatory.wait_for_security_event(|event| {
            event["event"] == "closed" && event["client_id"] == id
        });
        assert_eq!(closed["code"], 4001, "{closed}");
    }
    println!("both on record after {:?}", revoked.elapsed());
}

#[tokio::test]
async fn a_viewer_that_takes_nothing_holds_up_nobody_and_is_closed() {
    let observatory = Setup::default()
        .config("[liveview]\nstall_ms = 500")
        .start();
    let mut camera = publisher(&observatory, "main").await;
    let token = observatory.token("observer");
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let socket = socket.connect(observatory.web()).await.unwrap();
    let _lazy = Viewer::on(socket, observatory.web(), "main", &basic("lazy", &token)).await;
    let mut reader = Viewer::connect(observatory.web(), "main", &basic("reader", &token)).await;
    let closed = async {
        for round in 0.. {
            let frame = picture(round, 100_000);
            camera.send_message(Message::binary(frame)).await;
            assert_eq!(
                reader.number().await,
                round,
                "the other one gets every picture"
            );
            let log: Vec<Value> = observatory.security_log();
            let lazy = log
                .iter()
                .find(|event| event["event"] == "closed" && event["client_id"] == "lazy");
            if let Some(closed) = lazy {
                return closed.clone();
            }
        }
        unreachable!()
    };
    let closed = timeout(PATIENCE, closed).await.expect("it is closed");
    assert_eq!(closed["code"], 1013, "{closed}");
}

#[tokio::test]
async fn the_newest_picture_wins_for_a_slow_viewer() {
    let observatory = Observatory::start();
    let mut camera = publisher(&observatory, "main").await;
    let token = observatory.token("observer");
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let socket = socket.connect(observatory.web()).await.unwrap();
    let mut slow = Viewer::on(socket, observatory.web(), "main", &basic("slow", &token)).await;
    let mut fast = Viewer::connect(observatory.web(), "main", &basic("fast", &token)).await;
    const ROUNDS: u64 = 100;
    for round in 0..ROUNDS {
        let frame = picture(round, 200_000);
        camera.send_message(Message::binary(frame)).await;
        assert_eq!(fast.number().await, round);
    }
    let mut seen = Vec::new();
    while seen.last() != Some(&(ROUNDS - 1)) {
        seen.push(slow.number().await);
    }
    assert!(seen.is_sorted(), "{seen:?}");
    println!(
        "of {ROUNDS} pictures the slow one got {}: {seen:?}",
        seen.len()
    );
    assert!(seen.len() < 20, "20 MB did not wait for it: {seen:?}");
}

#[tokio::test]
async fn the_end_of_a_stream_ends_the_answer() {
    let observatory = Observatory::start();
    let mut camera = publisher(&observatory, "main").await;
    let authorization = bearer(&observatory.token("observer"));
    let mut viewer = Viewer::connect(observatory.web(), "main", &authorization).await;
    show(&mut camera, 0).await;
    assert_eq!(viewer.number().await, 0);
    camera.close().await;
    viewer.ended().await;
}

#[tokio::test]
async fn the_same_client_id_comes_once_and_one_that_is_dead_gives_way() {
    let observatory = Setup::default().config("[command]\nprobe_ms = 300").start();
    let mut camera = publisher(&observatory, "main").await;
    show(&mut camera, 0).await;
    let token = observatory.token("observer");
    let authorization = basic("vlc", &token);
    let mut first = Viewer::connect(observatory.web(), "main", &authorization).await;
    assert_eq!(first.number().await, 0);
    // It takes pictures while the other one asks: it is alive.
    let web = observatory.web();
    let second = tokio::spawn(async move { refused(web, "/liveview/main", &authorization).await });
    let mut round = 0;
    while !second.is_finished() {
        round += 1;
        show(&mut camera, round).await;
        assert_eq!(first.number().await, round);
    }
    let (status, said) = second.await.unwrap();
    assert_eq!(
        (status, &*said),
        (Some(409), "Client ID already connected\n")
    );
    // Nothing is sent now, so it cannot show that it is there.
    let mut third = Viewer::connect(observatory.web(), "main", &basic("vlc", &token)).await;
    assert_eq!(third.number().await, round);
    first.ended().await;
}

#[tokio::test]
async fn a_shutdown_ends_the_pictures() {
    // The host's own camera: the stream of a client's would end with that client.
    let mut observatory = Setup::default().cameras().start();
    let token = observatory.token("observer");
    let mut viewer = Viewer::connect(observatory.web(), "main", &basic("vlc", &token)).await;
    assert!(viewer.picture().await.is_some());
    let told = Instant::now();
    observatory.terminate();
    viewer.ended().await;
    assert_eq!(observatory.exit_code(), Some(0));
    assert!(
        told.elapsed() < Duration::from_secs(8),
        "{:?}",
        told.elapsed()
    );
    let closed = observatory
        .wait_for_security_event(|event| event["event"] == "closed" && event["client_id"] == "vlc");
    assert_eq!(closed["code"], 1001);
}
