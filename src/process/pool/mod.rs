//! Worker processes: jobs by name, messages as JSON. Feature `process-pool`, on Unix.
//!
//! For work that no thread may do: a library that isn't thread-safe, leaks or crashes, or work that
//! must be stopped in its middle. A worker that dies, hangs or talks nonsense costs the job that it
//! had, whose caller is told, and another takes its place.
//!
//! A worker is a program whose `main` begins with [`worker`]: the same program, most often. It
//! hears through its standard input; what its jobs print goes where the program's output goes.

mod call;
mod error;
mod frame;
mod lane;
mod limits;
mod process;
mod queue;
mod worker;

use std::{cell::RefCell, fmt, panic::Location, rc::Rc};

use serde::{Serialize, de::DeserializeOwned};

use self::{
    call::Cell,
    process::too_long,
    queue::{Job, Queue},
};
pub use self::{
    call::ProcessCall,
    error::ProcessError,
    limits::ProcessPoolLimits,
    worker::{Worker, worker},
};
use super::Command;
use crate::current;

/// Worker processes, for the tasks of one loop. Clones are the same pool.
///
/// A worker is started when a job finds none that is idle, and there may be one more. The pool ends
/// with its last handle, or with its loop: its workers are killed. While somebody waits for one of
/// its jobs that counts as a handle, too. A loop runs on while a pool of it has a worker: drop or
/// [`close`](ProcessPool::close) it before you [close](crate::EventLoop::close) the loop.
///
/// ```standalone_crate
/// use glassloop::process::{Command, ProcessPool, ProcessPoolLimits, worker};
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     // In a worker this is all that happens; else it returns at once.
///     worker().job("sum", |numbers: Vec<u64>| numbers.iter().sum::<u64>()).serve();
///
///     glassloop::run(async {
///         let pool = ProcessPool::new(Command::new(std::env::current_exe()?));
///         let sum: u64 = pool.call("sum", &[1, 2, 3]).await?;
///         assert_eq!((sum, pool.workers().len(), pool.queued()), (6, 1, 0));
///
///         let limits = ProcessPoolLimits { workers_max: 1, ..ProcessPoolLimits::default() };
///         let one = ProcessPool::with_limits(Command::new(std::env::current_exe()?), limits);
///         let error = one.call::<u64>("sum", &"three").await.unwrap_err();
///         println!("{error}"); // the arguments of job `sum`: invalid type: string "three", ..
///
///         one.close();
///         let error = one.call::<u64>("sum", &[1]).await.unwrap_err();
///         assert_eq!(error.to_string(), "the pool ended before job `sum` did");
///         Ok(())
///     })?
/// }
/// ```
#[derive(Clone)]
pub struct ProcessPool(Rc<Handle>);

/// What all handles of a pool hold. Those who serve its workers hold the queue alone.
struct Handle {
    queue: Rc<Queue>,
}

impl ProcessPool {
    /// A pool whose workers are started by this command; none is yet.
    ///
    /// What the command says of stdin, of groups and of the end of its children is overruled.
    #[must_use]
    pub fn new(command: Command) -> ProcessPool {
        ProcessPool::with_limits(command, ProcessPoolLimits::default())
    }

    /// A pool with these bounds.
    #[must_use]
    pub fn with_limits(mut command: Command, limits: ProcessPoolLimits) -> ProcessPool {
        command.own_group().kill_on_drop(true);
        let queue = Rc::new(Queue::new(RefCell::new(command), limits));
        ProcessPool(Rc::new(Handle { queue }))
    }

    /// Has a worker do the job of this name with these arguments, and gives its result. It is
    /// queued at once; jobs begin in the order in which they were asked for.
    ///
    /// # Errors
    /// [`ProcessError`], which names the job and says what came instead of a result.
    ///
    /// # Panics
    /// Outside of a loop.
    #[track_caller]
    pub fn call<R>(&self, name: &str, arguments: &(impl Serialize + ?Sized)) -> ProcessCall<R>
    where
        R: DeserializeOwned,
    {
        // Asked first: what is queued outside of a loop would be nobody's.
        drop(current::executor("ProcessPool::call"));
        let cell = Cell::new(name, Location::caller());
        let queue = self.queue();
        match serde_json::to_vec(arguments) {
            Ok(arguments) if arguments.len() > queue.limits.message_bytes_max => {
                let came = format!("one of {}", arguments.len());
                let what = too_long(queue.limits.message_bytes_max, &came);
                cell.resolve(Err(ProcessError::Arguments(cell.name(), what)));
            }
            Ok(arguments) => queue.submit(Job::new(&cell, arguments)),
            Err(error) => {
                let why = ProcessError::Arguments(cell.name(), error.to_string());
                cell.resolve(Err(why));
            }
        }
        ProcessCall::new(cell, self.clone())
    }

    /// Ends it, whoever else holds it: its workers are killed, and its jobs are told
    /// [`Closed`](ProcessError::Closed), now and from now on.
    pub fn close(&self) {
        self.queue().close();
    }

    fn queue(&self) -> &Rc<Queue> {
        &self.0.queue
    }

    /// The processes that work for it now, by their numbers.
    #[must_use]
    pub fn workers(&self) -> Vec<u32> {
        self.queue().workers()
    }

    /// How many jobs wait for a worker.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue().waiting()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl fmt::Debug for ProcessPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessPool")
            .field("workers", &self.workers())
            .field("queued", &self.queued())
            .finish_non_exhaustive()
    }
}
