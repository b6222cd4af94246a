//! The number that the OS gives a thread, by which its other tools know it.
//!
//! `None` where there is none to be had without unsafe code, or where feature `os-time` is off.

/// The OS's number of the calling thread: on Linux and Android, with feature `os-time`, what
/// `/proc/self/task` lists.
#[cfg(all(feature = "os-time", any(target_os = "linux", target_os = "android")))]
#[must_use]
pub fn os_thread_id() -> Option<u32> {
    u32::try_from(rustix::thread::gettid().as_raw_nonzero().get()).ok()
}

/// The OS's number of the calling thread: not known here.
#[cfg(not(all(feature = "os-time", any(target_os = "linux", target_os = "android"))))]
#[must_use]
pub fn os_thread_id() -> Option<u32> {
    None
}
