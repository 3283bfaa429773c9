//! Replies on their way to a session.

use slewgate_rpc::{Refusal, Reply, batch_text};

use crate::net::outbox::Unsent;
use crate::sessions::Session;

/// How a text goes to a session: [`Session::send`], or [`Session::answer`] in the session's own task.
pub(crate) type Way = fn(&Session, String) -> Result<(), Unsent>;

/// Sends the replies of one message.
pub(crate) fn send(session: &Session, way: Way, batch: bool, replies: Vec<Reply>) {
    let sent = text(batch, &replies).map_or(Ok(()), |text| way(session, text));
    if sent == Err(Unsent::TooLong) {
        // Every request gets its reply, and these are short.
        let short = replies.into_iter().map(|reply| Reply {
            outcome: reply.outcome.and(Err(too_long())),
            ..reply
        });
        let short = text(batch, &short.collect::<Vec<_>>());
        // A session that takes no more is being closed, and its client is told why.
        let _ = short.map(|text| way(session, text));
    }
}

fn text(batch: bool, replies: &[Reply]) -> Option<String> {
    if batch {
        batch_text(replies)
    } else {
        replies.first().map(Reply::to_text)
    }
}

fn too_long() -> Refusal {
    Refusal::invalid_request(
        "this was done, but the replies are too long together; ask for less at once",
    )
}
