//! The guard: what stands between the program's own code and its connection.
//!
//! Promises that a panic of that code closes the connection with 1011, where the drop of its
//! handles would have said 1001, and that the panic then goes its way. It looks at nothing else
//! that the code does.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tungstenite::Utf8Bytes;

use crate::close::code;
use crate::connection::Connection;
use crate::socket::WebSocket;

use super::roster::Place;

/// The connection that a piece of the program's own code serves.
#[derive(Clone)]
pub(crate) struct Guard {
    connection: Rc<Connection>,
    place: Rc<Place>,
}

impl Guard {
    pub(crate) fn new(connection: &Rc<Connection>, place: &Rc<Place>) -> Guard {
        Guard { connection: Rc::clone(connection), place: Rc::clone(place) }
    }

    /// Runs the program's own code.
    ///
    /// Meanwhile there is one handle more: those that unwinding drops are then not the last, so
    /// that nobody says 1001 before us. The last handle that goes without a panic says it when the
    /// code has returned.
    pub(crate) fn run<T>(&self, program: impl FnOnce() -> T) -> T {
        let keeper = self.connection.is_open().then(|| {
            self.connection.add_handle();
            WebSocket::new(Rc::clone(&self.connection))
        });
        match catch_unwind(AssertUnwindSafe(program)) {
            Ok(outcome) => outcome,
            Err(panic) => {
                self.place.note_broken();
                self.connection.close(code::INTERNAL, Utf8Bytes::from_static("the server failed"));
                drop(keeper);
                resume_unwind(panic)
            }
        }
    }
}

/// A future of the program's, each poll of it guarded.
pub(crate) struct Guarded {
    future: Pin<Box<dyn Future<Output = ()>>>,
    guard: Guard,
}

impl Guarded {
    pub(crate) fn new(future: Pin<Box<dyn Future<Output = ()>>>, guard: Guard) -> Guarded {
        Guarded { future, guard }
    }
}

impl Future for Guarded {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Guarded { future, guard } = self.get_mut();
        guard.run(|| future.as_mut().poll(cx))
    }
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guarded")
    }
}
