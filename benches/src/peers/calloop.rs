//! calloop: callbacks instead of tasks, so it takes part where no task is spawned or joined.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use calloop::channel::{Event, channel};
use calloop::generic::Generic;
use calloop::timer::{TimeoutAction, Timer};
use calloop::{EventLoop, Interest, LoopHandle, Mode, PostAction};

use crate::peer::{Call, Echo, Inbox, READ_BYTES, Sender};
use crate::tally;

pub struct Calloop;

/// Arms and cancels timers, `alive` at a time; the workload of the same name without a future.
pub fn arm_cancel(operations: u64, alive: usize, duration: Duration) {
    let event_loop = EventLoop::<'_, ()>::try_new().expect("calloop starts");
    let timers = event_loop.handle();
    let arm = || {
        let timer = Timer::from_duration(duration);
        timers.insert_source(timer, |_, _, _| TimeoutAction::Drop).expect("a timer can be armed")
    };
    let mut ring: Vec<_> = (0..alive).map(|_| arm()).collect();
    for operation in alive..operations as usize {
        let oldest = std::mem::replace(&mut ring[operation % alive], arm());
        timers.remove(oldest);
    }
    ring.into_iter().for_each(|token| timers.remove(token));
}

impl Sender for calloop::channel::Sender<Call> {
    fn send(&self, call: impl FnOnce() + Send + 'static) {
        let sent = calloop::channel::Sender::send(self, Box::new(call));
        assert!(sent.is_ok(), "the loop outlives its producers");
    }
}

impl Inbox for Calloop {
    const NAME: &'static str = "calloop";

    type Sender = calloop::channel::Sender<Call>;

    fn serve(start: impl FnOnce(Self::Sender)) {
        let mut event_loop = EventLoop::try_new().expect("calloop starts");
        let (sender, calls) = channel::<Call>();
        let take_calls = |event: Event<Call>, _: &mut (), _: &mut ()| {
            if let Event::Msg(call) = event {
                call();
            }
        };
        event_loop.handle().insert_source(calls, take_calls).expect("a channel can be watched");
        start(sender);
        while !tally::is_full() {
            event_loop.dispatch(None, &mut ()).expect("calloop runs");
        }
    }
}

impl Echo for Calloop {
    const NAME: &'static str = "calloop";

    fn serve(listener: TcpListener) -> ! {
        let mut event_loop = EventLoop::<'_, Server<'_>>::try_new().expect("calloop starts");
        let mut server = Server { sources: event_loop.handle(), buffer: vec![0; READ_BYTES] };
        listener.set_nonblocking(true).expect("a socket has a nonblocking mode");
        let source = Generic::new(listener, Interest::READ, Mode::Level);
        let accept = |_, listener: &mut calloop::generic::NoIoDrop<TcpListener>, server: &mut _| {
            while let Ok((stream, _)) = listener.accept() {
                watch(server, stream)?;
            }
            Ok(PostAction::Continue)
        };
        event_loop.handle().insert_source(source, accept).expect("a listener can be watched");
        loop {
            event_loop.dispatch(None, &mut server).expect("calloop runs");
        }
    }
}

struct Server<'l> {
    sources: LoopHandle<'l, Server<'l>>,
    buffer: Vec<u8>,
}

/// Adds a connection, served until its end or its first error.
fn watch(server: &mut Server<'_>, stream: TcpStream) -> std::io::Result<()> {
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    let source = Generic::new(stream, Interest::READ, Mode::Level);
    let echo = |_, stream: &mut calloop::generic::NoIoDrop<TcpStream>, server: &mut Server<'_>| {
        let mut stream: &TcpStream = stream;
        match stream.read(&mut server.buffer) {
            Ok(0) => Ok(PostAction::Remove),
            Ok(length) => {
                stream.write_all(&server.buffer[..length])?;
                Ok(PostAction::Continue)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(PostAction::Continue),
            Err(_) => Ok(PostAction::Remove),
        }
    };
    server.sources.insert_source(source, echo).map_err(|error| error.error)?;
    Ok(())
}
