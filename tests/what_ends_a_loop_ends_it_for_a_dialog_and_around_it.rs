//! What ends a loop ends it for everybody who runs it: a dialog that pumps, and the run or the pump
//! it was opened in. And each of them has its own budget.
#![cfg(test)]

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use glassloop::{
    Clock, EventLoop, JoinHandle, ManualClock, PollerKind, RunError, RunPolicy, call_soon, outside,
    yield_now,
};

/// More than anything here takes: a pump ends when there is no more to do.
const BUDGET: Duration = Duration::from_secs(10);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Runs a loop, and gives what that ended in.
type Run = fn(&EventLoop) -> Result<(), RunError>;

/// What a host may run a loop by.
const WAYS: [(&str, Run); 3] = [
    ("run", |event_loop| event_loop.run()),
    ("block_on", |event_loop| event_loop.block_on(std::future::pending())),
    ("pump", |event_loop| event_loop.pump(BUDGET).map(drop)),
];

/// Opens a dialog in a task that would go on for long afterwards.
fn opens(event_loop: &EventLoop, dialog: impl FnOnce() + 'static) -> JoinHandle<()> {
    event_loop.spawn(async move {
        outside(dialog).await;
        for _ in 0..1_000 {
            yield_now().await;
        }
    })
}

#[test]
fn a_stop_that_a_dialog_pumps_ends_what_is_run_around_it_too() {
    for (way, run) in WAYS {
        let event_loop = Rc::new(EventLoop::new().unwrap());
        let (inner, ended) = (Rc::clone(&event_loop), Rc::new(Cell::new(0)));
        let counted = Rc::clone(&ended);
        let task = opens(&event_loop, move || {
            inner.stop();
            for _ in 0..2 {
                let stopped = matches!(inner.pump(BUDGET), Err(RunError::Stopped));
                counted.set(counted.get() + u32::from(stopped));
            }
        });
        let outer = run(&event_loop);
        assert_eq!(ended.get(), 2, "{way}: it stays so for the dialog");
        match way {
            "run" => assert!(outer.is_ok()),
            _ => assert!(matches!(outer, Err(RunError::Stopped)), "{way}: {outer:?}"),
        }
        assert!(!task.is_finished(), "{way}: it ended before the task did");
        assert!(event_loop.pump(BUDGET).is_ok(), "{way}: told once, the loop goes on");
    }
}

#[test]
fn a_stop_in_a_dialog_in_a_dialog_ends_all_of_them() {
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let (inner, innermost) = (Rc::clone(&event_loop), Rc::clone(&event_loop));
    let ended = Rc::new(RefCell::new(Vec::new()));
    let (told, first) = (Rc::clone(&ended), Rc::clone(&ended));
    let _outer = opens(&event_loop, move || {
        let _inner = opens(&inner, move || {
            innermost.stop();
            let end = innermost.pump(BUDGET);
            first.borrow_mut().push(end);
        });
        let end = inner.pump(BUDGET);
        told.borrow_mut().push(end);
    });
    let end = event_loop.pump(BUDGET);
    ended.borrow_mut().push(end);
    let ended = ended.take();
    assert!(ended.len() == 3 && ended.iter().all(|end| matches!(end, Err(RunError::Stopped))));
    assert!(event_loop.pump(BUDGET).is_ok());
}

#[test]
fn a_failure_that_a_dialog_pumps_ends_what_is_run_around_it_too() {
    for (way, run) in WAYS {
        let event_loop = Rc::new(EventLoop::test());
        let (inner, told) = (Rc::clone(&event_loop), Rc::new(RefCell::new(None)));
        let tell = Rc::clone(&told);
        let _outer = opens(&event_loop, move || {
            inner.spawn(async { panic!("out of paper") }).detach();
            tell.replace(inner.pump(BUDGET).err());
        });
        let ends = [told.take(), run(&event_loop).err(), told.take()];
        let [None, Some(RunError::Failed(outer)), Some(RunError::Failed(nested))] = ends else {
            panic!("{way}: {ends:?}")
        };
        assert!(outer.contains("out of paper") && outer == nested, "{way}: {outer}");
        assert!(event_loop.pump(BUDGET).is_ok(), "{way}: told once, the loop goes on");
    }
}

#[test]
fn a_loop_that_a_dialog_closes_is_closed_for_who_runs_it() {
    for (way, run) in WAYS {
        let event_loop = Rc::new(EventLoop::new().unwrap());
        let (inner, aborted) = (Rc::clone(&event_loop), Rc::new(Cell::new(0)));
        let counted = Rc::clone(&aborted);
        let _outer = opens(&event_loop, move || {
            let report = inner.close(Duration::ZERO);
            assert!(!report.in_turn);
            counted.set(report.tasks_aborted);
        });
        let outer = run(&event_loop);
        assert!(matches!(outer, Err(RunError::Closed)), "{way}: {outer:?}");
        assert_eq!(aborted.get(), 1 + usize::from(way == "block_on"), "{way}");
        assert!(matches!(run(&event_loop), Err(RunError::Closed)), "{way}");
    }
    // And for who makes its turns by hand.
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let inner = Rc::clone(&event_loop);
    let _task = opens(&event_loop, move || drop(inner.close(Duration::ZERO)));
    let events = event_loop.wait().unwrap();
    event_loop.turn(events).unwrap();
    assert!(matches!(event_loop.wait(), Err(RunError::Closed)));
}

#[test]
fn the_outer_pump_keeps_to_its_own_budget_after_a_nested_one() {
    let clock = ManualClock::new();
    let builder = EventLoop::builder().clock(Clock::Manual(clock.clone()));
    let builder = builder.poller(PollerKind::TimersOnly).policy(RunPolicy::ToEmpty);
    let event_loop = Rc::new(builder.build().unwrap());
    let (inner, moved, ran) = (Rc::clone(&event_loop), clock.clone(), Rc::new(Cell::new(0)));
    let counted = Rc::clone(&ran);
    event_loop
        .spawn(async move {
            outside(move || assert!(!inner.pump(ms(1)).unwrap().more)).await;
            for _ in 0..100 {
                let (moved, counted) = (moved.clone(), Rc::clone(&counted));
                let slow = move || {
                    moved.advance(ms(3));
                    counted.set(counted.get() + 1);
                };
                call_soon(slow).unwrap();
            }
        })
        .detach();
    let began = clock.now();
    assert!(event_loop.pump(ms(10)).unwrap().more);
    let took = Duration::from_nanos(clock.now() - began);
    assert!(took >= ms(6) && took <= ms(13), "10 ms and an item of 3 at most: {took:?}");
    assert_eq!(took, ms(3) * ran.get());
}

#[test]
fn a_panic_of_a_dialog_whose_task_has_gone_is_reported_once() {
    // The task is aborted while its dialog is open; it goes then, or when its turn comes.
    for pumps in [true, false] {
        let told = Rc::new(RefCell::new(Vec::new()));
        let kept = Rc::clone(&told);
        let builder = EventLoop::builder()
            .on_unhandled(move |failure| kept.borrow_mut().push(failure.to_string()));
        let event_loop = Rc::new(builder.build().unwrap());
        let task: Rc<RefCell<Option<JoinHandle<()>>>> = Rc::default();
        let (inner, opener) = (Rc::clone(&event_loop), Rc::clone(&task));
        let dialog = move || {
            opener.borrow().as_ref().unwrap().abort();
            assert!(!pumps || !inner.pump(BUDGET).unwrap().more);
            panic!("nobody sees this dialog");
        };
        task.replace(Some(event_loop.spawn(async move { outside(dialog).await })));
        while event_loop.pump(BUDGET).unwrap().more {}
        let told = told.take();
        assert!(told.len() == 1 && told[0].contains("nobody sees this dialog"), "{told:?}");
    }
}
