//! A loop for tests: a reactor on a clock that stands still, and a vector of futures.
//!
//! It runs the phases in their order, as the loop does, and nothing else.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

pub mod client;
pub mod frames;
pub mod polls;
mod raw;
pub mod twins;

pub use raw::Raw;

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use glassloop_reactor::net::duplex;
use glassloop_reactor::{Clock, Entered, Events, Limits, ManualClock, Options, Reactor, Woken};
use glassloop_ws::{CloseInfo, Config, Driver, Error, WebSocket, accept_with, connect_on_with};

/// A flag that a waker sets.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    flag: Arc<Flag>,
    waker: Waker,
}

/// Where the output of a spawned future appears.
pub type Output<T> = Rc<RefCell<Option<T>>>;

/// What an `accept` comes to.
pub type Opened = Result<(WebSocket, Driver), Error>;

pub struct Loop {
    pub reactor: Rc<Reactor>,
    pub clock: ManualClock,
    pub turns: u64,
    /// What becomes ready in a turn is run in the same turn, so often at most.
    pub refills_max: u32,
    tasks: Rc<RefCell<Vec<Task>>>,
    events: Events,
    _entered: Entered,
}

impl Loop {
    pub fn new() -> Loop {
        Loop::with(Options::default())
    }

    /// A loop whose memory sockets take so many bytes.
    pub fn with_pipes_of(memory_pipe_bytes_max: usize) -> Loop {
        let limits = Limits { memory_pipe_bytes_max, ..Limits::default() };
        Loop::with(Options { limits, ..Options::default() })
    }

    pub fn with(options: Options) -> Loop {
        let clock = ManualClock::new();
        let options = Options { clock: Clock::Manual(clock.clone()), ..options };
        let reactor = Reactor::new(options).expect("a reactor");
        let entered = reactor.enter();
        Loop {
            reactor,
            clock,
            turns: 0,
            refills_max: 0,
            tasks: Rc::default(),
            events: Events::default(),
            _entered: entered,
        }
    }

    pub fn spawn<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> Output<T> {
        let output = Output::default();
        let slot = Rc::clone(&output);
        self.spawner()(Box::pin(async move {
            let value = future.await;
            *slot.borrow_mut() = Some(value);
        }));
        output
    }

    /// Futures that have not ended.
    pub fn task_count(&self) -> usize {
        self.tasks.borrow().len()
    }

    /// What spawns futures on this loop, for whoever outlives a borrow of it.
    pub fn spawner(&self) -> impl Fn(Pin<Box<dyn Future<Output = ()>>>) + 'static {
        let tasks = Rc::clone(&self.tasks);
        move |future| {
            let flag = Arc::new(Flag(AtomicBool::new(true)));
            let waker = Waker::from(Arc::clone(&flag));
            tasks.borrow_mut().push(Task { future, flag, waker });
        }
    }

    fn is_ready(&self) -> bool {
        self.tasks.borrow().iter().any(|task| task.flag.0.load(Ordering::Relaxed))
    }

    /// True if the next turn has something to do without the kernel.
    pub fn has_work(&self) -> bool {
        self.is_ready()
            || self.reactor.has_flushes()
            || self.reactor.has_pending_events()
            || self.reactor.next_deadline().is_some_and(|at| at <= self.reactor.read_clock())
    }

    /// One turn. It blocks for the kernel's sake only if there is nothing else to do, and then for
    /// `patience` at most.
    pub fn turn(&mut self, patience: Duration) {
        let timeout = if self.has_work() { Duration::ZERO } else { patience };
        let mut woken = Woken::default();
        self.reactor.wait(Some(timeout), &mut self.events).expect("a wait");
        self.reactor.io(&self.events, &mut woken);
        woken.drain().for_each(|(waker, _)| waker.wake());
        self.reactor.timers(&mut woken);
        woken.drain().for_each(|(waker, _)| waker.wake());
        self.run_batch();
        for _ in 0..self.refills_max {
            if !self.is_ready() {
                break;
            }
            self.run_batch();
        }
        let mut writers = Vec::new();
        self.reactor.take_flushes(usize::MAX, &mut writers);
        for writer in writers {
            writer.flush();
        }
        self.reactor.finish(&mut woken);
        woken.drain().for_each(|(waker, _)| waker.wake());
        self.turns += 1;
    }

    /// Polls what was ready when the phase began.
    fn run_batch(&mut self) {
        let batch: Vec<Task> = {
            let mut tasks = self.tasks.borrow_mut();
            tasks.extract_if(.., |task| task.flag.0.swap(false, Ordering::Relaxed)).collect()
        };
        for mut task in batch {
            // Whom it runs is of no interest; a full budget of operations is.
            self.reactor.set_owner(0);
            let mut cx = Context::from_waker(&task.waker);
            if task.future.as_mut().poll(&mut cx).is_pending() {
                self.tasks.borrow_mut().push(task);
            }
        }
    }

    /// Turns until nothing is left to do in memory.
    pub fn settle(&mut self) {
        for _ in 0..100_000 {
            if !self.has_work() {
                return;
            }
            self.turn(Duration::ZERO);
        }
        panic!("the loop did not come to rest");
    }

    /// Moves the clock and turns until nothing is left to do.
    pub fn pass(&mut self, duration: Duration) {
        self.clock.advance(duration);
        self.settle();
    }

    /// Turns until `output` is there; the kernel may take its time.
    pub fn wait_for<T>(&mut self, output: &Output<T>) -> T {
        for _ in 0..1_000_000 {
            if let Some(value) = output.borrow_mut().take() {
                return value;
            }
            assert!(self.has_work() || self.kernel_waits(), "nothing can bring the output");
            self.turn(Duration::from_millis(100));
        }
        panic!("the output did not come");
    }

    fn kernel_waits(&self) -> bool {
        self.reactor.counts().kernel_waiters > 0
    }

    pub fn block_on<T: 'static>(&mut self, future: impl Future<Output = T> + 'static) -> T {
        let output = self.spawn(future);
        self.wait_for(&output)
    }

    /// A client and a server on the two ends of a memory socket, their drivers running.
    pub fn pair(&mut self, client: Config, server: Config) -> (End, End) {
        let (near, far) = duplex().expect("two ends");
        let near = self.spawn(connect_on_with(near, "ws://memory/", client));
        let far = self.spawn(accept_with(far, server));
        let near = self.wait_for(&near).expect("a client");
        let far = self.wait_for(&far).expect("a server");
        (self.drive(near), self.drive(far))
    }

    /// A server that waits for a request, and the raw end of its socket.
    pub fn accepting(&self, config: Config) -> (Output<Opened>, Raw) {
        let (near, far) = duplex().expect("two ends");
        (self.spawn(accept_with(far, config)), Raw::new(near))
    }

    /// A server that has answered, yet to be driven, and the raw end of its socket.
    pub fn accepted(&mut self, config: Config) -> ((WebSocket, Driver), Raw) {
        let (far, mut raw) = self.accepting(config);
        raw.write(self, REQUEST);
        let far = self.wait_for(&far).expect("a server");
        let head = raw.read_until(self, b"\r\n\r\n");
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", head.escape_ascii());
        (far, raw)
    }

    /// A server whose peer is the test itself, with the raw end of the socket.
    pub fn raw_client(&mut self, config: Config) -> (End, Raw) {
        let (far, raw) = self.accepted(config);
        (self.drive(far), raw)
    }

    /// A client whose peer is the test itself, with the raw end of the socket.
    pub fn raw_server(&mut self, config: Config) -> (End, Raw) {
        let (near, far) = duplex().expect("two ends");
        let near = self.spawn(connect_on_with(near, "ws://memory/", config));
        let mut raw = Raw::new(far);
        let request = raw.read_until(self, b"\r\n\r\n");
        raw.write(self, &response(&request));
        let near = self.wait_for(&near).expect("a client");
        (self.drive(near), raw)
    }

    pub fn drive(&self, (socket, driver): (WebSocket, Driver)) -> End {
        End { socket, driver: self.spawn(driver) }
    }
}

/// The request of RFC 6455, section 1.3.
pub const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// The answer to a request, with the proof that it was read.
pub fn response(request: &[u8]) -> Vec<u8> {
    let request = std::str::from_utf8(request).expect("ASCII");
    let key = request.split("Sec-WebSocket-Key: ").nth(1).and_then(|rest| rest.get(..24));
    let proof = tungstenite::handshake::derive_accept_key(key.expect("a key").as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: keep-alive, Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Accept: {proof}\r\n\r\n"
    )
    .into_bytes()
}

/// A handle, and what its driver gives at the end.
pub struct End {
    pub socket: WebSocket,
    pub driver: Output<CloseInfo>,
}

/// A frame of a client, masked. `first` holds the final bit and the opcode.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = head(first, payload.len());
    frame[1] |= 0x80;
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A frame of a server.
pub fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = head(first, payload.len());
    frame.extend(payload);
    frame
}

fn head(first: u8, length: usize) -> Vec<u8> {
    let mut head = vec![first];
    match length {
        0..=125 => head.push(u8::try_from(length).expect("below 126")),
        126..=65_535 => {
            head.push(126);
            head.extend(u16::try_from(length).expect("below 65,536").to_be_bytes());
        }
        _ => {
            head.push(127);
            head.extend((length as u64).to_be_bytes());
        }
    }
    head
}

/// The payload of a Close.
pub fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason.as_bytes());
    payload
}

/// The close code of the last frame in `bytes`, which is a server's Close.
pub fn close_code(bytes: &[u8]) -> Option<u16> {
    let mut rest = bytes;
    let mut code = None;
    while let [first, length, ..] = *rest {
        let (extended, length) = match length {
            126 => (2, usize::from(u16::from_be_bytes([rest[2], rest[3]]))),
            127 => panic!("a server's frame in a test is short"),
            short => (0, usize::from(short)),
        };
        let payload = &rest[2 + extended..][..length];
        if first == 0x88 && length >= 2 {
            code = Some(u16::from_be_bytes([payload[0], payload[1]]));
        }
        rest = &rest[2 + extended + length..];
    }
    code
}

/// Receives until the end; the messages, and the last answer if it was an error.
pub async fn receive_all(socket: WebSocket) -> (Vec<glassloop_ws::Message>, Option<Error>) {
    let mut messages = Vec::new();
    loop {
        match socket.recv().await {
            Ok(Some(message)) => messages.push(message),
            Ok(None) => return (messages, None),
            Err(error) => return (messages, Some(error)),
        }
    }
}

/// Sends back what comes, until the end.
pub async fn echo(socket: WebSocket) -> Result<(), Error> {
    while let Some(message) = socket.recv().await? {
        socket.send(message).await?;
    }
    Ok(())
}

/// A future that is pending once, so that others have a turn.
pub fn next_turn() -> impl Future<Output = ()> {
    let mut polled = false;
    std::future::poll_fn(move |cx| {
        if polled {
            return Poll::Ready(());
        }
        polled = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}
