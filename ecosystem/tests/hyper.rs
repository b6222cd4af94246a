//! hyper's servers and clients live on a loop of ours, by its runtime traits alone.

mod common;

use std::{net::SocketAddr, rc::Rc, time::Duration};

use bytes::Bytes;
use common::{answer, serve, serve_with};
use ecosystem::{Client, ClientError, Io, LoopExecutor, LoopTimer};
use futures::AsyncReadExt;
use glassloop::{EventLoop, gather, net, spawn, try_gather};
use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, StatusCode,
    client::conn::http2 as client2,
    server::conn::{http1, http2},
    service::service_fn,
};
use tokio::sync::Barrier;

#[test]
fn a_server_and_a_client_share_one_loop() {
    let event_loop = EventLoop::new().unwrap();
    let asked = event_loop.block_on(async {
        let (address, client) = (serve().unwrap(), Client::default());
        let requests = (0..64).map(async |n| {
            let mut same = 0;
            for m in 0..20 {
                let answer = client.get(&format!("http://{address}/{n}/{m}")).await?;
                same += u32::from(answer.body == format!("/{n}/{m}"));
            }
            Ok::<u32, ClientError>(same)
        });
        let same: u32 = try_gather(requests).await.unwrap().into_iter().sum();
        let posted = client.post(&format!("http://{address}/"), Bytes::from("said")).await.unwrap();
        let none = client.get(&format!("http://{address}/nowhere")).await.unwrap();
        (same, posted.body, none.status)
    });
    assert_eq!(asked.unwrap(), (1_280, Bytes::from("said"), StatusCode::NOT_FOUND));
}

#[test]
fn slow_answers_are_waited_for_at_once() {
    let event_loop = EventLoop::new().unwrap();
    let answers = event_loop.block_on(async {
        // Nobody is answered before fifty have asked.
        let all_there = Rc::new(Barrier::new(50));
        let together = move |request| {
            let all_there = Rc::clone(&all_there);
            async move {
                all_there.wait().await;
                answer(request).await
            }
        };
        let (address, client) = (serve_with(together).unwrap(), Client::default());
        let late =
            gather((0..50).map(async |_| client.get(&format!("http://{address}/late")).await));
        late.await
    });
    assert!(
        answers.unwrap().iter().all(|answer| answer.as_ref().is_ok_and(|it| it.body == "late"))
    );
}

#[test]
fn a_connection_is_used_again() {
    let event_loop = EventLoop::new().unwrap();
    let tasks = event_loop.block_on(async {
        let (address, client) = (serve().unwrap(), Client::default());
        for n in 0..5 {
            client.get(&format!("http://{address}/{n}")).await.unwrap();
        }
        let names = glassloop::snapshot().tasks.into_iter().map(|task| task.name.into_owned());
        names.filter(|name| name.starts_with("http ")).count()
    });
    assert_eq!(tasks.unwrap(), 1, "five requests, one connection");
}

#[test]
fn a_connection_that_its_server_closed_meanwhile_is_replaced() {
    // It doesn't say that it won't serve again, and goes; then it tells us.
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let (tells, closed) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            assert!(stream.read(&mut [0; 512]).unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
            drop(stream);
            tells.send(()).unwrap();
        }
    });
    let event_loop = EventLoop::new().unwrap();
    let bodies = event_loop.block_on(async move {
        let client = Client::default();
        let mut bodies = Vec::new();
        for round in 0..20 {
            bodies.push(client.get(&format!("http://{address}/")).await.map(|answer| answer.body));
            // The loop learns of the end before it asks again, or has had no turn to do so.
            closed.recv().unwrap();
            if round % 2 == 0 {
                glassloop::sleep(Duration::from_millis(1)).await;
            }
        }
        bodies
    });
    let bodies = bodies.unwrap();
    assert!(bodies.iter().all(|body| body.as_ref().is_ok_and(|body| body == "ok")), "{bodies:?}");
}

#[test]
fn an_error_says_what_was_expected_and_what_came() {
    let event_loop = EventLoop::new().unwrap();
    let told = |address: &'static str| {
        let asked = event_loop.block_on(async move { Client::default().get(address).await });
        asked.unwrap().unwrap_err().to_string()
    };
    let expected = "expected an address as http://host:port/path, came";
    assert_eq!(told("here"), format!("{expected} here"));
    assert_eq!(told("https://here/"), format!("{expected} https://here/"));
    for wrong in [
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:abc/",
        "http://127.0.0.1:/",
        "http://ada@here/",
    ] {
        assert_eq!(told(wrong), format!("{expected} {wrong}"));
    }
    assert!(told("http://127.0.0.1:1/").starts_with("no connection: "));
}

#[test]
fn http_2_runs_its_streams_as_tasks_of_the_loop() {
    let event_loop = EventLoop::new().unwrap();
    let answers = event_loop.block_on(async {
        let (here, there) = net::duplex().unwrap();
        let served = http2::Builder::new(LoopExecutor)
            .timer(LoopTimer)
            .serve_connection(Io::new(there), service_fn(answer));
        spawn(served).detach();
        let (sender, connection) = client2::handshake(LoopExecutor, Io::new(here)).await.unwrap();
        spawn(connection).detach();
        gather((0..20).map(async |n| {
            let uri = format!("http://here/{n}");
            let request = Request::get(uri).body(Empty::<Bytes>::new()).unwrap();
            let answer = sender.clone().send_request(request).await.unwrap();
            answer.into_body().collect().await.unwrap().to_bytes()
        }))
        .await
    });
    let tasks = event_loop.snapshot().tasks.into_iter().filter(|task| task.name == "hyper");
    assert!(tasks.count() > 0, "what the connection itself runs are tasks of ours");
    let expected: Vec<_> = (0..20).map(|n| Bytes::from(format!("/{n}"))).collect();
    assert_eq!(answers.unwrap(), expected);
}

#[test]
fn a_deadline_of_hypers_passes_at_once_on_a_clock_that_jumps() {
    let event_loop = EventLoop::test();
    let ended = event_loop.block_on(async {
        let (here, there) = net::duplex().unwrap();
        let mut server = http1::Builder::new();
        server.timer(LoopTimer).header_read_timeout(Duration::from_secs(3_600));
        let served = spawn(server.serve_connection(Io::new(there), service_fn(answer)));
        let mut here = here;
        futures::AsyncWriteExt::write_all(&mut here, b"GET / HT").await.unwrap();
        let mut rest = Vec::new();
        here.read_to_end(&mut rest).await.unwrap();
        (served.await.unwrap(), glassloop::snapshot().now_ns)
    });
    let (ended, now_ns) = ended.unwrap();
    assert!(ended.unwrap_err().is_timeout());
    assert!(now_ns >= 3_600_000_000_000, "an hour of the loop's clock, none of ours");
}

#[test]
fn a_server_ends_gracefully_after_the_request_that_is_under_way() {
    let event_loop = EventLoop::new().unwrap();
    let said = event_loop.block_on(async {
        let (here, there) = net::duplex().unwrap();
        let connection = http1::Builder::new().serve_connection(Io::new(there), service_fn(answer));
        let mut connection = std::pin::pin!(connection);
        let (mut reads, writes) = here.split();
        let mut writes = writes;
        futures::AsyncWriteExt::write_all(&mut writes, b"GET /late HTTP/1.1\r\n\r\n")
            .await
            .unwrap();
        let mut said = String::new();
        let serves = async {
            let began = glassloop::timeout(Duration::from_millis(5), connection.as_mut()).await;
            assert!(began.is_err(), "the request is under way");
            connection.as_mut().graceful_shutdown();
            connection.await
        };
        let (served, read) = futures::join!(serves, reads.read_to_string(&mut said));
        served.unwrap();
        read.unwrap();
        said
    });
    let said = said.unwrap();
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n") && said.ends_with("\r\n\r\nlate"), "{said}");
}

#[test]
fn a_foreign_client_gets_its_answer() {
    let event_loop = EventLoop::new().unwrap();
    let said = event_loop.block_on(async {
        let address: SocketAddr = serve().unwrap();
        let asks = move || -> std::io::Result<String> {
            use std::io::{Read, Write};
            let mut stream = std::net::TcpStream::connect(address)?;
            stream.set_read_timeout(Some(common::PATIENCE))?;
            stream.write_all(b"GET /plain HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")?;
            let mut said = String::new();
            stream.read_to_string(&mut said)?;
            Ok(said)
        };
        glassloop::offload(asks).await.unwrap().unwrap()
    });
    assert!(said.unwrap().ends_with("\r\n\r\n/plain"));
}
