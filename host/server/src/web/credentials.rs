//! Who is there, where there is no first message to say it: the header `Authorization`.

use std::sync::atomic::Ordering;

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::answers::Refused;
use super::visit::Web;
use crate::authenticate::Claim;

/// What a viewer is asked for that shows nothing, or nothing good.
const CHALLENGE: &str = r#"Basic realm="slewgate", charset="UTF-8""#;

/// What the header says.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    token: String,
    /// Empty where there is none.
    user: String,
}

/// What a viewer says of itself.
///
/// # Errors
/// Nothing, or nothing that could be right: 401.
pub(super) fn claim(web: &Web, headers: &HeaderMap) -> Result<Claim, Refused> {
    let shown = shown(headers).ok_or_else(|| {
        challenge(
            "show a token: Authorization: Bearer TOKEN, or Basic with any user name and the token as the password",
        )
    })?;
    let user = if shown.user.is_empty() {
        let viewer = web.viewers.fetch_add(1, Ordering::Relaxed) + 1;
        format!("viewer-{viewer}")
    } else {
        shown.user
    };
    Claim::new(shown.token, user).ok_or_else(|| {
        challenge("the user name is the client id: 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'")
    })
}

/// 401.
pub(super) fn challenge(sentence: &str) -> Refused {
    Refused::new(StatusCode::UNAUTHORIZED, sentence).with(header::WWW_AUTHENTICATE, CHALLENGE)
}

fn shown(headers: &HeaderMap) -> Option<Shown> {
    let mut values = headers.get_all(header::AUTHORIZATION).into_iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        let (token, user) = (rest.to_owned(), String::new());
        return Some(Shown { token, user });
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(rest).ok()?).ok()?;
    let (user, token) = decoded.split_once(':')?;
    let (token, user) = (token.to_owned(), user.to_owned());
    Some(Shown { token, user })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(value: &str) -> Option<Shown> {
        let value = HeaderValue::from_str(value).unwrap();
        shown(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
    }

    fn some(token: &str, user: &str) -> Option<Shown> {
        let (token, user) = (token.to_owned(), user.to_owned());
        Some(Shown { token, user })
    }

    #[test]
    fn both_ways_of_showing_a_token_are_read() {
        assert_eq!(of("Bearer secret"), some("secret", ""));
        assert_eq!(of("bearer  secret"), some("secret", ""));
        let basic = BASE64_STANDARD.encode("vlc:se:cret");
        assert_eq!(of(&format!("Basic {basic}")), some("se:cret", "vlc"));
        let nameless = BASE64_STANDARD.encode(":secret");
        assert_eq!(of(&format!("basic {nameless}")), some("secret", ""));
    }

    #[test]
    fn everything_else_shows_none() {
        let unnamed = format!("Basic {}", BASE64_STANDARD.encode("secret"));
        for other in [
            "",
            "secret",
            "Digest secret",
            "Basic ?",
            "Basic /w==",
            &unnamed,
        ] {
            assert_eq!(of(other), None, "{other}");
        }
        let twice = ["Bearer a", "Bearer b"].map(HeaderValue::from_static);
        let mut headers = HeaderMap::new();
        for value in twice {
            headers.append(header::AUTHORIZATION, value);
        }
        assert_eq!(shown(&headers), None);
    }
}
