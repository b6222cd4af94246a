//! The target: the process that is looked at, found by its number, its address or as the only one.
//!
//! Promises that the token is in no message, and that nothing but loopback is ever called.

use std::{fmt, net::SocketAddr};

use glassloop_inspector::run_file::{Folder, RunFile};

use crate::{arguments::without_token, failure::Failure};

/// What makes a process one that can be looked at.
const HINT: &str = "it is one that calls glassloop_inspector::init() and was started with \
    GLASSLOOP_INSPECT=1";

/// Where an inspector listens, and what it must be brought. Its token is not shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

impl Target {
    /// The one that is meant.
    pub(crate) fn find(process: Option<&str>) -> Result<Target, Failure> {
        match process {
            Some(url) if url.contains("://") => Target::parse(url),
            Some(pid) => {
                let Ok(pid) = pid.parse() else {
                    return Err(Failure::arguments(format!(
                        "expected a process id or http://127.0.0.1:PORT/#TOKEN, came `{}`",
                        without_token(pid)
                    )));
                };
                Target::of_process(pid, &live()?)
            }
            None => Target::only(&live()?),
        }
    }

    /// The one at an address of the form `http://127.0.0.1:PORT/#TOKEN`.
    fn parse(url: &str) -> Result<Target, Failure> {
        let wrong = || {
            Failure::arguments(format!(
                "expected http://127.0.0.1:PORT/#TOKEN, as the inspector's `url()` says it, \
                 came `{}`{}",
                without_token(url),
                if url.contains('#') { " and a token" } else { " without a token" }
            ))
        };
        let (place, token) = url.split_once('#').ok_or_else(wrong)?;
        let place = place.strip_prefix("http://").ok_or_else(wrong)?.trim_end_matches('/');
        let numeric = match place.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => place.to_owned(),
        };
        let address: SocketAddr = numeric.parse().map_err(|_| wrong())?;
        let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !address.ip().is_loopback() || !is_token {
            return Err(wrong());
        }
        Ok(Target { address, token: token.to_owned() })
    }

    fn of_process(pid: u32, live: &[RunFile]) -> Result<Target, Failure> {
        let found = live.iter().find(|file| file.pid == pid);
        found.map(Target::of).ok_or_else(|| {
            Failure::nothing(format!(
                "no inspector of process {pid} was found: {HINT}{}",
                others(live)
            ))
        })
    }

    fn only(live: &[RunFile]) -> Result<Target, Failure> {
        match live {
            [] => {
                let what = format!("no process with an inspector was found: {HINT}");
                Err(Failure::nothing(what))
            }
            [only] => Ok(Target::of(only)),
            _ => {
                let what =
                    format!("expected a process id before the command, came none{}", others(live));
                Err(Failure::arguments(what))
            }
        }
    }

    fn of(file: &RunFile) -> Target {
        Target { address: file.address, token: file.token.clone() }
    }
}

fn live() -> Result<Vec<RunFile>, Failure> {
    let folder = Folder::of_user();
    folder.list_live().map_err(|error| Failure::nothing(error.to_string()))
}

/// The processes that there are.
fn others(live: &[RunFile]) -> String {
    let names: Vec<_> =
        live.iter().map(|file| format!("{} ({})", file.pid, file.program)).collect();
    if names.is_empty() { String::new() } else { format!("; there are {}", names.join(", ")) }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(pid: u32) -> RunFile {
        RunFile {
            pid,
            address: ([127, 0, 0, 1], 1_000).into(),
            token: format!("token{pid}"),
            program: "tour".into(),
            version: "0".into(),
        }
    }

    #[test]
    fn an_address_is_loopback_and_has_a_token() {
        for url in ["http://127.0.0.1:80/#aB3", "http://localhost:80#aB3", "http://[::1]:80/#aB3"] {
            let target = Target::parse(url).unwrap();
            assert_eq!((target.address.port(), target.token.as_str()), (80, "aB3"), "{url}");
        }
        for url in [
            "http://127.0.0.1:80/",
            "http://127.0.0.1:80/#",
            "http://127.0.0.1/#aB3",
            "https://127.0.0.1:80/#aB3",
            "http://192.168.0.1:80/#aB3",
            "http://localhost.evil:80/#aB3",
            "http://127.0.0.1:80/x#aB3",
            "http://127.0.0.1:80/#aB3\r\nX: y",
        ] {
            let failure = Target::parse(url).unwrap_err();
            assert_eq!(failure.exit_code(), 2, "{url}");
            assert!(!failure.to_string().contains("aB3"), "the token is in: {failure}");
        }
    }

    #[test]
    fn a_process_is_found_by_its_number_or_as_the_only_one() {
        assert_eq!(Target::only(&[file(7)]).unwrap().token, "token7");
        assert_eq!(Target::of_process(8, &[file(7), file(8)]).unwrap().token, "token8");
        let said = |found: Result<Target, Failure>| {
            let failure = found.unwrap_err();
            (failure.exit_code(), failure.text)
        };
        let missing = format!("no inspector of process 9 was found: {HINT}; there are 7 (tour)");
        assert_eq!(said(Target::of_process(9, &[file(7)])), (1, missing));
        assert_eq!(said(Target::only(&[])).0, 1);
        let several =
            "expected a process id before the command, came none; there are 7 (tour), 8 (tour)";
        assert_eq!(said(Target::only(&[file(7), file(8)])), (2, several.to_owned()));
        assert!(!format!("{:?}", Target::of(&file(7))).contains("token7"));
    }
}
