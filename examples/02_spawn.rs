//! Tasks: joined, aborted, or gone wrong, and none of them needs to be `Send`.
#![allow(clippy::print_stdout)]

use std::{cell::Cell, future::pending, rc::Rc};

use glassloop::{RunError, spawn, yield_now};

fn main() -> Result<(), RunError> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    glassloop::run(async {
        // All tasks of a loop share one thread, so a `Cell` is enough.
        let count = Rc::new(Cell::new(0));
        let tasks: Vec<_> = (1..=3)
            .map(|n| {
                let count = Rc::clone(&count);
                spawn(async move {
                    yield_now().await;
                    count.set(count.get() + n);
                    n * n
                })
                .named(format!("adder {n}"))
            })
            .collect();
        for task in tasks {
            println!("joined: {:?}", task.await);
        }
        println!("together they counted to {}", count.get());

        // An aborted task is dropped when its turn comes; its handle says so.
        let endless = spawn(pending::<()>()).named("endless");
        endless.abort();
        println!("aborted: {:?}", endless.await);

        // A panic stays in its task, and travels to whoever joins it.
        std::panic::set_hook(Box::new(|_| {}));
        let unlucky = spawn(async { panic!("not today") }).named("unlucky");
        println!("panicked: {:?}", unlucky.await);
    })
}

// joined: Ok(1)
// joined: Ok(4)
// joined: Ok(9)
// together they counted to 6
// aborted: Err(Cancelled)
// panicked: Err(Panicked("not today"))
