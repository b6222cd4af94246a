//! A program that says what is what, time and again, while it is recorded: which task runs, waits
//! or is done, where each waits, and who runs next.
//!
//! ```text
//! cargo run --example moments -- --seed 7 --folder /tmp/moments
//! ```
//!
//! leaves there `trace.json`, which the inspector's page opens, and `said.jsonl`, a line for each
//! time. Whoever steps through the recording sees at event N what the line of event N says:
//! `tools/page/moments.mjs` compares them.

#![allow(clippy::print_stdout, reason = "this is a program: its output is the point")]

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    env,
    error::Error,
    fs,
    path::PathBuf,
    rc::{Rc, Weak},
    thread,
    time::Duration,
};

use glassloop::{
    Entry, EventLoop, Kind, Observer, Outcome, RunPolicy, TaskState, call_later, call_soon, net,
    queue_microtask, sleep, spawn, yield_now,
};
use glassloop_inspector::{History, Names, trace};
use glassloop_reactor::Dice;
use serde_json::{Value, json};

/// So many tasks, each with so many acts.
const TASKS: usize = 12;
const ACTS: usize = 12;

/// What a line says before it is known who will run next.
struct Line {
    said: Value,
    /// Items that had begun by then, and how many stood in the ready queue.
    begun: usize,
    ready: usize,
}

/// Who says what is what.
#[derive(Default)]
struct Teller {
    event_loop: RefCell<Weak<EventLoop>>,
    /// The items in the order in which they began.
    items: RefCell<Vec<Entry>>,
    runs: Cell<Option<Entry>>,
    lines: RefCell<Vec<Line>>,
}

impl Teller {
    /// What is what at this moment.
    fn say(&self) {
        let Some(event_loop) = self.event_loop.borrow().upgrade() else { return };
        let now = event_loop.snapshot();
        let Some(recorded) = &now.recorded else { return };
        let tasks = now.tasks.iter().filter(|task| task.state != TaskState::Finished);
        let tasks: BTreeMap<String, Value> = tasks
            .map(|task| {
                let place = task.awaits.or(task.born);
                let place = place.map(|place| format!("{}:{}", place.file(), place.line()));
                let line = json!({
                    "state": task.state.name(),
                    "place": place,
                    "waits": !task.waits.is_empty(),
                });
                (task.id.to_string(), line)
            })
            .collect();
        let said = json!({
            "event": recorded.events,
            "turn": now.turn,
            "runs": self.runs.get().map(bits),
            "tasks": tasks,
        });
        let begun = self.items.borrow().len();
        self.lines.borrow_mut().push(Line { said, begun, ready: now.queues[0].depth });
    }

    /// All lines, with who ran next: those that stood in the queue, in its order.
    fn told(&self) -> String {
        let items = self.items.borrow();
        let line = |line: &Line| {
            let next = items.iter().skip(line.begun).take(line.ready);
            let mut said = line.said.clone();
            said["ready"] = next.map(|item| bits(*item)).collect();
            format!("{said}\n")
        };
        self.lines.borrow().iter().map(line).collect()
    }
}

impl Observer for Teller {
    fn item_began(&self, item: Entry) {
        if matches!(item.kind(), Kind::Task | Kind::Callback | Kind::Deferred) {
            self.items.borrow_mut().push(item);
            self.runs.set(Some(item));
        }
    }

    fn item_ended(&self, _: Entry, _: Outcome, _: Duration) {
        self.runs.set(None);
        self.say();
    }

    fn turn_ended(&self, _: u64, _: usize) {
        self.say();
    }
}

/// An entry as the recording has it.
fn bits(entry: Entry) -> Value {
    json!(format!("{:016x}", entry.to_bits()))
}

/// A task that does something of every kind, and says what is what in between.
async fn acts(teller: Rc<Teller>, dice: Rc<Dice>) {
    for _ in 0..ACTS {
        teller.say();
        act(&teller, &dice).await;
    }
}

async fn act(teller: &Rc<Teller>, dice: &Rc<Dice>) {
    let says = || {
        let teller = Rc::clone(teller);
        move || teller.say()
    };
    match dice.below(9) {
        0 | 1 => yield_now().await,
        2 => sleep(Duration::from_micros(dice.roll() % 3_000)).await,
        3 => drop(call_soon(says())),
        4 => drop(queue_microtask(says())),
        5 => drop(call_later(Duration::from_micros(dice.roll() % 2_000), says())),
        6 => {
            let child = spawn(acts_of_a_child(says()));
            teller.say();
            if dice.hits(3) {
                child.abort();
                teller.say();
            }
            // Aborted, it has no result.
            child.await.unwrap_or_default();
        }
        7 => {
            let remote = glassloop::remote();
            let leaves = move || remote.defer(|| {}).is_ok();
            assert!(thread::spawn(leaves).join().unwrap_or_default(), "the loop is open");
        }
        _ => {
            let Ok((near, far)) = net::duplex() else { return };
            let reads = spawn(async move { far.read(&mut [0; 4]).await.unwrap_or_default() });
            yield_now().await;
            near.write_all(b"here").await.unwrap_or_default();
            teller.say();
            reads.await.unwrap_or_default();
        }
    }
}

async fn acts_of_a_child(says: impl Fn()) {
    says();
    yield_now().await;
    says();
}

/// The word behind a flag, if it is there.
fn argument(flag: &str) -> Option<String> {
    env::args().skip_while(|argument| argument != flag).nth(1)
}

fn main() -> Result<(), Box<dyn Error>> {
    let seed: u64 = argument("--seed").map_or(Ok(1), |seed| seed.parse())?;
    let event_loop = Rc::new(EventLoop::test().seed(seed));
    let policies = [RunPolicy::Batch, RunPolicy::One, RunPolicy::ToEmpty, RunPolicy::Counted(3)];
    let dice = Rc::new(Dice::new(seed));
    event_loop.set_policy(policies[dice.below(policies.len())]);
    event_loop.record(true);
    let teller = Rc::new(Teller::default());
    teller.event_loop.replace(Rc::downgrade(&event_loop));
    event_loop.observe(Rc::clone(&teller) as Rc<dyn Observer>);

    let main = {
        let (teller, dice) = (Rc::clone(&teller), Rc::clone(&dice));
        async move {
            let tasks: Vec<_> =
                (0..TASKS).map(|_| spawn(acts(Rc::clone(&teller), Rc::clone(&dice)))).collect();
            for task in tasks {
                task.await.unwrap_or_else(|error| panic!("{error}"));
            }
        }
    };
    event_loop.block_on(main)?;
    // What it left in line runs, too: a line says who.
    event_loop.run()?;

    let history = History::read(&event_loop.watch(), 0);
    println!("seed {seed}: {} lines of {} events", teller.lines.borrow().len(), history.next);
    if let Some(folder) = argument("--folder").map(PathBuf::from) {
        fs::create_dir_all(&folder)?;
        let names = Names::of(&event_loop.snapshot());
        fs::write(folder.join("trace.json"), trace(&history, &names, 1, "moments"))?;
        fs::write(folder.join("said.jsonl"), teller.told())?;
    }
    Ok(())
}
