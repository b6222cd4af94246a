//! Every future may be dropped at every poll: no waiter, timer or task is left, no byte is lost
//! where the docs say so, and the next call works.

#![cfg(test)]

mod common;

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use common::dropping::{Probe, Program, drop_at_every_poll};
use glassloop::{
    CancelToken, EventLoop, MissedTicks, Scope, TaskLocal, gather, interval,
    net::{self, TcpListener, TcpStream},
    offload, race, scope, shield, sleep, sleep_until, spawn, timeout, try_gather, yield_now,
};

const MS: Duration = Duration::from_millis(1);

/// A table's row: the future, the loop it needs, the program, and the polls it takes at least.
type Row = (&'static str, fn() -> EventLoop, Program, usize);

fn sockets() -> EventLoop {
    EventLoop::new().expect("the system gives descriptors")
}

/// Makes a program of an async function.
macro_rules! row {
    ($name:literal, $make:path, $polls:literal, $program:expr) => {
        ($name, $make, |probe| Box::pin($program(probe)), $polls)
    };
}

const TABLE: &[Row] = &[
    row!("sleep", EventLoop::test, 2, async |probe: Probe| {
        probe.drive(sleep(MS)).await;
        sleep(MS).await;
    }),
    row!("sleep_until", EventLoop::test, 1, async |probe: Probe| {
        probe.drive(sleep_until(Instant::now() + MS)).await;
        sleep(MS).await;
    }),
    row!("Interval::tick", EventLoop::test, 2, ticks),
    row!("timeout", EventLoop::test, 2, async |probe: Probe| {
        probe.drive(timeout(MS, std::future::pending::<()>())).await;
        assert_eq!(timeout(MS, async { 7 }).await, Ok(7));
    }),
    row!("yield_now", EventLoop::test, 2, async |probe: Probe| {
        probe.drive(yield_now()).await;
        yield_now().await;
    }),
    row!("JoinHandle", EventLoop::test, 2, async |probe: Probe| {
        let mut task = spawn(work(7));
        let seen = probe.drive_kept(&mut task).await;
        let value = if let Some(value) = seen { value } else { task.await };
        assert_eq!(value.unwrap(), 7);
    }),
    row!("Shield", EventLoop::test, 2, async |probe: Probe| {
        let done = Rc::new(Cell::new(false));
        let doing = Rc::clone(&done);
        probe.drive(async { shield(async move { doing.set(work(true).await) }).await }).await;
        sleep(5 * MS).await;
        assert!(done.get() || probe.polls() == 0);
    }),
    row!("Call", EventLoop::test, 2, async |probe: Probe| {
        let mut call = glassloop::remote().spawn(|| work(7));
        let seen = probe.drive_kept(&mut call).await;
        let value = if let Some(value) = seen { value } else { call.await };
        assert_eq!(value.unwrap(), 7);
    }),
    row!("Offload", EventLoop::test, 2, async |probe: Probe| {
        // It has no result before it was polled: the task that sends comes after this one.
        let (send, sent) = std::sync::mpsc::channel();
        let mut job = offload(move || sent.recv().unwrap());
        spawn(async move { send.send(7).unwrap() }).detach();
        let seen = probe.drive_kept(&mut job).await;
        let value = if let Some(value) = seen { value } else { job.await };
        assert_eq!(value.unwrap(), 7);
    }),
    row!("CancelToken::cancelled", EventLoop::test, 2, async |probe: Probe| {
        let token = CancelToken::new();
        let cancels = token.clone();
        let task = spawn(async move {
            sleep(MS).await;
            cancels.cancel();
        });
        probe.drive(token.cancelled()).await;
        assert!(format!("{token:?}").contains("waiting: 0"), "{token:?}");
        token.cancelled().await;
        task.await.unwrap();
    }),
    row!("CancelToken::run_until_cancelled", EventLoop::test, 2, async |probe: Probe| {
        let token = CancelToken::new();
        probe.drive(token.run_until_cancelled(work(7))).await;
        assert!(format!("{token:?}").contains("waiting: 0"), "{token:?}");
        assert_eq!(token.run_until_cancelled(work(7)).await, Some(7));
    }),
    row!("gather of few", EventLoop::test, 3, async |probe: Probe| gathers(probe, 3).await),
    row!("gather of many", EventLoop::test, 3, async |probe: Probe| gathers(probe, 50).await),
    row!("try_gather", EventLoop::test, 3, async |probe: Probe| {
        let failing = |n: u32| async move { if staggered(n).await == 30 { Err(n) } else { Ok(n) } };
        if let Some(result) = probe.drive(try_gather((0..50).map(failing))).await {
            assert_eq!(result, Err(30));
        }
        assert_eq!(try_gather((0..3).map(failing)).await, Ok(vec![0, 1, 2]));
    }),
    row!("race", EventLoop::test, 2, async |probe: Probe| {
        let late = |n: u32| staggered(n + 1);
        if let Some(winner) = probe.drive(race((0..50).rev().map(late))).await {
            assert_eq!(winner, (49, 1));
        }
        assert_eq!(race([late(2), late(1)]).await, (1, 2));
    }),
    row!("scope", EventLoop::test, 3, scopes),
    row!("Child", EventLoop::test, 2, async |probe: Probe| {
        let value = scope(|s: Scope<String>| async move {
            let mut child = s.spawn(async { Ok(work(7).await) });
            let seen = probe.drive_kept(&mut child).await;
            Ok(if let Some(value) = seen { value } else { child.await })
        });
        assert_eq!(value.await.unwrap().unwrap(), 7);
    }),
    row!("TaskLocal::scope", EventLoop::test, 2, async |probe: Probe| {
        static LEVEL: TaskLocal<u32> = TaskLocal::new();
        probe.drive(LEVEL.scope(7, work(7))).await;
        assert_eq!(LEVEL.get(), None);
        assert_eq!(LEVEL.scope(7, async { LEVEL.get() }).await, Some(7));
    }),
    row!("TcpStream::read", EventLoop::test, 2, async |probe: Probe| {
        let (here, sender) = sent_slowly(b"abc");
        let mut buffer = [0; 8];
        let read = probe.drive(here.read(&mut buffer)).await;
        let mut all = buffer[..read.map_or(0, |read| read.unwrap())].to_vec();
        while all.len() < 3 {
            let read = here.read(&mut buffer).await.unwrap();
            all.extend(&buffer[..read]);
        }
        assert_eq!(all, b"abc");
        sender.await.unwrap();
    }),
    row!("TcpStream::read_exact", EventLoop::test, 3, async |probe: Probe| {
        // What was read by then is forgotten, as the docs say; the rest is still to come.
        let (here, sender) = sent_slowly(b"abc");
        let mut buffer = [0; 3];
        let before = probe.drive(here.read_exact(&mut buffer)).await.is_some();
        sender.await.unwrap();
        let lost = if before { 3 } else { probe.polls().saturating_sub(1) };
        here.read_exact(&mut buffer[..3 - lost]).await.unwrap();
        assert_eq!(buffer[..3 - lost], b"abc"[lost..]);
    }),
    row!("TcpStream::write", EventLoop::test, 2, writes),
    row!("TcpStream::write_all", EventLoop::test, 3, async |probe: Probe| {
        let (here, there) = net::duplex().unwrap();
        let reader = spawn(drained(there));
        let written = probe.drive(here.write_all(&[7; 1 << 20])).await;
        drop(here);
        let arrived = reader.await.unwrap();
        assert!(arrived == 1 << 20 || written.is_none(), "{arrived}");
    }),
    row!("TcpStream::connect", sockets, 1, connects),
    row!("TcpListener::accept", sockets, 1, accepts),
];

#[test]
fn each_row_of_the_table_leaves_nothing_behind() {
    for (name, make, program, polls_min) in TABLE {
        let polls = drop_at_every_poll(name, *make, *program);
        assert!(polls >= *polls_min, "{name} was ready after {polls} polls: it was hardly dropped");
    }
}

/// Gives its value after a while.
async fn work<T>(value: T) -> T {
    sleep(MS).await;
    yield_now().await;
    value
}

async fn staggered(n: u32) -> u32 {
    sleep(n * MS).await;
    n
}

async fn gathers(probe: Probe, many: u32) {
    if let Some(outputs) = probe.drive(gather((0..many).map(staggered))).await {
        assert_eq!(outputs, (0..many).collect::<Vec<_>>());
    }
    assert_eq!(gather([work(1), work(2)]).await, [1, 2]);
}

async fn ticks(probe: Probe) {
    let mut ticks = interval(10 * MS).missed_ticks(MissedTicks::Burst);
    let mut seen = vec![ticks.tick().await];
    seen.extend(probe.drive(ticks.tick()).await);
    while seen.len() < 4 {
        seen.push(ticks.tick().await);
    }
    for two in seen.windows(2) {
        assert_eq!(two[1] - two[0], 10 * MS, "a tick was lost");
    }
}

async fn scopes(probe: Probe) {
    let ended = Rc::new(Cell::new(0));
    let ends = Rc::clone(&ended);
    let running = scope(|s: Scope<String>| async move {
        for n in 0..3 {
            let guard = common::OnDrop::new({
                let ends = Rc::clone(&ends);
                move || ends.set(ends.get() + 1)
            });
            s.spawn(async move {
                let _guard = guard;
                staggered(n + 1).await;
                Ok(())
            });
        }
        work(()).await;
        Ok(())
    });
    let spawned = if probe.polls() == 0 { 0 } else { 3 };
    let was_ready = probe.drive(running).await.is_some();
    // Those that are still there go when their entries come up, in the next batch.
    yield_now().await;
    yield_now().await;
    assert_eq!(ended.get(), spawned, "ready: {was_ready}");
}

/// One end of a pair, and the task that writes to the other, a byte at a time.
fn sent_slowly(bytes: &'static [u8]) -> (TcpStream, glassloop::JoinHandle<()>) {
    let (here, there) = net::duplex().unwrap();
    let sender = spawn(async move {
        for byte in bytes {
            sleep(MS).await;
            there.write_all(&[*byte]).await.unwrap();
        }
    });
    (here, sender)
}

/// Reads to the end, and counts.
async fn drained(stream: TcpStream) -> usize {
    let (mut buffer, mut all) = (vec![0; 1 << 16], 0);
    loop {
        sleep(MS).await;
        match stream.read(&mut buffer).await.unwrap() {
            0 => return all,
            read => all += read,
        }
    }
}

async fn writes(probe: Probe) {
    let (here, there) = net::duplex().unwrap();
    let mut written = 0;
    while let Ok(more) = here.try_write(&[1; 4096]) {
        written += more;
    }
    let reader = spawn(drained(there));
    let more = probe.drive(here.write(&[2; 100])).await;
    written += more.map_or(0, |more| more.unwrap());
    written += here.write(&[3; 100]).await.unwrap();
    drop(here);
    assert_eq!(
        reader.await.unwrap(),
        written,
        "dropped before it was ready it has written nothing"
    );
}

async fn connects(probe: Probe) {
    let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    drop(probe.drive(TcpStream::connect(address)).await);
    let again = TcpStream::connect(address).await.unwrap();
    let here = again.local_addr().unwrap();
    // The one that was dropped may have got through; it comes first then.
    while listener.accept().await.unwrap().1 != here {}
}

async fn accepts(probe: Probe) {
    let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let peer = spawn(async move {
        yield_now().await;
        let stream = TcpStream::connect(address).await.unwrap();
        let local = stream.local_addr().unwrap();
        (stream, local)
    });
    let accepted = probe.drive(listener.accept()).await;
    let accepted = if let Some(accepted) = accepted { accepted } else { listener.accept().await };
    assert_eq!(accepted.unwrap().1, peer.await.unwrap().1);
}
