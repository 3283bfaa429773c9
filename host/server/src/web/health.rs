//! `/healthz`: whether the host serves, for whatever watches it. It needs no token and tells nothing else.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use super::visit::Web;

/// 200 while the host serves, 503 from when it was told to end.
pub(super) async fn health(State(web): State<Arc<Web>>) -> impl IntoResponse {
    let (status, text) = if web.ending.is_cancelled() {
        let ending = r#"{"status": "shutting down"}"#;
        (StatusCode::SERVICE_UNAVAILABLE, ending)
    } else {
        (StatusCode::OK, r#"{"status": "ok"}"#)
    };
    (status, [(header::CONTENT_TYPE, "application/json")], text)
}
