//! The task that serves one worker: it starts the process, gives it one job after the other, and
//! ends with it.

use std::{
    future::{Future, poll_fn},
    io, mem,
    pin::pin,
    task::Poll,
};

use super::{
    ProcessError,
    process::Process,
    queue::{Job, Queue, Serving},
};

/// Serves a worker, from its start to its end.
pub(super) async fn serve(serving: Serving) {
    let queue = serving.queue();
    let (lived, has_others) = match Process::start(queue).await {
        Ok(process) => (live(process, &serving).await, queue.has_proven()),
        Err(error) => (Err(error), !queue.workers().is_empty()),
    };
    match lived {
        Ok(()) => {}
        // They serve what waits.
        Err(_) if has_others => return serving.end_for_good(),
        // One that waits pays for it: the next worker would be no better.
        Err(error) => {
            if let Some(job) = queue.take() {
                job.cell.resolve(Err(ProcessError::NotStarted(job.cell.name(), error)));
            }
        }
    }
    serving.end();
}

/// A worker does what there is to do, until it is of no use or the pool ends. Fails if it was of
/// use to nobody.
async fn live(mut worker: Process, serving: &Serving) -> io::Result<()> {
    let (id, queue) = (worker.id(), serving.queue());
    let at_work = queue.at_work(id);
    let lived = loop {
        let job = match next(&mut worker, serving).await {
            Next::Job(job) => job,
            Next::Nothing => break Ok(()),
            Next::Stirred { says } => {
                // Whoever has a job calls another from here on.
                serving.is_of_no_use();
                break match worker.was_asked() {
                    true => Ok(()),
                    false => Err(no_use(&mut worker, says, queue).await),
                };
            }
        };
        job.cell.begins(id);
        if give(&mut worker, job, queue).await.is_err() {
            serving.is_of_no_use();
            break Ok(());
        }
        at_work.proves();
    };
    // It is waited for first: who doesn't find it in the list any more finds no zombie.
    worker.kill().await.ok();
    drop(worker);
    drop(at_work);
    lived
}

/// Why a worker that nobody had asked for anything was of no use.
async fn no_use(worker: &mut Process, says: bool, queue: &Queue) -> io::Error {
    let came = match says {
        true => "something that nobody had asked for".to_owned(),
        false => {
            let words = queue.ended.run_until_cancelled(worker.end_in_words()).await;
            words.unwrap_or_else(|| "the end of the pool".to_owned())
        }
    };
    io::Error::other(format!("expected a worker that waits for its first job, came {came}"))
}

/// What comes to a worker that has nothing to do.
enum Next {
    Job(Job),
    /// The pool has ended.
    Nothing,
    /// The worker ends, or says something.
    Stirred {
        says: bool,
    },
}

async fn next(worker: &mut Process, serving: &Serving) -> Next {
    let mut stirs = pin!(worker.stirs());
    poll_fn(|cx| match stirs.as_mut().poll(cx) {
        Poll::Ready(says) => Poll::Ready(Next::Stirred { says }),
        Poll::Pending => serving.poll_next(cx).map(|job| job.map_or(Next::Nothing, Next::Job)),
    })
    .await
}

/// Has the worker do a job, and resolves it. Fails if the worker is of no use any more.
async fn give(worker: &mut Process, mut job: Job, queue: &Queue) -> Result<(), ()> {
    let (name, arguments) = (job.cell.name(), mem::take(&mut job.arguments));
    let asked = worker.ask(name, arguments, &queue.limits);
    // Nothing but its end would stop one that is at a job which nobody wants.
    let asked = job.cell.unwanted.run_until_cancelled(asked);
    let answer = queue.ended.run_until_cancelled(asked).await.flatten().ok_or(())?;
    let is_of_use = answer.is_ok();
    job.cell.resolve(answer.unwrap_or_else(Err));
    is_of_use.then_some(()).ok_or(())
}
