//! Where the network cuts the bytes changes nothing: handshake and frames, cut at every byte, give
//! the same messages, the same answers and the same end.

mod common;

use std::{io::ErrorKind, time::Duration};

use common::{Loop, REQUEST, Raw, close_payload, echo, masked, receive_all, response, unmasked};
use glassloop_reactor::net::duplex;
use glassloop_ws::{Cause, CloseInfo, Config, Message, Side, accept, code, connect_on};

/// A socket that holds everything at once.
const ROOMY: usize = 64 * 1024;

/// Everything a client may say in one conversation, handshake included.
fn conversation() -> Vec<u8> {
    let long = vec![b'x'; 300];
    [
        REQUEST.to_vec(),
        masked(0x81, "grüße".as_bytes()),
        masked(0x82, &long),
        masked(0x01, b"one "),
        masked(0x89, b"ping"),
        masked(0x00, b"two "),
        masked(0x80, b"three"),
        masked(0x8a, b"pong nobody asked for"),
        masked(0x81, b""),
        masked(0x88, &close_payload(4000, "done")),
    ]
    .concat()
}

fn messages() -> Vec<Message> {
    vec!["grüße".into(), vec![b'x'; 300].into(), "one two three".into(), "".into()]
}

/// What the server answers behind its 101.
fn answers() -> Vec<u8> {
    [unmasked(0x8a, b"ping"), unmasked(0x88, &close_payload(4000, "done"))].concat()
}

/// Writes and reads by turns, for a socket that holds less than what is said.
fn say(event_loop: &mut Loop, raw: &mut Raw, mut bytes: &[u8]) {
    for _ in 0..100_000 {
        if bytes.is_empty() {
            return;
        }
        match raw.stream.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        event_loop.turn(Duration::ZERO);
        raw.read();
    }
    panic!("the socket takes nothing more");
}

/// Reads for as long as that lets more come.
fn hear(event_loop: &mut Loop, raw: &mut Raw) {
    loop {
        event_loop.settle();
        let before = raw.bytes.len();
        raw.read();
        if raw.bytes.len() == before {
            return;
        }
    }
}

/// The client says its part in these pieces, and the socket between holds so many bytes a way, so
/// that what the server says is cut there.
fn hold_conversation(pieces: &[&[u8]], socket_bytes_max: usize) {
    let mut event_loop = Loop::with_pipes_of(socket_bytes_max);
    let (accepted, mut raw) = event_loop.accepting(Config::default());
    let mut received = None;
    for piece in pieces {
        say(&mut event_loop, &mut raw, piece);
        hear(&mut event_loop, &mut raw);
        if let Some(pair) = accepted.borrow_mut().take() {
            let end = event_loop.drive(pair.expect("a good request"));
            received = Some((event_loop.spawn(receive_all(end.socket)), end.driver));
            hear(&mut event_loop, &mut raw);
        }
    }
    let (received, driver) = received.expect("the handshake is over");
    hear(&mut event_loop, &mut raw);
    let (messages_came, error) = event_loop.wait_for(&received);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(messages_came, messages());
    let (bytes, ended) = raw.take(&mut event_loop);
    assert!(ended, "the server closes first");
    let head_len = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    assert_eq!(bytes[head_len..], answers());
    let info = event_loop.wait_for(&driver);
    assert_eq!((info.code, info.reason.as_str()), (4000, "done"));
    assert_eq!((info.side, info.cause), (Side::Peer, Cause::Handshake));
}

#[test]
fn a_conversation_cut_in_two_at_every_byte_is_the_same_conversation() {
    let bytes = conversation();
    for cut in 0..=bytes.len() {
        hold_conversation(&[&bytes[..cut], &bytes[cut..]], ROOMY);
    }
}

#[test]
fn a_conversation_of_single_bytes_is_the_same_conversation() {
    let bytes = conversation();
    let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
    hold_conversation(&pieces, ROOMY);
}

/// A socket that takes `n` bytes cuts the first answer behind its byte `n`, and so on from there.
#[test]
fn answers_cut_at_every_byte_are_the_same_answers() {
    let bytes = conversation();
    for socket_bytes_max in 1..=200 {
        hold_conversation(&[REQUEST, &bytes[REQUEST.len()..]], socket_bytes_max);
    }
}

/// Both ends are ours: what either receives, and how it ends, in a socket of this room.
fn hold_dialogue(socket_bytes_max: usize) -> (Heard, Heard) {
    let mut event_loop = Loop::with_pipes_of(socket_bytes_max);
    let mut config = Config::default();
    config.limits.outgoing_frame_bytes_max = 100;
    let (client, server) = event_loop.pair(config.clone(), config);
    let echoing = server.socket.clone();
    let heard = event_loop.spawn(async move {
        let mut heard = Vec::new();
        while let Ok(Some(message)) = echoing.recv().await {
            heard.push(message.clone());
            echoing.send(message).await.expect("the client waits for it");
        }
        heard
    });
    let talking = client.socket.clone();
    let answers = event_loop.spawn(async move {
        let mut answers = Vec::new();
        for message in messages() {
            talking.send(message).await.expect("open");
            talking.ping().await.expect("a pong");
            answers.extend(talking.recv().await.expect("open"));
        }
        talking.close(4000, "done").expect("a good code");
        answers
    });
    let answers = event_loop.wait_for(&answers);
    let heard = event_loop.wait_for(&heard);
    ((answers, event_loop.wait_for(&client.driver)), (heard, event_loop.wait_for(&server.driver)))
}

type Heard = (Vec<Message>, CloseInfo);

#[test]
fn a_dialogue_through_a_socket_of_any_size_is_the_same_dialogue() {
    let roomy = hold_dialogue(ROOMY);
    let ((answers, client), (heard, server)) = &roomy;
    assert_eq!((answers, heard), (&messages(), &messages()));
    assert!(client.is_clean() && server.is_clean());
    for socket_bytes_max in 1..=400 {
        assert_eq!(hold_dialogue(socket_bytes_max), roomy, "a socket of {socket_bytes_max} bytes");
    }
}

/// The client's side of the same promise: the answer and the frames behind it, cut anywhere.
#[test]
fn an_answer_and_its_first_frames_may_come_in_any_pieces() {
    for cut in 0..200 {
        let mut event_loop = Loop::new();
        let (near, far) = duplex().expect("two ends");
        let connected = event_loop.spawn(connect_on(near, "ws://memory/"));
        let mut raw = Raw::new(far);
        let request = raw.read_until(&mut event_loop, b"\r\n\r\n");
        let answer = [
            response(&request),
            unmasked(0x81, b"hello"),
            unmasked(0x88, &close_payload(code::NORMAL, "")),
        ]
        .concat();
        let cut = cut.min(answer.len());
        raw.write(&mut event_loop, &answer[..cut]);
        event_loop.settle();
        raw.write(&mut event_loop, &answer[cut..]);
        let end = event_loop.wait_for(&connected).expect("a good answer");
        let end = event_loop.drive(end);
        let (messages, error) = event_loop.block_on(receive_all(end.socket));
        assert!(error.is_none(), "{error:?}");
        assert_eq!(messages, vec![Message::from("hello")]);
    }
}

/// Bytes recorded from a browser's session, over sockets of the kernel.
#[test]
fn a_recorded_handshake_with_masked_frames_over_a_plain_socket_echoes() {
    use std::io::{Read, Write};

    let mut event_loop = Loop::new();
    let listener =
        glassloop_reactor::net::TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let address = listener.local_addr().expect("an address");
    let peer = std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(address).expect("a connection");
        stream.write_all(REQUEST).expect("a request");
        // "Hello", masked as in RFC 6455, section 5.7.
        stream
            .write_all(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58])
            .expect("a frame");
        let echo = [0x81, 0x05, b'H', b'e', b'l', b'l', b'o'];
        let mut answer = Vec::new();
        while !answer.ends_with(&echo) {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the head and the echo");
            answer.extend(byte);
        }
        stream.write_all(&masked(0x88, &close_payload(1000, "bye"))).expect("a Close");
        stream.read_to_end(&mut answer).expect("the answer and the end");
        answer
    });
    let served = event_loop.spawn(async move {
        let (stream, _) = listener.accept().await.expect("a stream");
        accept(stream).await
    });
    let end = event_loop.wait_for(&served).expect("a good request");
    let end = event_loop.drive(end);
    let echoed = event_loop.spawn(echo(end.socket));
    let info = event_loop.wait_for(&end.driver);
    assert_eq!(info.code, 1000);
    event_loop.wait_for(&echoed).expect("a regular end");
    let answer = peer.join().expect("the peer");
    assert!(
        answer.windows(35).any(|line| line == b"c-WebSocket-Accept: s3pPLMBiTxaQ9kY"),
        "the key of the RFC's example"
    );
    let close = unmasked(0x88, &close_payload(1000, "bye"));
    assert!(answer.ends_with(&close), "{}", answer.escape_ascii());
}

#[test]
fn a_pong_inside_of_a_message_lets_nothing_behind_it_overtake() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    let frames = [
        masked(0x01, b"be"),
        masked(0x8a, &7_u64.to_be_bytes()),
        masked(0x00, &[b'l'; 20]),
        masked(0x80, b"ow"),
        masked(0x82, b"behind"),
    ];
    raw.write(&mut event_loop, &frames.concat());
    let first = event_loop.block_on(server.socket.recv()).expect("open").expect("a message");
    assert_eq!((first.len(), first.as_text().is_some()), (24, true));
    let second = event_loop.block_on(server.socket.recv()).expect("open").expect("a message");
    assert_eq!(second.as_bytes(), b"behind");
}
