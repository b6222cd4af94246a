//! What the operating system says a thread is doing: on CPU, or asleep, and in what.
//!
//! Read from `/proc`, on Linux alone; elsewhere nothing is known. It reads what this process may
//! read of itself, changes nothing and stops nobody. Its words say what was seen, not more: a
//! thread that waits in `futex` waits for a lock, a channel or another thread's end.

use std::fmt;

/// What a thread was doing when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ThreadState {
    /// It ran, or would if a processor were free.
    OnCpu,
    /// It slept, in this part of the kernel.
    Asleep(Sleep),
    /// It waits for a disk, as a rule, and can't be interrupted.
    Uninterruptible,
    /// A signal or a debugger has stopped it.
    Stopped,
}

/// In what a thread sleeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sleep {
    /// The kernel's function, where it tells: `hrtimer_nanosleep`.
    function: Option<String>,
    /// The number of the system call, where it tells.
    call: Option<u64>,
}

/// The state of a thread of this process, by the operating system's number for it.
pub(crate) fn of(thread_id: u32) -> Option<ThreadState> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let read = |file: &str| std::fs::read_to_string(format!("/proc/self/task/{thread_id}/{file}"));
    let stat = read("stat").ok()?;
    // The name, in parentheses, may hold anything, also parentheses.
    let (_, behind) = stat.rsplit_once(')')?;
    Some(match behind.trim_start().chars().next()? {
        'R' => ThreadState::OnCpu,
        'D' => ThreadState::Uninterruptible,
        'T' | 't' => ThreadState::Stopped,
        _ => ThreadState::Asleep(Sleep {
            function: read("wchan").ok().filter(|name| !name.is_empty() && name != "0"),
            call: read("syscall").ok().and_then(|line| line.split(' ').next()?.parse().ok()),
        }),
    })
}

/// What a system call waits for, in words, where its number is one of those that a stall is made
/// of.
fn call_in_words(call: u64) -> Option<&'static str> {
    let calls: &[(u64, &str)] = if cfg!(target_arch = "x86_64") {
        &[
            (0, "read"),
            (1, "write"),
            (7, "poll"),
            (23, "select"),
            (35, "nanosleep"),
            (42, "connect"),
            (43, "accept"),
            (44, "send"),
            (45, "recv"),
            (47, "recvmsg"),
            (61, "wait for a process"),
            (72, "lock of a file"),
            (202, "futex"),
            (230, "nanosleep"),
            (232, "epoll"),
            (247, "wait for a process"),
            (281, "epoll"),
            (288, "accept"),
        ]
    } else if cfg!(target_arch = "aarch64") {
        &[
            (22, "epoll"),
            (63, "read"),
            (64, "write"),
            (73, "poll"),
            (95, "wait for a process"),
            (98, "futex"),
            (101, "nanosleep"),
            (115, "nanosleep"),
            (202, "accept"),
            (203, "connect"),
            (206, "send"),
            (207, "recv"),
            (212, "recvmsg"),
            (242, "accept"),
            (260, "wait for a process"),
        ]
    } else {
        &[]
    };
    calls.iter().find(|(number, _)| *number == call).map(|(_, words)| *words)
}

impl fmt::Display for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.call.and_then(call_in_words);
        let function = self.function.as_deref().unwrap_or_default();
        let is = |call: &str, part: &str| words == Some(call) || function.contains(part);
        let what = if is("nanosleep", "nanosleep") {
            "sleeping in the kernel"
        } else if is("futex", "futex") {
            "waiting for a lock, a channel or another thread"
        } else {
            "blocked in the kernel"
        };
        f.write_str(what)?;
        match (&self.function, words, self.call) {
            (Some(function), Some(words), _) if !function.contains(words) => {
                write!(f, " ({words}: {function})")
            }
            (Some(function), ..) => write!(f, " ({function})"),
            (None, Some(words), _) => write!(f, " ({words})"),
            (None, None, Some(call)) => write!(f, " (system call {call})"),
            (None, None, None) => Ok(()),
        }
    }
}

impl fmt::Display for ThreadState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ThreadState::OnCpu => f.write_str("on CPU"),
            ThreadState::Asleep(sleep) => sleep.fmt(f),
            ThreadState::Uninterruptible => f.write_str("waiting for a disk (uninterruptible)"),
            ThreadState::Stopped => f.write_str("stopped by a signal or a debugger"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_say_what_was_seen() {
        let asleep = |function: Option<&str>, call| {
            let function = function.map(str::to_owned);
            ThreadState::Asleep(Sleep { function, call }).to_string()
        };
        assert_eq!(
            asleep(Some("hrtimer_nanosleep"), None),
            "sleeping in the kernel (hrtimer_nanosleep)"
        );
        let futex = "waiting for a lock, a channel or another thread";
        assert_eq!(asleep(Some("futex_do_wait"), None), format!("{futex} (futex_do_wait)"));
        assert_eq!(asleep(None, Some(9_999)), "blocked in the kernel (system call 9999)");
        assert_eq!(asleep(None, None), "blocked in the kernel");
        if cfg!(target_arch = "x86_64") {
            assert_eq!(asleep(None, Some(202)), format!("{futex} (futex)"));
            assert_eq!(
                asleep(Some("wait_woken"), Some(45)),
                "blocked in the kernel (recv: wait_woken)"
            );
        }
    }

    /// Waits until a thread that does this is seen in it.
    #[cfg(target_os = "linux")]
    fn see(does: impl FnOnce() + Send + 'static, expected: &str) {
        use std::{sync::mpsc, thread, time::Duration, time::Instant};

        let (tell, told) = mpsc::channel();
        // It is not joined: one that sleeps has some time to go.
        thread::spawn(move || {
            let watch = glassloop::EventLoop::new().map(|made| made.watch()).expect("a loop");
            tell.send(watch).expect("somebody listens");
            does();
        });
        let watch = told.recv().expect("a loop");
        let id = watch.name().thread_id.expect("Linux numbers its threads");
        let began = Instant::now();
        loop {
            let said = of(id).map(|state| state.to_string()).unwrap_or_default();
            if said.starts_with(expected) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "expected {expected}, came {said}");
            thread::yield_now();
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_is_seen_in_what_it_does() {
        use std::sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
            mpsc,
        };

        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let spin = move || {
            while !stopped.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        };
        see(spin, "on CPU");
        stop.store(true, Ordering::Relaxed);
        see(|| std::thread::sleep(std::time::Duration::from_secs(20)), "sleeping in the kernel");
        let (release, released) = mpsc::channel::<()>();
        let wait = move || assert!(released.recv().is_err(), "nobody sends");
        see(wait, "waiting for a lock, a channel or another thread");
        drop(release);
    }
}
