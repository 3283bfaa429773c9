//! What is where on port 5000, who may ask, and the headers of every answer.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::answers::Refused;
use super::visit::{Visit, Web};
use super::{health, mjpeg, page, upgrade};
use crate::connection::Door;
use crate::net::websocket::{RETRY_AFTER, host, origin};

/// What this machine is called by who asks: judged, and none where a program of HTTP/1.0 tells none.
#[derive(Debug, Clone)]
struct Asked(Option<String>);

pub(super) fn router(web: &Arc<Web>) -> Router {
    Router::new()
        .route("/", get(front))
        .route("/icon.svg", get(page::icon))
        .route("/healthz", get(health::health))
        .route("/command", get(command))
        .route("/liveview", get(liveview))
        .route("/liveview/{stream}", get(mjpeg::pictures))
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_so)
        .layer(from_fn_with_state(Arc::clone(web), judge))
        .with_state(Arc::clone(web))
}

async fn front(State(web): State<Arc<Web>>, Extension(asked): Extension<Asked>) -> Response {
    web.page.answer(asked.0.as_deref())
}

/// The commands' WebSocket.
async fn command(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Arc<Visit>>,
    request: Request,
) -> Result<Response, Refused> {
    socket(&web.command, &visit, request)
}

/// The live view's.
async fn liveview(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Arc<Visit>>,
    request: Request,
) -> Result<Response, Refused> {
    socket(&web.liveview, &visit, request)
}

fn socket(door: &Arc<Door>, visit: &Visit, mut request: Request) -> Result<Response, Refused> {
    let upgrading = hyper::upgrade::on(&mut request);
    let (request, _) = request.into_parts();
    let answer = upgrade::accept(&request)?;
    visit.goes_through(door, upgrading);
    Ok(answer)
}

async fn nothing_here() -> Refused {
    let sentence = "nothing is here; the page is at /, pictures at /liveview/NAME, websockets at /command and /liveview, the health at /healthz";
    Refused::new(StatusCode::NOT_FOUND, sentence)
}

async fn not_so() -> Refused {
    let sentence = "this port answers GET and HEAD; commands go through the websocket at /command";
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, sentence).with(header::ALLOW, "GET, HEAD")
}

/// Goes before everything: whom the request is from, whose name and whose page it is.
async fn judge(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Arc<Visit>>,
    request: Request,
    next: Next,
) -> Response {
    let (mut request, body) = request.into_parts();
    let asked = match web.room(&visit, &request.headers) {
        Ok(()) => asked(&web, &request)
            .inspect_err(|refused| web.note(visit.from(), refused.sentence.clone())),
        Err(none) => Err(
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, none.to_string())
                .with(header::RETRY_AFTER, RETRY_AFTER),
        ),
    };
    let mut response = match asked {
        Ok(asked) => {
            request.extensions.insert(asked);
            next.run(Request::from_parts(request, body)).await
        }
        Err(refused) => refused.into_response(),
    };
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        guard(response.headers_mut());
    }
    response
}

fn asked(web: &Web, request: &Parts) -> Result<Asked, Refused> {
    let (headers, origins) = (&request.headers, &web.command.origins);
    // Where the request's own line has a name, that one counts (RFC 9112, 3.2.2).
    let absolute = request.uri.authority().map(Authority::as_str);
    let host = absolute.or_else(|| host(headers));
    match host {
        Some(host) => origins
            .judge_host(host)
            .map_err(|sentence| Refused::new(StatusCode::MISDIRECTED_REQUEST, sentence))?,
        None if request.version == Version::HTTP_11 => {
            let sentence = "a request of HTTP/1.1 has a Host";
            return Err(Refused::new(StatusCode::BAD_REQUEST, sentence));
        }
        None => {}
    }
    origins
        .judge(origin(headers), host)
        .map_err(|sentence| Refused::new(StatusCode::FORBIDDEN, sentence))?;
    Ok(Asked(host.map(str::to_owned)))
}

/// The headers of every answer: nothing is guessed, kept, framed or told to others, and the connection ends with it.
fn guard(headers: &mut HeaderMap) {
    let always: [(HeaderName, &'static str); 6] = [
        (header::CONNECTION, "close"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(page::NOTHING));
}
