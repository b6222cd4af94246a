//! asyncio: threads, processes, signals and descriptors.

use std::{
    io,
    net::Shutdown,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread,
};

use futures::AsyncReadExt;
use glassloop::{
    Direction, EventLoop, Interest, Pool, Registered, gather, mio,
    net::{TcpListener, TcpStream},
    offload, spawn,
};

use crate::MS;

#[test]
fn asyncio_run_in_executor_none_is_the_loops_own_pool() {
    let event_loop = EventLoop::new().unwrap();
    let (ours, theirs) = event_loop
        .block_on(async { (thread::current().id(), offload(|| thread::current().id()).await) })
        .unwrap();
    assert_ne!(ours, theirs.unwrap());
    // What still runs at the deadline is named: a thread can't be stopped.
    let (lets_go, held) = std::sync::mpsc::channel::<()>();
    event_loop.enter(|| offload(move || held.recv()).named("export").detach());
    let report = event_loop.close(20 * MS);
    let left: Vec<_> = report.jobs.iter().map(|job| &*job.name).collect();
    assert_eq!(left, ["export"]);
    drop(lets_go);
}

#[test]
fn asyncio_run_in_executor_of_threads_is_a_pool_of_ones_own() {
    // Two loops on two threads, and one pool of one thread for both: a job at a time.
    let (pool, busy, most) = (Pool::new(1), AtomicU32::new(0), AtomicU32::new(0));
    let counts = Arc::new((busy, most));
    let threads = [(); 2].map(|()| {
        let (jobs, counts) = (pool.clone(), Arc::clone(&counts));
        thread::spawn(move || {
            let job = move || {
                let now = counts.0.fetch_add(1, SeqCst) + 1;
                counts.1.fetch_max(now, SeqCst);
                thread::sleep(MS);
                counts.0.fetch_sub(1, SeqCst);
            };
            glassloop::run(async move {
                let all = (0..10).map(|_| jobs.offload(job.clone()));
                gather(all).await.into_iter().all(|done| done.is_ok())
            })
        })
    });
    for thread in threads {
        assert!(thread.join().unwrap().unwrap());
    }
    assert_eq!((counts.1.load(SeqCst), pool.threads()), (1, 1));
    assert!(pool.close(crate::PATIENCE).is_clean(), "it has outlasted both loops");
}

#[cfg(all(unix, feature = "process-pool"))]
#[test]
fn asyncio_run_in_executor_of_processes_calls_jobs_by_name() {
    use crate::workers::{pool, run};
    run(async {
        let pool = pool(2);
        assert_eq!(pool.call::<u64>("sum", &[1, 2, 3]).await.unwrap(), 6);
        let there = pool.call::<u32>("id", &()).await.unwrap();
        assert_ne!(there, std::process::id());
        // A crash costs its job, not the pool: asyncio's is broken from then on.
        assert!(pool.call::<u64>("abort", &()).await.is_err());
        assert_eq!(pool.call::<u64>("double", &4).await.unwrap(), 8);
        pool.close();
    });
}

#[cfg(all(unix, feature = "process"))]
#[test]
fn asyncio_create_subprocess_exec_has_bounds_and_leaves_no_zombie() {
    use std::process::Stdio;

    use glassloop::process::Command;

    glassloop::run(async {
        let output = Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]).output();
        let output = output.await.unwrap();
        assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"out\n"[..], &b"err\n"[..]));
        assert_eq!(output.status.code(), Some(3));
        let mut flood = Command::new("yes");
        assert!(flood.output_bytes_max(1_000).own_group().output().await.is_err());
        let mut sleeper = Command::new("sleep");
        let late = sleeper.arg("60").time_max(10 * MS).own_group().output().await.unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        // One that nobody holds any more is waited for all the same: it leaves no zombie.
        let child = Command::new("true").stdin(Stdio::null()).spawn().unwrap();
        let stat = format!("/proc/{}/stat", child.id());
        drop(child);
        while std::fs::exists(&stat).unwrap() {
            glassloop::sleep(MS).await;
        }
    })
    .unwrap();
}

#[cfg(all(unix, feature = "signal"))]
#[test]
fn asyncio_add_signal_handler_calls_in_a_task_of_the_loop() {
    use glassloop::signal::{Signal, on_signal};
    use signal_hook::low_level::raise;

    let here = || thread::current().name().unwrap_or_default().to_owned();
    let effects = crate::effects::Effects::default();
    let notes = effects.clone();
    let event_loop = EventLoop::new().unwrap();
    event_loop
        .block_on(async move {
            let (sender, heard) = async_channel::unbounded();
            let handler = on_signal(&[Signal::User2], move |signal| {
                notes.note(format_args!("{signal:?} on {}", here()));
                sender.try_send(()).unwrap();
            });
            raise(Signal::User2.number()).unwrap();
            heard.recv().await.unwrap();
            drop(handler); // it is called no more; the default action stays away
        })
        .unwrap();
    assert_eq!(effects.take(), [format!("User2 on {}", here())]);
}

#[test]
fn asyncio_add_reader_is_registered_for_whatever_mio_can_watch() {
    let sent = glassloop::run(async {
        let receiver = std::net::UdpSocket::bind("127.0.0.1:0")?;
        receiver.set_nonblocking(true)?;
        let address = receiver.local_addr()?;
        let socket = mio::net::UdpSocket::from_std(receiver);
        let socket = Registered::new(socket, Interest::Read)?;
        let sender = thread::spawn(move || {
            let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
            socket.send_to(b"ping", address)
        });
        let mut bytes = [0; 16];
        // A callback would be told that there may be something; the task reads it.
        let read = socket.io(Direction::Read, "receive", |socket| socket.recv(&mut bytes)).await?;
        sender.join().unwrap()?;
        io::Result::Ok(bytes[..read].to_vec())
    });
    assert_eq!(sent.unwrap().unwrap(), b"ping");
}

#[test]
fn asyncio_start_server_and_open_connection_are_a_listener_and_a_stream() {
    let echoed = glassloop::run(async {
        let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
        let address = listener.local_addr()?;
        let server = spawn(async move {
            let (stream, _from) = listener.accept().await?;
            let mut bytes = [0; 64];
            loop {
                match stream.read(&mut bytes).await? {
                    0 => return io::Result::Ok(()),
                    read => stream.write_all(&bytes[..read]).await?,
                }
            }
        });
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"hello").await?;
        stream.shutdown(Shutdown::Write)?;
        let mut echoed = [0; 5];
        // By the trait that other crates know.
        AsyncReadExt::read_exact(&mut stream, &mut echoed).await?;
        server.await.unwrap()?;
        io::Result::Ok(echoed)
    });
    assert_eq!(&echoed.unwrap().unwrap(), b"hello");
}
