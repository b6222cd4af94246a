//! `Command`: how a process is to be started, and what becomes of it when nobody wants it any more.

use std::{
    ffi::OsStr,
    fmt,
    future::Future,
    io,
    os::unix::process::CommandExt,
    path::Path,
    process::{self, ExitStatus, Output, Stdio},
    time::Duration,
};

use super::{Child, output};

/// How much [`Command::output`] takes of each stream unless it is told otherwise.
const OUTPUT_BYTES_MAX: usize = 16 << 20;

/// A process to be started: a [`std::process::Command`] for a loop.
///
/// ```
/// use std::process::Stdio;
/// use glassloop::process::Command;
///
/// # glassloop::run(async {
/// let output = Command::new("echo").arg("hello").output().await?;
/// assert!(output.status.success());
/// assert_eq!(output.stdout, b"hello\n");
///
/// let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
/// cat.stdin.take().unwrap().write_all(b"there and back").await?; // and closed
/// let mut back = [0; 14];
/// cat.stdout.as_ref().unwrap().read_exact(&mut back).await?;
/// assert_eq!(&back, b"there and back");
/// assert!(cat.wait().await?.success());
///
/// // Within bounds: with all that it starts, killed if it takes too long or says too much.
/// let mut listing = Command::new("sh");
/// listing.args(["-c", "echo $GREETING; pwd; true &"]).env("GREETING", "hello");
/// listing.current_dir("/").own_group().kill_on_drop(true);
/// listing.output_bytes_max(100).time_max(std::time::Duration::from_secs(60));
/// assert_eq!(listing.output().await?.stdout, b"hello\n/\n");
/// listing.as_std_mut().env_remove("GREETING"); // what there is no method for
/// assert!(listing.stdout(Stdio::null()).stderr(Stdio::null()).status().await?.success());
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
pub struct Command {
    pub(super) inner: process::Command,
    pub(super) ends: Ends,
    output_bytes_max: usize,
    time_max: Option<Duration>,
    /// Which of stdin, stdout and stderr were set.
    streams_set: [bool; 3],
}

/// What becomes of a child.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends {
    pub(super) kill_on_drop: bool,
    pub(super) own_group: bool,
}

impl Command {
    /// A command that runs this program, without arguments, with this process's environment and
    /// folder.
    pub fn new(program: impl AsRef<OsStr>) -> Command {
        Command::from(process::Command::new(program))
    }

    /// Adds an argument.
    pub fn arg(&mut self, arg: impl AsRef<OsStr>) -> &mut Command {
        self.inner.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> &mut Command {
        self.inner.args(args);
        self
    }

    /// Sets a variable of its environment.
    pub fn env(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Command {
        self.inner.env(name, value);
        self
    }

    /// Sets the folder it runs in.
    pub fn current_dir(&mut self, folder: impl AsRef<Path>) -> &mut Command {
        self.inner.current_dir(folder);
        self
    }

    /// What it reads.
    pub fn stdin(&mut self, from: impl Into<Stdio>) -> &mut Command {
        self.inner.stdin(from);
        self.streams_set[0] = true;
        self
    }

    /// Where its output goes.
    pub fn stdout(&mut self, to: impl Into<Stdio>) -> &mut Command {
        self.inner.stdout(to);
        self.streams_set[1] = true;
        self
    }

    /// Where its complaints go.
    pub fn stderr(&mut self, to: impl Into<Stdio>) -> &mut Command {
        self.inner.stderr(to);
        self.streams_set[2] = true;
        self
    }

    /// Whether a [`Child`] that is dropped before it has ended is killed; with a
    /// [group](Command::own_group), all that is left of that. Off by default: it goes on.
    pub fn kill_on_drop(&mut self, kill: bool) -> &mut Command {
        self.ends.kill_on_drop = kill;
        self
    }

    /// Has it be the first of a process group of its own, so that it is killed with all that it has
    /// started. Else it is in the group of this process, and hears Ctrl-C with it.
    ///
    /// What is left of the group when the first has ended can be reached until the [`Child`] is
    /// dropped: by [`kill`](Child::kill), and by that drop if
    /// [`kill_on_drop`](Command::kill_on_drop) is set. For so long the first is a zombie.
    pub fn own_group(&mut self) -> &mut Command {
        self.inner.process_group(0);
        self.ends.own_group = true;
        self
    }

    /// How much [`output`](Command::output) takes of each stream. 16 MiB by default.
    pub fn output_bytes_max(&mut self, bytes: usize) -> &mut Command {
        self.output_bytes_max = bytes;
        self
    }

    /// How long [`output`](Command::output) and [`status`](Command::status) wait before they kill
    /// it, and give an error of kind `TimedOut`. For ever by default.
    pub fn time_max(&mut self, time: Duration) -> &mut Command {
        self.time_max = Some(time);
        self
    }

    /// The command of the standard library within, for all that there is no method for here.
    pub fn as_std_mut(&mut self) -> &mut process::Command {
        &mut self.inner
    }

    /// Starts it. What is [piped](Stdio::piped) is a field of the child.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn spawn(&mut self) -> io::Result<Child> {
        Child::spawn(&mut self.inner, self.ends)
    }

    /// Starts it and waits for its end; it inherits what wasn't said otherwise.
    ///
    /// # Errors
    /// As [`spawn`](Command::spawn); `TimedOut` after [`time_max`](Command::time_max), when it was
    /// killed.
    ///
    /// # Cancel safety
    /// Dropping the future drops the child: whether it is killed says
    /// [`kill_on_drop`](Command::kill_on_drop).
    #[track_caller]
    pub fn status(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + use<> {
        let (spawned, time_max) = (self.spawn(), self.time_max);
        async move { output::status(spawned?, time_max).await }
    }

    /// Starts it, takes what it writes, and waits for its end. It reads nothing, and both of what
    /// it writes are taken, unless [`stdin`](Command::stdin), [`stdout`](Command::stdout) or
    /// [`stderr`](Command::stderr) said otherwise; what was said of them to a command of the
    /// standard library doesn't count.
    ///
    /// # Errors
    /// As [`status`](Command::status); and when it writes more than
    /// [`output_bytes_max`](Command::output_bytes_max) to one of the two: then it was killed.
    ///
    /// # Cancel safety
    /// As [`status`](Command::status); what it had written is lost.
    #[track_caller]
    pub fn output(&mut self) -> impl Future<Output = io::Result<Output>> + use<> {
        let [stdin, stdout, stderr] = self.streams_set;
        let unless = |set: bool, stdio: fn() -> Stdio| (!set).then(stdio);
        unless(stdin, Stdio::null).map(|null| self.inner.stdin(null));
        unless(stdout, Stdio::piped).map(|piped| self.inner.stdout(piped));
        unless(stderr, Stdio::piped).map(|piped| self.inner.stderr(piped));
        let (spawned, time_max) = (self.spawn(), self.time_max);
        // For this once.
        unless(stdin, Stdio::inherit).map(|inherit| self.inner.stdin(inherit));
        unless(stdout, Stdio::inherit).map(|inherit| self.inner.stdout(inherit));
        unless(stderr, Stdio::inherit).map(|inherit| self.inner.stderr(inherit));
        let bytes_max = self.output_bytes_max;
        async move { output::output(spawned?, bytes_max, time_max).await }
    }
}

impl From<process::Command> for Command {
    /// A command of the standard library, for a loop.
    fn from(inner: process::Command) -> Command {
        Command {
            inner,
            ends: Ends::default(),
            output_bytes_max: OUTPUT_BYTES_MAX,
            time_max: None,
            streams_set: [false; 3],
        }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("inner", &self.inner)
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}
