//! Sockets of the model: two ends, what lies between them, and what each was told.

use std::collections::VecDeque;

use super::{Model, acts::pick_of};
use crate::{
    line::{Io, Line},
    script::Act,
};

const READABLE: u8 = 1;
const WRITABLE: u8 = 2;
const READ_CLOSED: u8 = 4;
const WRITE_CLOSED: u8 = 8;
const ERROR: u8 = 16;

/// One end of a connection; the other is its neighbour of the next even or odd number.
#[derive(Debug, Default)]
pub(super) struct Socket {
    pub(super) open: bool,
    /// What it was told, and what it will be told in the next phase `io`.
    ready: u8,
    raised: u8,
    /// Tasks that wait to read, and to write.
    pub(super) waiting: [Option<usize>; 2],
    /// What it has yet to read.
    bytes: VecDeque<u8>,
    /// The other end writes no more; this end reads no more; the other end was dropped unread.
    ended: bool,
    broken: bool,
    reset: bool,
    /// Bytes written so far: the next byte's value.
    written: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Read,
    Write,
}

impl Way {
    fn ready(self) -> u8 {
        if self == Way::Read { READABLE } else { WRITABLE }
    }

    fn ended(self) -> u8 {
        ERROR | if self == Way::Read { READ_CLOSED } else { WRITE_CLOSED }
    }
}

impl Model {
    pub(super) fn duplex(&mut self) {
        let first = self.sockets.len();
        for _ in 0..2 {
            self.birth();
            self.sockets.push(Socket { open: true, ..Socket::default() });
        }
        self.tell(first, WRITABLE);
        self.tell(first + 1, WRITABLE);
    }

    fn tell(&mut self, number: usize, told: u8) {
        let socket = &mut self.sockets[number];
        if !socket.open {
            return;
        }
        if socket.raised == 0 {
            self.raised.push(number);
        }
        socket.raised |= told;
    }

    pub(super) fn io_phase(&mut self) {
        let mut woken = Vec::new();
        for number in std::mem::take(&mut self.raised) {
            let socket = &mut self.sockets[number];
            let told = std::mem::take(&mut socket.raised);
            if !socket.open {
                continue;
            }
            socket.ready |= told;
            for way in [Way::Read, Way::Write] {
                if told & way.ended() != 0 {
                    socket.ready |= way.ready();
                }
                if socket.ready & way.ready() != 0 {
                    woken.extend(socket.waiting[way as usize].take());
                }
            }
        }
        for task in woken {
            self.wake(task);
        }
    }

    pub(super) fn act_on_socket(&mut self, act: Act, polled: Option<usize>) {
        let (Act::Write(pick, _)
        | Act::Read(pick, _)
        | Act::AwaitRead(pick, _)
        | Act::AwaitWrite(pick, _)
        | Act::Shutdown(pick)
        | Act::CloseSocket(pick)) = act
        else {
            return;
        };
        let Some(number) = pick_of(pick, self.sockets.len()) else { return };
        if !self.sockets[number].open {
            return;
        }
        match act {
            Act::Write(_, bytes) => self.operate(number, Way::Write, bytes, None),
            Act::Read(_, bytes) => self.operate(number, Way::Read, bytes, None),
            Act::Shutdown(_) => {
                self.sockets[number ^ 1].ended = true;
                self.tell(number ^ 1, READ_CLOSED);
            }
            Act::CloseSocket(_) => self.close_socket(number),
            _ if polled.is_none() => {}
            Act::AwaitWrite(_, bytes) => self.operate(number, Way::Write, bytes, polled),
            Act::AwaitRead(_, bytes) => self.operate(number, Way::Read, bytes, polled),
            _ => {}
        }
    }

    /// Tries an operation if it may succeed; else a task that is polled waits.
    fn operate(&mut self, number: usize, way: Way, bytes: u8, polled: Option<usize>) {
        let mut done = Io::WouldBlock;
        if self.sockets[number].ready & way.ready() != 0 {
            done = match way {
                Way::Read => self.read(number, bytes),
                Way::Write => self.write(number, bytes),
            };
        }
        let socket = &mut self.sockets[number];
        match done {
            Io::WouldBlock => {
                socket.ready &= !way.ready();
                if polled.is_some() {
                    socket.waiting[way as usize] = polled;
                }
            }
            Io::Bytes(moved, _)
                if (1..bytes).contains(&moved) && socket.ready & way.ended() == 0 =>
            {
                socket.ready &= !way.ready();
            }
            _ => {}
        }
        self.lines.push(Line::Moved(u16::try_from(number).expect("few sockets"), done));
    }

    fn read(&mut self, number: usize, bytes: u8) -> Io {
        let room = self.limits.reactor.memory_pipe_bytes_max;
        let socket = &mut self.sockets[number];
        if socket.bytes.is_empty() {
            return if std::mem::take(&mut socket.reset) {
                Io::Reset
            } else if socket.ended {
                Io::Bytes(0, 0)
            } else {
                Io::WouldBlock
            };
        }
        let was_full = socket.bytes.len() == room;
        let moved = socket.bytes.len().min(bytes.into());
        let sum = socket.bytes.drain(..moved).map(u16::from).sum();
        if was_full {
            self.tell(number ^ 1, WRITABLE);
        }
        Io::Bytes(u8::try_from(moved).expect("few bytes"), sum)
    }

    fn write(&mut self, number: usize, bytes: u8) -> Io {
        let room = self.limits.reactor.memory_pipe_bytes_max;
        let far = &mut self.sockets[number ^ 1];
        if far.ended || far.broken {
            return Io::Broken;
        }
        let was_empty = far.bytes.is_empty();
        let moved = (room - far.bytes.len()).min(bytes.into());
        if moved == 0 {
            return Io::WouldBlock;
        }
        for _ in 0..moved {
            let byte = self.sockets[number].written;
            self.sockets[number].written = byte.wrapping_add(1);
            self.sockets[number ^ 1].bytes.push_back(byte);
        }
        if was_empty {
            self.tell(number ^ 1, READABLE);
        }
        Io::Bytes(u8::try_from(moved).expect("few bytes"), 0)
    }

    pub(super) fn close_socket(&mut self, number: usize) {
        let socket = &mut self.sockets[number];
        socket.open = false;
        socket.waiting = [None, None];
        socket.broken = true;
        let unread = !std::mem::take(&mut socket.bytes).is_empty();
        let far = &mut self.sockets[number ^ 1];
        far.ended = true;
        far.reset = unread;
        let error = if unread { ERROR } else { 0 };
        self.tell(number ^ 1, READ_CLOSED | WRITE_CLOSED | error);
    }
}
