//! The address: where an inspector may listen.
//!
//! Promises loopback: the two addresses that only this machine reaches and that the server answers
//! to by name. It binds nothing.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// 127.0.0.1, on a port that the OS picks.
pub(crate) const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The variable's word for a program that waits for who watches.
pub(crate) const WAIT: &str = "wait";

/// What the variable asks for: nothing, the default address, or one of its own.
pub(crate) fn asked_for(value: &str) -> io::Result<Option<SocketAddr>> {
    match value {
        "" | "0" => Ok(None),
        "1" | WAIT => Ok(Some(DEFAULT)),
        other => match other.parse() {
            Ok(address) => on_loopback(address).map(Some),
            Err(_) => Err(invalid(format!(
                "expected 1, 0, wait, or an address with its port as 127.0.0.1:7000, came {other:?}"
            ))),
        },
    }
}

/// The same address, if nobody but this machine reaches it.
pub(crate) fn on_loopback(address: SocketAddr) -> io::Result<SocketAddr> {
    if address.ip() == Ipv4Addr::LOCALHOST || address.ip() == Ipv6Addr::LOCALHOST {
        return Ok(address);
    }
    Err(invalid(format!(
        "expected a loopback address, 127.0.0.1 or [::1], came {address}: an inspector shows all \
         of a program, and other machines could ask it there"
    )))
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_says_nothing_the_default_or_an_address() {
        for (value, address) in [
            ("", None),
            ("0", None),
            ("1", Some("127.0.0.1:0")),
            ("wait", Some("127.0.0.1:0")),
            ("127.0.0.1:7000", Some("127.0.0.1:7000")),
            ("[::1]:7000", Some("[::1]:7000")),
        ] {
            let expected = address.map(|address| address.parse().expect("an address"));
            assert_eq!(asked_for(value).expect(value), expected, "{value:?}");
        }
    }

    #[test]
    fn anything_else_is_an_error_that_says_what_was_expected_and_what_came() {
        for value in [
            "2",
            "true",
            "on",
            "00",
            " 1",
            "127.0.0.1",
            ":7000",
            "7000",
            "localhost:7000",
            "[::1]",
            "127.0.0.1:70000",
            "http://127.0.0.1:7000",
        ] {
            let error = asked_for(value).expect_err(value);
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{value}");
            let said = error.to_string();
            assert!(said.contains("expected 1") && said.contains(value), "{said}");
        }
        for value in ["0.0.0.0:1", "[::]:1", "192.168.0.1:1", "127.0.0.2:1", "[::ffff:127.0.0.1]:1"]
        {
            let said = asked_for(value).expect_err(value).to_string();
            assert!(said.contains("loopback") && said.contains(value), "{said}");
        }
    }
}
