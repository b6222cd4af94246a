//! The task that serves one worker: it starts the process, gives it one job after the other, and
//! ends with it.

use std::{
    future::{Future, poll_fn},
    io, mem,
    os::{fd::OwnedFd, unix::net},
    pin::pin,
    process::{ExitStatus, Stdio, id},
    task::Poll,
    time::Duration,
};

use glassloop_reactor::timeout;

use super::{
    error::ProcessError,
    frame::{Frame, Kind, LENGTH_BYTES},
    queue::{Job, Queue, Serving},
    worker::{VARIABLE, is_no_worker_by_mistake},
};
use crate::{net::UnixStream, process::Child};

/// How long a worker that has fallen silent may take to end by itself.
const END_TIME: Duration = Duration::from_secs(1);

/// Serves a worker, from its start to its end.
pub(super) async fn serve(serving: Serving) {
    match Process::start(serving.queue()).await {
        Ok(process) => process.live(&serving).await,
        // The others serve what waits, if there are any.
        Err(_) if !serving.queue().workers().is_empty() => return serving.end_for_good(),
        Err(error) => {
            if let Some(job) = serving.queue().take() {
                job.cell.resolve(Err(ProcessError::NotStarted(job.cell.name(), error)));
            }
        }
    }
    serving.end();
}

/// A worker process, as its pool has it.
struct Process {
    child: Child,
    stream: UnixStream,
    /// The names of its jobs.
    known: Vec<String>,
    /// How many it has had.
    jobs: u64,
}

/// Why a worker is of no use any more.
enum Fault {
    /// It hears or says nothing more.
    Gone(io::Error),
    Nonsense(String),
}

impl Process {
    async fn start(queue: &Queue) -> io::Result<Process> {
        if is_no_worker_by_mistake() {
            return Err(io::Error::other(
                "this process was itself started as a worker: expected its `main` to begin with \
                 `glassloop::process::worker()` and to call `serve`, came a pool",
            ));
        }
        let (ours, theirs) = net::UnixStream::pair()?;
        let child = {
            let mut command = queue.command.borrow_mut();
            command.stdin(OwnedFd::from(theirs)).env(VARIABLE, id().to_string());
            let child = command.spawn();
            // Its end is its alone: it is seen to end.
            command.stdin(Stdio::null());
            child?
        };
        ours.set_nonblocking(true)?;
        let stream = UnixStream::from_std(ours)?;
        let mut process = Process { child, stream, known: Vec::new(), jobs: 0 };
        let patience = Duration::from_millis(queue.limits.start_ms_max);
        let greeting = timeout(patience, process.read(queue.limits.message_bytes_max));
        let Some(greeting) = queue.ended.run_until_cancelled(greeting).await else {
            return Err(io::Error::other("the pool has ended"));
        };
        let came = match greeting {
            Ok(Ok(Frame { kind: Kind::Hello, body, .. })) => match serde_json::from_slice(&body) {
                Ok(known) => {
                    process.known = known;
                    return Ok(process);
                }
                Err(error) => error.to_string(),
            },
            Ok(Ok(frame)) => format!("a frame of kind {:?}", frame.kind),
            Ok(Err(Fault::Nonsense(what))) => what,
            Ok(Err(Fault::Gone(_))) => format!("its end, {}", process.end().await?),
            Err(_) => format!("nothing within {patience:?}"),
        };
        Err(io::Error::other(format!(
            "expected the greeting of a worker (does its `main` begin with \
             `glassloop::process::worker()`?), came {came}"
        )))
    }

    /// Does what there is to do, until it is of no use or the pool ends.
    async fn live(mut self, serving: &Serving) {
        let (id, queue) = (self.child.id(), serving.queue());
        let at_work = queue.at_work(id);
        while let Some(mut job) = self.next(serving).await {
            job.cell.begins(id);
            if self.give(&mut job, queue).await.is_err() {
                break;
            }
        }
        serving.is_of_no_use();
        // It is waited for first: who doesn't find it in the list any more finds no zombie.
        if self.child.kill().is_ok() {
            self.child.wait().await.ok();
        }
        drop(at_work);
    }

    /// The next job. `None` if the pool has ended, or the worker has: one that says something
    /// unasked, too.
    async fn next(&self, serving: &Serving) -> Option<Job> {
        let mut byte = [0];
        let mut said = pin!(self.stream.read(&mut byte));
        poll_fn(|cx| match said.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => serving.poll_next(cx),
        })
        .await
    }

    /// Has the worker do a job, and resolves it. Fails if the worker is of no use any more.
    async fn give(&mut self, job: &mut Job, queue: &Queue) -> Result<(), ()> {
        let name = job.cell.name();
        let limits = &queue.limits;
        let bytes = match self.request(job, limits.message_bytes_max) {
            Ok(bytes) => bytes,
            Err(why) => {
                job.cell.resolve(Err(why));
                return Ok(());
            }
        };
        let asked = timeout(limits.job_time_max, self.ask(&bytes, limits.message_bytes_max));
        let Some(answer) = job.cell.unwanted.run_until_cancelled(asked).await else {
            return Err(());
        };
        let number = self.jobs;
        let (result, is_of_use) = match answer {
            Ok(Ok(frame)) if frame.number == number && frame.name == name => result(name, frame),
            Ok(Ok(frame)) => {
                let Frame { kind, number: came, name: of, .. } = frame;
                let came =
                    format!("expected the answer to job {number}, came {kind:?} of {came} `{of}`");
                (Err(ProcessError::Nonsense(name, came)), false)
            }
            Ok(Err(Fault::Nonsense(what))) => (Err(ProcessError::Nonsense(name, what)), false),
            Ok(Err(Fault::Gone(error))) => (
                Err(match self.end().await {
                    Ok(status) => ProcessError::Died(name, status),
                    Err(_) => ProcessError::Nonsense(name, error.to_string()),
                }),
                false,
            ),
            Err(_) => (Err(ProcessError::TimedOut(name, limits.job_time_max)), false),
        };
        job.cell.resolve(result);
        if is_of_use { Ok(()) } else { Err(()) }
    }

    fn request(&mut self, job: &mut Job, bytes_max: usize) -> Result<Vec<u8>, ProcessError> {
        let name = job.cell.name();
        if !self.known.contains(&name) {
            return Err(ProcessError::Unknown(name, self.known.clone()));
        }
        self.jobs += 1;
        let (number, body) = (self.jobs, mem::take(&mut job.arguments));
        let frame = Frame { kind: Kind::Call, number, name: name.clone(), body };
        let too_long = || {
            let what =
                format!("expected a message of at most {bytes_max} bytes, came a longer one");
            ProcessError::Arguments(name, what)
        };
        frame.encode().filter(|bytes| bytes.len() <= bytes_max).ok_or_else(too_long)
    }

    async fn ask(&self, bytes: &[u8], bytes_max: usize) -> Result<Frame, Fault> {
        self.stream.write_all(bytes).await.map_err(Fault::Gone)?;
        self.read(bytes_max).await
    }

    async fn read(&self, bytes_max: usize) -> Result<Frame, Fault> {
        let mut length = [0; LENGTH_BYTES];
        self.stream.read_exact(&mut length).await.map_err(Fault::Gone)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > bytes_max {
            return Err(Fault::Nonsense(format!(
                "expected a message of at most {bytes_max} bytes, came one of {length}"
            )));
        }
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).await.map_err(Fault::Gone)?;
        Frame::decode(&bytes).map_err(Fault::Nonsense)
    }

    /// How it has ended, now that it says nothing more. It is killed if it doesn't end.
    async fn end(&mut self) -> io::Result<ExitStatus> {
        if let Ok(ended) = timeout(END_TIME, self.child.wait()).await {
            return ended;
        }
        self.child.kill()?;
        self.child.wait().await
    }
}

/// What an answer says, and whether its worker may go on.
fn result(name: String, frame: Frame) -> (Result<Vec<u8>, ProcessError>, bool) {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    match frame.kind {
        Kind::Done => (Ok(frame.body), true),
        Kind::Panicked => (Err(ProcessError::Panicked(name, text(frame.body))), true),
        Kind::Arguments => (Err(ProcessError::Arguments(name, text(frame.body))), true),
        Kind::Unknown | Kind::Hello | Kind::Call => {
            let came = format!("expected a result, came a frame of kind {:?}", frame.kind);
            (Err(ProcessError::Nonsense(name, came)), false)
        }
    }
}
