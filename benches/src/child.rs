//! A child process: this program again, as one peer alone.
//!
//! It speaks through its standard output, and ends with the value that stands for it.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{self, ChildStdout, Command, Stdio};

/// The first argument of every child, before its role.
pub const ROLE: &str = "child";

pub struct Child {
    process: process::Child,
    output: BufReader<ChildStdout>,
}

impl Child {
    /// Starts the program in a role, pinned like the thread that starts it.
    pub fn start(role: &[&str]) -> Child {
        Child::start_under(&[], role)
    }

    /// As [`start`](Self::start), as an argument of another program if `wrapper` is not empty.
    pub fn start_under(wrapper: &[String], role: &[&str]) -> Child {
        let program = env::current_exe().expect("a running program knows its file");
        Child::spawn(
            match wrapper {
                [] => Command::new(program),
                [wrapper, arguments @ ..] => {
                    let mut command = Command::new(wrapper);
                    command.args(arguments).arg(program);
                    command
                }
            },
            role,
        )
    }

    /// As [`start`](Self::start), of another build of this program.
    #[cfg(feature = "observe")]
    pub fn start_of(program: &std::path::Path, role: &[&str]) -> Child {
        Child::spawn(Command::new(program), role)
    }

    fn spawn(mut command: Command, role: &[&str]) -> Child {
        let mut process = command
            .arg(ROLE)
            .args(role)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be started again");
        let output = process.stdout.take().expect("its output is piped");
        Child { process, output: BufReader::new(output) }
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks it to end, and waits until it has: an instrument around it writes its report first.
    pub fn terminate(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it still runs");
        self.process.wait().expect("a child can be waited for");
    }

    /// The next line it says, without the line's end.
    pub fn read_line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the child's output can be read");
        line.trim_end().to_owned()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is reaped.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
