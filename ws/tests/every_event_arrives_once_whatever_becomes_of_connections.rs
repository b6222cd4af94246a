//! Random lives of a client of Socket.IO: connections that break, servers that say goodbye or show
//! it out, a program that leaves and comes back, packets with attachments under way. Each event
//! that was emitted arrives, once, in order; but for those that the socket had taken when the
//! connection broke under a server which didn't read, and they are as many as the socket holds.
#![cfg(test)]
#![cfg(feature = "socketio")]

mod common;
#[path = "common/sio.rs"]
mod sio;

use glassloop_ws::{
    Message,
    socketio::{Binary, Namespace},
};
use sio::{Fixture, HELLO, Peer, SECOND, fixture};

const LIVES: u64 = 200;
const STEPS: usize = 60;

/// A memory socket holds 64 KiB: so many long events, and the one before them in part.
const LONG_BYTES: usize = 20_000;
const LOST_MOST: u64 = 5;

/// What a life depends on. `xorshift`, of no quality that matters here.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// The server of a life: it lets everybody in, and notes which events have come whole.
#[derive(Default)]
struct Server {
    peer: Option<Peer>,
    came: Vec<u64>,
    /// An event whose attachments are on their way: its number, and how many.
    begun: Option<(u64, u64)>,
    /// So many may have been lost.
    lost_most: u64,
}

impl Server {
    /// Hears what there is to hear, until there is no more.
    fn hear(&mut self, it: &mut Fixture) {
        let Some(peer) = self.peer.take() else { return };
        loop {
            let heard = peer.heard(it);
            if heard.is_empty() {
                break;
            }
            for message in heard {
                self.take(it, &peer, &message);
            }
        }
        self.peer = Some(peer);
    }

    fn take(&mut self, it: &mut Fixture, peer: &Peer, message: &Message) {
        let Some(text) = message.as_text() else {
            let (number, left) = self.begun.take().expect("an attachment follows its event");
            match left {
                1 => self.came.push(number),
                _ => self.begun = Some((number, left - 1)),
            }
            return;
        };
        assert!(self.begun.is_none() || !text.starts_with('4'), "{text} between attachments");
        if text == "40" || text == "40/other," {
            // It may have ended meanwhile.
            drop(peer.socket.try_send(format!(r#"{text}{{"sid":"s"}}"#).into()));
            it.event_loop.settle();
        } else if let Some((head, arguments)) = text.split_once(r#"["n","#) {
            let digits = arguments.split([',', ']']).next().unwrap_or_default();
            let number = digits.parse().expect("a number");
            match head.strip_prefix("45") {
                Some(count) => self.begun = Some((number, count[..1].parse().expect("a count"))),
                None => self.came.push(number),
            }
        }
    }

    /// Answers an attempt, if there is one: the connection before it is gone.
    fn answer(&mut self, it: &mut Fixture) {
        if it.is_dialing() {
            self.hear(it);
            self.begun = None;
            self.peer = it.answer_if_asked(HELLO);
        }
    }

    /// It reads no more, and then the connection breaks.
    fn vanish(&mut self, it: &mut Fixture, emit: impl FnOnce()) {
        self.hear(it);
        let peer = self.peer.take();
        peer.iter().for_each(|peer| peer.socket.pause());
        emit();
        it.event_loop.settle();
        if let Some(peer) = peer {
            self.lost_most += LOST_MOST;
            peer.vanish(it);
        }
    }

    fn say(&self, it: &mut Fixture, text: &str) {
        if let Some(peer) = &self.peer {
            drop(peer.socket.try_send(text.into()));
            it.event_loop.settle();
        }
    }
}

/// One life. Gives how many events were emitted, and what the server knows.
fn live(seed: u64) -> (u64, Server, Namespace, Fixture) {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let (mut it, mut server, mut next) = (fixture(), Server::default(), 0);
    let (root, events) = it.namespace("/");
    let others = it.namespace("/other");
    for _ in 0..STEPS {
        let mut number = || {
            next += 1;
            next - 1
        };
        match dice.below(12) {
            0..=3 => (0..=dice.below(3)).for_each(|_| root.emit("n", (number(),)).unwrap()),
            4 => {
                let attached = [50_000, 30_000].map(|bytes| Binary::from(vec![0; bytes]));
                root.emit("n", (number(), attached)).unwrap();
            }
            5 => {
                let asked = root.emit_with_ack("n", (number(),), SECOND * 1_000).unwrap();
                it.event_loop.spawn(asked);
            }
            6 => {
                server.say(&mut it, "41");
                root.connect();
            }
            7 => server.answer(&mut it),
            8 => {
                it.event_loop.pass(SECOND * 6);
                server.hear(&mut it);
            }
            9 => server.say(&mut it, "1"),
            10 => {
                let long = "x".repeat(LONG_BYTES);
                let emit = || (0..20).for_each(|_| root.emit("n", (number(), &*long)).unwrap());
                server.vanish(&mut it, emit);
            }
            _ => {
                if dice.below(3) == 0 {
                    root.disconnect();
                }
                root.connect();
            }
        }
    }
    root.connect();
    for _ in 0..20 {
        it.event_loop.pass(SECOND * 6);
        server.answer(&mut it);
        server.hear(&mut it);
    }
    drop((events, others));
    (next, server, root, it)
}

#[test]
fn every_event_arrives_once_and_in_order() {
    for seed in 0..LIVES {
        let (emitted, Server { came, lost_most, .. }, root, _it) = live(seed);
        let state = root.state();
        assert!(came.is_sorted_by(|one, next| one < next), "seed {seed}, {state}: {came:?}");
        let lost = emitted - came.len() as u64;
        assert!(lost <= lost_most, "seed {seed}, {state}, {lost} of {lost_most}: {came:?}");
        assert_eq!(root.buffered(), 0, "seed {seed}, {state}");
    }
}
