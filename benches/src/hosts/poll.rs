//! The floor of a pump: the one system call that asks for readiness, and nothing around it.

use rustix::event::{Timespec, epoll};
use rustix::fd::OwnedFd;

use super::Pumped;

pub const NAME: &str = "epoll_wait alone";

pub struct Poll(OwnedFd);

impl Pumped for Poll {
    const NAME: &'static str = NAME;

    fn start() -> Poll {
        Poll(epoll::create(epoll::CreateFlags::CLOEXEC).expect("there is a free descriptor"))
    }

    fn pump(&mut self) {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut events = [const { std::mem::MaybeUninit::uninit() }; 16];
        let (ready, _) =
            epoll::wait(&self.0, &mut events, Some(&at_once)).expect("an epoll can be asked");
        assert!(ready.is_empty(), "there was nothing to do");
    }
}
