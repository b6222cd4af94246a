//! `Builder`: an inspector made to measure.

use std::{
    io::{self, IsTerminal, Write},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    rc::Rc,
    sync::Arc,
    time::Instant,
};

use glassloop::{EventLoop, LoopThread, PollerKind, net, ws};

use crate::{
    address,
    attendance::Attendance,
    door::url,
    dump::Dumps,
    facts::{self, Facts},
    inspector::{Inspector, Parts},
    loops::{self, Wants},
    run_file::{Folder, RunFile},
    server::{Setup, server_of},
    token::Token,
    watchdog,
};
#[cfg(all(unix, feature = "signal"))]
use {crate::signal, glassloop::signal::Signal};

/// The thread that it lives on.
const THREAD: &str = "glassloop-inspector";

/// Starts an [`Inspector`], whatever the environment says.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("inspector-of-{}", std::process::id()));
/// # let builder = glassloop_inspector::Builder::new().folder(&folder);
/// # /*
/// let builder = glassloop_inspector::Builder::new();
/// # */
/// let builder = builder.dump_to(std::env::temp_dir()); // if a loop hangs, or a task panics
/// let inspector = builder.address(([127, 0, 0, 1], 0)).allow_control(false).start()?;
/// assert!(inspector.address().ip().is_loopback());
/// assert!(inspector.url().starts_with(&format!("http://{}/#", inspector.address())));
/// assert!(inspector.file().exists());
/// inspector.stop();
/// assert!(!inspector.file().exists());
/// # std::fs::remove_dir(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `start`"]
pub struct Builder {
    address: SocketAddr,
    allow_control: bool,
    wants: Wants,
    waits: bool,
    dump_to: Option<PathBuf>,
    #[cfg(all(unix, feature = "signal"))]
    dump_on: Option<Signal>,
    folder: Option<PathBuf>,
}

impl Default for Builder {
    fn default() -> Builder {
        Builder::new()
    }
}

impl Builder {
    /// On 127.0.0.1, on a port that the operating system picks, and only to look.
    pub fn new() -> Builder {
        Builder {
            address: address::DEFAULT,
            allow_control: false,
            wants: Wants::RECORDS,
            waits: false,
            dump_to: None,
            #[cfg(all(unix, feature = "signal"))]
            dump_on: None,
            folder: None,
        }
    }

    /// Where it listens: 127.0.0.1 or `[::1]`, with a port, or 0 for any that is free.
    pub fn address(mut self, address: impl Into<SocketAddr>) -> Builder {
        self.address = address.into();
        self
    }

    /// Whether who has the token may change the program, and not only look: start a recording,
    /// cancel a task. Without it such requests are refused.
    pub fn allow_control(mut self, allow: bool) -> Builder {
        self.allow_control = allow;
        self
    }

    /// Whether loops are recorded: from their first event, or from when they are found where they
    /// were there already. Yes, unless you say otherwise. Then there is a history to look at once
    /// something has gone wrong; it costs some 50 ns a poll, and 2.5 MiB a loop
    /// (`Limits::ring_events_max`) with 350 bytes for each task that was woken.
    pub fn record(mut self, on: bool) -> Builder {
        self.wants.records = on;
        self.wants.lints &= on;
        self
    }

    /// Whether loops look for faults, which they do while they are recorded: see
    /// [`glassloop::Lint`]. Not unless you say so, or the variable `GLASSLOOP_LINT` does: it makes
    /// a recorded poll half as dear again.
    pub fn lint(mut self, on: bool) -> Builder {
        self.wants.lints = on;
        self.wants.records |= on;
        self
    }

    /// Has the program wait for who watches: [`start`](Builder::start) gives nothing until
    /// somebody watches a loop's events, as the page does, and [`Inspector::stop`] waits, four
    /// seconds at most, until everybody who watches was sent all that is recorded of that loop. So
    /// a program that takes milliseconds can be looked at from its first event to its last.
    /// Meanwhile the last four loops are kept when they end. Where to look is told on standard
    /// error. What [`init`](crate::init) has started is stopped so at the end of the thread `main`.
    pub fn wait_for_watcher(mut self, on: bool) -> Builder {
        self.waits = on;
        self
    }

    /// A folder into which what the rings hold is written, as traces for <https://ui.perfetto.dev>:
    /// when a loop hangs, when a task panics and nobody asks for it, and by `POST /dump`, which
    /// [`allow_control`](Builder::allow_control) lets in. By itself it writes 16 files of stalls
    /// and 16 of panics at most; who asks gets a file a loop each time. Without a folder there are
    /// none.
    pub fn dump_to(mut self, folder: impl Into<PathBuf>) -> Builder {
        self.dump_to = Some(folder.into());
        self
    }

    /// Has a signal, [`Signal::User1`] for one, write what [`dump_to`](Builder::dump_to) would: a
    /// file of each recorded loop, each time it comes: nothing but who sends it bounds how many
    /// there are. Signals that come while one is written are one.
    ///
    /// From then on the signal no longer does what it did by itself, which for most is to end the
    /// process, even when the inspector has stopped. A fork of the process, too, has the signal
    /// caught, and sends it on to its parent.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join(format!("signalled-{}", std::process::id()));
    /// let builder = glassloop_inspector::Builder::new().dump_to(std::env::temp_dir());
    /// let inspector = builder.dump_on_signal(glassloop::signal::Signal::User1);
    /// # let inspector = inspector.folder(&folder).start()?;
    /// # drop(inspector);
    /// # std::fs::remove_dir(&folder)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(all(unix, feature = "signal"))]
    pub fn dump_on_signal(mut self, signal: Signal) -> Builder {
        self.dump_on = Some(signal);
        self
    }

    /// Where the file with the token goes, in place of [`Folder::of_user`]: a folder that is this
    /// user's alone, or that is to be made.
    pub fn folder(mut self, path: impl Into<PathBuf>) -> Builder {
        self.folder = Some(path.into());
        self
    }

    /// Starts it. Its port is open, and its file there, when this returns.
    ///
    /// # Errors
    /// `InvalidInput` if the address is not one of loopback's two, if a signal can't be caught, or
    /// if it is to dump and there is no folder for that. `PermissionDenied` if the folder is a
    /// link, or somebody else's, or open to others. What the operating system says of the port,
    /// the thread, the file and the randomness.
    pub fn start(self) -> io::Result<Inspector> {
        let listener = TcpListener::bind(address::on_loopback(self.address)?)?;
        let address = listener.local_addr()?;
        let token = Token::random()?;
        let folder = match self.folder {
            Some(path) => Folder::at(path),
            None => Folder::of_user(),
        };
        let began = Instant::now();
        let digits = token.digits().to_owned();
        let attendance = self.waits.then(Arc::<Attendance>::default);
        let attended = attendance.clone();
        let follows = loops::follow(self.wants, self.waits);
        // Who is built from here on has been seen to.
        let found = glassloop::loops().last().map_or(0, |watch| watch.name().number);
        let thread = LoopThread::start_with(THREAD, move || {
            // Its own poller, whatever the environment says about those of the program.
            let event_loop = EventLoop::builder().poller(PollerKind::Mio).internal().build()?;
            let now = Box::new(move || began.elapsed());
            let allow_control = self.allow_control;
            let setup = Setup { port: address.port(), token: digits, allow_control, now };
            event_loop.enter(|| {
                let listener = net::TcpListener::from_std(listener)?;
                let dumps = Dumps::new(self.dump_to);
                let facts = Facts::gather(self.wants, allow_control, dumps);
                let facts = Facts { attendance: attended, attached_above: found, ..facts };
                let facts = Rc::new(facts);
                ws::serve(server_of(setup, &facts), [listener]).map_err(io::Error::other)?;
                #[cfg(all(unix, feature = "signal"))]
                if let Some(signal) = self.dump_on {
                    let dumping = signal::dump_on(signal, Rc::clone(&facts))?;
                    glassloop::spawn(dumping).named("dump on signal").detach();
                }
                glassloop::spawn(watchdog::watch(facts)).named("watchdog").detach();
                io::Result::Ok(())
            })?;
            Ok(event_loop)
        })?;
        let token_told = token.digits().to_owned();
        let (pid, program) = (std::process::id(), facts::program());
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let file = folder.write(&RunFile { pid, address, token: token_told, program, version })?;
        log::info!("inspector: listens at http://{address}/, its token is in {}", file.display());
        let url = url(address, &token);
        if let Some(attendance) = &attendance {
            wait_for_watcher(attendance, &url);
        }
        Ok(Inspector::new(Parts { address, url, file, thread, attendance, follows }))
    }
}

/// Says where to look, and waits for who does. The address lets in whoever has it: it is shown to
/// a terminal, and to no file that standard error may be.
fn wait_for_watcher(attendance: &Attendance, url: &str) {
    let mut err = io::stderr().lock();
    let said = if err.is_terminal() {
        writeln!(err, "glassloop: waits for who watches, at {url}")
    } else {
        writeln!(err, "glassloop: waits for who watches, at what `glassloop url` says")
    };
    drop(err);
    if said.is_err() {
        log::warn!("inspector: waits for who watches, and can't say so");
    }
    attendance.wait();
}
