//! What waits to be sent to one client. Who answers never waits, and news wait until there is room; a client that does
//! not read loses its connection, and nobody else notices.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use tokio::sync::Notify;

use super::close::Close;

/// The longest single message, which is taken when nothing else waits.
pub const LONGEST_MESSAGE: usize = 256 * 1024;

/// What a waiting message costs beyond its text, so that empty ones are bounded too.
const MESSAGE_COST: usize = 32;

/// Why a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsent {
    /// The connection is closed or closing.
    #[error("the connection is closed")]
    Closed,
    /// The message is longer than [`LONGEST_MESSAGE`].
    #[error("the message is over 256 KiB")]
    TooLong,
}

/// The sending end of one connection: a bounded queue of text, and its end. Clones share it.
#[derive(Debug, Clone)]
pub struct Outbox {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Bytes that may wait.
    limit: usize,
    state: Mutex<State>,
    /// The end was asked for.
    closing: Notify,
    /// Something was written, or nothing more will be.
    room: Notify,
    /// Of those who wait for room.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Waiting>,
    /// Cost of the answers that wait or are being written.
    pending: usize,
    /// Cost of the news that wait or are being written. They take no room from answers.
    news: usize,
    /// Cost of the news that are being written.
    written_now: usize,
    ping: bool,
    close: Option<Close>,
    shut: bool,
    /// The writer, while it waits for something to send.
    writer: Option<Waker>,
}

/// A message that waits to be sent.
#[derive(Debug)]
struct Waiting {
    text: String,
    is_news: bool,
}

/// What the writer sends next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    Text(String),
    Ping,
}

impl Outgoing {
    /// What it counted for while it waited.
    pub(crate) fn cost(&self) -> usize {
        match self {
            Outgoing::Text(text) => cost(text.len()),
            Outgoing::Ping => 0,
        }
    }
}

impl Outbox {
    pub(crate) fn new(limit: usize) -> Outbox {
        Outbox {
            shared: Arc::new(Shared {
                limit,
                state: Mutex::default(),
                closing: Notify::new(),
                room: Notify::new(),
                turn: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// Queues a message. Never waits: where more than its limit would be pending, the
    /// connection is closed with 1013 and what waited is dropped.
    pub fn send(&self, text: String) -> Result<(), Unsent> {
        self.answer(text)?;
        wake(self.state());
        Ok(())
    }

    /// [`Outbox::send`] for the task that writes: it looks for what is queued before it rests, and need not wake itself.
    pub(crate) fn answer(&self, text: String) -> Result<(), Unsent> {
        let cost = cost(text.len());
        let mut state = self.open(text.len())?;
        if state.pending > 0 && state.pending + cost > self.shared.limit {
            state.queue.clear();
            drop(state);
            self.close(Close::TOO_SLOW);
            return Err(Unsent::Closed);
        }
        state.pending += cost;
        state.queue.push_back(Waiting {
            text,
            is_news: false,
        });
        Ok(())
    }

    /// Queues news once no more than half of the limit is news that wait, or none are. A client that reads is never closed for them,
    /// however much it is told, nor for the answers that come meanwhile: those have the limit for themselves. Who waits takes turns, so
    /// that long news are not overtaken by short ones for ever; the text, of about `length` bytes, is made when there is room.
    pub async fn send_with_room(
        &self,
        length: usize,
        text: impl FnOnce() -> String,
    ) -> Result<(), Unsent> {
        let _turn = self.shared.turn.lock().await;
        loop {
            let room = self.shared.room.notified();
            let mut room = pin!(room);
            // Before it is looked: what is written in between counts.
            room.as_mut().enable();
            if self.open(length)?.has_room(length, self.shared.limit) {
                break;
            }
            room.await;
        }
        let text = text();
        // Whoever waits for a turn adds nothing meanwhile.
        let mut state = self.open(text.len())?;
        state.news += cost(text.len());
        state.queue.push_back(Waiting {
            text,
            is_news: true,
        });
        wake(state);
        Ok(())
    }

    /// Asks for the end of the connection. The first wish counts; what waits is sent before it,
    /// within the time that a close may take.
    pub fn close(&self, close: Close) {
        self.state().close.get_or_insert(close);
        self.shared.closing.notify_one();
        self.shared.room.notify_waiters();
    }

    /// Takes nothing more.
    pub(crate) fn shut(&self) {
        self.state().shut = true;
        self.shared.room.notify_waiters();
    }

    /// Asks for a ping, once however often it is called before the ping is sent.
    pub(crate) fn ping(&self) {
        let mut state = self.state();
        state.ping = true;
        wake(state);
    }

    /// Waits for something to send, and looks for it whenever it is polled. For the one writer.
    pub(crate) async fn next(&self) -> Outgoing {
        poll_fn(|context| {
            let mut state = self.state();
            match state.take() {
                Some(outgoing) => Poll::Ready(outgoing),
                None => {
                    state.writer = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// What is to be sent now.
    pub(crate) fn take(&self) -> Option<Outgoing> {
        self.state().take()
    }

    /// What was taken has been written, and its cost no longer counts.
    pub(crate) fn written(&self, cost: usize) {
        let mut state = self.state();
        match std::mem::take(&mut state.written_now) {
            0 => state.pending = state.pending.saturating_sub(cost),
            news => {
                state.news = state.news.saturating_sub(news);
                drop(state);
                self.shared.room.notify_waiters();
            }
        }
    }

    /// Waits until the end was asked for. For the one task of the connection.
    pub(crate) async fn closing(&self) -> Close {
        loop {
            if let Some(close) = self.state().close.clone() {
                return close;
            }
            self.shared.closing.notified().await;
        }
    }

    /// The state, while this message may still be sent at all.
    fn open(&self, length: usize) -> Result<MutexGuard<'_, State>, Unsent> {
        if length > LONGEST_MESSAGE {
            return Err(Unsent::TooLong);
        }
        let state = self.state();
        if state.shut || state.close.is_some() {
            return Err(Unsent::Closed);
        }
        Ok(state)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is complete before its guard goes, so a poisoned state is still a whole one.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// For news of this length, beside others.
    fn has_room(&self, length: usize, limit: usize) -> bool {
        self.news == 0 || self.news + cost(length) <= limit / 2
    }

    fn take(&mut self) -> Option<Outgoing> {
        if std::mem::take(&mut self.ping) {
            return Some(Outgoing::Ping);
        }
        let Waiting { text, is_news } = self.queue.pop_front()?;
        if is_news {
            self.written_now = cost(text.len());
        }
        Some(Outgoing::Text(text))
    }
}

/// Wakes the writer, if it waits, once the state is free again.
fn wake(mut state: MutexGuard<'_, State>) {
    let writer = state.writer.take();
    drop(state);
    if let Some(writer) = writer {
        writer.wake();
    }
}

fn cost(length: usize) -> usize {
    length + MESSAGE_COST
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::poll_immediate;
    use std::future::Future;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Wake};

    const LIMIT: usize = 64 * 1024;

    async fn news(outbox: &Outbox, length: usize) -> Result<(), Unsent> {
        outbox.send_with_room(length, || "x".repeat(length)).await
    }

    #[test]
    fn what_waits_is_bounded_and_more_closes_with_1013() {
        let outbox = Outbox::new(LIMIT);
        let message = "x".repeat(1_000);
        let mut taken = 0;
        while outbox.send(message.clone()).is_ok() {
            taken += 1;
        }
        assert_eq!(taken, LIMIT / (1_000 + MESSAGE_COST));
        assert_eq!(outbox.state().close, Some(Close::TOO_SLOW));
        assert_eq!(outbox.take(), None, "what waited is dropped");
    }

    #[test]
    fn empty_messages_are_bounded_too() {
        let outbox = Outbox::new(LIMIT);
        let taken = std::iter::repeat_with(|| outbox.send(String::new()));
        assert_eq!(
            taken.take_while(Result::is_ok).count(),
            LIMIT / MESSAGE_COST
        );
    }

    #[test]
    fn what_is_being_written_counts_until_it_is() {
        let outbox = Outbox::new(LIMIT);
        outbox.send("x".repeat(40_000)).unwrap();
        let first = outbox.take().unwrap();
        assert_eq!(outbox.send("x".repeat(40_000)), Err(Unsent::Closed));

        let outbox = Outbox::new(LIMIT);
        outbox.send("x".repeat(40_000)).unwrap();
        outbox.take().unwrap();
        outbox.written(first.cost());
        assert_eq!(outbox.send("x".repeat(40_000)), Ok(()));
    }

    #[test]
    fn a_message_over_the_limit_is_taken_when_nothing_waits() {
        let outbox = Outbox::new(LIMIT);
        assert_eq!(outbox.send("x".repeat(LONGEST_MESSAGE)), Ok(()));
        assert_eq!(outbox.send(String::new()), Err(Unsent::Closed));
    }

    #[test]
    fn a_message_over_the_longest_is_refused_and_closes_nothing() {
        let outbox = Outbox::new(LIMIT);
        assert_eq!(
            outbox.send("x".repeat(LONGEST_MESSAGE + 1)),
            Err(Unsent::TooLong)
        );
        assert_eq!(outbox.send(String::new()), Ok(()));
    }

    #[test]
    fn pings_go_first_and_many_wishes_are_one() {
        let outbox = Outbox::new(LIMIT);
        outbox.send("a".to_owned()).unwrap();
        outbox.ping();
        outbox.ping();
        assert_eq!(outbox.take(), Some(Outgoing::Ping));
        assert_eq!(outbox.take(), Some(Outgoing::Text("a".to_owned())));
        assert_eq!(outbox.take(), None);
    }

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_is_sent_wakes_the_writer_and_an_answer_of_its_own_task_does_not() {
        let outbox = Outbox::new(LIMIT);
        let woken = Arc::new(Woken::default());
        let waker = Arc::clone(&woken).into();
        let mut context = Context::from_waker(&waker);
        let mut next = pin!(outbox.next());
        assert!(next.as_mut().poll(&mut context).is_pending());
        outbox.answer("a".to_owned()).unwrap();
        assert!(!woken.0.load(Ordering::Relaxed));
        let found = next.as_mut().poll(&mut context);
        assert_eq!(found, Poll::Ready(Outgoing::Text("a".to_owned())));

        let mut next = pin!(outbox.next());
        assert!(next.as_mut().poll(&mut context).is_pending());
        outbox.send("b".to_owned()).unwrap();
        assert!(woken.0.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn news_wait_for_room_and_take_none_from_answers() {
        let outbox = Outbox::new(LIMIT);
        news(&outbox, LIMIT).await.unwrap();
        let mut waiting = pin!(news(&outbox, LIMIT));
        outbox.send("x".repeat(LIMIT - MESSAGE_COST)).unwrap();
        let first = outbox.take().unwrap();
        assert!(poll_immediate(waiting.as_mut()).await.is_none());
        outbox.written(first.cost());
        assert_eq!(poll_immediate(waiting).await, Some(Ok(())));
        let mut third = pin!(news(&outbox, LIMIT));
        let answer = outbox.take().unwrap();
        outbox.written(answer.cost());
        assert!(poll_immediate(third.as_mut()).await.is_none());
        assert_eq!(outbox.take(), Some(Outgoing::Text("x".repeat(LIMIT))));
        assert_eq!(outbox.send(String::new()), Ok(()));
    }

    #[tokio::test]
    async fn news_that_are_short_go_together_up_to_half_of_the_limit() {
        let outbox = Outbox::new(LIMIT);
        let mut sent = 0;
        while poll_immediate(pin!(news(&outbox, 1_000))).await.is_some() {
            sent += 1;
        }
        assert_eq!(sent, LIMIT / 2 / (1_000 + MESSAGE_COST));
    }

    #[tokio::test]
    async fn long_news_are_not_overtaken_by_short_ones_and_are_made_when_there_is_room() {
        let outbox = Outbox::new(LIMIT);
        news(&outbox, 1_000).await.unwrap();
        let first = outbox.take().unwrap();
        let made = AtomicBool::new(false);
        let mut long = pin!(outbox.send_with_room(LIMIT, || {
            made.store(true, Ordering::Relaxed);
            "x".repeat(LIMIT)
        }));
        assert!(poll_immediate(long.as_mut()).await.is_none());
        let mut short = pin!(news(&outbox, 1_000));
        assert!(poll_immediate(short.as_mut()).await.is_none());
        assert!(!made.load(Ordering::Relaxed));
        outbox.written(first.cost());
        assert_eq!(poll_immediate(long).await, Some(Ok(())));
        assert!(poll_immediate(short.as_mut()).await.is_none());
        let second = outbox.take().unwrap();
        assert_eq!(second.cost(), cost(LIMIT));
        outbox.written(second.cost());
        assert_eq!(poll_immediate(short).await, Some(Ok(())));
    }

    #[tokio::test]
    async fn what_waits_for_room_ends_with_the_connection() {
        for end in [|it: &Outbox| it.close(Close::SHUTDOWN), Outbox::shut] {
            let outbox = Outbox::new(LIMIT);
            news(&outbox, LIMIT).await.unwrap();
            let mut waiting = pin!(news(&outbox, LIMIT));
            assert!(poll_immediate(waiting.as_mut()).await.is_none());
            end(&outbox);
            assert_eq!(poll_immediate(waiting).await, Some(Err(Unsent::Closed)));
        }
    }

    #[tokio::test]
    async fn the_first_wish_to_close_counts() {
        let outbox = Outbox::new(LIMIT);
        outbox.close(Close::RATE_LIMIT);
        outbox.close(Close::SHUTDOWN);
        assert_eq!(outbox.closing().await, Close::RATE_LIMIT);
    }
}
