//! `GET /liveview/NAME`: the pictures of a stream in one answer that does not end (`multipart/x-mixed-replace`), for viewers
//! that know no WebSocket: VLC, ffmpeg, an `<img>`. For the host it is a session like any other of the live view.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use slewgate_engine::{Action, Client, Effect};
use slewgate_rpc::Refusal;
use tokio::time::timeout;

use super::answers::Refused;
use super::credentials::{challenge, claim};
use super::visit::{Ended, Visit, Web};
use crate::connection::{Arrival, Door, Rejected};
use crate::liveview::{Frame, LiveView, Unknown, Viewer, WATCH, action, is_name};
use crate::net::activity::Activity;
use crate::net::close::Close;
use crate::net::ending::End;
use crate::net::pressure::Pressure;
use crate::net::websocket::RETRY_AFTER;
use crate::permission;
use crate::records::{reason, tell};
use crate::sessions::{Place, Session};

/// What the answer is, and what stands before the first picture and between two (RFC 2046, 5.1.1).
const CONTENT_TYPE: &str = "multipart/x-mixed-replace; boundary=slewgate-picture";
const BEGIN: &[u8] = b"--slewgate-picture\r\n";
const BETWEEN: &[u8] = b"\r\n--slewgate-picture\r\n";

/// When the last picture is sent once more, where no new one comes: a viewer that is gone is noticed by it.
const REPEAT: Duration = Duration::from_secs(5);

/// A session whose pictures are the answer to a request.
#[derive(Debug)]
pub(super) struct Watch {
    session: Session,
    arrival: Box<Arrival>,
    permission: Permission,
}

/// What the policy allowed.
#[derive(Debug)]
struct Permission {
    client: Client,
    action: Action,
    /// The snapshot whose policy it was.
    decided: u64,
}

/// What is still to be written: the rest of a picture, then the newest.
struct Pictures {
    viewer: Viewer,
    last: Option<Arc<Frame>>,
    waiting: VecDeque<Bytes>,
    activity: Arc<Activity>,
    /// The session is among the others for as long as its pictures go out.
    _place: Place,
}

/// The handler.
pub(super) async fn pictures(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Arc<Visit>>,
    Path(stream): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let claim = claim(&web, &headers)?;
    let door = &web.liveview;
    let slot = visit.slot().ok_or_else(second_request)?;
    let mut arrival = door.arrival(visit.from(), visit.accepted, slot);
    let activity = Arc::clone(&visit.activity);
    let place = match door.place(claim, &mut arrival, activity).await {
        Ok(place) => place,
        Err(rejected) => return Err(turned_away(door, &mut arrival, rejected)),
    };
    let session = place.session().clone();
    door.begun(&mut arrival, &session);
    match begin(&web.pictures, &session, &stream).await {
        Ok((permission, viewer)) => {
            visit.watches(Watch {
                session,
                arrival,
                permission,
            });
            let activity = Arc::clone(&visit.activity);
            Ok(answer(Pictures::new(viewer, activity, place)))
        }
        Err((refused, end)) => {
            door.ended(&mut arrival, &end);
            Err(refused)
        }
    }
}

/// From a session to its pictures: the policy's word, and whether there is such a stream.
async fn begin(
    liveview: &LiveView,
    session: &Session,
    stream: &str,
) -> Result<(Permission, Viewer), (Refused, End)> {
    let client = permission::client(session);
    let (asked, is_name) = if is_name(stream) {
        (stream, true)
    } else {
        ("", false)
    };
    let action = action(WATCH, Effect::Observe, asked);
    let decided = permission::allowed(&liveview.plugins, &client, &action)
        .await
        .map_err(|refusal| denied(liveview, session, refusal))?;
    let watched = liveview.streams.watch(asked);
    let viewer = watched.map_err(|Unknown { known }| {
        let none = if is_name {
            format!("nobody sends pictures as {stream}")
        } else {
            "a stream's name is 1 to 32 of a-z, 0-9 and -".to_owned()
        };
        let others = if known.is_empty() {
            "there are no streams now".to_owned()
        } else {
            format!("there are {}", known.join(", "))
        };
        let refused = Refused::new(StatusCode::NOT_FOUND, format!("{none}; {others}"));
        (refused, End::Theirs)
    })?;
    let permission = Permission {
        client,
        action,
        decided,
    };
    Ok((permission, viewer))
}

fn denied(liveview: &LiveView, session: &Session, refusal: Refusal) -> (Refused, End) {
    let why = reason(&refusal).unwrap_or_default();
    let refused = Refused::new(StatusCode::FORBIDDEN, format!("permission denied: {why}"));
    tell(&liveview.log, session, WATCH, &Err(refusal));
    (refused, End::Ours(Close::DENIED))
}

/// The answer of HTTP to what ends a WebSocket with a code.
fn turned_away(door: &Door, arrival: &mut Arrival, rejected: Rejected) -> Refused {
    let end = door.rejected(arrival, rejected);
    let sentence = |close: &Close| close.reason.to_string();
    match end.close() {
        Some(close) if *close == Close::AUTHENTICATION_FAILED => challenge(&close.reason),
        Some(close) if *close == Close::ALREADY_CONNECTED => {
            Refused::new(StatusCode::CONFLICT, sentence(close))
        }
        Some(close) if *close == Close::RATE_LIMIT => {
            let refused = Refused::new(StatusCode::TOO_MANY_REQUESTS, sentence(close));
            refused.with(header::RETRY_AFTER, RETRY_AFTER)
        }
        close => {
            let sentence = close.map_or_else(|| end.to_string(), sentence);
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, sentence)
        }
    }
}

/// A connection ends after one.
fn second_request() -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, "a connection has one request")
}

fn answer(pictures: Pictures) -> Response {
    let stream = futures_util::stream::unfold(pictures, Pictures::next);
    let mut response = Response::new(Body::from_stream(stream));
    let replaced = HeaderValue::from_static(CONTENT_TYPE);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, replaced);
    response
}

impl Pictures {
    fn new(viewer: Viewer, activity: Arc<Activity>, place: Place) -> Pictures {
        Pictures {
            viewer,
            last: None,
            waiting: VecDeque::from([Bytes::from_static(BEGIN)]),
            activity,
            _place: place,
        }
    }

    /// The next piece. It is asked for when the one before is nearly gone: whoever takes them is alive.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Pictures)> {
        self.activity.heard();
        while self.waiting.is_empty() {
            match timeout(REPEAT, self.viewer.next()).await {
                Ok(newest) => self.last = Some(newest?),
                Err(_) if self.last.is_none() => continue,
                Err(_) => {}
            }
            if let Some(frame) = &self.last {
                self.waiting = part(frame.jpeg());
            }
        }
        let piece = self.waiting.pop_front()?;
        Some((Ok(piece), self))
    }
}

/// One picture. The boundary comes right behind it: some viewers show a picture when they see its end.
fn part(jpeg: &Bytes) -> VecDeque<Bytes> {
    let head = format!(
        "Content-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
        jpeg.len()
    );
    VecDeque::from([head.into(), jpeg.clone(), Bytes::from_static(BETWEEN)])
}

impl Watch {
    /// Waits for what ends the session from the host's side; says what it was.
    pub(super) async fn end(&self, web: &Web, pressure: &Pressure) -> End {
        let Permission {
            client,
            action,
            decided,
        } = &self.permission;
        let liveview = &web.pictures;
        tokio::select! {
            biased;
            close = self.session.outbox().closing() => End::Ours(close),
            refusal = permission::denied(&liveview.plugins, client, action, *decided) => {
                denied(liveview, &self.session, refusal).1
            }
            () = pressure.stalled(web.liveview.limits.write) => End::Ours(Close::TOO_SLOW),
        }
    }

    /// Puts on record how the session ended: by the host, or because nobody looks or publishes any more.
    pub(super) fn over(mut self, door: &Door, ended: Option<Ended>) {
        let end = match ended {
            Some(Ended::Session(end)) => end,
            _ => End::Theirs,
        };
        door.ended(&mut self.arrival, &end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundary_is_the_one_that_the_header_names() {
        let (_, boundary) = CONTENT_TYPE.split_once("boundary=").unwrap();
        let begin = String::from_utf8_lossy(BEGIN);
        let between = String::from_utf8_lossy(BETWEEN);
        assert_eq!(begin, format!("--{boundary}\r\n"));
        assert_eq!(between, format!("\r\n--{boundary}\r\n"));
    }
}
