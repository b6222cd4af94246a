//! A run that is kept runs again, event by event and to the nanosecond, whatever other threads and
//! the clock do then; the first event that differs is pointed out.
#![cfg(test)]

#[path = "common/scripted.rs"]
mod scripted;
#[path = "common/seed.rs"]
mod seed;

use std::{
    cell::RefCell,
    process::Command,
    rc::Rc,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use glassloop::{
    BadRecording, CancelToken, EventLoop, Limits, PollerKind, Recording, RunError, RunPolicy,
    call_later, call_soon, net, queue_microtask, remote, sleep, spawn, yield_now,
};
use scripted::{echo_server, scripted_loop, three_peers};
use seed::Seed;

/// What the program says, in order.
type Told = Rc<RefCell<Vec<String>>>;

/// Tasks that do something of every kind, some of it on other threads, which take their time.
async fn program(seed: u64, slow: bool, told: Told) {
    let tasks = (0..8).map(|number| {
        let (seed, told) = (Seed::new(seed * 100 + number), Rc::clone(&told));
        spawn(async move {
            for act in 0..6 {
                acts(&seed, slow, &format!("{number}.{act}"), &told).await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

async fn acts(seed: &Seed, slow: bool, name: &str, told: &Told) {
    let tell = |what: &str| told.borrow_mut().push(format!("{name} {what}"));
    let takes = Duration::from_micros(seed.below(2_000) as u64 * u64::from(slow));
    match seed.below(9) {
        0 => yield_now().await,
        1 => sleep(Duration::from_micros(seed.below(1_500) as u64)).await,
        2 => {
            let (told, name) = (Rc::clone(told), name.to_owned());
            let tell = move || told.borrow_mut().push(format!("{name} called"));
            drop(call_soon(tell).unwrap());
        }
        3 => queue_microtask(|| {}).unwrap(),
        4 => drop(call_later(Duration::from_micros(300), || {}).unwrap()),
        5 | 6 => {
            // A thread that asks the loop, and leaves a call with what it heard.
            let (remote, heard) = (remote(), Arc::<Mutex<Option<u32>>>::default());
            let (hears, wakes) = (Arc::clone(&heard), CancelToken::new());
            let over = wakes.clone();
            let asks = move || {
                thread::sleep(takes);
                let answer = remote.call(|| 6 * 7).wait(Duration::from_secs(10)).unwrap();
                *hears.lock().unwrap() = Some(answer);
                remote.defer(move || over.cancel()).unwrap();
            };
            thread::Builder::new().name(format!("asks {name}")).spawn(asks).unwrap();
            wakes.cancelled().await;
            tell(&format!("heard {:?}", heard.lock().unwrap()));
        }
        7 => {
            let remote = remote();
            let leaves = move || {
                thread::sleep(takes);
                for _ in 0..3 {
                    remote.defer(|| {}).unwrap();
                }
            };
            thread::Builder::new().name(format!("leaves {name}")).spawn(leaves).unwrap();
        }
        _ => {
            let (near, far) = net::duplex().unwrap();
            let reads = spawn(async move { far.read(&mut [0; 4]).await.unwrap() });
            near.write_all(b"here").await.unwrap();
            tell(&format!("read {}", reads.await.unwrap()));
        }
    }
}

/// With the system's clock, on which no two runs are alike.
fn real_loop(policy: RunPolicy) -> EventLoop {
    EventLoop::builder().poller(PollerKind::TimersOnly).policy(policy).build().unwrap()
}

fn ran(event_loop: &EventLoop, seed: u64, slow: bool) -> (Result<(), RunError>, Vec<String>) {
    let told = Told::default();
    let ended = event_loop.block_on(program(seed, slow, Rc::clone(&told)));
    (ended, told.take())
}

fn policies() -> [RunPolicy; 4] {
    [RunPolicy::Batch, RunPolicy::One, RunPolicy::ToEmpty, RunPolicy::Counted(3)]
}

#[test]
fn threads_and_clock_may_do_what_they_like_the_second_time() {
    let (mut events, mut calls) = (0, 0);
    for seed in Seed::all(40) {
        let number = seed.get();
        let policy = policies()[seed.below(4)];
        let first = real_loop(policy).keep();
        let (ended, told) = ran(&first, number, true);
        ended.unwrap();
        let recording = first.recording().unwrap();
        for slow in [true, false] {
            let again = real_loop(policy).replay(&recording).unwrap();
            let (ended, told_again) = ran(&again, number, slow);
            let replayed = again.replayed().unwrap();
            assert!(ended.is_ok(), "{policy:?}: {replayed}");
            assert!(replayed.is_whole(), "{policy:?}: {replayed}");
            assert_eq!(told_again, told);
        }
        events += recording.events().len();
        calls += recording.to_string().matches("\ncall ").count();
    }
    assert!(events > 10_000 && calls > 500, "{events} events, {calls} calls");
}

#[test]
fn a_script_a_seed_and_a_clock_that_jumps_come_again_too() {
    for seed in Seed::all(20) {
        let number = seed.get();
        let echo = |event_loop: &EventLoop| {
            event_loop.block_on(async { assert!(echo_server(3).await.iter().all(Result::is_ok)) })
        };
        let first = scripted_loop(three_peers(number), 64).seed(number).keep();
        echo(&first).unwrap();
        let recording = first.recording().unwrap();
        assert_eq!(recording.seed(), Some(number));
        // The seed comes from the recording; that of the script is the program's.
        let again = scripted_loop(three_peers(number), 64).replay(&recording).unwrap();
        echo(&again).unwrap();
        let replayed = again.replayed().unwrap();
        assert!(replayed.is_whole(), "{replayed}");
        let other = scripted_loop(three_peers(number + 1_000), 64).replay(&recording).unwrap();
        let ended = echo(&other);
        assert!(matches!(ended, Err(RunError::Differs(_))), "{ended:?}");
    }
}

#[test]
fn calls_come_at_their_place_however_early_or_late_they_are_left() {
    // A thread leaves three calls, one each millisecond; the program sleeps beside it.
    let run = |event_loop: &EventLoop, pause: Duration| {
        let (remote, told) = (event_loop.remote(), Arc::<Mutex<Vec<String>>>::default());
        let says = Arc::clone(&told);
        let leaves = move || {
            for call in 0..3 {
                thread::sleep(pause);
                let says = Arc::clone(&says);
                remote.defer(move || says.lock().unwrap().push(format!("call {call}"))).unwrap();
            }
        };
        let thread = thread::Builder::new().name("leaves".to_owned()).spawn(leaves).unwrap();
        let says = Arc::clone(&told);
        let ended = event_loop.block_on(async move {
            for round in 0..10 {
                sleep(Duration::from_micros(700)).await;
                says.lock().unwrap().push(format!("round {round}"));
            }
        });
        thread.join().unwrap();
        let told = told.lock().unwrap().clone();
        (ended, told)
    };
    let first = EventLoop::new().unwrap().keep();
    let (ended, told) = run(&first, Duration::from_millis(1));
    ended.unwrap();
    let recording = first.recording().unwrap();
    for pause_ms in [0, 20] {
        let again = EventLoop::new().unwrap().replay(&recording).unwrap();
        let (ended, told_again) = run(&again, Duration::from_millis(pause_ms));
        assert!(ended.is_ok(), "{ended:?}");
        assert!(again.replayed().unwrap().is_whole());
        assert_eq!(told_again, told, "pause {pause_ms} ms");
    }
}

/// A program that goes another way in its fourth round, if it is told so, or ends there.
fn goes(event_loop: &EventLoop, way: Way) -> Result<(), RunError> {
    event_loop.block_on(async move {
        for round in 0..5 {
            match way {
                Way::Other if round == 3 => sleep(Duration::from_millis(9)).await,
                Way::Short if round == 3 => return,
                _ => yield_now().await,
            }
        }
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Whole,
    Other,
    Short,
}

#[test]
fn the_first_difference_is_pointed_out_and_ends_the_run() {
    let first = EventLoop::test().keep();
    goes(&first, Way::Whole).unwrap();
    let recording = first.recording().unwrap();
    let again = EventLoop::test().replay(&recording).unwrap();
    let Err(RunError::Differs(difference)) = goes(&again, Way::Other) else {
        panic!("{:?}", again.replayed())
    };
    // Each round is a wait, a turn, a wake and a run; in the fourth nobody wakes it.
    let text = difference.to_string();
    assert_eq!(again.replayed().unwrap().events, difference.event);
    assert_eq!(difference.turn, 4, "{text}");
    assert!(difference.expected.starts_with("task #0.0 woken by task #0.0"), "{text}");
    assert!(difference.came.starts_with("task #0.0 ran (Pending), to wait at"), "{text}");
    assert!(difference.came.contains("a_run_that_is_kept_runs_again.rs:"), "{text}");
    // And it goes on as any loop does, if it is run once more.
    again.block_on(async { sleep(Duration::from_secs(1)).await }).unwrap();
    assert!(!again.replayed().unwrap().is_whole());
}

#[test]
fn a_call_that_nobody_leaves_is_a_difference_too() {
    let first = EventLoop::test().keep();
    let remote = first.remote();
    let leaves = || thread::Builder::new().name("leaves".to_owned());
    leaves().spawn(move || remote.defer(|| {}).unwrap()).unwrap().join().unwrap();
    first.run().unwrap();
    let recording = first.recording().unwrap();
    assert!(recording.to_string().contains("\tleaves\n"), "{recording}");

    let limits = Limits { replay_wait_ms_max: 20, ..Limits::default() };
    let builder = EventLoop::builder().limits(limits).poller(PollerKind::TimersOnly);
    let again = builder.build().unwrap().replay(&recording).unwrap();
    let Err(RunError::Differs(difference)) = again.run() else { panic!() };
    let text = difference.to_string();
    assert!(text.contains("expected a call deferred at tests/a_run_that_is_kept"), "{text}");
    assert!(text.contains("by thread `leaves` to be left, came nothing of it"), "{text}");
}

#[test]
fn a_run_that_is_shorter_or_longer_than_its_recording_says_so() {
    let first = EventLoop::test().keep();
    goes(&first, Way::Whole).unwrap();
    let recording = first.recording().unwrap();
    let shorter = EventLoop::test().replay(&recording).unwrap();
    let ended = goes(&shorter, Way::Short);
    assert!(matches!(ended, Err(RunError::Differs(_))), "{ended:?}");
    // What goes on behind the end of the recording is free.
    let longer = EventLoop::test().replay(&recording).unwrap();
    goes(&longer, Way::Whole).unwrap();
    goes(&longer, Way::Other).unwrap();
    assert!(longer.replayed().unwrap().is_whole());
    // Never run, it has not come to its end.
    let idle = EventLoop::test().replay(&recording).unwrap();
    let replayed = idle.replayed().unwrap();
    assert!(!replayed.is_whole() && replayed.difference.is_none());
    assert!(replayed.to_string().contains("have not come"), "{replayed}");
}

/// Set in a child of this test, which prints its recording.
const PRINTS: &str = "GLASSLOOP_TEST_PRINTS";

#[test]
fn a_recording_of_another_process_is_run_again_from_its_text() {
    let run = |event_loop: &EventLoop| ran(event_loop, 7, true).0;
    if std::env::var(PRINTS).is_ok() {
        let event_loop = real_loop(RunPolicy::Batch).keep();
        run(&event_loop).unwrap();
        println!("RECORDING\n{}", event_loop.recording().unwrap());
        return;
    }
    // Places have other numbers here.
    EventLoop::test().block_on(async { sleep(Duration::from_millis(1)).await }).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    let name = "a_recording_of_another_process_is_run_again_from_its_text";
    let output = child.args(["--exact", name, "--nocapture"]).env(PRINTS, "1").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, text) = text.split_once("RECORDING\n").unwrap();
    let (text, _) = text.split_once("\nend\n").unwrap();
    let text = format!("{text}\nend\n");
    let recording: Recording = text.parse().unwrap();
    assert_eq!(text, recording.to_string(), "it is written as it was read");
    let again = real_loop(RunPolicy::Batch).replay(&recording).unwrap();
    let ended = run(&again);
    assert!(ended.is_ok(), "{ended:?}");
    assert!(again.replayed().unwrap().is_whole());
}

#[test]
fn a_text_that_is_no_recording_says_what_was_expected_and_what_came() {
    let bad = |text: &str| text.parse::<Recording>().unwrap_err().to_string();
    assert_eq!(
        bad("something else"),
        "recording: line 1: expected `glassloop recording 1`, came `something else`"
    );
    let head = "glassloop recording 1\n";
    for (lines, said) in [
        ("seed x", "line 2: expected a number behind it, once, came `seed x`"),
        ("seed 1\nseed 1", "line 3: expected a number behind it, once, came `seed 1`"),
        ("seed +1", "line 2: expected a number behind it, once, came `seed +1`"),
        ("clock 7\nclock 18446744073709551615", "line 3: expected a number behind it, of a time"),
        ("place 1 a\nplace 1 b", "line 3: expected a number and a place behind it"),
        ("event 1 2 3 4 5", "line 2: expected the four hexadecimal words of an event"),
        ("end\nturn 0", "line 3: expected nothing behind `end`, came `turn 0`"),
        ("turn 2", "line 2: expected `turn 0` or `turn 1`, came `turn 2`"),
        ("turn 0\nevent 1 2 3", "line 3: expected the four hexadecimal words of an event"),
        ("wake 10", "line 2: expected a hexadecimal number behind it, in a turn, came"),
        ("turn 1\ncall src/a.rs:1:1", "line 3: expected a place and a thread behind it"),
        ("hello", "line 2: expected seed, system, cut, clock, decided, place, turn"),
        ("turn 0", "line 3: expected `end`, came `the end of the text`"),
    ] {
        let told = bad(&format!("{head}{lines}\n"));
        assert!(told.contains(said), "{told}");
    }
    // Each cut of a good one is a bad one.
    let event_loop = EventLoop::test().seed(3).keep();
    goes(&event_loop, Way::Other).unwrap();
    let text = event_loop.recording().unwrap().to_string();
    for (at, _) in text.char_indices().filter(|(at, _)| *at < text.len() - 1) {
        assert!(text[..at].parse::<Recording>().is_err(), "{}", &text[..at]);
    }
    assert_eq!(text.parse::<Recording>().unwrap(), event_loop.recording().unwrap());
}

#[test]
fn what_the_system_told_is_not_run_again() {
    let event_loop = EventLoop::new().unwrap().keep();
    let ended = event_loop.block_on(async {
        let listener = net::TcpListener::bind(([127, 0, 0, 1], 0).into())?;
        let address = listener.local_addr()?;
        let accepts = spawn(async move { listener.accept().await.map(drop) });
        net::TcpStream::connect(address).await?;
        accepts.await.unwrap()
    });
    ended.unwrap().unwrap();
    let recording = event_loop.recording().unwrap();
    let Err(error) = EventLoop::new().unwrap().replay(&recording) else { panic!() };
    let _: &BadRecording = &error;
    assert!(error.to_string().contains("from the operating system's sockets"), "{error}");
}

#[test]
fn a_run_that_is_watched_is_the_same_run() {
    let watched = |event_loop: &EventLoop| {
        let watch = event_loop.watch();
        let looks = thread::spawn(move || {
            for _ in 0..20 {
                drop(watch.look(Duration::from_millis(1)));
            }
        });
        let ended = ran(event_loop, 5, true);
        looks.join().unwrap();
        ended
    };
    let first = real_loop(RunPolicy::Batch).keep();
    let (ended, told) = watched(&first);
    ended.unwrap();
    let recording = first.recording().unwrap();
    for _ in 0..3 {
        let again = real_loop(RunPolicy::Batch).replay(&recording).unwrap();
        let (ended, told_again) = watched(&again);
        assert!(ended.is_ok(), "{ended:?}");
        assert!(again.replayed().unwrap().is_whole());
        assert_eq!(told_again, told);
    }
}

#[test]
fn only_a_new_loop_is_kept_or_run_again() {
    let panics = |does: fn(EventLoop)| {
        let event_loop = EventLoop::test();
        event_loop.block_on(async {}).unwrap();
        let does = std::panic::AssertUnwindSafe(|| does(event_loop));
        *std::panic::catch_unwind(does).unwrap_err().downcast::<String>().unwrap()
    };
    assert!(panics(|used| drop(used.keep())).contains("keep: expected a loop that is new"));
    let replays = |used: EventLoop| drop(used.replay(&Recording::default()));
    assert!(panics(replays).contains("replay: expected a loop that is new"));
    assert!(panics(|_| drop(EventLoop::test().keep().keep())).contains("kept or run again"));
    assert!(EventLoop::test().recording().is_none() && EventLoop::test().replayed().is_none());
}
