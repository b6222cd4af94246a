//! `Process`: a worker process, as its pool has it. It is started, asked and ended, and whatever it
//! says or leaves unsaid comes to an end.

use std::{
    future::{Future, poll_fn},
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net,
    },
    pin::{Pin, pin},
    process::{ExitStatus, Stdio},
    task::{Poll, ready},
    time::Duration,
};

use glassloop_reactor::timeout;

use super::{
    ProcessError, ProcessPoolLimits,
    frame::{Frame, Kind, LENGTH_BYTES},
    queue::Queue,
    worker::{VARIABLE, is_no_worker_by_mistake, number_of},
};
use crate::{net::UnixStream, process::Child};

/// How long a worker that has fallen silent may take to end by itself, and what one that has ended
/// had said, to come.
const END_TIME: Duration = Duration::from_secs(1);

/// A worker process.
pub(super) struct Process {
    child: Child,
    stream: UnixStream,
    /// The names of its jobs.
    known: Vec<String>,
    /// How many it was asked for.
    asked: u64,
}

/// Why a worker is of no use any more.
enum Fault {
    /// It hears or says nothing more.
    Gone,
    Nonsense(String),
    Late,
}

impl Process {
    /// Starts one, and hears its greeting.
    pub(super) async fn start(queue: &Queue) -> io::Result<Process> {
        if is_no_worker_by_mistake() {
            return Err(io::Error::other(
                "this process was itself started as a worker: expected its `main` to begin with \
                 `glassloop::process::worker()` and to call `serve`, came a pool",
            ));
        }
        let (ours, theirs) = net::UnixStream::pair()?;
        let theirs = OwnedFd::from(theirs);
        let child = {
            let mut command = queue.command.borrow_mut();
            command.env(VARIABLE, number_of(theirs.as_fd())?).stdin(theirs);
            let child = command.spawn();
            // Its end is its alone: it is seen to end.
            command.stdin(Stdio::null());
            child.map_err(|error| {
                let program = command.as_std_mut().get_program().display();
                io::Error::new(error.kind(), format!("`{program}`: {error}"))
            })?
        };
        ours.set_nonblocking(true)?;
        let stream = UnixStream::from_std(ours)?;
        let mut process = Process { child, stream, known: Vec::new(), asked: 0 };
        let patience = Duration::from_millis(queue.limits.start_ms_max);
        let greeting = process.greeting(patience, queue.limits.message_bytes_max);
        let Some(greeting) = queue.ended.run_until_cancelled(greeting).await else {
            return Err(io::Error::other("the pool has ended"));
        };
        let came = match greeting {
            Ok(Frame { kind: Kind::Hello, body, .. }) => match serde_json::from_slice(&body) {
                Ok(known) => {
                    process.known = known;
                    return Ok(process);
                }
                Err(error) => error.to_string(),
            },
            Ok(frame) => format!("a frame of kind {:?}", frame.kind),
            Err(Fault::Nonsense(what)) => what,
            Err(Fault::Gone) => process.end_in_words().await,
            Err(Fault::Late) => format!("nothing within {patience:?}"),
        };
        Err(io::Error::other(format!(
            "expected the greeting of a worker (does its `main` begin with \
             `glassloop::process::worker()`?), came {came}"
        )))
    }

    async fn greeting(&mut self, patience: Duration, bytes_max: usize) -> Result<Frame, Fault> {
        let talk = in_time(patience, read(&self.stream, bytes_max));
        heard_to_its_end(&mut self.child, talk).await
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it was asked for a job.
    pub(super) fn was_asked(&self) -> bool {
        self.asked > 0
    }

    /// Has it do a job, and gives what became of that; or why it is of no use any more.
    pub(super) async fn ask(
        &mut self,
        name: String,
        arguments: Vec<u8>,
        limits: &ProcessPoolLimits,
    ) -> Result<Result<Vec<u8>, ProcessError>, ProcessError> {
        let (patience, bytes_max) =
            (Duration::from_millis(limits.job_ms_max), limits.message_bytes_max);
        if !self.known.contains(&name) {
            return Ok(Err(ProcessError::Unknown(name, self.known.clone())));
        }
        let number = self.asked + 1;
        let call = Frame { kind: Kind::Call, number, name: name.clone(), body: arguments };
        let Some(call) = call.encode().filter(|bytes| bytes.len() <= bytes_max) else {
            let what = too_long(bytes_max, "a longer one");
            return Ok(Err(ProcessError::Arguments(name, what)));
        };
        self.asked = number;
        let talk = in_time(patience, exchange(&self.stream, &call, bytes_max));
        match heard_to_its_end(&mut self.child, talk).await {
            Ok(frame) if frame.number == number && frame.name == name => result(name, frame),
            Ok(Frame { kind, number: of, name: job, .. }) => {
                let what = format!(
                    "expected the answer to job {number}, came a frame of kind {kind:?} for job \
                     {of}, `{job}`"
                );
                Err(ProcessError::Nonsense(name, what))
            }
            Err(Fault::Nonsense(what)) => Err(ProcessError::Nonsense(name, what)),
            Err(Fault::Late) => Err(ProcessError::TimedOut(name, patience)),
            Err(Fault::Gone) => Err(match self.end().await {
                Ok(Some(how)) => ProcessError::Died(name, how),
                Ok(None) => {
                    let what = "expected an answer, came the end of what it says; it lived on";
                    ProcessError::Nonsense(name, what.to_owned())
                }
                Err(error) => ProcessError::Nonsense(name, error.to_string()),
            }),
        }
    }

    /// Waits until it ends, or says something though nobody asked: then true.
    pub(super) async fn stirs(&mut self) -> bool {
        let mut byte = [0];
        let said = before_end(&mut self.child, pin!(self.stream.read(&mut byte))).await;
        matches!(said, Some(Ok(1..)))
    }

    /// Kills it, with all that it has started, and waits for its end.
    pub(super) async fn kill(&mut self) -> io::Result<ExitStatus> {
        self.child.kill()?;
        self.child.wait().await
    }

    /// How it has ended, now that it says nothing more. `None` if it had to be killed.
    async fn end(&mut self) -> io::Result<Option<ExitStatus>> {
        match timeout(END_TIME, self.child.wait_and_clear()).await {
            Ok(ended) => ended.map(Some),
            Err(_) => self.kill().await.map(|_| None),
        }
    }

    /// The same, in words.
    pub(super) async fn end_in_words(&mut self) -> String {
        match self.end().await {
            Ok(Some(how)) => format!("its end, {how}"),
            Ok(None) => "the end of what it says; it lived on, and was killed".to_owned(),
            Err(error) => error.to_string(),
        }
    }
}

/// What is said to its end, or to the end of the process that says it: one that has inherited its
/// channel may keep that open. What it had said before its end is heard.
async fn heard_to_its_end(
    child: &mut Child,
    talk: impl Future<Output = Result<Frame, Fault>>,
) -> Result<Frame, Fault> {
    let mut talk = pin!(talk);
    match before_end(child, talk.as_mut()).await {
        Some(heard) => heard,
        None => match timeout(END_TIME, talk).await {
            // Late or not, it is its end that is to be told of.
            Err(_) | Ok(Err(Fault::Late)) => Err(Fault::Gone),
            Ok(heard) => heard,
        },
    }
}

/// What comes before a process ends. `None` if its end comes first.
async fn before_end<F: Future>(child: &mut Child, mut comes: Pin<&mut F>) -> Option<F::Output> {
    let mut ended = pin!(child.wait_and_clear());
    poll_fn(|cx| match comes.as_mut().poll(cx) {
        Poll::Ready(came) => Poll::Ready(Some(came)),
        Poll::Pending => ended.as_mut().poll(cx).map(|_| None),
    })
    .await
}

async fn in_time(
    patience: Duration,
    talk: impl Future<Output = Result<Frame, Fault>>,
) -> Result<Frame, Fault> {
    timeout(patience, talk).await.unwrap_or(Err(Fault::Late))
}

/// Says something, and hears the answer. Both at once: one that talks instead of listening would
/// have both wait for ever.
async fn exchange(stream: &UnixStream, bytes: &[u8], bytes_max: usize) -> Result<Frame, Fault> {
    let (mut said, mut heard) = (pin!(stream.write_all(bytes)), pin!(read(stream, bytes_max)));
    let mut is_said = false;
    poll_fn(|cx| {
        if !is_said && let Poll::Ready(said) = said.as_mut().poll(cx) {
            is_said = true;
            said.map_err(|_| Fault::Gone)?;
        }
        match ready!(heard.as_mut().poll(cx)) {
            Ok(_) if !is_said => {
                let what = "expected to be heard to the end, came an answer before";
                Poll::Ready(Err(Fault::Nonsense(what.to_owned())))
            }
            heard => Poll::Ready(heard),
        }
    })
    .await
}

async fn read(stream: &UnixStream, bytes_max: usize) -> Result<Frame, Fault> {
    let mut length = [0; LENGTH_BYTES];
    stream.read_exact(&mut length).await.map_err(|_| Fault::Gone)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > bytes_max {
        return Err(Fault::Nonsense(too_long(bytes_max, &format!("one of {length}"))));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.map_err(|_| Fault::Gone)?;
    Frame::decode(&bytes).map_err(Fault::Nonsense)
}

/// What is said of a message that is.
pub(super) fn too_long(bytes_max: usize, came: &str) -> String {
    format!("expected a message of at most {bytes_max} bytes (`message_bytes_max`), came {came}")
}

/// What an answer says; or that it is none.
fn result(name: String, frame: Frame) -> Result<Result<Vec<u8>, ProcessError>, ProcessError> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    match frame.kind {
        Kind::Done => Ok(Ok(frame.body)),
        Kind::Panicked => Ok(Err(ProcessError::Panicked(name, text(frame.body)))),
        Kind::Arguments => Ok(Err(ProcessError::Arguments(name, text(frame.body)))),
        Kind::Hello | Kind::Call => {
            let what = format!("expected a result, came a frame of kind {:?}", frame.kind);
            Err(ProcessError::Nonsense(name, what))
        }
    }
}
