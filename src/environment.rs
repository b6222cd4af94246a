//! What the environment variable `GLASSLOOP_POLLER` says.
//!
//! It is asked when a loop is built whose program has chosen no poller. A value that means nothing
//! is an error that says what was expected: a loop that quietly ran under another poller than the
//! one asked for would make a test worth nothing.

use std::{env, ffi::OsStr, io};

use glassloop_reactor::PollerKind;

const POLLER: &str = "GLASSLOOP_POLLER";

/// The poller that is to be used, and the seed of its script.
pub(crate) fn poller() -> io::Result<(PollerKind, u64)> {
    env::var_os(POLLER).map_or(Ok((PollerKind::Mio, 0)), |value| parsed(&value))
}

fn parsed(value: &OsStr) -> io::Result<(PollerKind, u64)> {
    let (kind, seed) = match value.to_str().map(|text| text.split_once(':').unwrap_or((text, "0")))
    {
        Some(("scripted", seed)) => (PollerKind::Scripted, seed.parse().ok()),
        Some(("mio", "0")) if value == "mio" => (PollerKind::Mio, Some(0)),
        Some(("timers", "0")) if value == "timers" => (PollerKind::TimersOnly, Some(0)),
        _ => (PollerKind::Mio, None),
    };
    seed.map(|seed| (kind, seed)).ok_or_else(|| {
        let text = format!(
            "{POLLER}: expected `mio`, `timers`, `scripted` or `scripted:` and a seed, a number \
             below 2^64; came {value:?}"
        );
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_poller_has_a_name() {
        let named = |value: &str| parsed(OsStr::new(value)).unwrap();
        assert_eq!(named("mio"), (PollerKind::Mio, 0));
        assert_eq!(named("timers"), (PollerKind::TimersOnly, 0));
        assert_eq!(named("scripted"), (PollerKind::Scripted, 0));
        assert_eq!(named("scripted:18446744073709551615"), (PollerKind::Scripted, u64::MAX));
    }

    #[test]
    fn what_is_no_name_is_told_with_what_was_expected() {
        for value in
            ["", "epoll", "Mio", "mio:0", "mio:7", "scripted:", "scripted:x", "scripted:-1"]
        {
            let error = parsed(OsStr::new(value)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            let said = error.to_string();
            for part in [POLLER, "`scripted`", &format!("{value:?}")] {
                assert!(said.contains(part), "{value}: {said}");
            }
        }
    }
}
