//! Which names are ours, and which web pages may connect.
//!
//! A page of somebody else cannot read what another origin answers, except by two ways that are closed here: a WebSocket,
//! which browsers let every page open and tell its `Origin`; and a name of its own that comes to mean our address
//! (rebinding), for which the browser tells that name as `Host`.

use std::net::Ipv6Addr;

use hyper::http::uri::Authority;

/// Characters of a foreign name that a refusal repeats.
const REPEATED: usize = 64;

/// The names and origins that are ours, beside programs that have none.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// Origins, in the form of [`normal`].
    listed: Vec<String>,
    /// Host names, in the form of [`name`].
    names: Vec<String>,
    /// Where our own page is served.
    page: Option<u16>,
    /// Whether our own page is served over TLS alone.
    tls: bool,
}

impl Origins {
    /// `public_urls`: the addresses under which people reach the page, such as
    /// `https://scope.example:8443`.
    pub fn new<'a>(public_urls: impl IntoIterator<Item = &'a str>) -> Origins {
        let listed: Vec<_> = public_urls.into_iter().map(normal).collect();
        let names = listed.iter().filter_map(|url| {
            let (_, authority) = url.split_once("://")?;
            Some(name(authority.parse::<Authority>().ok()?.host()))
        });
        Origins {
            names: names.collect(),
            listed,
            page: None,
            tls: false,
        }
    }

    /// Names by which people reach this machine, beside its addresses and `localhost`.
    #[must_use]
    pub fn named(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Origins {
        let names = names.into_iter();
        self.names.extend(names.map(|listed| name(listed.as_ref())));
        self
    }

    /// The port of our own page, which may connect to the other ports of the name that it was reached by.
    #[must_use]
    pub fn page(mut self, port: u16) -> Origins {
        self.page = Some(port);
        self
    }

    /// Whether all ports speak TLS alone: then a page that came in clear is not ours, whatever name it has. Somebody on the path can have made it.
    #[must_use]
    pub fn tls(mut self, tls: bool) -> Origins {
        self.tls = tls;
        self
    }

    /// `Err` has the text for the client. A request without an origin is a program's and is fine; `null` is a page that
    /// hides where it comes from. `host` is what the request calls this machine, which an origin must be right about.
    pub(crate) fn judge(&self, origin: Option<&str>, host: Option<&str>) -> Result<(), String> {
        let Some(origin) = origin else { return Ok(()) };
        if let Some(host) = host {
            self.judge_host(host)?;
        }
        let listed = origin != "null" && self.listed.contains(&normal(origin));
        if listed || host.is_some_and(|host| self.is_own_page(origin, host)) {
            return Ok(());
        }
        Err(format!(
            "origin {} is not allowed; pages that may connect are listed in [web] public_urls",
            shown(origin)
        ))
    }

    /// `Err` has the text for the client where `host` is a name that is not ours.
    pub(crate) fn judge_host(&self, host: &str) -> Result<(), String> {
        let authority = host.parse::<Authority>().ok();
        let ours = authority.is_some_and(|authority| {
            !host.contains('@') && {
                let name = name(authority.host());
                is_local(&name) || self.names.contains(&name)
            }
        });
        if ours {
            return Ok(());
        }
        Err(format!(
            "{} is no name of this host; names are listed in [server] names, whole addresses in [web] public_urls",
            shown(host)
        ))
    }

    /// A page from the same name, and from the port that was asked or the one where our page is.
    fn is_own_page(&self, origin: &str, host: &str) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else {
            return false;
        };
        let default = match scheme.to_ascii_lowercase().as_str() {
            // Without TLS here, a proxy before us may have it.
            "https" => 443,
            "http" if !self.tls => 80,
            _ => return false,
        };
        let (Ok(theirs), Ok(ours)) = (authority.parse::<Authority>(), host.parse::<Authority>())
        else {
            return false;
        };
        let port = theirs.port_u16().unwrap_or(default);
        let same_name = name(theirs.host()) == name(ours.host());
        same_name && (port == ours.port_u16().unwrap_or(default) || Some(port) == self.page)
    }
}

/// An address is one of this machine, or the connection would not be here; a page cannot rebind it.
fn is_local(name: &str) -> bool {
    let bracketed = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    let address = match bracketed {
        Some(v6) => v6.parse::<Ipv6Addr>().is_ok(),
        None => name.parse::<std::net::Ipv4Addr>().is_ok(),
    };
    // A name goes into headers of answers: what is no name of a machine is none of ours.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    let local = name == "localhost" || name.ends_with(".localhost");
    address || (local && name.bytes().all(plain))
}

/// Names are compared in lower case and without the dot of the root.
fn name(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

fn shown(text: &str) -> String {
    text.chars()
        .take(REPEATED)
        .flat_map(char::escape_debug)
        .collect()
}

/// Whether a browser could name a page so: by scheme, host and port, and nothing else.
pub(crate) fn is_origin(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let is_web = ["http", "https"].contains(&&*scheme.to_ascii_lowercase());
    is_web && !authority.contains('@') && authority.parse::<Authority>().is_ok()
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
            assert_eq!(origins.judge(Some(fine), None), Ok(()), "{fine}");
        }
        for foreign in [
            "http://scope.example",
            "https://scope.example:8443",
            "http://10.0.0.7",
            "",
        ] {
            assert!(origins.judge(Some(foreign), None).is_err(), "{foreign}");
        }
    }

    #[test]
    fn null_is_foreign_even_where_somebody_lists_it() {
        assert!(Origins::new(["null"]).judge(Some("null"), None).is_err());
    }

    #[test]
    fn a_refusal_repeats_a_short_harmless_piece_of_the_origin() {
        let text = Origins::default()
            .judge(Some(&"\u{7}\n".repeat(500)), None)
            .unwrap_err();
        assert!(
            text.len() < 600 && !text.contains(['\u{7}', '\n']),
            "{text}"
        );
    }

    #[test]
    fn our_own_page_may_connect_to_its_port_and_to_the_others_of_the_name_it_was_reached_by() {
        let origins = Origins::default().named(["scope.example"]).page(5000);
        for (origin, host) in [
            ("http://10.0.0.7:5000", "10.0.0.7:5000"),
            ("http://10.0.0.7:5000", "10.0.0.7:4000"),
            ("http://10.0.0.7", "10.0.0.7"),
            ("https://scope.example", "scope.example:443"),
            ("http://Scope.example:8080", "scope.example:8080"),
            ("http://[::1]:5000", "[::1]:8000"),
        ] {
            assert_eq!(
                origins.judge(Some(origin), Some(host)),
                Ok(()),
                "{origin} {host}"
            );
        }
        for (origin, host) in [
            ("http://10.0.0.8:5000", "10.0.0.7:5000"),
            ("http://10.0.0.7:8080", "10.0.0.7:5000"),
            ("http://localhost:5000", "127.0.0.1:5000"),
            ("ftp://10.0.0.7:5000", "10.0.0.7:5000"),
            ("null", "10.0.0.7:5000"),
        ] {
            assert!(
                origins.judge(Some(origin), Some(host)).is_err(),
                "{origin} {host}"
            );
        }
    }

    #[test]
    fn with_tls_a_page_in_clear_is_ours_only_where_it_is_listed() {
        let host = "scope.example:5000";
        let own = |origins: &Origins, scheme: &str| {
            let origin = format!("{scheme}://{host}");
            origins.judge(Some(&origin), Some(host)).is_ok()
        };
        let origins = Origins::default().named(["scope.example"]).page(5000);
        assert!(own(&origins, "http") && own(&origins, "https"));
        let origins = origins.tls(true);
        assert!(!own(&origins, "http") && own(&origins, "https"));
        let listed = Origins::new(["http://scope.example:5000"]).tls(true);
        assert!(own(&listed, "http"));
    }

    #[test]
    fn a_page_that_came_through_a_proxy_with_tls_is_ours_where_we_have_none() {
        let origins = Origins::default().named(["scope.example"]).page(5000);
        let (origin, host) = (Some("https://scope.example"), Some("scope.example"));
        assert_eq!(origins.judge(origin, host), Ok(()));
    }

    #[test]
    fn a_page_that_gave_our_address_a_name_of_its_own_is_refused_and_hears_of_the_setting() {
        let origins = Origins::default().page(5000);
        let evil = origins.judge(Some("http://evil.example:5000"), Some("evil.example:5000"));
        assert!(evil.unwrap_err().contains("[server] names"));
    }

    #[test]
    fn addresses_localhost_listed_names_and_those_of_public_urls_are_ours() {
        let origins = Origins::new(["https://scope.example:8443"]).named(["Dome", "dome.local"]);
        for ours in [
            "127.0.0.1",
            "192.168.1.7:5000",
            "[fe80::1]:5000",
            "localhost:5000",
            "dome:5000",
            "DOME.local.",
            "scope.example",
        ] {
            assert_eq!(origins.judge_host(ours), Ok(()), "{ours}");
        }
        for foreign in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "user@localhost",
            "a;b.localhost",
            "a'b.localhost",
            "scope.example.evil",
            "[::1",
            "a b",
        ] {
            assert!(origins.judge_host(foreign).is_err(), "{foreign}");
        }
    }
}
