//! Sockets of the world: pairs in memory, used from wherever a program runs.

use std::{io, net::Shutdown, rc::Rc, task::Poll};

use glassloop::net;

use super::{Socket, World, program::Polled};
use crate::{
    line::{Io, Line},
    model::pick_of,
    script::Act,
};

impl World {
    pub(super) fn duplex(&self) {
        let (one, other) = self.event_loop.enter(net::duplex).expect("room for two sources");
        for stream in [one, other] {
            self.birth();
            let socket = Socket { stream: Some(Rc::new(stream)), written: 0 };
            self.sockets.borrow_mut().push(socket);
        }
    }

    pub(super) fn act_on_socket(&self, act: Act, polled: Option<Polled<'_, '_>>) {
        let (Act::Write(pick, _)
        | Act::Read(pick, _)
        | Act::AwaitRead(pick, _)
        | Act::AwaitWrite(pick, _)
        | Act::Shutdown(pick)
        | Act::CloseSocket(pick)) = act
        else {
            return;
        };
        let Some(number) = pick_of(pick, self.sockets.borrow().len()) else { return };
        let Some(stream) = self.sockets.borrow()[number].stream.clone() else { return };
        let done = match act {
            Act::Write(_, bytes) => stream.try_write(&self.to_write(number, bytes)),
            Act::Read(_, bytes) => return self.note_read(number, bytes, |at| stream.try_read(at)),
            Act::Shutdown(_) => return stream.shutdown(Shutdown::Write).expect("in memory"),
            Act::CloseSocket(_) => {
                self.sockets.borrow_mut()[number].stream = None;
                return drop(stream);
            }
            act => {
                let Some(Polled { cx, .. }) = polled else { return };
                match act {
                    Act::AwaitWrite(_, bytes) => {
                        or_would_block(stream.poll_write(cx, &self.to_write(number, bytes)))
                    }
                    Act::AwaitRead(_, bytes) => {
                        let read = |at: &mut [u8]| or_would_block(stream.poll_read(cx, at));
                        return self.note_read(number, bytes, read);
                    }
                    _ => return,
                }
            }
        };
        let moved = done.as_ref().copied().unwrap_or(0);
        let written = &mut self.sockets.borrow_mut()[number].written;
        *written = written.wrapping_add(u8::try_from(moved).expect("few bytes"));
        self.note_moved(number, done, 0);
    }

    /// The bytes that a socket writes next: each one more than the last.
    fn to_write(&self, number: usize, bytes: u8) -> Vec<u8> {
        let first = self.sockets.borrow()[number].written;
        (0..bytes).map(|at| first.wrapping_add(at)).collect()
    }

    fn note_read(
        &self,
        number: usize,
        bytes: u8,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) {
        let mut buffer = vec![0; bytes.into()];
        let done = read(&mut buffer);
        let moved = done.as_ref().copied().unwrap_or(0);
        let sum = buffer[..moved].iter().copied().map(u16::from).sum();
        self.note_moved(number, done, sum);
    }

    fn note_moved(&self, number: usize, done: io::Result<usize>, sum: u16) {
        let told = match done.as_ref().map_err(io::Error::kind) {
            Ok(moved) => Io::Bytes(u8::try_from(*moved).expect("few bytes"), sum),
            Err(io::ErrorKind::WouldBlock) => Io::WouldBlock,
            Err(io::ErrorKind::BrokenPipe) => Io::Broken,
            Err(io::ErrorKind::ConnectionReset) => Io::Reset,
            Err(_) => Io::Other,
        };
        self.book.note(Line::Moved(u16::try_from(number).expect("few sockets"), told));
    }
}

fn or_would_block(polled: Poll<io::Result<usize>>) -> io::Result<usize> {
    match polled {
        Poll::Ready(done) => done,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
