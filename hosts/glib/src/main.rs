//! A host on glib's main context, as every GTK program is: our descriptor and our next deadline
//! are sources of that context.

use std::{
    cell::{Cell, RefCell},
    os::fd::AsRawFd,
    rc::Rc,
    time::Duration,
};

use glassloop::EventLoop;
use glib::{ControlFlow, IOCondition, MainLoop, SourceId};
use host_common::{Failure, Visit, milliseconds};
use host_glib::Action;

/// Our loop, as the sources of the context hold it.
struct Guest {
    ours: EventLoop,
    host: MainLoop,
    /// When to pump though the descriptor says nothing.
    timer: RefCell<Option<SourceId>>,
    pumps: Cell<u32>,
    failed: RefCell<Option<Failure>>,
}

impl Guest {
    fn pump(self: &Rc<Self>) {
        if let Some(timer) = self.timer.take() {
            timer.remove();
        }
        self.pumps.set(self.pumps.get() + 1);
        match self.ours.pump(Duration::ZERO) {
            // If there is more the descriptor is readable already.
            Ok(pumped) if pumped.more => {}
            Ok(pumped) => {
                self.timer.replace(pumped.next.map(|next| self.pump_in(next)));
            }
            Err(error) => {
                self.failed.replace(Some(error.into()));
                self.host.quit();
            }
        }
    }

    fn pump_in(self: &Rc<Self>, wait: Duration) -> SourceId {
        let guest = Rc::clone(self);
        let wait = Duration::from_millis(milliseconds(wait));
        glib::timeout_add_local_once(wait, move || {
            // It has fired: there is nothing left to remove.
            guest.timer.take();
            guest.pump();
        })
    }
}

fn main() -> Result<(), Failure> {
    let guest = Rc::new(Guest {
        ours: EventLoop::new()?,
        host: MainLoop::new(None, false),
        timer: RefCell::default(),
        pumps: Cell::new(0),
        failed: RefCell::default(),
    });

    let action = Action::new();
    let host = guest.host.clone();
    let visit = Visit::open(&guest.ours, move |line| action.set(line), move || host.quit());

    let readable = Rc::clone(&guest);
    let source = glib_unix::unix_fd_add_local(
        guest.ours.descriptor()?.as_raw_fd(),
        IOCondition::IN,
        move |_, _| {
            readable.pump();
            ControlFlow::Continue
        },
    );
    guest.host.run();
    source.remove();

    match guest.failed.take() {
        Some(failed) => Err(failed),
        None => visit.end(&guest.ours, "glib", format_args!("{} pumps", guest.pumps.get())),
    }
}
