//! An hour in which a server is refused, silent, broken, half-open, restarted and flapping, on a
//! clock that jumps: what a reconnecting client does in it is known to the last attempt, and each
//! of its messages arrives once.
#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "../ws/tests/common/frames.rs"]
#[allow(dead_code, unreachable_pub, reason = "it belongs to tests of the crate below")]
mod frames;
#[path = "common/scripted.rs"]
mod scripted;

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use glassloop::{
    Script, Step, sleep, spawn,
    ws::{self, Endpoint, Opened, Reconnect, ReconnectLimits, ReconnectState},
};
use scripted::{address, now, play};

thread_local! {
    /// What the servers of this test have received.
    static RECEIVED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// A frame of a server, by its first byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short frame");
    [&[first, length], payload].concat()
}

/// How many messages have come, as a text.
fn count() -> Vec<u8> {
    frame(0x81, RECEIVED.with_borrow(Vec::len).to_string().as_bytes())
}

/// The 101, and behind it the number of the last message that any server has received.
fn hello(request: &[u8]) -> Vec<u8> {
    let request = std::str::from_utf8(request).unwrap();
    let key = request.split("Sec-WebSocket-Key: ").nth(1).unwrap();
    let proof = tungstenite::handshake::derive_accept_key(&key.as_bytes()[..24]);
    let mut answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {proof}\r\n\r\n"
    )
    .into_bytes();
    answer.extend(count());
    answer
}

/// Notes what came, and says how many messages that makes.
fn take(bytes: &[u8]) -> Vec<u8> {
    let mut answer = Vec::new();
    for (first, payload) in frames::frames(bytes).0 {
        match first & 0x0f {
            1 => {
                let number = String::from_utf8(payload).unwrap().parse().unwrap();
                RECEIVED.with_borrow_mut(|received| received.push(number));
                answer.extend(count());
            }
            9 => answer.extend(frame(0x8a, &payload)),
            _ => {}
        }
    }
    answer
}

fn unavailable(_: &[u8]) -> Vec<u8> {
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nsoon".to_vec()
}

const SECOND: Duration = Duration::from_secs(1);

/// Lets a WebSocket stand for so many seconds, and answers what comes.
fn stands(seconds: usize) -> Vec<Step> {
    let opens = [Step::ReadPast(b"\r\n\r\n".to_vec()), Step::answer(hello)];
    let serves = [Step::ReadFor(SECOND), Step::answer(take)];
    opens.into_iter().chain(serves.into_iter().cycle().take(2 * seconds)).collect()
}

fn then(mut steps: Vec<Step>, more: impl IntoIterator<Item = Step>) -> Vec<Step> {
    steps.extend(more);
    steps
}

/// One life of the server after the other.
fn lives() -> Vec<Vec<Step>> {
    let asked = || Step::ReadPast(b"\r\n\r\n".to_vec());
    let mut lives = vec![
        vec![Step::Refuse],
        vec![Step::TimeOut],
        vec![asked(), Step::ReadToEnd], // silence where the 101 should come
        then(stands(300), [Step::send(*b"\x81\x05hal"), Step::Reset]),
        // It is there, and neither reads nor says anything any more.
        then(stands(300), [Step::After(600 * SECOND), Step::Reset]),
        // A restart: it says 1012, and isn't there for a while.
        then(stands(300), [Step::send(*b"\x88\x02\x03\xf4"), Step::ReadFor(SECOND), Step::Close]),
        vec![asked(), Step::answer(unavailable), Step::Close],
    ];
    lives.extend((0..5).map(|_| then(stands(3), [Step::Reset])));
    lives.push(then(stands(5_000), [Step::ReadToEnd]));
    lives
}

/// A state, and when it began.
type Log = Rc<RefCell<Vec<(Instant, ReconnectState)>>>;

/// An hour with a message every ten seconds. Gives the states, and what was not done with.
async fn an_hour(seed: u64, acknowledged: bool) -> (Log, usize) {
    let log = Log::default();
    let noted = Rc::clone(&log);
    let endpoint = Endpoint::new(&format!("ws://{}/", address())).unwrap();
    let mut client = Reconnect::to(endpoint)
        .seed(seed)
        .on_state(move |state| noted.borrow_mut().push((now(), state.clone())));
    if acknowledged {
        // The server says what it has before anything is sent again.
        client = client.acknowledged().resubscribe(async |opened: Opened| {
            let seen = opened.socket().recv().await?.unwrap();
            opened.acknowledge(seen.as_text().unwrap().parse().unwrap());
            Ok(())
        });
    }
    let client = ws::reconnect(client).unwrap();
    let hears = client.clone();
    let heard = spawn(async move {
        while let Some(message) = hears.recv().await.unwrap() {
            if acknowledged {
                hears.acknowledge(message.as_text().unwrap().parse().unwrap());
            }
        }
    });
    for number in 1..=360_u64 {
        sleep(10 * SECOND).await;
        client.send(number.to_string().into()).await.unwrap();
    }
    sleep(10 * SECOND).await;
    client.disconnect();
    assert!(client.finished().await.is_none());
    heard.await.unwrap();
    let unsent = client.take_unsent().len();
    (log, unsent)
}

/// Without what may stand in it: delays and reasons.
fn names(log: &Log) -> Vec<String> {
    let first = |state: &ReconnectState| state.to_string().split(' ').next().unwrap().to_owned();
    log.borrow().iter().map(|(_, state)| first(state)).collect()
}

fn reasons(log: &Log) -> Vec<String> {
    let why = |state: &ReconnectState| match state {
        ReconnectState::Waiting { why, .. } => Some(why.to_string()),
        _ => None,
    };
    log.borrow().iter().filter_map(|(_, state)| why(state)).collect()
}

/// Each delay lies within the law of its failure, and the next attempt comes when it is over.
fn check_delays(log: &Log, seed: u64) {
    let law = ReconnectLimits::default();
    let log = log.borrow();
    for (at, pair) in log.windows(2).enumerate() {
        let (began, ReconnectState::Waiting { until, delay, failures, why, .. }) = &pair[0] else {
            continue;
        };
        let longest = (law.first_delay_ms_max << (failures - 1).min(20)).min(law.delay_ms_max);
        let (shortest, longest) = match why.retry_after() {
            Some(after) => (after, after + Duration::from_millis(longest)),
            None => (Duration::from_millis(law.delay_ms_min), Duration::from_millis(longest)),
        };
        assert!((shortest..=longest).contains(delay), "seed {seed}, {at}: {delay:?}");
        assert_eq!(*until, *began + *delay, "seed {seed}, {at}");
        // Memory sockets and the clock that jumps add nothing.
        assert_eq!(pair[1].0, *until, "seed {seed}, {at}");
    }
}

fn run(seed: u64, acknowledged: bool) -> (Log, Vec<u64>) {
    drop(RECEIVED.take());
    let script = Script::new(seed).listens_in_turn(address(), lives());
    let (log, unsent) = play(script, an_hour(seed, acknowledged)).unwrap();
    assert_eq!(unsent, 0, "seed {seed}");
    check_delays(&log, seed);
    (log, RECEIVED.take())
}

const OPENS: [&str; 3] = ["connecting", "upgrading", "open"];

#[test]
fn every_attempt_of_the_hour_is_the_one_expected() {
    for seed in [1, 2, 3] {
        let (log, _) = run(seed, false);
        let mut expected = ["connecting", "waiting"].repeat(2); // refused, timed out
        expected.extend(["connecting", "upgrading", "waiting"]); // silent
        expected.extend([&OPENS[..], &["waiting"]].concat()); // reset in the middle of a frame
        expected.extend([&OPENS[..], &["closing", "waiting"]].concat()); // half-open
        expected.extend([&OPENS[..], &["closing", "waiting"]].concat()); // restarted
        expected.extend(["connecting", "upgrading", "waiting"]); // 503
        expected.extend([&OPENS[..], &["waiting"]].concat().repeat(5)); // flapping
        expected.extend([&OPENS[..], &["closing", "over"]].concat());
        assert_eq!(names(&log), expected, "seed {seed}");
        let reasons = reasons(&log);
        for (reason, part) in reasons.iter().zip([
            "refused",
            "timed out",
            "the upgrade",
            "connection reset",
            "silence",
            "1012",
            "503 Service Unavailable",
        ]) {
            assert!(reason.contains(part), "seed {seed}: expected {part}, came {reason}");
        }
    }
}

#[test]
fn without_acknowledgements_only_what_a_dead_socket_had_taken_is_lost() {
    let (log, received) = run(4, false);
    let lost: Vec<u64> = (1..=360).filter(|number| !received.contains(number)).collect();
    // Half-open from the end of its 300 seconds until the heartbeat gives it up: twice twenty
    // seconds after its last word.
    assert!(!lost.is_empty() && lost.len() <= 5, "{lost:?}");
    assert!(lost.windows(2).all(|pair| pair[1] == pair[0] + 1), "all at once: {lost:?}");
    let sent_once: Vec<u64> = (1..=360).filter(|number| !lost.contains(number)).collect();
    assert_eq!(received, sent_once, "{:?}", names(&log));
}

#[test]
fn with_acknowledgements_every_message_arrives_once_and_in_order() {
    for seed in [5, 6, 7] {
        let (_, received) = run(seed, true);
        assert_eq!(received, (1..=360).collect::<Vec<u64>>(), "seed {seed}");
    }
}
