//! Who must not notice: a client that asks ten times a second, on a thread of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::target::{Stream, Target};

const EVERY: Duration = Duration::from_millis(100);
/// Busy machines hold everybody up: what is late is measured, what does not come at all has failed.
const AT_LAST: Duration = Duration::from_secs(60);

/// See the module.
pub(crate) struct Victim {
    took: Arc<Mutex<Vec<Duration>>>,
    leaving: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Victim {
    /// It is in, and asks.
    pub(crate) async fn come(target: Target) -> Victim {
        let took = Arc::new(Mutex::new(Vec::new()));
        let leaving = Arc::new(AtomicBool::new(false));
        let (tell, came) = oneshot::channel();
        let (its, goes) = (Arc::clone(&took), Arc::clone(&leaving));
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(asks(&target, tell, &its, &goes));
        });
        came.await.unwrap();
        Victim {
            took,
            leaving,
            thread: Some(thread),
        }
    }

    /// How long 99 of 100 of its requests took since this was asked last.
    pub(crate) fn p99(&self) -> Option<Duration> {
        let took = &mut *self.took.lock().unwrap_or_else(PoisonError::into_inner);
        let mut took = std::mem::take(took);
        took.sort_unstable();
        let index = (took.len() * 99).div_ceil(100).checked_sub(1)?;
        Some(took[index])
    }

    /// It was answered each time, to the last.
    pub(crate) fn leave(mut self) {
        self.leaving.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(()))), "the victim noticed");
    }
}

async fn asks(
    target: &Target,
    came: oneshot::Sender<()>,
    took: &Mutex<Vec<Duration>>,
    leaving: &AtomicBool,
) {
    let stream = target.connect_from([127, 0, 0, 7]).await.unwrap();
    let (mut socket, _) = client_async("ws://127.0.0.1/", stream).await.unwrap();
    say(&mut socket, &target.claim("victim")).await;
    assert_eq!(hear(&mut socket).await["type"], "auth_ok");
    came.send(()).unwrap();
    let mut turns = interval(EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut id = 0;
    while !leaving.load(Ordering::Relaxed) {
        turns.tick().await;
        id += 1;
        let began = Instant::now();
        let asked = json!({ "jsonrpc": "2.0", "id": id, "method": "host.info" });
        say(&mut socket, &asked).await;
        let answer = hear(&mut socket).await;
        assert!(
            answer["result"].is_object() && answer["id"] == id,
            "{answer}"
        );
        let mut took = took.lock().unwrap_or_else(PoisonError::into_inner);
        took.push(began.elapsed());
    }
    let _ = socket.close(None).await;
}

async fn say(socket: &mut WebSocketStream<Stream>, message: &Value) {
    let said = timeout(AT_LAST, socket.send(Message::text(message.to_string()))).await;
    said.expect("in time").expect("the victim was cut off");
}

async fn hear(socket: &mut WebSocketStream<Stream>) -> Value {
    loop {
        let heard = timeout(AT_LAST, socket.next()).await;
        let heard = heard.expect("the victim was not answered");
        match heard.expect("the victim was cut off").expect("a message") {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) => {}
            other => panic!("the victim was sent {other}"),
        }
    }
}
