//! curio: a kernel that is a value, structured tasks, and a look from outside.

use std::{cell::Cell, future::pending, process::Command, rc::Rc, thread, time::Duration};

use glassloop::{
    CallError, Entry, EventLoop, JoinError, Observer, Outcome, Phase, PollerKind, Scope, gather,
    offload, race, remote, scope, shield, sleep, spawn, timeout, yield_now,
};

use crate::{MS, PATIENCE, SECOND, effects::Effects};

#[test]
fn curio_kernel_run_runs_again_and_again() {
    let kernel = EventLoop::test();
    assert_eq!(kernel.block_on(async { 1 }).unwrap(), 1);
    assert_eq!(kernel.block_on(async { 2 }).unwrap(), 2);
    assert!(kernel.close(SECOND).is_clean());
    // `with Kernel() as kernel` closes at the block's end: so does a drop.
    let (held, seen) = (Rc::new(()), Rc::new(Cell::new(0)));
    {
        let kernel = EventLoop::test();
        let kept = Rc::clone(&held);
        kernel
            .spawn(async move {
                let _kept = kept;
                pending::<()>().await;
            })
            .detach();
        seen.set(Rc::strong_count(&held));
    }
    assert_eq!((seen.get(), Rc::strong_count(&held)), (2, 1));
}

#[test]
fn curio_kernel_run_without_a_coroutine_is_one_turn() {
    let (kernel, effects) = (EventLoop::test(), Effects::default());
    let notes = effects.clone();
    kernel
        .spawn(async move {
            for step in 1..=3 {
                notes.note(step);
                yield_now().await;
            }
        })
        .detach();
    for step in ["1", "2", "3"] {
        assert!(kernel.pump(Duration::ZERO).is_ok());
        assert_eq!(effects.take(), [step]);
    }
    // With nothing to do it comes back all the same.
    assert!(kernel.pump(Duration::ZERO).is_ok());
    assert!(kernel.pump(Duration::ZERO).is_ok());
    assert!(effects.take().is_empty());
}

#[test]
fn curio_with_monitor_is_an_inspector_that_a_variable_asks_for() {
    // A program that says `init()`, started with the variable and without it: CURIOMONITOR there.
    let folder = std::env::temp_dir().join(format!("glassloop-monitor-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let listens = |value: &str| {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["--exact", "curio::a_program_with_a_monitor", "--ignored", "--nocapture"]);
        program.env("GLASSLOOP_INSPECT", value).env("XDG_RUNTIME_DIR", &folder);
        let said = program.env("TMPDIR", &folder).output().unwrap();
        String::from_utf8(said.stdout).unwrap().contains("it listens")
    };
    let told = [listens("1"), listens("")];
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(told, [true, false]);
}

#[test]
#[ignore = "a part: run by the test above, with the variable set or not"]
fn a_program_with_a_monitor() {
    if let Some(inspector) = glassloop_inspector::try_init().unwrap() {
        let address = inspector.address();
        std::net::TcpStream::connect(address).expect("whoever listens answers");
        std::io::Write::write_all(&mut std::io::stdout(), b"it listens\n").unwrap();
    }
}

/// Counts what a kernel's activation is told.
#[derive(Default)]
struct Activation {
    polls: Cell<u32>,
    blocked: Cell<u32>,
}

impl Observer for Activation {
    fn phase_began(&self, phase: Phase, _turn: u64) {
        if phase == Phase::Wait {
            self.blocked.set(self.blocked.get() + 1);
        }
    }

    fn item_ended(&self, _item: Entry, _outcome: Outcome, _took: Duration) {
        self.polls.set(self.polls.get() + 1);
    }
}

#[test]
fn curio_activations_are_observers() {
    let (kernel, activation) = (EventLoop::test(), Rc::new(Activation::default()));
    let observer: Rc<dyn Observer> = activation.clone();
    kernel.observe(observer);
    kernel.block_on(async { gather([sleep(SECOND), sleep(2 * SECOND)]).await }).unwrap();
    assert_eq!(activation.polls.get(), 3, "at the beginning, and after each sleep");
    assert!(activation.blocked.get() >= 2);
}

#[test]
fn curio_selector_is_a_poller_of_the_builder() {
    for poller in [PollerKind::Mio, PollerKind::TimersOnly, PollerKind::Scripted] {
        let kernel = EventLoop::builder().poller(poller).build().unwrap();
        assert_eq!(kernel.block_on(async { "runs" }).unwrap(), "runs");
    }
}

#[test]
fn curio_spawn_gives_a_handle_to_join_and_daemon_is_detach() {
    let joined = EventLoop::test().block_on(async {
        spawn(pending::<()>()).named("daemon").detach();
        let child = spawn(async {
            sleep(SECOND).await;
            37
        });
        child.await
    });
    assert_eq!(joined.unwrap().unwrap(), 37);
    let failed = EventLoop::test().block_on(async { spawn(async { panic!("no") }).await });
    let error: Result<(), JoinError> = failed.unwrap();
    assert!(matches!(error, Err(JoinError::Panicked(_))), "curio's TaskError");
    // `run` waits for a daemon as for anybody.
    let (kernel, effects) = (EventLoop::test(), Effects::default());
    let notes = effects.clone();
    kernel
        .spawn(async move {
            sleep(SECOND).await;
            notes.note("waited for")
        })
        .detach();
    kernel.run().unwrap();
    assert_eq!(effects.take(), ["waited for"]);
}

#[test]
fn curio_task_group_is_a_scope_and_wait_any_is_a_race() {
    let sum = EventLoop::test().block_on(async {
        let group = scope(|group: Scope<String>| async move {
            let children = [1, 2, 3].map(|n| {
                group.spawn(async move {
                    sleep(n * SECOND).await;
                    Ok(n)
                })
            });
            let mut sum = 0;
            for child in children {
                sum += child.await.unwrap();
            }
            Ok(sum)
        });
        group.await.unwrap()
    });
    assert_eq!(sum.unwrap(), 6);
    let first =
        EventLoop::test().block_on(async { race([sleep(2 * SECOND), sleep(SECOND)]).await });
    assert_eq!(first.unwrap().0, 1);
}

#[test]
fn curio_run_in_thread_is_offload_and_a_late_one_is_given_up() {
    let event_loop = EventLoop::new().unwrap();
    let (lets_go, held) = std::sync::mpsc::channel::<()>();
    let (sender, ended) = std::sync::mpsc::channel();
    event_loop
        .block_on(async move {
            assert_eq!(offload(|| 6 * 7).await.unwrap(), 42);
            let late = offload(move || {
                held.recv().ok();
                sender.send("ran to its end all the same")
            });
            assert!(timeout(20 * MS, late).await.is_err());
        })
        .unwrap();
    drop(lets_go);
    // A thread can't be stopped: what runs goes on, as curio's does.
    assert_eq!(ended.recv_timeout(PATIENCE), Ok("ran to its end all the same"));
}

#[cfg(all(unix, feature = "process-pool"))]
#[test]
fn curio_run_in_process_is_a_process_pool_that_no_late_job_holds_up() {
    use crate::workers::{pool, run};
    run(async {
        let pool = pool(1);
        // It would nap for hours, on the pool's only worker; given up, it is killed with that.
        assert!(timeout(50 * MS, pool.call::<u64>("nap", &60_000_000)).await.is_err());
        assert_eq!(pool.call::<u64>("double", &4).await.unwrap(), 8);
        pool.close();
    });
}

#[test]
fn curio_spawn_thread_and_await_are_a_remote_in_a_thread() {
    // curio's async threads: a thread that waits for what the kernel does.
    let heard = glassloop::run(async {
        let ours = remote();
        let thread = offload(move || {
            let mut answer = ours.spawn(|| async {
                sleep(MS).await;
                "from the loop"
            });
            let late = { ours.spawn(pending::<()>) }.wait(MS);
            assert!(matches!(late, Err(CallError::TimedOut)), "{late:?}");
            answer.wait(PATIENCE).unwrap()
        });
        thread.await.unwrap()
    });
    assert_eq!(heard.unwrap(), "from the loop");
}

#[test]
fn curio_universal_queue_is_async_channel_between_threads_and_tasks() {
    let (sender, receiver) = async_channel::bounded(2);
    let (answers, answered) = async_channel::bounded(2);
    let thread = thread::spawn(move || {
        (1..=5)
            .map(|n| {
                sender.send_blocking(n).unwrap();
                answered.recv_blocking().unwrap()
            })
            .collect::<Vec<_>>()
    });
    let squares = async move {
        while let Ok(n) = receiver.recv().await {
            answers.send(n * n).await.unwrap();
        }
    };
    glassloop::run(squares).unwrap();
    assert_eq!(thread.join().unwrap(), [1, 4, 9, 16, 25]);
}

#[test]
fn curio_timeout_after_nests_and_the_inner_one_is_its_own() {
    let told = EventLoop::test().block_on(async {
        let inner = timeout(5 * SECOND, pending::<()>());
        let outer = timeout(SECOND, async { inner.await.is_err() }).await;
        let inner = timeout(SECOND, pending::<()>());
        (outer.is_err(), timeout(5 * SECOND, async { inner.await.is_err() }).await)
    });
    let (outer, inner) = told.unwrap();
    assert!(outer, "the outer one ends first: the inner one is dropped with it");
    assert!(matches!(inner, Ok(true)), "and the other way the inner one alone is late");
}

#[test]
fn curio_disable_cancellation_is_shield() {
    let effects = Effects::default();
    let notes = effects.clone();
    EventLoop::test()
        .block_on(async move {
            let task = spawn(async move {
                shield(async move {
                    sleep(SECOND).await;
                    notes.note("written");
                })
                .await
                .unwrap();
            });
            yield_now().await;
            task.abort();
            assert!(task.await.is_err());
            sleep(2 * SECOND).await;
        })
        .unwrap();
    assert_eq!(effects.take(), ["written"]);
}
