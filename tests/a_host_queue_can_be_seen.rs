//! Any thread sees the host queues of its process: what waits and for how long, what runs and who
//! asked for it, also and above all while the host hangs in a job.
#![cfg(test)]

#[path = "common/inspected.rs"]
mod inspected;

use std::{
    panic::Location,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use glassloop::{Chunk, HostLimits, HostQueue, HostQueueLine, host_queues};
use inspected::inspected;
use serde_json::Value;

/// For what comes at once unless it never comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A queue, and where it was made.
struct Made {
    host: HostQueue,
    line: u32,
}

impl Made {
    #[track_caller]
    fn new(host: HostQueue) -> Made {
        Made { host, line: Location::caller().line() }
    }

    /// What is seen of it.
    fn look(&self) -> HostQueueLine {
        find(self.line).expect("its handle lives")
    }
}

/// The queue that was made in this line.
fn find(line: u32) -> Option<HostQueueLine> {
    let is_it = |seen: &HostQueueLine| seen.made.line() == line && seen.made.file() == file!();
    host_queues().into_iter().find(is_it)
}

/// Another thread's look.
fn look_from_elsewhere(line: u32) -> HostQueueLine {
    thread::spawn(move || find(line).expect("its handle lives")).join().unwrap()
}

#[test]
fn a_queue_is_seen_from_when_it_is_made_until_its_last_handle_goes() {
    let (host, line) = (HostQueue::new(), line!());
    let (other, other_line) = (HostQueue::default(), line!());
    let (first, second) = (find(line).unwrap(), find(other_line).unwrap());
    assert!(first.number < second.number, "they are counted");
    assert_eq!((first.thread, first.closed, first.statistics.queued), (None, false, 0));
    assert_eq!(first.limits, HostLimits::default());
    assert!(first.next.is_none() && first.running.is_empty());

    let clone = host.clone();
    drop(host);
    assert_eq!(find(line).unwrap().number, first.number, "a handle is left");
    clone.close();
    assert!(find(line).unwrap().closed);
    let call = clone.call(|| ());
    drop(clone);
    assert!(find(line).is_none(), "a call that is kept is no handle");
    drop((call, other));
    assert!(find(other_line).is_none());
}

#[test]
fn what_waits_longest_is_seen_with_its_age_and_where_it_was_asked_for() {
    let made = Made::new(HostQueue::new());
    made.host.defer(|| ()).unwrap();
    let (asked, line) = (Instant::now(), line!() - 1);
    let _call = made.host.call(|| ());
    let at_least = asked.elapsed();
    let seen = look_from_elsewhere(made.line);
    let next = seen.next.unwrap();
    assert_eq!((next.asked.file(), next.asked.line(), next.step), (file!(), line, None));
    assert!(next.elapsed >= at_least && next.elapsed < PATIENCE, "{next:?}");
    assert_eq!((seen.statistics.queued, seen.running.len()), (2, 0));
    assert!(seen.statistics.oldest_wait >= at_least);
    let at_least = asked.elapsed();
    assert!(made.look().next.unwrap().elapsed >= at_least, "it grows older");

    assert_eq!(made.host.drain(Duration::ZERO).ran, 1);
    assert_eq!(made.look().next.unwrap().asked.line(), line + 2, "the one behind it");
    assert_eq!(made.host.drain(PATIENCE).ran, 1);
    let seen = made.look();
    assert!(seen.next.is_none() && seen.running.is_empty());
    assert_eq!((seen.statistics.ran, seen.statistics.drains), (2, 2));
}

#[test]
fn what_runs_is_named_while_it_runs_and_the_look_does_not_wait_for_it() {
    let (tell, told) = mpsc::channel();
    let (let_go, go) = mpsc::channel::<()>();
    let maya = move || {
        let made = Made::new(HostQueue::new());
        made.host.defer(move || go.recv().unwrap()).unwrap();
        tell.send((made.line, line!() - 1)).unwrap();
        made.host.drain(Duration::ZERO);
        made.look()
    };
    let host = thread::Builder::new().name("maya's main".into()).spawn(maya).unwrap();
    let (made, asked) = told.recv().unwrap();
    let began = Instant::now();
    let running = loop {
        let seen = find(made).unwrap();
        if let [running] = &seen.running[..] {
            assert_eq!(seen.thread.as_deref(), Some("maya's main"));
            assert_eq!(
                seen.thread_id.is_some(),
                cfg!(all(target_os = "linux", feature = "os-time"))
            );
            assert!(seen.next.is_none());
            break running.clone();
        }
        assert!(began.elapsed() < PATIENCE, "it runs by now");
        thread::yield_now();
    };
    assert_eq!((running.asked.file(), running.asked.line(), running.step), (file!(), asked, None));
    let looked = Instant::now();
    thread::yield_now();
    let at_least = running.elapsed + looked.elapsed();
    let again = find(made).unwrap().running[0].clone();
    assert!(again.elapsed >= at_least, "it hangs, and longer and longer");
    let_go.send(()).unwrap();
    let after = host.join().unwrap();
    assert!(after.running.is_empty());
    assert_eq!(after.statistics.ran, 1);
    assert!(find(made).is_none());
}

#[test]
fn of_a_job_in_steps_it_is_seen_which_one_waits_and_which_runs() {
    let made = Made::new(HostQueue::new());
    let (line, mut steps) = (made.line, Vec::new());
    let export = made.host.call_chunked(move |_| {
        let seen = find(line).unwrap();
        steps.push((seen.running[0].step, seen.next.is_some()));
        if steps.len() < 3 { Chunk::More } else { Chunk::Done(std::mem::take(&mut steps)) }
    });
    for step in 1..=3 {
        let next = made.look().next.unwrap();
        assert_eq!((next.step, made.look().statistics.queued), (Some(step), 1));
        made.host.drain(Duration::ZERO);
    }
    assert!(made.look().next.is_none());
    let steps = made.host.block_on(export, PATIENCE).unwrap().unwrap();
    assert_eq!(steps, [1, 2, 3].map(|step| (Some(step), false)));
}

#[test]
fn a_job_within_the_drain_of_another_is_seen_behind_it() {
    let made = Made::new(HostQueue::new());
    let (line, inner) = (made.line, made.host.clone());
    let dialog = made.host.call(move || {
        assert_eq!(inner.drain(Duration::ZERO).ran, 1);
        find(line).unwrap().running.len()
    });
    let within = made.host.call(move || find(line).unwrap().running);
    made.host.drain(Duration::ZERO);
    let lines: Vec<u32> = made
        .host
        .block_on(within, PATIENCE)
        .unwrap()
        .unwrap()
        .iter()
        .map(|it| it.asked.line())
        .collect();
    assert!(lines.len() == 2 && lines[0] < lines[1], "{lines:?}");
    assert_eq!(made.host.block_on(dialog, PATIENCE).unwrap().unwrap(), 1);
}

#[test]
fn a_panic_of_a_job_leaves_nothing_that_runs() {
    let made = Made::new(HostQueue::new());
    let call = made.host.call(|| panic!("on purpose"));
    made.host.drain(Duration::ZERO);
    assert!(call.is_resolved());
    let seen = made.look();
    assert_eq!((seen.running.len(), seen.statistics.panicked), (0, 1));
}

#[test]
fn a_queue_whose_handles_are_gone_is_seen_as_long_as_its_job_runs() {
    let (give, given) = mpsc::channel();
    let kick = move |drain| give.send(drain).unwrap();
    let (host, line) = (HostQueue::builder().kick(kick).build(), line!());
    let last = Arc::new(Mutex::new(None));
    let (taken, (tell, told)) = (Arc::clone(&last), mpsc::channel());
    let job = move || {
        drop(taken.lock().unwrap().take());
        tell.send(find(line).map(|seen| (seen.closed, seen.running.len()))).unwrap();
    };
    host.defer(job).unwrap();
    *last.lock().unwrap() = Some(host);
    // The host has no handle either: it was given a drain.
    assert_eq!(given.recv().unwrap().run(Duration::ZERO).ran, 1);
    assert_eq!(told.recv().unwrap(), Some((true, 1)));
    assert!(find(line).is_none());
}

#[test]
fn the_only_thread_that_may_drain_is_known_before_it_does() {
    let build = || (HostQueue::builder().for_this_thread().build(), line!());
    let named = thread::Builder::new().name("scene".into());
    let (host, line) = named.spawn(build).unwrap().join().unwrap();
    assert_eq!(find(line).unwrap().thread.as_deref(), Some("scene"));
    assert_eq!(host.drain(Duration::ZERO).ran, 0, "it isn't this one");
    assert_eq!(find(line).unwrap().thread.as_deref(), Some("scene"));
}

/// Notes the thread that drops it.
struct Noting(Arc<Mutex<Vec<ThreadId>>>);

impl Drop for Noting {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(thread::current().id());
    }
}

#[test]
fn who_looks_while_queues_come_and_go_drops_nothing_of_theirs() {
    let (done, dropped) = (Arc::new(AtomicBool::new(false)), Arc::default());
    let look = |done: Arc<AtomicBool>| {
        move || {
            while !done.load(Ordering::Relaxed) {
                assert!(host_queues().iter().all(|seen| seen.running.len() < 3));
            }
        }
    };
    let looking: Vec<_> = (0..2).map(|_| thread::spawn(look(Arc::clone(&done)))).collect();
    const ROUNDS: usize = 2_000;
    for _ in 0..ROUNDS {
        let (kick, job) = (Noting(Arc::clone(&dropped)), Noting(Arc::clone(&dropped)));
        let host = HostQueue::builder().kick(move |drain| _ = (&kick, drain.run(PATIENCE))).build();
        host.defer(move || drop(job)).unwrap();
    }
    done.store(true, Ordering::Relaxed);
    looking.into_iter().for_each(|thread| thread.join().unwrap());
    let dropped = dropped.lock().unwrap();
    assert_eq!(dropped.len(), 2 * ROUNDS);
    assert!(dropped.iter().all(|&thread| thread == thread::current().id()));
}

#[test]
fn an_inspector_says_what_host_queues_are_at() {
    let (inspected, made) = (inspected(), Made::new(HostQueue::new()));
    let of_line = |state: &Value| {
        let queues = state["host_queues"].as_array().unwrap().clone();
        let made = format!(":{}", made.line);
        let is_it = |queue: &Value| {
            let place = queue["made"].as_str().unwrap();
            place.contains("a_host_queue_can_be_seen.rs") && place.ends_with(&made)
        };
        queues.into_iter().find(is_it).unwrap()
    };
    let ask = || {
        let answer = inspected.ask_well("GET /state?fresh_ms=0");
        assert_eq!(answer.status, 200, "{}", answer.body);
        of_line(&serde_json::from_str(&answer.body).unwrap())
    };
    let idle = ask();
    assert_eq!((&idle["thread"], &idle["next"]), (&Value::Null, &Value::Null));
    assert_eq!((&idle["queued"], &idle["max"]), (&0.into(), &10_000.into()));

    let waits = made.host.call_chunked(|_| Chunk::<()>::More);
    let line = line!() - 1;
    let next = ask()["next"].take();
    assert!(next["asked"].as_str().unwrap().ends_with(&format!(":{line}")), "{next}");
    assert!(next["for_ns"].as_u64().unwrap() > 0 && next["step"] == 1, "{next}");
    drop(waits);

    thread::scope(|scope| {
        let (begin, begun) = mpsc::channel();
        let (let_go, go) = mpsc::channel::<()>();
        let running = line!() + 1;
        let call = made.host.call(move || {
            begin.send(()).unwrap();
            go.recv().unwrap();
        });
        let host = &made.host;
        let drains = thread::Builder::new().name("houdini".into());
        let drains = drains.spawn_scoped(scope, || host.drain(Duration::ZERO)).unwrap();
        begun.recv().unwrap();
        let queue = ask();
        let runs = &queue["running"][0];
        assert!(runs["asked"].as_str().unwrap().ends_with(&format!(":{running}")), "{queue}");
        assert_eq!((&queue["thread"], &runs["step"]), (&"houdini".into(), &Value::Null));
        assert_eq!((&queue["queued"], &queue["cancelled"]), (&0.into(), &1.into()));
        let_go.send(()).unwrap();
        assert_eq!(drains.join().unwrap().ran, 1);
        assert!(call.is_resolved());
    });
    assert_eq!(ask()["ran"], 1);
}
