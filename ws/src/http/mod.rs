//! A little HTTP/1.1: what a server of WebSockets needs to serve a page beside them.
//!
//! Promises bounded heads and bodies, answers in the order of the questions, and that no value of
//! a program's can make a header line of its own. It knows no chunks, no compression, no files.

mod delivery;
mod incoming;
mod line;
mod request;
mod response;

pub(crate) use delivery::{Broken, Patience, deliver, deliver_last, part};
pub(crate) use incoming::{Heard, Incoming, RequestLimits};
pub(crate) use line::{is_token, judge_line};
pub use request::Request;
pub use response::Response;
pub(crate) use response::{Body, Then, Written, judge_answer_line};
