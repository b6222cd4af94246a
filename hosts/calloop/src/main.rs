//! A host on calloop, as Wayland compositors and clients are: our descriptor is a source of its
//! loop, and our next deadline a timer of its loop.

use std::time::Duration;

use calloop::{
    Interest, LoopHandle, LoopSignal, Mode, PostAction, RegistrationToken,
    generic::Generic,
    timer::{TimeoutAction, Timer},
};
use glassloop::EventLoop;
use host_common::{Document, Failure, Visit};

/// What calloop hands to each of its sources.
struct Host<'a> {
    ours: &'a EventLoop,
    handle: LoopHandle<'a, Host<'a>>,
    signal: LoopSignal,
    /// When to pump though the descriptor says nothing.
    timer: Option<RegistrationToken>,
    pumps: u32,
    failed: Option<Failure>,
}

impl Host<'_> {
    fn pump(&mut self) {
        if let Err(error) = self.pump_and_set_timer() {
            self.failed = Some(error);
            self.signal.stop();
        }
    }

    fn pump_and_set_timer(&mut self) -> Result<(), Failure> {
        if let Some(timer) = self.timer.take() {
            self.handle.remove(timer);
        }
        let pumped = self.ours.pump(Duration::ZERO)?;
        self.pumps += 1;
        // If there is more the descriptor is readable already.
        if let Some(next) = pumped.next.filter(|_| !pumped.more) {
            let source = Timer::from_duration(next);
            let set = self.handle.insert_source(source, |_, (), host| {
                host.timer = None;
                host.pump();
                TimeoutAction::Drop
            });
            self.timer = Some(set.map_err(|refused| refused.error)?);
        }
        Ok(())
    }
}

fn main() -> Result<(), Failure> {
    let ours = EventLoop::new()?;
    let mut theirs = calloop::EventLoop::try_new()?;
    let (handle, signal) = (theirs.handle(), theirs.get_signal());

    let document = Document::new();
    let quit = signal.clone();
    let visit = Visit::open(&ours, move |line| document.add(line), move || quit.stop());

    let descriptor = ours.descriptor()?;
    let source = Generic::new(descriptor, Interest::READ, Mode::Level);
    let insert = handle.insert_source(source, |_, _, host: &mut Host<'_>| {
        host.pump();
        Ok(PostAction::Continue)
    });
    insert.map_err(|refused| refused.error)?;

    let mut host = Host { ours: &ours, handle, signal, timer: None, pumps: 0, failed: None };
    theirs.run(None, &mut host, |_| {})?;
    match host.failed {
        Some(failed) => Err(failed),
        None => visit.end(&ours, "calloop", format_args!("{} pumps", host.pumps)),
    }
}
