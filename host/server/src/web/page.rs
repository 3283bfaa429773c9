//! The page: one file that needs nothing from elsewhere, and the policy that holds it to that.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

/// See the file's own head.
const PAGE: &str = include_str!("page.html");

/// What tabs show.
const ICON: &str = include_str!("icon.svg");

/// Of everything that is no page: nothing may be loaded, nothing may be run.
pub(super) const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// The page and what it may do.
#[derive(Debug)]
pub struct Page {
    /// Sources of script and style: the hashes of what the file has.
    inline: String,
}

impl Default for Page {
    fn default() -> Page {
        let script = hash(between("<script>", "</script>"));
        let style = hash(between("<style>", "</style>"));
        Page {
            inline: format!("script-src '{script}'; style-src '{style}'"),
        }
    }
}

impl Page {
    /// The page for somebody who knows this machine as `host`, a name that was judged. Not every browser takes a WebSocket
    /// for the page's own origin, so it is named.
    pub(super) fn answer(&self, host: Option<&str>) -> Response {
        let sockets = host.map_or(String::new(), |host| format!(" ws://{host} wss://{host}"));
        let policy = format!(
            "default-src 'none'; {}; img-src 'self' blob:; connect-src 'self'{sockets}; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
            self.inline
        );
        let mut response = Response::new(Body::from(PAGE));
        let headers = response.headers_mut();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, html);
        if let Ok(policy) = HeaderValue::try_from(policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

pub(super) async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml")], ICON)
}

/// What the page has between two tags of which it has one each.
fn between(opening: &str, closing: &str) -> &'static str {
    let after = PAGE.split_once(opening).map_or("", |(_, after)| after);
    after.split_once(closing).map_or("", |(text, _)| text)
}

fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_one_script_and_one_style_and_nothing_from_elsewhere() {
        for (opening, count) in [("<script", 1), ("<style", 1), ("<link", 1), ("<iframe", 0)] {
            assert_eq!(PAGE.matches(opening).count(), count, "{opening}");
        }
        assert!(between("<script>", "</script>").len() > 1_000);
        assert!(between("<style>", "</style>").len() > 100);
        for foreign in ["//cdn", "http://", "https://", "url(", "@import", " style=\""] {
            assert!(!PAGE.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn what_others_say_is_never_read_as_html() {
        for dangerous in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!PAGE.contains(dangerous), "{dangerous}");
        }
    }
}
