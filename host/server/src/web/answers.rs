//! Answers that are one plain sentence.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Why a request is not served.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    /// For the client.
    pub(super) sentence: String,
    /// A header that the status asks for.
    pub(super) header: Option<(header::HeaderName, HeaderValue)>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, sentence: impl Into<String>) -> Refused {
        Refused {
            status,
            sentence: sentence.into(),
            header: None,
        }
    }

    #[must_use]
    pub(super) fn with(mut self, name: header::HeaderName, value: &'static str) -> Refused {
        self.header = Some((name, HeaderValue::from_static(value)));
        self
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(format!("{}\n", self.sentence)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, plain);
        headers.extend(self.header);
        response
    }
}
