//! What is shown twice, in the clear and over TLS, with the same words.

use glassloop_ws::Message;

use super::{End, Loop, echo};

/// Three turns of a hundred messages each are three writes, and three reads at the other end.
pub fn a_hundred_sends_of_a_turn_are_one_write(
    event_loop: &mut Loop,
    (client, server): (End, End),
) {
    for round in 1..=3 {
        let socket = client.socket.clone();
        let sent = event_loop.spawn(async move {
            for number in 0..100 {
                socket.send(format!("message {number}").into()).await.expect("open");
            }
        });
        event_loop.wait_for(&sent);
        event_loop.settle();
        let counts = client.socket.counts();
        assert_eq!((counts.writes, counts.messages_sent), (round, round * 100));
        assert_eq!(client.socket.buffered_amount(), 0);
    }
    assert_eq!(server.socket.counts().reads, 3);
    assert_eq!(server.socket.counts().messages_received, 300);
}

/// Messages of these lengths come back from an echo, and then both sides close.
pub fn everything_comes_back(
    event_loop: &mut Loop,
    (client, server): (&End, End),
    lengths: &[usize],
) {
    let echoed = event_loop.spawn(echo(server.socket));
    for length in lengths {
        let message = Message::from(vec![b'k'; *length]);
        let (socket, copy) = (client.socket.clone(), message.clone());
        let back = event_loop.block_on(async move {
            socket.send(copy).await?;
            socket.recv().await
        });
        assert!(back.expect("open") == Some(message), "{length} bytes");
    }
    client.socket.close(1000, "done").expect("a good code");
    event_loop.wait_for(&echoed).expect("a regular end");
    assert!(event_loop.wait_for(&client.driver).is_clean());
    assert!(event_loop.wait_for(&server.driver).is_clean());
}
