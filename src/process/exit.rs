//! `Exit`: how a loop hears of the end of a child.
//!
//! On Linux by a descriptor of the process, which becomes readable when it has ended; elsewhere,
//! and on a Linux without them, by a thread that waits for it and leaves it to be waited for.

use std::{
    fmt,
    future::Future,
    io,
    os::fd::OwnedFd,
    pin::Pin,
    process::ExitStatus,
    sync::LazyLock,
    task::{Context, Poll, ready},
};

use glassloop_reactor::{Direction, Interest, Registered, net::FdSource};
use rustix::process::{WaitId, WaitIdOptions, waitid};

use super::held::Held;
use crate::{Offload, Pool, PoolLimits};

/// What tells that a child has ended.
pub(super) enum Exit {
    Descriptor(Registered<FdSource<OwnedFd>>),
    /// `None` once it has told.
    Thread(Option<Offload<io::Result<()>>>),
}

/// A thread for each child, however many: one that had to wait for another's end would be told of
/// its own too late.
static THREADS: LazyLock<Pool> = LazyLock::new(|| {
    Pool::with_limits(PoolLimits { threads_max: usize::MAX, ..PoolLimits::default() })
});

impl Exit {
    #[track_caller]
    pub(super) fn watch(held: &Held) -> io::Result<Exit> {
        match descriptor(held) {
            Some(descriptor) => {
                let source = FdSource::new("child", descriptor);
                Registered::new(source, Interest::Read).map(Exit::Descriptor)
            }
            None => Ok(Exit::by_thread(held)),
        }
    }

    #[track_caller]
    fn by_thread(held: &Held) -> Exit {
        let (id, pid) = (held.id(), held.pid());
        let wait = move || {
            let Some(pid) = pid else { return Ok(()) };
            loop {
                // It stays a child, to be waited for by whoever owns it.
                let how = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
                match waitid(WaitId::Pid(pid), how) {
                    Err(rustix::io::Errno::INTR) => {}
                    // It was waited for meanwhile: then it has ended.
                    Ok(_) | Err(rustix::io::Errno::CHILD) => return Ok(()),
                    Err(error) => return Err(error.into()),
                }
            }
        };
        Exit::Thread(Some(THREADS.offload(wait).named(format!("end of child {id}"))))
    }

    /// Waits for the end, and gives it.
    #[track_caller]
    pub(super) fn wait<'a>(&'a mut self, held: &'a mut Held) -> Exited<'a> {
        self.wait_for(held, false)
    }

    /// The same; when the end has come the rest of its group is killed, while that is still its.
    #[track_caller]
    pub(super) fn wait_and_clear<'a>(&'a mut self, held: &'a mut Held) -> Exited<'a> {
        self.wait_for(held, true)
    }

    #[track_caller]
    fn wait_for<'a>(&'a mut self, held: &'a mut Held, clears: bool) -> Exited<'a> {
        match self {
            _ if held.has_ended() => {
                if clears {
                    held.clear_group();
                }
                Exited::Already(held)
            }
            Exit::Thread(told) => Exited::Thread { told, held, clears },
            Exit::Descriptor(source) => {
                // It is readable once the child has ended, and not before.
                let look = move |_: &FdSource<OwnedFd>| match ended(held, clears)? {
                    Some(status) => Ok(status),
                    None => Err(io::ErrorKind::WouldBlock.into()),
                };
                Exited::Descriptor(Box::pin(source.io(Direction::Read, "exit", look)))
            }
        }
    }
}

/// How a child has ended that is said to have.
fn ended(held: &mut Held, clears: bool) -> io::Result<Option<ExitStatus>> {
    let ended = held.try_wait()?;
    if clears && ended.is_some() {
        held.clear_group();
    }
    Ok(ended)
}

/// A descriptor of the child, where there are such.
#[cfg(target_os = "linux")]
fn descriptor(held: &Held) -> Option<OwnedFd> {
    use rustix::process::{PidfdFlags, pidfd_open};

    // It is closed in whatever this process starts: that is the kernel's own default.
    held.pid().and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok())
}

#[cfg(not(target_os = "linux"))]
fn descriptor(_held: &Held) -> Option<OwnedFd> {
    None
}

/// The end of a child, some time later.
pub(super) enum Exited<'a> {
    Already(&'a mut Held),
    Descriptor(Pin<Box<dyn Future<Output = io::Result<ExitStatus>> + 'a>>),
    Thread { told: &'a mut Option<Offload<io::Result<()>>>, held: &'a mut Held, clears: bool },
}

impl Future for Exited<'_> {
    type Output = io::Result<ExitStatus>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let ended = match &mut *self {
            Exited::Descriptor(operation) => return operation.as_mut().poll(cx),
            Exited::Already(held) => held.try_wait()?,
            Exited::Thread { told: waiting, held, clears } => {
                if let Some(told) = waiting {
                    let told = ready!(Pin::new(told).poll(cx));
                    **waiting = None;
                    told??;
                }
                ended(held, *clears)?
            }
        };
        Poll::Ready(ended.ok_or_else(|| io::Error::other("a child was told of that has not ended")))
    }
}

impl fmt::Debug for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Exit::Descriptor(_) => "Descriptor",
            Exit::Thread(_) => "Thread",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{process::Command, time::Duration};

    use super::*;
    use crate::{EventLoop, process::command::Ends, timeout};

    #[test]
    fn where_a_process_has_no_descriptor_a_thread_tells_of_its_end() {
        let event_loop = EventLoop::new().unwrap();
        let codes = event_loop.block_on(async {
            let mut codes = Vec::new();
            for code in [0, 7] {
                let child = Command::new("sh").args(["-c", &format!("exit {code}")]).spawn();
                let mut held = Held::new(child.unwrap(), Ends::default());
                let mut exit = Exit::by_thread(&held);
                codes.push(exit.wait(&mut held).await.unwrap().code());
                codes.push(exit.wait(&mut held).await.unwrap().code());
            }
            codes
        });
        assert_eq!(codes.unwrap(), [Some(0), Some(0), Some(7), Some(7)]);
    }

    #[test]
    fn a_wait_by_a_thread_may_be_dropped_and_made_again() {
        let event_loop = EventLoop::new().unwrap();
        let ended = event_loop.block_on(async {
            let child = Command::new("sleep").arg("60").spawn().unwrap();
            let mut held = Held::new(child, Ends::default());
            let mut exit = Exit::by_thread(&held);
            for _ in 0..3 {
                let early = timeout(Duration::from_millis(1), exit.wait(&mut held)).await;
                assert!(early.is_err(), "{early:?}");
            }
            held.send(rustix::process::Signal::KILL).unwrap();
            exit.wait(&mut held).await.unwrap()
        });
        assert!(!ended.unwrap().success());
    }
}
