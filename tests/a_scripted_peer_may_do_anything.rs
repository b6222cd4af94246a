//! What a kernel and a peer may do to a program, one case at a time, played by a script.
//!
//! The server and the client are ordinary tasks of an ordinary loop; their sockets lie in memory,
//! and the far ends do what stands in the list of steps.
//!
//! Runs under Miri.
#![cfg(test)]

#[path = "common/scripted.rs"]
mod scripted;

use std::{
    io::{self, ErrorKind},
    net::Shutdown,
    time::Duration,
};

use glassloop::{
    DeadlockReport, RunError, Script, Step, Transcript,
    net::{TcpListener, TcpStream},
};
use scripted::{accept_patiently, address, echo, echo_server, play};

const MS: Duration = Duration::from_millis(1);

/// A hundred bytes, no two neighbours the same.
fn text() -> Vec<u8> {
    (0..100).collect()
}

/// Plays one peer's steps to an echo server. Gives how its connection ended, and the transcript.
fn echo_to(steps: impl IntoIterator<Item = Step>) -> (io::Result<usize>, Transcript) {
    let script = Script::new(7).connects(address(), steps);
    let transcript = script.transcript();
    let mut ended = play(script, echo_server(1)).unwrap();
    (ended.remove(0), transcript)
}

/// The numbers in what our socket did: "we read 3 of 64 bytes" gives 3.
fn moved(transcript: &Transcript, what: &str) -> Vec<usize> {
    let lines = transcript.lines();
    let told = lines.iter().filter_map(|line| line.split_once(what)?.1.split(' ').next());
    told.filter_map(|number| number.parse().ok()).filter(|moved| *moved > 0).collect()
}

fn count(transcript: &Transcript, what: &str) -> usize {
    transcript.lines().iter().filter(|line| line.contains(what)).count()
}

#[test]
fn short_reads_lose_no_byte() {
    let (ended, transcript) = echo_to([
        Step::ShortReads { bytes_max: 3 },
        Step::send(text()),
        Step::HalfClose,
        Step::ReadToEnd,
    ]);
    assert_eq!(ended.unwrap(), 100, "{transcript}");
    assert_eq!(transcript.received(0), text());
    let reads = moved(&transcript, "we read ");
    assert!(reads.iter().all(|bytes| *bytes <= 3) && reads.contains(&1), "{transcript}");
    assert_eq!(reads.iter().sum::<usize>(), 100);
}

#[test]
fn short_reads_without_an_end_in_sight_lose_no_byte() {
    // No end was told: after each short read only an edge says that there is more.
    let (ended, transcript) = echo_to([
        Step::ShortReads { bytes_max: 3 },
        Step::send(text()),
        Step::ReadUntil(100),
        Step::Close,
    ]);
    assert_eq!(ended.unwrap(), 100, "{transcript}");
    assert_eq!(transcript.received(0), text());
}

#[test]
fn short_writes_lose_no_byte() {
    let (ended, transcript) = echo_to([
        Step::ShortWrites { bytes_max: 5 },
        Step::send(text()),
        Step::ReadUntil(100),
        Step::Close,
    ]);
    assert_eq!(ended.unwrap(), 100, "{transcript}");
    assert_eq!(transcript.received(0), text());
    let writes = moved(&transcript, "we write ");
    assert!(writes.len() >= 20 && writes.iter().all(|bytes| *bytes <= 5), "{transcript}");
}

#[test]
fn an_interrupted_operation_is_tried_again() {
    let (ended, transcript) = echo_to([
        Step::Interrupted,
        Step::send("ping"),
        Step::ReadUntil(4),
        Step::Interrupted,
        Step::HalfClose,
        Step::ReadToEnd,
    ]);
    assert_eq!(ended.unwrap(), 4, "{transcript}");
    assert_eq!(transcript.received(0), b"ping");
    assert_eq!(count(&transcript, "Interrupted, for no reason"), 2, "{transcript}");
}

#[test]
fn readiness_without_a_reason_is_waited_out() {
    let (ended, transcript) = echo_to([
        Step::After(MS),
        Step::WouldBlockOnce,
        Step::After(MS),
        Step::send("ping"),
        Step::ReadUntil(4),
        Step::WouldBlockOnce,
        Step::send("pong"),
        Step::ReadUntil(4),
        Step::Close,
    ]);
    assert_eq!(ended.unwrap(), 8, "{transcript}");
    assert_eq!(transcript.received(0), b"pingpong");
    assert_eq!(count(&transcript, "WouldBlock, for no reason"), 2, "{transcript}");
}

#[test]
fn a_lack_of_descriptors_at_accept_loses_no_connection() {
    let echo_once = |bytes: &str| [Step::send(bytes), Step::HalfClose, Step::ReadToEnd];
    let lacking = [Step::Emfile { times: 3 }].into_iter().chain(echo_once("first"));
    let script = Script::new(7)
        .connects(address(), lacking)
        .connects(address(), echo_once("second"))
        .connects(address(), [Step::After(MS)].into_iter().chain(echo_once("third")));
    let transcript = script.transcript();
    let ended = play(script, echo_server(3)).unwrap();
    assert!(ended.iter().all(Result::is_ok), "{transcript}");
    let received = [0, 1, 2].map(|peer| transcript.received(peer));
    assert_eq!(received, [&b"first"[..], b"second", b"third"], "{transcript}");
    assert_eq!(count(&transcript, "no descriptor is left"), 3, "{transcript}");
}

#[test]
fn a_reset_in_the_middle_of_a_read_is_told_after_the_last_byte() {
    let script =
        Script::new(7).connects(address(), [Step::send("half"), Step::After(MS), Step::Reset]);
    let server = async {
        let listener = TcpListener::bind(address()).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let mut whole = [0; 8];
        let error = stream.read_exact(&mut whole).await.unwrap_err();
        (whole, error.kind())
    };
    let (whole, error) = play(script, server).unwrap();
    assert_eq!((&whole[..4], error), (&b"half"[..], ErrorKind::ConnectionReset));
}

#[test]
fn a_reset_in_the_middle_of_a_write_ends_the_write() {
    let script =
        Script::new(7).connects(address(), [Step::ReadUntil(1_000), Step::After(MS), Step::Reset]);
    let transcript = script.transcript();
    let server = async {
        let listener = TcpListener::bind(address()).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        // More than there is room for: the write waits when the reset comes.
        stream.write_all(&[1; 1 << 14]).await.unwrap_err().kind()
    };
    let error = play(script, server).unwrap();
    assert!(matches!(error, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
    assert_eq!(transcript.received(0), [1; 1_000]);
}

#[test]
fn a_peer_that_ended_its_side_still_reads_our_answer() {
    let script = Script::new(7).connects(
        address(),
        [Step::send_in_chunks("question", 3), Step::HalfClose, Step::ReadToEnd],
    );
    let transcript = script.transcript();
    let server = async {
        let listener = TcpListener::bind(address()).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let (mut question, mut buffer) = (Vec::new(), [0; 64]);
        loop {
            match stream.read(&mut buffer).await.unwrap() {
                0 => break,
                came => question.extend_from_slice(&buffer[..came]),
            }
        }
        glassloop::sleep(MS).await;
        stream.write_all(b"answer").await.unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        question
    };
    assert_eq!(play(script, server).unwrap(), b"question");
    assert_eq!(transcript.received(0), b"answer");
    assert_eq!(count(&transcript, "peer 0: reads the end"), 1, "{transcript}");
}

#[test]
fn the_last_bytes_and_the_end_in_one_edge_are_both_seen() {
    let (ended, transcript) = echo_to([
        Step::After(MS),
        // Ours waits in its read by now, with room for more than comes.
        Step::send("last"),
        Step::HalfClose,
        Step::ReadToEnd,
    ]);
    assert_eq!(ended.unwrap(), 4, "{transcript}");
    assert_eq!(transcript.received(0), b"last");
    let lines = transcript.lines();
    let sent = lines.iter().position(|line| line.contains("sends 4 bytes")).unwrap();
    assert!(lines[sent + 1].contains("shuts down"), "nothing came between:\n{transcript}");
}

#[test]
fn a_connection_that_comes_to_nothing_says_why_and_when() {
    let silent = "10.0.0.2:7".parse().unwrap();
    let slow = "10.0.0.3:7".parse().unwrap();
    let script = Script::new(7)
        .listens(address(), [Step::After(5 * MS), Step::Refuse])
        .listens(slow, [Step::After(75_000 * MS), Step::TimeOut]);
    let transcript = script.transcript();
    let client = async move {
        let mut told = Vec::new();
        for to in [silent, address(), slow] {
            let began = glassloop::sleep(Duration::ZERO).deadline();
            let error = TcpStream::connect(to).await.unwrap_err().kind();
            let took = glassloop::sleep(Duration::ZERO).deadline() - began;
            told.push((error, took));
        }
        told
    };
    let told = play(script, client).unwrap();
    let refused = ErrorKind::ConnectionRefused;
    let expected =
        [(refused, Duration::ZERO), (refused, 5 * MS), (ErrorKind::TimedOut, 75_000 * MS)];
    assert_eq!(told, expected, "{transcript}");
}

#[test]
fn a_peer_that_listens_plays_its_steps_to_each_connection() {
    let steps = [Step::After(MS), Step::ReadUntil(1), Step::send("hello"), Step::Close];
    let script = Script::new(7).listens(address(), steps);
    let transcript = script.transcript();
    let client = async {
        for byte in [b"a", b"b"] {
            let stream = TcpStream::connect(address()).await.unwrap();
            assert_eq!(stream.peer_addr().unwrap(), address());
            stream.write_all(byte).await.unwrap();
            let mut hello = [0; 5];
            stream.read_exact(&mut hello).await.unwrap();
            assert_eq!(&hello, b"hello");
            assert_eq!(stream.read(&mut hello).await.unwrap(), 0);
        }
    };
    play(script, client).unwrap();
    assert_eq!([transcript.received(0), transcript.received(1)], [b"a", b"b"], "{transcript}");
}

#[test]
fn two_sockets_of_the_program_meet_without_a_peer() {
    let both = async {
        let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let to = listener.local_addr().unwrap();
        assert_eq!(TcpListener::bind(to).unwrap_err().kind(), ErrorKind::AddrInUse);
        let server = glassloop::spawn(async move {
            let (stream, from) = listener.accept().await.unwrap();
            assert_eq!(stream.peer_addr().unwrap(), from);
            echo(stream).await.unwrap()
        });
        let client = TcpStream::connect(to).await.unwrap();
        client.write_all(b"echo").await.unwrap();
        let mut back = [0; 4];
        client.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"echo");
        drop(client);
        assert_eq!(server.await.unwrap(), 4);
        // The listener went with the task: there is nobody any more.
        assert_eq!(TcpStream::connect(to).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    };
    play(Script::new(7), both).unwrap();
}

#[test]
fn what_only_the_system_has_is_unsupported() {
    let script = Script::new(7).connects(address(), []);
    let server = async {
        let listener = TcpListener::bind(address()).unwrap();
        let (stream, _) = accept_patiently(&listener).await;
        assert_eq!(stream.set_nodelay(true).unwrap_err().kind(), ErrorKind::Unsupported);
        #[cfg(unix)]
        assert_eq!(stream.descriptor().unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(stream.local_addr().unwrap(), address());
        assert_eq!(stream.into_std().unwrap_err().kind(), ErrorKind::Unsupported);
    };
    play(script, server).unwrap();
}

#[track_caller]
fn expect_deadlock<T>(ended: Result<T, RunError>) -> DeadlockReport {
    match ended {
        Err(RunError::Deadlock(report)) => report,
        Err(other) => panic!("expected a deadlock, came: {other}"),
        Ok(_) => panic!("expected a deadlock, came a result"),
    }
}

#[test]
fn a_peer_that_has_nothing_left_to_do_is_a_deadlock_and_no_hang() {
    let script = Script::new(7).connects(address(), [Step::send("half"), Step::After(5 * MS)]);
    let report = expect_deadlock(play(script, async {
        let listener = TcpListener::bind(address()).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 8]).await.unwrap();
    }));
    assert_eq!(report.tasks[0].waits[0].operation, "read_exact");
    let report = expect_deadlock(play(Script::new(7), echo_server(1)));
    assert_eq!(report.tasks[0].waits[0].operation, "accept");
}
