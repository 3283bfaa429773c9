//! `/healthz`: whether the host serves, for whatever watches it. It needs no token and tells nothing else.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::visit::Web;

/// 200 while the host serves, 503 from when it was told to end.
pub(super) async fn health(State(web): State<Arc<Web>>) -> Response {
    answer(web.ending.is_cancelled())
}

fn answer(ending: bool) -> Response {
    let (status, text) = if ending {
        let ending = r#"{"status": "shutting down"}"#;
        (StatusCode::SERVICE_UNAVAILABLE, ending)
    } else {
        (StatusCode::OK, r#"{"status": "ok"}"#)
    };
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_was_told_to_end_is_not_healthy() {
        assert_eq!(answer(true).status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer(false).status(), StatusCode::OK);
    }
}
