//! Rows 25 and 26: what holds a loop is told while it still does, and why.

use std::{
    io::Read,
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use glassloop::{CancelToken, LoopThread, Watch};

use crate::*;

/// A loop on a thread of its own, in which a task hangs until this is dropped.
struct Hanging {
    network: LoopThread,
    release: Option<Box<dyn FnOnce()>>,
    born: u32,
}

impl Hanging {
    /// The first of these holds the loop until the second one is called.
    fn new(hold: impl FnOnce() + Send + 'static, release: impl FnOnce() + 'static) -> Hanging {
        let network = LoopThread::start("hangs").unwrap();
        let begin = CancelToken::new();
        let (begins, born) = (begin.clone(), line!() + 6);
        let spawn = move || {
            let hangs = async move {
                begins.cancelled().await;
                hold();
            };
            glassloop::spawn(hangs).named("stuck").detach();
        };
        network.call(spawn).wait(PATIENCE).unwrap();
        // By its name it is known from when the loop was last looked at.
        assert!(network.watch().look(PATIENCE).unwrap().fresh);
        begin.cancel();
        Hanging { network, release: Some(Box::new(release)), born }
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.release.take().unwrap()();
        self.network.join(PATIENCE).unwrap();
    }
}

/// What holds a loop until its other end is dropped.
fn channel() -> (impl FnOnce() + Send + 'static, impl FnOnce() + 'static) {
    let (release, released) = mpsc::channel::<()>();
    (move || released.recv().unwrap_or_default(), move || drop(release))
}

/// The stall of a loop, once there is one and its thread does this, and what the loop runs.
fn stall_of(inspector: &Inspected, watch: &Watch, does: impl Fn(&str) -> bool) -> [Value; 2] {
    let told: Mutex<Value> = Mutex::default();
    until::until(|| {
        let number = watch.name().number;
        let answer = inspector.ask_well(&format!("GET /state?fresh_ms=0&loop={number}"));
        let mut state: Value = serde_json::from_str(&answer.body).unwrap();
        let mut told = told.lock().unwrap();
        *told = state["loops"][0].take();
        let stall = &told["stall"];
        !stall.is_null() && does(stall["thread"].as_str().unwrap_or_default())
    });
    let mut told = told.into_inner().unwrap();
    [told["stall"].take(), told["now"].take()]
}

#[test]
fn row_25_it_is_told_while_it_still_blocks() {
    let _alone = alone();
    logged::listen();
    let inspector = looks_on();
    let (hold, release) = channel();
    let hanging = Hanging::new(hold, release);
    let watch = hanging.network.watch();
    let [stall, now] = stall_of(&inspector, &watch, |_| true);
    let place = here(file!(), hanging.born);
    for told in [&stall, &now] {
        let item = told["item"].as_str().unwrap();
        assert!(item.starts_with("task #") && item.ends_with("`stuck`"), "{told}");
        assert_eq!(told["born"], place);
    }
    assert_eq!(stall["phase"], "run");
    // By the watchdog, which nobody has asked.
    until::until(|| !logged::with("has held the loop for").is_empty());
    assert!(watch.now().item.is_task(), "it hangs still");
    let said = logged::with("has held the loop for");
    let begin =
        format!("loop {} on hangs: {}", watch.name().number, stall["item"].as_str().unwrap());
    assert!(said[0].starts_with(&begin) && said[0].contains(&place), "{said:?}");
    assert!(logged::with("goes on after").is_empty());
}

#[test]
fn row_26_why_it_blocks() {
    let _alone = alone();
    let inspector = looks_on();
    let done = Arc::new(AtomicBool::new(false));
    let until_done = |does: fn()| {
        done.store(false, Ordering::Relaxed);
        let [holds, ends] = [&done, &done].map(Arc::clone);
        let hold = move || {
            while !holds.load(Ordering::Relaxed) {
                does();
            }
        };
        Hanging::new(hold, move || ends.store(true, Ordering::Relaxed))
    };
    let is_told = |hanging: Hanging, expected: &str| {
        if cfg!(all(target_os = "linux", feature = "os-time")) {
            let is_it = |doing: &str| doing.starts_with(expected);
            stall_of(&inspector, &hanging.network.watch(), is_it);
        }
    };
    let (hold, release) = channel();
    is_told(Hanging::new(hold, release), "waiting for a lock, a channel or another thread");
    is_told(until_done(std::hint::spin_loop), "on CPU");
    is_told(until_done(|| thread::sleep(50 * MS)), "sleeping in the kernel");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (far, _) = listener.accept().unwrap();
    let reads = move || assert_eq!(near.read(&mut [0; 8]).unwrap(), 0);
    is_told(Hanging::new(reads, move || drop(far)), "blocked in the kernel");
}
