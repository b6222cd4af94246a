//! A host on winit with our loop on a thread of its own: the server runs there, and asks the
//! window's thread for what only that may do.

use std::time::Duration;

use glassloop::{Drain, HostQueue, LoopThread};
use host_common::{Failure, serve};
use host_winit::Titled;
use winit::{
    application::ApplicationHandler,
    event::WindowEvent,
    event_loop::{ActiveEventLoop, EventLoop},
    window::WindowId,
};

/// How long a drain may keep the window from its own events.
const SLICE: Duration = Duration::from_millis(5);

const PATIENCE: Duration = Duration::from_secs(5);

thread_local! {
    /// Whoever comes to it from another thread finds no window.
    static TITLED: Titled = Titled::default();
}

/// What other threads ask of winit's loop.
enum Asked {
    Drain(Drain),
    Quit,
}

#[derive(Default)]
struct Host {
    failed: Option<Failure>,
}

impl ApplicationHandler<Asked> for Host {
    fn resumed(&mut self, host: &ActiveEventLoop) {
        if let Err(error) = TITLED.with(|titled| titled.open(host)) {
            self.failed = Some(error);
            host.exit();
        }
    }

    fn user_event(&mut self, host: &ActiveEventLoop, asked: Asked) {
        match asked {
            // If there are more it has kicked again, behind what waits in winit's own queue.
            Asked::Drain(drain) => _ = drain.run(SLICE),
            Asked::Quit => host.exit(),
        }
    }

    fn window_event(&mut self, host: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        if event == WindowEvent::CloseRequested {
            host.exit();
        }
    }
}

fn main() -> Result<(), Failure> {
    let winit = EventLoop::with_user_event().build()?;
    let (kicked, quit) = (winit.create_proxy(), winit.create_proxy());
    // A proxy whose loop is gone gives the drain back; dropped, it tells everybody so.
    let kick = move |drain| drop(kicked.send_event(Asked::Drain(drain)));
    let queue = HostQueue::builder().kick(kick).build();
    let mut network = LoopThread::start("network")?;

    let jobs = queue.clone();
    let served = network.spawn(move || async move {
        let change = |title: String| {
            let call = jobs.call(move || TITLED.with(|titled| titled.change(&title)));
            async { call.await? }
        };
        let served = serve(change).await;
        drop(quit.send_event(Asked::Quit));
        served
    });
    let mut host = Host::default();
    winit.run_app(&mut host)?;
    if let Some(failed) = host.failed {
        return Err(failed);
    }

    let served = queue.block_on(served, PATIENCE)???;
    let report = network.join(PATIENCE)?;
    if !report.is_clean() {
        return Err(format!("winit, thread: the loop was not empty: {report}").into());
    }
    let statistics = queue.statistics();
    served.tell("winit, thread", format_args!("{} host calls", statistics.ran))
}
