//! # 13. Time can be yours
//!
//! A loop asks one clock for the time. Put another one there, and an evening passes in no time:
//! `EventLoop::test()` has one that *jumps*. When nothing is ready and nothing can come but a
//! deadline, it says that the deadline has come. Nobody has waited, and nothing was skipped.
//!
//! Three friends are asked by wire where to eat. Ada and Ben answer after three hours, Cyd after
//! forty, and at six nobody waits any more. `program` plays that evening. It is over at once, each
//! time in the same order; and there lies a trap. Two answers came in the same turn, and which of
//! them is found first no one has promised. A test sees one order, a real network some day the
//! other.
//!
//! A *seed* shuffles what no promise orders, and nothing else. With `-- seeds` the program looks
//! for one that has Ben come first, plays that evening once more and keeps it, and plays it again
//! from what it has kept: a fault that came once has come for good.
//!
//! ## Break it
//!
//! ```text
//! cargo run --example ch13_time_can_be_yours -- broken
//! ```
//!
//! Here the clock stands, and nobody moves it. Nothing is wrong with any task; `glassloop ps` shows
//! them all asleep, `due in 3.0 h`, and an hour later it says the same. `glassloop clock` says why,
//! and `glassloop clock jump`, in a second terminal, is the hand that moves it: twice, and
//! the evening is over.
//!
//! ## A question
//!
//! Of a thousand seeds, in how many do they eat soup? And why doesn't the seed ever have Cyd come
//! before Ben?
#![allow(clippy::print_stdout)]

use std::{cell::RefCell, env, rc::Rc, time::Duration};

use glassloop::{
    Clock, EventLoop, ManualClock, PollerKind, RunError, gather, net, sleep, spawn, timeout,
};

const HOUR: Duration = Duration::from_secs(3_600);
/// Who is asked, after how many hours they answer, and what.
const FRIENDS: [(&str, u32, &str); 3] =
    [("Ada", 3, "pizza"), ("Ben", 3, "soup"), ("Cyd", 40, "rice")];

/// Two ends of a wire, for each of them.
type Wires = [(net::TcpStream, net::TcpStream); 3];

/// The evening: what was said, line by line. Its last line is what they eat.
pub(crate) async fn evening(wires: Wires) -> Vec<String> {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let all = FRIENDS.into_iter().zip(wires).map(|((name, hours, food), (here, there))| {
        spawn(thinks(there, hours, food)).named(name).detach();
        spawn(hears(here, name, Rc::clone(&lines))).named(format!("to {name}"))
    });
    let is_late = timeout(6 * HOUR, gather(all)).await.is_err();
    let mut lines = lines.take();
    // Here is the trap: the first, who is Ada, as she was asked first.
    let first = lines[0].split(' ').next_back().unwrap_or_default().to_owned();
    if is_late {
        lines.push("after 6 h nobody waits any more".to_owned());
    }
    lines.push(format!("they eat {first}"));
    lines
}

/// A friend, who takes some time.
async fn thinks(wire: net::TcpStream, hours: u32, food: &'static str) {
    sleep(hours * HOUR).await;
    wire.write_all(food.as_bytes()).await.expect("there is room for a word");
}

/// Listens to one of them.
async fn hears(wire: net::TcpStream, name: &'static str, lines: Rc<RefCell<Vec<String>>>) {
    let mut word = [0; 16];
    let read = wire.read(&mut word).await.unwrap_or_default();
    let food = String::from_utf8_lossy(&word[..read]);
    lines.borrow_mut().push(format!("{name} says {food}"));
}

pub(crate) fn program(on: &EventLoop) -> Result<Vec<String>, RunError> {
    let wires = on.enter(|| [(); 3].map(|()| net::duplex().expect("there is room for six ends")));
    on.block_on(evening(wires))
}

/// Evenings in orders that nobody has excluded, until one is different.
fn seeds() -> Result<(), Box<dyn std::error::Error>> {
    let mut seed = 0;
    while program(&EventLoop::test().seed(seed))?.ends_with(&["they eat pizza".to_owned()]) {
        seed += 1;
    }
    println!("with seed {seed}:");
    let kept = EventLoop::test().seed(seed).keep();
    println!("{}", program(&kept)?.join("\n"));
    let text = kept.recording().expect("it was to be kept").to_string(); // for a file

    println!("run again, from what was kept of it:");
    let again = EventLoop::test().replay(&text.parse()?)?;
    println!("{}", program(&again)?.join("\n"));
    let is_whole = again.replayed().expect("it is one").is_whole();
    println!("each event was the same: {is_whole}");
    Ok(())
}

/// The clock stands, until somebody moves it.
fn broken() -> Result<(), Box<dyn std::error::Error>> {
    // Whoever looks may also move the clock.
    let _inspector = glassloop_inspector::Builder::new().allow_control(true).start()?;
    let clock = ManualClock::new();
    let _hand = clock.clone(); // and nothing moves it
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).clock(Clock::Manual(clock));
    println!("{}", program(&builder.build()?)?.join("\n"));
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match env::args().nth(1).as_deref() {
        Some("broken") => return broken(),
        Some("seeds") => return seeds(),
        _ => {}
    }
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    println!("{}", program(&EventLoop::test())?.join("\n"));
    Ok(())
}
