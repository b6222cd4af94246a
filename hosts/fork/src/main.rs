//! A host that forks while it has a loop of ours: the child is told before it sleeps for ever, and
//! the parent's loop goes on as if nothing had been.

use std::{future::pending, io, time::Duration};

use glassloop::{EventLoop, RunError, net, sleep};
use host_common::Failure;

/// What the child exits with when it was told.
const TOLD: i32 = 42;

fn main() -> Result<(), Failure> {
    let event_loop = EventLoop::new()?;
    let listener = event_loop.enter(|| net::TcpListener::bind(([127, 0, 0, 1], 0).into()))?;
    let address = listener.local_addr()?;
    let accepts = event_loop.spawn(async move { listener.accept().await.map(drop) });
    // It waits for the socket by now.
    while event_loop.pump(Duration::ZERO)?.more {}

    // SAFETY: this process has one thread, so the child is whole.
    let child = unsafe { libc::fork() };
    match child {
        -1 => return Err(io::Error::last_os_error().into()),
        0 => in_the_child(event_loop),
        _ => {}
    }
    let mut status = 0;
    // SAFETY: the child is ours, and `status` lives.
    if unsafe { libc::waitpid(child, &raw mut status, 0) } != child {
        return Err(io::Error::last_os_error().into());
    }
    if !libc::WIFEXITED(status) || libc::WEXITSTATUS(status) != TOLD {
        return Err(format!("fork: the child ended with status {status}").into());
    }
    let visit = std::thread::spawn(move || std::net::TcpStream::connect(address).map(drop));
    event_loop.block_on(accepts)???;
    visit.join().map_err(|_| "the visitor panicked")??;
    println!("fork: the child was told, the parent's loop went on");
    Ok(())
}

/// Runs the parent's loop, which is wrong, and ends the process with what comes of it.
fn in_the_child(event_loop: EventLoop) -> ! {
    // With nothing due for an hour it would sleep, and take the parent's events from it.
    event_loop.spawn(async { sleep(Duration::from_secs(3600)).await }).detach();
    let told = event_loop.block_on(pending::<()>());
    let status = match told {
        Err(error @ RunError::Forked { .. }) => {
            println!("fork: {error}");
            TOLD
        }
        other => {
            println!("fork: NOT told: {other:?}");
            1
        }
    };
    // One of its own works.
    let nap = sleep_on_its_own();
    let status = if nap.is_ok() { status } else { 2 };
    // The parent's is left alone: what it closes, it would close for the parent.
    std::mem::forget(event_loop);
    // SAFETY: nothing of the parent's is to be flushed or torn down here.
    unsafe { libc::_exit(status) }
}

fn sleep_on_its_own() -> Result<(), Failure> {
    let event_loop = EventLoop::new()?;
    event_loop.block_on(async { sleep(Duration::from_millis(1)).await })?;
    Ok(())
}
