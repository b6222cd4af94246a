//! # 7. Spawning is putting a name in a slab
//!
//! A loop keeps its tasks in a table of *slots*, a *slab*: a task that is spawned moves into a slot
//! that is free, as into a room of an inn, and when it has ended the slot is free for another one.
//! What is passed around, on wakers and in the ready queue, isn't the task but its *ID*, and that
//! is little more than the number of the room.
//!
//! The number alone would not do. A note for Ada that is handed in after she has left must not get
//! Cleo out of bed, who has her room now. So each task has a number of its own besides, the
//! *generation*, and who comes with an ID is let in only if both are right. `#1.4` is slot 1,
//! generation 4.
//!
//! `spawn` gives a *join handle*, a future as well: who awaits it gets what the task came to. Until
//! then the slot isn't free, for that is where the result lies. To `detach` it is to leave the task
//! to itself.
//!
//! A slot also holds the ID of who spawned its task, so the tasks of a loop form a tree. But a task
//! may outlive its parent, as Ben's dog does here. Who is left when the inn closes is told by
//! `close`.
//!
//! ## Break it
//!
//! ```text
//! GLASSLOOP_INSPECT=1 cargo run --example ch07_spawning_is_a_name_in_a_slab -- broken
//! ```
//!
//! Each traveller waits for a bill that nobody writes, so none leaves, and still they come. No
//! error tells; the table just grows. `glassloop tree` shows hundreds of them, all `spawned at` one
//! line, and `glassloop ps` that all wait at another: `sleep, due never`.
//!
//! ## A question
//!
//! Five tasks are born here, in four slots. Spawn a sixth when `block_on` has returned: which ID
//! does it get, and who had its slot before?
#![allow(clippy::print_stdout)]

use std::{env, time::Duration};

use glassloop::{EventLoop, TaskId, sleep, snapshot, spawn};

const NIGHT: Duration = Duration::from_millis(20);

/// The result is what they pay.
async fn stay(nights: u32) -> u32 {
    sleep(NIGHT * nights).await;
    nights * 50
}

async fn stay_with_dog() -> u32 {
    spawn(stay(365)).named("dog").detach();
    stay(3).await
}

async fn inn() {
    let ada = spawn(stay(1)).named("Ada");
    let ben = spawn(stay_with_dog()).named("Ben");
    println!("Ada is {}, Ben is {}", ada.id(), ben.id());
    println!("Ada pays {}", ada.await.expect("nobody throws her out"));

    let cleo = spawn(stay(100)).named("Cleo");
    println!("Cleo is {}", cleo.id());
    cleo.detach(); // whatever she pays
    show_tree();
    println!("Ben pays {}", ben.await.expect("nobody throws him out"));
    show_tree();
}

fn show_tree() {
    let snapshot = snapshot();
    for task in &snapshot.tasks {
        let parent = match snapshot.task(task.parent) {
            Some(parent) => format!("spawned by {}", parent.name),
            None if task.parent == TaskId::NONE => "the first".to_owned(),
            None => format!("spawned by {}, who has left", task.parent),
        };
        println!("  {} {}: {parent}", task.id, task.name);
    }
}

pub(crate) fn program(on: &EventLoop) {
    on.block_on(inn()).expect("its end doesn't wait for those who stay");
}

/// Puts out whoever is still there.
fn close(on: &EventLoop) {
    let left = on.close(Duration::ZERO);
    for task in left.tasks {
        println!("still there at close: {}", task.name);
    }
}

async fn broken() {
    for number in 1.. {
        spawn(async {
            sleep(Duration::MAX).await; // for a bill
        })
        .named(format!("traveller {number}"))
        .detach();
        sleep(NIGHT).await;
        if number == 3_000 {
            break; // a minute has passed
        }
    }
}

fn main() -> std::io::Result<()> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let on = EventLoop::new()?;
    match env::args().nth(1).as_deref() {
        Some("broken") => on.block_on(broken()).expect("it has an end"),
        _ => program(&on),
    }
    close(&on);
    Ok(())
}
