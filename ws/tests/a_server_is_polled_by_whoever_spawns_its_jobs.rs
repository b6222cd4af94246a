//! A server spawns nothing: its jobs go to a function of the program's, each with a name, and are
//! polled by whoever has them. What isn't polled any more is gone, with its place.

mod common;

use std::{cell::RefCell, rc::Rc, time::Duration};

use common::{Loop, REQUEST, Raw, echo, masked, unmasked};
use glassloop_reactor::net::duplex;
use glassloop_ws::{Job, Response, Server, ServerHandle, Serving};

fn server() -> Server {
    Server::new().get("/", |_| Response::text("home")).websocket("/chat", |socket, _| async move {
        drop(echo(socket).await);
    })
}

/// A server whose jobs are tasks of the test's loop, and the names of those jobs.
fn serve(event_loop: &Loop) -> (ServerHandle, Serving, Rc<RefCell<Vec<String>>>) {
    let names = Rc::new(RefCell::new(Vec::new()));
    let (spawn, log) = (event_loop.spawner(), Rc::clone(&names));
    let spawn = move |job: Job| {
        log.borrow_mut().push(job.name().to_owned());
        spawn(Box::pin(job));
    };
    let (handle, serving) = server().serve([], spawn).expect("good routes");
    (handle, serving, names)
}

fn enter(handle: &ServerHandle) -> Raw {
    let (near, far) = duplex().expect("two ends");
    handle.admit(far);
    Raw::new(near)
}

fn open(event_loop: &mut Loop, handle: &ServerHandle) -> Raw {
    let mut raw = enter(handle);
    raw.write(event_loop, REQUEST);
    let head = raw.read_until(event_loop, b"\r\n\r\n");
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", head.escape_ascii());
    raw
}

#[test]
fn every_job_has_a_name_and_the_last_one_frees_the_place() {
    let mut event_loop = Loop::new();
    let (handle, serving, names) = serve(&event_loop);
    let report = event_loop.spawn(serving);
    let mut raw = open(&mut event_loop, &handle);
    raw.write(&mut event_loop, &masked(0x81, b"hello"));
    raw.read_until(&mut event_loop, &unmasked(0x81, b"hello"));
    assert_eq!(*names.borrow(), ["http", "ws", "ws /chat"]);
    assert_eq!(handle.connections(), 1);
    raw.write(&mut event_loop, &masked(0x88, &common::close_payload(1000, "")));
    raw.take(&mut event_loop);
    assert_eq!(handle.connections(), 0);
    let stop = event_loop.spawn(handle.stop(Duration::ZERO));
    let (stopped, served) = (event_loop.wait_for(&stop), event_loop.wait_for(&report));
    assert_eq!(stopped, served);
    assert_eq!((stopped.closed, stopped.dropped), (0, 0), "it had gone before");
}

#[test]
fn a_server_that_is_not_served_any_more_drops_its_connections() {
    let mut event_loop = Loop::new();
    let (handle, serving, _) = serve(&event_loop);
    let mut opened = open(&mut event_loop, &handle);
    let mut silent = enter(&handle);
    event_loop.settle();
    let stop = event_loop.spawn(handle.stop(Duration::from_secs(60)));
    event_loop.settle();
    assert!(stop.borrow().is_none(), "nobody sees it through yet");
    drop(serving);
    let report = event_loop.wait_for(&stop);
    // The silent one might still have asked.
    assert_eq!((report.closed, report.dropped), (0, 2), "{report}");
    let (_, ended) = opened.take(&mut event_loop);
    assert!(ended && silent.take(&mut event_loop).1, "both streams have ended");
    assert_eq!(handle.connections(), 0);
    let mut late = enter(&handle);
    assert_eq!(late.take(&mut event_loop), (Vec::new(), true), "and nobody comes in any more");
}

#[test]
fn a_job_that_nobody_polls_leaves_its_place() {
    let mut event_loop = Loop::new();
    let (handle, serving) = server().serve([], drop).expect("good routes");
    let mut raw = enter(&handle);
    assert_eq!(raw.take(&mut event_loop), (Vec::new(), true));
    assert_eq!((handle.connections(), handle.counts().admitted), (0, 1));

    let jobs = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&jobs);
    let keeping = server().serve([], move |job| kept.borrow_mut().push(job));
    let (keeper, keeping) = keeping.expect("good routes");
    let mut raw = enter(&keeper);
    assert_eq!(keeper.connections(), 1);
    let stop = event_loop.spawn(keeper.stop(Duration::from_secs(1)));
    let report = event_loop.spawn(keeping);
    event_loop.pass(Duration::from_secs(1));
    assert!(report.borrow().is_none(), "a job is still there");
    jobs.borrow_mut().clear();
    assert_eq!(event_loop.wait_for(&report), event_loop.wait_for(&stop));
    assert_eq!(raw.take(&mut event_loop), (Vec::new(), true));
    drop(serving);
}
