//! Rows 15 to 18 and 23: timers, sockets, queues, and operations on sockets.

use std::net::UdpSocket;

use glassloop::{
    Chunk, HostQueue, Interest, Limits, PoolLimits, RunPolicy, call_soon, net, request_render,
    sleep, timeout,
};
use serde_json::json;

use crate::{gate::Gate, *};

#[test]
fn row_15_timers() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    let [sleeps, times_out] = [line!() + 1, line!() + 3];
    event_loop.spawn(async { sleep(50 * MS).await }).named("sleeper").detach();
    let impatient = async {
        timeout(20 * MS, std::future::pending::<()>()).await.unwrap_err();
    };
    event_loop.spawn(impatient).named("impatient").detach();
    settle(&event_loop);
    advance(&event_loop, &clock, 5 * MS);
    let (snapshot, state) = (event_loop.snapshot(), state_of(&event_loop));
    let expected = [
        (15 * MS_NS, "timeout", named(&snapshot, "impatient").id, times_out),
        (45 * MS_NS, "sleep", named(&snapshot, "sleeper").id, sleeps),
    ];
    assert_eq!(snapshot.timers.len(), 2);
    for (at, (in_ns, operation, owner, line)) in expected.into_iter().enumerate() {
        let (timer, place) = (&snapshot.timers[at], here(file!(), line));
        assert_eq!((timer.in_ns, timer.operation, timer.owner), (in_ns, operation, owner));
        assert_eq!(written(Some(timer.place)), place);
        let task = owner.to_string();
        let row = json!({ "in_ns": in_ns, "operation": operation, "task": task, "at": place });
        assert_eq!(state["timers"][at], row);
    }
}

#[test]
fn row_16_sockets() {
    let _alone = alone();
    let event_loop = EventLoop::new().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connected = std::net::TcpStream::connect(address).unwrap();
    let (mut far, _) = listener.accept().unwrap();
    let descriptor = descriptor_of(&connected);
    let stream = event_loop.enter(|| net::TcpStream::from_std(connected)).unwrap();
    let reader = async move {
        stream.read(&mut [0; 8]).await.unwrap();
        std::future::pending::<()>().await;
    };
    let reader = event_loop.spawn(reader).named("reader");
    settle(&event_loop);
    let snapshot = event_loop.snapshot();
    let [source] = &snapshot.sources[..] else { panic!("{:?}", snapshot.sources) };
    assert_eq!((source.kind, source.descriptor), ("tcp", descriptor));
    assert_eq!(source.peer, Some(address.to_string()));
    assert_eq!(source.waiters, [(reader.id(), "read")]);
    let told = state_of(&event_loop);
    let row = &told["sources"][0];
    assert_eq!((source.interest, &*source.readiness), (Interest::Both, "WRITABLE"));
    let told = [&row["descriptor"], &row["peer"], &row["kind"], &row["interest"]];
    assert_eq!(
        told,
        [&json!(descriptor), &json!(address.to_string()), &json!("tcp"), &json!("both")]
    );
    let waiter = json!({ "task": reader.id().to_string(), "operation": "read" });
    assert_eq!(row["waiters"], json!([waiter]));
    assert_eq!(row["readiness"], "WRITABLE");
    // More than it reads at once: nobody has found the end of it.
    std::io::Write::write_all(&mut far, &[0; 100]).unwrap();
    until::until(|| {
        settle(&event_loop);
        event_loop.snapshot().sources[0].waiters.is_empty()
    });
    let row = state_of(&event_loop)["sources"][0].take();
    assert_eq!(row["readiness"], "READABLE|WRITABLE");
    assert_eq!(row["waiters"], json!([]));
}

#[cfg(unix)]
fn descriptor_of(stream: &impl std::os::fd::AsRawFd) -> Option<i32> {
    Some(stream.as_raw_fd())
}

#[cfg(not(unix))]
fn descriptor_of<S>(_: &S) -> Option<i32> {
    None
}

#[test]
fn row_17_channels_and_queues() {
    let _alone = alone();
    let limits = Limits {
        pool: PoolLimits { threads_max: 1, ..PoolLimits::default() },
        ..Limits::default()
    };
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).limits(limits);
    let event_loop = builder.clock(Clock::Manual(ManualClock::new())).build().unwrap();
    let (host, made) = (HostQueue::new(), line!());
    let (gate, asked, mut steps) = (Gate::default(), line!() + 2, 0);
    let holds = gate.clone();
    let job = host.call_chunked(move |_| {
        steps += 1;
        if steps == 1 {
            return Chunk::More;
        }
        holds.pass();
        Chunk::Done(())
    });
    host.defer(|| ()).unwrap();
    let [runs, waits] = [gate.clone(), gate.clone()];
    let offloaded = [runs, waits].map(|gate| event_loop.offload(move || gate.pass()));
    event_loop.watch().pause();
    settle(&event_loop);
    event_loop.enter(|| call_soon(|| ())).unwrap();
    event_loop.remote().defer(|| ()).unwrap();
    event_loop.enter(|| request_render(|_| ())).unwrap();
    let told = thread::scope(|scope| {
        scope.spawn(|| while host.drain(PATIENCE).more {});
        gate.until_waiting(2);
        let told = told_of(&event_loop, "/state");
        gate.open();
        told
    });
    let of = &told["loops"][0]["queues"];
    let names = ["ready", "callbacks", "deferred", "render", "offload"];
    assert_eq!(each(of, "name"), names);
    // Who draws is a callback as well; of two jobs one has the only thread.
    assert_eq!(each(of, "depth"), [1, 2, 1, 1, 1]);
    let place = here(file!(), made);
    let mut hosts = told["host_queues"].as_array().unwrap().iter();
    let row = hosts.find(|host| host["made"] == place).unwrap();
    let runs = &row["running"][0];
    assert_eq!((&runs["asked"], &runs["step"]), (&json!(here(file!(), asked)), &json!(2)), "{row}");
    drop((job, offloaded));
}

#[test]
fn row_18_their_depth_and_age() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    event_loop.set_policy(RunPolicy::One);
    for _ in 0..4 {
        event_loop.enter(|| call_soon(|| ())).unwrap();
    }
    let ready = || event_loop.snapshot().queues.into_iter().find(|it| it.name == "ready").unwrap();
    let turn = || event_loop.pump(Duration::ZERO).unwrap().more;
    assert!(turn());
    assert_eq!((ready().depth, ready().age_ns), (3, Some(0)));
    clock.advance(5 * MS);
    assert!(turn());
    assert_eq!((ready().depth, ready().age_ns), (2, Some(5 * MS_NS)));
    event_loop.watch().pause();
    let told = state_of(&event_loop);
    let mut queues = told["queues"].as_array().unwrap().iter();
    let row = queues.find(|queue| queue["name"] == "ready").unwrap();
    assert_eq!((&row["depth"], &row["age_ns"]), (&json!(2), &json!(5 * MS_NS)));
    event_loop.watch().resume();
    settle(&event_loop);
    assert_eq!((ready().depth, ready().age_ns), (0, None));
}

#[test]
fn row_23_system_calls() {
    let _alone = alone();
    let (event_loop, _clock) = recorded_loop();
    let reader = async {
        let (near, far) = net::duplex().unwrap();
        // It waits, and so tries nothing; told of four bytes it reads them all, and is told by the
        // fifth operation, which it has to try, that there is no more.
        let writes = glassloop::spawn(async move {
            near.write_all(b"four").await.unwrap();
            near
        });
        far.read_exact(&mut [0; 4]).await.unwrap();
        let near = writes.await.unwrap();
        let far = glassloop::spawn(async move { far.read(&mut [0; 4]).await });
        glassloop::yield_now().await;
        glassloop::yield_now().await;
        std::future::pending::<()>().await;
        drop((near, far));
    };
    event_loop.spawn(reader).detach();
    settle(&event_loop);
    let snapshot = event_loop.snapshot();
    let tried: Vec<_> = snapshot.sources.iter().map(|it| (it.operations, it.in_vain)).collect();
    // One write by the near end; by the far end the read that found all and the one in vain.
    assert_eq!(tried, [(1, 0), (2, 1)]);
    let counts = snapshot.reactor;
    assert_eq!((counts.operations, counts.operations_in_vain, counts.kernel_operations), (3, 1, 0));
    let state = state_of(&event_loop);
    assert_eq!(each(&state["sources"], "operations"), [1, 2]);
    assert_eq!(each(&state["sources"], "in_vain"), [0, 1]);
    assert_eq!(
        (&state["counts"]["operations"], &state["counts"]["events"]),
        (&json!(3), &json!(3))
    );
    // Of the kernel's sockets each is a system call.
    let event_loop = EventLoop::new().unwrap();
    let addresses = three_readers(&event_loop);
    settle(&event_loop);
    assert_eq!(event_loop.snapshot().reactor.kernel_operations, 0, "nobody tries before an event");
    let sends = UdpSocket::bind("127.0.0.1:0").unwrap();
    addresses.iter().for_each(|to| assert_eq!(sends.send_to(b"here", to).unwrap(), 4));
    event_loop.run().unwrap();
    assert_eq!(event_loop.snapshot().reactor.kernel_operations, 3);
}

/// Three sockets of the kernel, each with a reader, and who may write to them.
pub(crate) fn three_readers(event_loop: &EventLoop) -> Vec<std::net::SocketAddr> {
    let bind = |_| {
        let socket = net::UdpSocket::from_std(UdpSocket::bind("127.0.0.1:0").unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        glassloop::spawn(async move { socket.recv(&mut [0; 8]).await.map(drop) }).detach();
        address
    };
    event_loop.enter(|| (0..3).map(bind).collect())
}
