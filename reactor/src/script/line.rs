//! `Line`: what a peer of a script and our socket of its connection both know of it.
//!
//! How far the connection has come, and what is to befall our operations. The bytes are not here;
//! they go through a pipe like those of any memory socket.

use std::{cell::Cell, fmt, io, net::SocketAddr, rc::Rc};

use super::transcript::Transcript;
use crate::{dice::Dice, readiness::Direction};

/// One connection on the stage.
#[derive(Debug)]
pub(crate) struct Line {
    /// Who it is in the transcript.
    name: String,
    here: SocketAddr,
    there: SocketAddr,
    opening: Cell<Opening>,
    /// By direction: the most that one operation of ours moves.
    bytes_max: [Cell<usize>; 2],
    would_block: Cell<bool>,
    interrupted: Cell<bool>,
    /// One in so many operations is disturbed; 0 is none.
    noise_one_in: Cell<u32>,
    dice: Rc<Dice>,
    transcript: Transcript,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Opening {
    Pending,
    Open,
    Failed(io::ErrorKind),
}

impl Line {
    pub(crate) fn new(
        name: String,
        (here, there): (SocketAddr, SocketAddr),
        opening: Opening,
        dice: &Rc<Dice>,
        transcript: &Transcript,
    ) -> Rc<Line> {
        Rc::new(Line {
            name,
            here,
            there,
            opening: Cell::new(opening),
            bytes_max: [Cell::new(usize::MAX), Cell::new(usize::MAX)],
            would_block: Cell::new(false),
            interrupted: Cell::new(false),
            noise_one_in: Cell::new(0),
            dice: Rc::clone(dice),
            transcript: transcript.clone(),
        })
    }

    /// Our address.
    pub(crate) fn here(&self) -> SocketAddr {
        self.here
    }

    /// The peer's address.
    pub(crate) fn there(&self) -> SocketAddr {
        self.there
    }

    pub(crate) fn opening(&self) -> Opening {
        self.opening.get()
    }

    pub(crate) fn set_opening(&self, opening: Opening) {
        self.opening.set(opening);
    }

    pub(crate) fn set_bytes_max(&self, direction: Direction, bytes_max: usize) {
        self.bytes_max[direction as usize].set(bytes_max.max(1));
    }

    pub(crate) fn would_block_once(&self) {
        self.would_block.set(true);
    }

    pub(crate) fn interrupt_once(&self) {
        self.interrupted.set(true);
    }

    pub(crate) fn set_noise(&self, one_in: u32) {
        // One in one would be all of them, for ever.
        self.noise_one_in.set(if one_in == 1 { 2 } else { one_in });
    }

    /// What befalls the operation that comes now, if anything does.
    pub(crate) fn fault(&self) -> Option<io::ErrorKind> {
        if self.interrupted.take() {
            return Some(io::ErrorKind::Interrupted);
        }
        if self.would_block.take() {
            return Some(io::ErrorKind::WouldBlock);
        }
        let one_in = self.noise_one_in.get();
        if one_in == 0 || !self.dice.hits(one_in) {
            return None;
        }
        let kinds = [io::ErrorKind::Interrupted, io::ErrorKind::WouldBlock];
        Some(kinds[self.dice.below(kinds.len())])
    }

    /// How many of the bytes offered the operation that comes now may move.
    pub(crate) fn allowed(&self, direction: Direction, offered: usize) -> usize {
        let most = self.bytes_max[direction as usize].get();
        if most == usize::MAX { offered } else { offered.min(self.dice.up_to(most)) }
    }

    pub(crate) fn note(&self, at: u64, what: fmt::Arguments<'_>) {
        self.transcript.note(at, &self.name, what);
    }
}
