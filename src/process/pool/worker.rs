//! `Worker`: the other side of a pool of processes, in a process of its own.
//!
//! It knows no loop. It does one job after the other on the thread that called it, and ends with
//! its pool: on Linux whatever it is at; elsewhere, or where another program stands between the
//! two, when it is done with its job.

use std::{
    collections::BTreeMap,
    env, fmt,
    fs::File,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::{fs::MetadataExt, net::UnixStream},
    },
    process,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use glassloop_executor::{caught, drop_payload, message, quietly};
use serde::{Serialize, de::DeserializeOwned};

use super::frame::{Frame, Kind, LENGTH_BYTES};

/// What a pool sets in the environment of its workers: the number of their end of the channel. A
/// program that is started by a worker in turn inherits it, but not the channel.
pub(super) const VARIABLE: &str = "GLASSLOOP_WORKER";

/// Whether this program has come to [`Worker::serve`].
static SERVES: AtomicBool = AtomicBool::new(false);

/// Whether this process was started by a pool, be it through another program.
fn is_started_as_worker() -> bool {
    let Ok(channel) = env::var(VARIABLE) else { return false };
    number_of(io::stdin().as_fd()).is_ok_and(|stdin| stdin == channel)
}

/// What tells a socket from every other on this machine, in whatever process.
pub(super) fn number_of(socket: BorrowedFd<'_>) -> io::Result<String> {
    let metadata = File::from(socket.try_clone_to_owned()?).metadata()?;
    Ok(format!("{}:{}", metadata.dev(), metadata.ino()))
}

/// Whether this process was to be a worker and has become something else: its pools would start
/// workers that start workers.
pub(super) fn is_no_worker_by_mistake() -> bool {
    !SERVES.load(Relaxed) && is_started_as_worker()
}

/// From arguments to a result, both as JSON; or what is wrong with the arguments.
type Job = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, String>>;

/// The jobs of a worker process, by name. Made by [`worker`].
#[must_use = "a worker does nothing until it serves"]
pub struct Worker {
    jobs: BTreeMap<&'static str, Job>,
}

/// What a program can do as a worker of a [`ProcessPool`](super::ProcessPool). To be called first
/// in `main`, before there is a thread, a file or a window that a worker doesn't need.
///
/// ```
/// use glassloop::process::worker;
///
/// // This program was not started as a worker: it goes on.
/// worker()
///     .job("sum", |numbers: Vec<u64>| numbers.iter().sum::<u64>())
///     .job("greet", |name: String| format!("hello, {name}"))
///     .serve();
/// ```
pub fn worker() -> Worker {
    Worker { jobs: BTreeMap::new() }
}

impl Worker {
    /// Adds a job: what it takes and gives are values that serde can read and write. A closure that
    /// never returns has to say what it would give, as `|()| -> u64 { loop {} }` does: else that is
    /// the type `!`, which serde can't write (`!: Serialize` is not satisfied). A panic of it is
    /// the caller's error, and the worker goes on.
    ///
    /// # Panics
    /// When there is one of this name already.
    #[track_caller]
    pub fn job<A, R>(mut self, name: &'static str, f: impl Fn(A) -> R + 'static) -> Worker
    where
        A: DeserializeOwned,
        R: Serialize,
    {
        let job = move |arguments: &[u8]| {
            let arguments = serde_json::from_slice(arguments).map_err(|error| error.to_string())?;
            // What can't be written is a fault of the job's: it ends as a panic of it does.
            Ok(serde_json::to_vec(&f(arguments)).expect("the result of a job is written as JSON"))
        };
        let before = self.jobs.insert(name, Box::new(job));
        assert!(before.is_none(), "expected a job of a new name, came `{name}` once more");
        self
    }

    /// In a process that was started as a worker this serves the pool, and never returns. In any
    /// other it returns at once.
    pub fn serve(self) {
        SERVES.store(true, Relaxed);
        if !is_started_as_worker() {
            return;
        }
        // Without its pool it has nobody: whatever it is at, it ends with that.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        quietly(|| {
            use rustix::process::{Signal, set_parent_process_death_signal};
            set_parent_process_death_signal(Some(Signal::KILL)).ok();
        });
        // A pool that has ended before has heard no greeting, and given no job.
        let served = channel().and_then(|channel| self.serve_on(channel));
        if let Err(error) = &served {
            quietly(|| log::error!("worker: {error}"));
        }
        process::exit(i32::from(served.is_err()));
    }

    /// Until the other end is gone.
    fn serve_on(&self, mut channel: UnixStream) -> io::Result<()> {
        let names: Vec<&str> = self.jobs.keys().copied().collect();
        let body = serde_json::to_vec(&names)?;
        write(&mut channel, &Frame { kind: Kind::Hello, number: 0, name: String::new(), body })?;
        while let Some(Frame { number, name, body, .. }) = read(&mut channel)? {
            let (kind, body) = self.answer(&name, &body)?;
            write(&mut channel, &Frame { kind, number, name, body })?;
        }
        Ok(())
    }

    fn answer(&self, name: &str, arguments: &[u8]) -> io::Result<(Kind, Vec<u8>)> {
        // The pool has heard their names, and asks for no other.
        let unknown = || io::Error::other(format!("expected the name of a job, came `{name}`"));
        let job = self.jobs.get(name).ok_or_else(unknown)?;
        Ok(match caught(|| job(arguments)) {
            Ok(Ok(result)) => (Kind::Done, result),
            Ok(Err(why)) => (Kind::Arguments, why.into_bytes()),
            Err(payload) => {
                let text = message(payload.as_ref()).to_owned();
                drop_payload(payload);
                (Kind::Panicked, text.into_bytes())
            }
        })
    }
}

/// What the pool speaks through. Whoever reads the standard input from now on finds nothing there.
fn channel() -> io::Result<UnixStream> {
    let channel = io::stdin().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(channel.into())
}

fn write(channel: &mut UnixStream, frame: &Frame) -> io::Result<()> {
    let bytes = frame.encode().ok_or_else(|| io::Error::other("a result is longer than 4 GiB"))?;
    channel.write_all(&bytes)
}

/// The next frame, or `None` at the end.
fn read(channel: &mut UnixStream) -> io::Result<Option<Frame>> {
    let mut length = [0; LENGTH_BYTES];
    match channel.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    channel.read_exact(&mut bytes)?;
    Frame::decode(&bytes).map(Some).map_err(io::Error::other)
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("jobs", &self.jobs.keys()).finish()
    }
}
