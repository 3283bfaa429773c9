//! Who must not notice: a client that asks ten times a second, on a thread of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use slewgate_tests::PATIENCE;
use tokio::runtime::Builder;
use tokio::sync::{oneshot, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::target::{Stream, Target};

const EVERY: Duration = Duration::from_millis(100);
/// Busy machines hold everybody up: what is late is measured, what does not come at all has failed.
const AT_LAST: Duration = Duration::from_secs(60);

/// See the module.
pub(crate) struct Victim {
    figures: Arc<Mutex<Figures>>,
    /// How many of its requests were answered so far.
    answered: watch::Receiver<u64>,
    leaving: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Figures {
    /// What the requests of this phase took.
    took: Vec<Duration>,
    /// Since when one waits for its answer.
    open: Option<Instant>,
    /// What the slowest request of all phases took.
    longest: Duration,
}

impl Victim {
    /// It is in, and asks.
    pub(crate) async fn come(target: Target) -> Victim {
        let figures = Arc::default();
        let leaving = Arc::new(AtomicBool::new(false));
        let (count, answered) = watch::channel(0);
        let (tell, came) = oneshot::channel();
        let (its, goes) = (Arc::clone(&figures), Arc::clone(&leaving));
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(asks(&target, tell, &its, &count, &goes));
        });
        came.await.unwrap();
        Victim {
            figures,
            answered,
            leaving,
            thread: Some(thread),
        }
    }

    /// A phase begins. What was before it is in no figure, nor is the request that is open.
    pub(crate) fn forget(&self) {
        let mut figures = locked(&self.figures);
        figures.took.clear();
        figures.open = None;
    }

    /// How long 99 of 100 requests of this phase took, which ends here; the one that is open took as long as it is open, so that who is
    /// not answered at all has a figure too. A phase that was shorter than what is between two requests lasts until the next one.
    pub(crate) async fn p99(&self) -> Duration {
        loop {
            let answered = self.answered();
            let p99 = locked(&self.figures).p99();
            match p99 {
                Some(p99) => return p99,
                None => self.is_answered_after(answered).await,
            }
        }
    }

    /// How many of its requests were answered so far.
    pub(crate) fn answered(&self) -> u64 {
        *self.answered.borrow()
    }

    /// Another request than the first so many is answered, in time.
    pub(crate) async fn is_answered_after(&self, answered: u64) {
        let mut now = self.answered.clone();
        let more = timeout(PATIENCE, now.wait_for(|now| *now > answered)).await;
        let is_answered = matches!(more, Ok(Ok(_)));
        assert!(is_answered, "the victim was not answered in time");
    }

    /// It was answered each time, to the last, and in time.
    pub(crate) fn leave(mut self) {
        self.leaving.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(()))), "the victim noticed");
        let longest = locked(&self.figures).longest;
        assert!(longest <= PATIENCE, "the victim waited for {longest:?}");
    }
}

impl Figures {
    fn p99(&mut self) -> Option<Duration> {
        let mut took = std::mem::take(&mut self.took);
        took.extend(self.open.map(|since| since.elapsed()));
        took.sort_unstable();
        let index = (took.len() * 99).div_ceil(100).checked_sub(1)?;
        Some(took[index])
    }

    /// What is open no more is in no figure: [`Victim::forget`].
    fn answered(&mut self) {
        if let Some(since) = self.open.take() {
            let took = since.elapsed();
            self.took.push(took);
            self.longest = self.longest.max(took);
        }
    }
}

fn locked(figures: &Mutex<Figures>) -> MutexGuard<'_, Figures> {
    figures.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn asks(
    target: &Target,
    came: oneshot::Sender<()>,
    figures: &Mutex<Figures>,
    count: &watch::Sender<u64>,
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
        let asked = json!({ "jsonrpc": "2.0", "id": id, "method": "host.info" });
        locked(figures).open = Some(Instant::now());
        say(&mut socket, &asked).await;
        let answer = hear(&mut socket).await;
        assert!(
            answer["result"].is_object() && answer["id"] == id,
            "{answer}"
        );
        locked(figures).answered();
        count.send_replace(id);
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
