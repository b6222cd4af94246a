//! Under a script and a clock that jumps, the seed decides the run, to the last byte of the record.
//!
//! And whatever a seed decides, an echo server returns every byte or is told an error; it never
//! waits for what can't come.
#![cfg(test)]

#[path = "common/scripted.rs"]
mod scripted;
#[path = "common/seed.rs"]
mod seed;

use std::{collections::BTreeSet, io, time::Duration};

use glassloop::{Script, Step};
use scripted::{address, echo_server, epilogue, scripted_loop, three_peers};
use seed::Seed;

/// Bytes on their way in one direction: few, so that both sides have to wait for the other.
const PIPE_BYTES: usize = 256;

/// Plays a script to an echo server of so many connections. A deadlock fails the test: it is the
/// hang that another poller would have shown.
fn played(script: Script, connections: usize) -> (Vec<io::Result<usize>>, String) {
    let transcript = script.transcript();
    let event_loop = scripted_loop(script, PIPE_BYTES);
    let ended = event_loop.block_on(echo_server(connections));
    let ended = ended.unwrap_or_else(|error| panic!("{error}\n{transcript}"));
    epilogue(&event_loop);
    let turns = event_loop.snapshot().turn;
    event_loop.close(Duration::ZERO);
    assert_eq!(transcript.lost(), 0);
    let effects = format!("{transcript}{ended:?} in {turns} turns");
    (ended, effects)
}

#[test]
fn the_same_seed_gives_the_same_record_and_another_seed_another() {
    let mut records = BTreeSet::new();
    let seeds = 20;
    for seed in 0..seeds {
        let _named = Seed::new(seed);
        let (ended, first) = played(three_peers(seed), 3);
        let (_, second) = played(three_peers(seed), 3);
        assert!(ended.iter().all(Result::is_ok), "{first}");
        assert_eq!(first, second);
        records.insert(first);
    }
    assert_eq!(records.len() as u64, seeds, "no two seeds gave the same record");
}

/// What a random peer is to be judged by.
struct Expected {
    sent: Vec<u8>,
    /// It reads all of it back, and nothing of its steps is an error.
    is_polite: bool,
}

/// Something that may befall a connection at any time.
fn random_fault(seed: &Seed) -> Step {
    match seed.below(6) {
        0 => Step::ShortReads { bytes_max: 1 + seed.below(20) },
        1 => Step::ShortWrites { bytes_max: 1 + seed.below(20) },
        2 => Step::WouldBlockOnce,
        3 => Step::Interrupted,
        4 => Step::Noise { one_in: u32::try_from(2 + seed.below(6)).unwrap() },
        _ => Step::After(Duration::from_micros(seed.below(3_000) as u64)),
    }
}

/// A peer that sends and reads in rounds, with faults in between, and goes in one of four ways.
fn random_peer(seed: &Seed) -> (Vec<Step>, Expected) {
    let (mut steps, mut sent) = (Vec::new(), Vec::new());
    if seed.below(4) == 0 {
        steps.push(Step::Emfile { times: u32::try_from(seed.below(4)).unwrap() });
    }
    let rounds = 1 + seed.below(4);
    for round in 1..=rounds {
        if seed.below(2) == 0 {
            steps.push(random_fault(seed));
        }
        let bytes: Vec<u8> =
            (0..1 + seed.below(PIPE_BYTES)).map(|n| u8::try_from(n % 251).unwrap()).collect();
        sent.extend_from_slice(&bytes);
        let answer = bytes.len();
        match seed.below(2) {
            0 => steps.push(Step::Send(bytes)),
            _ => steps.push(Step::send_in_chunks(bytes, 1 + seed.below(50))),
        }
        if round < rounds {
            steps.push(random_fault(seed));
            steps.push(Step::ReadUntil(answer));
        }
    }
    let is_polite = match seed.below(4) {
        0 => {
            steps.push(Step::Reset);
            false
        }
        1 => {
            steps.push(Step::Close);
            false
        }
        _ => {
            steps.extend([Step::HalfClose, Step::ReadToEnd, Step::Close]);
            true
        }
    };
    (steps, Expected { sent, is_polite })
}

/// One random script. Gives how many bytes came back.
fn bytes_come_back_or_an_error_is_told(seed: &Seed) -> usize {
    let connections = 1 + seed.below(5);
    let mut script = Script::new(seed.get());
    let mut expected = Vec::new();
    for _ in 0..connections {
        let (steps, peer) = random_peer(seed);
        script = script.connects(address(), steps);
        expected.push(peer);
    }
    let transcript = script.transcript();
    let (ended, record) = played(script, connections);
    let mut back = 0;
    for (number, peer) in expected.iter().enumerate() {
        let received = transcript.received(number);
        assert!(peer.sent.starts_with(&received), "peer {number} got something else:\n{record}");
        let is_all = received.len() == peer.sent.len();
        assert!(is_all || !peer.is_polite, "peer {number} got too little:\n{record}");
        back += received.len();
    }
    let rude = expected.iter().filter(|peer| !peer.is_polite).count();
    let errors = ended.iter().filter(|ended| ended.is_err()).count();
    assert!(errors <= rude, "{errors} errors for {rude} rude peers:\n{record}");
    back
}

#[test]
fn two_hundred_random_scripts_lose_no_byte_and_hang_nobody() {
    let back: usize = Seed::all(200).map(|seed| bytes_come_back_or_an_error_is_told(&seed)).sum();
    assert!(back > 0, "somebody was echoed to");
}

#[test]
#[ignore = "full size: run with --release"]
fn full_twenty_thousand_random_scripts_lose_no_byte_and_hang_nobody() {
    let back = Seed::all(20_000).map(|seed| bytes_come_back_or_an_error_is_told(&seed));
    assert!(back.sum::<usize>() > 0);
}
