//! A visit to a loop on the host's own thread: the server as a task, and what has become of it.

use std::{
    cell::RefCell,
    fmt,
    future::{Future, ready},
    rc::Rc,
    time::Duration,
};

use glassloop::EventLoop;

use crate::{Failure, Served, serve};

/// How long the loop may take to end what is left when the host has quit.
const GRACE: Duration = Duration::from_secs(1);

/// A visitor of a loop that lives on the host's own thread.
#[derive(Debug)]
pub struct Visit {
    outcome: Rc<RefCell<Option<Result<Served, Failure>>>>,
}

impl Visit {
    /// Spawns the server on `event_loop`. `change` does what only the host's thread may do and
    /// gives the answer; `quit` has the host's loop end when the visitor has gone.
    pub fn open(
        event_loop: &EventLoop,
        mut change: impl FnMut(&str) -> String + 'static,
        quit: impl FnOnce() + 'static,
    ) -> Visit {
        Visit::open_with(event_loop, move |text| ready(Ok(change(&text))), quit)
    }

    /// As [`open`](Visit::open), where the change takes its time.
    pub fn open_with<F>(
        event_loop: &EventLoop,
        change: impl FnMut(String) -> F + 'static,
        quit: impl FnOnce() + 'static,
    ) -> Visit
    where
        F: Future<Output = Result<String, Failure>> + 'static,
    {
        let outcome = Rc::new(RefCell::new(None));
        let told = Rc::clone(&outcome);
        let server = async move {
            let served = serve(change).await;
            told.replace(Some(served));
            quit();
        };
        event_loop.spawn(server).named("server").detach();
        Visit { outcome }
    }

    /// Closes the loop when the host's own has ended, and prints the result.
    ///
    /// # Errors
    /// What the server ended in; that the loop had something left; a bad result.
    pub fn end(
        self,
        event_loop: &EventLoop,
        host: &str,
        work: impl fmt::Display,
    ) -> Result<(), Failure> {
        let report = event_loop.close(GRACE);
        if !report.is_clean() {
            return Err(format!("{host}: the loop was not empty: {report}").into());
        }
        let served = self.outcome.take().ok_or("the host quit before its visitor did")??;
        served.tell(host, work)
    }
}
