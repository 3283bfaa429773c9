//! The page: one file that needs nothing from elsewhere, and the policy that holds it to that. It is written in several, for
//! who reads them, and put together when the host starts.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

const FRAME: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");

/// In the order in which they build on each other.
const SCRIPT: [&str; 9] = [
    include_str!("page/words.js"),
    include_str!("page/link.js"),
    include_str!("page/commands.js"),
    include_str!("page/liveview.js"),
    include_str!("page/jogs.js"),
    include_str!("page/shown.js"),
    include_str!("page/stop.js"),
    include_str!("page/desk.js"),
    include_str!("page/page.js"),
];

/// What tabs show.
const ICON: &str = include_str!("page/icon.svg");

/// Of everything that is no page: nothing may be loaded, nothing may be run.
pub(super) const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// The page and what it may do.
#[derive(Debug)]
pub struct Page {
    text: Bytes,
    /// Sources of script and style: the hashes of what the page has.
    inline: String,
}

impl Default for Page {
    /// Puts it together.
    fn default() -> Page {
        let script = SCRIPT.join("\n");
        let text = FRAME.replace("{style}", STYLE).replace("{script}", &script);
        let script = hash(between(&text, "<script>", "</script>"));
        let style = hash(between(&text, "<style>", "</style>"));
        Page {
            text: text.into(),
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
        let mut response = Response::new(Body::from(self.text.clone()));
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

/// What `text` has between two tags of which it has one each.
fn between<'a>(text: &'a str, opening: &str, closing: &str) -> &'a str {
    let after = text.split_once(opening).map_or("", |(_, after)| after);
    after.split_once(closing).map_or("", |(text, _)| text)
}

fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> String {
        String::from_utf8(Page::default().text.to_vec()).unwrap()
    }

    #[test]
    fn the_page_is_one_file_with_one_script_and_one_style_and_nothing_from_elsewhere() {
        let page = page();
        for (opening, count) in [
            ("<script", 1),
            ("</script", 1),
            ("<style", 1),
            ("<link", 1),
            ("<iframe", 0),
            ("{style}", 0),
            ("{script}", 0),
        ] {
            assert_eq!(page.matches(opening).count(), count, "{opening}");
        }
        assert!(between(&page, "<script>", "</script>").ends_with("focus();\n"));
        assert!(between(&page, "<style>", "</style>").contains("#stop"));
        for foreign in [
            "http://",
            "https://",
            "url(",
            "@import",
            "import(",
            " style=\"",
            " onclick=",
        ] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn what_others_say_is_never_read_as_markup() {
        let page = page();
        for dangerous in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
        ] {
            assert!(!page.contains(dangerous), "{dangerous}");
        }
    }

    #[test]
    fn a_token_is_kept_nowhere() {
        let page = page();
        for keeper in [
            "localStorage",
            "sessionStorage",
            "document.cookie",
            "indexedDB",
        ] {
            assert!(!page.contains(keeper), "{keeper}");
        }
    }
}
