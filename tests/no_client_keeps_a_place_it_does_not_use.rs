//! Places are bounded, in all and for each address, and nobody keeps one by being slow: silent
//! clients, and those who send a byte a second, go at their deadline, and an honest one is served.

#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/web.rs"]
mod web;

use std::{
    io::Read,
    net::{SocketAddr, TcpStream as StdStream},
    time::Duration,
};

use glassloop::{
    net::{TcpListener, TcpStream, duplex},
    run, sleep, snapshot, spawn,
    ws::{self, Response, Server, ServerHandle, ServerLimits},
    yield_now,
};
use web::{Client, in_memory};

fn server(change: impl Fn(&mut ServerLimits)) -> Server {
    let mut limits = ServerLimits::default();
    change(&mut limits);
    let server = Server::new().get("/", |_| Response::text("home"));
    server
        .websocket("/echo", |socket, _| async move {
            while let Ok(Some(message)) = socket.recv().await {
                drop(socket.send(message).await);
            }
        })
        .limits(limits)
}

#[test]
fn fifty_silent_and_ten_slow_clients_go_at_their_deadline() {
    besiege(50, 10);
}

#[test]
#[ignore = "some seconds"]
fn full_five_thousand_silent_and_a_thousand_slow_clients_go_at_their_deadline() {
    besiege(5_000, 1_000);
}

fn besiege(silent: usize, slow: usize) {
    in_memory(4_096, async move |clock| {
        let server = ws::serve(server(|_| {}), []).expect("good routes");
        let socket = honest(&server).await;
        let sources = snapshot().sources.len();
        let silent_ones: Vec<Client> = (0..silent).map(|_| Client::enter(&server)).collect();
        let slow_ones: Vec<Client> = (0..slow).map(|_| Client::enter(&server)).collect();
        assert_eq!(server.connections(), silent + slow + 1);
        for second in 0..10 {
            for client in &slow_ones {
                client.say(&b"GET / HTTP/1.1\r\nHost"[second..=second]).await;
            }
            // The honest one is answered while no time passes.
            let asked = clock.now();
            socket.send("anybody there?".into()).await.expect("open");
            assert!(socket.recv().await.expect("open").is_some());
            assert_eq!(clock.now(), asked);
            sleep(Duration::from_millis(if second < 9 { 1_000 } else { 999 })).await;
        }
        assert_eq!(server.connections(), silent + slow + 1, "nobody goes before its time");
        sleep(Duration::from_millis(1)).await;
        let turn = snapshot().turn;
        while server.connections() > 1 {
            yield_now().await;
        }
        assert!(snapshot().turn <= turn + 1, "at their deadline, and one turn");
        let late = u64::try_from(silent + slow).expect("a number");
        assert_eq!(server.counts().late, late);
        for client in silent_ones {
            assert!(client.rest().await.is_empty(), "who said nothing is told nothing");
        }
        for mut client in slow_ones {
            assert_eq!(client.answer().await.status, 408);
            assert!(client.rest().await.is_empty());
        }
        assert_eq!(snapshot().sources.len(), sources, "and nothing is left of them");
        socket.send("still there?".into()).await.expect("open");
        assert!(socket.recv().await.expect("open").is_some());
    });
}

/// A WebSocket that is served while others are up to no good.
async fn honest(server: &ServerHandle) -> ws::WebSocket {
    let (near, far) = duplex().expect("two ends");
    server.admit(far);
    let opened = glassloop_ws::connect_on(near, "ws://memory/echo").await;
    let (socket, driver) = opened.expect("it opens");
    spawn(driver).detach();
    socket
}

#[test]
fn a_head_of_twenty_megabytes_is_refused_after_its_first_kilobytes() {
    const PIPE: usize = 1_024;
    in_memory(PIPE, async |_| {
        let server = ws::serve(server(|_| {}), []).expect("good routes");
        let mut client = Client::enter(&server);
        let mut written = 0;
        let mut refused_after = None;
        while written < 20_000_000 {
            let mut glance = [0; 1_024];
            if let Ok(count) = client.stream.try_read(&mut glance) {
                refused_after.get_or_insert(written);
                client.bytes.extend_from_slice(&glance[..count]);
            }
            match client.stream.try_write(&[b'x'; 1_024]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
            yield_now().await;
        }
        assert!(client.bytes.starts_with(b"HTTP/1.1 431 "), "{}", client.bytes.escape_ascii());
        let refused_after = refused_after.expect("it was refused");
        assert!(refused_after <= 16 * 1_024, "refused after {refused_after} bytes");
        assert!(written <= 128 * 1_024, "{written} bytes were read and thrown away");
        assert_eq!((server.connections(), server.counts().refused), (0, 1));
    });
}

#[test]
fn past_the_maximum_a_client_is_told_503_and_holds_nothing() {
    in_memory(4_096, async |_| {
        let server = ws::serve(server(|limits| limits.connections_max = 2), []);
        let server = server.expect("good routes");
        let socket = honest(&server).await;
        let mut second = Client::enter(&server);
        let third = Client::enter(&server);
        assert_eq!(server.connections(), 2);
        let told = third.rest().await;
        assert!(told.starts_with(b"HTTP/1.1 503 "), "{}", told.escape_ascii());
        assert_eq!(second.get("/", "").await.text(), "home");
        drop(second);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(Client::enter(&server).get("/", "").await.text(), "home", "a place is free");
        let counts = server.counts();
        assert_eq!((counts.admitted, counts.turned_away), (3, 1));
        drop(socket);
    });
}

#[test]
fn a_storm_past_the_maximum_is_dropped_and_those_who_stay_behind_their_503_go() {
    in_memory(4_096, async |_| {
        let limits = |limits: &mut ServerLimits| {
            limits.connections_max = 0;
            limits.turned_away_at_once_max = 2;
            limits.linger_ms_max = 1_000;
        };
        let server = ws::serve(server(limits), []).expect("good routes");
        let sources = snapshot().sources.len();
        let crowd: Vec<Client> = (0..10).map(|_| Client::enter(&server)).collect();
        assert_eq!(snapshot().sources.len(), sources + 10 + 2, "our ends, and two of the server");
        sleep(Duration::from_millis(1_001)).await;
        assert_eq!(snapshot().sources.len(), sources + 10);
        let mut told = 0;
        for client in crowd {
            told += usize::from(client.rest().await.starts_with(b"HTTP/1.1 503 "));
        }
        assert_eq!((told, server.counts().turned_away), (2, 10));
    });
}

#[test]
fn an_address_has_so_many_places_and_leaves_the_others_theirs() {
    run(async {
        let local = |ip: &str| -> SocketAddr { format!("{ip}:0").parse().expect("an address") };
        let listener = TcpListener::bind(local("127.0.0.1")).expect("a port");
        let address = listener.local_addr().expect("an address");
        // A machine without IPv6 has one address less to show it with.
        let other = TcpListener::bind(local("[::1]")).ok();
        let other_address = other.as_ref().map(|other| other.local_addr().expect("an address"));
        let server = server(|limits| limits.connections_per_address_max = 2);
        let server = ws::serve(server, [listener].into_iter().chain(other)).expect("good routes");
        let mut clients = Vec::new();
        for _ in 0..2 {
            let stream = TcpStream::connect(address).await.expect("it listens");
            let mut client = Client::over(stream);
            assert_eq!(client.get("/", "").await.text(), "home");
            clients.push(client);
        }
        let third = Client::over(TcpStream::connect(address).await.expect("it listens"));
        let told = third.rest().await;
        assert!(told.starts_with(b"HTTP/1.1 503 "), "{}", told.escape_ascii());
        if let Some(address) = other_address {
            let mut client = Client::over(TcpStream::connect(address).await.expect("it listens"));
            assert_eq!(client.get("/", "").await.text(), "home", "another address");
        }
        clients.pop();
        while server.connections() > 2 {
            sleep(Duration::from_millis(1)).await;
        }
        drop(clients);
        while server.connections() > 0 {
            sleep(Duration::from_millis(1)).await;
        }
        let mut client = Client::over(TcpStream::connect(address).await.expect("it listens"));
        assert_eq!(client.get("/", "").await.text(), "home", "the places are free again");
        assert_eq!(server.counts().turned_away, 1);
    })
    .expect("a loop");
}

#[test]
fn a_storm_of_clients_is_accepted_some_a_turn() {
    run(async {
        let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let address = listener.local_addr().expect("an address");
        // The kernel has them all before the server looks.
        let clients: Vec<StdStream> =
            (0..60).map(|_| StdStream::connect(address).expect("the backlog has room")).collect();
        let server = ws::serve(server(|limits| limits.accepts_per_turn_max = 3), [listener]);
        let server = server.expect("good routes");
        let (mut before, mut turns) = (0, 0);
        while server.counts().admitted < 60 {
            yield_now().await;
            let now = server.counts().admitted;
            assert!(now - before <= 3, "{} in one turn", now - before);
            turns += u32::from(now > before);
            before = now;
        }
        assert!(turns >= 20);
        drop(server.stop(Duration::from_secs(1)).await);
        for mut client in clients {
            assert_eq!(client.read(&mut [0; 1]).expect("an end"), 0);
        }
    })
    .expect("a loop");
}

#[test]
fn a_storm_at_one_listener_does_not_silence_the_other() {
    run(async {
        let bind = || TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let connect = |listener: &TcpListener| {
            let address = listener.local_addr().expect("an address");
            StdStream::connect(address).expect("the backlog has room")
        };
        let (stormy, quiet) = (bind(), bind());
        let crowd: Vec<StdStream> = (0..30).map(|_| connect(&stormy)).collect();
        let one = connect(&quiet);
        let listeners = [stormy, quiet];
        let server = ws::serve(server(|limits| limits.accepts_per_turn_max = 1), listeners);
        let server = server.expect("good routes");
        let name = format!("http {}", one.local_addr().expect("an address"));
        // Each listener is heard of by an event of its own, perhaps not in the same turn.
        let is_in = || snapshot().tasks.iter().any(|task| task.name == name);
        while !is_in() {
            yield_now().await;
        }
        let before = server.counts().admitted;
        assert!(before < 30, "it had to wait for the whole crowd");
        drop(server.stop(Duration::from_secs(1)).await);
        drop(crowd);
    })
    .expect("a loop");
}
