//! A backlog: a loop on the host's thread for which far more has come than one pump can do.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use calloop::channel::{Event, channel};
use calloop::generic::{Generic, NoIoDrop};
use calloop::timer::{TimeoutAction, Timer};
use calloop::{EventLoop, Interest, Mode, PostAction};

#[cfg(feature = "ours")]
pub use self::ours::Ours;
use crate::peer::Call;
use crate::workloads::pump_overrun::item;

/// How much comes.
#[derive(Clone, Copy, Debug)]
pub struct Heap {
    pub timers: usize,
    pub calls: usize,
    pub sockets: usize,
}

pub trait Backlog {
    /// A loop that answers one message of each socket.
    fn start(sockets: Vec<UnixStream>) -> Self;

    /// Arms the timers, all due in `due`, and leaves the calls.
    fn pile_up(&mut self, heap: Heap, due: Duration);

    /// Does what there is to do, for about as long as `budget` if the peer has such a thing.
    fn pump(&mut self, budget: Duration);
}

pub struct Calloop(EventLoop<'static, ()>);

impl Backlog for Calloop {
    fn start(sockets: Vec<UnixStream>) -> Calloop {
        let event_loop = EventLoop::try_new().expect("calloop starts");
        let answer = |_, socket: &mut NoIoDrop<UnixStream>, _: &mut ()| {
            let (mut socket, mut buffer): (&UnixStream, _) = (socket, [0; 64]);
            let length = socket.read(&mut buffer)?;
            socket.write_all(&buffer[..length])?;
            item();
            Ok(PostAction::Remove)
        };
        for socket in sockets {
            socket.set_nonblocking(true).expect("a socket has a nonblocking mode");
            let source = Generic::new(socket, Interest::READ, Mode::Level);
            event_loop.handle().insert_source(source, answer).expect("a socket can be watched");
        }
        Calloop(event_loop)
    }

    fn pile_up(&mut self, heap: Heap, due: Duration) {
        let sources = self.0.handle();
        for _ in 0..heap.timers {
            let fire = |_, (): &mut (), (): &mut ()| {
                item();
                TimeoutAction::Drop
            };
            let timer = Timer::from_duration(due);
            sources.insert_source(timer, fire).expect("a timer can be armed");
        }
        let (sender, calls) = channel::<Call>();
        let take = |event: Event<Call>, (): &mut (), (): &mut ()| {
            if let Event::Msg(call) = event {
                call();
            }
        };
        sources.insert_source(calls, take).expect("a channel can be watched");
        for _ in 0..heap.calls {
            assert!(sender.send(Box::new(item)).is_ok(), "the loop is there");
        }
    }

    fn pump(&mut self, _budget: Duration) {
        self.0.dispatch(Some(Duration::ZERO), &mut ()).expect("calloop runs");
    }
}

#[cfg(feature = "ours")]
mod ours {
    use std::cell::RefCell;
    use std::rc::Rc;

    use glassloop::EventLoop;
    use glassloop::net::UnixStream;
    use glassloop_reactor::Flush;

    use super::{Backlog, Duration, Heap, item};

    /// Each socket's answer is corked, and written at the end of the turn.
    pub struct Ours {
        event_loop: EventLoop,
        /// The line of those that are to write holds them weakly.
        _corked: Vec<Rc<Corked>>,
    }

    struct Corked {
        socket: UnixStream,
        gathered: RefCell<Vec<u8>>,
    }

    impl Flush for Corked {
        fn flush(self: Rc<Self>) {
            let gathered = self.gathered.take();
            let written = self.socket.try_write(&gathered).expect("a socket takes that much");
            assert_eq!(written, gathered.len(), "a socket takes that much");
            item();
        }
    }

    async fn answer(corked: Rc<Corked>) {
        let mut buffer = [0; 64];
        let length = corked.socket.read(&mut buffer).await.expect("the far end writes");
        corked.gathered.borrow_mut().extend_from_slice(&buffer[..length]);
        let line: Rc<dyn Flush> = Rc::<Corked>::clone(&corked);
        corked.socket.reactor().at_turn_end(Rc::downgrade(&line));
    }

    impl Backlog for Ours {
        fn start(sockets: Vec<std::os::unix::net::UnixStream>) -> Ours {
            let event_loop = EventLoop::new().expect("glassloop starts");
            let cork = |socket| {
                let socket = UnixStream::from_std(socket).expect("glassloop takes it");
                Rc::new(Corked { socket, gathered: RefCell::default() })
            };
            let corked: Vec<_> = event_loop.enter(|| sockets.into_iter().map(cork).collect());
            for writer in &corked {
                event_loop.spawn(answer(Rc::clone(writer))).detach();
            }
            while event_loop.pump(Duration::ZERO).expect("the loop runs").more {}
            Ours { event_loop, _corked: corked }
        }

        fn pile_up(&mut self, heap: Heap, due: Duration) {
            for _ in 0..heap.timers {
                self.event_loop.call_later(due, item).expect("there is room for so many timers");
            }
            let remote = self.event_loop.remote();
            for _ in 0..heap.calls {
                assert!(remote.defer(item).is_ok(), "there is room for so many calls");
            }
        }

        fn pump(&mut self, budget: Duration) {
            let _more = self.event_loop.pump(budget).expect("the loop runs");
        }
    }
}
