//! `TlsStream`: a socket, and a TLS session between it and us.
//!
//! Promises to be driven by polls alone: a read never waits for a write, and what the session has
//! to say because of a read leaves at once or is told by `has_unsent`. What was decrypted is given
//! before the socket is waited for, and what came before an end or a fault is given before that.
//!
//! What it holds is bounded: of what comes, one read, one record and the 16 KiB that the session
//! lets lie; of what leaves, what `outgoing` says. Who has not asked for more is not read further.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::task::{Context, Poll, ready};

use glassloop_reactor::net::TcpStream;
use rustls::Connection;

use super::outgoing::Outgoing;
use super::reading::{Reading, poll_untold};
use super::records::Records;

/// One read of the socket takes at most so much, and little more than its caller has room for.
const CIPHER_BYTES: usize = 64 * 1024;

/// One read takes at least so much, if it is there: most handshakes fit into two.
const CIPHER_BYTES_MIN: usize = 4 * 1024;

/// After so many steps of some 4 KiB without a byte of plaintext somebody else's turn is due.
// COST: 64 KiB of key updates, which are allowed between any two messages, took 10 to 21 ms.
const FRUITLESS_STEPS_MAX: u32 = 1;

thread_local! {
    /// What a thread reads from its sockets passes through here, so that a connection at rest needs
    /// no buffer of its own. Empty while somebody reads.
    static CIPHER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A stream over TLS.
pub(crate) struct TlsStream {
    socket: TcpStream,
    session: Connection,
    /// What has left the socket and was not decrypted yet: too much came of which nothing can be
    /// read, or the session had no room.
    rest: Vec<u8>,
    /// Bytes that were decrypted and not read.
    decrypted: usize,
    records: Records,
    outgoing: Outgoing,
    /// True if the socket gave anything since it was asked.
    heard: bool,
    /// True once the peer has ended: by its word, or without one.
    at_end: bool,
    /// True once we have ended.
    said_end: bool,
    /// What broke the session; nothing can be read behind it.
    fault: Option<rustls::Error>,
}

impl TlsStream {
    pub(super) fn new(socket: TcpStream, mut session: Connection) -> Box<TlsStream> {
        // `Outgoing` bounds it; a limit in the session would only make it take less at a time.
        session.set_buffer_limit(None);
        Box::new(TlsStream {
            socket,
            session,
            rest: Vec::new(),
            decrypted: 0,
            records: Records::default(),
            outgoing: Outgoing::default(),
            heard: false,
            at_end: false,
            said_end: false,
            fault: None,
        })
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// True if a read would give something though the socket may not: bytes, an end, a fault.
    pub(crate) fn has_input(&self) -> bool {
        self.decrypted > 0 || !self.rest.is_empty() || self.at_end || self.fault.is_some()
    }

    /// True if something has come of which nothing was read, or not all: bytes, or a part of a
    /// record. What has passed whole and said nothing to us, as a change of keys, is none.
    pub(crate) fn has_part(&self) -> bool {
        self.decrypted > 0 || !self.rest.is_empty() || self.records.has_part()
    }

    /// True until hands are shaken.
    pub(crate) fn is_shaking(&self) -> bool {
        self.session.is_handshaking()
    }

    /// True once after the socket gave anything: a part of a record is a sign of life, too.
    pub(crate) fn take_heard(&mut self) -> bool {
        std::mem::take(&mut self.heard)
    }

    /// How much ciphertext the socket has taken.
    pub(crate) fn taken(&self) -> u64 {
        self.outgoing.taken()
    }

    pub(crate) fn has_unsent(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Shakes hands. The caller sets a deadline.
    pub(super) async fn handshake(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_handshake(cx, Reading::Told)).await
    }

    pub(crate) fn poll_handshake(
        &mut self,
        cx: &mut Context<'_>,
        reading: Reading,
    ) -> Poll<io::Result<()>> {
        loop {
            self.outgoing.collect(&mut self.session)?;
            if let Some(fault) = &self.fault {
                let told = Err(broken(fault));
                // The peer is told, too, if it is there and the socket has room.
                self.try_send().ok();
                return Poll::Ready(told);
            }
            while self.has_unsent() {
                ready!(self.poll_send(cx))?;
            }
            if !self.session.is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            if self.at_end {
                let what = "expected a TLS handshake, came the end of the stream";
                return Poll::Ready(Err(io::Error::new(ErrorKind::UnexpectedEof, what)));
            }
            let mut read = |socket: &TcpStream, cipher: &mut [u8]| reading.of(socket, cx, cipher);
            ready!(self.fill(&mut [], &mut read))?;
        }
    }

    /// Reads what is decrypted, or decrypts what comes, or waits. 0 is the end: a WebSocket and a
    /// request say themselves where they end, so one that the peer did not announce is no other.
    #[track_caller]
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let polled = self.read_from(buffer, |socket, cipher| socket.poll_read(cx, cipher));
        if polled.is_pending() && !self.rest.is_empty() {
            // Much work and nothing to show for it: others come first.
            cx.waker().wake_by_ref();
        }
        polled
    }

    /// Reads what is there at this moment, also what no event has told of yet.
    pub(crate) fn try_read_untold(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.read_from(buffer, poll_untold) {
                Poll::Ready(read) => return read,
                Poll::Pending if self.rest.is_empty() => return Err(ErrorKind::WouldBlock.into()),
                Poll::Pending => {}
            }
        }
    }

    /// Reads what is decrypted, or decrypts what `read` gives. Pending with a `rest` means: there
    /// is more to do.
    fn read_from(
        &mut self,
        buffer: &mut [u8],
        mut read: impl FnMut(&TcpStream, &mut [u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let rest = std::mem::take(&mut self.rest);
            let mut count = self.decrypt(&rest, buffer);
            if count == 0 && !self.has_input() {
                count = ready!(self.fill(buffer, &mut read))?;
            }
            if count > 0 || buffer.is_empty() {
                return Poll::Ready(Ok(count));
            }
            if !self.rest.is_empty() {
                return Poll::Pending;
            }
            if let Some(fault) = &self.fault {
                return Poll::Ready(Err(broken(fault)));
            }
            if self.at_end {
                return Poll::Ready(Ok(0));
            }
        }
    }

    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read(cx, buffer)).await
    }

    /// One read of the socket, decrypted into `buffer` as far as there is room.
    fn fill(
        &mut self,
        buffer: &mut [u8],
        read: &mut impl FnMut(&TcpStream, &mut [u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let wanted = buffer.len().clamp(CIPHER_BYTES_MIN, CIPHER_BYTES);
        let mut cipher = CIPHER.take();
        cipher.resize(CIPHER_BYTES, 0);
        let polled = match read(&self.socket, &mut cipher[..wanted]) {
            Poll::Ready(Ok(0)) => {
                self.at_end = true;
                Poll::Ready(Ok(0))
            }
            Poll::Ready(Ok(count)) => {
                self.heard = true;
                Poll::Ready(Ok(self.decrypt(&cipher[..count], buffer)))
            }
            other => other,
        };
        CIPHER.set(cipher);
        polled
    }

    /// Gives what is decrypted, and decrypts more while there is room for it. What finds none
    /// stays.
    fn decrypt(&mut self, mut cipher: &[u8], buffer: &mut [u8]) -> usize {
        let mut count = self.take_decrypted(buffer);
        let mut fruitless = 0;
        while !cipher.is_empty() && !self.at_end && self.fault.is_none() {
            if fruitless >= FRUITLESS_STEPS_MAX && !self.session.is_handshaking() {
                break;
            }
            let offered = cipher;
            match self.session.read_tls(&mut cipher) {
                Ok(count) => self.records.follow(&offered[..count]),
                // Too much is decrypted and not read.
                Err(_) if self.decrypted > 0 => break,
                Err(_) => self.fault = Some(rustls::Error::PeerSentOversizedRecord),
            }
            match self.session.process_new_packets() {
                Ok(state) => {
                    self.decrypted = state.plaintext_bytes_to_read();
                    self.at_end = state.peer_has_closed();
                }
                Err(fault) => {
                    self.fault = Some(fault);
                    self.decrypted = usize::MAX;
                }
            }
            fruitless = if self.decrypted == 0 { fruitless + 1 } else { 0 };
            count += self.take_decrypted(&mut buffer[count..]);
        }
        if !self.at_end && self.fault.is_none() {
            self.rest = cipher.to_vec();
            // COST: a read of nothing has the session give back the room of long records, which it
            // would do with the next read; a connection at rest is 10 KiB smaller for it.
            self.session.read_tls(&mut Nothing).ok();
        }
        self.answer();
        count
    }

    fn take_decrypted(&mut self, buffer: &mut [u8]) -> usize {
        let mut count = 0;
        while self.decrypted > 0 && count < buffer.len() {
            match io::Read::read(&mut self.session.reader(), &mut buffer[count..]) {
                Ok(taken) if taken > 0 => {
                    self.decrypted -= taken;
                    count += taken;
                }
                _ => self.decrypted = 0,
            }
        }
        count
    }

    /// What the session has to say because of what it read leaves now, as far as it can.
    fn answer(&mut self) {
        if self.session.wants_write()
            && !self.session.is_handshaking()
            && self.outgoing.collect(&mut self.session).is_ok()
        {
            self.try_send().ok();
        }
    }

    /// Writes records of `bytes`: in one write, all that fits. Less than all of it means that the
    /// socket is full.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut told = 0;
        loop {
            self.outgoing.pledge(&mut self.session, &bytes[told..])?;
            if self.outgoing.is_empty() {
                return Ok(told);
            }
            match self.try_send() {
                Ok(count) => told += count,
                // What was told before it is told; it comes again.
                Err(_) if told > 0 => return Ok(told),
                Err(error) => return Err(error),
            }
            if self.has_unsent() {
                return if told > 0 { Ok(told) } else { Err(ErrorKind::WouldBlock.into()) };
            }
        }
    }

    #[track_caller]
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            self.outgoing.pledge(&mut self.session, bytes)?;
            if self.outgoing.is_empty() {
                return Poll::Ready(Ok(0));
            }
            let told = ready!(self.poll_send(cx))?;
            if told > 0 {
                return Poll::Ready(Ok(told));
            }
        }
    }

    pub(crate) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut left = bytes;
        poll_fn(|cx| {
            while !left.is_empty() {
                let count = ready!(self.poll_write(cx, left))?;
                left = &left[count..];
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    fn try_send(&mut self) -> io::Result<usize> {
        let count = self.socket.try_write(self.outgoing.unsent())?;
        Ok(self.outgoing.note_sent(count))
    }

    #[track_caller]
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let count = ready!(self.socket.poll_write(cx, self.outgoing.unsent()))?;
        Poll::Ready(Ok(self.outgoing.note_sent(count)))
    }

    /// Says that nothing more comes from us, if the socket takes that at once.
    pub(crate) fn say_end(&mut self) {
        if std::mem::replace(&mut self.said_end, true) || self.session.is_handshaking() {
            return;
        }
        self.session.send_close_notify();
        if self.outgoing.collect(&mut self.session).is_ok()
            && let Err(error) = self.try_send()
        {
            log::trace!("tls: no room for the end: {error}");
        }
    }
}

impl Drop for TlsStream {
    fn drop(&mut self) {
        // Who has ended, or is broken, reads no more of us.
        if !self.at_end && self.fault.is_none() {
            self.say_end();
        }
    }
}

impl fmt::Debug for TlsStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream")
            .field("socket", &self.socket)
            .field("decrypted", &self.decrypted)
            .field("unsent", &self.outgoing.unsent().len())
            .field("at_end", &self.at_end)
            .finish_non_exhaustive()
    }
}

/// A socket from which nothing comes now.
struct Nothing;

impl io::Read for Nothing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
}

/// A fault as an error of the stream; `Error` makes a fault of it again.
fn broken(fault: &rustls::Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, fault.clone())
}
