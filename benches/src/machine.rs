//! The machine under the benchmark: processors, clocks and memory, read in safe code.
//!
//! Promises to read what the kernel accounts for the process itself. Linux only.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// A place to run: the loop under test has one processor for itself, what feeds it another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Loop,
    Feeder,
}

/// The processors the two places stand for; equal on a machine that has only one.
#[derive(Clone, Copy, Debug)]
pub struct Processors {
    pub of_loop: usize,
    pub of_feeder: usize,
}

impl Processors {
    /// The first two processors this process may use. Ask before the first pin.
    pub fn find() -> Processors {
        let allowed = sched_getaffinity(None).expect("the kernel tells a thread its own affinity");
        let mut usable = (0..CpuSet::MAX_CPU).filter(|&cpu| allowed.is_set(cpu));
        let of_loop = usable.next().expect("a running process has a processor");
        Processors { of_loop, of_feeder: usable.next().unwrap_or(of_loop) }
    }

    /// Lets the calling thread, and those that it starts, run in both places.
    pub fn unpin(self) {
        let mut set = CpuSet::new();
        set.set(self.of_loop);
        set.set(self.of_feeder);
        sched_setaffinity(None, &set).expect("processors found at the start are still allowed");
    }

    /// Moves the calling thread to a place.
    pub fn pin(self, place: Place) {
        pin_to(match place {
            Place::Loop => self.of_loop,
            Place::Feeder => self.of_feeder,
        });
    }
}

/// Moves the calling thread to a processor.
pub fn pin_to(processor: usize) {
    let mut set = CpuSet::new();
    set.set(processor);
    sched_setaffinity(None, &set).expect("a processor found at the start is still allowed");
}

/// Processor time of this process so far, all threads.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).expect("processor time is not negative")
}

/// The same of this thread.
#[cfg(feature = "observe")]
pub fn cpu_time_of_this_thread() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("processor time is not negative")
}

/// Long enough for a server without work to fall asleep, which settles the kernel's account.
pub const SETTLE: Duration = Duration::from_millis(2);

/// Processor time of another process so far, all threads, to the nanosecond.
///
/// FACT (Linux): `schedstat` is brought up to date when a thread sleeps or at a tick; read it when
/// the process is idle. `stat` would give whole hundredths of a second only.
pub fn cpu_time_of(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the child is alive");
    threads.flatten().map(|thread| accounted(&thread.path())).sum()
}

/// Processor time of a thread of this process so far. A tick, some milliseconds, may be missing.
#[cfg(feature = "observe")]
pub fn cpu_time_of_thread(id: u32) -> Duration {
    accounted(Path::new(&format!("/proc/self/task/{id}")))
}

/// What the kernel has accounted for a thread.
fn accounted(thread: &Path) -> Duration {
    let stat = fs::read_to_string(thread.join("schedstat")).unwrap_or_default();
    let nanos = stat.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// Which thread this is, as the kernel has it.
#[cfg(feature = "observe")]
pub fn thread_id() -> u32 {
    rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned()
}

/// Bytes of memory that are resident for this process.
pub fn resident_bytes() -> u64 {
    resident_bytes_of(std::process::id())
}

/// Bytes of memory that are resident for another process.
pub fn resident_bytes_of(pid: u32) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).expect("the process is alive");
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.expect("the second field of statm is a number") * rustix::param::page_size() as u64
}

/// How many descriptors a process of ours may have.
pub fn descriptors_max() -> usize {
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, |most| most as usize)
}

/// Allows as many descriptors as the system lets us have.
pub fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // A refusal shows itself: opening the thousandth connection fails with a clear error.
    setrlimit(Resource::Nofile, wanted).ok();
}
