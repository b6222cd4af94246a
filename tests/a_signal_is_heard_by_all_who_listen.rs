//! A signal is heard by whoever listens for it, on each loop that does, and the last one is never
//! missed. Nothing is installed for one that nobody asked for.
//!
//! The process is one, so that each test has signals of its own.
#![cfg(test)]
#![cfg(all(unix, feature = "signal"))]

use std::{
    cell::RefCell,
    env,
    future::{Future, poll_fn},
    io,
    os::unix::process::ExitStatusExt,
    pin::pin,
    process::Command,
    rc::Rc,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    task::Poll,
    thread,
    time::Duration,
};

use glassloop::{
    EventLoop, LoopThread, RunError,
    signal::{Signal, Signals, on_signal, signals},
    sleep, timeout,
};
use signal_hook::low_level;

const MINUTE: Duration = Duration::from_secs(60);

/// Sends a signal to this very thread: its handler has run when this returns. One that is sent to
/// the process may run on any thread, and later.
fn raise(signal: Signal) {
    low_level::raise(signal.number()).expect("it may be sent");
}

/// Whether nothing of what was sent is left to be taken.
async fn is_empty(signals: &Signals) -> bool {
    let mut next = pin!(signals.recv());
    for _ in 0..2 {
        // The loop asks the system what there is.
        sleep(Duration::from_millis(1)).await;
        if poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx).is_ready())).await {
            return false;
        }
    }
    true
}

/// Whether this process has a handler for it.
#[cfg(target_os = "linux")]
fn is_caught(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    let mask = u64::from_str_radix(line.trim(), 16).unwrap();
    mask >> (signal.number() - 1) & 1 == 1
}

/// A signal's number, of those that have no name here.
const TTIN: Signal = Signal::Raw(21);
const TTOU: Signal = Signal::Raw(22);
const URG: Signal = Signal::Raw(23);

#[cfg(target_os = "linux")]
#[test]
fn a_handler_is_installed_when_somebody_asks_for_the_signal() {
    let event_loop = EventLoop::new().unwrap();
    assert!(!is_caught(URG));
    let listens = event_loop.enter(|| signals(&[URG])).unwrap();
    assert!(is_caught(URG));
    drop(listens);
}

#[test]
fn a_signal_wakes_the_loop_that_waits_for_it() {
    let event_loop = EventLoop::new().unwrap();
    let got = event_loop.block_on(async {
        let hangups = signals(&[Signal::Hangup])?;
        let mut got = Vec::new();
        for _ in 0..3 {
            let sender = thread::spawn(|| raise(Signal::Hangup));
            got.push(hangups.recv().await?);
            sender.join().unwrap();
        }
        io::Result::Ok(got)
    });
    assert_eq!(got.unwrap().unwrap(), [Signal::Hangup; 3]);
    assert!(event_loop.close(MINUTE).is_clean());
}

#[test]
fn of_several_kinds_each_is_told_and_of_one_kind_that_came_twice_one() {
    let event_loop = EventLoop::new().unwrap();
    let got = event_loop.block_on(async {
        let (both, one) = (signals(&[TTIN, TTOU])?, signals(&[TTOU])?);
        raise(TTOU);
        raise(TTIN);
        raise(TTIN);
        let got = [both.recv().await?, both.recv().await?, one.recv().await?];
        assert!(is_empty(&both).await && is_empty(&one).await);
        io::Result::Ok(got)
    });
    assert_eq!(got.unwrap().unwrap(), [TTIN, TTOU, TTOU]);
}

#[test]
fn none_waits_for_ever_behind_another_that_comes_again_and_again() {
    const VTALRM: Signal = Signal::Raw(26);
    const PROF: Signal = Signal::Raw(27);
    let event_loop = EventLoop::new().unwrap();
    let got = event_loop.block_on(async {
        let both = signals(&[VTALRM, PROF])?;
        raise(VTALRM);
        raise(PROF);
        let mut got = Vec::new();
        for _ in 0..4 {
            got.push(both.recv().await?);
            raise(VTALRM);
        }
        io::Result::Ok(got)
    });
    assert_eq!(got.unwrap().unwrap(), [VTALRM, PROF, VTALRM, VTALRM]);
}

#[test]
fn a_callback_that_panics_is_told_of_and_called_again() {
    const ALRM: Signal = Signal::Raw(14);
    let told = Rc::new(RefCell::new(Vec::new()));
    let tells = Rc::clone(&told);
    let builder = EventLoop::builder()
        .on_unhandled(move |failure| tells.borrow_mut().push(failure.to_string()));
    let event_loop = builder.build().unwrap();
    let calls = Rc::new(RefCell::new(0));
    let counts = Rc::clone(&calls);
    event_loop
        .block_on(async move {
            let seen = Rc::clone(&counts);
            let listens = on_signal(&[ALRM], move |_| {
                *counts.borrow_mut() += 1;
                panic!("out of paper");
            });
            for n in 1..=2 {
                raise(ALRM);
                while *seen.borrow() < n {
                    sleep(Duration::from_millis(1)).await;
                }
            }
            drop(listens);
        })
        .unwrap();
    assert_eq!(*calls.borrow(), 2);
    let told = told.borrow();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("a callback for Raw(14)") && told[0].contains("out of paper"));

    let executor = glassloop::Limits::default().executor;
    let limits = glassloop::Limits { executor, ..glassloop::Limits::default() };
    let mut limits = limits;
    limits.executor.tasks_max = 0;
    let full = EventLoop::builder().limits(limits).build().unwrap();
    let error = full.enter(|| on_signal(&[ALRM], |_| ())).unwrap_err();
    assert!(error.to_string().contains("tasks_max"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_installed_if_one_of_them_cannot_be() {
    const XFSZ: Signal = Signal::Raw(25);
    let event_loop = EventLoop::new().unwrap();
    for wrong in [Signal::Raw(9_999), Signal::Raw(9), Signal::Raw(33)] {
        event_loop.enter(|| signals(&[XFSZ, wrong])).unwrap_err();
        assert!(!is_caught(XFSZ), "{wrong:?}");
    }
    drop(event_loop.enter(|| signals(&[Signal::Raw(40)])).unwrap());
}

#[test]
fn of_ten_thousand_signals_the_last_is_never_missed() {
    const SIGNALS: u32 = 10_000;
    let sent = Arc::<AtomicU32>::default();
    let event_loop = EventLoop::new().unwrap();
    let counts = Arc::clone(&sent);
    let (heard, deadlines) = event_loop
        .block_on(async move {
            let users = signals(&[Signal::User1])?;
            let count = Arc::clone(&counts);
            let sender = thread::spawn(move || {
                for _ in 0..SIGNALS {
                    count.fetch_add(1, SeqCst);
                    raise(Signal::User1);
                }
            });
            // Each interrupts a wait: none of these ends early, and none is an error.
            let deadlines = glassloop::spawn(async {
                for _ in 0..20 {
                    let (began, nap) = (std::time::Instant::now(), Duration::from_millis(1));
                    sleep(nap).await;
                    assert!(began.elapsed() >= nap);
                }
            });
            let mut heard = 0;
            let mut seen = 0;
            // This ends only if one is heard after the last was sent.
            while seen < SIGNALS {
                users.recv().await?;
                seen = counts.load(SeqCst);
                heard += 1;
            }
            sender.join().unwrap();
            assert!(heard <= SIGNALS);
            io::Result::Ok((heard, deadlines.await))
        })
        .unwrap()
        .unwrap();
    assert!(heard >= 1);
    deadlines.unwrap();
}

#[test]
fn every_loop_that_listens_hears_of_it() {
    let listening = Arc::new(Barrier::new(4));
    let mut loops = Vec::from_iter((0..3).map(|n| LoopThread::start(format!("loop {n}")).unwrap()));
    let mut heard = Vec::from_iter(loops.iter().map(|one| {
        let listening = Arc::clone(&listening);
        one.spawn(move || async move {
            let users = signals(&[Signal::User2])?;
            listening.wait();
            users.recv().await
        })
    }));
    listening.wait();
    raise(Signal::User2);
    for one in &mut heard {
        assert_eq!(one.wait(MINUTE).unwrap().unwrap(), Signal::User2);
    }
    for one in &mut loops {
        assert!(one.join(MINUTE).unwrap().is_clean());
    }
}

#[test]
fn a_callback_is_called_until_it_is_dropped() {
    let event_loop = EventLoop::new().unwrap();
    let told = Rc::new(RefCell::new(Vec::new()));
    let tells = Rc::clone(&told);
    let ran = event_loop.block_on(async move {
        let beside = signals(&[Signal::WindowChange])?;
        let calls = Rc::clone(&tells);
        let listens = on_signal(&[Signal::WindowChange], move |signal| {
            calls.borrow_mut().push(signal);
        })?;
        for n in 1..=3 {
            raise(Signal::WindowChange);
            beside.recv().await?;
            while tells.borrow().len() < n {
                sleep(Duration::from_millis(1)).await;
            }
        }
        drop(listens);
        raise(Signal::WindowChange);
        beside.recv().await?;
        sleep(Duration::from_millis(1)).await;
        io::Result::Ok(())
    });
    ran.unwrap().unwrap();
    assert_eq!(*told.borrow(), [Signal::WindowChange; 3]);
    assert!(event_loop.close(MINUTE).is_clean());
}

#[test]
fn who_waits_for_a_signal_is_not_stuck_and_a_loop_may_end_with_one_that_nobody_took() {
    let pipe = Signal::Raw(13);
    let event_loop = EventLoop::new().unwrap();
    let early = event_loop.block_on(async move {
        let pipes = signals(&[pipe])?;
        let early = timeout(Duration::from_millis(5), pipes.recv()).await;
        raise(pipe);
        io::Result::Ok((early.is_err(), pipes))
    });
    let (early, pipes) = early.unwrap().unwrap();
    assert!(early, "it waited, and was no deadlock");
    let report = event_loop.close(MINUTE);
    assert_eq!(report.sources.len(), 1, "{report}");
    assert!(report.to_string().contains("signal 0 is still open"), "{report}");
    drop(pipes);
    // What it heard of was told to this loop alone; another begins anew.
    let next = EventLoop::new().unwrap();
    let none = next.block_on(async move { is_empty(&signals(&[pipe]).unwrap()).await });
    assert!(none.unwrap());
}

#[test]
fn what_cannot_be_caught_is_an_error_that_names_it() {
    let event_loop = EventLoop::new().unwrap();
    for (number, name) in [(9, "Raw(9)"), (11, "Raw(11)"), (0, "Raw(0)"), (12_345, "Raw(12345)")] {
        let error = event_loop.enter(|| signals(&[Signal::Raw(number)])).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
        let said = error.to_string();
        assert!(said.contains("expected a signal that can be caught") && said.contains(name));
    }
    let nowhere = signals(&[Signal::Hangup]).unwrap_err();
    assert!(nowhere.to_string().contains("event loop"), "{nowhere}");
}

/// What this very program does when it is started once more.
const ROLE: &str = "GLASSLOOP_TEST_ROLE";

#[test]
fn its_default_comes_back_when_that_is_asked_for_and_not_before() {
    let roles = ["restored", "dropped"].map(|role| {
        let mut again = Command::new(env::current_exe().unwrap());
        again.args(["--exact", "the_role_of_a_program_that_is_started_once_more", "--ignored"]);
        again.env(ROLE, role).output().unwrap()
    });
    let [restored, dropped] = roles;
    assert_eq!(restored.status.signal(), Some(15), "{restored:?}");
    assert!(dropped.status.success(), "{dropped:?}");
}

#[test]
#[ignore = "another test starts it as a program"]
fn the_role_of_a_program_that_is_started_once_more() {
    let Ok(role) = env::var(ROLE) else { return };
    let event_loop = EventLoop::new().unwrap();
    let ends = event_loop.enter(|| signals(&[Signal::Terminate])).unwrap();
    match &*role {
        "restored" => ends.restore_default().unwrap(),
        _ => drop(ends),
    }
    raise(Signal::Terminate);
    let stuck = event_loop.block_on(std::future::pending::<()>());
    assert!(matches!(stuck, Err(RunError::Deadlock(_))), "{stuck:?}");
}
