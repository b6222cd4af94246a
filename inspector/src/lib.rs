//! Looks at the event loops of a running program: a server on loopback, for its owner alone.
//!
//! ```
//! // The first line of `main`. It listens only if the environment says so: GLASSLOOP_INSPECT=1
//! glassloop_inspector::init();
//! // ... the program ...
//! ```
//!
//! Promises that nothing listens and no thread starts unless somebody asked for it; that the server
//! lives on a thread and a loop of its own, so that it answers while the loops it looks at hang;
//! and that only who can read a file of this user's gets an answer with anything in it. It looks:
//! whatever changes a program is refused unless [`Builder::allow_control`] was called.
//!
//! # Who may ask
//!
//! The server listens on loopback, which every program of this machine can reach, and every page
//! that its browser shows. So each request must
//!
//! - name the server as it is named: `Host: 127.0.0.1:PORT`, `[::1]:PORT` or `localhost:PORT`. A
//!   page whose own name was made to lead here (DNS rebinding) sends that name;
//! - come from no page but the server's own: an `Origin` that is another is refused;
//! - bring the *token*, 256 random bits: as `Authorization: Bearer TOKEN` or, for a WebSocket, as
//!   the subprotocol `glassloop.token.TOKEN` beside `glassloop.v1`. Only the page answers without
//!   it, `/` and the files that it is made of, and says nothing about the program.
//!
//! The token stands in [`Inspector::url`] behind a `#`, which no browser sends anywhere, and in a
//! [file](run_file) that only this user can read. It is in no line of the log. Wrong tokens are
//! answered ten a second at most; the right one is let in meanwhile.
//!
//! # What it leaves behind
//!
//! Nothing, unless [`Builder::dump_to`] names a folder; no variable of the environment does. Then a
//! loop that hangs and a panic that nobody handled leave a trace there, as do `POST /dump` where
//! control is allowed and, with the feature `signal` (off by default, Unix alone), the signal of
//! `Builder::dump_on_signal`.
//!
//! # What ends it
//!
//! An [`Inspector`] that is dropped or stopped closes its port and removes its file. What [`init`]
//! started lives as long as the process; where the main thread called it, the file goes when `main`
//! returns. A process that is killed leaves it behind, and so do systems that don't drop the locals
//! of the main thread: whoever reads the folder skips a file whose process has gone or whose port
//! is closed, and removes it ([`run_file::Folder::list_live`]).

#![forbid(unsafe_code)]

mod address;
mod arrows;
mod attendance;
mod builder;
mod cause;
mod clock;
mod control;
mod door;
mod dump;
mod environment;
mod events;
mod facts;
mod feed;
mod history;
mod host_queues;
mod inspector;
mod lints;
mod live;
mod loops;
mod names;
mod notes;
mod packed;
mod page;
mod past;
mod query;
mod quietly;
mod rate_limit;
mod routes;
mod rows;
pub mod run_file;
mod server;
#[cfg(all(unix, feature = "signal"))]
mod signal;
mod slow;
mod source;
mod state;
mod stepping;
mod story;
mod thread_state;
mod token;
mod trace;
mod tree;
mod turns;
mod under_way;
mod wait_chain;
mod watchdog;

pub use builder::Builder;
pub use cause::{CauseStep, Causes, Origin, why_ran};
pub use environment::{init, try_init};
pub use history::History;
pub use inspector::Inspector;
pub use names::Names;
#[doc(hidden)]
pub use server::{Setup, server};
pub use story::{Story, TurnStory};
pub use trace::trace;
pub use tree::{TaskTree, TreeRow};
pub use turns::{Effect, Step, Turn, TurnWait, Wake, Work};
pub use wait_chain::{ChainEnd, ChainLine, WaitChain, why_waits};
