//! What a loop leaves behind when it ends is said: in its report, or in the log.
//!
//! With the places where it was born and what it waited for. Nothing left, nothing said.
#![cfg(test)]

#[path = "common/journal.rs"]
mod journal;

use std::{
    cell::{Cell, RefCell},
    future::pending,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use glassloop::{CallError, EventLoop, JoinError, Refused, RunError, TaskState, net};

const SECOND: Duration = Duration::from_secs(1);
const NOTHING: [&str; 0] = [];

#[test]
fn a_report_names_tasks_their_birth_and_what_they_waited_for() {
    let event_loop = EventLoop::test();
    let (nap_line, pair) = (line!() + 1, event_loop.enter(net::duplex).unwrap());
    let nap = event_loop.spawn(async { glassloop::sleep(SECOND).await }).named("nap");
    let read_line = line!() + 2;
    let read = event_loop.spawn(async move {
        pair.0.read(&mut [0]).await.unwrap();
    });
    let read = read.named("read");
    let born = event_loop.spawn(pending::<()>()).named("stuck");
    event_loop.call_later(SECOND, || ()).unwrap();
    assert!(matches!(event_loop.block_on(async { glassloop::stop() }), Ok(())));
    event_loop.remote().defer(|| ()).unwrap();

    let report = event_loop.close(Duration::ZERO);
    assert!(!report.is_clean() && !report.in_turn);
    let told: Vec<_> = report.tasks.iter().map(|task| (&*task.name, task.state)).collect();
    let names = ["nap", "read", "stuck"];
    assert_eq!(told, names.map(|name| (name, TaskState::Waiting)));
    let places = |n: usize| {
        let wait = report.tasks[n].waits.first().map(|wait| (wait.operation, wait.place.unwrap()));
        (report.tasks[n].born.unwrap().line(), wait.map(|(what, at)| (what, at.line())))
    };
    assert_eq!(places(0), (nap_line, Some(("sleep", nap_line))));
    assert_eq!(places(1), (read_line - 1, Some(("read", read_line))));
    assert_eq!(places(2), (read_line + 3, None), "it waits for nothing of ours");
    assert_eq!((report.calls.len(), report.callbacks), (1, 1));
    let sources: Vec<_> = report.sources.iter().map(|source| &*source.name).collect();
    assert_eq!(sources, ["memory 1 source 0#0"], "the end that no task had");
    assert_eq!(report.timers, 1, "the callback's");
    let said = report.to_string();
    for part in ["left: 3 task(s)", "`nap`", "sleep of timer", "1 callback(s)", "never ran:"] {
        assert!(said.contains(part), "{said}");
    }
    for task in [nap, read, born] {
        assert!(task.is_finished());
    }
}

#[test]
fn a_clean_loop_reports_that_it_is_clean() {
    let event_loop = EventLoop::new().unwrap();
    event_loop.block_on(async { glassloop::yield_now().await }).unwrap();
    let report = event_loop.close(SECOND);
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.to_string(), "nothing was left");
    assert!(event_loop.close(SECOND).is_clean(), "a second close has nothing to say");
}

#[test]
fn until_its_deadline_a_close_lets_things_end_by_themselves() {
    let event_loop = EventLoop::new().unwrap();
    let done = Rc::new(Cell::new(0));
    let count = Rc::clone(&done);
    let add = move || count.set(count.get() + 1);
    let later = add.clone();
    event_loop.call_later(Duration::from_millis(2), later).unwrap();
    let task = async move {
        glassloop::sleep(Duration::from_millis(5)).await;
        add();
    };
    event_loop.spawn(task).detach();
    let asked = Instant::now();
    assert!(event_loop.close(60 * SECOND).is_clean());
    assert_eq!(done.get(), 2);
    assert!(asked.elapsed() < 30 * SECOND, "it ends when the last thing does");
}

#[test]
fn past_its_deadline_a_close_waits_for_nobody() {
    let event_loop = EventLoop::new().unwrap();
    event_loop.spawn(pending::<()>()).detach();
    let asked = Instant::now();
    let report = event_loop.close(Duration::from_millis(20));
    assert_eq!(report.tasks.len(), 1);
    assert!(asked.elapsed() >= Duration::from_millis(20));
}

#[test]
fn a_clock_that_jumps_does_not_jump_over_the_deadline_of_a_close() {
    let event_loop = EventLoop::test();
    for (name, seconds) in [("in time", 1), ("too late", 60)] {
        let sleeps = async move { glassloop::sleep(seconds * SECOND).await };
        event_loop.spawn(sleeps).named(name).detach();
    }
    let report = event_loop.close(2 * SECOND);
    let left: Vec<_> = report.tasks.iter().map(|task| &*task.name).collect();
    assert_eq!(left, ["too late"]);
    assert!(event_loop.snapshot().now_ns <= 2_000_000_000, "{}", event_loop.snapshot().now_ns);
}

#[test]
fn tasks_are_dropped_newest_first_and_what_they_spawn_meanwhile_is_dropped_too() {
    struct Tells(&'static str, Rc<RefCell<Vec<&'static str>>>);
    async fn hold(_held: Tells) {
        pending::<()>().await;
    }
    impl Drop for Tells {
        fn drop(&mut self) {
            self.1.borrow_mut().push(self.0);
            if self.0 == "parent" {
                let child = Tells("child", Rc::clone(&self.1));
                glassloop::spawn(hold(child)).detach();
            }
        }
    }
    let event_loop = EventLoop::test();
    let order = Rc::default();
    for name in ["oldest", "parent", "newest"] {
        event_loop.spawn(hold(Tells(name, Rc::clone(&order)))).detach();
    }
    let report = event_loop.close(Duration::ZERO);
    assert_eq!(*order.borrow(), ["newest", "parent", "oldest", "child"]);
    assert_eq!(report.tasks.len(), 4);
}

#[test]
fn after_a_close_everything_is_refused() {
    let event_loop = EventLoop::test();
    let (remote, task) = (event_loop.remote(), event_loop.spawn(async { 1 }));
    event_loop.close(Duration::ZERO);
    assert!(matches!(event_loop.run(), Err(RunError::Closed)));
    assert!(matches!(event_loop.wait(), Err(RunError::Closed)));
    assert!(matches!(event_loop.block_on(async { 1 }), Err(RunError::Closed)));
    assert!(matches!(event_loop.turn(glassloop::Events::new()), Err(RunError::Closed)));
    assert!(matches!(event_loop.call_soon(|| ()), Err(Refused::Closed(_))));
    assert!(matches!(event_loop.call_later(SECOND, || ()), Err(Refused::Closed(_))));
    assert!(matches!(event_loop.queue_microtask(|| ()), Err(Refused::Closed(_))));
    assert!(matches!(remote.defer(|| ()), Err(Refused::Closed(_))));
    assert!(matches!(remote.call(|| ()).wait(SECOND), Err(CallError::Closed)));
    assert!(remote.is_closed() && event_loop.watch().is_closed());
    let refused = event_loop.spawn(async { 2 });
    let other = EventLoop::test();
    assert!(matches!(other.block_on(refused).unwrap(), Err(JoinError::Refused)));
    assert!(matches!(other.block_on(task).unwrap(), Err(JoinError::Cancelled)));
}

/// Runs `program` on a thread of its own and gives what it logged.
fn logged(program: impl FnOnce() + Send + 'static) -> Vec<String> {
    let thread = thread::spawn(|| {
        journal::take();
        program();
        journal::take()
    });
    thread.join().unwrap()
}

#[test]
fn a_loop_that_never_ran_says_so_with_the_places_of_birth() {
    let (made, born) = (line!() + 2, line!() + 3);
    let said = logged(|| {
        let event_loop = EventLoop::new().unwrap();
        event_loop.spawn(async {}).named("hopeful").detach();
        drop(event_loop);
    });
    let [line] = &said[..] else { panic!("expected one line, came {said:?}") };
    let file = file!();
    for part in ["WARN: ", "was never run", "`hopeful`"] {
        assert!(line.contains(part), "{line}");
    }
    assert!(line.contains(&format!("made at {file}:{made}:")), "{line}");
    assert!(line.contains(&format!("spawned at {file}:{born}")), "{line}");
}

#[test]
fn a_loop_dropped_with_work_left_says_so() {
    let line = line!() + 5;
    let said = logged(|| {
        let event_loop = EventLoop::new().unwrap();
        event_loop.block_on(async { glassloop::spawn(pending::<()>()).detach() }).unwrap();
        let remote = event_loop.remote();
        thread::spawn(move || remote.defer(|| ()).unwrap()).join().unwrap();
        drop(event_loop);
    });
    assert_eq!(said.len(), 1, "{said:?}");
    for part in ["was dropped without being closed", "left: 1 task(s)", "1 accepted call(s)"] {
        assert!(said[0].contains(part), "{said:?}");
    }
    assert!(said[0].contains(&format!("deferred at {}:{line}:", file!())), "{said:?}");
}

#[test]
fn a_loop_with_nothing_left_goes_in_silence() {
    let said = logged(|| {
        drop(EventLoop::new().unwrap());
        let event_loop = EventLoop::new().unwrap();
        event_loop.block_on(async { glassloop::spawn(async { 1 }).await.unwrap() }).unwrap();
        drop(event_loop);
        let closed = EventLoop::new().unwrap();
        closed.spawn(pending::<()>()).detach();
        assert!(!closed.close(Duration::ZERO).is_clean(), "who asked was told");
        drop(closed);
    });
    assert_eq!(said, NOTHING);
}
