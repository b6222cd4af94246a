//! A host on glib's main context with our loop as its guest. Each answer is made in a dialog, which
//! runs the context inside of itself; our loop goes on there, and closes it.

use std::{cell::Cell, rc::Rc, time::Duration};

use glassloop::{EventLoop, Guest, GuestEnd, GuestTick, outside, sleep, spawn};
use glib::MainLoop;
use host_common::{Failure, Visit};
use host_glib::Action;

/// How long a tick may keep the main thread from its own work.
const SLICE: Duration = Duration::from_millis(2);

thread_local! {
    static TICKS: Cell<u32> = const { Cell::new(0) };
}

fn main() -> Result<(), Failure> {
    let ours = Rc::new(EventLoop::new()?);
    let host = MainLoop::new(None, false);

    let action = Rc::new(Action::new());
    let change = move |line: String| {
        let action = Rc::clone(&action);
        async move { Ok(in_a_dialog(move || action.set(&line)).await) }
    };
    let visit = Visit::open_with(&ours, change, glassloop::stop);

    // A source of its own for each tick: glib runs no source inside itself, and a dialog is inside.
    let post = |tick: GuestTick| {
        glib::idle_add_once(move || {
            TICKS.set(TICKS.get() + 1);
            tick.run(SLICE);
        });
    };
    let quit = host.clone();
    let ended = move |end| {
        if !matches!(end, GuestEnd::Stopped) {
            eprintln!("the guest ended: {end:?}");
        }
        quit.quit();
    };
    let guest = Guest::start(&ours, post, ended)?;
    host.run();

    guest.end();
    visit.end(&ours, "glib, guest", format_args!("{} ticks", TICKS.get()))
}

/// Runs `f` while a dialog is open, which a task of ours closes.
async fn in_a_dialog<T: 'static>(f: impl FnOnce() -> T + 'static) -> T {
    let dialog = MainLoop::new(None, false);
    let shown = dialog.clone();
    let closes = spawn(async move {
        // Not before it is open: a main loop that is told to quit earlier doesn't hear of it.
        while !shown.is_running() {
            sleep(Duration::from_millis(1)).await;
        }
        shown.quit();
    });
    let value = outside(move || {
        dialog.run();
        f()
    })
    .await;
    closes.detach();
    value
}
