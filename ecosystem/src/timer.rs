//! `LoopTimer`: hyper's deadlines on the loop's clock, a manual one in a test.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use hyper::rt::{Sleep, Timer};
use send_wrapper::SendWrapper;

/// Sleeps on the current loop.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopTimer;

/// hyper wants a sleep that is `Send`, though it never sends it unless its connection is sent. Ours
/// isn't, nor is the connection; on another thread the wrapper would panic.
struct LoopSleep(SendWrapper<Pin<Box<glassloop::Sleep>>>);

impl LoopSleep {
    fn boxed(sleep: glassloop::Sleep) -> Pin<Box<dyn Sleep>> {
        Box::pin(LoopSleep(SendWrapper::new(Box::pin(sleep))))
    }
}

impl Future for LoopSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl Sleep for LoopSleep {}

impl Timer for LoopTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        LoopSleep::boxed(glassloop::sleep(duration))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        LoopSleep::boxed(glassloop::sleep_until(deadline))
    }

    /// By the loop's clock, so that what hyper computes from it is a deadline there.
    fn now(&self) -> Instant {
        glassloop::sleep(Duration::ZERO).deadline()
    }
}
