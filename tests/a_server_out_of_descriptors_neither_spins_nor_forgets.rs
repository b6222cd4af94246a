//! A server that runs out of descriptors waits until there are some again: it doesn't spin, and no
//! client is left hanging.
//!
//! The limit is a process's, so the server is this test itself, started once more by a shell that
//! sets it. It counts by its own clock; nothing here depends on how busy the machine is.
#![cfg(test)]
#![cfg(unix)]

use std::{
    env,
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream as StdStream},
    os::fd::AsFd,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use glassloop::{
    net::{PipeReader, TcpListener, TcpStream},
    run, sleep, snapshot, spawn,
};

const SERVER: &str = "GLASSLOOP_TEST_SERVER";
/// What the server may open.
const DESCRIPTORS: usize = 256;
/// A wave of clients is more than that; and no more come at once than fit the backlog, which is
/// 128, lest a client lose a second to its own OS.
const WAVE: usize = 320;
const AT_ONCE: usize = 120;
/// After this a client is taken to hang.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
#[cfg_attr(miri, ignore = "Miri starts no processes")]
fn six_hundred_clients_are_answered() {
    serve_or_storm("six_hundred_clients_are_answered", 640);
}

#[test]
#[ignore = "some seconds"]
fn full_five_thousand_clients_are_answered() {
    serve_or_storm("full_five_thousand_clients_are_answered", 5_120);
}

fn serve_or_storm(test: &str, clients: usize) {
    if env::var_os(SERVER).is_some() {
        return run(serve()).unwrap();
    }
    let mut server = start(test);
    let mut said = BufReader::new(server.stdout.take().unwrap()).lines();
    let port = say(&mut said, "port");
    let address = SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()));
    let waves = clients.div_ceil(WAVE);
    let (mut answered, mut reset) = (0, 0);
    for _ in 0..waves {
        for outcome in storm(address) {
            match outcome {
                Ok(()) => answered += 1,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => reset += 1,
                Err(error) => panic!("expected an answer or a reset, came {error}"),
            }
        }
    }
    assert_eq!(answered + reset, waves * WAVE);
    // The end of its input ends the server.
    drop(server.stdin.take());
    let [accepted, put_off, turns, elapsed_ms, late_ms] =
        ["accepted", "put_off", "turns", "elapsed_ms", "late_ms"].map(|what| say(&mut said, what));
    assert!(said.map_while(Result::ok).count() > 0, "the test's own last lines");
    assert!(server.wait().unwrap().success());
    let (clients, waves) = (to_u64(clients), to_u64(waves));
    let told = format!(
        "{accepted} accepted, {put_off} put off, {turns} turns, {elapsed_ms} ms, {late_ms} ms late"
    );
    println!("{answered} answered, {reset} reset; {told}");
    assert_eq!(accepted, to_u64(answered) + 1, "{told}");
    assert!(put_off >= waves, "a wave is more than it can hold: {told}");
    // Rests of 1, 2, 4, 8, 16 and 32 ms in each episode, then of 50 ms.
    assert!(put_off <= 7 * (waves + 1) + elapsed_ms / 50 + 1, "{told}");
    assert!(turns <= 10 * clients + 2 * put_off + 100, "it spins: {told}");
    // 50 ms, by construction; the rest is the machine's.
    assert!(late_ms <= 1_000, "{told}");
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap()
}

fn start(test: &str) -> Child {
    let script = format!(
        "ulimit -n {DESCRIPTORS} && exec \"$0\" --exact {test} --nocapture --include-ignored"
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).arg(env::current_exe().unwrap()).env(SERVER, "1");
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// The number that the server says after this word.
fn say(said: &mut impl Iterator<Item = io::Result<String>>, what: &str) -> u64 {
    for line in said {
        let line = line.unwrap();
        if let Some((word, number)) = line.split_once(' ')
            && word == what
        {
            return number.parse().unwrap();
        }
    }
    panic!("the server has ended without saying its `{what}`")
}

/// A wave of clients, who are all there before the first of them goes: those who are answered at
/// once, then so many more that the server runs out.
fn storm(address: SocketAddr) -> Vec<io::Result<()>> {
    let connect = || {
        let mut stream = StdStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"?").map(|()| stream)
    };
    let hear = |client: io::Result<StdStream>| {
        let mut client = client?;
        client.read_exact(&mut [0; 1]).map(|()| client)
    };
    let mut early: Vec<_> = (AT_ONCE..WAVE).map(|_| hear(connect())).collect();
    let late: Vec<_> = (0..AT_ONCE).map(|_| connect()).collect();
    let mut outcomes = Vec::new();
    for client in late {
        // One goes, and the next is heard.
        outcomes.extend(early.pop().map(|gone| gone.map(drop)));
        outcomes.push(hear(client).map(drop));
    }
    outcomes.extend(early.into_iter().map(|gone| gone.map(drop)));
    outcomes
}

/// The server, until its input ends.
async fn serve() {
    let began = Instant::now();
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = listener.local_addr().unwrap();
    println!("\nport {}", address.port());
    let input = io::stdin().as_fd().try_clone_to_owned().unwrap();
    let input = PipeReader::from_fd(input).unwrap();
    let accepting = spawn(accept_all(listener));
    assert_eq!(input.read(&mut [0; 1]).await.unwrap(), 0);
    drop(input);
    let late = recover(address).await;
    accepting.abort();
    let Err(_) = accepting.await else { unreachable!("it accepts for ever") };
    let snapshot = snapshot();
    println!("accepted {}", ACCEPTED.get());
    println!("put_off {}", snapshot.reactor.accepts_put_off);
    println!("turns {}", snapshot.turn);
    println!("elapsed_ms {}", began.elapsed().as_millis());
    println!("late_ms {}", late.as_millis());
}

thread_local! {
    static ACCEPTED: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

async fn accept_all(listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        ACCEPTED.set(ACCEPTED.get() + 1);
        spawn(answer(stream)).detach();
    }
}

/// Answers, and holds the connection until the client has gone.
async fn answer(stream: TcpStream) -> io::Result<()> {
    let mut byte = [0; 1];
    while stream.read(&mut byte).await? > 0 {
        stream.write_all(b"!").await?;
    }
    Ok(())
}

/// Runs out of descriptors, frees one while a client waits, and says how long it took until that
/// one was accepted.
async fn recover(address: SocketAddr) -> Duration {
    let put_off = || snapshot().reactor.accepts_put_off;
    let mut hoard = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        hoard.push(file);
    }
    // One for the client; none is left for the server.
    hoard.pop();
    let (put_off_before, accepted_before) = (put_off(), ACCEPTED.get());
    let _client = StdStream::connect(address).unwrap();
    while put_off() < put_off_before + 8 {
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(ACCEPTED.get(), accepted_before, "there is no descriptor");
    let (freed, put_off_freed) = (Instant::now(), put_off());
    hoard.pop();
    while ACCEPTED.get() == accepted_before {
        sleep(Duration::from_millis(1)).await;
    }
    // There is again none for the one after it; a Linux says so before it looks for a connection.
    assert!(put_off() <= put_off_freed + 1, "the first try after that succeeds");
    freed.elapsed()
}
