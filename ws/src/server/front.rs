//! The front: what every request meets before its route, and what every answer carries.
//!
//! Promises that the guard sees each whole request before any route, and that no answer of the
//! server leaves without the lines of the front. It judges nothing itself.

use std::fmt;

use crate::error::Error;
use crate::http::{Body, Request, Response, Then, Written, judge_answer_line};

type Judge = Box<dyn Fn(&Request) -> Result<(), Response>>;

/// The guard of a server, and its header lines.
#[derive(Default)]
pub(crate) struct Front {
    pub(crate) guard: Option<Judge>,
    /// On each answer that has no line of that name.
    pub(crate) lines: Vec<(String, String)>,
}

impl Front {
    /// Whether a request goes on to its route. Here the program's own code runs.
    pub(crate) fn judge(&self, request: &Request) -> Result<(), Response> {
        self.guard.as_ref().map_or(Ok(()), |guard| guard(request))
    }

    /// An answer as bytes, with the lines of the front.
    pub(crate) fn write(&self, response: Response, body: Body, then: Then) -> Written {
        response.with_defaults(&self.lines).write(body, then)
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        for (name, value) in &self.lines {
            judge_answer_line(name, value)?;
            // They stand in the answer that grants an upgrade, too.
            if name.to_ascii_lowercase().starts_with("sec-websocket-") {
                let expected = "a header that is not the handshake's";
                return Err(Error::InvalidHeader { expected, came: name.clone() });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Front")
            .field("is_guarded", &self.guard.is_some())
            .field("lines", &self.lines)
            .finish()
    }
}
