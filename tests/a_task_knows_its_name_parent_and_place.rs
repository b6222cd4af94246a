//! A task knows its name, its parent and its place of birth, and every view and report says them.

#![cfg(test)]

mod common;

use std::{future::pending, panic::Location, time::Duration};

use common::{panic_quietly, telling_loop, turn};
use glassloop::{EventLoop, JoinHandle, TaskId, TaskLine, TaskState, gather, sleep, spawn};

fn line_of(event_loop: &EventLoop, id: TaskId) -> TaskLine {
    event_loop.snapshot().task(id).expect("the task is there").clone()
}

/// A line of this file.
#[track_caller]
fn here() -> u32 {
    Location::caller().line()
}

#[track_caller]
fn spawn_for_my_caller(event_loop: &EventLoop) -> JoinHandle<()> {
    event_loop.spawn(pending())
}

#[test]
fn it_is_born_where_spawn_was_called() {
    let (event_loop, _told) = telling_loop();
    #[rustfmt::skip]
    let tasks = [
        (here(), event_loop.spawn(pending::<()>())),
        (here(), event_loop.enter(|| glassloop::spawn(pending::<()>()))),
        (here(), spawn_for_my_caller(&event_loop)),
    ];
    for (line, task) in &tasks {
        let born = line_of(&event_loop, task.id()).born.expect("a place");
        assert_eq!((born.file(), born.line()), (file!(), *line));
    }
}

#[test]
fn a_task_of_another_thread_is_born_where_that_thread_asked_for_it() {
    let (event_loop, _told) = telling_loop();
    let remote = event_loop.remote();
    let asked = common::on_another_thread(|| {
        #[rustfmt::skip]
        let at = (here(), remote.spawn(pending::<()>));
        drop(at.1);
        at.0
    });
    turn(&event_loop);
    let tasks = event_loop.snapshot().tasks;
    let born = tasks[0].born.expect("a place");
    assert_eq!((tasks.len(), born.file(), born.line()), (1, file!(), asked));
}

#[test]
fn its_parent_is_the_task_that_was_polled() {
    let (event_loop, _told) = telling_loop();
    let parent = event_loop.spawn(async {
        let child = glassloop::spawn(async {
            let grandchild = glassloop::spawn(pending::<()>()).named("grandchild");
            grandchild.id()
        });
        let by_callback = || glassloop::spawn(pending::<()>()).named("of a callback").detach();
        glassloop::call_soon(by_callback).unwrap();
        let child_id = child.id();
        (child_id, child.await.unwrap())
    });
    let parent_id = parent.id();
    let waits = event_loop.block_on(parent).unwrap();
    let (child_id, grandchild) = waits.unwrap();
    let snapshot = event_loop.snapshot();
    let of = |name| snapshot.tasks.iter().find(|task| task.name == name).expect(name);
    assert_eq!(of("grandchild").id, grandchild);
    assert_eq!(of("grandchild").parent, child_id, "although that one has ended");
    assert_eq!(of("of a callback").parent, TaskId::NONE);
    assert_eq!((parent_id.generation, child_id.generation), (0, 2), "main was born in between");
    assert_eq!((of("grandchild").birth, of("of a callback").birth), (3, 4));
}

#[test]
fn its_name_is_the_one_it_was_given_or_the_type_of_its_future() {
    async fn exports() {
        pending::<()>().await;
    }
    let (event_loop, _told) = telling_loop();
    let given = event_loop.spawn(exports()).named("first").named(format!("number {}", 2));
    let own = event_loop.spawn(exports());
    turn(&event_loop);
    assert_eq!(line_of(&event_loop, given.id()).name, "number 2");
    assert_eq!(line_of(&event_loop, own.id()).name, "exports");
}

#[test]
fn its_name_does_not_pass_to_whoever_gets_its_slot() {
    let (event_loop, told) = telling_loop();
    for end in [|| (), || panic_quietly("ends")] {
        let named = event_loop.spawn(async move { end() }).named("gone");
        let index = named.id().index;
        named.detach();
        turn(&event_loop);
        let heir = event_loop.spawn(pending::<()>());
        assert_eq!(heir.id().index, index);
        assert_eq!(line_of(&event_loop, heir.id()).name, "Pending<()>");
        heir.abort();
        drop(heir);
        turn(&event_loop);
    }
    assert!(told.borrow()[0].contains("`gone`"), "{told:?}");
}

#[test]
fn its_line_says_what_it_is_doing_and_how_often_it_did() {
    let (event_loop, _told) = telling_loop();
    let task = event_loop.spawn(async {
        let own = glassloop::snapshot().tasks[0].state;
        glassloop::yield_now().await;
        own
    });
    let line = || line_of(&event_loop, task.id());
    assert_eq!((line().state, line().polls, line().wakes), (TaskState::Ready, 0, 0));
    turn(&event_loop);
    assert_eq!((line().state, line().polls, line().wakes), (TaskState::Ready, 1, 1));
    turn(&event_loop);
    assert_eq!((line().state, line().polls, line().wakes), (TaskState::Finished, 2, 1));
    let mut task = task;
    assert!(matches!(common::ask(&mut task), std::task::Poll::Ready(Ok(TaskState::Running))));

    let waits = event_loop.spawn(pending::<()>());
    turn(&event_loop);
    assert_eq!(line_of(&event_loop, waits.id()).state, TaskState::Waiting);
    waits.abort();
    assert_eq!(line_of(&event_loop, waits.id()).state, TaskState::Aborted);
}

#[test]
fn the_place_where_a_callback_waited_is_not_the_next_tasks() {
    let (event_loop, _told) = telling_loop();
    let polls_a_leaf = || {
        let mut nap = Box::pin(glassloop::sleep(std::time::Duration::from_secs(1)));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(nap.as_mut().poll(&mut cx).is_pending());
    };
    event_loop.call_soon(polls_a_leaf).unwrap();
    let task = event_loop.spawn(pending::<()>());
    turn(&event_loop);
    assert_eq!(line_of(&event_loop, task.id()).awaits, None, "it waits in no leaf of ours");
}

#[test]
fn a_wait_is_never_shown_in_the_house_itself_but_where_the_program_asked_for_it() {
    let event_loop = EventLoop::test();
    let line = line!() + 1;
    let alone = event_loop.spawn(event_loop.enter(|| sleep(Duration::MAX)));
    let gathered_line = line!() + 1;
    let gathered = event_loop.enter(|| spawn(gather([sleep(Duration::MAX), sleep(Duration::MAX)])));
    let joined = line!() + 1;
    let joins = event_loop.enter(|| spawn(gather([spawn(pending::<()>())])));
    assert!(!event_loop.pump(Duration::ZERO).unwrap().more);
    let snapshot = event_loop.snapshot();
    let waits = |id| {
        let task = snapshot.task(id).unwrap();
        let places = task.waits.iter().filter_map(|wait| wait.place).chain(task.awaits);
        places.map(|place| (place.file(), place.line())).collect::<Vec<_>>()
    };
    assert_eq!(waits(alone.id()), [(file!(), line); 2]);
    assert_eq!(waits(gathered.id()), [(file!(), gathered_line); 3]);
    assert_eq!(waits(joins.id()), [(file!(), joined); 2]);
}
