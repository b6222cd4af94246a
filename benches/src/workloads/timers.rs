//! Timers: many that fire, and many that are cancelled before they do.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::OfTasks;
use crate::contest::Reading;
use crate::machine::cpu_time;
use crate::peer::Tasks;
use crate::peers::calloop;
use crate::series::Series;

/// `timers` tasks that sleep once each; the deadlines lie evenly in `span`, armed out of order.
#[derive(Clone, Copy)]
pub struct Fire {
    pub timers: u64,
    pub span: Duration,
}

/// Time to arm all of them before the first is due.
const LEAD: Duration = Duration::from_millis(100);

/// A step through the deadlines that meets each one once: it shares no factor with `timers`.
const STRIDE: u64 = 7_919;

impl OfTasks for Fire {
    fn sample<P: Tasks>(self) -> Reading {
        P::block_on(async move {
            let cpu_before = cpu_time();
            let first = Instant::now() + LEAD;
            let sleeper = |number: u64| {
                let place = (number * STRIDE % self.timers) as f64 / self.timers as f64;
                let deadline = first + self.span.mul_f64(place);
                P::spawn(async move {
                    P::sleep(deadline.saturating_duration_since(Instant::now())).await;
                    let late = Instant::now().checked_duration_since(deadline);
                    late.expect("no timer fires early").as_nanos() as u64
                })
            };
            let handles: Vec<_> = (0..self.timers).map(sleeper).collect();
            let mut late = Vec::with_capacity(handles.len());
            for handle in handles {
                late.push(handle.await as f64 / 1e3);
            }
            let cpu = cpu_time() - cpu_before;
            let late = Series::new(late);
            let cpu_nanos = cpu.as_nanos() as f64 / self.timers as f64;
            vec![cpu_nanos, late.median(), late.quantile(0.99)]
        })
    }
}

/// In one task: a timer is made, polled once and dropped, `alive` timers later.
#[derive(Clone, Copy)]
pub struct ArmCancel {
    pub operations: u64,
    pub alive: usize,
    pub company: Company,
}

/// Which timers the loop has beside those of the workload.
///
/// It matters to tokio: a timer that may be the next to fire is told to its driver by a system
/// call, and without a nearer deadline that the driver has slept on every new timer may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// None: the loop is new, and the workload is all it does.
    None,
    /// One with a nearer deadline, as in a program that has run for a while.
    Nearer,
}

/// Long enough that none of them ever fires.
const TIMEOUT: Duration = Duration::from_secs(10);

impl OfTasks for ArmCancel {
    fn sample<P: Tasks>(self) -> Reading {
        let task = P::unlimited(ArmAndCancel {
            arm: |cx: &mut Context<'_>| {
                let mut timer = Box::pin(P::sleep(TIMEOUT));
                assert!(timer.as_mut().poll(cx).is_pending(), "{}: it is not due", P::NAME);
                timer
            },
            workload: self,
        });
        let nanos = P::block_on(async move {
            let mut nearer = Box::pin(P::sleep(TIMEOUT / 2));
            if self.company == Company::Nearer {
                poll_fn(|cx| Poll::Ready(nearer.as_mut().poll(cx).is_pending())).await;
                P::sleep(Duration::from_millis(1)).await;
            }
            P::spawn(task).await
        });
        vec![nanos as f64 / self.operations as f64]
    }
}

impl ArmCancel {
    /// The same for a loop without futures.
    pub fn calloop(self) -> Reading {
        let begun = cpu_time();
        calloop::arm_cancel(self.operations, self.alive, TIMEOUT);
        vec![(cpu_time() - begun).as_nanos() as f64 / self.operations as f64]
    }
}

/// The task: it does all its work in its first poll, and gives the nanoseconds that took.
struct ArmAndCancel<A> {
    arm: A,
    workload: ArmCancel,
}

impl<A, T> Future for ArmAndCancel<A>
where
    A: FnMut(&mut Context<'_>) -> T + Unpin,
{
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        let ArmCancel { operations, alive, .. } = self.workload;
        let begun = cpu_time();
        let mut ring: Vec<T> = (0..alive).map(|_| (self.arm)(cx)).collect();
        let mut oldest = 0;
        for _ in alive as u64..operations {
            ring[oldest] = (self.arm)(cx);
            oldest = (oldest + 1) % alive;
        }
        drop(ring);
        Poll::Ready((cpu_time() - begun).as_nanos() as u64)
    }
}
