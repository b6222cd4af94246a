//! Clients of an HTTP server in another process, each a thread: with a connection for each request,
//! or one that is kept as long as the server lets it be.

#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::Pid;

const MINUTE: Duration = Duration::from_secs(60);

/// A connection, and who has answered on it.
pub(crate) struct Connection {
    stream: TcpStream,
    opened: Instant,
    /// When its last answer had come.
    answered: Option<Instant>,
    worker: Option<Pid>,
}

impl Connection {
    /// It must open: somebody listens all the time.
    pub(crate) fn open(address: SocketAddr) -> Connection {
        let opened = Instant::now();
        let stream = TcpStream::connect(address).expect("somebody listens");
        stream.set_read_timeout(Some(MINUTE)).unwrap();
        Connection { stream, opened, answered: None, worker: None }
    }

    /// True if the server has ended it, before it was asked again.
    fn has_ended(&self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let glance = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).unwrap();
        !glance.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// One request. True if the server takes another one here.
    pub(crate) fn ask(&mut self, keeps: bool) -> io::Result<bool> {
        let wish = if keeps { "" } else { "Connection: close\r\n" };
        let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{wish}\r\n");
        self.stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        let mut buffer = [0; 1_024];
        let (head, body) = loop {
            match self.stream.read(&mut buffer) {
                Ok(0) if answer.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) if count > 0 => answer.extend_from_slice(&buffer[..count]),
                Err(error) if answer.is_empty() => return Err(error),
                end => return Err(part_of_an_answer(&answer, &format!("{end:?}"))),
            }
            if let Some(whole) = whole(&answer) {
                break whole;
            }
        };
        let worker = body.trim_end().strip_prefix("this is ").and_then(|id| id.parse().ok());
        let worker = worker.and_then(Pid::from_raw).expect("a worker says who it is");
        assert!(self.worker.is_none_or(|known| known == worker), "a connection is of one worker");
        self.worker = Some(worker);
        self.answered = Some(Instant::now());
        let stays = !head.contains("\r\nConnection: close\r\n");
        assert!(keeps || !stays, "{head}");
        if !stays {
            let end = self.stream.read(&mut buffer);
            let is_end = end.as_ref().is_ok_and(|count| *count == 0);
            assert!(is_end, "expected an end behind the last answer, came {end:?}");
        }
        Ok(stays)
    }
}

/// The head of a whole answer, and its body.
fn whole(answer: &[u8]) -> Option<(String, String)> {
    let (head, body) = std::str::from_utf8(answer).ok()?.split_once("\r\n\r\n")?;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let length: usize = length.expect("a length").parse().unwrap();
    (body.len() == length).then(|| (format!("{head}\r\n"), body.to_owned()))
}

fn part_of_an_answer(answer: &[u8], end: &str) -> io::Error {
    let what = format!("expected an answer, came {} and {end}", answer.escape_ascii());
    io::Error::new(ErrorKind::InvalidData, what)
}

/// A request without an answer.
#[derive(Debug)]
pub(crate) struct Failure {
    error: io::Error,
    /// Its connection.
    pub(crate) opened: Instant,
    pub(crate) failed: Instant,
    /// Who had answered on that connection before.
    pub(crate) worker: Option<Pid>,
    /// Since that answer, or since it was opened.
    pub(crate) silence: Duration,
}

impl Failure {
    /// True if the connection ended, or was reset, without a byte of an answer.
    pub(crate) fn is_unanswered(&self) -> bool {
        const ENDS: [ErrorKind; 3] =
            [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
        ENDS.contains(&self.error.kind())
    }

    /// True if the connection ended in order, without a byte of an answer.
    pub(crate) fn is_orderly(&self) -> bool {
        self.error.kind() == ErrorKind::UnexpectedEof
    }
}

/// How a client asks: with such pauses.
#[derive(Clone, Copy)]
pub(crate) enum Habit {
    AConnectionEach(Duration),
    Keeps(Duration),
}

/// A client, and what it has seen.
#[derive(Default)]
pub(crate) struct Client {
    connection: Option<Connection>,
    pub(crate) answered: u32,
    /// Those of them that were asked on a connection which had answered before.
    pub(crate) on_kept: u32,
    /// Connections that ended before they were asked again.
    pub(crate) ended_idle: u32,
    pub(crate) failures: Vec<Failure>,
}

impl Client {
    /// Asks until it is answered; but only twice.
    fn ask(&mut self, address: SocketAddr, keeps: bool) {
        if self.connection.as_ref().is_some_and(Connection::has_ended) {
            self.connection = None;
            self.ended_idle += 1;
        }
        for is_last in [false, true] {
            let kept = self.connection.take();
            let mut connection = kept.unwrap_or_else(|| Connection::open(address));
            let (opened, worker) = (connection.opened, connection.worker);
            let spoke = connection.answered.unwrap_or(opened);
            match connection.ask(keeps) {
                Ok(stays) => {
                    self.answered += 1;
                    self.on_kept += u32::from(worker.is_some());
                    self.connection = stays.then_some(connection);
                    return;
                }
                Err(error) => {
                    let failed = Instant::now();
                    let silence = failed - spoke;
                    self.failures.push(Failure { error, opened, failed, worker, silence });
                    assert!(!is_last, "what is asked again is answered: {:?}", self.failures);
                }
            }
        }
    }
}

/// Clients at work.
pub(crate) struct Load {
    over: Arc<AtomicBool>,
    /// Of each client.
    answered: Vec<Arc<AtomicU32>>,
    clients: Vec<thread::JoinHandle<Client>>,
}

impl Load {
    pub(crate) fn begin(address: SocketAddr, habits: &[Habit]) -> Load {
        let over = Arc::new(AtomicBool::new(false));
        let answered = Vec::from_iter(habits.iter().map(|_| Arc::new(AtomicU32::new(0))));
        let clients = habits.iter().zip(&answered).map(|(habit, answered)| {
            let (habit, over, answered) = (*habit, Arc::clone(&over), Arc::clone(answered));
            thread::spawn(move || {
                let (keeps, pause) = match habit {
                    Habit::AConnectionEach(pause) => (false, pause),
                    Habit::Keeps(pause) => (true, pause),
                };
                let mut client = Client::default();
                while !over.load(SeqCst) {
                    client.ask(address, keeps);
                    answered.store(client.answered, SeqCst);
                    // A port of this machine is not to be had again for a minute.
                    thread::sleep(pause);
                }
                client.connection = None;
                client
            })
        });
        let clients = clients.collect();
        Load { over, answered, clients }
    }

    /// Waits until they have so many answers more, all together.
    pub(crate) fn wait_for_answers(&self, more: u32) {
        let sum = || self.answered().iter().sum::<u32>();
        let before = sum();
        self.wait_until(|| sum() >= before + more);
    }

    /// Waits until each has so many answers more.
    pub(crate) fn wait_for_each(&self, more: u32) {
        let before = self.answered();
        let has_come = |(now, before): (&u32, &u32)| *now >= before + more;
        self.wait_until(|| self.answered().iter().zip(&before).all(has_come));
    }

    fn answered(&self) -> Vec<u32> {
        self.answered.iter().map(|answered| answered.load(SeqCst)).collect()
    }

    fn wait_until(&self, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < MINUTE, "a client hangs, or has failed");
            thread::yield_now();
        }
    }

    /// What each has seen.
    pub(crate) fn end(self) -> Vec<Client> {
        self.over.store(true, SeqCst);
        self.clients.into_iter().map(|client| client.join().unwrap()).collect()
    }
}
