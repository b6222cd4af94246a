//! A courier: orders come over a connection, two at a time.

use std::{future::poll_fn, io, net, rc::Rc, task::Poll, time::Duration};

use glassloop::{EventLoop, Snapshot, net::TcpStream, sleep};

use super::Patient;
use crate::{evidence::Evidence, fault::Fault};

pub(crate) const PATIENT: Patient = Patient {
    name: "the courier",
    complaint: "He has brought the first order, and hasn't been seen since. Orders keep coming.",
    admit,
    fault: Fault::MissedWouldBlock,
    evidence: Evidence::State(unread),
    look: "`res`: a connection is `readable` and has no waiter; `why courier`: he waits for \
        nothing of the loop's, and nobody holds a waker of him",
    mended: "read until the source would block, and wait only then; `read` of a stream does",
    file: file!(),
};

/// Both ends of a connection.
fn connection(event_loop: &EventLoop) -> io::Result<[TcpStream; 2]> {
    let listener = net::TcpListener::bind("127.0.0.1:0")?;
    let shop = net::TcpStream::connect(listener.local_addr()?)?;
    let (courier, _) = listener.accept()?;
    event_loop.enter(|| Ok([TcpStream::from_std(shop)?, TcpStream::from_std(courier)?]))
}

fn admit() -> io::Result<EventLoop> {
    let event_loop = EventLoop::new()?;
    let [shop, courier] = connection(&event_loop)?;
    event_loop.spawn(orders(shop)).named("shop").detach();
    event_loop.spawn(brings(Rc::new(courier))).named("courier").detach();
    Ok(event_loop)
}

async fn orders(shop: TcpStream) {
    loop {
        sleep(Duration::from_millis(500)).await;
        if shop.write_all(b"teas cake").await.is_err() {
            return;
        }
    }
}

fn brings(shop: Rc<TcpStream>) -> impl Future<Output = ()> {
    poll_fn(move |context| {
        let mut order = [0; 4];
        if shop.poll_read_ready(context).is_ready() && shop.try_read(&mut order).is_ok() {
            // Here is the fault: one order is taken, the others are left, and he says that he
            // waits. But he was told "ready", so nobody has his waker: whatever the kernel tells
            // from now on concerns nobody.
            return Poll::Pending;
        }
        Poll::<()>::Pending
    })
}

/// A source that has something, which nobody waits for; and who should.
fn unread(snapshot: &Snapshot) -> Option<Vec<String>> {
    let mut sources = snapshot.sources.iter();
    let source = sources.find(|it| it.readiness.contains("READ") && it.waiters.is_empty())?;
    let courier = snapshot.tasks.iter().find(|task| task.name == "courier" && task.polls > 1)?;
    let (name, waiters) = (&source.name, source.waiters.len());
    let readiness = source.readiness.to_lowercase().replace('|', ", ");
    let source = format!("{name} is {readiness}, and {waiters} wait for it");
    Some(vec![source, courier.to_string()])
}
