//! A system that has no thread for a guest's helper refuses the guest, and the loop stays its
//! host's: who is called for what comes next.
//!
//! What refuses is the size of a thread's stack, which is a process's: this test is started once
//! more, in an environment that asks for more than there is.
#![cfg(test)]
#![cfg(all(target_os = "linux", not(miri)))]

use std::{
    env,
    process::Command,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use glassloop::{EventLoop, Guest};

/// More than any address space has.
const STACK_BYTES: &str = "100000000000000000";
const STACK: &str = "RUST_MIN_STACK";

#[test]
fn refused_for_want_of_a_thread_the_loop_stays_its_hosts() {
    const ITSELF: &str = "refused_for_want_of_a_thread_the_loop_stays_its_hosts";
    if env::var(STACK).as_deref() != Ok(STACK_BYTES) {
        let mut again = Command::new(env::current_exe().unwrap());
        // With one test at a time that runs on the main thread.
        again.args(["--exact", ITSELF, "--test-threads=1"]).env(STACK, STACK_BYTES);
        let ran = again.output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success() && said.contains("1 passed"), "{ran:?}");
        return;
    }
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let called = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&called);
    event_loop.on_wake(move || _ = counted.fetch_add(1, SeqCst));
    for round in 1..=3 {
        Guest::start(&event_loop, drop, |_| panic!("it never began")).unwrap_err();
        assert_eq!(called.load(SeqCst), round - 1);
        let task = event_loop.spawn(async {});
        assert_eq!(called.load(SeqCst), round, "the host is called");
        assert!(!event_loop.pump(Duration::ZERO).unwrap().more);
        assert!(task.is_finished());
    }
    event_loop.block_on(async {}).unwrap();
}
