//! The target: where a client goes, read from a URL.
//!
//! Promises that nothing of it can break out of its line in a request's head. It resolves nothing.

use std::net::IpAddr;

use tungstenite::http::Uri;

use crate::error::Error;

const PORT: u16 = 80;

/// A `ws://` address, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The host without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// What the Host line says.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) path: String,
}

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Target, Error> {
        let bad = |expected| Error::InvalidUrl { expected, came: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| bad("an address like ws://127.0.0.1:9000/path"))?;
        if uri.scheme_str() != Some("ws") {
            return Err(bad("an address that begins with ws://"));
        }
        let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        if authority.contains('@') {
            return Err(bad("an address without a user name"));
        }
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| bad("a host"))?;
        // `http` takes "host:" and "host:99999" without a word; both are mistakes.
        let port = match authority.strip_prefix(host) {
            Some("") => PORT,
            Some(_) => uri.port_u16().ok_or_else(|| bad("a port between 0 and 65535"))?,
            None => return Err(bad("a host")),
        };
        Ok(Target {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            authority: authority.to_owned(),
            path: match uri.query() {
                Some(query) => format!("{}?{query}", uri.path()),
                None => uri.path().to_owned(),
            },
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_apart_into_what_a_request_needs() {
        let target = Target::parse("ws://[::1]:9001/run?case=1#end").expect("good");
        assert_eq!(target.host, "::1");
        assert_eq!(target.authority, "[::1]:9001");
        assert_eq!((target.port, target.path.as_str()), (9001, "/run?case=1"));
        let bare = Target::parse("ws://localhost").expect("good");
        assert_eq!((bare.port, bare.path.as_str()), (80, "/"));
        assert_eq!(bare.literal_addresses().map(|addresses| addresses.len()), Some(2));
        let query = Target::parse("ws://127.0.0.1?x").expect("good");
        assert_eq!(query.path, "/?x");
    }

    #[test]
    fn a_bad_address_is_refused_with_what_was_expected() {
        for url in [
            "",
            "127.0.0.1:9000",
            "http://127.0.0.1/",
            "wss://127.0.0.1/",
            "ws:///path",
            "ws://user@127.0.0.1/",
            "ws://127.0.0.1:/",
            "ws://127.0.0.1:99999/",
            "ws://127.0.0.1/a b",
            "ws://127.0.0.1/a\r\nX: y",
        ] {
            let error = Target::parse(url).expect_err(url);
            assert!(matches!(&error, Error::InvalidUrl { came, .. } if came == url), "{error}");
        }
    }
}
