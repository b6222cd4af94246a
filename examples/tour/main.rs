//! The tour: a loop on a second thread serves and drives WebSockets while five actions run at once.
//!
//! The main thread leaves calls for it, watches it, and prints an account of it once a second,
//! until Ctrl-C or `--seconds N`. The server echoes text and binary messages of any client;
//! `--port N` fixes its port.
//!
//! ```text
//! cargo run --release --example tour
//! ```

mod account;
mod actions;
mod longest;
mod options;
mod second_thread;
mod server;

use std::{
    env,
    error::Error,
    io::{self, Write},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use account::Account;
use options::Options;
use second_thread::SecondThread;

/// How often the main thread leaves a call for the loop.
const DEFERS_EVERY: Duration = Duration::from_millis(10);
const ACCOUNT_EVERY: Duration = Duration::from_secs(1);

/// What ends the tour too early, on whatever thread.
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    env_logger::init();
    let told = match Options::parse(env::args().skip(1)) {
        Ok(options) => tour(&options),
        Err(error) => Err(error.into()),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read us has seen enough: `head` does that.
        Err(error) if is_broken_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            // With nobody there to read it, the exit status says it alone.
            writeln!(io::stderr(), "tour: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

fn tour(options: &Options) -> Result<(), Failure> {
    let out = &mut io::stdout();
    let second = SecondThread::start(options.port)?;
    writeln!(out, "ws://{} echoes what it is sent, while five actions run", second.address)?;
    let mut account = Account::new(second.watch.clone(), second.longest.clone());
    let began = Instant::now();
    let mut next = began + ACCOUNT_EVERY;
    while options.seconds.is_none_or(|seconds| began.elapsed() < seconds) {
        thread::sleep(DEFERS_EVERY);
        if second.remote.is_closed() {
            break;
        }
        // A loop that hangs may be full: then this one is not missed.
        second.remote.defer(actions::deliver).ok();
        if Instant::now() >= next {
            next += ACCOUNT_EVERY;
            account.write(out)?;
        }
    }
    let report = second.end()?;
    writeln!(out, "\nthe loop is closed; {report}")?;
    Ok(())
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
