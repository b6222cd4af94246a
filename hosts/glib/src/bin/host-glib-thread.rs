//! A host on glib's main context with our loop on a thread of its own: the server runs there, and
//! asks the context's thread for what only that may do.

use std::time::Duration;

use glassloop::{HostQueue, LoopThread};
use glib::MainLoop;
use host_common::{Failure, serve};
use host_glib::Action;

/// How long a drain may keep the main thread from its own work.
const SLICE: Duration = Duration::from_millis(5);

const PATIENCE: Duration = Duration::from_secs(5);

thread_local! {
    /// Whoever comes to it from another thread finds an action that nobody shows.
    static ACTION: Action = Action::new();
}

fn main() -> Result<(), Failure> {
    // Not `MainContext::invoke`: while nobody runs the context that runs it where it is called.
    let kick = |drain: glassloop::Drain| {
        glib::idle_add_once(move || _ = drain.run(SLICE));
    };
    let queue = HostQueue::builder().kick(kick).build();
    let mut network = LoopThread::start("network")?;

    let (host, jobs) = (MainLoop::new(None, false), queue.clone());
    let quit = host.clone();
    let served = network.spawn(move || async move {
        let change = |line: String| {
            let call = jobs.call(move || ACTION.with(|action| action.set(&line)));
            async { Ok(call.await?) }
        };
        let served = serve(change).await;
        // A main loop that is told to quit before it runs would not hear of it: the queue waits.
        jobs.defer(move || quit.quit()).map_err(|refused| refused.to_string())?;
        served
    });
    host.run();

    let served = queue.block_on(served, PATIENCE)???;
    let report = network.join(PATIENCE)?;
    if !report.is_clean() {
        return Err(format!("glib, thread: the loop was not empty: {report}").into());
    }
    let statistics = queue.statistics();
    served.tell("glib, thread", format_args!("{} host calls", statistics.ran))
}
