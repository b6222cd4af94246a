//! The task that serves one worker: it starts the process, gives it one job after the other, and
//! ends with it.

use std::{
    future::{Future, poll_fn},
    mem,
    pin::pin,
    task::Poll,
    time::Duration,
};

use glassloop_reactor::timeout;

use super::{
    ProcessError,
    process::Process,
    queue::{Job, Queue, Serving},
};

/// Serves a worker, from its start to its end.
pub(super) async fn serve(serving: Serving) {
    match Process::start(serving.queue()).await {
        Ok(process) => live(process, &serving).await,
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

/// A worker does what there is to do, until it is of no use or the pool ends.
async fn live(mut worker: Process, serving: &Serving) {
    let (id, queue) = (worker.id(), serving.queue());
    let at_work = queue.at_work(id);
    while let Some(job) = next(&mut worker, serving).await {
        job.cell.begins(id);
        if give(&mut worker, job, queue).await.is_err() {
            break;
        }
    }
    serving.is_of_no_use();
    // It is waited for first: who doesn't find it in the list any more finds no zombie.
    worker.kill().await.ok();
    drop(worker);
    drop(at_work);
}

/// The next job. `None` if the pool has ended, or the worker is of no use.
async fn next(worker: &mut Process, serving: &Serving) -> Option<Job> {
    let mut stirs = pin!(worker.stirs());
    poll_fn(|cx| match stirs.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(None),
        Poll::Pending => serving.poll_next(cx),
    })
    .await
}

/// Has the worker do a job, and resolves it. Fails if the worker is of no use any more.
async fn give(worker: &mut Process, mut job: Job, queue: &Queue) -> Result<(), ()> {
    let (name, arguments) = (job.cell.name(), mem::take(&mut job.arguments));
    let limits = &queue.limits;
    let patience = Duration::from_millis(limits.job_ms_max);
    let asked = timeout(patience, worker.ask(name, arguments, limits.message_bytes_max));
    // Nothing but its end would stop one that is at a job which nobody wants.
    let asked = job.cell.unwanted.run_until_cancelled(asked);
    let answer = queue.ended.run_until_cancelled(asked).await.flatten().ok_or(())?;
    let (result, is_of_use) = match answer {
        Ok(Ok(result)) => (result, Ok(())),
        Ok(Err(why)) => (Err(why), Err(())),
        Err(_) => (Err(ProcessError::TimedOut(job.cell.name(), patience)), Err(())),
    };
    job.cell.resolve(result);
    is_of_use
}
