//! A host on winit with our loop as its guest: the server runs on the window's own thread. Nothing
//! of ours is waited for there; what comes is an event of winit's.

use std::{rc::Rc, time::Duration};

use glassloop::{EventLoop, Guest, GuestEnd, GuestTick};
use host_common::{Failure, Visit};
use host_winit::Titled;
use winit::{
    application::ApplicationHandler,
    event::WindowEvent,
    event_loop::{self, ActiveEventLoop},
    window::WindowId,
};

/// How long a tick may keep the window from its own events.
const SLICE: Duration = Duration::from_millis(2);

/// What comes to winit's loop from ours.
enum Ours {
    Tick(GuestTick),
    Ended(GuestEnd),
}

struct Host {
    titled: Rc<Titled>,
    guest: Option<Guest>,
    ticks: u32,
    failed: Option<Failure>,
}

impl ApplicationHandler<Ours> for Host {
    fn resumed(&mut self, host: &ActiveEventLoop) {
        if let Err(error) = self.titled.open(host) {
            self.failed = Some(error);
            host.exit();
        }
    }

    fn user_event(&mut self, host: &ActiveEventLoop, ours: Ours) {
        match ours {
            Ours::Tick(tick) => {
                self.ticks += 1;
                tick.run(SLICE);
            }
            Ours::Ended(end) => {
                if !matches!(end, GuestEnd::Stopped) {
                    self.failed = Some(format!("the guest ended: {end:?}").into());
                }
                host.exit();
            }
        }
    }

    fn window_event(&mut self, _: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        if event == WindowEvent::CloseRequested {
            // Winit exits when it hears of the end.
            drop(self.guest.take());
        }
    }
}

fn main() -> Result<(), Failure> {
    let winit = event_loop::EventLoop::with_user_event().build()?;
    let ours = Rc::new(EventLoop::new()?);

    let titled = Rc::new(Titled::default());
    let shown = Rc::clone(&titled);
    let change = move |title: &str| shown.change(title).unwrap_or_else(|error| error.to_string());
    let visit = Visit::open(&ours, change, glassloop::stop);

    // A proxy whose loop is gone gives the tick back, and a tick that is dropped ends the guest.
    let (posts, tells) = (winit.create_proxy(), winit.create_proxy());
    let post = move |tick| drop(posts.send_event(Ours::Tick(tick)));
    let ended = move |end| drop(tells.send_event(Ours::Ended(end)));
    let guest = Some(Guest::start(&ours, post, ended)?);

    let mut host = Host { titled, guest, ticks: 0, failed: None };
    winit.run_app(&mut host)?;
    match host.failed {
        Some(failed) => Err(failed),
        None => visit.end(&ours, "winit", format_args!("{} ticks", host.ticks)),
    }
}
