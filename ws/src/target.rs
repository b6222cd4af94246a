//! The target: where a client goes, read from a URL.
//!
//! Promises that nothing of it can break out of its line in a request's head, and that no error
//! shows a password. It resolves nothing.

use std::net::IpAddr;

use tungstenite::http::Uri;

use crate::credentials::of_userinfo;
use crate::error::Error;

const PORT: u16 = 80;
const SECURE_PORT: u16 = 443;

/// A `ws://` or `wss://` address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The host without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// What the Host line says: no user and no password.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) path: String,
    /// True for `wss://`.
    pub(crate) is_secure: bool,
}

impl Target {
    /// Takes a URL apart. Beside the target the value of an Authorization line, if it names a user.
    pub(crate) fn parse(url: &str) -> Result<(Target, Option<String>), Error> {
        let bad = |expected| Error::InvalidUrl { expected, came: without_user(url) };
        let uri: Uri = url.parse().map_err(|_| bad("an address like ws://127.0.0.1:9000/path"))?;
        let is_secure = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") if cfg!(feature = "tls") => true,
            Some("wss") => return Err(bad("an address that begins with ws://: no feature `tls`")),
            _ => return Err(bad("an address that begins with ws:// or wss://")),
        };
        let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user).filter(|user| !user.is_empty()), authority),
            None => (None, authority),
        };
        let authorization = match user {
            Some(user) => Some(of_userinfo(user).ok_or_else(|| bad("a user that can be decoded"))?),
            None => None,
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| bad("a host"))?;
        // `http` takes "host:" and "host:99999" without a word; both are mistakes.
        let port = match authority.strip_prefix(host) {
            Some("") if is_secure => SECURE_PORT,
            Some("") => PORT,
            Some(_) => uri.port_u16().ok_or_else(|| bad("a port between 0 and 65535"))?,
            None => return Err(bad("a host")),
        };
        let target = Target {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            authority: authority.to_owned(),
            path: match uri.query() {
                Some(query) => format!("{}?{query}", uri.path()),
                None => uri.path().to_owned(),
            },
            is_secure,
        };
        Ok((target, authorization))
    }

    /// The addresses that need no resolver: that of a literal, or those of this machine.
    pub(crate) fn literal_addresses(&self) -> Option<Vec<IpAddr>> {
        use std::net::{Ipv4Addr, Ipv6Addr};
        if let Ok(address) = self.host.parse() {
            return Some(vec![address]);
        }
        let local = self.host.eq_ignore_ascii_case("localhost");
        local.then(|| vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
    }
}

/// The URL as an error may show it. Whatever stands before the last `@` may be a password, however
/// wrong the rest.
fn without_user(url: &str) -> String {
    match url.rsplit_once('@') {
        None => url.to_owned(),
        Some((before, rest)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("{scheme}://***@{rest}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_apart_into_what_a_request_needs() {
        let (target, user) = Target::parse("ws://[::1]:9001/run?case=1#end").expect("good");
        assert_eq!((target.host.as_str(), user), ("::1", None));
        assert_eq!(target.authority, "[::1]:9001");
        assert_eq!((target.port, target.path.as_str()), (9001, "/run?case=1"));
        let (bare, _) = Target::parse("ws://localhost").expect("good");
        assert_eq!((bare.port, bare.path.as_str()), (80, "/"));
        assert_eq!(bare.literal_addresses().map(|addresses| addresses.len()), Some(2));
        let (query, _) = Target::parse("ws://127.0.0.1?x").expect("good");
        assert_eq!(query.path, "/?x");
    }

    #[test]
    fn a_bad_address_is_refused_with_what_was_expected() {
        for url in [
            "",
            "127.0.0.1:9000",
            "http://127.0.0.1/",
            "ws:///path",
            "ws://127.0.0.1:/",
            "ws://127.0.0.1:99999/",
            "ws://127.0.0.1/a b",
            "ws://127.0.0.1/a\r\nX: y",
        ] {
            let error = Target::parse(url).expect_err(url);
            assert!(matches!(&error, Error::InvalidUrl { came, .. } if came == url), "{error}");
        }
    }

    #[test]
    fn a_secure_address_has_a_port_of_its_own_or_needs_a_feature() {
        let parsed = Target::parse("wss://localhost/");
        if cfg!(feature = "tls") {
            let (target, _) = parsed.expect("good");
            assert_eq!((target.port, target.is_secure), (443, true));
        } else {
            let error = parsed.expect_err("no TLS here").to_string();
            assert!(error.contains("no feature `tls`"), "{error}");
        }
    }

    #[test]
    fn a_user_is_for_the_authorization_line_alone() {
        for (url, value) in [
            ("ws://user:pass@127.0.0.1:90/", Some("Basic dXNlcjpwYXNz")),
            ("ws://user@[::1]:90/", Some("Basic dXNlcjo=")),
            ("ws://@127.0.0.1:90/", None),
        ] {
            let (target, authorization) = Target::parse(url).expect(url);
            assert_eq!(authorization.as_deref(), value, "{url}");
            assert!(target.authority.ends_with(":90") && target.port == 90);
            assert!(!target.authority.contains('@'), "{}", target.authority);
        }
    }

    #[test]
    fn no_error_shows_a_password() {
        for url in [
            "ws://user:sec%ret@127.0.0.1/",
            "ws://user:secret@:80/",
            "ws:/user:secret@127.0.0.1/",
            "user:secret@127.0.0.1",
            "http://user:sec/ret@127.0.0.1/",
            "https://user:secret@127.0.0.1/",
        ] {
            let error = Target::parse(url).expect_err(url);
            let told = format!("{error} {error:?}");
            assert!(!told.contains("sec") && told.contains("***@"), "{told}");
        }
    }
}
