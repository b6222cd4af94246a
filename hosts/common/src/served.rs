//! The server: it listens, answers one visitor, and tells how it went.

use std::{
    error::Error,
    fmt,
    future::Future,
    thread,
    time::{Duration, Instant},
};

use glassloop::{net::TcpListener, sleep, ws};

/// What can go wrong in here, for whoever asks on whatever thread.
pub type Failure = Box<dyn Error + Send + Sync>;

/// How long the loop sleeps before it serves, to see its timer fire in the host.
const NAP: Duration = Duration::from_millis(50);

/// How late its timer may be on a machine that has other things to do.
const LATE_MAX: Duration = Duration::from_millis(500);

/// How long a call of another thread waits for its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the server saw.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    /// Messages that changed something of the host's.
    pub messages: u32,
    /// How long the nap took.
    pub slept: Duration,
    /// A call of another thread ran on the loop's and came back.
    pub called: bool,
}

/// Serves one visitor on a port of its own, whose address is printed. Each message is given to
/// `change`, and what comes of it is the answer; `quit` ends it.
///
/// # Errors
/// What the sockets say, and a message that isn't text.
pub async fn serve<C, F>(mut change: C) -> Result<Served, Failure>
where
    C: FnMut(String) -> F,
    F: Future<Output = Result<String, Failure>>,
{
    // Nobody knows the address yet: the host sleeps, and only the timer can wake it.
    let began = Instant::now();
    sleep(NAP).await;
    let slept = began.elapsed();

    let remote = glassloop::remote();
    let here = thread::current().id();
    let caller = thread::spawn(move || remote.call(|| thread::current().id()).wait(PATIENCE));

    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    println!("ws://{}/", listener.local_addr()?);
    let (stream, _visitor) = listener.accept().await?;
    let socket = ws::accept(stream).await?;
    let mut messages = 0;
    while let Some(message) = socket.recv().await? {
        let text = message.as_text().ok_or("the visitor sent something that isn't text")?;
        if text == "quit" {
            socket.close(ws::code::NORMAL, "the host quits")?;
            continue;
        }
        let answer = change(text.to_owned()).await?;
        socket.send(answer.into()).await?;
        messages += 1;
    }
    // It was answered long ago, or it never will be.
    let called = caller.join().is_ok_and(|answer| answer.is_ok_and(|ran_on| ran_on == here));
    Ok(Served { messages, slept, called })
}

impl Served {
    /// Prints the result of a host, if there is nothing to complain of.
    ///
    /// # Errors
    /// The same line, if there is.
    pub fn tell(self, host: &str, work: impl fmt::Display) -> Result<(), Failure> {
        let Served { messages, slept, called } = self;
        // It may be early only by mistake, and then that is what there is to complain of.
        let late = (slept.as_secs_f64() - NAP.as_secs_f64()) * 1e3;
        let answered = if called { "answered" } else { "NOT ANSWERED" };
        let line = format!(
            "{host}: {messages} messages answered, {work}, timer {late:.1} ms late, \
             call from a thread {answered}"
        );
        if !called || slept < NAP || slept > NAP + LATE_MAX {
            return Err(line.into());
        }
        println!("{line}");
        Ok(())
    }
}
