//! The inspector lets in only its owner: each line of the table is a test, with its number. What
//! must be in every answer (7, 8) is looked at in each one that any of these tests reads.
//!
//! | | the threat | what stands against it |
//! |---|---|---|
//! | 1 | a port that nobody asked for | off unless `GLASSLOOP_INSPECT` says otherwise |
//! | 2 | another machine | loopback only |
//! | 3 | a page whose name leads here | the `Host` is one of three, letter by letter |
//! | 4 | a page of another origin | its `Origin` is refused, for WebSockets and all else |
//! | 5 | another user of this machine | a token of 256 bits, ten wrong ones a second |
//! | 6 | a link or a form that changes something | no GET does, POST needs the token and leave |
//! | 7 | a task called `<script>` | JSON, no sniffing, no inline script |
//! | 8 | a page that reads what it was not to see | no `Access-Control-*`, nothing is stored |
//! | 9 | a path, a head, a body that nobody thought of | a fixed table, small limits, one answer |

#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "../common/inspected.rs"]
mod inspected;
#[path = "../common/web.rs"]
mod web;

mod answers;
mod asked_for;
mod changes;
mod logged;
mod names;
mod origins;
mod tokens;
