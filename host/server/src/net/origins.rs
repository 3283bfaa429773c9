//! Which web pages may open a WebSocket here.

/// Characters of a foreign origin that a refusal repeats.
const REPEATED: usize = 64;

/// The origins that are ours, beside programs that have none.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    listed: Vec<String>,
}

impl Origins {
    /// `public_urls`: the addresses under which people reach the page, such as
    /// `https://scope.example:8443`.
    pub fn new<'a>(public_urls: impl IntoIterator<Item = &'a str>) -> Origins {
        Origins {
            listed: public_urls.into_iter().map(normal).collect(),
        }
    }

    /// `Err` has the text for the client. A request without an origin is a program's and is fine;
    /// `null` is a page that hides where it comes from.
    pub(crate) fn judge(&self, origin: Option<&str>) -> Result<(), String> {
        let Some(origin) = origin else { return Ok(()) };
        if origin != "null" && self.listed.contains(&normal(origin)) {
            return Ok(());
        }
        let shown: String = origin
            .chars()
            .take(REPEATED)
            .flat_map(char::escape_debug)
            .collect();
        Err(format!(
            "origin {shown} is not allowed; pages that may connect are listed in [web] public_urls"
        ))
    }
}

/// Scheme, host and port as RFC 6454 compares them: lower case, without the scheme's own port.
fn normal(url: &str) -> String {
    let url = url.trim_end_matches('/').to_ascii_lowercase();
    let default = match url.split_once("://") {
        Some(("http", _)) => ":80",
        Some(("https", _)) => ":443",
        _ => return url,
    };
    url.strip_suffix(default).map(str::to_owned).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_as_browsers_mean_them() {
        let origins = Origins::new(["https://Scope.example:443/", "http://10.0.0.7:5000"]);
        for fine in [
            "https://scope.example",
            "https://SCOPE.example:443",
            "http://10.0.0.7:5000",
        ] {
            assert_eq!(origins.judge(Some(fine)), Ok(()), "{fine}");
        }
        for foreign in [
            "http://scope.example",
            "https://scope.example:8443",
            "http://10.0.0.7",
            "",
        ] {
            assert!(origins.judge(Some(foreign)).is_err(), "{foreign}");
        }
    }

    #[test]
    fn null_is_foreign_even_where_somebody_lists_it() {
        assert!(Origins::new(["null"]).judge(Some("null")).is_err());
    }

    #[test]
    fn a_refusal_repeats_a_short_harmless_piece_of_the_origin() {
        let text = Origins::default()
            .judge(Some(&"\u{7}\n".repeat(500)))
            .unwrap_err();
        assert!(
            text.len() < 600 && !text.contains(['\u{7}', '\n']),
            "{text}"
        );
    }
}
