//! A job that blocks delays the end of its loop by what its deadline says and no longer; the report
//! names it. A thread of the pool that can be joined is joined before the loop has ended.
//!
//! Runs under Miri.
#![cfg(test)]

#[path = "common/gate.rs"]
mod gate;
#[path = "common/journal.rs"]
mod journal;

use std::{
    cell::RefCell,
    future::{Future, pending},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Waker},
    thread,
    time::Duration,
};

use gate::Gate;
use glassloop::{
    EventLoop, JobLine, JobState, Limits, LoopThread, OffloadError, Pool, PoolLimits, RunError,
    WaitsOn, offload, spawn, timeout, yield_now,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Notes the end of the thread that it lies on.
struct AtExit(Arc<AtomicUsize>);

impl Drop for AtExit {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

thread_local! {
    static AT_EXIT: RefCell<Option<AtExit>> = const { RefCell::new(None) };
}

/// From now on the end of this thread is counted.
fn count_end(ended: &Arc<AtomicUsize>) {
    AT_EXIT.with(|at_exit| at_exit.replace(Some(AtExit(Arc::clone(ended)))));
}

#[test]
fn a_close_returns_at_its_deadline_and_names_the_job_that_runs() {
    let (event_loop, gate) = (EventLoop::test(), Gate::default());
    let passes = gate.clone();
    let born = line!() + 1;
    let job = event_loop.offload(move || passes.pass()).named("export");
    gate.until_waiting(1);
    let task = event_loop.spawn(job);
    let report = event_loop.close(Duration::ZERO);
    // The gate is still closed: nobody waited for the job.
    assert_eq!(gate.waiting(), 1);
    assert_eq!((report.jobs.len(), report.jobs_refused), (1, 0), "{report}");
    let line = &report.jobs[0];
    assert_eq!((&*line.name, line.born.line()), ("export", born));
    assert!(line.elapsed > Duration::ZERO && !report.is_clean());
    let said = report.to_string();
    let place = format!("no_job_holds_up_the_end_of_its_loop.rs:{born}");
    for part in ["left: 1 task(s), 1 job(s)", "job `export`, offloaded at", &place, "has run for"] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(report.tasks_aborted, 1, "who awaited it");
    drop(task);
    gate.open();
}

#[test]
fn a_close_waits_for_a_job_that_ends_in_time_and_joins_every_thread() {
    let ended = Arc::<AtomicUsize>::default();
    let (event_loop, gates) = (EventLoop::test(), [Gate::default(), Gate::default()]);
    for gate in gates.clone() {
        let ended = Arc::clone(&ended);
        let job = event_loop.offload(move || {
            count_end(&ended);
            gate.pass();
        });
        event_loop.spawn(job).detach();
    }
    gates.iter().for_each(|gate| gate.until_waiting(1));
    // One goes idle; the other still runs when the close begins, and ends when its gate opens.
    gates[0].open();
    let opens = thread::spawn({
        let gate = gates[1].clone();
        move || gate.open()
    });
    let report = event_loop.close(MINUTE);
    assert!(report.is_clean(), "{report}");
    assert_eq!(ended.load(SeqCst), 2, "both threads have ended");
    opens.join().unwrap();
}

#[test]
fn run_joins_the_threads_it_has_started() {
    let ended = Arc::<AtomicUsize>::default();
    let counts = Arc::clone(&ended);
    glassloop::run(async move { offload(move || count_end(&counts)).await }).unwrap().unwrap();
    assert_eq!(ended.load(SeqCst), 1);
}

#[test]
fn run_warns_of_a_job_that_it_leaves_behind() {
    journal::take();
    let gate = Gate::default();
    let passes = gate.clone();
    let begun = gate.clone();
    glassloop::run(async move {
        offload(move || passes.pass()).named("export").detach();
        begun.until_waiting(1);
    })
    .unwrap();
    let told = journal::take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("WARN: run: closed the loop: left: 0 task(s), 1 job(s)"));
    assert!(told[0].contains("job `export`, offloaded at"), "{told:?}");
    gate.open();
}

#[test]
fn a_loop_that_is_dropped_waits_for_no_job_and_the_log_names_it() {
    journal::take();
    let gate = Gate::default();
    let event_loop = EventLoop::test();
    let passes = gate.clone();
    let job = event_loop.offload(move || passes.pass()).named("export");
    gate.until_waiting(1);
    drop(job);
    drop(event_loop);
    assert_eq!(gate.waiting(), 1);
    let told = journal::take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("job `export`, offloaded at"), "{told:?}");
    gate.open();
}

#[test]
fn what_no_thread_has_come_to_is_given_up_and_whoever_holds_it_is_told() {
    let pool = PoolLimits { threads_max: 1, ..PoolLimits::default() };
    let builder = EventLoop::builder().limits(Limits { pool, ..Limits::default() });
    let (event_loop, gate) = (builder.build().unwrap(), Gate::default());
    let passes = gate.clone();
    let blocker = event_loop.offload(move || passes.pass());
    gate.until_waiting(1);
    let waits = event_loop.offload(|| 1);
    let report = event_loop.close(Duration::ZERO);
    assert_eq!((report.jobs.len(), report.jobs_refused), (1, 1), "{report}");
    assert!(report.to_string().contains("1 job(s) never ran"), "{report}");
    let another = EventLoop::new().unwrap();
    let error = another.block_on(waits).unwrap().unwrap_err();
    assert!(matches!(error, OffloadError::Closed), "{error:?}");
    // A loop that has ended takes no more.
    let late = event_loop.offload(|| 1);
    let error = another.block_on(late).unwrap().unwrap_err();
    assert!(matches!(error, OffloadError::Closed), "{error:?}");
    gate.open();
    another.block_on(blocker).unwrap().unwrap();
}

#[test]
fn a_loop_on_its_own_thread_reports_its_jobs() {
    let gate = Gate::default();
    let passes = gate.clone();
    let mut network = LoopThread::start("network").unwrap();
    network
        .defer(move || spawn(offload(move || passes.pass()).named("export")).detach())
        .unwrap_or_else(|_| panic!("it takes calls"));
    gate.until_waiting(1);
    network.stop(Duration::ZERO);
    let report = network.join(MINUTE).unwrap();
    assert_eq!(report.jobs.len(), 1, "{report}");
    gate.open();
}

#[test]
fn a_loop_whose_task_awaits_a_job_is_not_stuck_and_its_clock_stands_still() {
    journal::take();
    // What only looks stuck would be told at once.
    let limits = Limits { suspected_after_ms: 0, ..Limits::default() };
    let rounds = if cfg!(miri) { 3 } else { 100 };
    for event_loop in [EventLoop::builder().limits(limits).build().unwrap(), EventLoop::test()] {
        for _ in 0..rounds {
            let slow = || (0..100).for_each(|_| thread::yield_now());
            let in_time = event_loop.block_on(async move { timeout(HOUR, offload(slow)).await });
            in_time.unwrap().expect("the clock has not jumped past a job").unwrap();
        }
        assert_eq!(journal::take(), [""; 0]);
        let stuck = event_loop.block_on(pending::<()>());
        assert!(matches!(stuck, Err(RunError::Deadlock(_))), "{stuck:?}");
        event_loop.close(Duration::ZERO);
        journal::take();
    }
}

#[test]
fn a_result_that_is_there_is_no_way_out_though_nobody_took_it() {
    let (event_loop, gate) = (EventLoop::test(), Gate::default());
    let passes = gate.clone();
    let opens = gate.clone();
    let stuck = event_loop.block_on(async move {
        let mut job = Box::pin(offload(move || passes.pass()));
        assert!(job.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        // As long as it runs the loop may hope.
        gate.until_waiting(1);
        opens.open();
        pending::<()>().await;
        drop(job);
    });
    assert!(matches!(stuck, Err(RunError::Deadlock(_))), "{stuck:?}");
    event_loop.close(Duration::ZERO);
}

#[test]
fn a_job_that_another_loop_awaits_now_holds_that_one() {
    let (first, second, gate) = (EventLoop::test(), EventLoop::test(), Gate::default());
    let (passes, opens) = (gate.clone(), gate.clone());
    let pool = glassloop::Pool::new(1);
    let offloads = pool.clone();
    let job = first.block_on(async move {
        let mut job = Box::pin(offloads.offload(move || passes.pass()));
        assert!(job.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        Some(job)
    });
    let job = job.unwrap().unwrap();
    gate.until_waiting(1);
    let in_time = second.block_on(async move {
        let job = spawn(timeout(HOUR, job));
        yield_now().await;
        // The first loop has nothing left, and is held by nobody.
        assert!(first.run().is_ok());
        first.close(Duration::ZERO);
        opens.open();
        job.await.unwrap()
    });
    in_time.unwrap().expect("its clock has not jumped").unwrap();
    assert!(second.close(MINUTE).is_clean());
    assert!(pool.close(MINUTE).is_clean());
}

#[test]
fn who_awaits_a_job_is_shown_and_so_is_what_runs() {
    let pool = PoolLimits { threads_max: 1, ..PoolLimits::default() };
    let builder = EventLoop::builder().limits(Limits { pool, ..Limits::default() });
    let event_loop = builder.build().unwrap();
    event_loop
        .block_on(async {
            let gate = Gate::default();
            let passes = gate.clone();
            let awaits = line!() + 1;
            let first = spawn(async { offload(move || passes.pass()).named("first").await });
            let second = spawn(async { offload(|| ()).named("second").await });
            yield_now().await;
            yield_now().await;
            gate.until_waiting(1);
            let snapshot = glassloop::snapshot();
            let wait = |task| {
                let line = snapshot.task(task).unwrap().waits[0].clone();
                (line.operation, line.of, line.on)
            };
            let number = |at: usize| WaitsOn::Job(snapshot.jobs[at].number);
            let running = "job `first`, running".to_owned();
            assert_eq!(wait(first.id()), ("offload", running, number(0)));
            let queued = "job `second`, queued".to_owned();
            assert_eq!(wait(second.id()), ("offload", queued, number(1)));
            let place = snapshot.task(first.id()).unwrap().waits[0].place.unwrap();
            assert_eq!(place.line(), awaits);
            let told = |job: &JobLine| (job.name.clone(), job.state, job.awaited_by);
            let jobs: Vec<_> = snapshot.jobs.iter().map(told).collect();
            let first_is = ("first".into(), JobState::Running, Some(first.id()));
            assert_eq!(jobs, [first_is, ("second".into(), JobState::Queued, Some(second.id()))]);
            let [runs, waits] = &snapshot.jobs[..] else { unreachable!() };
            assert_eq!((runs.born.line(), runs.pool), (awaits, snapshot.made));
            let queue = snapshot.queues.iter().find(|queue| queue.name == "offload").unwrap();
            assert_eq!((queue.depth, queue.max), (1, Some(1 << 20)));
            let table = snapshot.to_string();
            assert!(table.contains("jobs: 2\n  job `first`, offloaded at "), "{table}");
            assert!(waits.to_string().contains(", has waited for a thread for "), "{waits}");
            gate.open();
            first.await.unwrap().unwrap();
            second.await.unwrap().unwrap();
        })
        .unwrap();
    assert!(event_loop.close(MINUTE).is_clean());
}

#[test]
fn a_job_of_another_pool_is_shown_where_it_is_awaited() {
    let (event_loop, gate, made) = (EventLoop::test(), Gate::default(), line!());
    let pool = Pool::new(1);
    let passes = gate.clone();
    let runs = pool.offload(move || passes.pass()).named("runs");
    let names: Vec<String> = (0..100).map(|at| format!("queued {at:02}")).collect();
    let queued: Vec<_> = names.iter().map(|name| pool.offload(|| ()).named(name.clone())).collect();
    gate.until_waiting(1);
    assert!(event_loop.snapshot().jobs.is_empty(), "none is awaited here");
    let other = pool.clone();
    event_loop
        .block_on(async move {
            let awaits = spawn(async { drop(runs.await) });
            let many = spawn(async { drop(glassloop::gather(queued).await) });
            yield_now().await;
            let jobs = glassloop::snapshot().jobs;
            assert_eq!((&*jobs[0].name, jobs[0].awaited_by), ("runs", Some(awaits.id())));
            assert_eq!((jobs[0].pool.line(), jobs[0].state), (made + 1, JobState::Running));
            assert!(jobs[1..].iter().all(|job| job.awaited_by == Some(many.id())));
            let told: Vec<_> = jobs[1..].iter().map(|job| job.name.clone()).collect();
            assert_eq!(told, names, "all of them, who has waited longest first");
            assert_eq!(other.running()[0].awaited_by, None);
            gate.open();
            awaits.await.unwrap();
            many.await.unwrap();
            assert!(glassloop::snapshot().jobs.is_empty());
        })
        .unwrap();
    assert!(event_loop.close(MINUTE).is_clean());
    assert!(pool.close(MINUTE).is_clean());
}
