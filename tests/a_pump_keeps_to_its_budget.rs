//! A pump returns when its budget is over, as late as its longest item; it says whether there is
//! more, and nothing is lost between two pumps. On a clock that items move: exact on any machine.
#![cfg(test)]

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use glassloop::{
    Builder, Clock, EventLoop, Limits, ManualClock, PollerKind, RunError, RunPolicy, call_soon,
    request_idle, spawn, yield_now,
};
use glassloop_reactor::{Flush, Reactor};

const BUDGET: Duration = Duration::from_millis(2);

fn us(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

fn on_a_clock() -> (Builder, ManualClock) {
    let clock = ManualClock::new();
    let builder = EventLoop::builder().clock(Clock::Manual(clock.clone()));
    (builder.poller(PollerKind::TimersOnly), clock)
}

/// Pumps until nothing is left; how long each pump took.
fn pump_all(event_loop: &EventLoop, clock: &ManualClock, budget: Duration) -> Vec<Duration> {
    let mut took = Vec::new();
    loop {
        let began = clock.now();
        let pumped = event_loop.pump(budget).unwrap();
        took.push(Duration::from_nanos(clock.now() - began));
        assert_eq!(pumped.more, pumped.next == Some(Duration::ZERO), "{pumped:?}");
        if !pumped.more {
            return took;
        }
    }
}

/// A writer whose write takes its time.
struct Writer {
    clock: ManualClock,
    takes: Duration,
    written: Rc<Cell<usize>>,
}

impl Flush for Writer {
    fn flush(self: Rc<Self>) {
        self.clock.advance(self.takes);
        self.written.set(self.written.get() + 1);
    }
}

#[test]
fn ten_thousand_timers_and_calls_and_a_thousand_sockets_are_served_bit_by_bit() {
    let (builder, clock) = on_a_clock();
    let event_loop = builder.build().unwrap();
    let order = Rc::new(RefCell::new(Vec::new()));
    let written = Rc::new(Cell::new(0));
    let (item, write) = (us(10), us(5));
    for number in 0..10_000 {
        let (clock, order) = (clock.clone(), Rc::clone(&order));
        let due = move || {
            clock.advance(item);
            order.borrow_mut().push(number);
        };
        event_loop.call_later(Duration::from_millis(1), due).unwrap();
    }
    clock.advance(Duration::from_millis(1));
    let (remote, calls) = (event_loop.remote(), std::sync::Arc::default());
    for _ in 0..10_000 {
        let (clock, calls) = (clock.clone(), std::sync::Arc::clone(&calls));
        let call = move || {
            clock.advance(item);
            std::sync::atomic::AtomicUsize::fetch_add(
                &calls,
                1,
                std::sync::atomic::Ordering::SeqCst,
            );
        };
        remote.defer(call).unwrap();
    }
    let new_writer = || Writer { clock: clock.clone(), takes: write, written: Rc::clone(&written) };
    let writers: Vec<Rc<dyn Flush>> =
        (0..1_000).map(|_| Rc::new(new_writer()) as Rc<dyn Flush>).collect();
    line_up(&event_loop, &writers);

    let took = pump_all(&event_loop, &clock, BUDGET);
    let longest = took.iter().max().unwrap();
    assert!(*longest <= BUDGET + item, "{longest:?}");
    assert!(took.len() > 90, "205 ms of work: {} pumps", took.len());
    assert!(order.borrow().iter().copied().eq(0..10_000), "each once, in order");
    assert_eq!(calls.load(std::sync::atomic::Ordering::SeqCst), 10_000);
    assert_eq!(written.get(), 1_000);
}

#[test]
fn what_was_written_leaves_though_there_is_always_more_to_run() {
    let (builder, clock) = on_a_clock();
    let event_loop = builder.policy(RunPolicy::ToEmpty).build().unwrap();
    let moved = clock.clone();
    event_loop
        .spawn(async move {
            loop {
                moved.advance(us(100));
                yield_now().await;
            }
        })
        .detach();
    let written = Rc::new(Cell::new(0));
    let new_writer =
        || Writer { clock: clock.clone(), takes: us(50), written: Rc::clone(&written) };
    let writers: Vec<Rc<dyn Flush>> =
        (0..100).map(|_| Rc::new(new_writer()) as Rc<dyn Flush>).collect();
    line_up(&event_loop, &writers);
    for pump in 1..=20 {
        assert!(event_loop.pump(BUDGET).unwrap().more);
        assert!(written.get() >= (pump * 5).min(100), "a quarter is theirs: {}", written.get());
    }
}

/// Puts writers in line for the phase `flush`.
fn line_up(event_loop: &EventLoop, writers: &[Rc<dyn Flush>]) {
    event_loop.enter(|| {
        let reactor = Reactor::expect_current("a test").unwrap();
        writers.iter().for_each(|writer| reactor.at_turn_end(Rc::downgrade(writer)));
    });
}

/// A writer that notes its number when it writes, and takes long for it.
struct Numbered {
    number: usize,
    clock: ManualClock,
    written: Rc<RefCell<Vec<usize>>>,
    /// It is held by nothing but the writer before it, which lets go of it when it writes.
    next: RefCell<Option<Rc<Numbered>>>,
}

impl Flush for Numbered {
    fn flush(self: Rc<Self>) {
        self.clock.advance(us(700));
        self.written.borrow_mut().push(self.number);
        let next = self.next.take();
        drop(next);
    }
}

impl Drop for Numbered {
    fn drop(&mut self) {
        assert!(self.number != usize::MAX, "as it was told to");
    }
}

#[test]
fn writers_for_whom_no_time_is_left_keep_their_order_and_their_place() {
    let (builder, clock) = on_a_clock();
    let limits = Limits { flushes_per_turn_max: 5, ..Limits::default() };
    let event_loop = builder.limits(limits).build().unwrap();
    let written = Rc::new(RefCell::new(Vec::new()));
    let numbered = |number| Numbered {
        number,
        clock: clock.clone(),
        written: Rc::clone(&written),
        next: RefCell::default(),
    };
    let writer = |number| Rc::new(numbered(number)) as Rc<dyn Flush>;
    let writers: Vec<_> = (0..10).map(writer).collect();
    line_up(&event_loop, &writers[..8]);
    // Five are taken, and three writes take all of the 2 ms: two go back before the other three.
    assert!(event_loop.pump(BUDGET).unwrap().more);
    assert_eq!(*written.borrow(), [0, 1, 2]);
    line_up(&event_loop, &writers[8..]);
    assert!(event_loop.pump(BUDGET).unwrap().more);
    assert_eq!(*written.borrow(), [0, 1, 2, 3, 4, 5]);
    pump_all(&event_loop, &clock, BUDGET);
    assert!(written.borrow().iter().copied().eq(0..10), "each once: {written:?}");
}

#[test]
fn a_writer_put_back_whose_drop_panics_is_reported_and_the_others_write() {
    let (builder, clock) = on_a_clock();
    let told = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&told);
    let builder = builder.on_unhandled(move |it| kept.borrow_mut().push(it.to_string()));
    let event_loop = builder.build().unwrap();
    let written = Rc::new(RefCell::new(Vec::new()));
    let numbered = |number, next| {
        let (clock, written) = (clock.clone(), Rc::clone(&written));
        Rc::new(Numbered { number, clock, written, next: RefCell::new(next) })
    };
    let doomed = numbered(usize::MAX, None);
    let in_line: Rc<dyn Flush> = Rc::clone(&doomed) as Rc<dyn Flush>;
    let first: Rc<dyn Flush> = numbered(1, Some(doomed));
    // With the first one the time is over.
    let moved = clock.clone();
    let second: Rc<dyn Flush> = numbered(2, None);
    line_up(&event_loop, &[Rc::clone(&first), Rc::clone(&in_line), Rc::clone(&second)]);
    drop(in_line);
    event_loop.call_soon(move || moved.advance(us(1_500))).unwrap();
    assert!(event_loop.pump(BUDGET).unwrap().more);
    assert_eq!((&*written.borrow(), told.borrow().len()), (&vec![1], 1));
    assert!(told.borrow()[0].contains("as it was told to"), "{told:?}");
    pump_all(&event_loop, &clock, BUDGET);
    assert_eq!((&*written.borrow(), told.borrow().len()), (&vec![1, 2], 1));
}

#[test]
fn an_item_that_is_longer_than_the_budget_is_the_only_one() {
    let (builder, clock) = on_a_clock();
    let event_loop = builder.policy(RunPolicy::ToEmpty).build().unwrap();
    // Quick ones before, so that the clock would be read seldom.
    let ran = Rc::new(Cell::new(0));
    for _ in 0..100 {
        event_loop.call_soon(|| {}).unwrap();
    }
    assert!(!event_loop.pump(BUDGET).unwrap().more);
    for _ in 0..3 {
        let (clock, ran) = (clock.clone(), Rc::clone(&ran));
        let slow = move || {
            clock.advance(Duration::from_millis(5));
            ran.set(ran.get() + 1);
        };
        event_loop.call_soon(slow).unwrap();
    }
    for pump in 1..=3 {
        let pumped = event_loop.pump(BUDGET).unwrap();
        assert!(pumped.more || pump == 3);
        assert_eq!(ran.get(), pump);
    }
}

#[test]
fn a_budget_of_nothing_is_one_turn() {
    let (builder, _clock) = on_a_clock();
    let event_loop = builder.build().unwrap();
    let ran = Rc::new(Cell::new(0));
    let first = Rc::clone(&ran);
    let call = move || {
        let second = Rc::clone(&first);
        call_soon(move || second.set(2)).unwrap();
        first.set(1);
    };
    event_loop.call_soon(call).unwrap();
    assert!(event_loop.pump(Duration::ZERO).unwrap().more);
    assert_eq!(ran.get(), 1);
    assert!(!event_loop.pump(Duration::ZERO).unwrap().more);
    assert_eq!(ran.get(), 2);
    // With time left it is as many turns as there is work for.
    event_loop
        .spawn(async {
            for _ in 0..10 {
                yield_now().await
            }
        })
        .detach();
    assert!(!event_loop.pump(BUDGET).unwrap().more);
}

#[test]
fn a_task_that_wakes_itself_ends_no_pump_on_a_clock_that_stands_still() {
    let (builder, _clock) = on_a_clock();
    let event_loop = builder.build().unwrap();
    let turns = Rc::new(Cell::new(0));
    let counted = Rc::clone(&turns);
    event_loop
        .spawn(async move {
            loop {
                counted.set(counted.get() + 1);
                yield_now().await;
            }
        })
        .detach();
    assert!(event_loop.pump(BUDGET).unwrap().more);
    assert_eq!(turns.get(), event_loop.limits().turns_per_pump_max);
}

#[test]
fn the_next_deadline_is_told_and_what_is_idle_is_told_the_budget() {
    let (builder, clock) = on_a_clock();
    let event_loop = builder.build().unwrap();
    let timer = event_loop.call_later(Duration::from_millis(30), || {}).unwrap();
    let pumped = event_loop.pump(BUDGET).unwrap();
    assert_eq!((pumped.more, event_loop.timeout()), (false, pumped.next));
    let next = pumped.next.expect("a timer is armed");
    assert!(next <= Duration::from_millis(30) && next > Duration::from_millis(28), "{next:?}");
    let left = Rc::new(Cell::new(Duration::ZERO));
    let told = Rc::clone(&left);
    event_loop.enter(|| request_idle(move |time| told.set(time.left()))).unwrap();
    assert!(!event_loop.pump(BUDGET).unwrap().more);
    assert_eq!(left.get(), BUDGET);
    clock.advance(Duration::from_millis(30));
    assert_eq!(event_loop.timeout(), Some(Duration::ZERO));
    assert_eq!(event_loop.pump(BUDGET).unwrap().next, None);
    drop(timer);
}

#[test]
fn a_pump_inside_a_turn_or_a_run_is_refused() {
    let (builder, _clock) = on_a_clock();
    let event_loop = Rc::new(builder.build().unwrap());
    let weak = Rc::downgrade(&event_loop);
    let nested = move || {
        let pumped = weak.upgrade().map(|event_loop| event_loop.pump(BUDGET));
        matches!(pumped, Some(Err(RunError::Reentrant)))
    };
    let (first, refused) = (nested.clone(), Rc::new(Cell::new(false)));
    let told = Rc::clone(&refused);
    event_loop.call_soon(move || told.set(first())).unwrap();
    assert!(!event_loop.pump(BUDGET).unwrap().more);
    assert!(refused.get(), "inside a turn of a pump");
    assert!(event_loop.block_on(async move { nested() }).unwrap(), "inside a run");
}

#[test]
fn a_pump_tells_of_a_stop_and_goes_on_afterwards() {
    let (builder, _clock) = on_a_clock();
    let event_loop = builder.build().unwrap();
    event_loop.spawn(async { spawn(async {}).detach() }).detach();
    event_loop.stop();
    assert!(matches!(event_loop.pump(BUDGET), Err(RunError::Stopped)));
    assert!(!event_loop.pump(BUDGET).unwrap().more);
    let report = event_loop.close(Duration::ZERO);
    assert!(report.is_clean(), "{report}");
    assert!(matches!(event_loop.pump(BUDGET), Err(RunError::Closed)));
}

#[test]
fn a_loop_that_was_pumped_can_be_run_and_pumped_again() {
    let event_loop = EventLoop::new().unwrap();
    for round in 0..3 {
        assert!(!event_loop.pump(BUDGET).unwrap().more);
        let slept = glassloop::sleep;
        let ran = event_loop.block_on(async move {
            slept(Duration::from_millis(1)).await;
            round
        });
        assert_eq!(ran.unwrap(), round);
    }
}
